package dev.amphora;

import com.google.common.collect.ImmutableList;
import dev.amphora.apiserver.access.Authenticator;
import dev.amphora.apiserver.access.Authorizer;
import dev.amphora.apiserver.encryption.EncryptionConfiguration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Who else says who calls and what they may do, and what is encrypted in the store. Immutable; each {@code with} method gives a changed
 * copy.
 *
 * @param authenticators asked after client certificates and static tokens, before service account tokens
 * @param authorizers asked before the authorization modes
 * @param encryption {@code --encryption-provider-config}; null to store everything as it is
 */
public record SecurityOptions(
        List<Authenticator> authenticators,
        List<Authorizer> authorizers,
        @Nullable EncryptionConfiguration encryption) {
    private static final SecurityOptions DEFAULTS = new SecurityOptions(List.of(), List.of(), null);

    /** Options whose members cannot change. */
    public SecurityOptions {
        authenticators = ImmutableList.copyOf(authenticators);
        authorizers = ImmutableList.copyOf(authorizers);
    }

    /** Nobody else, and nothing. */
    public static SecurityOptions defaults() {
        return DEFAULTS;
    }

    /** The same with one more who knows callers by what they show. */
    public SecurityOptions withAuthenticator(Authenticator authenticator) {
        return new SecurityOptions(
                ImmutableList.<Authenticator>builder()
                        .addAll(authenticators)
                        .add(authenticator)
                        .build(),
                authorizers,
                encryption);
    }

    /** The same with one more who decides; members of {@code system:masters} may do everything nevertheless. */
    public SecurityOptions withAuthorizer(Authorizer authorizer) {
        return new SecurityOptions(
                authenticators,
                ImmutableList.<Authorizer>builder()
                        .addAll(authorizers)
                        .add(authorizer)
                        .build(),
                encryption);
    }

    /** The same with other encryption of what is stored. */
    public SecurityOptions withEncryption(@Nullable EncryptionConfiguration configuration) {
        return new SecurityOptions(authenticators, authorizers, configuration);
    }
}

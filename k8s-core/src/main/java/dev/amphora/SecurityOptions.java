package dev.amphora;

import com.google.common.collect.ImmutableList;
import dev.amphora.apiserver.access.Authenticator;
import dev.amphora.apiserver.access.Authorizer;
import dev.amphora.apiserver.encryption.EncryptionConfiguration;
import dev.amphora.rest.FrontProxyTrust;
import dev.amphora.rest.KubeletAccess;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Who else says who calls and what they may do, and what is encrypted in the store. Immutable; each {@code with} method gives a changed
 * copy.
 *
 * @param authenticators asked after client certificates and static tokens, before service account tokens
 * @param authorizers asked before the authorization modes
 * @param clientAuthorities {@code --client-ca-file}: whose client certificates count beside the cluster's own, as PEM; empty for nobody's
 * @param frontProxies which proxies may say by headers who asks; null for none
 * @param tokenWebhook {@code --authentication-token-webhook-config-file}: a kubeconfig's text; empty for none
 * @param accessWebhook {@code --authorization-webhook-config-file}: a kubeconfig's text, for the authorization mode {@code Webhook}
 * @param encryption {@code --encryption-provider-config}; null to store everything as it is
 * @param kubelets how kubelets outside the process are reached, and by what they are trusted
 */
public record SecurityOptions(
        List<Authenticator> authenticators,
        List<Authorizer> authorizers,
        String clientAuthorities,
        @Nullable FrontProxyTrust frontProxies,
        String tokenWebhook,
        String accessWebhook,
        @Nullable EncryptionConfiguration encryption,
        KubeletAccess kubelets) {
    private static final SecurityOptions DEFAULTS =
            new SecurityOptions(List.of(), List.of(), "", null, "", "", null, KubeletAccess.defaults());

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
                and(authenticators, authenticator),
                authorizers,
                clientAuthorities,
                frontProxies,
                tokenWebhook,
                accessWebhook,
                encryption,
                kubelets);
    }

    /** The same with one more who decides; members of {@code system:masters} may do everything nevertheless. */
    public SecurityOptions withAuthorizer(Authorizer authorizer) {
        return new SecurityOptions(
                authenticators,
                and(authorizers, authorizer),
                clientAuthorities,
                frontProxies,
                tokenWebhook,
                accessWebhook,
                encryption,
                kubelets);
    }

    /** The same with other authorities, as PEM. */
    public SecurityOptions withClientAuthorities(String pem) {
        return new SecurityOptions(
                authenticators, authorizers, pem, frontProxies, tokenWebhook, accessWebhook, encryption, kubelets);
    }

    /** The same with other proxies. */
    public SecurityOptions withFrontProxies(@Nullable FrontProxyTrust trust) {
        return new SecurityOptions(
                authenticators,
                authorizers,
                clientAuthorities,
                trust,
                tokenWebhook,
                accessWebhook,
                encryption,
                kubelets);
    }

    /** The same with other servers that are asked whose a token is, and what somebody may do: kubeconfigs' texts, empty for none. */
    public SecurityOptions withWebhooks(String forTokens, String forAccess) {
        return new SecurityOptions(
                authenticators,
                authorizers,
                clientAuthorities,
                frontProxies,
                forTokens,
                forAccess,
                encryption,
                kubelets);
    }

    /** Whether somebody is asked who may let a request wait. */
    boolean mayWait() {
        return !authenticators.isEmpty()
                || !authorizers.isEmpty()
                || !tokenWebhook.isEmpty()
                || !accessWebhook.isEmpty();
    }

    /** The same with other encryption of what is stored. */
    public SecurityOptions withEncryption(@Nullable EncryptionConfiguration configuration) {
        return new SecurityOptions(
                authenticators,
                authorizers,
                clientAuthorities,
                frontProxies,
                tokenWebhook,
                accessWebhook,
                configuration,
                kubelets);
    }

    /** The same with another way to kubelets outside the process. */
    public SecurityOptions withKubelets(KubeletAccess access) {
        return new SecurityOptions(
                authenticators,
                authorizers,
                clientAuthorities,
                frontProxies,
                tokenWebhook,
                accessWebhook,
                encryption,
                access);
    }

    private static <T> List<T> and(List<T> list, T more) {
        return ImmutableList.<T>builder().addAll(list).add(more).build();
    }
}

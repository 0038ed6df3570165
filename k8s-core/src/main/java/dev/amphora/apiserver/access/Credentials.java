package dev.amphora.apiserver.access;

import com.google.common.collect.ImmutableList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a caller shows of itself.
 *
 * @param bearerToken null if none was sent
 * @param certificateName the common name of a client certificate that the transport has verified, null if there is none
 * @param certificateGroups the organisations of that certificate
 */
public record Credentials(
        @Nullable String bearerToken, @Nullable String certificateName, List<String> certificateGroups) {

    /** Credentials whose members cannot change. */
    public Credentials {
        certificateGroups = ImmutableList.copyOf(certificateGroups);
    }

    /** A caller that shows nothing. */
    public static Credentials none() {
        return new Credentials(null, null, List.of());
    }

    /** A bearer token. */
    public static Credentials token(String token) {
        return new Credentials(token, null, List.of());
    }
}

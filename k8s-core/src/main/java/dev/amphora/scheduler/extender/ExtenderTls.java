package dev.amphora.scheduler.extender;

import dev.amphora.api.remote.ShownCertificate;
import dev.amphora.api.remote.Trust;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.Base64;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;

/**
 * How to speak TLS with an extender; {@code tlsConfig} of its configuration.
 *
 * @param insecure whether any certificate counts
 * @param serverName for whom the server's certificate must be; empty for the host that is called
 * @param authorities whose certificates count, as PEM; empty for those that this machine trusts
 * @param certificate what to show to the server, as PEM; empty for nothing
 * @param key its private key, as PEM
 */
public record ExtenderTls(boolean insecure, String serverName, String authorities, String certificate, String key) {
    /** Nothing said. */
    public static final ExtenderTls NONE = new ExtenderTls(false, "", "", "", "");

    /**
     * The means to speak it.
     *
     * @param host that is called
     * @param https whether HTTPS was asked for, in which case without authorities any certificate counts
     * @throws IllegalArgumentException if something can't be read, or doesn't go together
     */
    SSLContext context(@Nullable String host, boolean https) {
        if (insecure && !authorities.isEmpty()) {
            throw new IllegalArgumentException(
                    "specifying a root certificates file with the insecure flag is not allowed");
        }
        try {
            KeyManager[] shown =
                    certificate.isEmpty() || key.isEmpty() ? null : ShownCertificate.read(certificate, key);
            String name = serverName.isEmpty() ? (host == null ? "" : host) : serverName;
            return Trust.context(
                    Base64.getEncoder().encodeToString(authorities.getBytes(StandardCharsets.UTF_8)),
                    insecure || (https && authorities.isEmpty()),
                    name,
                    shown);
        } catch (IOException e) {
            throw new IllegalArgumentException(e.getMessage(), e);
        } catch (GeneralSecurityException e) {
            throw new IllegalArgumentException("cannot read certificate or key: " + e.getMessage(), e);
        }
    }

    /** All but the key. */
    @Override
    public String toString() {
        return "ExtenderTls[insecure=" + insecure + ", serverName=" + serverName + "]";
    }
}

package dev.amphora.rest.tls;

import com.google.common.collect.ImmutableList;
import dev.amphora.api.pki.Subject;
import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Certificates of clients, each checked once: a signature costs more than the rest of a request, and the same few certificates come again
 * and again. Whether one has ended is looked at each time. Safe for concurrent use.
 */
public final class ClientCertificates {
    private static final String CLIENT_AUTH = "1.3.6.1.5.5.7.3.2";
    private static final String ANY_USAGE = "2.5.29.37.0";
    private static final int REMEMBERED = 1_000;

    private final InstantSource clock;
    private final List<X509Certificate> authorities;
    private final Map<X509Certificate, Optional<Client>> known = new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<X509Certificate, Optional<Client>> eldest) {
            return size() > REMEMBERED;
        }
    };

    /**
     * Certificates that one of some authorities has issued.
     *
     * @param authorities may be none, then nothing counts
     */
    public ClientCertificates(InstantSource clock, List<X509Certificate> authorities) {
        this.clock = clock;
        this.authorities = ImmutableList.copyOf(authorities);
    }

    /**
     * A client as its certificate names it.
     *
     * @param commonName null if it has none
     * @param organizations in their order
     * @param from when the certificate begins
     * @param until when it ends
     */
    public record Client(@Nullable String commonName, List<String> organizations, Instant from, Instant until) {
        /** A client whose members cannot change. */
        public Client {
            organizations = ImmutableList.copyOf(organizations);
        }
    }

    /** Who shows a certificate; empty unless an authority has issued it for a client and it is valid now. */
    public Optional<Client> check(X509Certificate certificate) {
        Optional<Client> found;
        synchronized (known) {
            found = known.get(certificate);
        }
        if (found == null) {
            found = isIssued(certificate) ? Optional.of(client(certificate)) : Optional.empty();
            synchronized (known) {
                known.put(certificate, found);
            }
        }
        Instant now = clock.instant();
        return found.filter(client -> !now.isBefore(client.from) && !now.isAfter(client.until));
    }

    private static Client client(X509Certificate certificate) {
        return new Client(
                Subject.commonName(certificate),
                Subject.organizations(certificate),
                certificate.getNotBefore().toInstant(),
                certificate.getNotAfter().toInstant());
    }

    private boolean isIssued(X509Certificate client) {
        for (X509Certificate authority : authorities) {
            if (!client.getIssuerX500Principal().equals(authority.getSubjectX500Principal())) {
                continue;
            }
            try {
                client.verify(authority.getPublicKey());
                List<String> usages = client.getExtendedKeyUsage();
                if (usages == null || usages.contains(CLIENT_AUTH) || usages.contains(ANY_USAGE)) {
                    return true;
                }
            } catch (GeneralSecurityException e) {
                // Another authority of the same name may have issued it.
            }
        }
        return false;
    }
}

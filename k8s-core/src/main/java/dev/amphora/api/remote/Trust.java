package dev.amphora.api.remote;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.Socket;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.Base64;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;
import javax.net.ssl.X509TrustManager;
import org.jspecify.annotations.Nullable;

/**
 * Which servers to take for who they say they are. The name that is looked for in a certificate is given, for a server may be connected to
 * by an address that its certificate doesn't know.
 */
public final class Trust {
    private static final int DNS_NAME = 2;
    private static final int IP_ADDRESS = 7;

    private Trust() {}

    /**
     * The means to speak TLS.
     *
     * @param authorities whose certificates count, as PEM in base64, as {@code caBundle} holds them; empty for those that this machine trusts
     * @param insecure whether any certificate counts
     * @param host the name that the certificate must be for
     * @param shown what to show to a server that asks who calls; null for nothing
     * @throws IOException if the authorities can't be read
     */
    public static SSLContext context(String authorities, boolean insecure, String host, KeyManager @Nullable [] shown)
            throws IOException {
        try {
            SSLContext context = SSLContext.getInstance("TLS");
            TrustManager trust = insecure ? new Named(null, host) : new Named(managers(authorities), host);
            context.init(shown, new TrustManager[] {trust}, null);
            return context;
        } catch (GeneralSecurityException | IllegalArgumentException e) {
            throw new IOException("unable to load root certificates: unable to parse bytes as PEM block", e);
        }
    }

    private static X509TrustManager managers(String authorities) throws GeneralSecurityException, IOException {
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        if (authorities.isEmpty()) {
            trust.init((KeyStore) null);
        } else {
            KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
            store.load(null, null);
            int next = 0;
            byte[] pem = Base64.getMimeDecoder().decode(authorities);
            for (Certificate each :
                    CertificateFactory.getInstance("X.509").generateCertificates(new ByteArrayInputStream(pem))) {
                store.setCertificateEntry("authority" + next++, each);
            }
            trust.init(store);
        }
        for (TrustManager manager : trust.getTrustManagers()) {
            if (manager instanceof X509TrustManager x509) {
                return x509;
            }
        }
        throw new GeneralSecurityException("this platform knows no X.509");
    }

    /** Looks at the chain of a certificate, and then whether it is for the name that is wanted rather than for the address connected to. */
    private static final class Named extends X509ExtendedTrustManager {
        private final @Nullable X509TrustManager chains;
        private final String host;

        Named(@Nullable X509TrustManager chains, String host) {
            this.chains = chains;
            this.host = host;
        }

        private void check(X509Certificate[] chain, String authType) throws CertificateException {
            if (chains == null) {
                return;
            }
            chains.checkServerTrusted(chain, authType);
            if (!isFor(chain[0])) {
                throw new CertificateException("x509: certificate is not valid for " + host);
            }
        }

        private boolean isFor(X509Certificate certificate) throws CertificateException {
            Collection<List<?>> names = certificate.getSubjectAlternativeNames();
            if (names == null) {
                return false;
            }
            for (List<?> name : names) {
                String value = String.valueOf(name.get(1));
                boolean fits = name.get(0).equals(DNS_NAME) ? matches(value) : value.equals(host);
                if (fits && (name.get(0).equals(DNS_NAME) || name.get(0).equals(IP_ADDRESS))) {
                    return true;
                }
            }
            return false;
        }

        private boolean matches(String pattern) {
            String wanted = host.toLowerCase(Locale.ROOT);
            String given = pattern.toLowerCase(Locale.ROOT);
            if (!given.startsWith("*.")) {
                return given.equals(wanted);
            }
            int dot = wanted.indexOf('.');
            return dot > 0 && given.substring(1).equals(wanted.substring(dot));
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String authType) throws CertificateException {
            check(chain, authType);
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String authType, Socket socket)
                throws CertificateException {
            check(chain, authType);
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
                throws CertificateException {
            check(chain, authType);
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String authType) throws CertificateException {
            throw new CertificateException("not a server");
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String authType, Socket socket)
                throws CertificateException {
            checkClientTrusted(chain, authType);
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
                throws CertificateException {
            checkClientTrusted(chain, authType);
        }

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }
}

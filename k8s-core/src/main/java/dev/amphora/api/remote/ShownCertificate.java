package dev.amphora.api.remote;

import dev.amphora.api.pki.PrivateKeys;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;

/** What to show to a server that asks who calls. */
public final class ShownCertificate {
    private static final char[] NO_PASSWORD = new char[0];

    private ShownCertificate() {}

    /**
     * A certificate of its own.
     *
     * @param chain the certificate, and those that vouch for it
     * @param key what proves it
     */
    public static KeyManager[] of(PrivateKey key, Certificate... chain) throws GeneralSecurityException {
        try {
            KeyStore store = KeyStore.getInstance("PKCS12");
            store.load(null, NO_PASSWORD);
            store.setKeyEntry("shown", key, NO_PASSWORD, chain);
            KeyManagerFactory factory = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
            factory.init(store, NO_PASSWORD);
            return factory.getKeyManagers();
        } catch (IOException e) {
            throw new GeneralSecurityException(e);
        }
    }

    /**
     * The same from PEM.
     *
     * @throws GeneralSecurityException if they can't be read
     */
    public static KeyManager[] read(String certificates, String key) throws GeneralSecurityException {
        byte[] pem = certificates.getBytes(StandardCharsets.UTF_8);
        return of(
                PrivateKeys.read(key),
                CertificateFactory.getInstance("X.509")
                        .generateCertificates(new ByteArrayInputStream(pem))
                        .toArray(new Certificate[0]));
    }
}

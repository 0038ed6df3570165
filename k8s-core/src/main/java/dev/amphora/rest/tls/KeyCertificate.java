package dev.amphora.rest.tls;

import dev.amphora.api.pki.Pem;
import dev.amphora.api.pki.PrivateKeys;
import dev.amphora.api.remote.ShownCertificate;
import java.io.ByteArrayInputStream;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.cert.CertificateEncodingException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import javax.net.ssl.KeyManager;

/**
 * A certificate and its private key.
 *
 * @param certificate what others see
 * @param key what proves it
 */
public record KeyCertificate(X509Certificate certificate, PrivateKey key) {
    /**
     * Reads both from PEM. Keys may be PKCS #8, or in the older forms of EC (P-256) and RSA keys.
     *
     * @throws IllegalArgumentException if they can't be read
     */
    public static KeyCertificate fromPem(String certificate, String key) {
        try {
            return new KeyCertificate(certificateFromPem(certificate), PrivateKeys.read(key));
        } catch (GeneralSecurityException e) {
            throw new IllegalArgumentException("cannot read certificate or key: " + e.getMessage(), e);
        }
    }

    /**
     * Reads a certificate from PEM.
     *
     * @throws IllegalArgumentException if it can't be read
     */
    public static X509Certificate certificate(String pem) {
        try {
            return certificateFromPem(pem);
        } catch (GeneralSecurityException e) {
            throw new IllegalArgumentException("cannot read a certificate: " + e.getMessage(), e);
        }
    }

    /** The certificate as PEM. */
    public String certificatePem() {
        try {
            return Pem.write("CERTIFICATE", certificate.getEncoded());
        } catch (CertificateEncodingException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The private key as PEM, in PKCS #8. */
    public String keyPem() {
        return Pem.write("PRIVATE KEY", key.getEncoded());
    }

    /** What shows the certificate to whoever asks, in a handshake. */
    public KeyManager[] shown() {
        try {
            return ShownCertificate.of(key, certificate);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("cannot show a certificate", e);
        }
    }

    /** The names of the key and the certificate, never the key. */
    @Override
    public String toString() {
        return "KeyCertificate[" + certificate.getSubjectX500Principal() + "]";
    }

    private static X509Certificate certificateFromPem(String pem) throws GeneralSecurityException {
        Pem.Block block = Pem.find(pem, "CERTIFICATE");
        if (block == null) {
            throw new GeneralSecurityException("no CERTIFICATE block");
        }
        return (X509Certificate)
                CertificateFactory.getInstance("X.509").generateCertificate(new ByteArrayInputStream(block.content()));
    }
}

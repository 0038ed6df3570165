package dev.amphora.rest.tls;

import dev.amphora.api.pki.Der;
import dev.amphora.api.pki.Pem;
import java.io.ByteArrayInputStream;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.cert.CertificateEncodingException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;

/**
 * A certificate and its private key.
 *
 * @param certificate what others see
 * @param key what proves it
 */
public record KeyCertificate(X509Certificate certificate, PrivateKey key) {
    private static final byte[] EC_P256 = Der.sequence(Der.oid("1.2.840.10045.2.1"), Der.oid("1.2.840.10045.3.1.7"));
    private static final byte[] RSA = Der.sequence(Der.oid("1.2.840.113549.1.1.1"), Der.nothing());

    /**
     * Reads both from PEM. Keys may be PKCS #8, or in the older forms of EC (P-256) and RSA keys.
     *
     * @throws IllegalArgumentException if they can't be read
     */
    public static KeyCertificate fromPem(String certificate, String key) {
        try {
            return new KeyCertificate(certificateFromPem(certificate), keyFromPem(key));
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

    private static PrivateKey keyFromPem(String pem) throws GeneralSecurityException {
        Pem.Block block = Pem.find(pem, "PRIVATE KEY", "EC PRIVATE KEY", "RSA PRIVATE KEY");
        if (block == null) {
            throw new GeneralSecurityException("no PRIVATE KEY block");
        }
        return switch (block.label()) {
            case "EC PRIVATE KEY" -> key("EC", Der.sequence(Der.integer(0), EC_P256, Der.octets(block.content())));
            case "RSA PRIVATE KEY" -> key("RSA", Der.sequence(Der.integer(0), RSA, Der.octets(block.content())));
            default -> anyKey(block.content());
        };
    }

    private static PrivateKey anyKey(byte[] pkcs8) throws GeneralSecurityException {
        try {
            return key("EC", pkcs8);
        } catch (GeneralSecurityException e) {
            return key("RSA", pkcs8);
        }
    }

    private static PrivateKey key(String algorithm, byte[] pkcs8) throws GeneralSecurityException {
        return KeyFactory.getInstance(algorithm).generatePrivate(new PKCS8EncodedKeySpec(pkcs8));
    }
}

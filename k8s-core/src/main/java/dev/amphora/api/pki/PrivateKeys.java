package dev.amphora.api.pki;

import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.spec.PKCS8EncodedKeySpec;

/** Reads private keys. */
public final class PrivateKeys {
    private static final byte[] EC_P256 = Der.sequence(Der.oid("1.2.840.10045.2.1"), Der.oid("1.2.840.10045.3.1.7"));
    private static final byte[] RSA = Der.sequence(Der.oid("1.2.840.113549.1.1.1"), Der.nothing());

    private PrivateKeys() {}

    /**
     * The first key in a PEM text. It may be PKCS #8, or in the older forms of EC (P-256) and RSA keys.
     *
     * @throws GeneralSecurityException if there is none that can be read
     */
    public static PrivateKey read(String pem) throws GeneralSecurityException {
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

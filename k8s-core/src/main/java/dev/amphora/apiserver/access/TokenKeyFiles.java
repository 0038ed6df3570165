package dev.amphora.apiserver.access;

import dev.amphora.api.pki.Der;
import dev.amphora.api.pki.DerReader;
import dev.amphora.api.pki.Pem;
import java.io.ByteArrayInputStream;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.PublicKey;
import java.security.cert.CertificateFactory;
import java.security.interfaces.ECPrivateKey;
import java.security.interfaces.RSAPrivateCrtKey;
import java.security.spec.ECPublicKeySpec;
import java.security.spec.PKCS8EncodedKeySpec;
import java.security.spec.RSAPublicKeySpec;
import java.security.spec.X509EncodedKeySpec;
import java.util.ArrayList;
import java.util.List;

/** Reads RSA and elliptic-curve keys from PEM: private ones in both common forms, public ones, and those of certificates. */
final class TokenKeyFiles {
    private static final String RSA = "1.2.840.113549.1.1.1";
    private static final String ELLIPTIC = "1.2.840.10045.2.1";
    private static final int CURVE = 0xa0;

    private TokenKeyFiles() {}

    /** The first private key of a text, with the public one that belongs to it. */
    static KeyPair pair(String pem) {
        for (Pem.Block block : Pem.all(pem)) {
            if (block.label().endsWith("PRIVATE KEY")) {
                return pair(block);
            }
        }
        throw new IllegalArgumentException("there is no private key in the file of the signing key");
    }

    /** The public keys of a text, those of private keys and certificates too. */
    static List<TokenKey> publicKeys(String pem) {
        List<TokenKey> keys = new ArrayList<>();
        for (Pem.Block block : Pem.all(pem)) {
            if (!block.label().equals("EC PARAMETERS")) {
                keys.add(TokenKey.of(publicKey(block)));
            }
        }
        if (keys.isEmpty()) {
            throw new IllegalArgumentException("there is no key in the file of a key");
        }
        return keys;
    }

    private static KeyPair pair(Pem.Block block) {
        try {
            byte[] pkcs8 =
                    switch (block.label()) {
                        case "RSA PRIVATE KEY" ->
                            Der.sequence(
                                    Der.integer(0),
                                    Der.sequence(Der.oid(RSA), Der.nothing()),
                                    Der.octets(block.content()));
                        case "EC PRIVATE KEY" ->
                            Der.sequence(
                                    Der.integer(0),
                                    Der.sequence(Der.oid(ELLIPTIC), curve(block.content())),
                                    Der.octets(block.content()));
                        default -> block.content();
                    };
            DerReader parts = new DerReader(pkcs8).enter();
            parts.content();
            byte[] algorithm = parts.whole();
            if (new DerReader(algorithm).enter().oid().equals(ELLIPTIC)) {
                KeyFactory keys = KeyFactory.getInstance("EC");
                ECPrivateKey key = (ECPrivateKey) keys.generatePrivate(new PKCS8EncodedKeySpec(pkcs8));
                return new KeyPair(
                        keys.generatePublic(new ECPublicKeySpec(EllipticCurve.publicPoint(key), key.getParams())), key);
            }
            KeyFactory keys = KeyFactory.getInstance("RSA");
            RSAPrivateCrtKey key = (RSAPrivateCrtKey) keys.generatePrivate(new PKCS8EncodedKeySpec(pkcs8));
            return new KeyPair(
                    keys.generatePublic(new RSAPublicKeySpec(key.getModulus(), key.getPublicExponent())), key);
        } catch (GeneralSecurityException | ClassCastException | IndexOutOfBoundsException e) {
            throw unusable(block, e);
        }
    }

    /** The curve that a private key says to be on. */
    private static byte[] curve(byte[] key) {
        DerReader members = new DerReader(key).enter();
        while (members.more()) {
            if (members.tag() == CURVE) {
                return members.content();
            }
            members.content();
        }
        throw new IllegalArgumentException("a private key of an elliptic curve must name its curve");
    }

    private static PublicKey publicKey(Pem.Block block) {
        if (block.label().endsWith("PRIVATE KEY")) {
            return pair(block).getPublic();
        }
        try {
            if (block.label().equals("CERTIFICATE")) {
                return CertificateFactory.getInstance("X.509")
                        .generateCertificate(new ByteArrayInputStream(block.content()))
                        .getPublicKey();
            }
            if (block.label().equals("RSA PUBLIC KEY")) {
                DerReader numbers = new DerReader(block.content()).enter();
                return KeyFactory.getInstance("RSA")
                        .generatePublic(new RSAPublicKeySpec(
                                new BigInteger(numbers.content()), new BigInteger(numbers.content())));
            }
            boolean elliptic =
                    new DerReader(block.content()).enter().enter().oid().equals(ELLIPTIC);
            return KeyFactory.getInstance(elliptic ? "EC" : "RSA")
                    .generatePublic(new X509EncodedKeySpec(block.content()));
        } catch (GeneralSecurityException | IndexOutOfBoundsException e) {
            throw unusable(block, e);
        }
    }

    private static IllegalArgumentException unusable(Pem.Block block, Exception e) {
        return new IllegalArgumentException(
                "the key in a block " + block.label() + " is neither an RSA key nor one of an elliptic curve", e);
    }
}

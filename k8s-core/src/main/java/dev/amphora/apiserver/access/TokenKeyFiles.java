package dev.amphora.apiserver.access;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PublicKey;
import java.security.cert.CertificateFactory;
import java.security.interfaces.RSAPrivateCrtKey;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.PKCS8EncodedKeySpec;
import java.security.spec.RSAPublicKeySpec;
import java.security.spec.X509EncodedKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads RSA keys from PEM: private ones in both common forms, public ones, and those of certificates. */
final class TokenKeyFiles {
    private static final Pattern BLOCK =
            Pattern.compile("-----BEGIN ([A-Z0-9 ]+)-----([A-Za-z0-9+/=\\s]*)-----END \\1-----");

    /** The beginning of a PKCS #8 key after its length: version 0, and that it is an RSA key. */
    private static final byte[] RSA = {
        0x02,
        0x01,
        0x00,
        0x30,
        0x0d,
        0x06,
        0x09,
        0x2a,
        (byte) 0x86,
        0x48,
        (byte) 0x86,
        (byte) 0xf7,
        0x0d,
        0x01,
        0x01,
        0x01,
        0x05,
        0x00
    };

    private TokenKeyFiles() {}

    /** The first private key of a text. */
    static RSAPrivateCrtKey privateKey(String pem) {
        Matcher block = BLOCK.matcher(pem);
        while (block.find()) {
            if (block.group(1).endsWith("PRIVATE KEY")) {
                return privateKey(block.group(1), content(block));
            }
        }
        throw new IllegalArgumentException("there is no private key in the file of the signing key");
    }

    /** The public keys of a text, those of private keys and certificates too. */
    static List<PublicKey> publicKeys(String pem) {
        List<PublicKey> keys = new ArrayList<>();
        Matcher block = BLOCK.matcher(pem);
        while (block.find()) {
            keys.add(publicKey(block.group(1), content(block)));
        }
        if (keys.isEmpty()) {
            throw new IllegalArgumentException("there is no key in the file of a key");
        }
        return keys;
    }

    private static byte[] content(Matcher block) {
        return Base64.getMimeDecoder().decode(block.group(2));
    }

    private static RSAPrivateCrtKey privateKey(String label, byte[] content) {
        byte[] pkcs8 = label.equals("RSA PRIVATE KEY") ? wrapped(content) : content;
        try {
            return (RSAPrivateCrtKey) KeyFactory.getInstance("RSA").generatePrivate(new PKCS8EncodedKeySpec(pkcs8));
        } catch (GeneralSecurityException | ClassCastException e) {
            throw new IllegalArgumentException("the key in a block " + label + " is no RSA key", e);
        }
    }

    private static PublicKey publicKey(String label, byte[] content) {
        try {
            KeyFactory keys = KeyFactory.getInstance("RSA");
            if (label.endsWith("PRIVATE KEY")) {
                RSAPrivateCrtKey key = privateKey(label, content);
                return keys.generatePublic(new RSAPublicKeySpec(key.getModulus(), key.getPublicExponent()));
            }
            PublicKey key = label.equals("CERTIFICATE")
                    ? CertificateFactory.getInstance("X.509")
                            .generateCertificate(new ByteArrayInputStream(content))
                            .getPublicKey()
                    : keys.generatePublic(new X509EncodedKeySpec(content));
            if (key instanceof RSAPublicKey) {
                return key;
            }
            throw new IllegalArgumentException("the key in a block " + label + " is no RSA key");
        } catch (GeneralSecurityException e) {
            throw new IllegalArgumentException("the key in a block " + label + " is no RSA key", e);
        }
    }

    /** The older form of an RSA key in the newer one. */
    private static byte[] wrapped(byte[] key) {
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        body.writeBytes(RSA);
        body.writeBytes(tagged(0x04, key));
        return tagged(0x30, body.toByteArray());
    }

    private static byte[] tagged(int tag, byte[] content) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.write(tag);
        if (content.length < 0x80) {
            out.write(content.length);
        } else {
            int bytes = content.length < 0x100 ? 1 : content.length < 0x10000 ? 2 : 3;
            out.write(0x80 | bytes);
            for (int i = bytes - 1; i >= 0; i--) {
                out.write(content.length >> (8 * i));
            }
        }
        out.writeBytes(content);
        return out.toByteArray();
    }
}

package dev.amphora.apiserver.access;

import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.hash.Hashing;
import com.google.common.io.BaseEncoding;
import dev.amphora.api.Json;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.RSAPublicKey;
import java.util.Arrays;
import java.util.Map;

/**
 * A public key that vouches for tokens: RSA, or on one of three elliptic curves, each with the one algorithm that goes with it.
 *
 * @param key the key
 * @param algorithm by its name in tokens, such as {@code ES256}
 * @param id its name: the digest of its encoded form
 */
record TokenKey(PublicKey key, String algorithm, String id) {
    private static final Map<Integer, String> ELLIPTIC = Map.of(256, "ES256", 384, "ES384", 521, "ES512");
    private static final BaseEncoding BASE64 = BaseEncoding.base64Url().omitPadding();

    /**
     * A key with what follows from it.
     *
     * @throws IllegalArgumentException if tokens can't be signed with keys of its kind
     */
    static TokenKey of(PublicKey key) {
        return new TokenKey(
                key,
                algorithm(key),
                BASE64.encode(Hashing.sha256().hashBytes(key.getEncoded()).asBytes()));
    }

    private static String algorithm(PublicKey key) {
        if (key instanceof RSAPublicKey) {
            return "RS256";
        }
        if (key instanceof ECPublicKey elliptic) {
            String found =
                    ELLIPTIC.get(elliptic.getParams().getCurve().getField().getFieldSize());
            if (found != null) {
                return found;
            }
        }
        throw new IllegalArgumentException(
                "tokens are signed with RSA keys, or with those of the curves P-256, P-384, P-521");
    }

    private Signature signature() throws GeneralSecurityException {
        return Signature.getInstance(
                switch (algorithm) {
                    case "RS256" -> "SHA256withRSA";
                    case "ES256" -> "SHA256withECDSAinP1363Format";
                    case "ES384" -> "SHA384withECDSAinP1363Format";
                    default -> "SHA512withECDSAinP1363Format";
                });
    }

    /** Signs with the private key that belongs to it. */
    byte[] sign(PrivateKey own, String text) throws GeneralSecurityException {
        Signature signature = signature();
        signature.initSign(own);
        signature.update(text.getBytes(StandardCharsets.US_ASCII));
        return signature.sign();
    }

    /** Whether the private key that belongs to it has signed a text. */
    boolean verifies(String text, byte[] given) {
        try {
            Signature signature = signature();
            signature.initVerify(key);
            signature.update(text.getBytes(StandardCharsets.US_ASCII));
            return signature.verify(given);
        } catch (GeneralSecurityException e) {
            return false;
        }
    }

    /** As a JSON web key. */
    ObjectNode web() {
        ObjectNode web = Json.object().put("use", "sig");
        if (key instanceof RSAPublicKey rsa) {
            return web.put("kty", "RSA")
                    .put("kid", id)
                    .put("alg", algorithm)
                    .put("n", number(rsa.getModulus(), 0))
                    .put("e", number(rsa.getPublicExponent(), 0));
        }
        ECPublicKey elliptic = (ECPublicKey) key;
        int bits = elliptic.getParams().getCurve().getField().getFieldSize();
        int bytes = (bits + 7) / 8;
        return web.put("kty", "EC")
                .put("kid", id)
                .put("crv", "P-" + bits)
                .put("alg", algorithm)
                .put("x", number(elliptic.getW().getAffineX(), bytes))
                .put("y", number(elliptic.getW().getAffineY(), bytes));
    }

    /** A number of at least so many bytes. */
    private static String number(BigInteger number, int least) {
        byte[] bytes = number.toByteArray();
        if (bytes.length > 1 && bytes[0] == 0) {
            bytes = Arrays.copyOfRange(bytes, 1, bytes.length);
        }
        if (bytes.length < least) {
            byte[] padded = new byte[least];
            System.arraycopy(bytes, 0, padded, least - bytes.length, bytes.length);
            bytes = padded;
        }
        return BASE64.encode(bytes);
    }
}

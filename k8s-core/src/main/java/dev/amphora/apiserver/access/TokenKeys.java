package dev.amphora.apiserver.access;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.collect.ImmutableList;
import com.google.common.hash.Hashing;
import com.google.common.io.BaseEncoding;
import dev.amphora.api.Json;
import dev.amphora.kernel.Kernel;
import dev.amphora.kernel.SimulatedKernel;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.Signature;
import java.security.interfaces.RSAPrivateCrtKey;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.RSAPublicKeySpec;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The keys of service account tokens: one that signs, and all that vouch for a signature. RSA, as tokens are signed with RS256.
 *
 * <p>If no key is given one is made when it is first needed, for that takes a while: so tokens end with the server. Under simulation it
 * follows from the seed. Safe for concurrent use.
 */
public final class TokenKeys {
    /** The algorithm by its name in tokens. */
    public static final String ALGORITHM = "RS256";

    private static final int BITS = 2048;
    private static final BaseEncoding BASE64 = BaseEncoding.base64Url().omitPadding();

    private final Kernel kernel;
    private final List<PublicKey> others;
    private @Nullable KeyPair pair;

    /**
     * Keys.
     *
     * @param kernel whose chance a key is made with under simulation
     * @param signing a private key as PEM, empty to have one made
     * @param verifying further keys that count, public or private, as PEM: one text may hold several
     * @throws IllegalArgumentException if a text holds no RSA key
     */
    public TokenKeys(Kernel kernel, String signing, List<String> verifying) {
        this.kernel = kernel;
        ImmutableList.Builder<PublicKey> keys = ImmutableList.builder();
        verifying.forEach(text -> keys.addAll(TokenKeyFiles.publicKeys(text)));
        others = keys.build();
        try {
            pair = signing.isEmpty() ? null : pair(TokenKeyFiles.privateKey(signing));
        } catch (GeneralSecurityException e) {
            throw new IllegalArgumentException("the signing key cannot be used", e);
        }
    }

    private static KeyPair pair(RSAPrivateCrtKey key) throws GeneralSecurityException {
        return new KeyPair(
                KeyFactory.getInstance("RSA")
                        .generatePublic(new RSAPublicKeySpec(key.getModulus(), key.getPublicExponent())),
                key);
    }

    private synchronized KeyPair pair() {
        KeyPair known = pair;
        if (known == null) {
            try {
                KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
                if (kernel instanceof SimulatedKernel) {
                    byte[] seed = new byte[32];
                    kernel.random().nextBytes(seed);
                    SecureRandom chance = SecureRandom.getInstance("SHA1PRNG");
                    chance.setSeed(seed);
                    generator.initialize(BITS, chance);
                } else {
                    generator.initialize(BITS);
                }
                known = generator.generateKeyPair();
            } catch (GeneralSecurityException e) {
                throw new IllegalStateException("this platform makes no RSA keys", e);
            }
            pair = known;
        }
        return known;
    }

    /** A signed token with these claims. */
    public String sign(ObjectNode claims) {
        KeyPair keys = pair();
        ObjectNode head = Json.object().put("alg", ALGORITHM).put("kid", id(keys.getPublic()));
        String text = BASE64.encode(Json.write(head)) + "." + BASE64.encode(Json.write(claims));
        try {
            Signature signature = Signature.getInstance("SHA256withRSA");
            signature.initSign(keys.getPrivate());
            signature.update(text.getBytes(StandardCharsets.US_ASCII));
            return text + "." + BASE64.encode(signature.sign());
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("the key cannot sign", e);
        }
    }

    /**
     * Whether one of the keys has signed a token.
     *
     * @param id of the key by which it says to be signed, empty if it doesn't say
     */
    public boolean vouchFor(String signed, byte[] signature, String id) {
        for (PublicKey key : present()) {
            if ((id.isEmpty() || id.equals(id(key))) && verifies(key, signed, signature)) {
                return true;
            }
        }
        return false;
    }

    private static boolean verifies(PublicKey key, String signed, byte[] given) {
        try {
            Signature signature = Signature.getInstance("SHA256withRSA");
            signature.initVerify(key);
            signature.update(signed.getBytes(StandardCharsets.US_ASCII));
            return signature.verify(given);
        } catch (GeneralSecurityException e) {
            return false;
        }
    }

    /** The keys that there are: one that has yet to be made has signed nothing. */
    private synchronized List<PublicKey> present() {
        List<PublicKey> all = new ArrayList<>();
        if (pair != null) {
            all.add(pair.getPublic());
        }
        others.stream().filter(key -> !all.contains(key)).forEach(all::add);
        return all;
    }

    /** The public keys as a set of JSON web keys. */
    public ObjectNode publicKeys() {
        ObjectNode page = Json.object();
        ArrayNode keys = page.putArray("keys");
        pair();
        for (PublicKey key : present()) {
            RSAPublicKey rsa = (RSAPublicKey) key;
            keys.addObject()
                    .put("use", "sig")
                    .put("kty", "RSA")
                    .put("kid", id(key))
                    .put("alg", ALGORITHM)
                    .put("n", number(rsa.getModulus()))
                    .put("e", number(rsa.getPublicExponent()));
        }
        return page;
    }

    /** A key's name: the digest of its encoded form. */
    private static String id(PublicKey key) {
        return BASE64.encode(Hashing.sha256().hashBytes(key.getEncoded()).asBytes());
    }

    private static String number(BigInteger number) {
        byte[] bytes = number.toByteArray();
        int sign = bytes.length > 1 && bytes[0] == 0 ? 1 : 0;
        return BASE64.encode(bytes, sign, bytes.length - sign);
    }
}

package dev.amphora.apiserver.access;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.collect.ImmutableList;
import com.google.common.io.BaseEncoding;
import dev.amphora.api.Json;
import dev.amphora.kernel.Kernel;
import dev.amphora.kernel.SimulatedKernel;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The keys of service account tokens: one that signs, and all that vouch for a signature. RSA keys sign by RS256, those of elliptic curves by
 * ES256, ES384 or ES512.
 *
 * <p>If no key is given one is made when it is first needed, for that takes a while: so tokens end with the server. Under simulation it
 * follows from the seed. Safe for concurrent use.
 */
public final class TokenKeys {
    private static final int BITS = 2048;
    private static final BaseEncoding BASE64 = BaseEncoding.base64Url().omitPadding();

    private final Kernel kernel;
    private final List<TokenKey> others;
    private @Nullable KeyPair pair;

    /**
     * Keys.
     *
     * @param kernel whose chance a key is made with under simulation
     * @param signing a private key as PEM, empty to have one made
     * @param verifying further keys that count, public or private, as PEM: one text may hold several
     * @throws IllegalArgumentException if a text holds no key that tokens can be signed with
     */
    public TokenKeys(Kernel kernel, String signing, List<String> verifying) {
        this.kernel = kernel;
        ImmutableList.Builder<TokenKey> keys = ImmutableList.builder();
        verifying.forEach(text -> keys.addAll(TokenKeyFiles.publicKeys(text)));
        others = keys.build();
        pair = signing.isEmpty() ? null : TokenKeyFiles.pair(signing);
        if (pair != null) {
            TokenKey.of(pair.getPublic());
        }
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
        TokenKey known = TokenKey.of(keys.getPublic());
        ObjectNode head = Json.object().put("alg", known.algorithm()).put("kid", known.id());
        String text = BASE64.encode(Json.write(head)) + "." + BASE64.encode(Json.write(claims));
        try {
            return text + "." + BASE64.encode(known.sign(keys.getPrivate(), text));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("the key cannot sign", e);
        }
    }

    /**
     * Whether one of the keys has signed a token.
     *
     * @param algorithm that the token says to be signed by: only keys of that algorithm count
     * @param id of the key by which it says to be signed, empty if it doesn't say
     */
    public boolean vouchFor(String signed, byte[] signature, String algorithm, String id) {
        for (TokenKey key : present()) {
            if (key.algorithm().equals(algorithm)
                    && (id.isEmpty() || id.equals(key.id()))
                    && key.verifies(signed, signature)) {
                return true;
            }
        }
        return false;
    }

    /** The keys that there are: one that has yet to be made has signed nothing. */
    private synchronized List<TokenKey> present() {
        List<TokenKey> all = new ArrayList<>();
        if (pair != null) {
            all.add(TokenKey.of(pair.getPublic()));
        }
        others.stream().filter(key -> !all.contains(key)).forEach(all::add);
        return all;
    }

    /** The public keys as a set of JSON web keys. */
    public ObjectNode publicKeys() {
        ObjectNode page = Json.object();
        ArrayNode keys = page.putArray("keys");
        pair();
        present().forEach(key -> keys.add(key.web()));
        return page;
    }

    /** The algorithms of the keys by their names in tokens, each once. */
    public List<String> algorithms() {
        pair();
        return present().stream().map(TokenKey::algorithm).distinct().sorted().toList();
    }
}

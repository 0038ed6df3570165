package dev.amphora.security;

import dev.amphora.apiserver.access.TokenOptions;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Signature;
import java.util.Base64;
import java.util.List;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** Makes tokens of whatever content, with the server's own key or in the ways that have fooled others. */
final class Forger {
    private static final Base64.Encoder BASE64 = Base64.getUrlEncoder().withoutPadding();

    private final KeyPair keys;

    Forger() {
        try {
            KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
            generator.initialize(2048);
            keys = generator.generateKeyPair();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Options of a server whose key the forger has. */
    TokenOptions options() {
        return new TokenOptions(
                List.of(TokenOptions.ISSUER),
                List.of(),
                pem("PRIVATE KEY", keys.getPrivate().getEncoded()),
                List.of(),
                "");
    }

    String publicPem() {
        return pem("PUBLIC KEY", keys.getPublic().getEncoded());
    }

    byte[] publicBytes() {
        return keys.getPublic().getEncoded();
    }

    private static String pem(String label, byte[] content) {
        return "-----BEGIN %1$s-----\n%2$s\n-----END %1$s-----\n"
                .formatted(label, Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(content));
    }

    /** A token signed as it should be. */
    String signed(String head, String claims) {
        String text = unsigned(head, claims);
        try {
            Signature signature = Signature.getInstance("SHA256withRSA");
            signature.initSign(keys.getPrivate());
            signature.update(text.getBytes(StandardCharsets.US_ASCII));
            return text + "." + BASE64.encodeToString(signature.sign());
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    /** A token whose signature anybody can make who knows a text that should not be a secret. */
    static String keyed(String head, String claims, byte[] secret) {
        String text = unsigned(head, claims);
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(secret, "HmacSHA256"));
            return text + "." + BASE64.encodeToString(mac.doFinal(text.getBytes(StandardCharsets.US_ASCII)));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The two parts of a token that are signed. */
    static String unsigned(String head, String claims) {
        return encoded(head) + "." + encoded(claims);
    }

    static String encoded(String text) {
        return BASE64.encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }
}

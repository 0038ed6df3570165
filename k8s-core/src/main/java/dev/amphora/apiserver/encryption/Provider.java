package dev.amphora.apiserver.encryption;

import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * One key of a configuration, and the prefix by which its values are known.
 *
 * @param prefix such as {@code k8s:enc:aesgcm:v1:key1:}; empty for values that are stored as they are
 * @param cipher null for values that are stored as they are
 */
record Provider(String prefix, @Nullable ValueCipher cipher) {
    /** How every encrypted value begins. */
    static final String ENCRYPTED = "k8s:enc:";

    static final Provider IDENTITY = new Provider("", null);

    /** Whether a value was written by this provider, as far as its beginning tells. */
    boolean wrote(byte[] stored) {
        return cipher == null ? !begins(stored, ENCRYPTED) : begins(stored, prefix);
    }

    static boolean begins(byte[] stored, String prefix) {
        if (stored.length < prefix.length()) {
            return false;
        }
        for (int i = 0; i < prefix.length(); i++) {
            if (stored[i] != (byte) prefix.charAt(i)) {
                return false;
            }
        }
        return true;
    }

    byte[] prefixBytes() {
        return prefix.getBytes(StandardCharsets.UTF_8);
    }
}

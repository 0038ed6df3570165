package dev.amphora.controller.serviceaccount;

import io.fabric8.kubernetes.api.model.Secret;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.format.DateTimeParseException;
import java.util.Base64;
import java.util.Objects;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Tokens with which a machine may introduce itself to a cluster: Secrets of {@code kube-system}. */
final class BootstrapTokens {
    static final String NAMESPACE = "kube-system";
    static final String TYPE = "bootstrap.kubernetes.io/token";
    private static final String PREFIX = "bootstrap-token-";
    private static final Pattern ID = Pattern.compile("[a-z0-9]{6}");

    private BootstrapTokens() {}

    static boolean isToken(Secret secret) {
        return NAMESPACE.equals(secret.getMetadata().getNamespace()) && TYPE.equals(secret.getType());
    }

    /** What a Secret holds under a key; empty if nothing. */
    static String data(Secret secret, String key) {
        String encoded = secret.getData() == null ? null : secret.getData().get(key);
        try {
            return encoded == null ? "" : new String(Base64.getDecoder().decode(encoded), StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            return "";
        }
    }

    /** When a token ends; null if never, long ago if that can't be read. */
    static @Nullable Instant expiration(Secret secret) {
        String text = data(secret, "expiration");
        if (text.isEmpty()) {
            return null;
        }
        try {
            return OffsetDateTime.parse(text).toInstant();
        } catch (DateTimeParseException e) {
            return Instant.EPOCH;
        }
    }

    /** The name of a token that may vouch for the cluster; empty if a Secret holds none. */
    static String signingId(Secret secret, Instant now) {
        String id = data(secret, "token-id");
        Instant end = expiration(secret);
        boolean valid = isToken(secret)
                && ID.matcher(id).matches()
                && Objects.equals(secret.getMetadata().getName(), PREFIX + id)
                && !data(secret, "token-secret").isEmpty()
                && (end == null || end.isAfter(now))
                && data(secret, "usage-bootstrap-signing").equals("true");
        return valid ? id : "";
    }
}

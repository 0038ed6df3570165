package dev.amphora.apiserver.access;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.Base64;
import java.util.List;
import java.util.Map;

/** Tokens that are kept in Secrets and don't expire: they count as long as the Secret holds them. */
public final class SecretTokens {
    /** Who issues them. */
    static final String ISSUER = "kubernetes/serviceaccount";

    private static final String CLAIM = "kubernetes.io/serviceaccount/";
    private static final String USER = "system:serviceaccount:";
    private static final String LAST_USED = "kubernetes.io/legacy-token-last-used";
    private static final String INVALID_SINCE = "kubernetes.io/legacy-token-invalid-since";

    private final ObjectReader objects;
    private final Used used;

    /** Hears of Secrets whose tokens are used. */
    @FunctionalInterface
    public interface Used {
        /**
         * A token was used for the first time on a day.
         *
         * @param secret as it is; read-only
         * @param label where the day is noted
         * @param day such as {@code 2026-01-31}
         */
        void on(ObjectNode secret, String label, String day);
    }

    SecretTokens(ObjectReader objects, Used used) {
        this.objects = objects;
        this.used = used;
    }

    /** Why a token doesn't count; empty if it does. */
    String problem(String token, ObjectNode claims, Instant now) {
        String namespace = claim(claims, "namespace");
        String name = claim(claims, "service-account.name");
        String secretName = claim(claims, "secret.name");
        String uid = claim(claims, "service-account.uid");
        if (namespace.isEmpty() || name.isEmpty() || secretName.isEmpty() || uid.isEmpty()) {
            return "namespace, secret name, service account name and UID are required";
        }
        if (!claims.path("sub").asText("").equals(USER + namespace + ":" + name)) {
            return "sub claim does not match the service account";
        }
        ObjectNode secret = objects.get("", "secrets", namespace, secretName).orElse(null);
        if (secret == null || !metadata(secret, "deletionTimestamp").isEmpty()) {
            return "service account token has been invalidated";
        }
        if (!kept(secret).equals(token)) {
            return "service account token does not match server's copy";
        }
        ObjectNode account = objects.get("", "serviceaccounts", namespace, name).orElse(null);
        if (account == null) {
            return "serviceaccounts \"%s\" not found".formatted(name);
        }
        if (!metadata(account, "deletionTimestamp").isEmpty()) {
            return "service account %s/%s has been deleted".formatted(namespace, name);
        }
        if (!metadata(account, "uid").equals(uid)) {
            return "service account UID (%s) does not match claim (%s)".formatted(metadata(account, "uid"), uid);
        }
        JsonNode labels = secret.path("metadata").path("labels");
        if (!labels.path(INVALID_SINCE).asText("").isEmpty()) {
            return ("the token in secret %s/%s for service account %s/%s has been marked invalid. Use tokens from the TokenRequest API or"
                            + " manually created secret-based tokens, or remove the '%s' label from the secret to temporarily allow use of"
                            + " this token")
                    .formatted(namespace, secretName, namespace, name, INVALID_SINCE);
        }
        String day = LocalDate.ofInstant(now, ZoneOffset.UTC).toString();
        if (!labels.path(LAST_USED).asText("").equals(day)) {
            used.on(secret, LAST_USED, day);
        }
        return "";
    }

    private static String kept(ObjectNode secret) {
        try {
            return new String(
                    Base64.getDecoder().decode(secret.path("data").path("token").asText("")),
                    StandardCharsets.US_ASCII);
        } catch (IllegalArgumentException e) {
            return "";
        }
    }

    static User user(ObjectNode claims) {
        String namespace = claim(claims, "namespace");
        return new User(
                claims.path("sub").asText(),
                claim(claims, "service-account.uid"),
                List.of("system:serviceaccounts", "system:serviceaccounts:" + namespace, User.AUTHENTICATED),
                Map.of());
    }

    private static String claim(ObjectNode claims, String name) {
        return claims.path(CLAIM + name).asText("");
    }

    private static String metadata(ObjectNode object, String member) {
        return object.path("metadata").path(member).asText("");
    }
}

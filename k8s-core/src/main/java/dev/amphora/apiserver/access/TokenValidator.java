package dev.amphora.apiserver.access;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.collect.ImmutableList;
import com.google.common.io.BaseEncoding;
import dev.amphora.api.Json;
import dev.amphora.kernel.Kernel;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Checks service account tokens: who has issued them, for whom, until when, and whether all that they are bound to is still there.
 *
 * <p>As in the reference, a token that counts does so for 10 seconds before it is looked at again. Safe for concurrent use.
 */
public final class TokenValidator implements Authenticator {
    /** The claim that says what a token is bound to. */
    public static final String PRIVATE = "kubernetes.io";

    private static final BaseEncoding BASE64 = BaseEncoding.base64Url().omitPadding();
    private static final Duration REMEMBERED = Duration.ofSeconds(10);
    private static final Duration LEEWAY = Duration.ofMinutes(1);
    private static final int MOST_REMEMBERED = 10_000;
    private static final String GONE = "service account token has been invalidated";

    private final Kernel kernel;
    private final ObjectReader objects;
    private final TokenKeys keys;
    private final TokenOptions options;
    private final SecretTokens secretTokens;
    private final LinkedHashMap<String, Remembered> remembered = new LinkedHashMap<>();

    /**
     * Checks tokens of these issuers that one of these keys has signed.
     *
     * @param used hears of Secrets whose tokens are used, with the day: to be noted
     */
    public TokenValidator(
            Kernel kernel, ObjectReader objects, TokenKeys keys, TokenOptions options, SecretTokens.Used used) {
        this.kernel = kernel;
        this.objects = objects;
        this.keys = keys;
        this.options = options;
        secretTokens = new SecretTokens(objects, used);
    }

    /**
     * What is known of a token.
     *
     * @param user whose it is, null if it doesn't count
     * @param audiences those among the ones asked for that it is for
     * @param problem why it doesn't count, empty if it is none of these tokens
     */
    public record Outcome(@Nullable User user, List<String> audiences, String problem) {
        /** An outcome whose members cannot change. */
        public Outcome {
            audiences = ImmutableList.copyOf(audiences);
        }

        private static Outcome no(String problem) {
            return new Outcome(null, List.of(), problem);
        }
    }

    private record Remembered(Outcome outcome, Instant until) {}

    private record Token(String signed, byte[] signature, JsonNode head, ObjectNode claims) {}

    @Override
    public Optional<User> authenticate(Credentials credentials) {
        String token = credentials.bearerToken();
        return token == null ? Optional.empty() : Optional.ofNullable(check(token, options.audiences()).user);
    }

    /**
     * Checks a token.
     *
     * @param audiences one of which it must be for
     */
    public Outcome check(String token, List<String> audiences) {
        Token read = read(token);
        if (read == null) {
            return Outcome.no("");
        }
        String issuer = read.claims.path("iss").asText();
        if (!issuer.equals(SecretTokens.ISSUER) && !options.issuers().contains(issuer)) {
            return Outcome.no("");
        }
        String key = token + " " + String.join(" ", audiences);
        Instant now = kernel.instant();
        synchronized (remembered) {
            Remembered known = remembered.get(key);
            if (known != null && known.until.isAfter(now)) {
                return known.outcome;
            }
        }
        Outcome outcome = check(read, audiences, now);
        if (outcome.user != null) {
            remember(key, outcome, now);
        }
        return outcome;
    }

    private void remember(String key, Outcome outcome, Instant now) {
        synchronized (remembered) {
            remembered.remove(key);
            Iterator<Remembered> oldest = remembered.values().iterator();
            while (oldest.hasNext()
                    && (remembered.size() >= MOST_REMEMBERED
                            || !oldest.next().until.isAfter(now))) {
                oldest.remove();
            }
            remembered.put(key, new Remembered(outcome, now.plus(REMEMBERED)));
        }
    }

    private Outcome check(Token token, List<String> audiences, Instant now) {
        if (!keys.vouchFor(
                token.signed,
                token.signature,
                token.head.path("alg").asText(""),
                token.head.path("kid").asText(""))) {
            return Outcome.no("go-jose/go-jose: error in cryptographic primitive");
        }
        List<String> own = new ArrayList<>();
        JsonNode audience = token.claims.path("aud");
        if (audience.isTextual()) {
            own.add(audience.asText());
        }
        audience.forEach(each -> own.add(each.asText()));
        if (own.isEmpty()) {
            own.addAll(options.audiences());
        }
        List<String> common = own.stream().filter(audiences::contains).toList();
        if (common.isEmpty()) {
            return Outcome.no("token audiences %s is invalid for the target audiences %s"
                    .formatted(PolicyRule.quoted(own), PolicyRule.quoted(audiences)));
        }
        if (token.claims.path("iss").asText().equals(SecretTokens.ISSUER)) {
            String why = secretTokens.problem(token.signed + "." + BASE64.encode(token.signature), token.claims, now);
            return why.isEmpty() ? new Outcome(SecretTokens.user(token.claims), common, "") : Outcome.no(why);
        }
        String problem = problem(token.claims, now);
        return problem.isEmpty() ? new Outcome(user(token.claims), common, "") : Outcome.no(problem);
    }

    private String problem(ObjectNode claims, Instant now) {
        if (isBefore(claims.path("exp"), now.minus(LEEWAY))) {
            return "service account token has expired";
        }
        if (claims.has("nbf") && !isBefore(claims.path("nbf"), now.plus(LEEWAY).plusSeconds(1))) {
            return "service account token is not valid yet";
        }
        JsonNode own = claims.path(PRIVATE);
        String namespace = own.path("namespace").asText("");
        JsonNode account = own.path("serviceaccount");
        String name = account.path("name").asText("");
        ObjectNode found = objects.get("", "serviceaccounts", namespace, name).orElse(null);
        if (found == null) {
            return "serviceaccounts \"%s\" not found".formatted(name);
        }
        if (isLongDeleted(found, now)) {
            return "service account %s/%s has been deleted".formatted(namespace, name);
        }
        if (!uid(found).equals(account.path("uid").asText(""))) {
            return "service account UID (%s) does not match claim (%s)"
                    .formatted(uid(found), account.path("uid").asText(""));
        }
        for (String kind : List.of("secret", "pod")) {
            String why = bound(own, kind, namespace, now);
            if (!why.isEmpty()) {
                return why;
            }
        }
        return own.has("pod") ? "" : bound(own, "node", "", now);
    }

    private String bound(JsonNode own, String kind, String namespace, Instant now) {
        JsonNode bound = own.path(kind);
        if (!bound.isObject()) {
            return "";
        }
        ObjectNode found = objects.get(
                        "", kind + "s", namespace, bound.path("name").asText(""))
                .orElse(null);
        if (found == null || isLongDeleted(found, now)) {
            return GONE;
        }
        return uid(found).equals(bound.path("uid").asText(""))
                ? ""
                : "%s UID (%s) does not match service account %s ref claim (%s)"
                        .formatted(kind, uid(found), kind, bound.path("uid").asText(""));
    }

    private static boolean isBefore(JsonNode seconds, Instant instant) {
        return Instant.ofEpochSecond(seconds.asLong()).isBefore(instant);
    }

    /** Whether an object has been going for so long that it counts as gone. */
    private static boolean isLongDeleted(ObjectNode object, Instant now) {
        String deleted = object.path("metadata").path("deletionTimestamp").asText("");
        return !deleted.isEmpty() && Instant.parse(deleted).isBefore(now.minus(LEEWAY));
    }

    private static String uid(ObjectNode object) {
        return object.path("metadata").path("uid").asText("");
    }

    private static User user(ObjectNode claims) {
        JsonNode own = claims.path(PRIVATE);
        String namespace = own.path("namespace").asText();
        Map<String, List<String>> extra = new TreeMap<>();
        String id = claims.path("jti").asText("");
        if (!id.isEmpty()) {
            extra.put("authentication.kubernetes.io/credential-id", List.of("JTI=" + id));
        }
        for (String kind : List.of("pod", "node")) {
            JsonNode bound = own.path(kind);
            if (bound.isObject()) {
                extra.put(
                        "authentication.kubernetes.io/" + kind + "-name",
                        List.of(bound.path("name").asText("")));
                String uid = bound.path("uid").asText("");
                if (!uid.isEmpty() || kind.equals("pod")) {
                    extra.put("authentication.kubernetes.io/" + kind + "-uid", List.of(uid));
                }
            }
        }
        return new User(
                "system:serviceaccount:%s:%s"
                        .formatted(
                                namespace,
                                own.path("serviceaccount").path("name").asText()),
                own.path("serviceaccount").path("uid").asText(),
                List.of("system:serviceaccounts", "system:serviceaccounts:" + namespace, User.AUTHENTICATED),
                extra);
    }

    /** A token's parts; null if it is none. */
    private static @Nullable Token read(String token) {
        int middle = token.indexOf('.');
        int end = token.lastIndexOf('.');
        if (middle < 0 || end <= middle || token.indexOf('.', middle + 1) != end) {
            return null;
        }
        try {
            JsonNode head = Json.read(BASE64.decode(token.substring(0, middle)));
            JsonNode claims = Json.read(BASE64.decode(token.substring(middle + 1, end)));
            byte[] signature = BASE64.decode(token.substring(end + 1));
            return claims instanceof ObjectNode object
                    ? new Token(token.substring(0, end), signature, head, object)
                    : null;
        } catch (RuntimeException e) {
            return null;
        }
    }
}

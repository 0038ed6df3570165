package dev.amphora.apiserver;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.LongNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.hash.Hashing;
import com.google.common.io.BaseEncoding;
import dev.amphora.api.FieldError;
import dev.amphora.api.Json;
import dev.amphora.api.StatusException;
import dev.amphora.apiserver.access.Authenticator;
import dev.amphora.apiserver.access.Credentials;
import dev.amphora.apiserver.access.User;
import dev.amphora.apiserver.strategy.ReviewRules;
import dev.amphora.kernel.Kernel;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** {@code serviceaccounts/token}: signed tokens for service accounts, and their check. */
final class ServiceAccountTokens implements Authenticator {
    /** Who issues tokens, and whom they are for unless somebody else is named. */
    static final String ISSUER = "https://kubernetes.default.svc.cluster.local";

    private static final String PRIVATE = "kubernetes.io";
    private static final BaseEncoding BASE64 = BaseEncoding.base64Url().omitPadding();
    private static final long DEFAULT_SECONDS = 3600;
    private static final long SHORTEST_SECONDS = 600;
    private static final long LONGEST_SECONDS = 1L << 32;

    private final Kernel kernel;
    private final ApiServer server;
    private final byte[] key;

    ServiceAccountTokens(Kernel kernel, ApiServer server, byte[] key) {
        this.kernel = kernel;
        this.server = server;
        this.key = key.clone();
    }

    ApiResult create(Call call) {
        ObjectNode request = Bodies.object(call, "authentication.k8s.io", "v1", "TokenRequest");
        ApiRequest asked = call.request();
        Endpoint endpoint = call.endpoint();
        VersionedObject account =
                endpoint.find(asked.namespace(), asked.name()).orElseThrow(() -> endpoint.notFound(asked.name()));
        String given = Metadata.text(request, "name");
        if (!given.isEmpty() && !given.equals(asked.name())) {
            throw StatusException.invalid(
                    "authentication.k8s.io",
                    "TokenRequest",
                    asked.name(),
                    List.of(FieldError.invalid(
                            "metadata.name", given, "must match the service account name if specified")));
        }
        List<FieldError> errors = ReviewRules.token(request);
        if (!errors.isEmpty()) {
            throw StatusException.invalid("authentication.k8s.io", "TokenRequest", "", errors);
        }
        Instant now = kernel.instant();
        long seconds = request.path("spec").path("expirationSeconds").asLong(DEFAULT_SECONDS);
        checkDuration(seconds);
        ObjectNode spec = request.withObject("/spec");
        if (spec.path("audiences").isEmpty()) {
            spec.putArray("audiences").add(ISSUER);
        }
        spec.put("expirationSeconds", seconds);
        JsonNode bound = spec.path("boundObjectRef");
        ObjectNode claims = claims(account, spec, now, seconds);
        if (bound.isObject()) {
            bind(claims, asked.namespace(), bound);
        } else {
            spec.putNull("boundObjectRef");
        }
        ObjectNode metadata = request.putObject("metadata");
        metadata.put("name", account.name())
                .put("namespace", account.namespace())
                .put("uid", account.uid());
        metadata.put("creationTimestamp", Metadata.time(now));
        request.putObject("status")
                .put("token", sign(claims))
                .put("expirationTimestamp", Metadata.time(now.plusSeconds(seconds)));
        return ApiResult.created(VersionedObject.of(request), call.warnings());
    }

    private static void checkDuration(long seconds) {
        String problem = seconds < SHORTEST_SECONDS
                ? "may not specify a duration less than 10 minutes"
                : seconds > LONGEST_SECONDS ? "may not specify a duration larger than 2^32 seconds" : "";
        if (!problem.isEmpty()) {
            throw StatusException.invalid(
                    "authentication.k8s.io",
                    "TokenRequest",
                    "",
                    List.of(FieldError.invalid("spec.expirationSeconds", LongNode.valueOf(seconds), problem)));
        }
    }

    private ObjectNode claims(VersionedObject account, ObjectNode spec, Instant now, long seconds) {
        ObjectNode claims = Json.object();
        claims.set("aud", spec.get("audiences").deepCopy());
        claims.put("exp", now.getEpochSecond() + seconds);
        claims.put("iat", now.getEpochSecond());
        claims.put("iss", ISSUER);
        claims.put("jti", kernel.newUid());
        ObjectNode own = claims.putObject(PRIVATE);
        own.put("namespace", account.namespace());
        own.putObject("serviceaccount").put("name", account.name()).put("uid", account.uid());
        claims.put("nbf", now.getEpochSecond());
        claims.put("sub", "system:serviceaccount:%s:%s".formatted(account.namespace(), account.name()));
        return claims;
    }

    private void bind(ObjectNode claims, String namespace, JsonNode bound) {
        String kind = bound.path("kind").asText();
        String plural =
                switch (kind) {
                    case "Pod" -> "pods";
                    case "Secret" -> "secrets";
                    case "Node" -> "nodes";
                    default ->
                        throw StatusException.badRequest("cannot bind token to object of type %s, Kind=%s"
                                .formatted(gv(bound.path("apiVersion").asText()), kind));
                };
        String name = bound.path("name").asText();
        ObjectNode object = server.objects()
                .get("", plural, plural.equals("nodes") ? "" : namespace, name)
                .orElseThrow(() -> StatusException.notFound("", plural, name));
        String uid = Metadata.text(object, "uid");
        String wanted = bound.path("uid").asText("");
        if (!wanted.isEmpty() && !wanted.equals(uid)) {
            throw StatusException.conflict(
                    "",
                    kind,
                    name,
                    ("the UID in the bound object reference (%s) does not match the UID in record. The object might have been"
                                    + " deleted and then recreated")
                            .formatted(wanted));
        }
        claims.withObject("/" + PRIVATE)
                .putObject(plural.substring(0, plural.length() - 1))
                .put("name", name)
                .put("uid", uid);
    }

    private static String gv(String apiVersion) {
        return apiVersion.contains("/") ? apiVersion : "/" + apiVersion;
    }

    private String sign(ObjectNode claims) {
        String head = BASE64.encode("{\"alg\":\"HS256\",\"typ\":\"JWT\"}".getBytes(StandardCharsets.UTF_8));
        String text = head + "." + BASE64.encode(Json.write(claims));
        return text + "." + BASE64.encode(signature(text));
    }

    private byte[] signature(String text) {
        return Hashing.hmacSha256(key).hashString(text, StandardCharsets.UTF_8).asBytes();
    }

    @Override
    public Optional<User> authenticate(Credentials credentials) {
        String token = credentials.bearerToken();
        if (token == null) {
            return Optional.empty();
        }
        ObjectNode claims = verified(token);
        if (claims == null || claims.path("exp").asLong() < kernel.instant().getEpochSecond()) {
            return Optional.empty();
        }
        JsonNode own = claims.path(PRIVATE);
        String namespace = own.path("namespace").asText();
        String name = own.path("serviceaccount").path("name").asText();
        String uid = own.path("serviceaccount").path("uid").asText();
        if (!exists("serviceaccounts", namespace, name, uid) || !boundExists(own, namespace)) {
            return Optional.empty();
        }
        Map<String, List<String>> extra = new TreeMap<>();
        extra.put(
                "authentication.kubernetes.io/credential-id",
                List.of("JTI=" + claims.path("jti").asText()));
        for (String kind : List.of("pod", "node")) {
            if (own.has(kind)) {
                extra.put(
                        "authentication.kubernetes.io/%s-name".formatted(kind),
                        List.of(own.path(kind).path("name").asText()));
                extra.put(
                        "authentication.kubernetes.io/%s-uid".formatted(kind),
                        List.of(own.path(kind).path("uid").asText()));
            }
        }
        return Optional.of(new User(
                "system:serviceaccount:%s:%s".formatted(namespace, name),
                uid,
                List.of("system:serviceaccounts", "system:serviceaccounts:" + namespace, User.AUTHENTICATED),
                extra));
    }

    private boolean boundExists(JsonNode own, String namespace) {
        for (String kind : List.of("pod", "secret")) {
            JsonNode bound = own.path(kind);
            if (bound.isObject()
                    && !exists(
                            kind + "s",
                            namespace,
                            bound.path("name").asText(),
                            bound.path("uid").asText())) {
                return false;
            }
        }
        return true;
    }

    private boolean exists(String plural, String namespace, String name, String uid) {
        return server.objects()
                .get("", plural, namespace, name)
                .filter(object -> Metadata.text(object, "uid").equals(uid))
                .isPresent();
    }

    private @Nullable ObjectNode verified(String token) {
        int end = token.lastIndexOf('.');
        int middle = token.indexOf('.');
        if (middle < 0 || end <= middle) {
            return null;
        }
        try {
            byte[] given = BASE64.decode(token.substring(end + 1));
            if (!MessageDigest.isEqual(given, signature(token.substring(0, end)))) {
                return null;
            }
            JsonNode claims = Json.read(BASE64.decode(token.substring(middle + 1, end)));
            return claims.isObject() ? (ObjectNode) claims : null;
        } catch (RuntimeException e) {
            return null;
        }
    }
}

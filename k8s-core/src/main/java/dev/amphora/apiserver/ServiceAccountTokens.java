package dev.amphora.apiserver;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.LongNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.FieldError;
import dev.amphora.api.Json;
import dev.amphora.api.StatusException;
import dev.amphora.apiserver.access.TokenKeys;
import dev.amphora.apiserver.access.TokenOptions;
import dev.amphora.apiserver.access.TokenValidator;
import dev.amphora.apiserver.admission.AdmissionRequest.Operation;
import dev.amphora.apiserver.strategy.ReviewRules;
import dev.amphora.kernel.Kernel;
import java.time.Instant;
import java.util.List;

/** {@code serviceaccounts/token}: signed tokens for service accounts. */
final class ServiceAccountTokens {
    /** What kubelets ask for; such a token goes on counting for a year, for those who don't read it again. */
    private static final long KUBELET_SECONDS = 3607;

    private static final long YEAR = 365L * 24 * 60 * 60;
    private static final long DEFAULT_SECONDS = 3600;
    private static final long SHORTEST_SECONDS = 600;
    private static final long LONGEST_SECONDS = 1L << 32;

    private final Kernel kernel;
    private final ApiServer server;
    private final TokenKeys keys;
    private final TokenOptions options;
    private final Admission admission;

    ServiceAccountTokens(Kernel kernel, ApiServer server, TokenKeys keys, TokenOptions options, Admission admission) {
        this.kernel = kernel;
        this.server = server;
        this.keys = keys;
        this.options = options;
        this.admission = admission;
    }

    ApiResult create(Call call) {
        ObjectNode request = Bodies.object(call, "authentication.k8s.io", "v1", "TokenRequest");
        admission.mutate(call, Operation.CREATE, request, null);
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
        admission.validate(call, Operation.CREATE, request, null);
        Instant now = kernel.instant();
        long seconds = request.path("spec").path("expirationSeconds").asLong(DEFAULT_SECONDS);
        checkDuration(seconds);
        ObjectNode spec = request.withObject("/spec");
        if (spec.path("audiences").isEmpty()) {
            options.audiences().forEach(spec.putArray("audiences")::add);
        }
        spec.put("expirationSeconds", seconds);
        JsonNode bound = spec.path("boundObjectRef");
        ObjectNode claims = claims(account, spec, now, seconds);
        if (bound.isObject()) {
            bind(claims, asked.namespace(), bound, spec);
        } else {
            spec.putNull("boundObjectRef");
        }
        ObjectNode metadata = request.putObject("metadata");
        metadata.put("name", account.name())
                .put("namespace", account.namespace())
                .put("uid", account.uid());
        metadata.put("creationTimestamp", Metadata.time(now));
        request.putObject("status")
                .put("token", keys.sign(claims))
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
        claims.put("iss", options.issuer());
        claims.put("jti", kernel.newUid());
        ObjectNode own = claims.putObject(TokenValidator.PRIVATE);
        own.put("namespace", account.namespace());
        own.putObject("serviceaccount").put("name", account.name()).put("uid", account.uid());
        claims.put("nbf", now.getEpochSecond());
        claims.put("sub", "system:serviceaccount:%s:%s".formatted(account.namespace(), account.name()));
        return claims;
    }

    private void bind(ObjectNode claims, String namespace, JsonNode bound, ObjectNode spec) {
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
        ObjectNode own = (ObjectNode) claims.get(TokenValidator.PRIVATE);
        own.putObject(plural.substring(0, plural.length() - 1))
                .put("name", name)
                .put("uid", uid);
        if (plural.equals("pods")) {
            bindNode(own, object.path("spec").path("nodeName").asText(""));
            extend(claims, spec);
        }
    }

    /** Tokens of pods say on which node they run. */
    private void bindNode(ObjectNode own, String node) {
        if (!node.isEmpty()) {
            ObjectNode bound = own.putObject("node").put("name", node);
            server.objects()
                    .get("", "nodes", "", node)
                    .ifPresent(found -> bound.put("uid", Metadata.text(found, "uid")));
        }
    }

    private void extend(ObjectNode claims, ObjectNode spec) {
        boolean own = true;
        for (JsonNode audience : spec.path("audiences")) {
            own &= options.audiences().contains(audience.asText());
        }
        if (own && spec.path("expirationSeconds").asLong() == KUBELET_SECONDS) {
            long issued = claims.path("iat").asLong();
            ((ObjectNode) claims.get(TokenValidator.PRIVATE)).put("warnafter", issued + KUBELET_SECONDS);
            claims.put("exp", issued + YEAR);
        }
    }

    private static String gv(String apiVersion) {
        return apiVersion.contains("/") ? apiVersion : "/" + apiVersion;
    }
}

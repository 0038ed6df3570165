package dev.amphora.apiserver.audit;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import dev.amphora.api.Json;
import dev.amphora.apiserver.access.AccessRequest;
import dev.amphora.apiserver.access.User;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What is told of a request at one stage.
 *
 * @param level how much is told
 * @param auditId the same for all stages of a request, and in its answer's header {@code Audit-Id}
 * @param stage how far the request has come
 * @param requestUri path and query as they were sent
 * @param request what is wanted by whom; the user is the one that the request counts as
 * @param impersonator who really asks, if it counts as somebody else's; else null
 * @param method of HTTP, in the letter case it was sent
 * @param sourceIps where it came from, the farthest first
 * @param userAgent what the caller calls itself; empty if nothing
 * @param responseStatus a {@code Status}, with its code at least; null before there is an answer
 * @param requestObject what was sent; null if it is not told
 * @param responseObject what was sent back; null if it is not told
 * @param received when the request came
 * @param at when it reached the stage
 * @param annotations what else is known, such as {@code authorization.k8s.io/decision}
 */
public record AuditEvent(
        AuditLevel level,
        String auditId,
        AuditStage stage,
        String requestUri,
        AccessRequest request,
        @Nullable User impersonator,
        String method,
        List<String> sourceIps,
        String userAgent,
        @Nullable ObjectNode responseStatus,
        @Nullable JsonNode requestObject,
        @Nullable JsonNode responseObject,
        Instant received,
        Instant at,
        Map<String, String> annotations) {
    private static final DateTimeFormatter MICROS = DateTimeFormatter.ofPattern(
                    "yyyy-MM-dd'T'HH:mm:ss.SSSSSS'Z'", Locale.ROOT)
            .withZone(ZoneOffset.UTC);

    /** An event whose members can't change. */
    public AuditEvent {
        sourceIps = ImmutableList.copyOf(sourceIps);
        annotations = ImmutableMap.copyOf(annotations);
    }

    /** The status code of the answer; 0 before there is one. */
    public int code() {
        ObjectNode status = responseStatus;
        return status == null ? 0 : status.path("code").asInt();
    }

    /** The event as {@code audit.k8s.io/v1} has it. */
    public ObjectNode toTree() {
        ObjectNode event = Json.object()
                .put("kind", "Event")
                .put("apiVersion", "audit.k8s.io/v1")
                .put("level", level.toString())
                .put("auditID", auditId)
                .put("stage", stage.toString())
                .put("requestURI", requestUri)
                .put("verb", request.verb());
        User real = impersonator == null ? request.user() : impersonator;
        write(event.putObject("user"), real);
        if (impersonator != null) {
            write(event.putObject("impersonatedUser"), request.user());
        }
        if (!sourceIps.isEmpty()) {
            sourceIps.forEach(event.putArray("sourceIPs")::add);
        }
        text(event, "userAgent", userAgent);
        if (request.isResource()) {
            ObjectNode object = event.putObject("objectRef");
            text(object, "resource", request.resource());
            text(object, "namespace", request.namespace());
            text(object, "name", name());
            text(object, "uid", metadata("uid"));
            text(object, "apiGroup", request.group());
            text(object, "apiVersion", request.version());
            text(object, "resourceVersion", metadata("resourceVersion"));
            text(object, "subresource", request.subresource());
        }
        set(event, "responseStatus", responseStatus);
        set(event, "requestObject", level.compareTo(AuditLevel.REQUEST) >= 0 ? requestObject : null);
        set(event, "responseObject", level.compareTo(AuditLevel.REQUEST_RESPONSE) >= 0 ? responseObject : null);
        event.put("requestReceivedTimestamp", MICROS.format(received));
        event.put("stageTimestamp", MICROS.format(at));
        if (!annotations.isEmpty()) {
            ObjectNode all = event.putObject("annotations");
            annotations.forEach(all::put);
        }
        return event;
    }

    private String name() {
        return request.name().isEmpty() ? metadata("name") : request.name();
    }

    private String metadata(String member) {
        JsonNode object = requestObject;
        return object == null ? "" : object.path("metadata").path(member).asText();
    }

    private static void write(ObjectNode into, User user) {
        text(into, "username", user.name());
        text(into, "uid", user.uid());
        if (!user.groups().isEmpty()) {
            user.groups().forEach(into.putArray("groups")::add);
        }
        if (!user.extra().isEmpty()) {
            ObjectNode extra = into.putObject("extra");
            user.extra().forEach((key, values) -> {
                ArrayNode array = extra.putArray(key);
                values.forEach(array::add);
            });
        }
    }

    private static void text(ObjectNode into, String member, String value) {
        if (!value.isEmpty()) {
            into.put(member, value);
        }
    }

    private static void set(ObjectNode into, String member, @Nullable JsonNode value) {
        if (value != null) {
            into.set(member, value);
        }
    }
}

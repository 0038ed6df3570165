package dev.amphora.rest;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.Json;
import dev.amphora.api.StatusException;
import dev.amphora.apiserver.access.AccessRequest;
import dev.amphora.apiserver.access.Authorizer;
import dev.amphora.apiserver.access.User;
import dev.amphora.apiserver.audit.AuditEvent;
import dev.amphora.apiserver.audit.AuditLevel;
import dev.amphora.apiserver.audit.AuditStage;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What is told of one request, from its arrival to its end. Thread-safe. */
final class AuditTrail implements Measure.Listener {
    private static final Logger log = LoggerFactory.getLogger(AuditTrail.class);

    private final RestApi api;
    private final HttpCall call;
    private final String auditId;
    private final AccessRequest request;
    private final User real;
    private final List<Audit.Interest> interested;
    private final AuditLevel level;
    private final Instant received;
    private final Map<String, String> annotations = new TreeMap<>();
    private @Nullable JsonNode sent;
    private @Nullable JsonNode returned;
    private @Nullable ObjectNode refusal;

    AuditTrail(
            RestApi api,
            HttpCall call,
            String auditId,
            AccessRequest request,
            User real,
            List<Audit.Interest> interested) {
        this.api = api;
        this.call = call;
        this.auditId = auditId;
        this.request = request;
        this.real = real;
        this.interested = List.copyOf(interested);
        AuditLevel most = AuditLevel.NONE;
        for (Audit.Interest each : interested) {
            most = each.verdict().level().compareTo(most) > 0 ? each.verdict().level() : most;
        }
        level = most;
        received = api.kernel.instant();
        tell(AuditStage.REQUEST_RECEIVED, 0);
    }

    /** The request's body has come. */
    synchronized void sent(byte[] body) {
        sent = body.length == 0 ? null : json(body);
    }

    /** Whether the request may be done is about to be decided, and will be so. */
    void authorized(Authorizer.Decision decision) {
        synchronized (this) {
            annotations.put("authorization.k8s.io/decision", decision.allowed() ? "allow" : "forbid");
            annotations.put("authorization.k8s.io/reason", decision.reason());
        }
    }

    /** Somebody notes something; what is known already stays. */
    synchronized void annotate(String key, String value) {
        annotations.putIfAbsent(key, value);
    }

    /** The request is refused. */
    synchronized void refused(StatusException why) {
        ObjectNode status = Json.toTree(why.status());
        status.remove(List.of("kind", "apiVersion"));
        status.putObject("metadata");
        refusal = status;
    }

    /** The answer is on its way. */
    synchronized void returned(HttpAnswer answer) {
        String type = answer.header("Content-Type");
        boolean readable =
                type != null && type.startsWith("application/json") && answer.header("Content-Encoding") == null;
        if (readable && level == AuditLevel.REQUEST_RESPONSE) {
            returned = json(answer.body());
        }
    }

    @Override
    public void started(int code) {
        tell(AuditStage.RESPONSE_STARTED, code);
    }

    @Override
    public void completed(int code) {
        tell(AuditStage.RESPONSE_COMPLETE, code);
    }

    private void tell(AuditStage stage, int code) {
        Instant now = stage == AuditStage.REQUEST_RECEIVED ? received : api.kernel.instant();
        for (Audit.Interest each : interested) {
            if (!each.verdict().omitted().contains(stage)) {
                try {
                    each.sink().take(event(stage, code, now, each));
                } catch (RuntimeException e) {
                    log.error("An audit sink failed", e);
                }
            }
        }
    }

    private synchronized AuditEvent event(AuditStage stage, int code, Instant now, Audit.Interest interest) {
        ObjectNode status = null;
        if (stage != AuditStage.REQUEST_RECEIVED) {
            status = refusal == null ? Json.object() : refusal.deepCopy();
            status.putObject("metadata");
            status.put("code", code);
        }
        boolean bare = interest.verdict().omitsManagedFields();
        String query = call.query();
        return new AuditEvent(
                interest.verdict().level(),
                auditId,
                stage,
                query == null ? call.path() : call.path() + "?" + query,
                request,
                real.equals(request.user()) ? null : real,
                call.method(),
                sources(),
                userAgent(),
                status,
                bare ? withoutManagedFields(sent) : sent,
                bare ? withoutManagedFields(returned) : returned,
                received,
                now,
                annotations);
    }

    private String userAgent() {
        String agent = call.header("User-Agent");
        return agent == null ? "" : agent;
    }

    /** The addresses that proxies name, then the one that the connection comes from. */
    private List<String> sources() {
        List<String> sources = new ArrayList<>(call.words("X-Forwarded-For"));
        if (sources.isEmpty()) {
            sources.addAll(call.words("X-Real-Ip"));
        }
        String peer = call.remoteAddress();
        if (!peer.isEmpty() && !sources.contains(peer)) {
            sources.add(peer);
        }
        return sources;
    }

    private static @Nullable JsonNode withoutManagedFields(@Nullable JsonNode object) {
        if (object == null || !object.isObject()) {
            return object;
        }
        ObjectNode copy = object.deepCopy();
        bare(copy);
        copy.path("items").forEach(AuditTrail::bare);
        return copy;
    }

    private static void bare(JsonNode object) {
        if (object.path("metadata") instanceof ObjectNode metadata) {
            metadata.remove("managedFields");
        }
    }

    /** What can be read of a body; null for other formats. */
    private static @Nullable JsonNode json(byte[] body) {
        try {
            return Json.read(body);
        } catch (RuntimeException e) {
            return null;
        }
    }
}

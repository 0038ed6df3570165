package dev.amphora.rest;

import com.google.common.collect.ImmutableList;
import dev.amphora.apiserver.access.AccessRequest;
import dev.amphora.apiserver.access.User;
import dev.amphora.apiserver.audit.AuditPolicy;
import dev.amphora.apiserver.audit.AuditSink;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Everybody who wants to be told of requests. */
final class Audit {
    private final ImmutableList<Listener> listeners;

    Audit(List<Listener> listeners) {
        this.listeners = ImmutableList.copyOf(listeners);
    }

    /** Whether nobody wants to be told of anything. */
    boolean isEmpty() {
        return listeners.isEmpty();
    }

    /** Somebody who wants to be told, and of what. */
    record Listener(AuditPolicy policy, AuditSink sink) {}

    /** Somebody who wants to be told of one request, and how much. */
    record Interest(AuditSink sink, AuditPolicy.Verdict verdict) {}

    /**
     * A request has come.
     *
     * @return what follows it to its end; null if nobody wants to know
     */
    @Nullable AuditTrail begin(RestApi api, HttpCall call, String auditId, AccessRequest request, User real) {
        if (listeners.isEmpty()) {
            return null;
        }
        List<Interest> interested = new ArrayList<>();
        for (Listener listener : listeners) {
            AuditPolicy.Verdict verdict = listener.policy.of(request);
            if (!verdict.isNothing()) {
                interested.add(new Interest(listener.sink, verdict));
            }
        }
        return interested.isEmpty() ? null : new AuditTrail(api, call, auditId, request, real, interested);
    }
}

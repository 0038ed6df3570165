package dev.amphora.apiserver.audit;

/** Takes events about requests. Implementations are safe for concurrent use, and quick: they run before the caller has its answer. */
@FunctionalInterface
public interface AuditSink {
    /** Takes an event; must not throw. */
    void take(AuditEvent event);
}

package dev.amphora;

import com.google.common.collect.ImmutableList;
import dev.amphora.apiserver.audit.AuditPolicy;
import dev.amphora.apiserver.audit.AuditSink;
import dev.amphora.apiserver.audit.RequestLog;
import java.util.List;
import java.util.function.Consumer;

/**
 * How many requests go at once, and who is told of them; of those that come by HTTP or by the connection within the process, not of what the
 * cluster's own components ask. Immutable; each {@code with} method gives a changed copy.
 *
 * @param mostReading {@code --max-requests-inflight}
 * @param mostWriting {@code --max-mutating-requests-inflight}; priority levels share the sum of both, which is positive
 * @param audits who is told, and of what
 */
public record RequestHandling(int mostReading, int mostWriting, List<Audit> audits) {
    private static final RequestHandling DEFAULTS = new RequestHandling(400, 200, List.of());

    /**
     * A copy.
     *
     * @throws IllegalArgumentException if no request may go
     */
    public RequestHandling {
        audits = ImmutableList.copyOf(audits);
        if (mostReading < 0 || mostWriting < 0 || mostReading + mostWriting <= 0) {
            throw new IllegalArgumentException("at least one request must be allowed to go at once");
        }
    }

    /**
     * Somebody who is told of requests.
     *
     * @param policy of which, and how much
     */
    public record Audit(AuditPolicy policy, AuditSink sink) {}

    /** 400 and 200 at once, as the reference has it, and nobody is told. */
    public static RequestHandling defaults() {
        return DEFAULTS;
    }

    /** The same with other limits. */
    public RequestHandling withInFlight(int reading, int writing) {
        return new RequestHandling(reading, writing, audits);
    }

    /** The same with somebody more who is told. */
    public RequestHandling withAudit(AuditPolicy policy, AuditSink sink) {
        return new RequestHandling(
                mostReading,
                mostWriting,
                ImmutableList.<Audit>builder()
                        .addAll(audits)
                        .add(new Audit(policy, sink))
                        .build());
    }

    /** The same with a log that a person can read: a line for each request that is over. */
    public RequestHandling withRequestLog(Consumer<String> lines) {
        return withAudit(RequestLog.POLICY, new RequestLog(lines));
    }
}

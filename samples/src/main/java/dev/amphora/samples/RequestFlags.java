package dev.amphora.samples;

import dev.amphora.RequestHandling;
import dev.amphora.apiserver.audit.AuditLevel;
import dev.amphora.apiserver.audit.AuditLog;
import dev.amphora.apiserver.audit.AuditPolicy;
import dev.amphora.kernel.Kernel;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Options about the requests that are served: how many at once, and who is told of them. */
final class RequestFlags {
    @Option(
            names = "--max-requests-inflight",
            description = "How many reads go at once; priority levels share the sum of this and the next."
                    + " Default: ${DEFAULT-VALUE}")
    private int mostReading = RequestHandling.defaults().mostReading();

    @Option(
            names = "--max-mutating-requests-inflight",
            description = "How many writes go at once. Default: ${DEFAULT-VALUE}")
    private int mostWriting = RequestHandling.defaults().mostWriting();

    @Option(names = "--audit-log-path", description = "Append audit events to this file, one line of JSON each.")
    private @Nullable Path auditLog;

    @Option(
            names = "--audit-policy-file",
            description = "An audit.k8s.io/v1 Policy. Default: the metadata of every request")
    private @Nullable Path auditPolicy;

    @Option(
            names = "--request-log",
            description = "Print a line for each request: time, user, verb, path, code and how long it took.")
    private boolean requestLog;

    /**
     * What the options open, to be closed in the end.
     *
     * @param handling for the API server
     * @param log null if there is none
     */
    record Opened(RequestHandling handling, @Nullable AuditLog log) implements AutoCloseable {
        @Override
        public void close() {
            if (log != null) {
                log.close();
            }
        }
    }

    /**
     * Opens what is to be written.
     *
     * @param out for the request log
     * @throws IllegalArgumentException if an option is wrong
     * @throws java.io.UncheckedIOException if the log can't be written
     */
    Opened open(Kernel kernel, PrintWriter out) {
        RequestHandling handling = RequestHandling.defaults().withInFlight(mostReading, mostWriting);
        if (auditPolicy != null && auditLog == null) {
            throw new IllegalArgumentException("--audit-policy-file needs --audit-log-path");
        }
        AuditLog log = null;
        if (auditLog != null) {
            AuditPolicy policy = policy();
            log = AuditLog.to(auditLog, kernel);
            handling = handling.withAudit(policy, log);
        }
        if (requestLog) {
            handling = handling.withRequestLog(line -> {
                out.println(line);
                out.flush();
            });
        }
        return new Opened(handling, log);
    }

    private AuditPolicy policy() {
        if (auditPolicy == null) {
            return AuditPolicy.everything(AuditLevel.METADATA);
        }
        try {
            return AuditPolicy.parse(Files.readString(auditPolicy));
        } catch (IOException e) {
            throw new IllegalArgumentException("--audit-policy-file: cannot read " + auditPolicy, e);
        }
    }
}

package dev.amphora.samples.examples;

import dev.amphora.apiserver.audit.AuditEvent;
import dev.amphora.apiserver.audit.AuditSink;
import java.util.function.Consumer;

/** An audit sink that tells who was refused what. */
// README: audit
public final class DeniedRequests implements AuditSink {
    private final Consumer<String> out;

    /** A sink that tells somebody. */
    public DeniedRequests(Consumer<String> out) {
        this.out = out;
    }

    @Override
    public void take(AuditEvent event) {
        if (event.code() == 403) {
            out.accept(event.request().user().name() + " may not "
                    + event.request().verb() + " " + event.requestUri());
        }
    }
}
// end

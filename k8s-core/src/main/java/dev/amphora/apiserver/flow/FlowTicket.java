package dev.amphora.apiserver.flow;

import dev.amphora.apiserver.access.AccessRequest;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A request on its way through flow control: which flow it belongs to, and what it holds. Hand it back with {@link FlowControl#end}. */
public final class FlowTicket {
    private final FlowRules.Schema schema;
    private int seats = 1;
    private long arrived;
    private long began;
    private FairQueues.@Nullable Queue queue;
    private @Nullable FairQueues queues;
    private @Nullable Runnable go;
    private @Nullable Consumer<FlowRefusal> refused;
    private boolean holding;

    private final AccessRequest request;

    FlowTicket(FlowRules.Schema schema, AccessRequest request) {
        this.schema = schema;
        this.request = request;
    }

    /** What tells its flow from others of the same schema. */
    String flow() {
        return switch (schema.distinguisher()) {
            case "ByUser" -> request.user().name();
            case "ByNamespace" -> request.namespace();
            default -> "";
        };
    }

    /** The uid of the flow schema. */
    public String schemaUid() {
        return schema.uid();
    }

    /** The uid of the priority level. */
    public String levelUid() {
        return schema.level().uid();
    }

    FlowRules.Schema schema() {
        return schema;
    }

    int seats() {
        return seats;
    }

    void seats(int wanted) {
        seats = wanted;
    }

    /** When it came, in nanoseconds of the kernel's clock; kept of requests that had to wait only. */
    long arrived() {
        return arrived;
    }

    long began() {
        return began;
    }

    void began(long nanos) {
        began = nanos;
    }

    FairQueues.@Nullable Queue queue() {
        return queue;
    }

    /** The queues that it waited in; null if it did not wait. */
    @Nullable FairQueues queues() {
        return queues;
    }

    void queued(FairQueues.Queue where, FairQueues among) {
        queue = where;
        queues = among;
    }

    void waits(long nanos, Runnable then, Consumer<FlowRefusal> otherwise) {
        arrived = nanos;
        go = then;
        refused = otherwise;
    }

    @Nullable Runnable go() {
        return go;
    }

    @Nullable Consumer<FlowRefusal> refused() {
        return refused;
    }

    boolean holds() {
        return holding;
    }

    void holds(boolean now) {
        holding = now;
    }
}

package dev.amphora.controller.replicaset;

import dev.amphora.controller.Controller;
import org.jspecify.annotations.Nullable;

/** Keeps the pods of ReplicationControllers: the reference's {@code replicationcontroller-controller}. */
public final class ReplicationControllerController implements Controller {
    private @Nullable ReplicaController<?> running;

    @Override
    public String name() {
        return "replicationcontroller-controller";
    }

    @Override
    public String eventSource() {
        return "replication-controller";
    }

    @Override
    public void start(Context context) {
        running = new ReplicaController<>(ReplicaKind.REPLICATION_CONTROLLER, name(), context);
    }

    @Override
    public void close() {
        if (running != null) {
            running.close();
        }
    }
}

package dev.amphora.controller.replicaset;

import dev.amphora.controller.Controller;
import org.jspecify.annotations.Nullable;

/** Keeps the pods of ReplicaSets: the reference's {@code replicaset-controller}. */
public final class ReplicaSetController implements Controller {
    private @Nullable ReplicaController<?> running;

    @Override
    public String name() {
        return "replicaset-controller";
    }

    @Override
    public void start(Context context) {
        running = new ReplicaController<>(ReplicaKind.REPLICA_SET, name(), context);
    }

    @Override
    public void close() {
        if (running != null) {
            running.close();
        }
    }
}

package dev.amphora.scheduler;

import dev.amphora.client.Client;
import dev.amphora.kernel.Kernel;
import io.fabric8.kubernetes.api.model.Node;

/**
 * Binds pods that have no node.
 *
 * <p>The reference implementation mirrors kube-scheduler; a program may replace it whole.
 */
public interface Scheduler extends AutoCloseable {

    /**
     * What a scheduler runs in.
     *
     * @param kernel time, tasks and chance
     * @param client with the rights of {@code system:kube-scheduler}
     */
    record Context(Kernel kernel, Client client) {}

    /**
     * Begins to schedule. Called once.
     *
     * @param context what to run in
     */
    void start(Context context);

    /**
     * Tells when pods may be placed on a node. A scheduler that works on a copy of the cluster says so once its copy holds this state of
     * the node; by default it is said at once.
     *
     * @param node as the API server gave it
     * @param task runs once, on any thread; never if the scheduler is closed before
     */
    default void whenKnown(Node node, Runnable task) {
        task.run();
    }

    /** Stops scheduling; pods in flight are left to a successor. Idempotent. */
    @Override
    void close();
}

package dev.amphora.scheduler;

import dev.amphora.client.Client;
import dev.amphora.kernel.Kernel;

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

    /** Stops scheduling; pods in flight are left to a successor. Idempotent. */
    @Override
    void close();
}

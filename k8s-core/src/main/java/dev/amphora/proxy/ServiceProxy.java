package dev.amphora.proxy;

import dev.amphora.client.Client;
import dev.amphora.kernel.Kernel;

/**
 * Makes each Service reachable at its IP and ports, balanced over its ready endpoints.
 *
 * <p>A proxy watches Services and EndpointSlices through its client and keeps listeners, or rules of the kernel, equal to them.
 */
public interface ServiceProxy extends AutoCloseable {

    /**
     * What a proxy runs in.
     *
     * @param kernel time and tasks
     * @param client sees Services, EndpointSlices and Nodes
     * @param nodeName the node it serves
     */
    record Context(Kernel kernel, Client client, String nodeName) {}

    /**
     * Begins to serve. Called once.
     *
     * @param context what to run in
     */
    void start(Context context);

    /** Ends all listeners and connections, or removes all rules. Idempotent. */
    @Override
    void close();
}

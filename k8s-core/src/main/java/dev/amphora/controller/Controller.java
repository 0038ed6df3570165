package dev.amphora.controller;

import dev.amphora.client.Client;
import dev.amphora.client.EventRecorder;
import dev.amphora.client.Informers;
import dev.amphora.kernel.Kernel;

/**
 * Drives one kind of object to its desired state.
 *
 * <p>A controller reads through informers, writes through the client, and works on actors and timers of the kernel only, so that
 * the same class runs in production and in simulation. It tolerates missed and repeated events, and finds its way from any state
 * that a crash may leave. {@link ControlLoop} is the skeleton that the built-in ones are made of.
 */
public interface Controller extends AutoCloseable {

    /**
     * What a controller runs in.
     *
     * @param kernel time, tasks and chance
     * @param client to write with
     * @param informers to read with; shared, and not the controller's to close
     * @param events to tell people with
     */
    record Context(Kernel kernel, Client client, Informers informers, EventRecorder events) {}

    /** The name that switches it on and off, such as {@code deployment-controller}. */
    String name();

    /** The source of its events: its name, unless the reference has another. */
    default String eventSource() {
        return name();
    }

    /**
     * Begins to work, and returns at once. Called once.
     *
     * @param context what to run in
     */
    void start(Context context);

    /** Stops working. What is half done is left to a successor. Idempotent. */
    @Override
    void close();
}

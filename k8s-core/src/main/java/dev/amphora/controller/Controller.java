package dev.amphora.controller;

import dev.amphora.api.ResourceType;
import dev.amphora.client.Client;
import dev.amphora.client.EventRecorder;
import dev.amphora.client.Informers;
import dev.amphora.kernel.Kernel;
import io.fabric8.kubernetes.api.model.HasMetadata;

/**
 * Drives one kind of object to its desired state.
 *
 * <p>A controller reads through informers, writes through the client, and works on actors and timers of the kernel only, so that
 * the same class runs in production and in simulation. It tolerates missed and repeated events, and finds its way from any state
 * that a crash may leave. {@link #of} makes one of a reconciler; {@link ControlLoop} is the skeleton below, which the built-in ones are made of too.
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

    /**
     * Begins a controller of a model class: a fabric8 one, or a program's own for a custom resource.
     *
     * @param name in lower case, such as {@code website-controller}
     * @param kind whose objects it drives
     */
    static <T extends HasMetadata> ControllerBuilder<T> of(String name, Class<T> kind) {
        return new ControllerBuilder<>(name, ResourceType.of(kind));
    }

    /** Begins a controller of a kind, such as one that is known only at run time. */
    static <T extends HasMetadata> ControllerBuilder<T> of(String name, ResourceType<T> kind) {
        return new ControllerBuilder<>(name, kind);
    }

    /** The name that switches it on and off, such as {@code deployment-controller}. */
    String name();

    /** The source of its events: its name, unless the reference has another. */
    default String eventSource() {
        return name();
    }

    /**
     * Begins to work, and returns at once. Called once; with leader election again after {@link #close}, when it is elected again.
     *
     * @param context what to run in
     */
    void start(Context context);

    /** Stops working. What is half done is left to a successor. Idempotent. */
    @Override
    void close();
}

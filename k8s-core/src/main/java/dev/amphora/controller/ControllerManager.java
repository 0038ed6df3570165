package dev.amphora.controller;

import dev.amphora.client.Client;
import dev.amphora.client.EventRecorder;
import dev.amphora.client.Informers;
import dev.amphora.kernel.Kernel;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Runs a set of controllers on one kernel and one set of shared informers. */
public final class ControllerManager implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(ControllerManager.class);

    private final Kernel kernel;
    private final Function<? super Controller, ? extends Client> clients;
    private final List<Controller> controllers;
    private final List<EventRecorder> recorders = new ArrayList<>();
    private final Informers informers;
    private boolean started;
    private boolean closed;

    /**
     * A manager that does not yet run.
     *
     * @param kernel time, tasks and chance
     * @param client with the rights of all the controllers
     * @param controllers in the order in which they start
     */
    public ControllerManager(Kernel kernel, Client client, List<? extends Controller> controllers) {
        this(kernel, client, controller -> client, controllers);
    }

    /**
     * A manager that does not yet run, of controllers that act under identities of their own.
     *
     * @param kernel time, tasks and chance
     * @param reader what all controllers read with, through informers that they share
     * @param clients what each of them writes with
     * @param controllers in the order in which they start
     */
    public ControllerManager(
            Kernel kernel,
            Client reader,
            Function<? super Controller, ? extends Client> clients,
            List<? extends Controller> controllers) {
        this.kernel = kernel;
        this.clients = clients;
        this.controllers = List.copyOf(controllers);
        this.informers = new Informers(reader, kernel);
    }

    /** The controllers, in the order in which they start. */
    public List<Controller> controllers() {
        return controllers;
    }

    /** Starts every controller. Called once. */
    public synchronized void start() {
        if (started || closed) {
            throw new IllegalStateException("the controllers have been started before");
        }
        started = true;
        for (Controller controller : controllers) {
            Client client = clients.apply(controller);
            EventRecorder events = new EventRecorder(client, kernel, controller.eventSource());
            recorders.add(events);
            controller.start(new Controller.Context(kernel, client, informers, events));
        }
        log.debug("Started {} controllers", controllers.size());
    }

    /** Stops every controller. Idempotent. */
    @Override
    public synchronized void close() {
        if (closed) {
            return;
        }
        closed = true;
        if (started) {
            for (int i = controllers.size() - 1; i >= 0; i--) {
                controllers.get(i).close();
            }
        }
        informers.close();
        recorders.forEach(EventRecorder::close);
    }
}

package dev.amphora.controller;

import dev.amphora.client.Client;
import dev.amphora.client.LeaderElector;
import dev.amphora.kernel.Kernel;
import java.util.List;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Controllers that work while their process is the leader among several, elected by a Lease. A process that loses the Lease stops
 * them and stands again.
 *
 * <p>Their writes are {@linkplain LeaderElector#fenced fenced}: one that would begin when the process no longer knows that it leads, be
 * it that it was paused or cut off, is refused before it leaves.
 */
public final class ElectedControllers implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(ElectedControllers.class);

    private final Kernel kernel;
    private final Client reader;
    private final Function<? super Controller, ? extends Client> clients;
    private final Supplier<? extends List<? extends Controller>> controllers;
    private final LeaderElector elector;
    private @Nullable ControllerManager running;

    /**
     * Controllers that stand for election once started, and share one client.
     *
     * @param kernel time, tasks and chance
     * @param client with the rights of all of them, and to read and write the Lease
     * @param settings which Lease, and who this is
     * @param controllers gives them each time the process is elected: new ones, or such as can be started again
     */
    public ElectedControllers(
            Kernel kernel,
            Client client,
            LeaderElector.Settings settings,
            Supplier<? extends List<? extends Controller>> controllers) {
        this(kernel, client, controller -> client, settings, controllers);
    }

    /**
     * Controllers that write under identities of their own.
     *
     * @param kernel time, tasks and chance
     * @param reader what their informers read with, and the Lease is read and written with
     * @param clients what each of them writes with
     * @param settings which Lease, and who this is
     * @param controllers gives them each time the process is elected
     */
    public ElectedControllers(
            Kernel kernel,
            Client reader,
            Function<? super Controller, ? extends Client> clients,
            LeaderElector.Settings settings,
            Supplier<? extends List<? extends Controller>> controllers) {
        this.kernel = kernel;
        this.reader = reader;
        this.clients = clients;
        this.controllers = controllers;
        this.elector = new LeaderElector(reader, kernel, settings, new LeaderElector.Callbacks() {
            @Override
            public void onStartedLeading() {
                begin();
            }

            @Override
            public void onStoppedLeading() {
                end();
            }
        });
    }

    /** Stands for election. Called once. */
    public ElectedControllers start() {
        elector.start();
        return this;
    }

    /** Whether this process leads, as far as it can know. */
    public boolean isLeading() {
        return elector.isLeading();
    }

    /** Stops the controllers, waits for writes that are under way, and gives the Lease up. Returns at once. Idempotent. */
    @Override
    public void close() {
        elector.close();
        end();
    }

    private synchronized void begin() {
        ControllerManager manager = new ControllerManager(
                kernel, reader, controller -> elector.fenced(clients.apply(controller)), controllers.get());
        running = manager;
        manager.start();
    }

    private synchronized void end() {
        ControllerManager manager = running;
        running = null;
        if (manager != null) {
            log.debug("Stopping {} controllers", manager.controllers().size());
            manager.close();
        }
    }
}

package dev.amphora.tck;

import dev.amphora.api.ResourceType;
import dev.amphora.client.Client;
import dev.amphora.controller.Controller;
import dev.amphora.controller.ControllerManager;
import dev.amphora.kernel.Actor;
import dev.amphora.kernel.SimulatedKernel;
import io.fabric8.kubernetes.api.model.HasMetadata;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Controllers in a process of their own that is disturbed: its calls are late, fail or meet conflicts, its watches are cut, and it
 * crashes and comes back. What they write is kept in a journal.
 *
 * <pre>{@code
 * var controllers = new DisturbedControllers(
 *         kernel, cluster.api("operator"), () -> List.of(new MyController()), Disturbance.everything().withCrashAfter(3));
 * controllers.start();
 * kernel.advance(Duration.ofMinutes(5));
 * assertThat(controllers.journal()).hasSizeLessThan(100);
 * }</pre>
 */
public final class DisturbedControllers implements AutoCloseable {
    private final SimulatedKernel kernel;
    private final Client reader;
    private final Function<? super Controller, ? extends Client> writers;
    private final Supplier<? extends List<? extends Controller>> controllers;
    private final Actor undertaker;
    private Disturbance disturbance;
    private int crashAt;
    private final List<Write> journal = new ArrayList<>();
    private @Nullable Process running;
    private int crashes;

    /**
     * A write that the server has taken.
     *
     * @param at when
     * @param verb the method of {@link Client}
     * @param kind the object's kind
     * @param name the object's name; what is generated ends in {@code *}
     */
    public record Write(Instant at, String verb, String kind, String name) {}

    private record Process(ControllerManager manager, List<DisturbedClient> lines) {}

    /**
     * Controllers that share one client.
     *
     * @param kernel what they run on
     * @param client with the rights of all of them
     * @param controllers makes them, anew after each crash
     * @param disturbance what happens to them
     */
    public DisturbedControllers(
            SimulatedKernel kernel,
            Client client,
            Supplier<? extends List<? extends Controller>> controllers,
            Disturbance disturbance) {
        this(kernel, client, controller -> client, controllers, disturbance);
    }

    /**
     * Controllers that write under identities of their own.
     *
     * @param kernel what they run on
     * @param reader what their informers read with
     * @param writers what each of them writes with
     * @param controllers makes them, anew after each crash
     * @param disturbance what happens to them
     */
    public DisturbedControllers(
            SimulatedKernel kernel,
            Client reader,
            Function<? super Controller, ? extends Client> writers,
            Supplier<? extends List<? extends Controller>> controllers,
            Disturbance disturbance) {
        this.kernel = kernel;
        this.reader = reader;
        this.writers = writers;
        this.controllers = controllers;
        this.undertaker = kernel.actor("undertaker");
        this.disturbance = disturbance;
        this.crashAt = disturbance.crashAfter();
    }

    /** Starts them. Called once. */
    public DisturbedControllers start() {
        List<DisturbedClient> lines = new ArrayList<>();
        ControllerManager manager = new ControllerManager(
                kernel,
                disturbed(reader, lines),
                controller -> disturbed(writers.apply(controller), lines),
                controllers.get());
        running = new Process(manager, lines);
        manager.start();
        return this;
    }

    /** Lets them crash right after so many more writes. */
    public void crashAfter(int writes) {
        crashAt = journal.size() + writes;
    }

    /** Kills them at once; a successor starts after the disturbance's time. */
    public void crash() {
        Process dying = running;
        if (dying == null) {
            return;
        }
        running = null;
        crashes++;
        dying.lines.forEach(DisturbedClient::die);
        undertaker.execute(dying.manager::close);
        undertaker.schedule(disturbance.restartAfter(), this::start);
    }

    /** Ends all disturbance: calls arrive at once, none fails, and watches that are opened from now on last. */
    public void peace() {
        disturbance = Disturbance.none();
        crashAt = 0;
        if (running != null) {
            running.lines.forEach(DisturbedClient::peace);
        }
    }

    /** Every write so far but Events, oldest first. */
    public List<Write> journal() {
        return List.copyOf(journal);
    }

    /** How many writes there were so far, Events not counted. */
    public int writes() {
        return journal.size();
    }

    /** How often they have crashed. */
    public int crashes() {
        return crashes;
    }

    /** The most writes within any span of time: what a hot loop is known by. */
    public int mostWritesWithin(Duration span) {
        int most = 0;
        int first = 0;
        for (int last = 0; last < journal.size(); last++) {
            while (journal.get(first).at.plus(span).isBefore(journal.get(last).at)) {
                first++;
            }
            most = Math.max(most, last - first + 1);
        }
        return most;
    }

    /** Ends them. Idempotent. */
    @Override
    public void close() {
        undertaker.close();
        if (running != null) {
            running.manager.close();
            running.lines.forEach(DisturbedClient::die);
            running = null;
        }
    }

    private Client disturbed(Client client, List<DisturbedClient> lines) {
        DisturbedClient line = new DisturbedClient(client, kernel, disturbance, this::written);
        lines.add(line);
        return line.client();
    }

    private void written(String verb, Object object, String name, boolean isEvent) {
        if (isEvent) {
            return;
        }
        String kind = object instanceof HasMetadata made ? made.getKind() : ((ResourceType<?>) object).kind();
        journal.add(new Write(kernel.instant(), verb, kind, name));
        if (journal.size() == crashAt) {
            crash();
        }
    }
}

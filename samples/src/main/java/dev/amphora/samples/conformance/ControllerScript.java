package dev.amphora.samples.conformance;

import dev.amphora.kernel.Actor;
import dev.amphora.kernel.SimulatedKernel;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.function.Supplier;

/** What the recorder does, one call after the other; each takes a moment, in which everybody else goes on. */
final class ControllerScript {
    private static final Duration LONGEST = Duration.ofSeconds(30);

    private final SimulatedKernel kernel;
    private final Supplier<Duration> pause;
    private final Actor actor;
    private final Deque<Runnable> calls = new ArrayDeque<>();
    private boolean running;

    /** @param pause how long the next call takes */
    ControllerScript(SimulatedKernel kernel, Supplier<Duration> pause) {
        this.kernel = kernel;
        this.pause = pause;
        this.actor = kernel.actor("recorder");
    }

    /** Puts calls before all others that wait. */
    void next(List<Runnable> first) {
        for (int i = first.size() - 1; i >= 0; i--) {
            calls.addFirst(first.get(i));
        }
    }

    /** Does all that waits, and what that adds. */
    void play() {
        running = true;
        actor.execute(this::call);
        if (!kernel.runUntil(() -> !running, LONGEST)) {
            throw new IllegalStateException("the script takes too long");
        }
    }

    private void call() {
        Runnable call = calls.poll();
        if (call == null) {
            running = false;
            return;
        }
        try {
            call.run();
        } finally {
            actor.schedule(pause.get(), this::call);
        }
    }
}

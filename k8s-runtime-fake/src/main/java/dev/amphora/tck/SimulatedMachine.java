package dev.amphora.tck;

import dev.amphora.kernel.Actor;
import dev.amphora.kernel.Kernel;
import dev.amphora.kernel.Meters;
import dev.amphora.kernel.SimulatedKernel;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.random.RandomGenerator;

/**
 * A machine of its own within a simulation: its clock is wrong and runs too fast or too slow, and it may stand still for a while, as a
 * process does that is suspended, swapped out or collecting garbage. What was due meanwhile is done, late, when it goes on.
 */
public final class SimulatedMachine implements Kernel {
    private final SimulatedKernel world;
    private final Duration offset;
    private final double drift;
    private final Instant began;
    private final Set<Line> lines = new LinkedHashSet<>();
    private final Line outside;
    private boolean paused;

    /**
     * A machine that runs.
     *
     * @param world where it stands
     * @param offset by how much its clock is ahead; may be negative
     * @param drift by which share its clock is too fast, such as 0.01; may be negative
     */
    public SimulatedMachine(SimulatedKernel world, Duration offset, double drift) {
        this.world = world;
        this.offset = offset;
        this.drift = drift;
        this.began = world.instant();
        this.outside = new Line("blocking");
    }

    /** Stands still, or goes on. */
    public void pause(boolean still) {
        paused = still;
        if (!still) {
            List.copyOf(lines).forEach(Line::resume);
        }
    }

    @Override
    public Instant instant() {
        Duration lived = Duration.between(began, world.instant());
        return world.instant().plus(offset).plusNanos((long) (lived.toNanos() * drift));
    }

    @Override
    public Actor actor(String name) {
        return new Line(name);
    }

    @Override
    public RandomGenerator random() {
        return world.random();
    }

    @Override
    public String newUid() {
        return world.newUid();
    }

    @Override
    public void yieldPoint() {
        world.yieldPoint();
    }

    @Override
    public <T> T await(CompletionStage<T> stage) {
        return world.await(stage);
    }

    @Override
    public Executor blocking() {
        return outside;
    }

    @Override
    public Meters meters() {
        return world.meters();
    }

    /** The machine is gone, and all that it was about to do. */
    @Override
    public void close() {
        List.copyOf(lines).forEach(Line::close);
    }

    private final class Line implements Actor {
        private final Actor actor;
        /** What was due while the machine stood still, and what came after it. */
        private final ArrayDeque<Runnable> held = new ArrayDeque<>();

        private boolean closed;

        Line(String name) {
            actor = world.actor(name);
            lines.add(this);
        }

        @Override
        public String name() {
            return actor.name();
        }

        @Override
        public void execute(Runnable task) {
            actor.execute(() -> due(task));
        }

        @Override
        public Timer schedule(Duration delay, Runnable task) {
            boolean[] cancelled = {false};
            // Rounded up: what waits for a moment must not find itself just before it, again and again, while no time
            // passes.
            Duration real = Duration.ofNanos((long) Math.ceil(delay.toNanos() / (1 + drift)));
            Timer timer = actor.schedule(
                    real,
                    () -> due(() -> {
                        if (!cancelled[0]) {
                            task.run();
                        }
                    }));
            return () -> {
                cancelled[0] = true;
                timer.cancel();
            };
        }

        private void due(Runnable task) {
            if (closed) {
                return;
            }
            if (paused || !held.isEmpty()) {
                held.add(task);
            } else {
                task.run();
            }
        }

        void resume() {
            if (!held.isEmpty()) {
                actor.execute(this::next);
            }
        }

        private void next() {
            if (paused || closed || held.isEmpty()) {
                return;
            }
            Runnable task = held.element();
            try {
                task.run();
            } finally {
                held.poll();
                resume();
            }
        }

        @Override
        public void close() {
            closed = true;
            held.clear();
            lines.remove(this);
            actor.close();
        }
    }
}

package dev.amphora.scheduler;

import dev.amphora.kernel.Actor;
import dev.amphora.kernel.Kernel;
import java.util.ArrayList;
import java.util.List;

/** Some actors that take tasks in turn, so that tasks that wait for the API server do so side by side. */
final class Lanes implements AutoCloseable {
    private static final int COUNT = 4;

    private final List<Actor> actors = new ArrayList<>(COUNT);
    private int next;

    Lanes(Kernel kernel, String name) {
        for (int i = 0; i < COUNT; i++) {
            actors.add(kernel.actor(name));
        }
    }

    /** The one whose turn it is. To be asked by one actor only. */
    Actor next() {
        Actor actor = actors.get(next);
        next = (next + 1) % COUNT;
        return actor;
    }

    void execute(Runnable task) {
        next().execute(task);
    }

    @Override
    public void close() {
        actors.forEach(Actor::close);
    }
}

package dev.amphora.scheduler;

import java.util.HashMap;
import java.util.Map;
import java.util.function.Supplier;

/** What the plugins of all profiles of a scheduler have in common. Belongs to the scheduler's actor. */
final class SharedState {
    private final Map<Class<?>, Object> things = new HashMap<>();

    <T> T of(Class<T> type, Supplier<T> first) {
        return type.cast(things.computeIfAbsent(type, t -> first.get()));
    }
}

package dev.amphora.scheduler.framework;

import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * What plugins remember about one pod during one attempt to schedule it.
 *
 * <p>A plugin owns one or more {@link Key}s, held in static constants. Not safe for concurrent use; the scheduling cycle hands it
 * over to the binding cycle.
 */
public final class CycleState {
    private static final int INITIAL_SLOTS = 16;

    private @Nullable State[] slots = new @Nullable State[INITIAL_SLOTS];

    /** A value kept in a cycle state. */
    @FunctionalInterface
    public interface State {
        /**
         * A copy that is independent of this one under {@link PreFilterPlugin#addPod} and {@link PreFilterPlugin#removePod}; may be
         * this object itself if it never changes.
         */
        State copy();
    }

    /**
     * Names a value. Each instance is a name of its own.
     *
     * @param <T> the class of the value
     */
    public static final class Key<T extends State> {
        private static final AtomicInteger COUNT = new AtomicInteger();

        private final int slot = COUNT.getAndIncrement();
        private final Class<T> type;

        /**
         * A new key.
         *
         * @param type the class of the value
         */
        public Key(Class<T> type) {
            this.type = type;
        }
    }

    /** The value under a key, null if none was put. */
    public <T extends State> @Nullable T get(Key<T> key) {
        return key.slot < slots.length ? key.type.cast(slots[key.slot]) : null;
    }

    /**
     * The value under a key.
     *
     * @throws IllegalStateException if none was put
     */
    public <T extends State> T require(Key<T> key) {
        T value = get(key);
        if (value == null) {
            throw new IllegalStateException("not found");
        }
        return value;
    }

    /** Puts a value under a key. */
    public <T extends State> void put(Key<T> key, T value) {
        if (key.slot >= slots.length) {
            slots = Arrays.copyOf(slots, Math.max(key.slot + 1, slots.length * 2));
        }
        slots[key.slot] = value;
    }

    /** Forgets the value under a key. */
    public void remove(Key<?> key) {
        if (key.slot < slots.length) {
            slots[key.slot] = null;
        }
    }

    /** A copy for a dry run. */
    public CycleState copy() {
        CycleState copy = new CycleState();
        copy.slots = new @Nullable State[slots.length];
        for (int i = 0; i < slots.length; i++) {
            State value = slots[i];
            copy.slots[i] = value == null ? null : value.copy();
        }
        return copy;
    }
}

package dev.amphora.controller;

import io.fabric8.kubernetes.api.model.HasMetadata;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Says which keys a change concerns.
 *
 * @param <T> the class of the changed objects
 * @param <K> the class of the keys
 */
@FunctionalInterface
public interface KeyMapper<T extends HasMetadata, K> {

    /**
     * Names the keys that must be looked at.
     *
     * @param old the object before, null if it appeared
     * @param now the object after, null if it went
     * @param keys where to put them
     */
    void map(@Nullable T old, @Nullable T now, Consumer<K> keys);

    /** Maps only the changes that pass a filter. */
    default <S extends T> KeyMapper<S, K> when(ChangeFilter<? super S> filter) {
        return (old, now, keys) -> {
            if (filter.passes(old, now)) {
                map(old, now, keys);
            }
        };
    }

    /** Maps each state, the one before and the one after, by itself. */
    static <T extends HasMetadata, K> KeyMapper<T, K> each(Function<? super T, ? extends Iterable<K>> mapper) {
        return (old, now, keys) -> {
            if (old != null) {
                mapper.apply(old).forEach(keys);
            }
            if (now != null) {
                mapper.apply(now).forEach(keys);
            }
        };
    }

    /** Maps every change to one key made of the object. */
    static <T extends HasMetadata, K> KeyMapper<T, K> self(Function<? super T, ? extends K> mapper) {
        return (old, now, keys) -> {
            T object = now != null ? now : old;
            if (object != null) {
                keys.accept(mapper.apply(object));
            }
        };
    }
}

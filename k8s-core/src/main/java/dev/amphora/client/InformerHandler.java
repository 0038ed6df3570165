package dev.amphora.client;

import io.fabric8.kubernetes.api.model.HasMetadata;
import java.util.function.Consumer;

/**
 * Hears of every change to the objects of an {@link Informer}, in the order in which they happened to each object.
 *
 * <p>Objects are shared and read-only. Several changes to one object may arrive as one.
 *
 * @param <T> the class of the objects
 */
public interface InformerHandler<T extends HasMetadata> {

    /** An object appeared, or was there when the handler came. */
    default void onAdd(T object) {}

    /** An object changed. Both have the same uid; one that took another's name is a deletion and an addition. */
    default void onUpdate(T old, T object) {}

    /**
     * An object went.
     *
     * @param last its last known state; after a cut it may be older than the state it was deleted in
     */
    default void onDelete(T last) {}

    /**
     * A handler that cares for what is there: called with each object that appears or changes.
     *
     * @param <T> the class of the objects
     * @param handler receives the present state
     */
    static <T extends HasMetadata> InformerHandler<T> present(Consumer<? super T> handler) {
        return new InformerHandler<>() {
            @Override
            public void onAdd(T object) {
                handler.accept(object);
            }

            @Override
            public void onUpdate(T old, T object) {
                handler.accept(object);
            }
        };
    }
}

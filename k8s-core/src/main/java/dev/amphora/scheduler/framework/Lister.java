package dev.amphora.scheduler.framework;

import io.fabric8.kubernetes.api.model.HasMetadata;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The objects of one kind, as the scheduler's informers know them. Read-only.
 *
 * @param <T> the class of the objects
 */
public interface Lister<T extends HasMetadata> {
    /**
     * One object.
     *
     * @param namespace null for kinds without namespaces
     * @param name the object's name
     * @return null if there is none
     */
    @Nullable T get(@Nullable String namespace, String name);

    /**
     * All objects in a namespace, in the order of their names.
     *
     * @param namespace null for all
     */
    List<T> list(@Nullable String namespace);
}

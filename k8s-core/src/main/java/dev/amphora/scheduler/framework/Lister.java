package dev.amphora.scheduler.framework;

import io.fabric8.kubernetes.api.model.HasMetadata;
import java.util.Collection;
import java.util.List;
import java.util.function.Function;
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

    /**
     * Objects by something that is said of them, found without looking at the others. To be called while the plugin is created.
     *
     * @param name names the index among those of the kind
     * @param keys what is said of an object; a pure function
     */
    default Index<T> index(String name, Function<? super T, ? extends Collection<String>> keys) {
        return key -> list(null).stream()
                .filter(object -> keys.apply(object).contains(key))
                .toList();
    }

    /** Equal to what it was before only if no object has come, gone or changed since. */
    default Object version() {
        return new Object();
    }

    /**
     * Objects by something that is said of them.
     *
     * @param <T> the class of the objects
     */
    @FunctionalInterface
    interface Index<T> {
        /** The objects with a key, in the order of namespaces and names. */
        List<T> get(String key);

        /** The place behind the latest change, for {@link #changed}. */
        default long position() {
            return 0;
        }

        /**
         * The keys under which objects have come, gone or changed from a place on, some more than once.
         *
         * @return null if that isn't known, so that anything may have changed
         */
        default @Nullable List<String> changed(long position) {
            return null;
        }
    }
}

package dev.amphora.apiserver.access;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/** Reads what is stored, for those inside the API server whose decisions depend on it. The trees are shared and read-only. */
public interface ObjectReader {
    /**
     * One object, as recent as the last write.
     *
     * @param group the API group
     * @param resource the plural
     * @param namespace empty for cluster-scoped resources
     * @param name the object's name
     */
    Optional<ObjectNode> get(String group, String resource, String namespace, String name);

    /**
     * All objects of a resource.
     *
     * @param namespace empty for all namespaces
     */
    List<ObjectNode> list(String group, String resource, String namespace);

    /**
     * Has somebody kept in step with all objects of a resource: at once with those that are there, then with each change.
     *
     * @param group the API group
     * @param resource the plural
     * @param follower hears of them, one call at a time
     */
    default void follow(String group, String resource, Follower follower) {
        throw new IllegalStateException("nobody tells of changes here");
    }

    /** Roles, and their bindings by who is bound: whoever asks here is given the same. */
    default RbacIndex roles() {
        return new RbacIndex(this);
    }

    /** One who keeps in step with what is stored. Calls hold up whoever writes: they must be quick and read nothing. */
    interface Follower {
        /** All that was heard before is void: what is there comes anew. */
        void reset();

        /**
         * An object has come or changed.
         *
         * @param namespace empty for cluster-scoped resources
         * @param name its name
         * @param object reads it when asked, then or later; shared and read-only
         */
        void put(String namespace, String name, Supplier<ObjectNode> object);

        /** An object has gone. */
        void remove(String namespace, String name);
    }
}

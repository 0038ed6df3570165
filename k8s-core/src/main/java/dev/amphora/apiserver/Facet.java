package dev.amphora.apiserver;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.FieldError;
import java.util.List;

/** Which part of an object a write is about: the object without its status, its status, or less. */
interface Facet {

    /** Puts back everything that is not this part. */
    void prepare(ObjectNode object, ObjectNode old);

    /**
     * Fills in times that the caller has left out.
     *
     * @param now the time as objects carry it
     */
    default void stamp(ObjectNode object, ObjectNode old, String now) {}

    /** What is wrong with the change; empty if nothing. */
    List<FieldError> validate(ObjectNode object, ObjectNode old);

    /** What callers are to be warned of; empty if of nothing. */
    default List<String> warnings(ObjectNode object, ObjectNode old) {
        return List.of();
    }

    /** Whether this change takes away the last thing that keeps a deleted object. */
    default boolean isLast(ObjectNode object, ObjectNode old) {
        return Metadata.isDeleting(old)
                && Metadata.finalizers(object).isEmpty()
                && !Metadata.finalizers(old).isEmpty()
                && old.path("metadata").path("deletionGracePeriodSeconds").asLong() == 0
                && !old.path("kind").asText().equals("Namespace");
    }

    /**
     * Whether the outcome is right by construction and whole: nothing needs to be checked, kept or filled in, and what is the same node of
     * the tree as before is what it was.
     */
    default boolean isCertain() {
        return false;
    }

    /** Whether the change is noted in {@code managedFields}. */
    default boolean isTracked() {
        return true;
    }
}

package dev.amphora.controller;

import io.fabric8.kubernetes.api.model.HasMetadata;

/**
 * Looks at an object and takes the next steps from what is to what should be.
 *
 * @param <T> the class of the objects
 */
@FunctionalInterface
public interface ObjectReconciler<T extends HasMetadata> {

    /**
     * Takes the next steps. Never called for one object twice at a time, and not before everything is seen that the last call wrote.
     *
     * @param object as the informer holds it: shared, read-only
     * @param work what to read, write and tell with
     * @return when to look again
     * @throws dev.amphora.api.StatusException if the server refuses; the object is tried again later
     */
    Result reconcile(T object, Reconciliation<T> work);
}

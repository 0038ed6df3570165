package dev.amphora.controller;

/**
 * Looks at what a key stands for and takes the next steps from what is to what should be.
 *
 * @param <K> the class of the keys
 */
@FunctionalInterface
public interface Reconciler<K> {

    /**
     * Takes the next steps. Never called for one key twice at a time.
     *
     * @param key what to look at; what it names may be gone
     * @return when to look again
     * @throws dev.amphora.api.StatusException if the server refuses; the key is tried again later
     */
    Result reconcile(K key);
}

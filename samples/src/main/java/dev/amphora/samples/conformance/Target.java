package dev.amphora.samples.conformance;

/** A server under test. */
interface Target extends AutoCloseable {
    /** The way to it. */
    Server server();

    /** The time that passes for it. */
    Pace pace();

    /**
     * Has a webhook answer for its host within this process, if the target can call nobody over the network.
     *
     * @param host with its port
     */
    default void answers(String host, Webhooks webhooks) {}

    /**
     * Compacts the store's history to its newest revision.
     *
     * @throws SkipException if there is no way to do so
     */
    void compact();

    /** Lets go of it, and ends it if it was started for the replay. */
    @Override
    void close();
}

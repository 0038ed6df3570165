package dev.amphora.apiserver.admission;

/**
 * Changes or refuses writes. Called after defaults are set; {@link #mutate} of every plugin before the object is validated,
 * {@link #validate} of every plugin afterwards.
 */
public interface AdmissionPlugin {

    /** The name by which it is switched on and off, such as {@code NamespaceLifecycle}. */
    String name();

    /**
     * Whether a call may, as things stand, have to wait for something outside this process; by default if the name says that it is about
     * webhooks. While a plugin may wait, requests are kept off the threads that serve others too.
     */
    default boolean mayWait() {
        return name().endsWith("Webhook");
    }

    /**
     * Changes the new object.
     *
     * @throws dev.amphora.api.StatusException to refuse
     */
    default void mutate(AdmissionRequest request) {}

    /**
     * Looks at the object as it will be stored.
     *
     * @throws dev.amphora.api.StatusException to refuse
     */
    default void validate(AdmissionRequest request) {}
}

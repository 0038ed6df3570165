package dev.amphora.apiserver.admission;

import java.util.function.Consumer;

/**
 * Changes or refuses writes. Called after defaults are set; {@link #mutate} of every plugin before the object is validated,
 * {@link #validate} of every plugin afterwards.
 */
public interface AdmissionPlugin {

    /**
     * A plugin that looks at what is to be stored.
     *
     * @param name by which it is switched on and off
     * @param check throws a {@link dev.amphora.api.StatusException} to refuse, such as {@link AdmissionRequest#refusal}
     */
    static AdmissionPlugin validating(String name, Consumer<AdmissionRequest> check) {
        return new AdmissionPlugin() {
            @Override
            public String name() {
                return name;
            }

            @Override
            public void validate(AdmissionRequest request) {
                check.accept(request);
            }
        };
    }

    /**
     * A plugin that changes what is to be stored.
     *
     * @param name by which it is switched on and off
     * @param change changes the object in place; is called twice if a webhook or a policy has changed it afterwards
     */
    static AdmissionPlugin mutating(String name, Consumer<AdmissionRequest> change) {
        return new AdmissionPlugin() {
            @Override
            public String name() {
                return name;
            }

            @Override
            public void mutate(AdmissionRequest request) {
                change.accept(request);
            }
        };
    }

    /** The name by which it is switched on and off, such as {@code NamespaceLifecycle}. */
    String name();

    /**
     * Whether a call may, as things stand, have to wait for something outside this process; by default not. While a plugin may wait,
     * requests are kept off the threads that serve others too.
     */
    default boolean mayWait() {
        return false;
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

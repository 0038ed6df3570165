package dev.amphora.api;

import io.fabric8.kubernetes.api.model.resource.v1.Device;
import java.util.ServiceLoader;
import org.jspecify.annotations.Nullable;

/**
 * Selectors of devices in the Common Expression Language. Who implements them is found by {@link ServiceLoader}, so that who asks need not
 * know the language.
 */
public interface DeviceExpressions {

    /** Those that are on the class path. */
    static DeviceExpressions load() {
        return Loaded.EXPRESSIONS;
    }

    /** Found when first asked for. */
    final class Loaded {
        private static final DeviceExpressions EXPRESSIONS = ServiceLoader.load(
                        DeviceExpressions.class, DeviceExpressions.class.getClassLoader())
                .findFirst()
                .orElseThrow(() -> new IllegalStateException("there are no device expressions on the class path"));

        private Loaded() {}
    }

    /** Compiles an expression; one that makes no sense tells so when it is asked. */
    Selector compile(String expression);

    /** An expression, ready to be asked. Safe for concurrent use. */
    interface Selector {
        /** Why the expression makes no sense, null if it does. */
        @Nullable String problem();

        /**
         * Whether a device is selected.
         *
         * @param driver the driver of the device
         * @param device the device as its slice has it
         * @throws IllegalArgumentException if the expression has no value for the device, with the reason
         */
        boolean matches(String driver, Device device);
    }
}

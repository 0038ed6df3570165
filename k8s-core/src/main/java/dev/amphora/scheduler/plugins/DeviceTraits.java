package dev.amphora.scheduler.plugins;

import io.fabric8.kubernetes.api.model.resource.v1.Device;
import io.fabric8.kubernetes.api.model.resource.v1.DeviceAttribute;
import io.fabric8.kubernetes.api.model.resource.v1.DeviceCapacity;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * All that selectors see of a device. Devices mostly look like many others, so that what a selector says of one holds for all of these and is
 * worked out once. Belongs to the scheduler's actor.
 */
final class DeviceTraits {
    private static final int MAX_SELECTORS = 256;
    private static final int MAX_TRAITS = 10_000;

    private final String driver;
    private final Device example;
    private final Map<String, Boolean> selected = new HashMap<>();

    private DeviceTraits(String driver, Device example) {
        this.driver = driver;
        this.example = example;
    }

    private boolean match(DeviceSelectorCache selectors, String expression) {
        Boolean known = selected.get(expression);
        if (known == null) {
            if (selected.size() > MAX_SELECTORS) {
                selected.clear();
            }
            known = selectors.matches(expression, driver, example);
            selected.put(expression, known);
        }
        return known;
    }

    /** Whether all of some selectors mean such devices. */
    boolean matchAll(DeviceSelectorCache selectors, List<String> expressions) {
        for (String expression : expressions) {
            if (!match(selectors, expression)) {
                return false;
            }
        }
        return true;
    }

    /** The traits of known devices. */
    static final class Memory {
        private final Map<Key, DeviceTraits> known = new HashMap<>();

        private record Key(
                String driver,
                Map<String, DeviceAttribute> attributes,
                Map<String, DeviceCapacity> capacity,
                @Nullable Boolean shared) {}

        DeviceTraits of(String driver, Device device) {
            if (known.size() > MAX_TRAITS) {
                known.clear();
            }
            return known.computeIfAbsent(
                    new Key(driver, device.getAttributes(), device.getCapacity(), device.getAllowMultipleAllocations()),
                    key -> new DeviceTraits(driver, device));
        }
    }
}

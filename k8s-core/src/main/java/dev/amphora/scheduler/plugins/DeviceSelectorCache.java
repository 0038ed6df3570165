package dev.amphora.scheduler.plugins;

import dev.amphora.api.DeviceExpressions;
import io.fabric8.kubernetes.api.model.resource.v1.Device;
import java.util.LinkedHashMap;
import java.util.Map;

/** Compiled selectors of devices, the most recently used ones. Belongs to the scheduler's actor. */
final class DeviceSelectorCache {
    private static final int MAX = 256;

    private final Map<String, DeviceExpressions.Selector> compiled = new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, DeviceExpressions.Selector> eldest) {
            return size() > MAX;
        }
    };

    boolean matches(String expression, String driver, Device device) {
        return compiled.computeIfAbsent(
                        expression, text -> DeviceExpressions.load().compile(text))
                .matches(driver, device);
    }
}

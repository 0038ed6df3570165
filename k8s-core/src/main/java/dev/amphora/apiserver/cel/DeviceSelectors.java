package dev.amphora.apiserver.cel;

import dev.amphora.api.DeviceExpressions;
import io.fabric8.kubernetes.api.model.resource.v1.Device;
import io.fabric8.kubernetes.api.model.resource.v1.DeviceAttribute;
import io.fabric8.kubernetes.api.model.resource.v1.DeviceCapacity;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Selectors of devices: what they see is the device's driver, attributes and capacity, by domain. */
public final class DeviceSelectors implements DeviceExpressions {

    /** The selectors; they keep nothing. */
    public DeviceSelectors() {}

    @Override
    public Selector compile(String expression) {
        return new Compiled(ExpressionScope.ofDevices().compile(expression));
    }

    private record Compiled(Expression expression) implements Selector {
        @Override
        public @Nullable String problem() {
            return expression.problem().isEmpty() ? null : expression.problem();
        }

        @Override
        public boolean matches(String driver, Device device) {
            String problem = problem();
            if (problem != null) {
                throw new IllegalArgumentException(problem);
            }
            try {
                Object value = expression.evaluate(Map.of("device", value(driver, device)), new CostMeter());
                return Boolean.TRUE.equals(value);
            } catch (CelFailure e) {
                throw new IllegalArgumentException(e.getMessage(), e);
            }
        }
    }

    /** A map of which no key is missing: what isn't there is empty. */
    private static final class Domains extends HashMap<String, Map<String, Object>> {
        private static final long serialVersionUID = 1L;

        @Override
        public boolean containsKey(Object key) {
            return true;
        }

        @Override
        public Map<String, Object> get(Object key) {
            return getOrDefault(key, Map.of());
        }

        void put(String qualifiedName, String driver, Object value) {
            int slash = qualifiedName.indexOf('/');
            String domain = slash < 0 ? driver : qualifiedName.substring(0, slash);
            computeIfAbsent(domain, name -> new HashMap<>()).put(qualifiedName.substring(slash + 1), value);
        }
    }

    private static Map<String, Object> value(String driver, Device device) {
        Domains attributes = new Domains();
        device.getAttributes().forEach((name, attribute) -> {
            Object value = value(attribute);
            if (value != null) {
                attributes.put(name, driver, value);
            }
        });
        Domains capacity = new Domains();
        device.getCapacity().forEach((name, amount) -> {
            Object value = value(amount);
            if (value != null) {
                capacity.put(name, driver, value);
            }
        });
        Map<String, Object> all = new HashMap<>();
        all.put("driver", driver);
        all.put("attributes", attributes);
        all.put("capacity", capacity);
        all.put("allowMultipleAllocations", Boolean.TRUE.equals(device.getAllowMultipleAllocations()));
        return all;
    }

    private static @Nullable Object value(DeviceAttribute attribute) {
        if (attribute.getBool() != null) {
            return attribute.getBool();
        }
        if (attribute.getInt() != null) {
            return attribute.getInt();
        }
        if (attribute.getString() != null) {
            return attribute.getString();
        }
        return attribute.getVersion() == null ? null : AmountFunctions.Semver.parse(attribute.getVersion());
    }

    private static @Nullable Object value(DeviceCapacity capacity) {
        return capacity.getValue() == null
                ? null
                : AmountFunctions.Quantity.of(capacity.getValue().getNumericalAmount());
    }
}

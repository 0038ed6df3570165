package dev.amphora.scheduler.plugins;

import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.resource.v1.CapacityRequestPolicy;
import io.fabric8.kubernetes.api.model.resource.v1.CapacityRequestPolicyRange;
import io.fabric8.kubernetes.api.model.resource.v1.Device;
import io.fabric8.kubernetes.api.model.resource.v1.DeviceCapacity;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Devices that several claims can have at a time, each with a share of their capacity (KEP-5075). */
final class DeviceShares {
    private DeviceShares() {}

    static boolean isShared(Device device) {
        return Boolean.TRUE.equals(device.getAllowMultipleAllocations());
    }

    /** Whether a device has as much of everything as is asked for. */
    static boolean offers(Device device, Map<String, Quantity> wanted) {
        for (Map.Entry<String, Quantity> each : wanted.entrySet()) {
            DeviceCapacity capacity = device.getCapacity().get(each.getKey());
            if (capacity == null || amount(each.getValue()).compareTo(amount(capacity.getValue())) > 0) {
                return false;
            }
        }
        return true;
    }

    /**
     * What a request takes of a shared device: what it asks for, rounded up to what the device gives out, and where it asks for nothing the
     * device's default, or all.
     *
     * @return null if the device doesn't give that
     */
    static @Nullable Map<String, BigDecimal> share(Device device, Map<String, Quantity> wanted) {
        if (!offers(device, wanted)) {
            return null;
        }
        Map<String, BigDecimal> share = new TreeMap<>();
        for (Map.Entry<String, DeviceCapacity> each : device.getCapacity().entrySet()) {
            Quantity asked = wanted.get(each.getKey());
            CapacityRequestPolicy policy = each.getValue().getRequestPolicy();
            BigDecimal part;
            if (asked != null) {
                part = policy == null ? amount(asked) : rounded(amount(asked), policy);
            } else {
                part = policy == null || policy.getDefault() == null
                        ? amount(each.getValue().getValue())
                        : amount(policy.getDefault());
            }
            if (part == null) {
                return null;
            }
            share.put(each.getKey(), part);
        }
        return share;
    }

    private static @Nullable BigDecimal rounded(BigDecimal asked, CapacityRequestPolicy policy) {
        if (!policy.getValidValues().isEmpty()) {
            return policy.getValidValues().stream()
                    .map(DeviceShares::amount)
                    .filter(valid -> valid.compareTo(asked) >= 0)
                    .min(BigDecimal::compareTo)
                    .orElse(null);
        }
        CapacityRequestPolicyRange range = policy.getValidRange();
        if (range == null) {
            return asked;
        }
        BigDecimal min = amount(range.getMin());
        BigDecimal part = asked.max(min);
        BigDecimal step = amount(range.getStep());
        if (step.signum() > 0) {
            part = min.add(
                    part.subtract(min).divide(step, 0, RoundingMode.CEILING).multiply(step));
        }
        return range.getMax() != null && part.compareTo(amount(range.getMax())) > 0 ? null : part;
    }

    /** Whether a device has enough left. */
    static boolean fits(Device device, Map<String, BigDecimal> used, Map<String, BigDecimal> share) {
        for (Map.Entry<String, BigDecimal> each : share.entrySet()) {
            BigDecimal sum = used.getOrDefault(each.getKey(), BigDecimal.ZERO).add(each.getValue());
            DeviceCapacity capacity = device.getCapacity().get(each.getKey());
            if (capacity == null || sum.compareTo(amount(capacity.getValue())) > 0) {
                return false;
            }
        }
        return true;
    }

    /** Adds a share to what is used, or takes it off. */
    static void add(Map<String, BigDecimal> used, Map<String, BigDecimal> share, int sign) {
        share.forEach((name, part) -> used.merge(name, part.multiply(BigDecimal.valueOf(sign)), BigDecimal::add));
    }

    static BigDecimal amount(@Nullable Quantity quantity) {
        return quantity == null ? BigDecimal.ZERO : quantity.getNumericalAmount();
    }
}

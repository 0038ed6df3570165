package dev.amphora.controller.resourceclaim;

import dev.amphora.controller.Pods;
import io.fabric8.kubernetes.api.model.resource.v1.Device;
import io.fabric8.kubernetes.api.model.resource.v1.DeviceRequestAllocationResult;
import io.fabric8.kubernetes.api.model.resource.v1.DeviceTaint;
import io.fabric8.kubernetes.api.model.resource.v1.DeviceToleration;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceClaim;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceSlice;
import java.time.Instant;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Until when a claim may keep its devices, whatever taints they have. */
final class DeviceTaints {
    private static final String NO_EXECUTE = "NoExecute";

    private DeviceTaints() {}

    static String poolOf(ResourceSlice slice) {
        return slice.getSpec().getDriver() + "/" + slice.getSpec().getPool().getName();
    }

    private static String poolOf(DeviceRequestAllocationResult result) {
        return result.getDriver() + "/" + result.getPool();
    }

    /** The pools that a claim has devices of. */
    static Set<String> poolsOf(ResourceClaim claim) {
        Set<String> pools = new LinkedHashSet<>();
        results(claim).forEach(each -> pools.add(poolOf(each)));
        return pools;
    }

    private static List<DeviceRequestAllocationResult> results(ResourceClaim claim) {
        return claim.getStatus() == null
                        || claim.getStatus().getAllocation() == null
                        || claim.getStatus().getAllocation().getDevices() == null
                ? List.of()
                : claim.getStatus().getAllocation().getDevices().getResults();
    }

    /** Whether two states of a slice say the same about taints. */
    static boolean isAlike(ResourceSlice one, ResourceSlice other) {
        return poolOf(one).equals(poolOf(other))
                && generation(one) == generation(other)
                && taints(one).equals(taints(other));
    }

    private static List<List<DeviceTaint>> taints(ResourceSlice slice) {
        return slice.getSpec().getDevices().stream().map(Device::getTaints).toList();
    }

    private static long generation(ResourceSlice slice) {
        return Objects.requireNonNullElse(slice.getSpec().getPool().getGeneration(), 0L);
    }

    /**
     * When a claim's pods have to go.
     *
     * @param slices gives those of a pool; of them only the latest generation counts
     * @return null if they may stay
     */
    static @Nullable Instant due(ResourceClaim claim, Function<String, List<ResourceSlice>> slices) {
        Instant due = null;
        for (DeviceRequestAllocationResult result : results(claim)) {
            for (DeviceTaint taint : taintsOf(result, slices.apply(poolOf(result)))) {
                Instant until = bears(result.getTolerations(), taint);
                if (until != null && (due == null || until.isBefore(due))) {
                    due = until;
                }
            }
        }
        return due;
    }

    private static List<DeviceTaint> taintsOf(DeviceRequestAllocationResult result, List<ResourceSlice> slices) {
        long latest = slices.stream().mapToLong(DeviceTaints::generation).max().orElse(0);
        return slices.stream()
                .filter(slice -> generation(slice) == latest)
                .flatMap(slice -> slice.getSpec().getDevices().stream())
                .filter(device -> device.getName().equals(result.getDevice()))
                .flatMap(device -> device.getTaints().stream())
                .filter(taint -> NO_EXECUTE.equals(taint.getEffect()))
                .toList();
    }

    /** Until when a taint is borne; null if for ever. Of several tolerations with a time the shortest counts. */
    private static @Nullable Instant bears(List<DeviceToleration> tolerations, DeviceTaint taint) {
        Instant since = Objects.requireNonNullElse(Pods.time(taint.getTimeAdded()), Instant.EPOCH);
        Long shortest = null;
        for (DeviceToleration each : tolerations) {
            if (tolerates(each, taint)) {
                Long seconds = each.getTolerationSeconds();
                if (seconds == null) {
                    return null;
                }
                shortest = Math.min(Math.max(0, seconds), shortest == null ? Long.MAX_VALUE : shortest);
            }
        }
        return shortest == null ? since : since.plusSeconds(shortest);
    }

    private static boolean tolerates(DeviceToleration toleration, DeviceTaint taint) {
        String effect = toleration.getEffect();
        String key = toleration.getKey();
        if (effect != null && !effect.isEmpty() && !effect.equals(taint.getEffect())
                || key != null && !key.isEmpty() && !key.equals(taint.getKey())) {
            return false;
        }
        String operator = toleration.getOperator();
        return "Exists".equals(operator)
                || (operator == null || operator.isEmpty() || operator.equals("Equal"))
                        && Objects.requireNonNullElse(toleration.getValue(), "")
                                .equals(Objects.requireNonNullElse(taint.getValue(), ""));
    }
}

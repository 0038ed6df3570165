package dev.amphora.scheduler.plugins;

import dev.amphora.api.FieldError;
import dev.amphora.scheduler.framework.Handle;
import dev.amphora.scheduler.framework.Status;
import io.fabric8.kubernetes.api.model.Condition;
import io.fabric8.kubernetes.api.model.resource.v1.AllocatedDeviceStatus;
import io.fabric8.kubernetes.api.model.resource.v1.AllocationResult;
import io.fabric8.kubernetes.api.model.resource.v1.DeviceRequestAllocationResult;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceClaim;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * Waits until drivers have got devices ready that can't be used at once (KEP-5007): a device may name conditions that its driver sets in the
 * claim's status before a pod can be bound, and others that say that this failed.
 */
final class DeviceBinding {
    private static final Duration PAUSE = Duration.ofSeconds(5);

    private final Handle handle;
    private final ClaimObjects objects;
    private final Duration timeout;

    DeviceBinding(Handle handle, ClaimObjects objects, Duration timeout) {
        this.handle = handle;
        this.objects = objects;
        this.timeout = timeout;
    }

    /** How far the devices of a claim are. */
    private enum Progress {
        READY,
        WAITING,
        FAILED
    }

    /** Whether any of a claim's devices has conditions. */
    static boolean hasConditions(ResourceClaim claim) {
        AllocationResult allocation = ClaimObjects.allocation(claim);
        return allocation != null
                && results(allocation).stream()
                        .anyMatch(result -> !result.getBindingConditions().isEmpty());
    }

    /** Whether a claim's devices will not get ready, so that others may be looked for. */
    boolean isHopeless(ResourceClaim claim) {
        return switch (progress(claim)) {
            case READY -> false;
            case FAILED -> true;
            case WAITING -> isLate(claim);
        };
    }

    private static List<DeviceRequestAllocationResult> results(AllocationResult allocation) {
        return allocation.getDevices() == null
                ? List.of()
                : allocation.getDevices().getResults();
    }

    private static Progress progress(ResourceClaim claim) {
        AllocationResult allocation = ClaimObjects.allocation(claim);
        if (allocation == null) {
            return Progress.WAITING;
        }
        for (DeviceRequestAllocationResult result : results(allocation)) {
            if (result.getBindingConditions().isEmpty()) {
                continue;
            }
            AllocatedDeviceStatus status = status(claim, result);
            if (status == null) {
                return Progress.WAITING;
            }
            for (String condition : result.getBindingFailureConditions()) {
                if (isTrue(status, condition)) {
                    return Progress.FAILED;
                }
            }
            for (String condition : result.getBindingConditions()) {
                if (!isTrue(status, condition)) {
                    return Progress.WAITING;
                }
            }
        }
        return Progress.READY;
    }

    private static @Nullable AllocatedDeviceStatus status(ResourceClaim claim, DeviceRequestAllocationResult result) {
        for (AllocatedDeviceStatus each : claim.getStatus().getDevices()) {
            if (result.getDevice().equals(each.getDevice())
                    && result.getDriver().equals(each.getDriver())
                    && result.getPool().equals(each.getPool())) {
                return each;
            }
        }
        return null;
    }

    private static boolean isTrue(AllocatedDeviceStatus status, String type) {
        Condition condition = condition(status, type);
        return condition != null && "True".equals(condition.getStatus());
    }

    private static @Nullable Condition condition(AllocatedDeviceStatus status, String type) {
        for (Condition condition : status.getConditions()) {
            if (type.equals(condition.getType())) {
                return condition;
            }
        }
        return null;
    }

    private static String failure(ResourceClaim claim) {
        AllocationResult allocation = ClaimObjects.allocation(claim);
        List<DeviceRequestAllocationResult> results = allocation == null ? List.of() : results(allocation);
        for (DeviceRequestAllocationResult result : results) {
            AllocatedDeviceStatus status = status(claim, result);
            if (status == null) {
                continue;
            }
            for (String type : result.getBindingFailureConditions()) {
                Condition condition = condition(status, type);
                if (condition != null && "True".equals(condition.getStatus())) {
                    return "claim %s binding failed: reason=%s, message=%s"
                            .formatted(
                                    claim.getMetadata().getName(),
                                    Claims.text(condition.getReason()),
                                    FieldError.quoted(Claims.text(condition.getMessage())));
                }
            }
        }
        return "claim " + claim.getMetadata().getName() + " binding failed";
    }

    private boolean isLate(ResourceClaim claim) {
        AllocationResult allocation = ClaimObjects.allocation(claim);
        return allocation != null
                && allocation.getAllocationTimestamp() != null
                && hasConditions(claim)
                && Instant.parse(allocation.getAllocationTimestamp())
                        .plus(timeout)
                        .isBefore(handle.clock().instant());
    }

    /**
     * Waits for the devices of some claims.
     *
     * @param claims as they were written
     */
    CompletionStage<Status> await(List<ResourceClaim> claims) {
        CompletableFuture<Status> outcome = new CompletableFuture<>();
        Instant end = handle.clock().instant().plus(timeout);
        handle.runInCycle(() -> look(claims, end, outcome));
        return outcome;
    }

    private void look(List<ResourceClaim> claims, Instant end, CompletableFuture<Status> outcome) {
        boolean ready = true;
        for (ResourceClaim written : claims) {
            ResourceClaim claim = objects.latest(written);
            if (claim == null) {
                outcome.complete(Status.error("could not find ResourceClaim \"%s/%s\""
                        .formatted(
                                written.getMetadata().getNamespace(),
                                written.getMetadata().getName())));
                return;
            }
            switch (progress(claim)) {
                case FAILED -> {
                    outcome.complete(Status.error(failure(claim)));
                    return;
                }
                case WAITING -> {
                    if (isLate(claim)) {
                        outcome.complete(
                                Status.error("claim " + claim.getMetadata().getName() + " binding timeout"));
                        return;
                    }
                    ready = false;
                }
                case READY -> {}
            }
        }
        if (ready) {
            outcome.complete(Status.success());
        } else if (!handle.clock().instant().isBefore(end)) {
            outcome.complete(Status.error("device binding timeout"));
        } else {
            handle.runInCycleAfter(PAUSE, () -> look(claims, end, outcome));
        }
    }
}

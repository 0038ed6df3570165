package dev.amphora.controller;

import dev.amphora.client.Informer;
import dev.amphora.client.OwnerReferences;
import io.fabric8.kubernetes.api.model.ContainerStatus;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.OwnerReference;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodCondition;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What controllers ask about pods, and the indexes by which they find them. */
public final class Pods {
    /** The index of objects by the uid of their controller. */
    public static final String BY_CONTROLLER = "controller";

    /** The index of objects without a controller by {@linkplain LabelIndex#ofLabels namespace and labels}. */
    public static final String ORPHANS = "orphans";

    /** The index of pods by the name of their node. */
    public static final String BY_NODE = "node";

    private Pods() {}

    /** Indexes pods by the node that they are bound to. */
    public static Informer<Pod> indexedByNode(Informer<Pod> informer) {
        informer.addIndex(
                BY_NODE, pod -> isAssigned(pod) ? List.of(pod.getSpec().getNodeName()) : List.of());
        return informer;
    }

    /** Indexes objects by who controls them, or by their labels if nobody does. */
    public static <T extends HasMetadata> Informer<T> indexed(Informer<T> informer) {
        informer.addIndex(BY_CONTROLLER, object -> OwnerReferences.controllerOf(object)
                .map(OwnerReference::getUid)
                .map(List::of)
                .orElse(List.of()));
        informer.addIndex(
                ORPHANS,
                object -> OwnerReferences.controllerOf(object).isPresent()
                        ? List.of()
                        : LabelIndex.ofLabels(
                                object.getMetadata().getNamespace(),
                                object.getMetadata().getLabels()));
        return informer;
    }

    /** The phase, {@code Pending} if none is known. */
    public static String phase(Pod pod) {
        return pod.getStatus() == null || pod.getStatus().getPhase() == null
                ? "Pending"
                : pod.getStatus().getPhase();
    }

    /** Whether the pod has ended, well or not. */
    public static boolean isTerminal(Pod pod) {
        String phase = phase(pod);
        return phase.equals("Succeeded") || phase.equals("Failed");
    }

    /** Whether the pod is on its way out. */
    public static boolean isTerminating(HasMetadata pod) {
        return pod.getMetadata().getDeletionTimestamp() != null;
    }

    /** Whether the pod counts as a replica: neither ended nor on its way out. */
    public static boolean isActive(Pod pod) {
        return !isTerminal(pod) && !isTerminating(pod);
    }

    /** Whether a node has been found for the pod. */
    public static boolean isAssigned(Pod pod) {
        return pod.getSpec() != null
                && pod.getSpec().getNodeName() != null
                && !pod.getSpec().getNodeName().isEmpty();
    }

    /** A condition by type. */
    public static Optional<PodCondition> condition(Pod pod, String type) {
        if (pod.getStatus() == null || pod.getStatus().getConditions() == null) {
            return Optional.empty();
        }
        for (PodCondition condition : pod.getStatus().getConditions()) {
            if (type.equals(condition.getType())) {
                return Optional.of(condition);
            }
        }
        return Optional.empty();
    }

    /** Whether the condition Ready holds. */
    public static boolean isReady(Pod pod) {
        return condition(pod, "Ready").filter(c -> "True".equals(c.getStatus())).isPresent();
    }

    /** Since when the pod has been ready; null if it is not, or nobody knows. */
    public static @Nullable Instant readySince(Pod pod) {
        return condition(pod, "Ready")
                .filter(c -> "True".equals(c.getStatus()))
                .map(c -> time(c.getLastTransitionTime()))
                .orElse(null);
    }

    /** Whether the pod has been ready for some seconds. */
    public static boolean isAvailable(Pod pod, int minReadySeconds, Instant now) {
        if (!isReady(pod)) {
            return false;
        }
        if (minReadySeconds == 0) {
            return true;
        }
        Instant since = readySince(pod);
        return since != null && !since.plusSeconds(minReadySeconds).isAfter(now);
    }

    /** How long until a ready pod becomes available; null if it is already, or is not ready. */
    public static @Nullable Duration untilAvailable(Pod pod, int minReadySeconds, Instant now) {
        Instant since = readySince(pod);
        if (since == null || isAvailable(pod, minReadySeconds, now)) {
            return null;
        }
        return Duration.between(now, since.plusSeconds(minReadySeconds));
    }

    /** The largest restart count of a pod's containers. */
    public static int maxRestarts(Pod pod) {
        int max = 0;
        if (pod.getStatus() != null && pod.getStatus().getContainerStatuses() != null) {
            for (ContainerStatus status : pod.getStatus().getContainerStatuses()) {
                max = Math.max(max, status.getRestartCount() == null ? 0 : status.getRestartCount());
            }
        }
        return max;
    }

    /** A timestamp of the API; null if there is none. */
    public static @Nullable Instant time(@Nullable String timestamp) {
        return timestamp == null || timestamp.isEmpty() ? null : Instant.parse(timestamp);
    }

    /** A timestamp as the API writes it, to the second. */
    public static String stamp(Instant instant) {
        return instant.truncatedTo(ChronoUnit.SECONDS).toString();
    }
}

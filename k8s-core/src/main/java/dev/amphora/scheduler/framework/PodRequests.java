package dev.amphora.scheduler.framework;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerStatus;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodCondition;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.PodStatus;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.ResourceRequirements;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a pod asks for: its containers together, or its largest init container on top of the sidecars started before it, whichever
 * is more; pod-level requests win; plus overhead. A container that is being resized counts with the greatest of what it wants, has
 * been promised and has (KEP-753, KEP-1287, KEP-2837).
 */
final class PodRequests {
    /** What a container without a CPU request counts for in scoring, in thousandths of a core. */
    static final long DEFAULT_MILLI_CPU = 100;
    /** What a container without a memory request counts for in scoring, in bytes. */
    static final long DEFAULT_MEMORY = 200L * 1024 * 1024;

    private PodRequests() {}

    /** What the pod asks for, as filters count it. */
    static Resources of(Pod pod) {
        return compute(pod, false, true);
    }

    /** The same with a minimum for containers that ask for nothing, as scores count it. */
    static Resources nonZero(Pod pod) {
        return compute(pod, true, true);
    }

    /** The same without regard to pod-level requests. */
    static Resources nonZeroOfContainers(Pod pod) {
        return compute(pod, true, false);
    }

    private static Resources compute(Pod pod, boolean fillIn, boolean countPodLevel) {
        PodSpec spec = pod.getSpec();
        if (spec == null) {
            return Resources.NONE;
        }
        Map<String, ContainerStatus> statuses = statuses(pod);
        boolean infeasible = statuses != null && isResizeInfeasible(pod);
        Map<String, Quantity> podLevel = countPodLevel ? podLevel(spec) : null;
        Resources sum = Resources.NONE;
        for (Container container : spec.getContainers()) {
            sum = sum.plus(container(container, statuses, infeasible, fillIn, podLevel));
        }
        Resources sidecars = Resources.NONE;
        Resources init = Resources.NONE;
        for (Container container : spec.getInitContainers()) {
            boolean sidecar = "Always".equals(container.getRestartPolicy());
            Resources own = container(container, sidecar ? statuses : null, infeasible, fillIn, podLevel);
            if (sidecar) {
                sum = sum.plus(own);
                sidecars = sidecars.plus(own);
                init = init.max(sidecars);
            } else {
                init = init.max(own.plus(sidecars));
            }
        }
        Resources requests = spec.getInitContainers().isEmpty() ? sum : sum.max(init);
        if (podLevel != null) {
            requests = override(requests, podLevel);
        }
        if (spec.getOverhead() != null && !spec.getOverhead().isEmpty()) {
            requests = requests.plus(Resources.of(spec.getOverhead()));
        }
        return requests;
    }

    private static Resources container(
            Container container,
            @Nullable Map<String, ContainerStatus> statuses,
            boolean infeasible,
            boolean fillIn,
            @Nullable Map<String, Quantity> podLevel) {
        Map<String, Quantity> wanted = requests(container.getResources());
        Resources requests = Resources.of(wanted);
        boolean hasCpu = wanted != null && wanted.containsKey(Resources.CPU);
        boolean hasMemory = wanted != null && wanted.containsKey(Resources.MEMORY);
        ContainerStatus status = statuses == null ? null : statuses.get(container.getName());
        if (status != null && status.getResources() != null) {
            Map<String, Quantity> actual = requests(status.getResources());
            Map<String, Quantity> allocated = status.getAllocatedResources();
            Resources known = Resources.of(actual).max(Resources.of(allocated));
            boolean knownCpu = has(actual, Resources.CPU) || has(allocated, Resources.CPU);
            boolean knownMemory = has(actual, Resources.MEMORY) || has(allocated, Resources.MEMORY);
            requests = infeasible ? known : requests.max(known);
            hasCpu = infeasible ? knownCpu : hasCpu || knownCpu;
            hasMemory = infeasible ? knownMemory : hasMemory || knownMemory;
        }
        if (!fillIn) {
            return requests;
        }
        long milliCpu = hasCpu || has(podLevel, Resources.CPU) ? 0 : DEFAULT_MILLI_CPU;
        long memory = hasMemory || has(podLevel, Resources.MEMORY) ? 0 : DEFAULT_MEMORY;
        return milliCpu == 0 && memory == 0 ? requests : requests.plus(Resources.of(milliCpu, memory, 0, 0, Map.of()));
    }

    private static boolean has(@Nullable Map<String, Quantity> quantities, String name) {
        return quantities != null && quantities.containsKey(name);
    }

    private static @Nullable Map<String, Quantity> requests(@Nullable ResourceRequirements resources) {
        return resources == null ? null : resources.getRequests();
    }

    /** The pod-level requests that the reference supports, null if there are none. */
    private static @Nullable Map<String, Quantity> podLevel(PodSpec spec) {
        Map<String, Quantity> requests = requests(spec.getResources());
        if (requests == null) {
            return null;
        }
        Map<String, Quantity> supported = new HashMap<>();
        requests.forEach((name, quantity) -> {
            if (name.equals(Resources.CPU) || name.equals(Resources.MEMORY) || name.startsWith("hugepages-")) {
                supported.put(name, quantity);
            }
        });
        return supported.isEmpty() ? null : supported;
    }

    private static Resources override(Resources requests, Map<String, Quantity> podLevel) {
        Resources given = Resources.of(podLevel);
        Map<String, Long> scalars = new HashMap<>();
        for (int i = 0; i < requests.scalarCount(); i++) {
            scalars.put(requests.scalarName(i), requests.scalarAmount(i));
        }
        for (int i = 0; i < given.scalarCount(); i++) {
            scalars.put(given.scalarName(i), given.scalarAmount(i));
        }
        return Resources.of(
                podLevel.containsKey(Resources.CPU) ? given.milliCpu() : requests.milliCpu(),
                podLevel.containsKey(Resources.MEMORY) ? given.memory() : requests.memory(),
                requests.ephemeralStorage(),
                requests.pods(),
                scalars);
    }

    private static @Nullable Map<String, ContainerStatus> statuses(Pod pod) {
        PodStatus status = pod.getStatus();
        if (status == null
                || (status.getContainerStatuses().isEmpty()
                        && status.getInitContainerStatuses().isEmpty())) {
            return null;
        }
        Map<String, ContainerStatus> byName = new HashMap<>();
        for (List<ContainerStatus> list : List.of(status.getContainerStatuses(), status.getInitContainerStatuses())) {
            for (ContainerStatus container : list) {
                byName.put(container.getName(), container);
            }
        }
        return byName;
    }

    private static boolean isResizeInfeasible(Pod pod) {
        for (PodCondition condition : pod.getStatus().getConditions()) {
            if ("PodResizePending".equals(condition.getType())) {
                return "Infeasible".equals(condition.getReason());
            }
        }
        return false;
    }
}

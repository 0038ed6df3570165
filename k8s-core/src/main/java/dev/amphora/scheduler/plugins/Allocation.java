package dev.amphora.scheduler.plugins;

import dev.amphora.scheduler.framework.NodeInfo;
import dev.amphora.scheduler.framework.PodInfo;
import dev.amphora.scheduler.framework.Resources;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What a node would have given away with a pod on it. */
final class Allocation {
    private Allocation() {}

    /**
     * Fills in, for each resource, what would be requested and what there is. Leaves zeros where the node has none, and for scalar
     * resources that the pod doesn't want.
     *
     * @param nonZero whether containers that ask for nothing count with a minimum
     * @param devices what counts of resources that a node doesn't offer itself; null for nothing
     */
    static void fill(
            List<ResourceSpec> resources,
            PodInfo pod,
            NodeInfo node,
            boolean nonZero,
            @Nullable DeviceCounts devices,
            long[] requested,
            long[] allocatable) {
        for (int i = 0; i < allocatable.length; i++) {
            String name = resources.get(i).name();
            long wanted = wanted(name, pod, nonZero);
            if (wanted == 0 && Resources.isScalar(name)) {
                continue;
            }
            long has = has(name, node);
            if (has != 0) {
                allocatable[i] = has;
                requested[i] = used(name, node, nonZero) + wanted;
            } else if (devices != null) {
                DeviceCounts.Count count = devices.on(node, name);
                allocatable[i] = count.devices();
                requested[i] = count.used() + wanted;
            }
        }
    }

    static long wanted(String name, PodInfo pod, boolean nonZero) {
        return (nonZero ? pod.scoredRequests() : pod.requests()).amount(name);
    }

    /** What counts of what a node has; the number of pods doesn't. */
    static long has(String name, NodeInfo node) {
        return name.equals(Resources.PODS) ? 0 : node.allocatable().amount(name);
    }

    static long used(String name, NodeInfo node, boolean nonZero) {
        return switch (name) {
            case Resources.CPU ->
                nonZero ? node.nonZeroMilliCpu() : node.requested().milliCpu();
            case Resources.MEMORY ->
                nonZero ? node.nonZeroMemory() : node.requested().memory();
            default -> node.requested().amount(name);
        };
    }
}

package dev.amphora.scheduler.plugins;

import dev.amphora.scheduler.framework.CycleState;
import dev.amphora.scheduler.framework.Handle;
import dev.amphora.scheduler.framework.NodeInfo;
import dev.amphora.scheduler.framework.NodeLocal;
import dev.amphora.scheduler.framework.PodInfo;
import dev.amphora.scheduler.framework.PreScorePlugin;
import dev.amphora.scheduler.framework.Resources;
import dev.amphora.scheduler.framework.ScorePlugin;
import dev.amphora.scheduler.framework.Status;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Prefers nodes on which the pod would make the use of resources more even.
 *
 * <p>How even a node is: 100 less the standard deviation of the used fractions. The score compares it with the pod and without:
 * {@code 50 + (50 + with - without) / 2}.
 */
public final class NodeResourcesBalancedAllocation implements NodeLocal, PreScorePlugin, ScorePlugin {
    private final List<ResourceSpec> resources;
    private final boolean countsDevices;

    /**
     * The plugin's arguments.
     *
     * @param resources what counts; null for CPU and memory. Weights have no meaning here
     */
    public record Args(@Nullable List<ResourceSpec> resources) {
        /** As the reference does by default. */
        public static Args defaults() {
            return new Args(null);
        }

        /** These, with the reference's values for what isn't given. */
        Args defaulted() {
            return new Args(resources == null || resources.isEmpty() ? ResourceSpec.CPU_AND_MEMORY : resources);
        }
    }

    /**
     * The plugin for a profile.
     *
     * @param args its arguments
     * @param handle not used
     */
    public NodeResourcesBalancedAllocation(Args args, Handle handle) {
        this.resources = List.copyOf(Objects.requireNonNull(args.defaulted().resources()));
        this.countsDevices = DeviceCounts.concern(resources);
    }

    @Override
    public Status preScore(CycleState state, PodInfo pod, List<NodeInfo> nodes) {
        for (int i = 0; i < resources.size(); i++) {
            if (Allocation.wanted(resources.get(i).name(), pod, false) != 0) {
                return Status.success();
            }
        }
        return Status.skip();
    }

    @Override
    public long score(CycleState state, PodInfo pod, NodeInfo node) {
        DeviceCounts devices = countsDevices ? state.get(DeviceCounts.KEY) : null;
        long with = evenness(pod, node, devices, true);
        long without = evenness(pod, node, devices, false);
        return 50 + (50 + with - without) / 2;
    }

    /** Devices are allocated and given back, come and go without a change of the node. */
    @Override
    public boolean isNodeLocal(CycleState state, PodInfo pod) {
        DeviceCounts devices = countsDevices ? state.get(DeviceCounts.KEY) : null;
        return devices == null || !devices.countFor(resources);
    }

    private long evenness(PodInfo pod, NodeInfo node, @Nullable DeviceCounts devices, boolean withPod) {
        int count = 0;
        double first = 0;
        double second = 0;
        double sum = 0;
        double[] fractions = resources.size() > 2 ? new double[resources.size()] : null;
        for (int i = 0; i < resources.size(); i++) {
            String name = resources.get(i).name();
            long wanted = Allocation.wanted(name, pod, false);
            long has = Allocation.has(name, node);
            long used = Allocation.used(name, node, false);
            if (has == 0 && devices != null) {
                DeviceCounts.Count counted = devices.on(node, name);
                has = counted.devices();
                used = counted.used();
            }
            if (has == 0 || (wanted == 0 && Resources.isScalar(name))) {
                continue;
            }
            double requested = (double) (used + (withPod ? wanted : 0));
            double fraction = Math.min(1, requested / (double) has);
            if (fractions != null) {
                fractions[count] = fraction;
            }
            second = count == 0 ? 0 : fraction;
            first = count == 0 ? fraction : first;
            sum += fraction;
            count++;
        }
        double deviation = 0;
        if (count == 2) {
            double other = fractions == null ? second : fractions[1];
            deviation = Math.abs((first - other) / 2);
        } else if (count > 2 && fractions != null) {
            double mean = sum / count;
            double squares = 0;
            for (int i = 0; i < count; i++) {
                squares += (fractions[i] - mean) * (fractions[i] - mean);
            }
            deviation = Math.sqrt(squares / count);
        }
        return (long) ((1 - deviation) * MAX_SCORE);
    }
}

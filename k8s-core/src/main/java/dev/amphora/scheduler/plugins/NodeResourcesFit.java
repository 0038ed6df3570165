package dev.amphora.scheduler.plugins;

import dev.amphora.scheduler.framework.Actions;
import dev.amphora.scheduler.framework.CycleState;
import dev.amphora.scheduler.framework.EnqueueExtensions;
import dev.amphora.scheduler.framework.EventResource;
import dev.amphora.scheduler.framework.EventToRegister;
import dev.amphora.scheduler.framework.Handle;
import dev.amphora.scheduler.framework.Lister;
import dev.amphora.scheduler.framework.NodeInfo;
import dev.amphora.scheduler.framework.NodeSnapshot;
import dev.amphora.scheduler.framework.PodChanges;
import dev.amphora.scheduler.framework.PodInfo;
import dev.amphora.scheduler.framework.PreFilterPlugin;
import dev.amphora.scheduler.framework.PreScorePlugin;
import dev.amphora.scheduler.framework.QueueingHint.Answer;
import dev.amphora.scheduler.framework.Resources;
import dev.amphora.scheduler.framework.ScorePlugin;
import dev.amphora.scheduler.framework.Shortlisting;
import dev.amphora.scheduler.framework.Status;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.resource.v1.DeviceClass;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Keeps pods off nodes that don't have enough left of a resource, and scores nodes by what would be left.
 *
 * <p>A request that exceeds even what the node has as a whole is unresolvable: taking pods off won't help.
 */
public final class NodeResourcesFit
        implements Shortlisting, PreFilterPlugin, PreScorePlugin, ScorePlugin, EnqueueExtensions {
    private static final String TOO_MANY_PODS = "Too many pods";
    /** The nodes are few if they are at most one in so many. */
    private static final int SHORT = 4;

    private static final CycleState.Key<ByDevices> BY_DEVICES = new CycleState.Key<>(ByDevices.class);

    private final ScalarNodes scalarNodes = new ScalarNodes();
    private final ScoringStrategy strategy;
    private final List<ResourceSpec> resources;
    private final boolean isDefault;
    private final boolean countsDevices;
    private final Set<String> ignored;
    private final List<String> ignoredGroups;
    private final Lister<DeviceClass> deviceClasses;
    private final Lister.Index<DeviceClass> classesByResource;

    /**
     * The plugin's arguments.
     *
     * @param ignoredResources extended resources that the filter leaves alone
     * @param ignoredResourceGroups prefixes of such resources, such as {@code example.com}
     * @param scoringStrategy null for {@link ScoringStrategy#DEFAULT}
     */
    public record Args(
            @Nullable List<String> ignoredResources,
            @Nullable List<String> ignoredResourceGroups,
            @Nullable ScoringStrategy scoringStrategy) {
        /** As the reference does by default. */
        public static Args defaults() {
            return new Args(null, null, null);
        }

        /** These, with the reference's values for what isn't given. */
        Args defaulted() {
            ScoringStrategy strategy = scoringStrategy == null ? ScoringStrategy.DEFAULT : scoringStrategy;
            return new Args(ignoredResources, ignoredResourceGroups, strategy.defaulted());
        }
    }

    /**
     * The plugin for a profile.
     *
     * @param args its arguments
     * @param handle where device classes are seen
     */
    public NodeResourcesFit(Args args, Handle handle) {
        this.deviceClasses = handle.lister(DeviceClass.class);
        this.classesByResource = deviceClasses.index("scheduler.resource", ExtendedResources::names);
        this.strategy = Objects.requireNonNull(args.defaulted().scoringStrategy());
        this.resources = List.copyOf(Objects.requireNonNull(strategy.resources()));
        this.isDefault =
                strategy.type() == ScoringStrategy.Type.LeastAllocated && resources.equals(ResourceSpec.CPU_AND_MEMORY);
        this.countsDevices = DeviceCounts.concern(resources);
        this.ignored = args.ignoredResources() == null ? Set.of() : new TreeSet<>(args.ignoredResources());
        this.ignoredGroups =
                args.ignoredResourceGroups() == null ? List.of() : List.copyOf(args.ignoredResourceGroups());
    }

    @Override
    public Result preFilter(CycleState state, PodInfo pod, List<NodeInfo> nodes) {
        if (pod.requests().scalarCount() > 0) {
            Set<String> byDevices = ExtendedResources.classes(pod, deviceClasses, classesByResource)
                    .keySet();
            if (!byDevices.isEmpty()) {
                state.put(BY_DEVICES, new ByDevices(byDevices));
            }
        }
        return Result.success();
    }

    /** The extended resources that a node may give by devices instead. */
    private record ByDevices(Set<String> resources) implements CycleState.State {
        @Override
        public ByDevices copy() {
            return this;
        }
    }

    /** The nodes that have the rarest of the scalar resources that the pod asks for. */
    @Override
    public @Nullable BitSet shortlist(CycleState state, PodInfo pod, NodeSnapshot snapshot) {
        Resources wanted = pod.requests();
        PodChanges changes = state.get(PodChanges.KEY);
        if (wanted.scalarCount() == 0 || changes == null || state.get(BY_DEVICES) != null) {
            return null;
        }
        scalarNodes.catchUp(snapshot, changes);
        BitSet fewest = null;
        int most = snapshot.nodes().size() / SHORT;
        for (int i = 0; i < wanted.scalarCount(); i++) {
            if (wanted.scalarAmount(i) > 0 && !isIgnored(wanted.scalarName(i))) {
                BitSet places = scalarNodes.with(wanted.scalarName(i));
                int count = places.cardinality();
                if (count <= most) {
                    fewest = places;
                    most = count;
                }
            }
        }
        return fewest;
    }

    @Override
    public Status filter(CycleState state, PodInfo pod, NodeInfo node) {
        Set<String> byDevices = byDevices(state.get(BY_DEVICES));
        return fits(pod.requests(), node, byDevices, true)
                ? Status.success()
                : shortage(pod.requests(), node, byDevices);
    }

    private static Set<String> byDevices(@Nullable ByDevices known) {
        return known == null ? Set.of() : known.resources;
    }

    /**
     * Whether a node has enough left.
     *
     * @param ignores whether what the arguments name is left alone; hints don't
     */
    private boolean fits(Resources wanted, NodeInfo node, Set<String> byDevices, boolean ignores) {
        Resources has = node.allocatable();
        Resources used = node.requested();
        if (node.pods().size() + 1 > has.pods()) {
            return false;
        }
        if (wanted.milliCpu() > 0 && wanted.milliCpu() > has.milliCpu() - used.milliCpu()) {
            return false;
        }
        if (wanted.memory() > 0 && wanted.memory() > has.memory() - used.memory()) {
            return false;
        }
        if (wanted.ephemeralStorage() > 0
                && wanted.ephemeralStorage() > has.ephemeralStorage() - used.ephemeralStorage()) {
            return false;
        }
        for (int i = 0; i < wanted.scalarCount(); i++) {
            String name = wanted.scalarName(i);
            long amount = wanted.scalarAmount(i);
            if (amount > 0
                    && amount > has.scalar(name) - used.scalar(name)
                    && !(ignores && isIgnored(name))
                    && !(byDevices.contains(name) && ExtendedResources.byDevices(node, name))) {
                return false;
            }
        }
        return true;
    }

    private Status shortage(Resources wanted, NodeInfo node, Set<String> byDevices) {
        Resources has = node.allocatable();
        Resources used = node.requested();
        List<String> reasons = new ArrayList<>(2);
        boolean hopeless = false;
        if (node.pods().size() + 1 > has.pods()) {
            reasons.add(TOO_MANY_PODS);
        }
        List<String> names = new ArrayList<>(List.of(Resources.CPU, Resources.MEMORY, Resources.EPHEMERAL_STORAGE));
        names.addAll(wanted.scalarNames());
        for (String name : names) {
            long amount = wanted.amount(name);
            if (amount > 0
                    && amount > has.amount(name) - used.amount(name)
                    && !isIgnored(name)
                    && !(byDevices.contains(name) && ExtendedResources.byDevices(node, name))) {
                reasons.add("Insufficient " + name);
                hopeless |= amount > has.amount(name);
            }
        }
        return new Status(
                hopeless ? Status.Code.UNSCHEDULABLE_AND_UNRESOLVABLE : Status.Code.UNSCHEDULABLE,
                reasons,
                "NodeResourcesFit");
    }

    /** Only extended resources can be left alone. */
    private boolean isIgnored(String name) {
        if (!Resources.isExtended(name)) {
            return false;
        }
        return ignored.contains(name)
                || (!ignoredGroups.isEmpty() && ignoredGroups.contains(name.substring(0, name.indexOf('/'))));
    }

    @Override
    public Status preScore(CycleState state, PodInfo pod, List<NodeInfo> nodes) {
        return Status.success();
    }

    @Override
    public long score(CycleState state, PodInfo pod, NodeInfo node) {
        if (isDefault) {
            return leastOfCpuAndMemory(pod, node);
        }
        long[] requested = new long[resources.size()];
        long[] allocatable = new long[resources.size()];
        DeviceCounts devices = countsDevices ? state.get(DeviceCounts.KEY) : null;
        Allocation.fill(resources, pod, node, true, devices, requested, allocatable);
        return strategy.score(resources, requested, allocatable);
    }

    /** The default strategy without a detour. */
    private static long leastOfCpuAndMemory(PodInfo pod, NodeInfo node) {
        long cpu = node.allocatable().milliCpu();
        long memory = node.allocatable().memory();
        long sum = 0;
        int count = 0;
        if (cpu != 0) {
            sum += ScoringStrategy.leastAllocated(
                    node.nonZeroMilliCpu() + pod.scoredRequests().milliCpu(), cpu);
            count++;
        }
        if (memory != 0) {
            sum += ScoringStrategy.leastAllocated(
                    node.nonZeroMemory() + pod.scoredRequests().memory(), memory);
            count++;
        }
        return count == 0 ? 0 : sum / count;
    }

    @Override
    public boolean isNodeLocal(CycleState state, PodInfo pod) {
        return state.get(BY_DEVICES) == null && !(countsDevices && state.get(DeviceCounts.KEY) != null);
    }

    @Override
    public List<EventToRegister> eventsToRegister() {
        return List.of(
                EventToRegister.judged(
                        EventResource.POD, Actions.DELETE | Actions.UPDATE_POD_SCALE_DOWN, this::afterPodChange),
                EventToRegister.judged(
                        EventResource.NODE, Actions.ADD | Actions.UPDATE_NODE_ALLOCATABLE, this::afterNodeChange),
                EventToRegister.judged(
                        EventResource.DEVICE_CLASS, Actions.ADD | Actions.UPDATE, NodeResourcesFit::afterClassChange));
    }

    private Answer afterPodChange(PodInfo pod, @Nullable HasMetadata before, @Nullable HasMetadata after) {
        PodInfo old = Hints.pod(before);
        if (old == null) {
            return Answer.QUEUE;
        }
        PodInfo now = Hints.pod(after);
        if (now == null) {
            return Answer.queueIf(Hints.hadRoom(old));
        }
        if (now.uid().equals(pod.uid())) {
            return Answer.QUEUE;
        }
        return Answer.queueIf(!old.nodeName().isEmpty() && anyGreater(pod.requests(), old.requests(), now.requests()));
    }

    private Answer afterNodeChange(PodInfo pod, @Nullable HasMetadata before, @Nullable HasMetadata after) {
        NodeInfo old = Hints.node(before);
        NodeInfo now = Hints.node(after);
        Set<String> byDevices =
                ExtendedResources.classes(pod, deviceClasses, classesByResource).keySet();
        if (now == null || !fits(pod.requests(), now, byDevices, false)) {
            return Answer.SKIP;
        }
        if (old == null) {
            return Answer.QUEUE;
        }
        return Answer.queueIf(now.allocatable().pods() > old.allocatable().pods()
                || anyGreater(pod.requests(), now.allocatable(), old.allocatable())
                || byDevices.stream().anyMatch(name -> ExtendedResources.byDevices(now, name)));
    }

    private static Answer afterClassChange(PodInfo pod, @Nullable HasMetadata before, @Nullable HasMetadata after) {
        if (!(after instanceof DeviceClass now)) {
            return Answer.SKIP;
        }
        String was = before instanceof DeviceClass old ? ExtendedResources.name(old) : null;
        String is = ExtendedResources.name(now);
        boolean named = is != null && !is.equals(was) && pod.requests().hasScalar(is);
        return Answer.queueIf(
                named || (before == null && pod.requests().hasScalar(ExtendedResources.implicitName(now))));
    }

    /** Whether, of anything that is wanted, there is more in one amount than in another. */
    private static boolean anyGreater(Resources wanted, Resources more, Resources less) {
        if ((wanted.milliCpu() > 0 && more.milliCpu() > less.milliCpu())
                || (wanted.memory() > 0 && more.memory() > less.memory())
                || (wanted.ephemeralStorage() > 0 && more.ephemeralStorage() > less.ephemeralStorage())) {
            return true;
        }
        for (int i = 0; i < wanted.scalarCount(); i++) {
            String name = wanted.scalarName(i);
            if (wanted.scalarAmount(i) > 0 && more.scalar(name) > less.scalar(name)) {
                return true;
            }
        }
        return false;
    }
}

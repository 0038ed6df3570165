package dev.amphora.scheduler.plugins;

import dev.amphora.api.GoDuration;
import dev.amphora.api.StatusException;
import dev.amphora.scheduler.framework.Actions;
import dev.amphora.scheduler.framework.CycleState;
import dev.amphora.scheduler.framework.EnqueueExtensions;
import dev.amphora.scheduler.framework.EventResource;
import dev.amphora.scheduler.framework.EventToRegister;
import dev.amphora.scheduler.framework.FilterPlugin;
import dev.amphora.scheduler.framework.Handle;
import dev.amphora.scheduler.framework.Lister;
import dev.amphora.scheduler.framework.NodeInfo;
import dev.amphora.scheduler.framework.NodeLocal;
import dev.amphora.scheduler.framework.NodeMatcher;
import dev.amphora.scheduler.framework.NodeStatuses;
import dev.amphora.scheduler.framework.PodChanges;
import dev.amphora.scheduler.framework.PodInfo;
import dev.amphora.scheduler.framework.PostFilterPlugin;
import dev.amphora.scheduler.framework.PreBindPlugin;
import dev.amphora.scheduler.framework.PreFilterPlugin;
import dev.amphora.scheduler.framework.QueueingHint.Answer;
import dev.amphora.scheduler.framework.ReleasingPlugin;
import dev.amphora.scheduler.framework.ReservePlugin;
import dev.amphora.scheduler.framework.ScorePlugin;
import dev.amphora.scheduler.framework.Status;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.resource.v1.AllocationResult;
import io.fabric8.kubernetes.api.model.resource.v1.DeviceClass;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceClaim;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Allocates devices for resource claims, from what drivers have published in resource slices (KEP-4381), and for extended resources that
 * device classes stand for (KEP-5004).
 */
public final class DynamicResources
        implements NodeLocal,
                ReleasingPlugin,
                PreFilterPlugin,
                FilterPlugin,
                PostFilterPlugin,
                ScorePlugin,
                ReservePlugin,
                PreBindPlugin,
                EnqueueExtensions {
    private static final Status CANNOT_ALLOCATE =
            Status.unresolvable("cannot allocate all claims").withPlugin("DynamicResources");
    private static final Status ELSEWHERE =
            Status.unresolvable("resourceclaim not available on the node").withPlugin("DynamicResources");
    private static final Status STALE =
            Status.unresolvable("cannot schedule extended resource claim").withPlugin("DynamicResources");
    private static final Status CANNOT_FIT =
            Status.unresolvable("cannot fit resource").withPlugin("DynamicResources");
    private static final Duration SECOND = Duration.ofSeconds(1);
    private static final int STEPS = 64;
    private static final CycleState.Key<Wanted> WANTED = new CycleState.Key<>(Wanted.class);

    private final Handle handle;
    private final ClaimObjects objects;
    private final HeldPods held;
    private final ClaimWriter writer;
    private final Lister<DeviceClass> classes;
    private final DeviceSelectorCache selectors;
    private final Lister.Index<DeviceClass> classesByResource;
    private final DeviceInventory inventory;
    private final DeviceSearches searches;
    private final Duration filterTimeout;
    private final DeviceBinding binding;

    /**
     * The plugin's arguments.
     *
     * @param filterTimeout how long the search for devices on one node may take, such as {@code 10s}, which stands for null; as long as it
     *     takes if {@code 0s}
     * @param bindingTimeout how long drivers may take to get devices ready that have binding conditions; null for {@code 10m0s}
     */
    public record Args(@Nullable String filterTimeout, @Nullable String bindingTimeout) {
        /** These, with the reference's values for what isn't given. */
        Args defaulted() {
            return new Args(
                    filterTimeout == null ? "10s" : filterTimeout, bindingTimeout == null ? "10m0s" : bindingTimeout);
        }

        private Duration filter() {
            Duration duration = GoDuration.parse(Objects.requireNonNull(defaulted().filterTimeout));
            if (duration.isNegative()) {
                throw new IllegalArgumentException("filterTimeout: must be zero or positive");
            }
            return duration;
        }

        private Duration binding() {
            Duration duration = GoDuration.parse(Objects.requireNonNull(defaulted().bindingTimeout));
            if (duration.compareTo(Duration.ofSeconds(1)) < 0) {
                throw new IllegalArgumentException("bindingTimeout: must be at least 1 second");
            }
            return duration;
        }
    }

    /** The plugin for a profile. */
    public DynamicResources(Args args, Handle handle) {
        this.handle = handle;
        this.filterTimeout = args.filter();
        DeviceManager devices = DeviceManager.of(handle);
        this.objects = devices.claims;
        this.inventory = devices.inventory;
        this.searches = devices.searches;
        this.selectors = devices.selectors;
        this.held = new HeldPods(handle.lister(Pod.class));
        this.writer = new ClaimWriter(handle);
        this.binding = new DeviceBinding(handle, objects, args.binding());
        this.classes = handle.lister(DeviceClass.class);
        this.classesByResource = classes.index("scheduler.resource", ExtendedResources::names);
    }

    /** The claims of a pod, and what would be allocated for them on each node. */
    private static final class Wanted implements CycleState.State {
        static final Wanted NOTHING = new Wanted(List.of(), Map.of());

        final List<ResourceClaim> claims;
        final Map<String, String> extended;
        final Map<ResourceClaim, NodeMatcher> places = new HashMap<>();
        /** Those that have devices. */
        final List<ResourceClaim> allocated = new ArrayList<>();
        /** Those that have none yet. */
        final List<ResourceClaim> open = new ArrayList<>();

        final List<DeviceWish> wishes = new ArrayList<>();
        final List<ResourceClaim> unavailable = new ArrayList<>();
        final Map<String, Allocated> byNode = new HashMap<>();

        /** What is to be allocated on nodes that give the same extended resources by devices. */
        final Map<Set<String>, Demand> demands = new HashMap<>();

        /** Whether devices are to be allocated. */
        boolean isOpen;

        /** Whether anything is wished for of which some is better. */
        boolean isRanked;

        /** Whether answers are remembered from one pod to the next. */
        boolean remembers;

        /** The claim for extended resources that an earlier attempt has left behind. */
        @Nullable ResourceClaim stale;

        /** The claim for extended resources that this attempt has made. */
        @Nullable ResourceClaim made;

        Wanted(List<ResourceClaim> claims, Map<String, String> extended) {
            this.claims = claims;
            this.extended = extended;
        }

        boolean isNothing() {
            return claims.isEmpty() && extended.isEmpty();
        }

        @Override
        public Wanted copy() {
            return this;
        }
    }

    /** What a node is to give: claims, what they wish for, and what those wishes for extended resources are for. */
    private record Demand(
            List<ResourceClaim> claims, DeviceSearches.Wishes wishes, List<ExtendedResources.Mapping> mappings) {}

    /** What would be allocated on a node: claims, and for each of them devices; and what those for extended resources are for. */
    private record Allocated(
            List<ResourceClaim> claims,
            List<DeviceAllocator.Choice> choices,
            List<ExtendedResources.Mapping> mappings) {}

    @Override
    public Status preEnqueue(PodInfo pod) {
        if (pod.spec().getResourceClaims().isEmpty()) {
            return Status.success();
        }
        try {
            objects.of(pod);
            held.letGo(pod.uid());
            return Status.success();
        } catch (DeviceWish.Impossible e) {
            held.hold(pod);
            return Status.unresolvable(String.valueOf(e.getMessage()));
        }
    }

    @Override
    public Collection<String> released(@Nullable HasMetadata about) {
        return about instanceof ResourceClaim claim ? held.letGo(claim) : List.of();
    }

    @Override
    public PreFilterPlugin.Result preFilter(CycleState state, PodInfo pod, List<NodeInfo> nodes) {
        if (pod.spec().getResourceClaims().isEmpty() && pod.requests().scalarCount() == 0) {
            state.put(WANTED, Wanted.NOTHING);
            return PreFilterPlugin.Result.skip();
        }
        state.put(WANTED, Wanted.NOTHING);
        objects.catchUp(inventory);
        try {
            Wanted wanted = new Wanted(objects.of(pod), ExtendedResources.classes(pod, classes, classesByResource));
            state.put(WANTED, wanted);
            if (wanted.isNothing()) {
                return PreFilterPlugin.Result.skip();
            }
            wanted.stale = wanted.extended.isEmpty() ? null : objects.extended(pod);
            wanted.remembers = state.get(PodChanges.KEY) != null;
            String why = look(wanted, pod);
            if (!wanted.extended.isEmpty()) {
                state.put(
                        DeviceCounts.KEY,
                        new DeviceCounts(wanted.extended, classes, inventory, objects, selectors, wanted.remembers));
            }
            return why == null ? PreFilterPlugin.Result.success() : PreFilterPlugin.Result.of(Status.unresolvable(why));
        } catch (DeviceWish.Impossible e) {
            return PreFilterPlugin.Result.of(Status.unresolvable(String.valueOf(e.getMessage())));
        }
    }

    /** Sorts the claims; returns what makes the pod impossible, null if nothing does. */
    private @Nullable String look(Wanted wanted, PodInfo pod) {
        for (ResourceClaim claim : wanted.claims) {
            AllocationResult allocation = ClaimObjects.allocation(claim);
            if (allocation != null) {
                wanted.allocated.add(claim);
                if (!ClaimObjects.canBeReserved(claim) && !ClaimObjects.isReservedFor(claim, pod)) {
                    return "resourceclaim in use";
                }
                if (allocation.getNodeSelector() != null) {
                    wanted.places.put(claim, NodeMatcher.of(allocation.getNodeSelector()));
                }
            } else if (objects.isInFlight(claim)) {
                return "resource claim " + claim.getMetadata().getNamespace() + "/"
                        + claim.getMetadata().getName() + " is in the process of being allocated";
            } else {
                wanted.wishes.addAll(DeviceWish.of(wanted.open.size(), claim, classes));
                wanted.open.add(claim);
            }
        }
        wanted.isOpen = !wanted.open.isEmpty() || !wanted.extended.isEmpty();
        wanted.isRanked = wanted.wishes.stream().anyMatch(DeviceWish::ranked);
        if (wanted.isOpen) {
            inventory.catchUp();
        }
        return null;
    }

    @Override
    public Status filter(CycleState state, PodInfo pod, NodeInfo node) {
        Wanted wanted = state.require(WANTED);
        if (wanted.stale != null) {
            return STALE;
        }
        if (!wanted.extended.isEmpty() && ExtendedResources.missing(pod, node, wanted.extended) != null) {
            return CANNOT_FIT;
        }
        List<ResourceClaim> elsewhere = wanted.allocated.isEmpty() ? List.of() : new ArrayList<>();
        for (ResourceClaim claim : wanted.allocated) {
            NodeMatcher place = wanted.places.get(claim);
            if ((place != null && !place.matches(node.labels(), node.name())) || binding.isHopeless(claim)) {
                elsewhere.add(claim);
            }
        }
        Allocated allocated = null;
        if (wanted.isOpen) {
            try {
                allocated = allocate(wanted, pod, node);
            } catch (DeviceWish.Impossible e) {
                return Status.unresolvable(String.valueOf(e.getMessage()));
            } catch (IllegalArgumentException e) {
                return Status.error(String.valueOf(e.getMessage()));
            }
            if (allocated == null) {
                return CANNOT_ALLOCATE;
            }
        }
        if (!elsewhere.isEmpty()) {
            wanted.unavailable.addAll(elsewhere);
            return ELSEWHERE;
        }
        if (allocated != null) {
            wanted.byNode.put(node.name(), allocated);
        }
        return Status.success();
    }

    /** Whether a search that begins now has taken too long; looks at the clock now and then. */
    private BooleanSupplier untilLate() {
        if (filterTimeout.isZero()) {
            return () -> false;
        }
        Instant end = handle.clock().instant().plus(filterTimeout);
        int[] steps = {0};
        return () -> ++steps[0] % STEPS == 0 && handle.clock().instant().isAfter(end);
    }

    private @Nullable Allocated allocate(Wanted wanted, PodInfo pod, NodeInfo node) {
        Demand demand = demand(wanted, pod, node);
        DeviceInventory.View view = inventory.on(node);
        DeviceSearches.Search search = seen -> new DeviceAllocator(
                        selectors, inventory, objects, demand.claims, demand.wishes.list(), untilLate())
                .allocate(seen);
        List<DeviceAllocator.Choice> choices =
                wanted.remembers ? searches.find(demand.wishes, view, search) : search.in(view);
        return choices == null ? null : new Allocated(demand.claims, choices, demand.mappings);
    }

    private Demand demand(Wanted wanted, PodInfo pod, NodeInfo node) {
        Set<String> byDevices =
                wanted.extended.isEmpty() ? Set.of() : ExtendedResources.byDevices(node, wanted.extended.keySet());
        Demand known = wanted.demands.get(byDevices);
        if (known != null) {
            return known;
        }
        List<ResourceClaim> claims = wanted.open;
        List<DeviceWish> wishes = wanted.wishes;
        ExtendedResources.Claimed extended = ExtendedResources.claim(pod, byDevices, wanted.extended);
        if (extended != null) {
            claims = new ArrayList<>(claims);
            wishes = new ArrayList<>(wishes);
            wishes.addAll(DeviceWish.of(claims.size(), extended.claim(), classes));
            claims.add(extended.claim());
        }
        Demand demand = new Demand(claims, searches.of(wishes), extended == null ? List.of() : extended.mappings());
        wanted.demands.put(byDevices, demand);
        return demand;
    }

    @Override
    public PostFilterPlugin.Result postFilter(CycleState state, PodInfo pod, NodeStatuses statuses) {
        return postFilter(state, pod, true);
    }

    @Override
    public PostFilterPlugin.Result rehearse(CycleState state, PodInfo pod, NodeStatuses statuses) {
        return postFilter(state, pod, false);
    }

    private PostFilterPlugin.Result postFilter(CycleState state, PodInfo pod, boolean deallocate) {
        // The state is missing if an earlier PreFilter has turned the pod down; the reference ends in this very error
        // then.
        Wanted wanted = state.require(WANTED);
        if (wanted.isNothing()) {
            return PostFilterPlugin.Result.of(Status.unschedulable("no new claims to deallocate"));
        }
        if (wanted.stale != null) {
            if (deallocate) {
                // not at once: until it is seen that the claim has gone the pod would meet it again and again
                writer.delete(wanted.stale);
                handle.runInCycleAfter(SECOND, () -> handle.activate(List.of(pod)));
            }
            return PostFilterPlugin.Result.of(Status.unschedulable("deletion of ResourceClaim completed"));
        }
        for (ResourceClaim claim : wanted.unavailable) {
            int reserved = claim.getStatus() == null
                    ? 0
                    : claim.getStatus().getReservedFor().size();
            if (reserved == 0 || (reserved == 1 && ClaimObjects.isReservedFor(claim, pod))) {
                if (deallocate) {
                    writer.deallocate(claim);
                }
                return PostFilterPlugin.Result.of(Status.unschedulable("deallocation of ResourceClaim completed"));
            }
        }
        return PostFilterPlugin.Result.of(Status.unschedulable("still not schedulable"));
    }

    /** The earlier an alternative was to be had, the better. */
    @Override
    public long score(CycleState state, PodInfo pod, NodeInfo node) {
        Wanted wanted = state.get(WANTED);
        Allocated allocated = wanted == null || !wanted.isRanked ? null : wanted.byNode.get(node.name());
        if (allocated == null) {
            return 0;
        }
        long score = 0;
        DeviceWish last = null;
        for (DeviceAllocator.Choice choice : allocated.choices()) {
            if (choice.wish().ranked() && !choice.wish().equals(last)) {
                score += DeviceAllocator.MAX_ALTERNATIVES - choice.rank();
            }
            last = choice.wish();
        }
        return score;
    }

    @Override
    public void normalize(CycleState state, PodInfo pod, List<NodeInfo> nodes, long[] scores) {
        ScorePlugin.stretch(scores, false);
    }

    @Override
    public Status reserve(CycleState state, PodInfo pod, String nodeName) {
        Allocated allocated = allocated(state, nodeName);
        if (allocated != null) {
            for (int i = 0; i < allocated.claims().size(); i++) {
                ResourceClaim claim = allocated.claims().get(i);
                objects.allocate(claim, DeviceResults.of(i, claim, allocated.choices(), nodeName, classes));
            }
        }
        return Status.success();
    }

    private static @Nullable Allocated allocated(CycleState state, String nodeName) {
        Wanted wanted = state.get(WANTED);
        return wanted == null ? null : wanted.byNode.get(nodeName);
    }

    @Override
    public void unreserve(CycleState state, PodInfo pod, String nodeName) {
        Allocated allocated = allocated(state, nodeName);
        if (allocated != null) {
            allocated.claims().forEach(objects::settle);
        }
        Wanted wanted = state.get(WANTED);
        if (wanted != null) {
            writer.unreserve(wanted.claims, pod);
            ResourceClaim made = wanted.made;
            if (made != null) {
                wanted.made = null;
                writer.delete(made);
            }
        }
    }

    @Override
    public Status preBindPreFlight(CycleState state, PodInfo pod, String nodeName) {
        Wanted wanted = state.get(WANTED);
        if (wanted == null || wanted.isNothing()) {
            return Status.skip();
        }
        Allocated allocated = wanted.byNode.get(nodeName);
        boolean open = allocated != null && !allocated.claims().isEmpty();
        for (ResourceClaim claim : wanted.claims) {
            open |= !ClaimObjects.isReservedFor(claim, pod) || DeviceBinding.hasConditions(claim);
        }
        return open ? Status.success() : Status.skip();
    }

    @Override
    public CompletionStage<Status> preBind(CycleState state, PodInfo pod, String nodeName) {
        Wanted wanted = state.require(WANTED);
        Allocated allocated = wanted.byNode.get(nodeName);
        List<ResourceClaim> written = new ArrayList<>();
        try {
            for (ResourceClaim claim : wanted.claims) {
                if (ClaimObjects.allocation(claim) != null) {
                    written.add(writer.reserve(claim, pod));
                }
            }
            if (allocated != null) {
                for (int i = 0; i < allocated.claims().size(); i++) {
                    ResourceClaim claim = allocated.claims().get(i);
                    AllocationResult devices = DeviceResults.of(i, claim, allocated.choices(), nodeName, classes);
                    boolean extended = claim.getMetadata().getResourceVersion() == null;
                    ResourceClaim there = claim;
                    if (extended) {
                        there = writer.create(claim);
                        wanted.made = there;
                    }
                    ResourceClaim result = writer.allocate(there, devices, pod);
                    if (extended) {
                        writer.tell(result, allocated.mappings(), pod);
                    }
                    written.add(result);
                    handle.runInCycle(() -> objects.wrote(claim, result));
                }
            }
            if (written.stream().noneMatch(DeviceBinding::hasConditions)) {
                return CompletableFuture.completedStage(Status.success());
            }
            handle.event(
                    pod.pod(),
                    "Normal",
                    "BindingConditionsPending",
                    "Scheduling",
                    "waiting for binding conditions for device on node " + nodeName);
            return binding.await(written);
        } catch (StatusException e) {
            return CompletableFuture.completedStage(Status.error(String.valueOf(e.getMessage())));
        }
    }

    /** What is allocated on one node is no longer to be had on another; a pod that wants nothing is all the same. */
    @Override
    public boolean isNodeLocal(CycleState state, PodInfo pod) {
        Wanted wanted = state.get(WANTED);
        return wanted != null && wanted.isNothing();
    }

    @Override
    public List<EventToRegister> eventsToRegister() {
        return List.of(
                EventToRegister.always(
                        EventResource.NODE, Actions.ADD | Actions.UPDATE_NODE_LABEL | Actions.UPDATE_NODE_ALLOCATABLE),
                EventToRegister.judged(
                        EventResource.RESOURCE_CLAIM, Actions.ADD | Actions.UPDATE, this::afterClaimChange),
                EventToRegister.judged(
                        EventResource.POD, Actions.UPDATE_POD_GENERATED_RESOURCE_CLAIM, this::afterPodChange),
                EventToRegister.always(EventResource.DEVICE_CLASS, Actions.ADD | Actions.UPDATE),
                EventToRegister.always(EventResource.RESOURCE_SLICE, Actions.ADD | Actions.UPDATE));
    }

    /** A claim of the pod that has come or lost its allocation helps, and so does any other that has given devices back. */
    private Answer afterClaimChange(PodInfo pod, @Nullable HasMetadata before, @Nullable HasMetadata after) {
        if (!(after instanceof ResourceClaim now)) {
            return Answer.SKIP;
        }
        List<ResourceClaim> own;
        try {
            own = objects.of(pod);
        } catch (DeviceWish.Impossible e) {
            return Answer.SKIP;
        }
        boolean wants = !own.isEmpty()
                || !ExtendedResources.classes(pod, classes, classesByResource).isEmpty();
        if (before instanceof ResourceClaim old
                && ClaimObjects.allocation(old) != null
                && ClaimObjects.allocation(now) == null) {
            return Answer.queueIf(wants);
        }
        boolean isOwn = false;
        for (ResourceClaim claim : own) {
            isOwn |= claim.getMetadata().getUid().equals(now.getMetadata().getUid());
        }
        if (!isOwn) {
            return Answer.SKIP;
        }
        return Answer.queueIf(
                !(before instanceof ResourceClaim old) || !Objects.equals(old.getStatus(), now.getStatus()));
    }

    private Answer afterPodChange(PodInfo pod, @Nullable HasMetadata before, @Nullable HasMetadata after) {
        if (!Hints.isSame(pod, after)) {
            return Answer.SKIP;
        }
        try {
            PodInfo now = Hints.pod(after);
            return Answer.queueIf(now != null && !objects.of(now).isEmpty());
        } catch (DeviceWish.Impossible e) {
            return Answer.SKIP;
        }
    }
}

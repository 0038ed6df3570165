package dev.amphora.scheduler.plugins;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import dev.amphora.scheduler.framework.Actions;
import dev.amphora.scheduler.framework.CycleState;
import dev.amphora.scheduler.framework.EnqueueExtensions;
import dev.amphora.scheduler.framework.EventResource;
import dev.amphora.scheduler.framework.EventToRegister;
import dev.amphora.scheduler.framework.Handle;
import dev.amphora.scheduler.framework.Lister;
import dev.amphora.scheduler.framework.NodeInfo;
import dev.amphora.scheduler.framework.NodeStatuses;
import dev.amphora.scheduler.framework.PermitPlugin;
import dev.amphora.scheduler.framework.PluginFactory;
import dev.amphora.scheduler.framework.PodInfo;
import dev.amphora.scheduler.framework.PostFilterPlugin;
import dev.amphora.scheduler.framework.PreFilterPlugin;
import dev.amphora.scheduler.framework.QueueSortPlugin;
import dev.amphora.scheduler.framework.QueuedPodInfo;
import dev.amphora.scheduler.framework.QueueingHint;
import dev.amphora.scheduler.framework.ReservePlugin;
import dev.amphora.scheduler.framework.Status;
import dev.amphora.scheduler.framework.WaitingPod;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Pod;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.WeakHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Gang scheduling: the pods of a {@link PodGroup} are bound together, or none of them is. Not among the default plugins; takes the place
 * of {@link PrioritySort}, for there is one order of the queue.
 *
 * <p>Mirrors the plugin of this name in sigs.k8s.io/scheduler-plugins, but {@code minResources} is not looked at. PreFilter turns pods down whose group has too few members yet; Permit
 * holds those that have a node until enough others have one; when one of them finds none, or waits too long, all are let go and begin
 * anew. Pods that name no group, or one that doesn't exist, are left alone, but for Permit, which waits for a group that is named.
 * Needs the definition of PodGroups in the cluster, and the right to list and watch them. Belongs to the scheduler's actor.
 */
public final class Coscheduling
        implements QueueSortPlugin, PreFilterPlugin, PostFilterPlugin, PermitPlugin, ReservePlugin, EnqueueExtensions {
    /** The name under which it is configured. */
    public static final String NAME = "Coscheduling";

    /** What fraction of a group may be missing without the others being let go at once. */
    private static final double SMALL_GAP = 0.1;

    private static final Duration LONGEST_REST = Duration.ofSeconds(10);

    private final Handle handle;
    private final Lister<PodGroup> groups;
    private final Lister.Index<Pod> members;
    private final Duration patience;
    private final Duration backoff;
    private final Map<Key, Set<String>> reserved = new LinkedHashMap<>();
    private final Map<Key, Rest> backedOff = new LinkedHashMap<>();
    private final Map<QueuedPodInfo, Instant> places = new WeakHashMap<>();

    /**
     * The arguments.
     *
     * @param permitWaitingTimeSeconds how long pods wait for the others of their group unless it says otherwise; null for 60
     * @param podGroupBackoffSeconds how long a group is left alone after one of its pods found no node; null for the back-off of a pod, 1 s to 10 s
     */
    @JsonIgnoreProperties(ignoreUnknown = true)
    public record Args(@Nullable Long permitWaitingTimeSeconds, @Nullable Long podGroupBackoffSeconds) {}

    /** A group that has failed and rests before it is tried again. */
    private static final class Rest {
        final Instant until;
        final int failures;
        /** Whether pods were turned down meanwhile, which nothing else may wake. */
        boolean missed;

        Rest(Instant until, int failures) {
            this.until = until;
            this.failures = failures;
        }
    }

    private record Key(String namespace, String name) {
        @Override
        public String toString() {
            return namespace + "/" + name;
        }
    }

    /** The plugin with arguments. */
    public Coscheduling(Args args, Handle handle) {
        this.handle = handle;
        this.groups = handle.lister(PodGroup.class);
        this.members = handle.lister(Pod.class).index("pod group", Coscheduling::groupOf);
        this.patience = seconds("permitWaitingTimeSeconds", args.permitWaitingTimeSeconds(), 60);
        this.backoff = seconds("podGroupBackoffSeconds", args.podGroupBackoffSeconds(), 0);
    }

    private static Duration seconds(String name, @Nullable Long value, long otherwise) {
        if (value != null && value < 0) {
            throw new IllegalArgumentException(
                    name + ": Invalid value: " + value + ": must be greater than or equal to 0");
        }
        return Duration.ofSeconds(value == null ? otherwise : value);
    }

    /** Makes the plugin, for {@code Profile.with} and a scheduler's builder. */
    public static PluginFactory factory() {
        return PluginFactory.withArgs(Args.class, Coscheduling::new);
    }

    @Override
    public List<EventToRegister> eventsToRegister() {
        QueueingHint sibling = (pod, before, after) -> QueueingHint.Answer.queueIf(isSibling(pod, after));
        QueueingHint own = (pod, before, after) -> QueueingHint.Answer.queueIf(after != null
                && new Key(
                                after.getMetadata().getNamespace(),
                                after.getMetadata().getName())
                        .equals(key(pod)));
        return List.of(
                // a member that goes, or lets go of its node, makes no group complete
                EventToRegister.judged(EventResource.POD, Actions.ADD, sibling),
                EventToRegister.judged(EventResource.POD_GROUP, Actions.ADD | Actions.UPDATE, own));
    }

    private static boolean isSibling(PodInfo pod, @Nullable HasMetadata after) {
        return after instanceof Pod changed && Objects.equals(key(pod), key(PodInfo.of(changed)));
    }

    // -- groups ------------------------------------------------------------------------------------------------------

    private static @Nullable Key key(PodInfo pod) {
        String name = pod.labels().get(PodGroup.LABEL);
        return name == null || name.isEmpty() ? null : new Key(pod.namespace(), name);
    }

    private @Nullable PodGroup group(@Nullable Key key) {
        return key == null ? null : groups.get(key.namespace, key.name);
    }

    private static List<String> groupOf(Pod pod) {
        Map<String, String> labels = pod.getMetadata().getLabels();
        String name = labels == null ? null : labels.get(PodGroup.LABEL);
        return name == null ? List.of() : List.of(new Key(pod.getMetadata().getNamespace(), name).toString());
    }

    private List<Pod> members(Key key) {
        return members.get(key.toString());
    }

    /** How many pods of a group have a node, be it for the time being. */
    private int assigned(Key key) {
        Set<String> noted = reserved.get(key);
        int count = 0;
        for (Pod member : members(key)) {
            String node = member.getSpec().getNodeName();
            if ((node != null && !node.isEmpty())
                    || (noted != null && noted.contains(member.getMetadata().getUid()))) {
                count++;
            }
        }
        return count;
    }

    // -- the order of the queue --------------------------------------------------------------------------------------

    /** By priority; then groups, and pods without one, by age; then by name, so that a group's pods are neighbours. */
    @Override
    public int compare(QueuedPodInfo a, QueuedPodInfo b) {
        int byPriority = Integer.compare(b.podInfo().priority(), a.podInfo().priority());
        if (byPriority != 0) {
            return byPriority;
        }
        int byAge = place(a).compareTo(place(b));
        return byAge != 0 ? byAge : name(a).compareTo(name(b));
    }

    /** A pod's place must not change while it is in the queue, though its group may come and go. */
    private Instant place(QueuedPodInfo pod) {
        return places.computeIfAbsent(pod, each -> {
            PodGroup group = group(key(each.podInfo()));
            String created = group == null ? null : group.getMetadata().getCreationTimestamp();
            return created == null ? each.queuedAt() : Instant.parse(created);
        });
    }

    private static String name(QueuedPodInfo pod) {
        Key key = key(pod.podInfo());
        return key == null ? pod.podInfo().key() : key.toString();
    }

    // -- the cycle ---------------------------------------------------------------------------------------------------

    @Override
    public PreFilterPlugin.Result preFilter(CycleState state, PodInfo pod, List<NodeInfo> nodes) {
        Key key = key(pod);
        PodGroup group = group(key);
        if (key == null || group == null) {
            return PreFilterPlugin.Result.success();
        }
        Rest rest = backedOff.get(key);
        if (rest != null && handle.clock().instant().isBefore(rest.until)) {
            rest.missed = true;
            return PreFilterPlugin.Result.of(Status.unresolvable("podGroup " + key + " failed recently"));
        }
        int members = members(key).size();
        int wanted = group.getSpec().minMember();
        if (members < wanted) {
            return PreFilterPlugin.Result.of(Status.unresolvable(
                    "pre-filter pod %s cannot find enough sibling pods, current pods number: %d, minMember of group: %d"
                            .formatted(pod.name(), members, wanted)));
        }
        return PreFilterPlugin.Result.success();
    }

    @Override
    public PostFilterPlugin.Result postFilter(CycleState state, PodInfo pod, NodeStatuses statuses) {
        return postFilter(pod, true);
    }

    @Override
    public PostFilterPlugin.Result rehearse(CycleState state, PodInfo pod, NodeStatuses statuses) {
        return postFilter(pod, false);
    }

    private PostFilterPlugin.Result postFilter(PodInfo pod, boolean inEarnest) {
        Key key = key(pod);
        PodGroup group = group(key);
        if (key == null || group == null) {
            return PostFilterPlugin.Result.of(Status.unschedulable("can not find pod group"));
        }
        int wanted = group.getSpec().minMember();
        int assigned = assigned(key);
        if (assigned >= wanted) {
            return PostFilterPlugin.Result.of(Status.of(Status.Code.UNSCHEDULABLE));
        }
        // with few missing it is worth while to wait for them
        if ((double) (wanted - assigned) / wanted <= SMALL_GAP) {
            return PostFilterPlugin.Result.of(Status.of(Status.Code.UNSCHEDULABLE));
        }
        if (inEarnest) {
            letGo(key, "optimistic rejection in PostFilter");
            if (members(key).size() >= wanted) {
                rest(key);
            }
        }
        return PostFilterPlugin.Result.of(
                Status.unschedulable("PodGroup %s gets rejected due to Pod %s is unschedulable even after PostFilter"
                        .formatted(key, pod.name())));
    }

    /**
     * Leaves a group alone for a while. What its pods let go of wakes the one that found no room, and so on without end: without a
     * back-off of its own a group rests as a pod would.
     */
    private void rest(Key key) {
        Rest last = backedOff.get(key);
        if (last != null && handle.clock().instant().isBefore(last.until)) {
            return;
        }
        int failures = last == null ? 1 : last.failures + 1;
        Duration doubled = Duration.ofSeconds(1L << Math.min(failures - 1, 4));
        Duration shortest = doubled.compareTo(LONGEST_REST) < 0 ? doubled : LONGEST_REST;
        Duration wait = backoff.isZero() ? shortest : backoff;
        Rest rest = new Rest(handle.clock().instant().plus(wait), failures);
        backedOff.put(key, rest);
        handle.runInCycleAfter(wait, () -> {
            if (rest.missed && backedOff.get(key) == rest) {
                handle.activate(members(key).stream().map(PodInfo::of).toList());
            }
        });
        handle.runInCycleAfter(wait.plus(LONGEST_REST), () -> backedOff.remove(key, rest));
    }

    private void letGo(Key key, String reason) {
        for (WaitingPod waiting : handle.waitingPods()) {
            if (key.equals(key(waiting.pod()))) {
                waiting.reject(NAME, reason);
            }
        }
    }

    @Override
    public Status reserve(CycleState state, PodInfo pod, String nodeName) {
        Key key = key(pod);
        if (key != null) {
            reserved.computeIfAbsent(key, group -> new HashSet<>()).add(pod.uid());
            forgetSome();
        }
        return Status.success();
    }

    /** Looks at the group that was longest not looked at: what the pods themselves say by now need not be noted. */
    private void forgetSome() {
        Key eldest = reserved.keySet().iterator().next();
        Set<String> noted = reserved.remove(eldest);
        if (noted == null) {
            return;
        }
        Set<String> waiting = new HashSet<>();
        for (Pod member : members(eldest)) {
            String node = member.getSpec().getNodeName();
            if (node == null || node.isEmpty()) {
                waiting.add(member.getMetadata().getUid());
            }
        }
        noted.retainAll(waiting);
        if (!noted.isEmpty()) {
            reserved.put(eldest, noted);
        }
    }

    @Override
    public void unreserve(CycleState state, PodInfo pod, String nodeName) {
        Key key = key(pod);
        if (key == null) {
            return;
        }
        Set<String> noted = reserved.get(key);
        if (noted != null && noted.remove(pod.uid()) && noted.isEmpty()) {
            reserved.remove(key);
        }
        if (group(key) != null) {
            letGo(key, "rejection in Unreserve");
        }
    }

    @Override
    public PermitPlugin.Result permit(CycleState state, PodInfo pod, String nodeName) {
        Key key = key(pod);
        if (key == null) {
            return PermitPlugin.Result.allow();
        }
        PodGroup group = group(key);
        if (group == null) {
            return PermitPlugin.Result.reject(Status.unschedulable("PodGroup not found"));
        }
        // the pod itself is among those that have a node
        int assigned = assigned(key);
        if (assigned >= group.getSpec().minMember()) {
            for (WaitingPod waiting : handle.waitingPods()) {
                if (key.equals(key(waiting.pod()))) {
                    waiting.allow(NAME);
                }
            }
            backedOff.remove(key);
            return PermitPlugin.Result.allow();
        }
        if (assigned <= 1) {
            handle.activate(others(key, pod));
        }
        Integer own = group.getSpec().scheduleTimeoutSeconds();
        return PermitPlugin.Result.hold(own == null || own <= 0 ? patience : Duration.ofSeconds(own));
    }

    private List<PodInfo> others(Key key, PodInfo pod) {
        List<PodInfo> others = new ArrayList<>();
        for (Pod member : members(key)) {
            if (!member.getMetadata().getUid().equals(pod.uid())) {
                others.add(PodInfo.of(member));
            }
        }
        return others;
    }
}

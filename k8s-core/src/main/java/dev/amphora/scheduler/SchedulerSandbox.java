package dev.amphora.scheduler;

import dev.amphora.scheduler.framework.ClusterEvent;
import dev.amphora.scheduler.framework.CycleState;
import dev.amphora.scheduler.framework.EnqueueExtensions;
import dev.amphora.scheduler.framework.EventToRegister;
import dev.amphora.scheduler.framework.NodeInfo;
import dev.amphora.scheduler.framework.Plugin;
import dev.amphora.scheduler.framework.PodInfo;
import dev.amphora.scheduler.framework.PostFilterPlugin;
import dev.amphora.scheduler.framework.SchedulerExtender;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Pod;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A profile's plugins on a cluster that is put down by hand: no API server, no time, nothing is written. Nodes, pods and other objects come
 * and go by {@link #put} and {@link #remove}; pods are {@linkplain #schedule tried} or {@linkplain #explain explained}.
 *
 * <p>For tests of plugins and for what-if questions. Not safe for concurrent use; the same calls give the same answers.
 */
public final class SchedulerSandbox {
    private final SandboxWorld world;
    private final Framework framework;
    private final PodScheduling scheduling;

    /**
     * What came of trying a pod.
     *
     * @param nodeName the chosen node, null if there is none
     * @param evaluated how many nodes were looked at
     * @param feasible how many of them can run the pod
     * @param message why there is no node; null if there is one
     * @param nominatedNode where preemption would make room; null if it would not
     */
    public record Attempted(
            @Nullable String nodeName,
            int evaluated,
            int feasible,
            @Nullable String message,
            @Nullable String nominatedNode) {}

    /**
     * An event that was derived from a change, and what the plugins that have registered for it say.
     *
     * @param event the event
     * @param hints for each plugin {@code Queue}, {@code QueueSkip} or {@code error: } and why
     */
    public record Hinted(ClusterEvent event, Map<String, String> hints) {}

    /**
     * An empty cluster.
     *
     * @param profile which plugins
     * @param seed from which every choice among equals follows
     */
    public SchedulerSandbox(Profile profile, long seed) {
        this(profile, seed, InstantSource.fixed(Instant.EPOCH));
    }

    /**
     * The same with extenders.
     *
     * @param extenders who has a say beside the plugins; they are not asked to bind
     * @throws IllegalArgumentException if several of them bind pods
     */
    public SchedulerSandbox(Profile profile, Collection<? extends SchedulerExtender> extenders, long seed) {
        this(profile, Extenders.inOrder(extenders), seed, InstantSource.fixed(Instant.EPOCH));
    }

    SchedulerSandbox(Profile profile, long seed, InstantSource clock) {
        this(profile, List.of(), seed, clock);
    }

    private SchedulerSandbox(Profile profile, List<SchedulerExtender> extenders, long seed, InstantSource clock) {
        SeededChance chance = new SeededChance(seed);
        world = new SandboxWorld(clock, chance, extenders);
        framework = new Framework(profile, world);
        scheduling = new PodScheduling(chance, world.cache());
    }

    Framework framework() {
        return framework;
    }

    Nominations nominations() {
        return world.nominations();
    }

    // -- the cluster -------------------------------------------------------------------------------------------------

    /**
     * Puts an object into the cluster, in place of the one with the same name. A pod with a node runs there; one with a nominated node
     * waits.
     */
    public SchedulerSandbox put(HasMetadata object) {
        world.put(object);
        return this;
    }

    /** Takes an object out of the cluster. */
    public SchedulerSandbox remove(HasMetadata object) {
        world.remove(object);
        return this;
    }

    /** The names of the nodes in the order of the search: round robin over zones. */
    public List<String> nodes() {
        return world.cache().snapshot().nodes().stream().map(NodeInfo::name).toList();
    }

    // -- questions ---------------------------------------------------------------------------------------------------

    /** What every plugin says about a pod and every node. */
    public Explanation explain(Pod pod) {
        world.cache().snapshot();
        return Explainer.explain(framework, PodInfo.of(pod));
    }

    /** Looks for a node as the scheduler does: from where the last search ended, until enough are found. The pod isn't placed. */
    public Attempted schedule(Pod pod) {
        return schedule(PodInfo.of(pod));
    }

    /** The same, and the pod is taken to run on the node that was found. */
    public Attempted scheduleAndPlace(Pod pod) {
        PodInfo info = PodInfo.of(pod);
        Attempted attempted = schedule(info);
        if (attempted.nodeName() != null) {
            world.nominations().remove(info.uid());
            world.cache().assume(info, attempted.nodeName());
        }
        return attempted;
    }

    /** Takes a pod to run on a node, whatever the plugins say. */
    public void place(Pod pod, String nodeName) {
        PodInfo info = PodInfo.of(pod);
        world.nominations().remove(info.uid());
        world.cache().assume(info, nodeName);
    }

    private Attempted schedule(PodInfo info) {
        world.cache().snapshot();
        CycleState state = new CycleState();
        PodScheduling.Result result = scheduling.schedule(framework, state, info);
        String message = null;
        String nominated = null;
        if (result.diagnosis() != null) {
            Diagnosis diagnosis = result.diagnosis();
            PostFilterPlugin.Result after = framework.rehearsePostFilter(state, info, diagnosis.nodes);
            diagnosis.postFilterMessage = after.status().message();
            nominated = after.status().isSuccess() ? after.nominatedNode() : null;
            message = diagnosis.message(world.cache().view().nodes().size());
        } else if (result.error() != null) {
            message = result.error().message();
        }
        return new Attempted(result.nodeName(), result.evaluated(), result.feasible(), message, nominated);
    }

    /** The place in {@link #nodes} where the next search begins. */
    public int nextStart() {
        return scheduling.nextStartNodeIndex();
    }

    /** After how many feasible nodes the search stops, see {@link Profile#percentageOfNodesToScore}. */
    public static int nodesToFind(int percentage, int nodes) {
        return PodScheduling.numFeasibleNodesToFind(percentage, nodes);
    }

    /** How long a pod waits after a number of failures. */
    public static Duration backoff(Duration initial, Duration max, int failures) {
        return SchedulingQueue.backoff(initial, max, failures);
    }

    /**
     * A plugin at an extension point.
     *
     * @param name the plugin
     * @param weight of its score
     */
    public record Enabled(String name, int weight) {}

    /** The plugins at each extension point, in order; points as a KubeSchedulerConfiguration names them. */
    public Map<String, List<Enabled>> extensionPoints() {
        Map<String, List<Enabled>> points = new LinkedHashMap<>();
        framework
                .points()
                .forEach((point, plugins) -> points.put(
                        point,
                        plugins.stream()
                                .map(plugin -> new Enabled(plugin.name(), framework.weight(plugin.name())))
                                .toList()));
        return points;
    }

    /** The changes that each plugin has registered; plugins that have none are absent. */
    public Map<String, List<EventToRegister>> events() {
        Map<String, List<EventToRegister>> events = new LinkedHashMap<>();
        for (Plugin plugin : framework.plugins()) {
            if (plugin instanceof EnqueueExtensions extensions) {
                events.put(plugin.name(), extensions.eventsToRegister());
            }
        }
        return events;
    }

    /**
     * What a change means for a waiting pod.
     *
     * @param before the object before the change, null if it was added
     * @param after the object after the change, null if it was deleted
     */
    public List<Hinted> hints(Pod pod, @Nullable HasMetadata before, @Nullable HasMetadata after) {
        PodInfo info = PodInfo.of(pod);
        QueueingHints hints = new QueueingHints(
                framework.plugins(), !framework.askedExtenders().isEmpty());
        List<Hinted> all = new ArrayList<>();
        for (ClusterEvent event : ClusterChanges.of(before, after)) {
            Map<String, String> answers = new LinkedHashMap<>();
            for (QueueingHints.Registration registration : hints.concernedBy(event)) {
                if (!registration.implied()) {
                    answers.put(registration.plugin(), registration.answer(info, before, after));
                }
            }
            all.add(new Hinted(event, answers));
        }
        return all;
    }

    /**
     * Whether a change makes the scheduler try a waiting pod again.
     *
     * @param plugins which have turned the pod down
     * @param before the object before the change, null if it was added
     * @param after the object after the change, null if it was deleted; the pod itself may be what changes
     */
    public boolean wakes(
            Pod pod, Collection<String> plugins, @Nullable HasMetadata before, @Nullable HasMetadata after) {
        PodInfo info = PodInfo.of(pod);
        QueueingHints hints = new QueueingHints(
                framework.plugins(), !framework.askedExtenders().isEmpty());
        for (ClusterEvent event : ClusterChanges.of(before, after)) {
            for (QueueingHints.Registration registration : hints.concernedBy(event)) {
                if (plugins.contains(registration.plugin()) && registration.helps(info, before, after)) {
                    return true;
                }
            }
        }
        return false;
    }
}

package dev.amphora.scheduler.framework;

import dev.amphora.client.Client;
import dev.amphora.kernel.Meters;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Pod;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Collection;
import java.util.List;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** What a plugin reaches of the scheduler that it is part of. */
public interface Handle {
    /** The name of the profile, which pods carry as {@code spec.schedulerName}. */
    String schedulerName();

    /** The nodes; valid within a scheduling cycle, up to Permit. */
    NodeSnapshot snapshot();

    /**
     * The objects of a kind. To be called while the plugin is created, so that the scheduler can begin to watch them before it
     * schedules.
     */
    <T extends HasMetadata> Lister<T> lister(Class<T> type);

    /**
     * What the plugins of all profiles of a scheduler have in common, such as what one of them has promised to a pod and not written yet. To
     * be called while the plugin is created; what it gives is touched where scheduling cycles run.
     *
     * @param <T> the class
     * @param type of which there is one
     * @param first makes it for the plugin that asks first; must not ask for another
     */
    <T> T shared(Class<T> type, Supplier<T> first);

    /** The API server. Calls belong into the binding cycle or {@link #runAsync}. */
    Client client();

    /** The kernel's clock. */
    InstantSource clock();

    /** Where a plugin measures itself, beside what the scheduler measures; shown with the rest on {@code /metrics}. */
    Meters meters();

    /** Chance; follows from the scheduler's seed. */
    RandomGenerator random();

    /** Runs a task that may call the API server outside the scheduling cycle, after those that came before. */
    void runAsync(Runnable task);

    /** Does the same beside other such tasks, in no order. */
    void runConcurrently(Runnable task);

    /**
     * Runs a task where scheduling cycles run, after what is running now. What a plugin keeps may be touched there without a lock.
     */
    void runInCycle(Runnable task);

    /** Does the same after a time; not at all if the scheduler has ended by then. */
    void runInCycleAfter(Duration delay, Runnable task);

    /**
     * Whether a pod fits on a node when pods of the same or a higher priority that are nominated to the node are counted in. Runs
     * the profile's Filter plugins.
     */
    Status filterWithNominatedPods(CycleState state, PodInfo pod, NodeInfo node);

    /** Whether all Filter plugins that have a say about a pod are {@link NodeLocal} for it. Valid after PreFilter. */
    boolean filtersByNode(CycleState state, PodInfo pod);

    /** Tells the PreFilter plugins of a hypothetical pod, see {@link PreFilterPlugin#addPod}. */
    Status preFilterAddPod(CycleState state, PodInfo pod, PodInfo added, NodeInfo node);

    /** Tells the PreFilter plugins of a hypothetical removal, see {@link PreFilterPlugin#removePod}. */
    Status preFilterRemovePod(CycleState state, PodInfo pod, PodInfo removed, NodeInfo node);

    /**
     * A pod on a node as it is known at this moment, which may be later than {@link #snapshot} was taken; null if it has gone. To be asked
     * where scheduling cycles run.
     */
    @Nullable PodInfo podOnNode(String uid);

    /** The pods that are nominated to a node. */
    List<PodInfo> nominatedPods(String nodeName);

    /** The node that a waiting pod is nominated to, which its status may not say yet; empty if there is none. */
    String nominatedNode(PodInfo pod);

    /** Withdraws a pod's nomination, because another pod has taken its place. */
    void clearNomination(PodInfo pod);

    /** A pod held by {@link PermitPlugin}s, null if there is none with that uid. */
    @Nullable WaitingPod waitingPod(String uid);

    /** The pods held by {@link PermitPlugin}s, oldest first. */
    List<WaitingPod> waitingPods();

    /** The scheduler's extenders, in the order in which they are asked. */
    List<SchedulerExtender> extenders();

    /** Moves pods to the active queue, whatever holds them. */
    void activate(Collection<PodInfo> pods);

    /**
     * Records an event about a pod.
     *
     * @param pod what it regards
     * @param type {@code Normal} or {@code Warning}
     * @param reason such as {@code Preempted}
     * @param action such as {@code Preempting}
     * @param note the text
     */
    void event(Pod pod, String type, String reason, String action, String note);
}

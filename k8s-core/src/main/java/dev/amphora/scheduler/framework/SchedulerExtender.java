package dev.amphora.scheduler.framework;

import dev.amphora.client.Client;
import dev.amphora.kernel.Kernel;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.Quantity;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Something beside the plugins that has a say in where pods go, as an extender of kube-scheduler has: it may turn down nodes that all
 * plugins agree to, add to their scores, choose whom preemption hits, and bind pods in the scheduler's place. One for all profiles.
 *
 * <p>A plugin does the same at less cost: what it says can be remembered, and it can say which changes make another attempt worth while.
 * An extender is asked anew for each pod, about all nodes at once, and a pod whose nodes it turns down is tried again after any change. It is
 * for what lives in another process, or is to be shared with a kube-scheduler; {@link dev.amphora.scheduler.extender.HttpExtender}
 * asks one over HTTP.
 *
 * <p>Only methods for its {@link #verbs} are called. One that throws has failed: the pod's attempt fails too, unless the extender
 * {@linkplain #isIgnorable may be ignored}; failures of {@link #prioritize} are always ignored. {@link #filter} and {@link #preempt} are
 * called in the scheduling cycle, which waits; {@link #prioritize} too, beside other extenders; {@link #bind} from several threads. In a
 * simulation the answers must follow from the arguments and from what the kernel gives.
 *
 * <p>Mirrors {@code Extender} of kube-scheduler's framework.
 */
public interface SchedulerExtender {
    /** The highest priority of a node; the lowest is 0. */
    int MAX_PRIORITY = 10;

    /** What an extender has a say in. */
    enum Verb {
        /** {@link SchedulerExtender#filter}. */
        FILTER,
        /** {@link SchedulerExtender#prioritize}. */
        PRIORITIZE,
        /** {@link SchedulerExtender#preempt}. */
        PREEMPT,
        /** {@link SchedulerExtender#bind}. */
        BIND
    }

    /**
     * An extended resource that is in an extender's care.
     *
     * @param name such as {@code example.com/gpu}
     * @param ignoredByScheduler whether NodeResourcesFit leaves it to the extender whether a node has enough of it
     */
    record ManagedResource(String name, boolean ignoredByScheduler) {}

    /**
     * The answer of {@link #filter}.
     *
     * @param nodeNames the nodes that can run the pod, out of those asked about, in the order in which they are looked at further
     * @param failed why other nodes can't, where taking pods off might help; nodes may be left out
     * @param failedForGood why other nodes can't, where taking pods off won't help; counts before {@code failed}
     */
    record Filtered(List<String> nodeNames, Map<String, String> failed, Map<String, String> failedForGood) {}

    /**
     * The pods that have to go from a node so that another fits.
     *
     * @param pods the most important first
     * @param violations how many of them are protected by a disruption budget that has nothing left
     */
    record Victims(List<PodInfo> pods, long violations) {}

    /** By what messages name it. */
    default String name() {
        return getClass().getSimpleName();
    }

    /** What it has a say in; always the same. */
    Set<Verb> verbs();

    /** What its priorities are multiplied with, positive. */
    default long weight() {
        return 1;
    }

    /** Whether scheduling goes on without it when it fails. Such extenders are asked after the others. */
    default boolean isIgnorable() {
        return false;
    }

    /** The extended resources in its care; always the same. */
    default List<ManagedResource> managedResources() {
        return List.of();
    }

    /** Whether it is asked about a pod at all: unless it says otherwise, if the pod has to do with a resource in its care, or if there are none. */
    default boolean isInterestedIn(PodInfo pod) {
        List<ManagedResource> managed = managedResources();
        if (managed.isEmpty()) {
            return true;
        }
        for (ManagedResource resource : managed) {
            if (names(pod.spec().getContainers(), resource.name())
                    || names(pod.spec().getInitContainers(), resource.name())) {
                return true;
            }
        }
        return false;
    }

    private static boolean names(List<Container> containers, String resource) {
        for (Container container : containers) {
            if (container.getResources() != null
                    && (has(container.getResources().getRequests(), resource)
                            || has(container.getResources().getLimits(), resource))) {
                return true;
            }
        }
        return false;
    }

    private static boolean has(@Nullable Map<String, Quantity> quantities, String resource) {
        return quantities != null && quantities.containsKey(resource);
    }

    /**
     * Which nodes can run a pod.
     *
     * @param nodes those that no plugin and no extender before turns down; at least one
     */
    default Filtered filter(PodInfo pod, List<NodeInfo> nodes) {
        throw new UnsupportedOperationException("filter");
    }

    /**
     * How well nodes suit a pod.
     *
     * @param nodes those that can run it; at least two
     * @return priorities from 0 to {@value #MAX_PRIORITY} by the nodes' names; nodes may be left out. Ten times the priority times {@link
     *     #weight} is added to a node's score
     */
    default Map<String, Long> prioritize(PodInfo pod, List<NodeInfo> nodes) {
        throw new UnsupportedOperationException("prioritize");
    }

    /**
     * On which nodes whom to preempt for a pod.
     *
     * @param candidates by the nodes' names whom the scheduler would preempt there
     * @param nodes all nodes, with their pods
     * @return the same for those nodes on which preemption helps, with at least one victim each, perhaps others
     */
    default Map<String, Victims> preempt(PodInfo pod, Map<String, Victims> candidates, NodeSnapshot nodes) {
        throw new UnsupportedOperationException("preempt");
    }

    /** Binds a pod to a node at the API server, in the scheduler's place. */
    default void bind(PodInfo pod, String nodeName) {
        throw new UnsupportedOperationException("bind");
    }

    /**
     * The extender for one scheduler that starts to use it.
     *
     * @param kernel where it takes threads and time from
     * @param client the scheduler's
     * @return this, unless it needs one of them
     */
    default SchedulerExtender begin(Kernel kernel, Client client) {
        return this;
    }
}

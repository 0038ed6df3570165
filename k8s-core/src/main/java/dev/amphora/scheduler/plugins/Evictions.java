package dev.amphora.scheduler.plugins;

import dev.amphora.api.ResourceType;
import dev.amphora.api.StatusException;
import dev.amphora.client.DeleteOptions;
import dev.amphora.scheduler.framework.Handle;
import dev.amphora.scheduler.framework.PodInfo;
import dev.amphora.scheduler.framework.PodStatusPatch;
import dev.amphora.scheduler.framework.WaitingPod;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Pod;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Deletes the victims of preemption beside the scheduling cycle (KEP-4832), and knows which pods have to be held back until that is done.
 *
 * <p>It is done when the scheduler itself has seen that no victim is there any more that isn't on its way out. Were a pod let go when the
 * API server has answered, it could be tried before that, and would preempt others. All but the calls to the API server is done where
 * scheduling cycles run.
 */
final class Evictions {
    private static final Logger log = LoggerFactory.getLogger(Evictions.class);
    private static final ResourceType<Pod> PODS = ResourceType.of(Pod.class);
    private static final Duration PAUSE = Duration.ofSeconds(1);

    private final Handle handle;
    private final Map<String, Eviction> underWay = new HashMap<>();
    /** Those of which the end has not been seen, by the uids of the victims. */
    private final Map<String, List<Eviction>> byVictim = new HashMap<>();

    private final List<String> released = new ArrayList<>();
    private final Set<String> justReleased = new HashSet<>();

    /** The end of pods on a node for the sake of another. */
    private static final class Eviction {
        final PodInfo preemptor;
        final String nodeName;
        final List<PodInfo> victims;
        boolean called;
        boolean over;

        Eviction(PodInfo preemptor, String nodeName, List<PodInfo> victims) {
            this.preemptor = preemptor;
            this.nodeName = nodeName;
            this.victims = victims;
        }
    }

    Evictions(Handle handle) {
        this.handle = handle;
    }

    /** Whether victims of a pod are still there that nobody has begun to end. */
    boolean areUnderWayFor(PodInfo pod) {
        Eviction eviction = underWay.get(pod.uid());
        return eviction != null && !isOver(eviction);
    }

    private boolean isOver(Eviction eviction) {
        if (!eviction.called) {
            return false;
        }
        for (PodInfo victim : eviction.victims) {
            PodInfo now = handle.podOnNode(victim.uid());
            if (now != null && !now.isTerminating()) {
                return false;
            }
        }
        return true;
    }

    /**
     * The uids of pods whose victims have gone since this was asked last.
     *
     * @param about what has changed; the end of a victim is seen when that is it
     */
    Collection<String> released(@Nullable HasMetadata about) {
        justReleased.clear();
        List<Eviction> concerned =
                about == null ? null : byVictim.get(about.getMetadata().getUid());
        if (concerned != null) {
            for (Eviction eviction : List.copyOf(concerned)) {
                if (isOver(eviction)) {
                    release(eviction);
                }
            }
        }
        if (released.isEmpty()) {
            return List.of();
        }
        List<String> uids = List.copyOf(released);
        released.clear();
        justReleased.addAll(uids);
        return uids;
    }

    /** Whether a pod is among those that {@link #released} has told of last. */
    boolean hasJustReleased(PodInfo pod) {
        return justReleased.contains(pod.uid());
    }

    private void release(Eviction eviction) {
        eviction.over = true;
        for (PodInfo victim : eviction.victims) {
            byVictim.computeIfPresent(victim.uid(), (uid, all) -> {
                all.remove(eviction);
                return all.isEmpty() ? null : all;
            });
        }
        if (underWay.remove(eviction.preemptor.uid(), eviction)) {
            released.add(eviction.preemptor.uid());
        }
    }

    /** Begins to delete the victims of a pod; false if all of them are on their way out already. */
    boolean begin(PodInfo pod, Candidate candidate) {
        List<PodInfo> victims = candidate.victims().stream()
                .filter(victim -> !victim.isTerminating())
                .toList();
        if (victims.isEmpty()) {
            return false;
        }
        String nodeName = candidate.node().name();
        List<PodInfo> outranked = handle.nominatedPods(nodeName).stream()
                .filter(other -> other.priority() < pod.priority())
                .toList();
        outranked.forEach(handle::clearNomination);
        List<PodInfo> running = new ArrayList<>();
        for (PodInfo victim : victims) {
            WaitingPod waiting = handle.waitingPod(victim.uid());
            if (waiting == null) {
                running.add(victim);
            } else {
                waiting.reject("DefaultPreemption", "preempted");
                tell(victim, pod, nodeName);
            }
        }
        Eviction eviction = new Eviction(pod, nodeName, running);
        underWay.put(pod.uid(), eviction);
        for (PodInfo victim : running) {
            byVictim.computeIfAbsent(victim.uid(), uid -> new ArrayList<>(1)).add(eviction);
        }
        if (!outranked.isEmpty()) {
            handle.runAsync(() -> outranked.forEach(this::clearNominatedNode));
        }
        handle.runConcurrently(() -> evict(eviction));
        return true;
    }

    private void evict(Eviction eviction) {
        boolean complete = true;
        int last = eviction.victims.size() - 1;
        for (int i = 0; i < last; i++) {
            complete &= evict(eviction.victims.get(i), eviction);
        }
        // the deletion of the last one shall find the pod free to be tried again
        handle.runInCycle(() -> called(eviction));
        if (last >= 0) {
            complete &= evict(eviction.victims.get(last), eviction);
        }
        if (!complete) {
            handle.runInCycle(() -> failed(eviction));
        }
    }

    private void called(Eviction eviction) {
        eviction.called = true;
        if (isOver(eviction)) {
            // whatever could have woken the pod may have passed by
            release(eviction);
            handle.activate(List.of(eviction.preemptor));
        }
    }

    /** Nothing else may wake the pod; at once would be in vain as long as the server fails. */
    private void failed(Eviction eviction) {
        if (!eviction.over) {
            release(eviction);
            handle.runInCycleAfter(PAUSE, () -> handle.activate(List.of(eviction.preemptor)));
        }
    }

    private boolean evict(PodInfo victim, Eviction eviction) {
        try {
            new PodStatusPatch(victim)
                    .condition(
                            "DisruptionTarget",
                            "True",
                            "PreemptionByScheduler",
                            handle.schedulerName() + ": preempting to accommodate a higher priority pod",
                            handle.clock().instant())
                    .write(handle.client());
            handle.client()
                    .delete(
                            PODS,
                            victim.namespace(),
                            victim.name(),
                            DeleteOptions.defaults().onlyUid(victim.uid()));
        } catch (StatusException e) {
            if (!e.isNotFound()) {
                log.warn("Pod {} could not be preempted: {}", victim, e.getMessage());
            }
            return e.isNotFound();
        }
        tell(victim, eviction.preemptor, eviction.nodeName);
        return true;
    }

    private void tell(PodInfo victim, PodInfo preemptor, String nodeName) {
        String note = "Preempted by pod " + preemptor.uid() + " on node " + nodeName;
        handle.event(victim.pod(), "Normal", "Preempted", "Preempting", note);
    }

    private void clearNominatedNode(PodInfo pod) {
        try {
            new PodStatusPatch(pod).nominatedNode("").write(handle.client());
        } catch (StatusException e) {
            log.debug("The nominated node of pod {} could not be cleared: {}", pod, e.getMessage());
        }
    }
}

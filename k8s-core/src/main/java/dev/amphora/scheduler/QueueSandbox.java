package dev.amphora.scheduler;

import dev.amphora.scheduler.framework.ClusterEvent;
import dev.amphora.scheduler.framework.PodInfo;
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
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The scheduling queue alone, with the hints of a profile's plugins: pods come, are taken, fail; events happen; time goes on when the
 * clock does. For tests. Not safe for concurrent use.
 */
public final class QueueSandbox {
    private final SchedulingQueue queue;
    private final Map<String, QueuedPod> taken = new LinkedHashMap<>();
    private final Map<String, PodInfo> latest = new LinkedHashMap<>();

    /**
     * Where all pods are, by namespace and name.
     *
     * @param active those that are tried next
     * @param backoff those that wait after a failure
     * @param unschedulable those that wait for something to happen, held back ones included
     * @param inFlight those that have been taken and are not back
     * @param backoffUntil when each pod in {@code backoff} has waited long enough
     */
    public record Pools(
            List<String> active,
            List<String> backoff,
            List<String> unschedulable,
            List<String> inFlight,
            Map<String, Instant> backoffUntil) {}

    /** An empty queue. */
    public QueueSandbox(Profile profile, InstantSource clock) {
        SchedulerSandbox sandbox = new SchedulerSandbox(profile, 0, clock);
        this.queue = new SchedulingQueue(
                clock,
                Map.of(profile.schedulerName(), sandbox.framework()),
                sandbox.nominations(),
                Duration.ofSeconds(1),
                Duration.ofSeconds(10));
    }

    /** A pod appears. */
    public void add(Pod pod) {
        PodInfo info = PodInfo.of(pod);
        latest.put(info.key(), info);
        queue.add(info);
    }

    /** A waiting pod changes. */
    public void update(Pod before, Pod after) {
        PodInfo info = PodInfo.of(after);
        latest.put(info.key(), info);
        queue.update(PodInfo.of(before), info);
    }

    /** A waiting pod goes. */
    public void delete(String key) {
        PodInfo info = latest.remove(key);
        if (info != null) {
            queue.delete(info);
        }
    }

    /** Takes the next pod: its key and how often it has been taken; null if there is none. */
    public Map.@Nullable Entry<String, Integer> pop() {
        QueuedPod next = queue.pop();
        if (next == null) {
            return null;
        }
        taken.put(next.pod.key(), next);
        return Map.entry(next.pod.key(), next.attempts);
    }

    /**
     * A pod that was taken comes back.
     *
     * @param plugins which have turned it down; none if the attempt ended in an error
     */
    public void fail(String key, Collection<String> plugins) {
        QueuedPod queued = taken.remove(key);
        if (queued != null) {
            PodInfo info = latest.get(key);
            if (info != null) {
                queued.pod = info;
            }
            queued.unschedulablePlugins.addAll(plugins);
            queue.addUnschedulable(queued);
        }
    }

    /** A pod that was taken has been scheduled. */
    public void done(String key) {
        QueuedPod queued = taken.remove(key);
        if (queued != null) {
            queue.done(queued.pod.uid());
        }
    }

    /** Something changes in the cluster. */
    public void changed(@Nullable HasMetadata before, @Nullable HasMetadata after) {
        for (ClusterEvent event : ClusterChanges.of(before, after)) {
            queue.happened(event, before, after);
        }
    }

    /** Moves the pods whose time has come. */
    public void flush() {
        queue.flush();
    }

    /** Where all pods are. */
    public Pools pools() {
        List<QueuedPod> waiting = new ArrayList<>(queue.in(QueuedPod.Pool.BACKOFF));
        waiting.addAll(queue.in(QueuedPod.Pool.ERROR_BACKOFF));
        Map<String, Instant> until = new TreeMap<>();
        waiting.forEach(each -> until.put(each.pod.key(), queue.backoffUntil(each)));
        return new Pools(
                keys(queue.in(QueuedPod.Pool.ACTIVE)),
                keys(waiting),
                keys(queue.in(QueuedPod.Pool.UNSCHEDULABLE)),
                taken.keySet().stream().sorted().toList(),
                until);
    }

    private static List<String> keys(List<QueuedPod> pods) {
        return pods.stream().map(each -> each.pod.key()).sorted().toList();
    }
}

package dev.amphora.scheduler;

import dev.amphora.scheduler.framework.PodInfo;
import dev.amphora.scheduler.framework.QueuedPodInfo;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** A waiting pod and how it has fared. Belongs to {@link SchedulingQueue}. */
final class QueuedPod implements QueuedPodInfo {
    /** Where a pod is. */
    enum Pool {
        NONE,
        ACTIVE,
        BACKOFF,
        ERROR_BACKOFF,
        UNSCHEDULABLE
    }

    PodInfo pod;
    Instant queuedAt;

    @Nullable Instant firstTriedAt;

    @Nullable Instant triedAt;

    int attempts;
    int unschedulableCount;
    int consecutiveErrors;
    final Set<String> unschedulablePlugins = new TreeSet<>();
    final Set<String> pendingPlugins = new TreeSet<>();

    @Nullable String gatingPlugin;

    @Nullable Instant backoffUntil;

    Pool pool = Pool.NONE;
    long sequence;

    SchedulerMetrics.@Nullable Gauge countedIn;
    final List<SchedulerMetrics.Gauge> blamed = new ArrayList<>(0);

    QueuedPod(PodInfo pod, Instant queuedAt) {
        this.pod = pod;
        this.queuedAt = queuedAt;
    }

    boolean isGated() {
        return gatingPlugin != null;
    }

    boolean isRejectedByNone() {
        return unschedulablePlugins.isEmpty() && pendingPlugins.isEmpty();
    }

    @Override
    public PodInfo podInfo() {
        return pod;
    }

    @Override
    public Instant queuedAt() {
        return queuedAt;
    }

    @Override
    public @Nullable Instant firstTriedAt() {
        return firstTriedAt;
    }

    @Override
    public int attempts() {
        return attempts;
    }

    @Override
    public String toString() {
        return pod.key();
    }
}

package dev.amphora.scheduler;

import dev.amphora.kernel.Meters;
import dev.amphora.scheduler.framework.ClusterEvent;
import dev.amphora.scheduler.framework.EventResource;
import dev.amphora.scheduler.framework.PodInfo;
import dev.amphora.scheduler.framework.QueueSortPlugin;
import dev.amphora.scheduler.framework.ReleasingPlugin;
import dev.amphora.scheduler.framework.Status;
import io.fabric8.kubernetes.api.model.HasMetadata;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The pods that wait to be scheduled.
 *
 * <p>They are in one of three pools: <em>active</em>, from which they are taken in the order of the queue sort plugin; <em>back-off</em>
 * after a failed attempt; and <em>unschedulable</em>, until something happens in the cluster that a plugin which turned them down says
 * helps, or five minutes have passed. What happens while a pod is being tried is remembered and held against its failure.
 *
 * <p>Mirrors the reference's queue with queueing hints (KEP-4247) and with pods taken early out of back-off when no other is active
 * (KEP-5142). The unschedulable pool is indexed by plugin, so that an event costs as much as there are pods that it may concern.
 * Belongs to the scheduler's actor.
 */
final class SchedulingQueue {
    private static final Duration MAX_IN_UNSCHEDULABLE = Duration.ofMinutes(5);
    private static final Duration BACKOFF_WINDOW = Duration.ofSeconds(1);

    private final InstantSource clock;
    private final Map<String, Framework> profiles;
    private final Map<String, QueueingHints> hints = new HashMap<>();
    private final Nominations nominations;
    private final Duration initialBackoff;
    private final Duration maxBackoff;
    private final SchedulerMetrics metrics;
    private final Map<String, QueuedPod> pods = new HashMap<>();
    private final TreeSet<QueuedPod> active;
    private final TreeSet<QueuedPod> backoff;
    private final TreeSet<QueuedPod> errorBackoff;
    private final TreeSet<QueuedPod> unschedulable;
    /** Those of them that are not held back, which are moved by time. */
    private final TreeSet<QueuedPod> ungated;

    private final Map<String, TreeMap<Long, QueuedPod>> rejectedBy = new HashMap<>();
    private final Map<String, Long> inFlight = new LinkedHashMap<>();
    private final ArrayDeque<Happening> happenings = new ArrayDeque<>();
    private long firstHappening;
    private long sequence;

    /** Something that happened while pods were being tried. */
    private record Happening(ClusterEvent event, @Nullable HasMetadata before, @Nullable HasMetadata after) {}

    /** What an event means for a pod. */
    private enum Strategy {
        SKIP,
        AFTER_BACKOFF,
        IMMEDIATELY
    }

    /** A queue whose measurements nobody sees. */
    SchedulingQueue(
            InstantSource clock,
            Map<String, Framework> profiles,
            Nominations nominations,
            Duration initialBackoff,
            Duration maxBackoff) {
        this(clock, profiles, nominations, initialBackoff, maxBackoff, new SchedulerMetrics(new Meters(), clock));
    }

    SchedulingQueue(
            InstantSource clock,
            Map<String, Framework> profiles,
            Nominations nominations,
            Duration initialBackoff,
            Duration maxBackoff,
            SchedulerMetrics metrics) {
        this.metrics = metrics;
        this.clock = clock;
        this.profiles = profiles;
        this.nominations = nominations;
        this.initialBackoff = initialBackoff;
        this.maxBackoff = maxBackoff;
        profiles.forEach((name, profile) -> hints.put(
                name,
                new QueueingHints(profile.plugins(), !profile.askedExtenders().isEmpty())));
        QueueSortPlugin sort = commonSort(profiles);
        Comparator<QueuedPod> bySort = sort::compare;
        Comparator<QueuedPod> bySequence = Comparator.comparingLong(pod -> pod.sequence);
        this.active = new TreeSet<>(bySort.thenComparing(bySequence));
        Comparator<QueuedPod> byBackoff =
                Comparator.comparing(this::backoffUntil).thenComparing(bySort).thenComparing(bySequence);
        this.backoff = new TreeSet<>(byBackoff);
        this.errorBackoff = new TreeSet<>(byBackoff);
        Comparator<QueuedPod> byTime = Comparator.comparing(QueuedPod::queuedAt).thenComparing(bySequence);
        this.unschedulable = new TreeSet<>(byTime);
        this.ungated = new TreeSet<>(byTime);
    }

    /** There is one queue, and so one order in it. */
    private static QueueSortPlugin commonSort(Map<String, Framework> profiles) {
        QueueSortPlugin first = profiles.values().iterator().next().queueSortPlugin();
        profiles.forEach((name, profile) -> {
            if (!profile.queueSortPlugin().name().equals(first.name())) {
                throw new IllegalArgumentException("different queue sort plugins for profile \"" + name + "\": \""
                        + profile.queueSortPlugin().name() + "\", first: \"" + first.name() + "\"");
            }
        });
        return first;
    }

    // -- pods come, change and go ------------------------------------------------------------------------------------

    /** A pod appears that waits for a node. */
    void add(PodInfo pod) {
        QueuedPod known = pods.get(pod.uid());
        if (known != null) {
            update(known.pod, pod);
            return;
        }
        enterAnew(pod);
    }

    /** A pod that is held back is nominated nowhere until it is let go. */
    private void enterAnew(PodInfo pod) {
        QueuedPod queued = new QueuedPod(pod, clock.instant());
        moveToActive(queued, metrics.podAdded);
        if (queued.pool == QueuedPod.Pool.ACTIVE) {
            nominations.update(null, pod);
        }
    }

    /** A waiting pod has changed. */
    void update(@Nullable PodInfo before, PodInfo after) {
        List<ClusterEvent> events = before == null
                ? List.of(ClusterChanges.UNSCHEDULED_POD_UPDATE)
                : ClusterChanges.ofPod(before, after, false);
        if (inFlight.containsKey(after.uid())) {
            nominations.update(before, after);
            events.forEach(event -> remember(event, before == null ? null : before.pod(), after.pod()));
            return;
        }
        QueuedPod queued = pods.get(after.uid());
        if (queued == null) {
            enterAnew(after);
            return;
        }
        nominations.update(before, after);
        switch (queued.pool) {
            case ACTIVE, BACKOFF, ERROR_BACKOFF -> {
                QueuedPod.Pool pool = queued.pool;
                leave(queued);
                queued.pod = after;
                enter(queued, pool);
            }
            case UNSCHEDULABLE -> {
                queued.pod = after;
                for (ClusterEvent event : events) {
                    Strategy strategy = judge(queued, event, before == null ? null : before.pod(), after.pod());
                    if (strategy != Strategy.SKIP
                            && requeue(queued, strategy, metrics.way(event)) != QueuedPod.Pool.UNSCHEDULABLE) {
                        break;
                    }
                }
            }
            case NONE -> {}
        }
    }

    /** A pod no longer waits, because it has gone or has a node. */
    void delete(PodInfo pod) {
        nominations.remove(pod.uid());
        QueuedPod queued = pods.remove(pod.uid());
        if (queued != null) {
            leave(queued);
            metrics.acquit(queued);
        }
    }

    // -- attempts ----------------------------------------------------------------------------------------------------

    /** Takes the next pod, null if there is none. Each pod taken must come back by {@link #addUnschedulable} or {@link #done}. */
    @Nullable QueuedPod pop() {
        QueuedPod next = active.pollFirst();
        if (next == null) {
            next = backoff.pollFirst();
            if (next == null) {
                return null;
            }
            metrics.takenFromBackoff.leadsTo(QueuedPod.Pool.ACTIVE);
        }
        metrics.left(next);
        metrics.acquit(next);
        next.pool = QueuedPod.Pool.NONE;
        pods.remove(next.pod.uid());
        next.attempts++;
        next.triedAt = clock.instant();
        if (next.firstTriedAt == null) {
            next.firstTriedAt = next.triedAt;
        }
        next.backoffUntil = null;
        next.unschedulablePlugins.clear();
        next.pendingPlugins.clear();
        next.gatingPlugin = null;
        inFlight.put(next.pod.uid(), firstHappening + happenings.size());
        return next;
    }

    /** Whether {@link #pop} would give a pod. */
    boolean hasNext() {
        return !active.isEmpty() || !backoff.isEmpty();
    }

    /** The attempt to schedule a pod has come to an end. */
    void done(String uid) {
        if (inFlight.remove(uid) == null) {
            return;
        }
        long oldest = inFlight.isEmpty()
                ? firstHappening + happenings.size()
                : inFlight.values().iterator().next();
        while (firstHappening < oldest) {
            happenings.removeFirst();
            firstHappening++;
        }
    }

    /**
     * An attempt has failed.
     *
     * @param queued as it was taken, with the plugins that turned it down; none if it ended in an error
     */
    void addUnschedulable(QueuedPod queued) {
        String uid = queued.pod.uid();
        if (pods.containsKey(uid)) {
            done(uid);
            return;
        }
        if (queued.isRejectedByNone()) {
            queued.consecutiveErrors++;
        } else {
            queued.unschedulableCount++;
            queued.consecutiveErrors = 0;
        }
        queued.queuedAt = clock.instant();
        queued.backoffUntil = null;
        Strategy strategy = judgeWhatHappened(queued);
        done(uid);
        requeue(queued, strategy, metrics.attemptFailed);
    }

    private Strategy judgeWhatHappened(QueuedPod queued) {
        Long since = inFlight.get(queued.pod.uid());
        if (queued.isRejectedByNone()) {
            return Strategy.AFTER_BACKOFF;
        }
        Strategy best = Strategy.SKIP;
        if (since != null) {
            long index = firstHappening;
            for (Happening happening : happenings) {
                if (index++ < since) {
                    continue;
                }
                Strategy strategy = judge(queued, happening.event, happening.before, happening.after);
                if (strategy == Strategy.IMMEDIATELY) {
                    return strategy;
                }
                best = strategy == Strategy.SKIP ? best : strategy;
            }
        }
        return best;
    }

    // -- events ------------------------------------------------------------------------------------------------------

    /** Something happened in the cluster: moves the pods that it helps. */
    void happened(ClusterEvent event, @Nullable HasMetadata before, @Nullable HasMetadata after) {
        happened(event, before, after, pod -> true);
    }

    /** The same, where only some of the pods that wait come into question. */
    void happened(
            ClusterEvent event, @Nullable HasMetadata before, @Nullable HasMetadata after, Predicate<PodInfo> whom) {
        takeReleased(after == null ? before : after);
        boolean ofInterest = false;
        TreeMap<Long, QueuedPod> candidates = new TreeMap<>();
        for (QueueingHints profile : hints.values()) {
            for (QueueingHints.Registration registration : profile.concernedBy(event)) {
                ofInterest = true;
                TreeMap<Long, QueuedPod> rejected = rejectedBy.get(registration.plugin());
                if (rejected != null) {
                    candidates.putAll(rejected);
                }
            }
        }
        if (!ofInterest) {
            return;
        }
        for (QueuedPod queued : candidates.values()) {
            if (whom.test(queued.pod)) {
                move(queued, event, before, after);
            }
        }
        remember(event, before, after);
    }

    private void move(QueuedPod queued, ClusterEvent event, @Nullable HasMetadata before, @Nullable HasMetadata after) {
        String gate = queued.gatingPlugin;
        if (gate != null && !hintsOf(queued).concerns(event, gate)) {
            return;
        }
        Strategy strategy = judge(queued, event, before, after);
        if (strategy != Strategy.SKIP) {
            requeue(queued, strategy, metrics.way(event));
        }
    }

    private void remember(ClusterEvent event, @Nullable HasMetadata before, @Nullable HasMetadata after) {
        if (!inFlight.isEmpty()) {
            happenings.addLast(new Happening(event, before, after));
        }
    }

    private Strategy judge(
            QueuedPod queued, ClusterEvent event, @Nullable HasMetadata before, @Nullable HasMetadata after) {
        if (queued.isRejectedByNone()) {
            return Strategy.AFTER_BACKOFF;
        }
        if (event.isWildcard()) {
            // a wildcard with an object is for that pod alone
            return after == null || queued.pod.uid().equals(after.getMetadata().getUid())
                    ? Strategy.AFTER_BACKOFF
                    : Strategy.SKIP;
        }
        Strategy best = Strategy.SKIP;
        for (QueueingHints.Registration registration : hintsOf(queued).concernedBy(event)) {
            boolean pending = queued.pendingPlugins.contains(registration.plugin());
            if ((!pending && !queued.unschedulablePlugins.contains(registration.plugin()))
                    || !registration.helps(queued.pod, before, after)) {
                continue;
            }
            if (pending) {
                return Strategy.IMMEDIATELY;
            }
            if (queued.pendingPlugins.isEmpty()) {
                return Strategy.AFTER_BACKOFF;
            }
            best = Strategy.AFTER_BACKOFF;
        }
        return best;
    }

    private QueueingHints hintsOf(QueuedPod queued) {
        QueueingHints known = hints.get(queued.pod.schedulerName());
        if (known == null) {
            throw new IllegalStateException("no profile " + queued.pod.schedulerName());
        }
        return known;
    }

    // -- time --------------------------------------------------------------------------------------------------------

    /** Moves the pods whose back-off is over, then those that have been unschedulable for too long. */
    void flush() {
        Instant now = clock.instant();
        flush(backoff, now);
        flush(errorBackoff, now);
        List<QueuedPod> stale = new ArrayList<>();
        for (QueuedPod queued : unschedulable) {
            if (Duration.between(queued.queuedAt, now).compareTo(MAX_IN_UNSCHEDULABLE) <= 0) {
                break;
            }
            stale.add(queued);
        }
        if (!stale.isEmpty()) {
            stale.forEach(queued -> move(queued, ClusterEvent.WILDCARD, null, null));
            remember(ClusterEvent.WILDCARD, null, null);
        }
    }

    private void flush(TreeSet<QueuedPod> pool, Instant now) {
        while (!pool.isEmpty() && !isBackingOff(pool.first(), now)) {
            arrive(pool.first(), pool.first().pool, QueuedPod.Pool.ACTIVE, metrics.backoffOver);
        }
    }

    /** When {@link #flush} has something to do next; null if nothing waits for time. */
    @Nullable Instant nextFlush() {
        Instant next = backoff.isEmpty() ? null : backoffUntil(backoff.first()).plus(BACKOFF_WINDOW);
        if (!errorBackoff.isEmpty()) {
            next = earlier(next, backoffUntil(errorBackoff.first()).plus(BACKOFF_WINDOW));
        }
        return ungated.isEmpty()
                ? next
                : earlier(
                        next,
                        ungated.first().queuedAt.plus(MAX_IN_UNSCHEDULABLE).plusMillis(1));
    }

    private static Instant earlier(@Nullable Instant a, Instant b) {
        return a == null || b.isBefore(a) ? b : a;
    }

    /** Whether a pod's back-off has not ended, or has ended within the second that is running. */
    private boolean isBackingOff(QueuedPod queued, Instant now) {
        return !backoffUntil(queued).isBefore(now.truncatedTo(ChronoUnit.SECONDS));
    }

    /** When a pod's back-off ends, cut to the second; long ago if it has never failed. */
    Instant backoffUntil(QueuedPod queued) {
        Instant known = queued.backoffUntil;
        if (known == null) {
            int failures = queued.consecutiveErrors > 0 ? queued.consecutiveErrors : queued.unschedulableCount;
            Duration wait = backoff(initialBackoff, maxBackoff, failures);
            known = wait.isZero() ? Instant.EPOCH : queued.queuedAt.plus(wait).truncatedTo(ChronoUnit.SECONDS);
            queued.backoffUntil = known;
        }
        return known;
    }

    /** The back-off after a number of failures: doubled each time up to a maximum. */
    static Duration backoff(Duration initial, Duration max, int failures) {
        if (failures == 0) {
            return Duration.ZERO;
        }
        Duration wait = initial;
        for (int i = 1; i < failures; i++) {
            wait = wait.multipliedBy(2);
            if (wait.compareTo(max) >= 0) {
                return max;
            }
        }
        return wait.compareTo(max) > 0 ? max : wait;
    }

    // -- moves -------------------------------------------------------------------------------------------------------

    /** Moves pods to the active pool, unless they are held back; those that are being tried are tried again if they fail. */
    void activate(Collection<PodInfo> wanted) {
        for (PodInfo pod : wanted) {
            QueuedPod queued = pods.get(pod.uid());
            if (queued == null) {
                if (inFlight.containsKey(pod.uid())) {
                    remember(ClusterEvent.WILDCARD, null, pod.pod());
                }
            } else if (queued.pool == QueuedPod.Pool.UNSCHEDULABLE) {
                moveToActive(queued, metrics.activated);
            } else if (queued.pool != QueuedPod.Pool.ACTIVE) {
                arrive(queued, queued.pool, QueuedPod.Pool.ACTIVE, metrics.activated);
            }
        }
    }

    private QueuedPod.Pool requeue(QueuedPod queued, Strategy strategy, SchedulerMetrics.Way way) {
        QueuedPod.Pool from = queued.pool;
        if (strategy == Strategy.SKIP) {
            arrive(queued, from, QueuedPod.Pool.UNSCHEDULABLE, way);
        } else if (strategy == Strategy.AFTER_BACKOFF && isBackingOff(queued, clock.instant())) {
            boolean gated = isHeldBack(queued);
            QueuedPod.Pool pool = queued.consecutiveErrors > 0 ? QueuedPod.Pool.ERROR_BACKOFF : QueuedPod.Pool.BACKOFF;
            arrive(queued, from, gated ? QueuedPod.Pool.UNSCHEDULABLE : pool, way);
        } else {
            moveToActive(queued, way);
        }
        return queued.pool;
    }

    private void moveToActive(QueuedPod queued, SchedulerMetrics.Way way) {
        QueuedPod.Pool from = queued.pool;
        boolean gated = isHeldBack(queued);
        arrive(queued, from, gated ? QueuedPod.Pool.UNSCHEDULABLE : QueuedPod.Pool.ACTIVE, way);
    }

    private void arrive(QueuedPod queued, QueuedPod.Pool from, QueuedPod.Pool pool, SchedulerMetrics.Way way) {
        enter(queued, pool);
        if (pool != from) {
            way.leadsTo(pool);
        }
    }

    /** Asks the PreEnqueue plugins. */
    private boolean isHeldBack(QueuedPod queued) {
        Framework profile = profiles.get(queued.pod.schedulerName());
        Status refusal = profile == null ? null : profile.runPreEnqueue(queued.pod);
        if (refusal == null || refusal.plugin() == null) {
            queued.gatingPlugin = null;
            return false;
        }
        if (queued.pool == QueuedPod.Pool.UNSCHEDULABLE) {
            leave(queued);
        }
        queued.gatingPlugin = refusal.plugin();
        queued.unschedulablePlugins.add(refusal.plugin());
        return true;
    }

    private void enter(QueuedPod queued, QueuedPod.Pool pool) {
        if (queued.pool != QueuedPod.Pool.NONE) {
            leave(queued);
        }
        queued.sequence = sequence++;
        queued.pool = pool;
        pods.put(queued.pod.uid(), queued);
        switch (pool) {
            case ACTIVE -> active.add(queued);
            case BACKOFF -> backoff.add(queued);
            case ERROR_BACKOFF -> errorBackoff.add(queued);
            case UNSCHEDULABLE -> {
                unschedulable.add(queued);
                if (!queued.isGated()) {
                    ungated.add(queued);
                }
                if (!isUntilReleased(queued)) {
                    index(queued);
                }
            }
            case NONE -> throw new IllegalArgumentException();
        }
        metrics.entered(queued);
    }

    /** Whether a pod is held back by a plugin that says when it lets go. */
    private boolean isUntilReleased(QueuedPod queued) {
        String gate = queued.gatingPlugin;
        Framework profile = gate == null ? null : profiles.get(queued.pod.schedulerName());
        return profile != null
                && profile.releasingPlugins().stream()
                        .anyMatch(plugin -> plugin.name().equals(gate));
    }

    /** Has events look at the pods that plugins have let go of. */
    private void takeReleased(@Nullable HasMetadata about) {
        for (Framework profile : profiles.values()) {
            for (ReleasingPlugin plugin : profile.releasingPlugins()) {
                for (String uid : plugin.released(about)) {
                    QueuedPod queued = pods.get(uid);
                    if (queued != null && queued.pool == QueuedPod.Pool.UNSCHEDULABLE) {
                        index(queued);
                    }
                }
            }
        }
    }

    private void index(QueuedPod queued) {
        index(queued, queued.unschedulablePlugins);
        index(queued, queued.pendingPlugins);
    }

    private void index(QueuedPod queued, Collection<String> plugins) {
        for (String plugin : plugins) {
            rejectedBy.computeIfAbsent(plugin, name -> new TreeMap<>()).put(queued.sequence, queued);
        }
    }

    private void leave(QueuedPod queued) {
        switch (queued.pool) {
            case ACTIVE -> active.remove(queued);
            case BACKOFF -> backoff.remove(queued);
            case ERROR_BACKOFF -> errorBackoff.remove(queued);
            case UNSCHEDULABLE -> {
                unschedulable.remove(queued);
                ungated.remove(queued);
                unindex(queued, queued.unschedulablePlugins);
                unindex(queued, queued.pendingPlugins);
            }
            case NONE -> {}
        }
        metrics.left(queued);
        queued.pool = QueuedPod.Pool.NONE;
    }

    private void unindex(QueuedPod queued, Collection<String> plugins) {
        for (String plugin : plugins) {
            TreeMap<Long, QueuedPod> rejected = rejectedBy.get(plugin);
            if (rejected != null) {
                rejected.remove(queued.sequence);
            }
        }
    }

    /** What plugins have registered events for. */
    Set<EventResource> resourcesOfInterest() {
        Set<EventResource> resources = EnumSet.noneOf(EventResource.class);
        hints.values().forEach(each -> resources.addAll(each.resources()));
        return resources;
    }

    // -- looks -------------------------------------------------------------------------------------------------------

    /** A waiting pod, null if it is not in any pool. */
    @Nullable QueuedPod find(String uid) {
        return pods.get(uid);
    }

    /** The pods of a pool. */
    List<QueuedPod> in(QueuedPod.Pool pool) {
        return switch (pool) {
            case ACTIVE -> List.copyOf(active);
            case BACKOFF -> List.copyOf(backoff);
            case ERROR_BACKOFF -> List.copyOf(errorBackoff);
            case UNSCHEDULABLE -> List.copyOf(unschedulable);
            case NONE -> List.of();
        };
    }

    /** The uids of the pods that are being tried. */
    Collection<String> inFlight() {
        return List.copyOf(inFlight.keySet());
    }
}

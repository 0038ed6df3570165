package dev.amphora.scheduler;

import dev.amphora.kernel.Meters;
import dev.amphora.kernel.MetricFamily;
import dev.amphora.kernel.MetricFamily.Series;
import dev.amphora.scheduler.framework.Actions;
import dev.amphora.scheduler.framework.ClusterEvent;
import dev.amphora.scheduler.framework.EventResource;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.DoubleStream;
import org.jspecify.annotations.Nullable;

/**
 * What a scheduler measures of itself, by the reference's names. What it holds at the moment is taken back when it ends, so that
 * schedulers on one kernel add up. Belongs to the scheduler's actor, except for {@link #close}.
 */
final class SchedulerMetrics implements AutoCloseable {
    private static final int MAX_ATTEMPTS_TOLD = 15;

    private final InstantSource clock;
    private final MetricFamily attempts;
    private final MetricFamily attemptSeconds;
    private final MetricFamily sliSeconds;
    private final MetricFamily incoming;
    private final MetricFamily unschedulable;
    private final Series algorithmSeconds;
    private final Series attemptsOfScheduled;
    private final List<Gauge> gauges = new ArrayList<>();
    private final Gauge active;
    private final Gauge backoff;
    private final Gauge turnedDown;
    private final Gauge gated;
    private final Gauge nodes;
    private final Gauge pods;
    private final Gauge assumedPods;
    private final Map<String, OfProfile> profiles = new HashMap<>();
    private final Map<String, Way> ways = new HashMap<>();
    private final Map<ClusterEvent, Way> waysByEvent = new HashMap<>();
    private final @Nullable Series[] slis = new Series[MAX_ATTEMPTS_TOLD + 1];
    private boolean closed;

    final Way podAdded;
    final Way attemptFailed;
    final Way backoffOver;
    final Way takenFromBackoff;
    final Way activated;
    final Way waitedTooLong;

    SchedulerMetrics(Meters meters, InstantSource clock) {
        this.clock = clock;
        attempts = meters.counter(
                "scheduler_schedule_attempts_total",
                "[STABLE] Attempts to schedule pods, by what came of them.",
                "profile",
                "result");
        attemptSeconds = meters.histogram(
                "scheduler_scheduling_attempt_duration_seconds",
                "[STABLE] How long attempts to schedule pods took, binding included, in seconds.",
                doubling(0.001, 15),
                "profile",
                "result");
        algorithmSeconds = meters.histogram(
                        "scheduler_scheduling_algorithm_duration_seconds",
                        "[ALPHA] How long it took to find a node, or that there is none, in seconds.",
                        doubling(0.001, 15))
                .series();
        sliSeconds = meters.histogram(
                "scheduler_pod_scheduling_sli_duration_seconds",
                "[BETA] How long pods took from their first attempt until they were bound, in seconds.",
                doubling(0.01, 20),
                "attempts");
        attemptsOfScheduled = meters.histogram(
                        "scheduler_pod_scheduling_attempts",
                        "[STABLE] How many attempts it took to schedule pods.",
                        doubling(1, 5))
                .series();
        incoming = meters.counter(
                "scheduler_queue_incoming_pods_total",
                "[STABLE] Pods that came to a part of the queue, by what brought them.",
                "event",
                "queue");
        unschedulable = meters.gauge(
                "scheduler_unschedulable_pods",
                "[ALPHA] Waiting pods, by each of the plugins that turned them down.",
                "plugin",
                "profile");
        MetricFamily pending =
                meters.gauge("scheduler_pending_pods", "[STABLE] Waiting pods, by the part of the queue.", "queue");
        active = gauge(pending.series("active"));
        backoff = gauge(pending.series("backoff"));
        turnedDown = gauge(pending.series("unschedulable"));
        gated = gauge(pending.series("gated"));
        MetricFamily cached = meters.gauge(
                "scheduler_cache_size", "[ALPHA] Nodes, pods on nodes, and pods that are about to be bound.", "type");
        nodes = gauge(cached.series("nodes"));
        pods = gauge(cached.series("pods"));
        assumedPods = gauge(cached.series("assumed_pods"));
        podAdded = way(new ClusterEvent(EventResource.UNSCHEDULED_POD, Actions.ADD));
        attemptFailed = way("ScheduleAttemptFailure");
        backoffOver = way("BackoffComplete");
        takenFromBackoff = way("PopFromBackoffQ");
        activated = way("ForceActivate");
        waitedTooLong = way("UnschedulableTimeout");
    }

    private static double[] doubling(double first, int count) {
        return DoubleStream.iterate(first, bound -> bound * 2).limit(count).toArray();
    }

    /** A number that this scheduler has its share in. */
    static final class Gauge {
        private final Series series;
        private long share;
        private boolean ended;

        private Gauge(Series series) {
            this.series = series;
        }

        private synchronized void add(long amount) {
            if (!ended && amount != 0) {
                share += amount;
                series.add(amount);
            }
        }

        private synchronized void set(long value) {
            add(value - share);
        }

        private synchronized void end() {
            add(-share);
            ended = true;
        }
    }

    /** What brings pods to the parts of the queue; series are there once something has come. */
    final class Way {
        private final String event;
        private final @Nullable Series[] byPool = new Series[QueuedPod.Pool.values().length];

        private Way(String event) {
            this.event = event;
        }

        /** A pod has come to a pool in which it was not before. */
        void leadsTo(QueuedPod.Pool pool) {
            Series known = byPool[pool.ordinal()];
            if (known == null) {
                known = incoming.series(
                        event,
                        switch (pool) {
                            case ACTIVE -> "active";
                            case BACKOFF, ERROR_BACKOFF -> "backoff";
                            case UNSCHEDULABLE -> "unschedulable";
                            case NONE -> throw new IllegalArgumentException();
                        });
                byPool[pool.ordinal()] = known;
            }
            known.add(1);
        }
    }

    private record Measured(Series count, Series seconds) {}

    /** What is told of one profile. */
    private final class OfProfile {
        private final String profile;
        private final Map<String, Gauge> byPlugin = new HashMap<>();
        private @Nullable Measured scheduled;
        private @Nullable Measured unschedulableOnes;
        private @Nullable Measured errors;

        OfProfile(String profile) {
            this.profile = profile;
        }

        private Measured measured(String result) {
            return new Measured(attempts.series(profile, result), attemptSeconds.series(profile, result));
        }

        Measured scheduled() {
            scheduled = scheduled == null ? measured("scheduled") : scheduled;
            return scheduled;
        }

        Measured failed(boolean rejected) {
            if (rejected) {
                unschedulableOnes = unschedulableOnes == null ? measured("unschedulable") : unschedulableOnes;
                return unschedulableOnes;
            }
            errors = errors == null ? measured("error") : errors;
            return errors;
        }

        Gauge turnedDownBy(String plugin) {
            return byPlugin.computeIfAbsent(plugin, name -> gauge(unschedulable.series(name, profile)));
        }
    }

    private OfProfile profile(String name) {
        return profiles.computeIfAbsent(name, OfProfile::new);
    }

    private Gauge gauge(Series series) {
        Gauge gauge = new Gauge(series);
        synchronized (gauges) {
            if (closed) {
                gauge.end();
            }
            gauges.add(gauge);
        }
        return gauge;
    }

    private Way way(String event) {
        return ways.computeIfAbsent(event, Way::new);
    }

    /** The way of pods that something happening in the cluster moves. */
    Way way(ClusterEvent event) {
        Way known = waysByEvent.get(event);
        if (known == null) {
            known = event.isWildcard()
                    ? waitedTooLong
                    : way(event.resource() + String.join("", Actions.names(event.actions())));
            waysByEvent.put(event, known);
        }
        return known;
    }

    // -- attempts ----------------------------------------------------------------------------------------------------

    /** A node has been found for a pod, or it is clear that there is none. */
    void decided(QueuedPod pod) {
        algorithmSeconds.observe(seconds(pod.triedAt, clock.instant()));
    }

    /** A pod has been bound. */
    void scheduled(QueuedPod pod, String profile) {
        Instant now = clock.instant();
        Measured measured = profile(profile).scheduled();
        measured.count.add(1);
        measured.seconds.observe(seconds(pod.triedAt, now));
        attemptsOfScheduled.observe(pod.attempts);
        int told = Math.min(pod.attempts, MAX_ATTEMPTS_TOLD);
        Series sli = slis[told];
        if (sli == null) {
            sli = sliSeconds.series(told == MAX_ATTEMPTS_TOLD ? told + "+" : Integer.toString(told));
            slis[told] = sli;
        }
        sli.observe(seconds(pod.firstTriedAt, now));
    }

    /** An attempt has failed, because something refused the pod or because something is broken. */
    void failed(QueuedPod pod, String profile, boolean rejected) {
        Measured measured = profile(profile).failed(rejected);
        measured.count.add(1);
        measured.seconds.observe(seconds(pod.triedAt, clock.instant()));
    }

    private static double seconds(@Nullable Instant from, Instant to) {
        return from == null ? 0 : Duration.between(from, to).toNanos() / 1e9;
    }

    // -- what the scheduler holds ------------------------------------------------------------------------------------

    /** A pod waits in a pool. */
    void entered(QueuedPod pod) {
        Gauge part =
                switch (pod.pool) {
                    case ACTIVE -> active;
                    case BACKOFF, ERROR_BACKOFF -> backoff;
                    case UNSCHEDULABLE -> pod.isGated() ? gated : turnedDown;
                    case NONE -> throw new IllegalArgumentException();
                };
        part.add(1);
        pod.countedIn = part;
        if (!pod.isRejectedByNone()) {
            blame(pod, pod.unschedulablePlugins);
            blame(pod, pod.pendingPlugins);
        }
    }

    private void blame(QueuedPod pod, Collection<String> plugins) {
        for (String plugin : plugins) {
            Gauge gauge = profile(pod.pod.schedulerName()).turnedDownBy(plugin);
            if (!pod.blamed.contains(gauge)) {
                gauge.add(1);
                pod.blamed.add(gauge);
            }
        }
    }

    /** A pod has left its pool. */
    void left(QueuedPod pod) {
        Gauge part = pod.countedIn;
        if (part != null) {
            part.add(-1);
            pod.countedIn = null;
        }
    }

    /** A pod no longer waits, so that nobody has turned it down. */
    void acquit(QueuedPod pod) {
        pod.blamed.forEach(gauge -> gauge.add(-1));
        pod.blamed.clear();
    }

    /** The cache holds so much. */
    void cached(int nodesNow, int podsNow, int assumedNow) {
        nodes.set(nodesNow);
        pods.set(podsNow);
        assumedPods.set(assumedNow);
    }

    /** The scheduler has ended and holds nothing. Idempotent, from any thread. */
    @Override
    public void close() {
        synchronized (gauges) {
            closed = true;
            gauges.forEach(Gauge::end);
        }
    }
}

package dev.amphora.client;

import dev.amphora.api.Json;
import dev.amphora.api.ResourceType;
import dev.amphora.api.StatusException;
import dev.amphora.kernel.Actor;
import dev.amphora.kernel.Kernel;
import dev.amphora.kernel.MetricFamily.Series;
import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import io.fabric8.kubernetes.api.model.coordination.v1.LeaseBuilder;
import io.fabric8.kubernetes.api.model.coordination.v1.LeaseSpec;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Elects one of several candidates by a Lease, with the algorithm and the defaults of the reference's
 * {@code client-go/tools/leaderelection}.
 *
 * <p>A candidate looks at the Lease every {@code retryPeriod}, takes it when it has seen no renewal for {@code leaseDuration} on
 * its own clock, renews it while it leads, and steps down when no renewal has succeeded for {@code renewDeadline}.
 */
public final class LeaderElector implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(LeaderElector.class);
    private static final ResourceType<Lease> LEASES = ResourceType.of(Lease.class);
    private static final double JITTER = 1.2;
    private static final Duration LOOK = Duration.ofMillis(20);

    private final Client client;
    private final Kernel kernel;
    private final Settings settings;
    private final Callbacks callbacks;
    private final Actor actor;

    // touched by the actor only
    private @Nullable Lease observed;
    private @Nullable String observedRecord;
    private Instant observedAt = Instant.EPOCH;
    /** When the last call that renewed the Lease began: what others see of it is not older. */
    private volatile Instant renewedAt = Instant.EPOCH;

    private String reported = "";
    private volatile boolean leading;
    private final AtomicInteger underWay = new AtomicInteger();
    private final Series master;

    /**
     * What to elect by.
     *
     * @param namespace the Lease's namespace
     * @param name the Lease's name
     * @param identity of this candidate, unlike all others
     * @param leaseDuration how long others wait after the last renewal they saw
     * @param renewDeadline how long the leader tries to renew before it steps down
     * @param retryPeriod how often to try
     * @param releaseOnClose whether closing gives the Lease up at once
     */
    public record Settings(
            String namespace,
            String name,
            String identity,
            Duration leaseDuration,
            Duration renewDeadline,
            Duration retryPeriod,
            boolean releaseOnClose) {

        /** Settings that leave time to renew. */
        public Settings {
            if (leaseDuration.compareTo(renewDeadline) <= 0) {
                throw new IllegalArgumentException("leaseDuration must be greater than renewDeadline");
            }
            if (renewDeadline.toNanos() <= JITTER * retryPeriod.toNanos()) {
                throw new IllegalArgumentException("renewDeadline must be greater than retryPeriod*1.2");
            }
        }

        /** The reference's defaults: 15 s, 10 s, 2 s, released on close. */
        public static Settings of(String namespace, String name, String identity) {
            return new Settings(
                    namespace,
                    name,
                    identity,
                    Duration.ofSeconds(15),
                    Duration.ofSeconds(10),
                    Duration.ofSeconds(2),
                    true);
        }
    }

    /** What a candidate does when things change. Called on the elector's actor. */
    public interface Callbacks {
        /** This candidate leads from now on. */
        void onStartedLeading();

        /** This candidate leads no more: it must stop what only a leader may do. */
        void onStoppedLeading();

        /** Somebody, perhaps this candidate, was seen to lead. */
        default void onNewLeader(String identity) {}
    }

    /** A candidate that has not yet begun. */
    public LeaderElector(Client client, Kernel kernel, Settings settings, Callbacks callbacks) {
        this.client = client;
        this.kernel = kernel;
        this.settings = settings;
        this.callbacks = callbacks;
        this.actor = kernel.actor("leader-election/" + settings.name);
        this.master = kernel.meters()
                .gauge(
                        "leader_election_master_status",
                        "[ALPHA] Whether this process leads by a lease (1) or not (0).",
                        "name")
                .series(settings.name);
    }

    /** Begins to stand for election. Called once. */
    public void start() {
        actor.execute(this::acquire);
    }

    /** Whether this candidate leads, as far as it can know: its clock says that nobody else can lead yet. */
    public boolean isLeading() {
        return leading && kernel.instant().isBefore(renewedAt.plus(settings.renewDeadline));
    }

    /**
     * A client for what only a leader may do: a write that would begin while this candidate doesn't lead is refused with 503 before it
     * leaves, whatever the process slept through. Others lead {@code leaseDuration - renewDeadline} later at the earliest, so a write
     * is safe that takes no longer than that, five seconds by default, to reach the server; a Lease can't promise more. A candidate
     * that closes gives the Lease up when no write is under way any more.
     */
    public Client fenced(Client unfenced) {
        return new FencedClient(unfenced, new FencedClient.Fence() {
            @Override
            public <R> R pass(Supplier<R> write) {
                underWay.incrementAndGet();
                try {
                    if (!isLeading()) {
                        throw StatusException.of(
                                503,
                                "ServiceUnavailable",
                                settings.identity + " does not lead by " + settings.name,
                                null);
                    }
                    return write.get();
                } finally {
                    underWay.decrementAndGet();
                }
            }
        });
    }

    /** Steps down and gives the Lease up, if so set. Idempotent. */
    @Override
    public void close() {
        actor.execute(() -> {
            if (leading) {
                stop();
                if (settings.releaseOnClose) {
                    releaseWhenQuiet(kernel.instant().plus(settings.renewDeadline));
                    return;
                }
            }
            actor.close();
        });
    }

    /** Others may lead once the Lease is given up, so a write that is under way comes first; one that hangs lets the Lease run out. */
    private void releaseWhenQuiet(Instant patience) {
        if (underWay.get() == 0) {
            release();
            actor.close();
        } else if (kernel.instant().isBefore(patience)) {
            actor.schedule(LOOK, () -> releaseWhenQuiet(patience));
        } else {
            actor.close();
        }
    }

    private void acquire() {
        Instant began = kernel.instant();
        if (tryAcquireOrRenew()) {
            renewedAt = began;
            leading = true;
            master.add(1);
            log.info("{} leads by {}/{}", settings.identity, settings.namespace, settings.name);
            report();
            callbacks.onStartedLeading();
            actor.schedule(settings.retryPeriod, this::renew);
        } else {
            report();
            actor.schedule(jittered(), this::acquire);
        }
    }

    private void renew() {
        if (!leading) {
            return;
        }
        Instant began = kernel.instant();
        // One that slept past its deadline steps down, even if nobody has taken its place: it may have missed that
        // somebody did.
        Instant deadline = renewedAt.plus(settings.renewDeadline);
        if (began.isBefore(deadline) && tryAcquireOrRenew()) {
            renewedAt = began;
        } else if (!kernel.instant().isBefore(deadline)) {
            log.info("{} lost {}/{}", settings.identity, settings.namespace, settings.name);
            stop();
            report();
            actor.schedule(jittered(), this::acquire);
            return;
        }
        report();
        actor.schedule(settings.retryPeriod, this::renew);
    }

    private void stop() {
        leading = false;
        master.add(-1);
        callbacks.onStoppedLeading();
    }

    private Duration jittered() {
        long period = settings.retryPeriod.toNanos();
        return Duration.ofNanos(period + (long) (kernel.random().nextDouble() * JITTER * period));
    }

    private boolean tryAcquireOrRenew() {
        Instant now = kernel.instant();
        try {
            Lease current =
                    client.find(LEASES, settings.namespace, settings.name).orElse(null);
            if (current == null) {
                Lease lease = new LeaseBuilder()
                        .withNewMetadata()
                        .withNamespace(settings.namespace)
                        .withName(settings.name)
                        .endMetadata()
                        .withSpec(claim(null, now))
                        .build();
                observe(client.create(lease));
                return true;
            }
            observe(current);
            LeaseSpec spec = current.getSpec();
            String holder = spec == null ? null : spec.getHolderIdentity();
            boolean ours = settings.identity.equals(holder);
            boolean free = holder == null || holder.isEmpty();
            Duration claimed = spec == null || spec.getLeaseDurationSeconds() == null
                    ? settings.leaseDuration
                    : Duration.ofSeconds(spec.getLeaseDurationSeconds());
            if (!ours && !free && observedAt.plus(claimed).isAfter(now)) {
                return false;
            }
            Lease next = Json.copy(current);
            next.setSpec(claim(spec, now));
            observe(client.update(next));
            return true;
        } catch (StatusException e) {
            log.debug("{} could not take or renew {}: {}", settings.identity, settings.name, e.getMessage());
            return false;
        }
    }

    private LeaseSpec claim(@Nullable LeaseSpec before, Instant now) {
        ZonedDateTime time = ZonedDateTime.ofInstant(now, ZoneOffset.UTC);
        LeaseSpec spec = new LeaseSpec();
        spec.setHolderIdentity(settings.identity);
        spec.setLeaseDurationSeconds((int) settings.leaseDuration.toSeconds());
        spec.setRenewTime(time);
        spec.setAcquireTime(time);
        spec.setLeaseTransitions(0);
        if (before != null) {
            int transitions = before.getLeaseTransitions() == null ? 0 : before.getLeaseTransitions();
            boolean ours = settings.identity.equals(before.getHolderIdentity());
            spec.setLeaseTransitions(ours ? transitions : transitions + 1);
            if (ours && before.getAcquireTime() != null) {
                spec.setAcquireTime(before.getAcquireTime());
            }
        }
        return spec;
    }

    /** A renewal counts from when it was first seen here, so that clocks need not agree. */
    private void observe(Lease lease) {
        String record = String.valueOf(lease.getSpec());
        observed = lease;
        if (!record.equals(observedRecord)) {
            observedRecord = record;
            observedAt = kernel.instant();
        }
    }

    private void report() {
        String holder = observed == null || observed.getSpec() == null
                ? ""
                : Objects.requireNonNullElse(observed.getSpec().getHolderIdentity(), "");
        if (!holder.isEmpty() && !holder.equals(reported)) {
            reported = holder;
            callbacks.onNewLeader(holder);
        }
    }

    private void release() {
        Lease last = observed;
        if (last == null || last.getSpec() == null) {
            return;
        }
        ZonedDateTime now = ZonedDateTime.ofInstant(kernel.instant(), ZoneOffset.UTC);
        Lease free = Json.copy(last);
        free.getSpec().setHolderIdentity("");
        free.getSpec().setLeaseDurationSeconds(1);
        free.getSpec().setRenewTime(now);
        free.getSpec().setAcquireTime(now);
        try {
            client.update(free);
        } catch (StatusException e) {
            log.debug("{} could not give up {}: {}", settings.identity, settings.name, e.getMessage());
        }
    }
}

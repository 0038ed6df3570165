package dev.amphora.client;

import dev.amphora.api.Json;
import dev.amphora.api.ResourceType;
import dev.amphora.api.StatusException;
import dev.amphora.kernel.Actor;
import dev.amphora.kernel.Kernel;
import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import io.fabric8.kubernetes.api.model.coordination.v1.LeaseBuilder;
import io.fabric8.kubernetes.api.model.coordination.v1.LeaseSpec;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.util.Objects;
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

    private final Client client;
    private final Kernel kernel;
    private final Settings settings;
    private final Callbacks callbacks;
    private final Actor actor;

    // touched by the actor only
    private @Nullable Lease observed;
    private @Nullable String observedRecord;
    private Instant observedAt = Instant.EPOCH;
    private Instant renewedAt = Instant.EPOCH;
    private String reported = "";
    private volatile boolean leading;

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
    }

    /** Begins to stand for election. Called once. */
    public void start() {
        actor.execute(this::acquire);
    }

    /** Whether this candidate leads, as far as it knows. */
    public boolean isLeading() {
        return leading;
    }

    /** Steps down and gives the Lease up, if so set. Idempotent. */
    @Override
    public void close() {
        actor.execute(() -> {
            if (leading) {
                stop();
                if (settings.releaseOnClose) {
                    release();
                }
            }
            actor.close();
        });
    }

    private void acquire() {
        if (tryAcquireOrRenew()) {
            leading = true;
            renewedAt = kernel.instant();
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
        if (tryAcquireOrRenew()) {
            renewedAt = kernel.instant();
        } else if (!kernel.instant().isBefore(renewedAt.plus(settings.renewDeadline))) {
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

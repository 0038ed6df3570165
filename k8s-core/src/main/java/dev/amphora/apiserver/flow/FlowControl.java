package dev.amphora.apiserver.flow;

import dev.amphora.apiserver.access.AccessRequest;
import dev.amphora.kernel.Actor;
import dev.amphora.kernel.Kernel;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Lets in as many requests as the server can bear, shares the seats between priority levels, and within a level between flows: by default
 * users or namespaces. The rules are the cluster's FlowSchemas and PriorityLevelConfigurations.
 *
 * <p>A request that finds a seat costs a comparison with a few rules and a short lock. Seats that a level lends are given to others at once
 * when they are asked for, rather than planned every ten seconds as in the reference. Thread-safe.
 */
public final class FlowControl implements AutoCloseable {
    /** How long a request may wait for a seat: a quarter of the time that the reference gives a whole request. */
    private static final Duration PATIENCE = Duration.ofSeconds(15);

    private final Kernel kernel;
    private final FlowSource source;
    private final int seats;
    private final Map<Dispatched, FlowMeter> meters = new ConcurrentHashMap<>();
    private final Map<Refused, LongAdder> refused = new ConcurrentHashMap<>();
    private final Object lock = new Object();
    private volatile @Nullable Known known;
    private @Nullable Actor actor;
    private int executing;
    private int waiting;
    private boolean sweeping;
    private boolean closed;

    /**
     * Flow control with nothing under way.
     *
     * @param seats how many requests may go at once in all, those of exempt levels apart; positive
     */
    public FlowControl(Kernel kernel, FlowSource source, int seats) {
        if (seats <= 0) {
            throw new IllegalArgumentException("no seats");
        }
        this.kernel = kernel;
        this.source = source;
        this.seats = seats;
    }

    private record Known(long edition, FlowRules rules) {}

    private record Dispatched(String level, String schema) {}

    private record Refused(String level, String schema, FlowRefusal why) {}

    /** What a level has and how much of it is in use. */
    public record Level(
            String name,
            boolean exempt,
            int nominal,
            int least,
            int most,
            int executing,
            int requests,
            int waiting,
            int seatsWaiting) {}

    /** Finds the flow that a request belongs to. */
    public FlowTicket classify(AccessRequest request) {
        return new FlowTicket(rules().of(request), request);
    }

    private FlowRules rules() {
        long edition = source.edition();
        Known current = known;
        if (current == null || current.edition != edition) {
            synchronized (lock) {
                current = known;
                if (current == null || current.edition != edition) {
                    FlowRules rules = FlowRules.of(
                            source.levels(),
                            source.schemas(),
                            seats,
                            current == null ? null : current.rules,
                            this::counter);
                    current = new Known(edition, rules);
                    known = current;
                }
            }
        }
        return current.rules;
    }

    /**
     * Lets a request in, or lets it wait for its turn, or refuses it.
     *
     * @param ticket from {@link #classify}
     * @param wanted how many seats it takes; positive
     * @param go what to do when its turn comes, on one of the kernel's threads for blocking work
     * @param otherwise what to do if it doesn't
     * @return whether it may go at once, by the caller; if not, exactly one of the two is called, maybe before this returns
     */
    public boolean enter(FlowTicket ticket, int wanted, Runnable go, Consumer<FlowRefusal> otherwise) {
        PriorityLevel level = ticket.schema().level();
        FlowRefusal why;
        synchronized (lock) {
            ticket.seats(level.isExempt() ? wanted : Math.max(1, Math.min(wanted, level.most())));
            FairQueues queues = level.queues();
            if (level.isExempt() || (queues == null || queues.waiting() == 0) && hasRoom(level, ticket.seats())) {
                ticket.began(nanos());
                began(level, ticket);
                ticket.schema().meter().goesAtOnce();
                return true;
            }
            if (queues == null) {
                why = FlowRefusal.CONCURRENCY_LIMIT;
            } else {
                long now = nanos();
                ticket.waits(now, go, otherwise);
                if (queues.enter(ticket, flow(ticket), now)) {
                    waiting++;
                    ticket.schema().meter().queues();
                    sweepLater(PATIENCE);
                    return false;
                }
                why = FlowRefusal.QUEUE_FULL;
            }
        }
        refuse(ticket, why, otherwise);
        return false;
    }

    /** A request has ended, or needs its seats no longer. Idempotent. */
    public void end(FlowTicket ticket) {
        List<Runnable> next = List.of();
        synchronized (lock) {
            if (!ticket.holds()) {
                return;
            }
            ticket.holds(false);
            PriorityLevel level = ticket.schema().level();
            level.ended(ticket.seats());
            if (!level.isExempt()) {
                executing -= ticket.seats();
            }
            FairQueues queues = ticket.queues();
            long now = nanos();
            ticket.schema().meter().ended(ticket.seats(), now - ticket.began());
            if (queues != null) {
                queues.end(ticket, (now - ticket.began()) / 1e9, now);
            }
            if (waiting > 0) {
                next = dispatch(level);
            }
        }
        next.forEach(kernel.blocking()::execute);
    }

    /** Gives free seats to those who wait, of one level first. */
    private List<Runnable> dispatch(PriorityLevel first) {
        List<Runnable> next = new ArrayList<>();
        dispatch(first, next);
        Known current = known;
        if (waiting > 0 && current != null) {
            current.rules.levels().forEach(level -> dispatch(level, next));
        }
        return next;
    }

    private void dispatch(PriorityLevel level, List<Runnable> next) {
        FairQueues queues = level.queues();
        while (queues != null) {
            FlowTicket ticket = queues.peek();
            if (ticket == null || !hasRoom(level, ticket.seats())) {
                return;
            }
            long now = nanos();
            queues.begin(ticket, now);
            waiting--;
            ticket.began(now);
            began(level, ticket);
            ticket.schema().meter().waited(now - ticket.arrived(), true);
            Runnable go = ticket.go();
            if (go != null) {
                next.add(go);
            }
        }
    }

    private void began(PriorityLevel level, FlowTicket ticket) {
        level.began(ticket.seats());
        ticket.holds(true);
        ticket.schema().meter().began(ticket.seats());
        if (!level.isExempt()) {
            executing += ticket.seats();
        }
    }

    /** A level has room up to what it never lends; beyond, if what other levels never lend stays free for them. */
    private boolean hasRoom(PriorityLevel level, int wanted) {
        int then = level.executing() + wanted;
        if (then <= level.least() || level.executing() == 0) {
            return true;
        }
        if (then > level.most()) {
            return false;
        }
        if (executing + wanted > seats) {
            return false;
        }
        int kept = 0;
        Known current = known;
        if (current != null) {
            for (PriorityLevel other : current.rules.levels()) {
                if (other != level && !other.isExempt()) {
                    kept += Math.max(0, other.least() - other.executing());
                }
            }
        }
        return then <= level.nominal() || executing + wanted + kept <= seats;
    }

    private void refuse(FlowTicket ticket, FlowRefusal why, Consumer<FlowRefusal> otherwise) {
        FlowRules.Schema schema = ticket.schema();
        refused.computeIfAbsent(new Refused(schema.level().name(), schema.name(), why), key -> new LongAdder())
                .increment();
        otherwise.accept(why);
    }

    private FlowMeter counter(String level, String schema) {
        return meters.computeIfAbsent(
                new Dispatched(level, schema), key -> new FlowMeter(kernel.meters(), level, schema));
    }

    private static String flow(FlowTicket ticket) {
        return ticket.schema().name() + "\0" + ticket.flow();
    }

    // ---- time -------------------------------------------------------------------------------------------------------

    private long nanos() {
        Instant now = kernel.instant();
        return now.getEpochSecond() * 1_000_000_000L + now.getNano();
    }

    private void timer(Duration delay, Runnable task) {
        if (closed) {
            return;
        }
        if (actor == null) {
            actor = kernel.actor("apiserver/flow");
        }
        actor.schedule(delay, task);
    }

    private void sweepLater(Duration delay) {
        if (!sweeping) {
            sweeping = true;
            timer(delay, this::sweep);
        }
    }

    /** Refuses those who have waited too long. */
    private void sweep() {
        List<FlowTicket> late = new ArrayList<>();
        synchronized (lock) {
            sweeping = false;
            Known current = known;
            if (current == null) {
                return;
            }
            long now = nanos();
            long soonest = Long.MAX_VALUE;
            for (PriorityLevel level : current.rules.levels()) {
                FairQueues queues = level.queues();
                if (queues == null) {
                    continue;
                }
                FlowTicket oldest = queues.oldest();
                while (oldest != null && now - oldest.arrived() >= PATIENCE.toNanos()) {
                    queues.giveUp(oldest, now);
                    waiting--;
                    oldest.schema().meter().waited(now - oldest.arrived(), false);
                    late.add(oldest);
                    oldest = queues.oldest();
                }
                if (oldest != null) {
                    soonest = Math.min(soonest, oldest.arrived());
                }
            }
            if (soonest != Long.MAX_VALUE) {
                sweepLater(Duration.ofNanos(Math.max(1_000_000, soonest + PATIENCE.toNanos() - now)));
            }
        }
        for (FlowTicket ticket : late) {
            Consumer<FlowRefusal> otherwise = ticket.refused();
            if (otherwise != null) {
                refuse(ticket, FlowRefusal.TIME_OUT, otherwise);
            }
        }
    }

    // ---- what is told -----------------------------------------------------------------------------------------------

    /** The levels as they are now; empty before the first request. */
    public List<Level> levels() {
        Known current = known;
        if (current == null) {
            return List.of();
        }
        synchronized (lock) {
            return current.rules.levels().stream()
                    .map(level -> new Level(
                            level.name(),
                            level.isExempt(),
                            level.nominal(),
                            level.least(),
                            level.most(),
                            level.executing(),
                            level.requests(),
                            level.waiting(),
                            level.queues() == null ? 0 : level.queues().seatsWaiting()))
                    .toList();
        }
    }

    /** Tells of each level and schema how many requests were let in. */
    public void dispatched(Counted counted) {
        meters.forEach((key, meter) -> {
            long count = meter.dispatched();
            if (count > 0) {
                counted.take(key.level, key.schema, "", count);
            }
        });
    }

    /** Tells of each level, schema and reason how many requests were refused. */
    public void refused(Counted counted) {
        refused.forEach((key, count) -> counted.take(key.level, key.schema, key.why.toString(), count.sum()));
    }

    /** Takes a count. */
    @FunctionalInterface
    public interface Counted {
        /** Takes a count; the reason is empty for what was let in. */
        void take(String level, String schema, String reason, long count);
    }

    @Override
    public void close() {
        synchronized (lock) {
            closed = true;
            if (actor != null) {
                actor.close();
            }
        }
    }
}

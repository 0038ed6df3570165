package dev.amphora.apiserver.flow;

import com.google.common.hash.Hashing;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/**
 * The queues of one priority level. A flow is dealt a hand of them by its hash, so that a busy flow can't fill all the queues of a quiet
 * one, and the next request comes from the queue that has had the least service.
 *
 * <p>Service is counted in seat-seconds on a virtual clock, as by the reference: the clock goes on by the seats in use, shared by the queues
 * that have something to do; a request costs an estimate at its begin, which is set right at its end.
 */
final class FairQueues {
    /** What a request is thought to cost before it is known, in seconds. */
    private static final double ESTIMATE = 0.003;

    private final int handSize;
    private final int longest;
    private final Queue[] queues;
    private double clock;
    private long sinceNanos;
    private boolean clockRuns;
    private int waiting;
    private int seatsWaiting;
    private int seatsExecuting;
    private int last;

    FairQueues(int count, int handSize, int longest) {
        this.handSize = Math.min(handSize, count);
        this.longest = longest;
        queues = new Queue[count];
    }

    boolean looksLike(int count, int hand, int length) {
        return queues.length == count && handSize == Math.min(hand, count) && longest == length;
    }

    /** One queue; made when a request first enters it. */
    static final class Queue {
        private final Deque<FlowTicket> waiting = new ArrayDeque<>();
        private double next;
        private int executing;
        private int seats;

        private boolean isIdle() {
            return waiting.isEmpty() && executing == 0;
        }
    }

    int waiting() {
        return waiting;
    }

    int seatsWaiting() {
        return seatsWaiting;
    }

    /**
     * Lets a request wait.
     *
     * @param flow what tells its flow from others
     * @param nanos the present time
     * @return false if the shortest of its queues is full
     */
    boolean enter(FlowTicket ticket, String flow, long nanos) {
        advance(nanos);
        Queue queue = shortest(hash(flow));
        if (queue.waiting.size() >= longest) {
            return false;
        }
        if (queue.isIdle()) {
            queue.next = Math.max(queue.next, clock);
        }
        queue.waiting.add(ticket);
        queue.seats += ticket.seats();
        waiting++;
        seatsWaiting += ticket.seats();
        ticket.queued(queue, this);
        return true;
    }

    /** The request whose turn it is, which stays where it is; null if none waits. */
    @Nullable FlowTicket peek() {
        if (waiting == 0) {
            return null;
        }
        Queue best = null;
        double least = Double.POSITIVE_INFINITY;
        for (int i = 1; i <= queues.length; i++) {
            Queue queue = queues[(last + i) % queues.length];
            FlowTicket first = queue == null ? null : queue.waiting.peek();
            if (queue != null && first != null) {
                double finish = queue.next + ESTIMATE * first.seats();
                if (finish < least) {
                    least = finish;
                    best = queue;
                }
            }
        }
        return best == null ? null : best.waiting.peek();
    }

    /** A request that {@link #peek} has shown goes on. */
    void begin(FlowTicket ticket, long nanos) {
        advance(nanos);
        Queue queue = leave(ticket);
        for (int i = 0; i < queues.length; i++) {
            if (queues[i] == queue) {
                last = i;
            }
        }
        queue.next += ESTIMATE * ticket.seats();
        queue.executing++;
        queue.seats += ticket.seats();
        seatsExecuting += ticket.seats();
    }

    /** A request has waited too long. */
    void giveUp(FlowTicket ticket, long nanos) {
        advance(nanos);
        leave(ticket);
    }

    private Queue leave(FlowTicket ticket) {
        Queue queue = ticket.queue();
        if (queue == null || !queue.waiting.remove(ticket)) {
            throw new IllegalStateException("the request does not wait");
        }
        queue.seats -= ticket.seats();
        waiting--;
        seatsWaiting -= ticket.seats();
        return queue;
    }

    /** A request that had waited has ended; it took so many seconds. */
    void end(FlowTicket ticket, double seconds, long nanos) {
        advance(nanos);
        Queue queue = ticket.queue();
        if (queue != null) {
            queue.next += (seconds - ESTIMATE) * ticket.seats();
            queue.executing--;
            queue.seats -= ticket.seats();
            seatsExecuting -= ticket.seats();
        }
    }

    /** The oldest request that waits; null if none does. */
    @Nullable FlowTicket oldest() {
        FlowTicket oldest = null;
        for (Queue queue : queues) {
            FlowTicket first = queue == null ? null : queue.waiting.peek();
            if (first != null && (oldest == null || first.arrived() < oldest.arrived())) {
                oldest = first;
            }
        }
        return oldest;
    }

    private void advance(long nanos) {
        if (clockRuns) {
            int active = 0;
            for (Queue queue : queues) {
                if (queue != null && !queue.isIdle()) {
                    active++;
                }
            }
            if (active > 0) {
                clock += (nanos - sinceNanos) / 1e9 * Math.max(1, seatsExecuting) / active;
            }
        }
        clockRuns = true;
        sinceNanos = nanos;
    }

    private Queue shortest(long hash) {
        Queue best = null;
        for (int card : deal(hash, queues.length, handSize)) {
            Queue queue = queues[card];
            if (queue == null) {
                queue = new Queue();
                queues[card] = queue;
            }
            if (best == null || queue.seats < best.seats) {
                best = queue;
            }
        }
        if (best == null) {
            throw new IllegalStateException("a hand has no card");
        }
        return best;
    }

    /** Different numbers below the size of a deck, by chance of a hash that is read as an unsigned number. */
    static int[] deal(long hash, int deck, int hand) {
        int[] cards = new int[hand];
        long rest = hash;
        for (int i = 0; i < hand; i++) {
            cards[i] = (int) Long.remainderUnsigned(rest, deck - i);
            rest = Long.divideUnsigned(rest, deck - i);
        }
        int[] dealt = new int[hand];
        for (int i = 0; i < hand; i++) {
            int card = cards[i];
            for (int j = i; j > 0; j--) {
                if (card >= cards[j - 1]) {
                    card++;
                }
            }
            dealt[i] = card;
        }
        return dealt;
    }

    private static long hash(String flow) {
        return Hashing.sha256().hashString(flow, StandardCharsets.UTF_8).asLong();
    }
}

package dev.amphora.apiserver.flow;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import org.jspecify.annotations.Nullable;

/**
 * Requests that share a number of seats. What changes is guarded by the lock of the {@link FlowControl} that it belongs to.
 *
 * <p>A level has a nominal number of seats. It lends a part of them to others, and may itself take seats that others don't need.
 */
final class PriorityLevel {
    private final String name;
    private String uid = "";
    private boolean exempt;
    private int nominal;
    private int least;
    private int most;
    private @Nullable FairQueues queues;
    private int executing;
    private int requests;

    PriorityLevel(String name) {
        this.name = name;
    }

    /** Takes over what the object says. Requests that wait go on waiting in the queues that there are. */
    void configure(ObjectNode tree, int seats, int all) {
        JsonNode spec = tree.path("spec");
        uid = tree.path("metadata").path("uid").asText();
        exempt = spec.path("type").asText().equals("Exempt");
        JsonNode limits = spec.path(exempt ? "exempt" : "limited");
        nominal = seats;
        least = seats - (int) Math.round(seats * limits.path("lendablePercent").asInt() / 100.0);
        JsonNode borrowing = limits.path("borrowingLimitPercent");
        most = exempt || !borrowing.isNumber()
                ? all
                : Math.min(all, seats + (int) Math.round(seats * borrowing.asInt() / 100.0));
        JsonNode response = limits.path("limitResponse");
        boolean queueing = response.path("type").asText().equals("Queue");
        JsonNode queuing = response.path("queuing");
        int count = queuing.path("queues").asInt(64);
        int hand = queuing.path("handSize").asInt(8);
        int length = queuing.path("queueLengthLimit").asInt(50);
        FairQueues known = queues;
        if (!queueing) {
            queues = known != null && known.waiting() > 0 ? known : null;
        } else if (known == null || !known.looksLike(count, hand, length)) {
            queues = known != null && known.waiting() > 0 ? known : new FairQueues(count, hand, length);
        }
    }

    /** Lets everything pass. */
    void exempt(int all) {
        exempt = true;
        most = all;
    }

    String name() {
        return name;
    }

    String uid() {
        return uid;
    }

    boolean isExempt() {
        return exempt;
    }

    /** Null if what finds no seat is refused. */
    @Nullable FairQueues queues() {
        return queues;
    }

    /** The requests that wait. */
    int waiting() {
        FairQueues own = queues;
        return own == null ? 0 : own.waiting();
    }

    int nominal() {
        return nominal;
    }

    /** The seats that it never lends. */
    int least() {
        return least;
    }

    /** How many seats it may take when others need none. */
    int most() {
        return most;
    }

    /** The seats in use. */
    int executing() {
        return executing;
    }

    /** The requests under way. */
    int requests() {
        return requests;
    }

    void began(int seats) {
        executing += seats;
        requests++;
    }

    void ended(int seats) {
        executing -= seats;
        requests--;
    }
}

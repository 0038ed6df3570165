package dev.amphora.apiserver.flow;

/** Why a request was not let in. */
public enum FlowRefusal {
    /** All seats of the level are taken, and it has no queues. */
    CONCURRENCY_LIMIT("concurrency-limit"),
    /** All seats are taken, and as many wait as may. */
    QUEUE_FULL("queue-full"),
    /** No seat became free in time. */
    TIME_OUT("time-out");

    private final String word;

    FlowRefusal(String word) {
        this.word = word;
    }

    /** As it stands in metrics. */
    @Override
    public String toString() {
        return word;
    }
}

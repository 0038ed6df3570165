package dev.amphora.apiserver.cel;

/**
 * What the expressions that belong together have cost, and how much more they may. Not for concurrent use.
 *
 * @see <a href="https://kubernetes.io/docs/reference/using-api/cel/#resource-constraints">resource constraints</a>
 */
public final class CostMeter {
    /** The most that one expression may cost. */
    static final long PER_CALL = 1_000_000;

    private static final long TOGETHER = 10_000_000;

    /** So many characters cost as much as one expression may. */
    private static final long LONGEST = 10 * PER_CALL;

    private long spent;
    private long callLimit = PER_CALL;

    /** A meter for all expressions about one object or request. */
    public CostMeter() {}

    /** Whether all expressions together have cost more than they may. */
    public boolean isExhausted() {
        return spent > TOGETHER;
    }

    /** What has been spent. */
    public long spent() {
        return spent;
    }

    void begin() {
        callLimit = spent + PER_CALL;
    }

    /** Goes on with the limit of an expression inside of which another one was run. */
    void resume(long limit) {
        callLimit = limit;
    }

    long limit() {
        return callLimit;
    }

    void charge(long cost) {
        spent = Cost.plus(spent, cost);
        if (spent > callLimit) {
            throw new CostExceeded();
        }
    }

    /** Refuses to make a text or list that is longer than any expression could pay for. */
    static void checkLength(long length) {
        if (length > LONGEST) {
            throw new CostExceeded();
        }
    }

    /** An expression that goes too far. An error, because an exception would count as the missing value of a part of it. */
    static final class CostExceeded extends Error {
        private static final long serialVersionUID = 1L;

        CostExceeded() {
            super("operation cancelled: actual cost limit exceeded", null, false, false);
        }
    }
}

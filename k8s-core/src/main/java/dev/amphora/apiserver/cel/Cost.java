package dev.amphora.apiserver.cel;

/**
 * The least and the most that something may cost, or the least and the most elements that something may have. What would overflow is
 * taken for unlimited.
 */
record Cost(long least, long most) {
    static final Cost NOTHING = new Cost(0, 0);
    static final Cost ONE = new Cost(1, 1);
    static final Cost UNKNOWN = new Cost(0, Long.MAX_VALUE);

    static Cost of(long exactly) {
        return new Cost(exactly, exactly);
    }

    Cost plus(Cost other) {
        return new Cost(plus(least, other.least), plus(most, other.most));
    }

    Cost times(Cost other) {
        return new Cost(times(least, other.least), times(most, other.most));
    }

    Cost times(double factor) {
        return new Cost(times(least, factor), times(most, factor));
    }

    Cost or(Cost other) {
        return new Cost(Math.min(least, other.least), Math.max(most, other.most));
    }

    static long plus(long one, long other) {
        return one > Long.MAX_VALUE - other ? Long.MAX_VALUE : one + other;
    }

    static long times(long one, long other) {
        if (one == 0 || other == 0) {
            return 0;
        }
        return one > Long.MAX_VALUE / other ? Long.MAX_VALUE : one * other;
    }

    private static long times(long one, double factor) {
        return one == Long.MAX_VALUE ? one : (long) Math.ceil(one * factor);
    }
}

package dev.amphora.controller.job;

import io.fabric8.kubernetes.api.model.Pod;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How long a Job waits after failures before it makes another pod: ten seconds, doubled with each failure since the last success.
 *
 * @param failures since the last success
 * @param last when the last one was; null if there was none
 */
record Backoff(int failures, @Nullable Instant last) {
    static final Backoff NONE = new Backoff(0, null);
    private static final Duration FIRST = Duration.ofSeconds(10);
    private static final Duration LONGEST = Duration.ofMinutes(10);

    /** With pods that have ended since. */
    Backoff with(List<Pod> succeeded, List<Pod> failed) {
        if (succeeded.isEmpty() && failed.isEmpty()) {
            return this;
        }
        Instant success = null;
        for (Pod pod : succeeded) {
            success = later(success, JobFacts.finished(pod));
        }
        int count = success == null ? failures : 0;
        Instant when = success == null ? last : null;
        for (Pod pod : failed) {
            Instant at = JobFacts.finished(pod);
            if (success == null || at.isAfter(success)) {
                count++;
                when = later(when, at);
            }
        }
        return new Backoff(count, when);
    }

    private static Instant later(@Nullable Instant one, Instant other) {
        return one == null || other.isAfter(one) ? other : one;
    }

    /** How long still; zero if the wait is over. */
    Duration left(Instant now) {
        return last == null ? Duration.ZERO : left(failures, last, now);
    }

    static Duration left(int failures, Instant last, Instant now) {
        if (failures <= 0) {
            return Duration.ZERO;
        }
        Duration wait = FIRST;
        for (int i = 1; i < failures && wait.compareTo(LONGEST) < 0; i++) {
            wait = wait.multipliedBy(2);
        }
        Duration left = (wait.compareTo(LONGEST) > 0 ? LONGEST : wait).minus(Duration.between(last, now));
        return left.isNegative() ? Duration.ZERO : left;
    }
}

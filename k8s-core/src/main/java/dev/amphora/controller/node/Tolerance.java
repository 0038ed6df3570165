package dev.amphora.controller.node;

import io.fabric8.kubernetes.api.model.Taint;
import io.fabric8.kubernetes.api.model.Toleration;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Which taints of its node a pod bears, and for how long. */
public final class Tolerance {
    private Tolerance() {}

    /** For ever: longer than any time. */
    static final Duration FOREVER = Duration.ofSeconds(Long.MAX_VALUE);

    /**
     * How long.
     *
     * @param taints of the node; only NoExecute ones count
     * @param tolerations of the pod; for each taint the first that matches counts
     * @return zero if a taint is not borne at all, {@link #FOREVER} if there is no limit
     */
    static Duration of(List<Taint> taints, @Nullable List<Toleration> tolerations) {
        Duration shortest = FOREVER;
        for (Taint taint : taints) {
            if (!"NoExecute".equals(taint.getEffect())) {
                continue;
            }
            Toleration match = first(taint, tolerations == null ? List.of() : tolerations);
            if (match == null) {
                return Duration.ZERO;
            }
            Long seconds = match.getTolerationSeconds();
            if (seconds != null) {
                Duration limit = Duration.ofSeconds(Math.max(0, seconds));
                shortest = limit.compareTo(shortest) < 0 ? limit : shortest;
            }
        }
        return shortest;
    }

    static boolean isTolerated(List<Taint> taints, @Nullable List<Toleration> tolerations) {
        return taints.stream()
                .filter(taint -> "NoExecute".equals(taint.getEffect()))
                .allMatch(taint -> first(taint, tolerations == null ? List.of() : tolerations) != null);
    }

    /** Whether a taint of whatever effect is borne. */
    public static boolean bears(Taint taint, @Nullable List<Toleration> tolerations) {
        return first(taint, tolerations == null ? List.of() : tolerations) != null;
    }

    private static @Nullable Toleration first(Taint taint, List<Toleration> tolerations) {
        for (Toleration toleration : tolerations) {
            if (tolerates(toleration, taint)) {
                return toleration;
            }
        }
        return null;
    }

    private static boolean tolerates(Toleration toleration, Taint taint) {
        String effect = toleration.getEffect();
        if (effect != null && !effect.isEmpty() && !effect.equals(taint.getEffect())) {
            return false;
        }
        String key = toleration.getKey();
        if (key != null && !key.isEmpty() && !key.equals(taint.getKey())) {
            return false;
        }
        if ("Exists".equals(toleration.getOperator())) {
            return true;
        }
        return (toleration.getOperator() == null
                        || toleration.getOperator().isEmpty()
                        || toleration.getOperator().equals("Equal"))
                && Objects.requireNonNullElse(toleration.getValue(), "")
                        .equals(Objects.requireNonNullElse(taint.getValue(), ""));
    }
}

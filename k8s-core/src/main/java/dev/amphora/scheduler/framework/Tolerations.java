package dev.amphora.scheduler.framework;

import io.fabric8.kubernetes.api.model.Taint;
import io.fabric8.kubernetes.api.model.Toleration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Which taints are tolerated. The operators {@code Lt} and {@code Gt} (KEP-5471, off by default) never match. */
public final class Tolerations {
    private Tolerations() {}

    /** Whether one toleration tolerates a taint. */
    public static boolean tolerates(Toleration toleration, Taint taint) {
        if (isSet(toleration.getEffect()) && !toleration.getEffect().equals(taint.getEffect())) {
            return false;
        }
        if (isSet(toleration.getKey()) && !toleration.getKey().equals(taint.getKey())) {
            return false;
        }
        String operator = toleration.getOperator();
        if (!isSet(operator) || operator.equals("Equal")) {
            return text(toleration.getValue()).equals(text(taint.getValue()));
        }
        return operator.equals("Exists");
    }

    /** Whether any of the tolerations tolerates a taint. */
    public static boolean tolerate(List<Toleration> tolerations, Taint taint) {
        for (int i = 0; i < tolerations.size(); i++) {
            if (tolerates(tolerations.get(i), taint)) {
                return true;
            }
        }
        return false;
    }

    /** Whether all taints that keep new pods away ({@code NoSchedule} and {@code NoExecute}) are tolerated. */
    public static boolean tolerateAll(List<Toleration> tolerations, List<Taint> taints) {
        for (int i = 0; i < taints.size(); i++) {
            Taint taint = taints.get(i);
            boolean repels = "NoSchedule".equals(taint.getEffect()) || "NoExecute".equals(taint.getEffect());
            if (repels && !tolerate(tolerations, taint)) {
                return false;
            }
        }
        return true;
    }

    private static boolean isSet(@Nullable String value) {
        return value != null && !value.isEmpty();
    }

    private static String text(@Nullable String value) {
        return value == null ? "" : value;
    }
}

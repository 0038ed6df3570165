package dev.amphora.controller.endpoints;

import dev.amphora.client.ObjectKey;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodCondition;
import io.fabric8.kubernetes.api.model.Service;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Since when endpoints are out of date, for the annotation by which others measure how long changes take: the earliest of the changes since
 * the last look. A Service changes when it is made, a pod when it gets ready or no longer is.
 */
final class ChangeTriggers {
    /** The annotation. */
    static final String ANNOTATION = "endpoints.kubernetes.io/last-change-trigger-time";

    private final Map<ObjectKey, Seen> seen = new ConcurrentHashMap<>();

    private record Seen(Instant service, Map<String, Instant> pods) {}

    /**
     * What a look at a Service and its pods finds; of one Service, one look at a time.
     *
     * @return the time as the annotation has it; null if nothing has changed
     */
    @Nullable String look(ObjectKey key, Service service, List<Pod> pods) {
        Instant made = Instant.parse(service.getMetadata().getCreationTimestamp());
        Seen before = seen.get(key);
        Map<String, Instant> times = new HashMap<>();
        Instant earliest = before != null && made.isAfter(before.service) ? made : null;
        for (Pod pod : pods) {
            Instant time = readiness(pod);
            if (time == null) {
                continue;
            }
            String name = pod.getMetadata().getName();
            times.put(name, time);
            Instant known = before == null ? null : before.pods.get(name);
            if ((known == null || time.isAfter(known)) && (earliest == null || time.isBefore(earliest))) {
                earliest = time;
            }
        }
        seen.put(key, new Seen(made, times));
        Instant since = before == null ? made : earliest;
        return since == null ? null : since.toString();
    }

    /** A Service is gone. */
    void forget(ObjectKey key) {
        seen.remove(key);
    }

    /** Sets the annotation, or takes it away. */
    static void annotate(Map<String, String> annotations, @Nullable String time) {
        if (time == null) {
            annotations.remove(ANNOTATION);
        } else {
            annotations.put(ANNOTATION, time);
        }
    }

    private static @Nullable Instant readiness(Pod pod) {
        if (pod.getStatus() != null && pod.getStatus().getConditions() != null) {
            for (PodCondition condition : pod.getStatus().getConditions()) {
                if ("Ready".equals(condition.getType()) && condition.getLastTransitionTime() != null) {
                    return Instant.parse(condition.getLastTransitionTime());
                }
            }
        }
        return null;
    }
}

package dev.amphora.apiserver;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import org.jspecify.annotations.Nullable;

/** The conditions in a status. */
final class PodConditions {
    private PodConditions() {}

    /** Sets a condition without a reason; one that was there keeps its place and, with the same status, its time. Returns it. */
    static ObjectNode set(ObjectNode object, String type, String status, String now) {
        ObjectNode condition = find(object, type);
        if (condition == null) {
            condition = array(object).addObject().put("type", type);
        }
        boolean same = condition.path("status").asText().equals(status);
        condition.put("status", status);
        if (!condition.has("lastProbeTime")) {
            condition.putNull("lastProbeTime");
        }
        if (!same) {
            condition.put("lastTransitionTime", now);
        }
        condition.remove("reason");
        condition.remove("message");
        condition.remove("observedGeneration");
        return condition;
    }

    /** Whether a condition is there and true. */
    static boolean isTrue(ObjectNode object, String type) {
        ObjectNode condition = find(object, type);
        return condition != null && condition.path("status").asText().equals("True");
    }

    private static ArrayNode array(ObjectNode object) {
        return object.withObject("/status").withArray("conditions");
    }

    private static @Nullable ObjectNode find(ObjectNode object, String type) {
        for (JsonNode each : object.path("status").path("conditions")) {
            if (each.path("type").asText().equals(type)) {
                return (ObjectNode) each;
            }
        }
        return null;
    }
}

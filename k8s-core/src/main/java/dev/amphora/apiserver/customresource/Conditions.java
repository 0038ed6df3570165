package dev.amphora.apiserver.customresource;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;

/** The conditions in the status of a definition. */
public final class Conditions {
    private final ObjectNode status;
    private final String now;

    /** The conditions of a status, which is changed in place. */
    public Conditions(ObjectNode status, String now) {
        this.status = status;
        this.now = now;
    }

    /** Whether a condition is there and true. */
    static boolean isTrue(JsonNode status, String type) {
        for (JsonNode condition : status.path("conditions")) {
            if (condition.path("type").asText().equals(type)) {
                return condition.path("status").asText().equals("True");
            }
        }
        return false;
    }

    /** Sets a condition. The time of its last transition moves only if its status does. */
    public void set(String type, String value, String reason, String message) {
        ArrayNode conditions =
                status.get("conditions") instanceof ArrayNode list ? list : status.putArray("conditions");
        ObjectNode found = null;
        for (JsonNode condition : conditions) {
            if (condition.path("type").asText().equals(type)) {
                found = (ObjectNode) condition;
            }
        }
        if (found == null) {
            found = conditions.addObject().put("type", type);
        }
        if (!found.path("status").asText().equals(value)) {
            found.put("status", value).put("lastTransitionTime", now);
        }
        found.put("reason", reason).put("message", message);
    }
}

package dev.amphora.apiserver.strategy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;

/** Steps that many strategies share. */
final class Strategies {
    private Strategies() {}

    /** Gives the object the old one's status. */
    static void keepStatus(ObjectNode object, ObjectNode old) {
        JsonNode status = old.get("status");
        if (status == null) {
            object.remove("status");
        } else {
            object.set("status", status.deepCopy());
        }
    }

    /** Raises the generation if anything but metadata and status differs. */
    static void bumpGeneration(ObjectNode object, ObjectNode old) {
        JsonNode generation = old.path("metadata").path("generation");
        if (!generation.isNumber()) {
            return;
        }
        ObjectNode before = old.deepCopy();
        ObjectNode after = object.deepCopy();
        for (ObjectNode each : new ObjectNode[] {before, after}) {
            each.remove("metadata");
            each.remove("status");
        }
        long next = generation.asLong() + (before.equals(after) ? 0 : 1);
        ((ObjectNode) object.get("metadata")).put("generation", next);
    }

    /** Gives the object everything of the old one but its status. */
    static void keepAllButStatus(ObjectNode object, ObjectNode old) {
        JsonNode status = object.get("status");
        JsonNode version = object.path("metadata").get("resourceVersion");
        object.removeAll();
        object.setAll(old.deepCopy());
        if (status == null) {
            object.remove("status");
        } else {
            object.set("status", status);
        }
        if (version != null) {
            ((ObjectNode) object.get("metadata")).set("resourceVersion", version);
        }
    }
}

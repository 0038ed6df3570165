package dev.amphora.apiserver;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.Json;
import dev.amphora.apiserver.access.Rights;
import org.jspecify.annotations.Nullable;

/**
 * What becomes of a role or binding of the system that is there already at start: what is missing is added, what somebody added stays, and
 * one that is annotated so is left alone.
 */
final class BootstrapPolicy {
    private static final String AUTOUPDATE = "rbac.authorization.kubernetes.io/autoupdate";

    private BootstrapPolicy() {}

    /**
     * What is to be stored.
     *
     * @param found what is there; read-only
     * @param wanted what every cluster has
     * @return null if nothing is to be done; without uid and time if it has to be made anew
     */
    static @Nullable ObjectNode reconcile(ObjectNode found, ObjectNode wanted) {
        if (found.path("metadata")
                .path("annotations")
                .path(AUTOUPDATE)
                .asText("")
                .equals("false")) {
            return null;
        }
        ObjectNode result = found.deepCopy();
        boolean changed = addMissing(Metadata.of(result), Metadata.of(wanted), "labels");
        changed |= addMissing(Metadata.of(result), Metadata.of(wanted), "annotations");
        if (wanted.has("roleRef")) {
            if (!result.path("roleRef").equals(wanted.path("roleRef"))) {
                ObjectNode anew = wanted.deepCopy();
                Metadata.of(anew).retain("name", "namespace", "labels", "annotations");
                return anew;
            }
            changed |= addElements(result, wanted, "subjects");
        } else if (wanted.has("aggregationRule")) {
            changed |= addElements(
                    result.withObject("/aggregationRule"),
                    (ObjectNode) wanted.get("aggregationRule"),
                    "clusterRoleSelectors");
        } else {
            changed |= addRules(result, wanted);
        }
        return changed ? result : null;
    }

    private static boolean addRules(ObjectNode result, ObjectNode wanted) {
        ArrayNode missing = Rights.missing(result.path("rules"), wanted.path("rules"));
        if (missing.isEmpty()) {
            return false;
        }
        array(result, "rules").addAll(missing);
        return true;
    }

    private static boolean addElements(ObjectNode result, ObjectNode wanted, String member) {
        boolean changed = false;
        ArrayNode present = array(result, member);
        for (JsonNode each : wanted.path(member)) {
            boolean known = false;
            for (JsonNode own : present) {
                known |= own.equals(each);
            }
            if (!known) {
                present.add(each.deepCopy());
                changed = true;
            }
        }
        return changed;
    }

    private static boolean addMissing(ObjectNode metadata, ObjectNode wanted, String member) {
        ObjectNode present = metadata.get(member) instanceof ObjectNode map ? map : Json.object();
        int before = present.size();
        wanted.path(member).fields().forEachRemaining(entry -> present.putIfAbsent(entry.getKey(), entry.getValue()));
        if (present.size() == before) {
            return false;
        }
        metadata.set(member, present);
        return true;
    }

    private static ArrayNode array(ObjectNode object, String member) {
        return object.get(member) instanceof ArrayNode array ? array : object.putArray(member);
    }
}

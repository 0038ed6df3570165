package dev.amphora.apiserver;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;

/** The references to an object's owners as it is written: each once. */
final class OwnerReferences {
    private static final String REPEATED = ".metadata.ownerReferences contains duplicate entries%s; API server dedups"
            + " owner references in 1.20+, and may reject such requests as early as 1.24; please fix your requests;"
            + " duplicate UID(s) observed: %s";

    private OwnerReferences() {}

    /** Takes away what a caller has repeated, and warns of it. A patch is looked at once it has been admitted. */
    static void deduplicate(Call call, ObjectNode object) {
        if (call.request().verb() != Verb.PATCH) {
            deduplicate(call, object, "");
        }
    }

    /** Takes away what is repeated after admission, and warns of it. */
    static void deduplicateAdmitted(Call call, ObjectNode object) {
        deduplicate(call, object, " after mutating admission happens");
    }

    private static void deduplicate(Call call, ObjectNode object, String when) {
        if (!(object.path("metadata").path("ownerReferences") instanceof ArrayNode owners) || owners.size() < 2) {
            return;
        }
        List<JsonNode> kept = new ArrayList<>();
        List<String> repeated = new ArrayList<>();
        for (JsonNode owner : owners) {
            if (kept.contains(owner)) {
                repeated.add(owner.path("uid").asText());
            } else {
                kept.add(owner);
            }
        }
        if (!repeated.isEmpty()) {
            owners.removeAll();
            owners.addAll(kept);
            call.warn(REPEATED.formatted(when, String.join(", ", repeated)));
        }
    }
}

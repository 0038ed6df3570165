package dev.amphora.apiserver.strategy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.collect.ImmutableMap;

/** Events as {@code events.k8s.io/v1} has them; stored as core {@code v1} Events, whose older names they keep in other fields. */
final class EventsV1 implements Conversion {
    /** Served name to stored name. */
    private static final ImmutableMap<String, String> NAMES = ImmutableMap.<String, String>builder()
            .put("reportingController", "reportingComponent")
            .put("regarding", "involvedObject")
            .put("note", "message")
            .put("deprecatedSource", "source")
            .put("deprecatedFirstTimestamp", "firstTimestamp")
            .put("deprecatedLastTimestamp", "lastTimestamp")
            .put("deprecatedCount", "count")
            .buildOrThrow();

    @Override
    public String apiVersion() {
        return "events.k8s.io/v1";
    }

    @Override
    public void toStorage(ObjectNode object) {
        object.put("apiVersion", "v1");
        NAMES.forEach((served, stored) -> move(object, served, stored));
    }

    @Override
    public void fromStorage(ObjectNode object) {
        object.put("apiVersion", apiVersion());
        NAMES.forEach((served, stored) -> move(object, stored, served));
        for (String member : new String[] {"reportingController", "reportingInstance"}) {
            if (object.path(member).isTextual() && object.path(member).asText().isEmpty()) {
                object.remove(member);
            }
        }
    }

    private static void move(ObjectNode object, String from, String to) {
        JsonNode value = object.remove(from);
        if (value != null) {
            object.set(to, value);
        }
    }
}

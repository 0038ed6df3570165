package dev.amphora.apiserver.strategy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.collect.ImmutableMap;
import java.util.List;
import java.util.Map;

/** Events, as core {@code v1} stores them. Those with an event time must have what the newer API asks for. */
final class EventStrategy extends KindStrategy {
    private static final int LONGEST = 128;

    EventStrategy() {
        super(Trait.CREATED_BY_UPDATE);
    }

    @Override
    List<String> names(String name) {
        return Names.pathSegment(name);
    }

    @Override
    void rules(Fields event) {
        Fields involved = event.at("involvedObject", "namespace");
        String namespace = event.at("metadata", "namespace").text();
        if (involved.isEmpty()) {
            if (!namespace.isEmpty() && !namespace.equals("default") && !namespace.equals("kube-system")) {
                involved.invalid("", "does not match event.namespace");
            }
        } else if (!involved.text().equals(namespace)) {
            involved.invalid(involved.text(), "does not match event.namespace");
        }
        if (event.has("eventTime")) {
            newStyle(event);
        }
    }

    private static void newStyle(Fields event) {
        Fields reporter = event.at("reportingComponent");
        reporter.requireText();
        reporter.check(Names::labelKey);
        for (String field : List.of("reportingInstance", "action", "reason")) {
            Fields place = event.at(field);
            if (place.isEmpty()) {
                place.required();
            }
            if (Names.bytes(place.text()) > LONGEST) {
                place.invalid("", "can have at most %d characters".formatted(LONGEST));
            }
        }
    }

    @Override
    public Map<String, String> selectableFields(ObjectNode object) {
        JsonNode involved = object.path("involvedObject");
        String component = object.path("source").path("component").asText("");
        String reporter = object.path("reportingComponent").asText("");
        return ImmutableMap.<String, String>builder()
                .put("involvedObject.kind", involved.path("kind").asText(""))
                .put("involvedObject.namespace", involved.path("namespace").asText(""))
                .put("involvedObject.name", involved.path("name").asText(""))
                .put("involvedObject.uid", involved.path("uid").asText(""))
                .put("involvedObject.apiVersion", involved.path("apiVersion").asText(""))
                .put(
                        "involvedObject.resourceVersion",
                        involved.path("resourceVersion").asText(""))
                .put("involvedObject.fieldPath", involved.path("fieldPath").asText(""))
                .put("reason", object.path("reason").asText(""))
                .put("reportingComponent", reporter)
                .put("source", component.isEmpty() ? reporter : component)
                .put("type", object.path("type").asText(""))
                .buildOrThrow();
    }
}

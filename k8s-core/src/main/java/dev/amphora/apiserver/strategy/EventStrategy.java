package dev.amphora.apiserver.strategy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.collect.ImmutableMap;
import java.util.List;
import java.util.Map;

/** Events, as core {@code v1} stores them. Those with an event time must have what the newer API asks for,
 * and the newer API asks for an event time and leaves the older fields unset. */
final class EventStrategy extends KindStrategy {
    private static final int LONGEST = 128;
    private static final int LONGEST_NOTE = 1024;
    private static final List<String> KEPT = List.of(
            "involvedObject",
            "reason",
            "message",
            "source",
            "firstTimestamp",
            "lastTimestamp",
            "count",
            "type",
            "eventTime",
            "action",
            "related",
            "reportingComponent",
            "reportingInstance");

    private static final Map<String, String> STRUCTURES = ImmutableMap.of(
            "involvedObject", "core.v1.ObjectReference",
            "related", "core.v1.ObjectReference",
            "source", "core.v1.EventSource");

    private final boolean legacy;

    EventStrategy() {
        this("v1");
    }

    private EventStrategy(String apiVersion) {
        super(Trait.CREATED_BY_UPDATE);
        legacy = apiVersion.equals("v1");
    }

    @Override
    List<String> names(String name) {
        return legacy ? Names.pathSegment(name) : Names.subdomain(name);
    }

    @Override
    boolean startsWithMetadata() {
        return false;
    }

    @Override
    public Strategy servedAs(String apiVersion) {
        return apiVersion.equals("v1") ? this : new EventStrategy(apiVersion);
    }

    @Override
    void rules(Fields event) {
        involved(event);
        if (event.has("eventTime")) {
            newStyle(event);
        }
        namespace(event);
        if (!legacy) {
            metadata(event);
            series(event);
            if (!event.has("eventTime")) {
                event.at("eventTime").required();
            }
            Fields type = event.at("type");
            if (!type.is("Normal") && !type.is("Warning")) {
                type.invalid("", "has invalid value: " + type.text());
            }
            for (String field : List.of("firstTimestamp", "lastTimestamp", "count", "source")) {
                if (isSet(event.at(field))) {
                    event.at(field).invalid("", "needs to be unset");
                }
            }
        }
    }

    private static boolean isSet(Fields field) {
        JsonNode value = field.value();
        return value.isNumber() ? value.asLong() != 0 : !field.isEmpty();
    }

    private static void involved(Fields event) {
        Fields involved = event.at("involvedObject", "namespace");
        String namespace = event.at("metadata", "namespace").text();
        boolean system = namespace.equals("default") || namespace.equals("kube-system");
        boolean mismatch = involved.isEmpty()
                ? !system && !namespace.isEmpty()
                : !event.has("eventTime") && !involved.text().equals(namespace);
        if (mismatch) {
            involved.invalid(involved.text(), "does not match event.namespace");
        }
    }

    private void newStyle(Fields event) {
        Fields reporter = event.at("reportingComponent");
        Fields place =
                event.at(legacy ? "reportingComponent" : "reportingController").with(reporter.value());
        place.requireText();
        place.check(Names::labelKey);
        for (String field : List.of("reportingInstance", "action", "reason")) {
            Fields text = event.at(field);
            text.requireText();
            atMost(text, LONGEST);
        }
        atMost(event.at("message"), LONGEST_NOTE);
    }

    private static void atMost(Fields text, int longest) {
        if (Names.bytes(text.text()) > longest) {
            text.invalid("", "can have at most %d characters".formatted(longest));
        }
    }

    private static void namespace(Fields event) {
        Fields namespace = event.at("metadata", "namespace");
        event.at("namespace").check(namespace.text(), Names::subdomain);
    }

    private static void series(Fields event) {
        Fields series = event.at("series");
        if (!series.given()) {
            return;
        }
        if (series.at("count").number() < 2) {
            series.at("count").invalid("", "should be at least 2");
        }
        if (!series.has("lastObservedTime")) {
            series.at("lastObservedTime").required();
        }
    }

    @Override
    void updateRules(Fields event, ObjectNode old) {
        if (legacy) {
            rules(event);
            return;
        }
        involved(event);
        if (event.has("eventTime")) {
            newStyle(event);
        }
        namespace(event);
        metadataUpdate(event, old);
        if (!Strategies.same(event.at("series").value(), old.path("series"))) {
            series(event);
        }
        for (String field : KEPT) {
            Fields now = event.at(field);
            if (!Strategies.same(now.value(), old.path(field))) {
                Fields place = event.at(field.equals("reportingComponent") ? "reportingController" : field);
                String type = STRUCTURES.getOrDefault(field, "");
                JsonNode value = now.value();
                if (type.isEmpty()) {
                    place.with(value).immutable(old.path(field));
                } else {
                    place.invalid(GoForm.of(value, type), "field is immutable");
                }
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

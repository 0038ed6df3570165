package dev.amphora.apiserver.strategy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.collect.ImmutableMap;
import dev.amphora.api.Json;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Horizontal pod autoscalers as {@code autoscaling/v1} has them: one CPU target in a field, and all else that the newer version
 * knows in annotations.
 */
final class AutoscalerV1 implements Conversion {
    private static final String PREFIX = "autoscaling.alpha.kubernetes.io/";
    private static final String METRICS = PREFIX + "metrics";
    private static final String CURRENT = PREFIX + "current-metrics";
    private static final String CONDITIONS = PREFIX + "conditions";
    private static final String BEHAVIOR = PREFIX + "behavior";
    private static final String TARGET = "targetCPUUtilizationPercentage";
    private static final String CURRENT_TARGET = "currentCPUUtilizationPercentage";

    private static final Map<String, String> SOURCES = ImmutableMap.of(
            "Object", "object",
            "Pods", "pods",
            "Resource", "resource",
            "ContainerResource", "containerResource",
            "External", "external");

    @Override
    public String apiVersion() {
        return "autoscaling/v1";
    }

    // To autoscaling/v2

    @Override
    public void toStorage(ObjectNode object) {
        ObjectNode spec = Strategies.child(object, "spec");
        ArrayNode metrics = Json.mapper().createArrayNode();
        JsonNode target = spec.remove(TARGET);
        JsonNode others = take(object, METRICS);
        if (others != null && others.isArray()) {
            others.forEach(metric -> metrics.add(newer(metric, "target")));
        }
        if (target != null) {
            cpu(metrics.addObject(), "target").put("type", "Utilization").set("averageUtilization", target);
        }
        if (!metrics.isEmpty()) {
            spec.set("metrics", metrics);
        }
        if (take(object, BEHAVIOR) instanceof ObjectNode behavior) {
            spec.set("behavior", behavior(behavior));
        }
        status(object);
        object.put("apiVersion", "autoscaling/v2");
    }

    private static void status(ObjectNode object) {
        JsonNode current = take(object, CURRENT);
        JsonNode conditions = take(object, CONDITIONS);
        if (!(object.get("status") instanceof ObjectNode status)) {
            return;
        }
        if (status.path("currentReplicas").asLong() == 0) {
            status.remove("currentReplicas");
        }
        ArrayNode metrics = Json.mapper().createArrayNode();
        JsonNode utilization = status.remove(CURRENT_TARGET);
        if (current != null && current.isArray()) {
            current.forEach(metric -> metrics.add(newer(metric, "current")));
        }
        if (utilization != null) {
            cpu(metrics.addObject(), "current").set("averageUtilization", utilization);
        }
        if (!metrics.isEmpty()) {
            status.set("currentMetrics", metrics);
        }
        if (conditions != null && !conditions.isEmpty()) {
            status.set("conditions", conditions);
        }
    }

    /** The behavior in an annotation, whatever case its members have. What it leaves out stays out: defaults are not for it. */
    private static ObjectNode behavior(ObjectNode annotation) {
        ObjectNode result = Json.object();
        for (String direction : List.of("scaleUp", "scaleDown")) {
            if (memberOf(annotation, direction) instanceof ObjectNode given) {
                ObjectNode rules = result.putObject(direction);
                for (String field : List.of("stabilizationWindowSeconds", "selectPolicy", "tolerance")) {
                    take(given, field, rules);
                }
                ArrayNode policies = rules.putArray("policies");
                for (JsonNode each : memberOf(given, "policies")) {
                    ObjectNode policy = policies.addObject();
                    List.of("type", "value", "periodSeconds").forEach(field -> take(each, field, policy));
                }
            }
        }
        return result;
    }

    private static void take(JsonNode from, String field, ObjectNode to) {
        JsonNode value = memberOf(from, field);
        if (!value.isMissingNode() && !value.isNull()) {
            to.set(field, value);
        }
    }

    private static JsonNode memberOf(JsonNode object, String name) {
        for (Map.Entry<String, JsonNode> member : object.properties()) {
            if (member.getKey().equalsIgnoreCase(name)) {
                return member.getValue();
            }
        }
        return MissingNode.getInstance();
    }

    private static ObjectNode cpu(ObjectNode metric, String value) {
        metric.put("type", "Resource");
        return metric.putObject("resource").put("name", "cpu").putObject(value);
    }

    /** Takes away an annotation and reads its JSON; null if there is none, or it is none. */
    private static @Nullable JsonNode take(ObjectNode object, String annotation) {
        if (!(object.path("metadata").path("annotations") instanceof ObjectNode annotations)) {
            return null;
        }
        JsonNode text = annotations.remove(annotation);
        if (annotations.isEmpty()) {
            Strategies.metadata(object).remove("annotations");
        }
        try {
            return text == null ? null : Json.read(text.asText().getBytes(StandardCharsets.UTF_8));
        } catch (UncheckedIOException e) {
            return null;
        }
    }

    /** A metric of the older form, whose target or current value is spread over its fields. */
    private static ObjectNode newer(JsonNode metric, String value) {
        String type = metric.path("type").asText();
        ObjectNode result = Json.object().put("type", type);
        String field = SOURCES.getOrDefault(type, "");
        JsonNode source = metric.path(field);
        ObjectNode made = result.putObject(field);
        if (type.equals("Object")) {
            made.set("describedObject", source.path("target"));
        }
        if (List.of("Resource", "ContainerResource").contains(type)) {
            copy(source, "name", made, "name");
            copy(source, "container", made, "container");
        } else {
            ObjectNode identifier = made.putObject("metric");
            copy(source, "metricName", identifier, "name");
            copy(source, source.has("metricSelector") ? "metricSelector" : "selector", identifier, "selector");
        }
        ObjectNode amounts = made.putObject(value);
        String utilization = value + "AverageUtilization";
        boolean averaged = source.has(value + "AverageValue") || source.has("averageValue");
        if (value.equals("target")) {
            amounts.put("type", source.has(utilization) ? "Utilization" : averaged ? "AverageValue" : "Value");
        }
        copy(source, utilization, amounts, "averageUtilization");
        copy(source, value + "AverageValue", amounts, "averageValue");
        copy(source, "averageValue", amounts, "averageValue");
        copy(source, value + "Value", amounts, "value");
        return result;
    }

    private static void copy(JsonNode from, String name, ObjectNode to, String as) {
        if (from.has(name)) {
            to.set(as, from.get(name).deepCopy());
        }
    }

    // From autoscaling/v2

    @Override
    public void fromStorage(ObjectNode object) {
        object.put("apiVersion", apiVersion());
        ObjectNode spec = Strategies.child(object, "spec");
        ArrayNode others = Json.mapper().createArrayNode();
        JsonNode metrics = spec.remove("metrics");
        if (metrics != null) {
            for (JsonNode metric : metrics) {
                JsonNode utilization = metric.path("resource").path("target").path("averageUtilization");
                if (isCpu(metric) && utilization.isNumber() && !spec.has(TARGET)) {
                    spec.set(TARGET, utilization);
                } else {
                    others.add(older(metric, "target"));
                }
            }
        }
        annotate(object, METRICS, others);
        JsonNode behavior = spec.remove("behavior");
        if (behavior != null && behavior.isObject()) {
            annotate(object, BEHAVIOR, annotation(behavior));
        }
        ObjectNode status = Strategies.child(object, "status");
        ArrayNode current = Json.mapper().createArrayNode();
        JsonNode currentMetrics = status.remove("currentMetrics");
        if (currentMetrics != null) {
            for (JsonNode metric : currentMetrics) {
                JsonNode utilization = metric.path("resource").path("current").path("averageUtilization");
                if (isCpu(metric) && utilization.isNumber()) {
                    status.set(CURRENT_TARGET, utilization);
                }
                current.add(older(metric, "current"));
            }
        }
        annotate(object, CURRENT, current);
        JsonNode conditions = status.remove("conditions");
        if (conditions != null && conditions.isArray()) {
            annotate(object, CONDITIONS, conditions);
        }
        Strategies.setDefault(status, "currentReplicas", 0);
        Strategies.setDefault(status, "desiredReplicas", 0);
        for (String last : List.of("currentReplicas", "desiredReplicas", CURRENT_TARGET)) {
            JsonNode value = status.remove(last);
            if (value != null) {
                status.set(last, value);
            }
        }
    }

    /** A behavior as the annotation has it: with the names that its fields have in code, and null for what isn't set. */
    private static ObjectNode annotation(JsonNode behavior) {
        ObjectNode result = Json.object();
        for (String direction : List.of("ScaleUp", "ScaleDown")) {
            JsonNode given = memberOf(behavior, direction);
            if (!given.isObject()) {
                result.putNull(direction);
                continue;
            }
            ObjectNode rules = result.putObject(direction);
            rules.set("StabilizationWindowSeconds", GoValues.orNull(given.path("stabilizationWindowSeconds")));
            rules.set("SelectPolicy", GoValues.orNull(given.path("selectPolicy")));
            ArrayNode policies = rules.putArray("Policies");
            for (JsonNode each : given.path("policies")) {
                policies.addObject()
                        .put("Type", each.path("type").asText())
                        .put("Value", each.path("value").asInt())
                        .put("PeriodSeconds", each.path("periodSeconds").asInt());
            }
            rules.set("Tolerance", GoValues.orNull(given.path("tolerance")));
        }
        return result;
    }

    private static boolean isCpu(JsonNode metric) {
        return metric.path("type").asText().equals("Resource")
                && metric.path("resource").path("name").asText().equals("cpu");
    }

    private static ObjectNode older(JsonNode metric, String value) {
        String type = metric.path("type").asText();
        ObjectNode result = Json.object().put("type", type);
        String field = SOURCES.getOrDefault(type, "");
        JsonNode source = metric.path(field);
        JsonNode amounts = source.path(value);
        ObjectNode made = result.putObject(field);
        String average = type.equals("Object") ? "averageValue" : value + "AverageValue";
        copy(source, "describedObject", made, "target");
        copy(source, "name", made, "name");
        copy(source.path("metric"), "name", made, "metricName");
        if (type.equals("External")) {
            copy(source.path("metric"), "selector", made, "metricSelector");
        }
        copy(amounts, "value", made, value + "Value");
        if (type.equals("Object") && !amounts.has("value")) {
            made.put(value + "Value", "0");
        }
        if (type.equals("Pods")) {
            copy(amounts, "averageValue", made, average);
        }
        if (!type.equals("External")) {
            copy(source.path("metric"), "selector", made, "selector");
        }
        copy(amounts, "averageUtilization", made, value + "AverageUtilization");
        copy(amounts, "averageValue", made, average);
        copy(source, "container", made, "container");
        return result;
    }

    private static void annotate(ObjectNode object, String annotation, JsonNode value) {
        if (!value.isEmpty()) {
            Strategies.child(Strategies.metadata(object), "annotations")
                    .put(annotation, new String(Json.write(value), StandardCharsets.UTF_8));
        }
    }
}

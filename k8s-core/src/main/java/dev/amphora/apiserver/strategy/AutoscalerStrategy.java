package dev.amphora.apiserver.strategy;

import static dev.amphora.apiserver.strategy.Strategies.setDefault;

import com.fasterxml.jackson.databind.node.LongNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import com.google.common.collect.ImmutableMap;
import java.util.List;
import java.util.Map;

/** Horizontal pod autoscalers, of {@code autoscaling/v2}. */
final class AutoscalerStrategy extends KindStrategy {
    private static final Map<String, String> SOURCES = ImmutableMap.of(
            "ContainerResource", "containerResource",
            "External", "external",
            "Object", "object",
            "Pods", "pods",
            "Resource", "resource");
    private static final List<String> TYPES = List.of("ContainerResource", "External", "Object", "Pods", "Resource");
    private static final int LONGEST_WINDOW = 3600;
    private static final int LONGEST_PERIOD = 1800;

    @Override
    public void setDefaults(ObjectNode object) {
        ObjectNode spec = Strategies.child(object, "spec");
        setDefault(spec, "minReplicas", 1);
        if (spec.path("metrics").isEmpty()) {
            ObjectNode cpu =
                    spec.putArray("metrics").addObject().put("type", "Resource").putObject("resource");
            cpu.put("name", "cpu")
                    .putObject("target")
                    .put("type", "Utilization")
                    .put("averageUtilization", 80);
        }
        if (spec.path("behavior") instanceof ObjectNode behavior) {
            ObjectNode up = Strategies.child(behavior, "scaleUp");
            setDefault(up, "stabilizationWindowSeconds", 0);
            rules(up, 4);
            rules(Strategies.child(behavior, "scaleDown"), 0);
        }
    }

    /** Each direction is completed; going up, a fixed number of pods is allowed as well. */
    private static void rules(ObjectNode rules, int pods) {
        setDefault(rules, "selectPolicy", "Max");
        if (!rules.hasNonNull("policies")) {
            if (pods > 0) {
                Strategies.list(rules, "policies")
                        .addObject()
                        .put("type", "Pods")
                        .put("value", pods)
                        .put("periodSeconds", 15);
            }
            Strategies.list(rules, "policies")
                    .addObject()
                    .put("type", "Percent")
                    .put("value", 100)
                    .put("periodSeconds", 15);
        }
    }

    @Override
    public void prepareForCreate(ObjectNode object) {
        object.remove("status");
    }

    @Override
    List<String> names(String name) {
        return Names.subdomain(name);
    }

    @Override
    void rules(Fields autoscaler) {
        Fields spec = autoscaler.at("spec");
        Fields least = spec.at("minReplicas");
        Fields most = spec.at("maxReplicas");
        if (least.given() && least.number() < 1) {
            least.invalid("must be greater than or equal to 1");
        }
        if (most.number() == 0) {
            most.required("must be set and greater than 0");
        } else if (most.number() < 0) {
            most.invalid("must be greater than or equal to 1");
        }
        if (least.given() && most.number() < least.number()) {
            most.invalid(LongNode.valueOf(most.number()), "must be greater than or equal to `minReplicas`");
        }
        reference(spec.at("scaleTargetRef"));
        version(spec.at("scaleTargetRef"));
        metrics(spec.at("metrics"), least);
        Fields behavior = spec.at("behavior");
        direction(behavior.at("scaleUp"));
        direction(behavior.at("scaleDown"));
    }

    private static void reference(Fields reference) {
        for (String field : List.of("kind", "name")) {
            if (reference.at(field).requireText()) {
                reference.at(field).check(Names::pathSegment);
            }
        }
    }

    /** What is scaled must be of a group that can be. */
    private static void version(Fields reference) {
        Fields version = reference.at("apiVersion");
        String text = version.text();
        boolean core = text.indexOf('/') < 0;
        if (text.indexOf('/') != text.lastIndexOf('/')) {
            version.invalid("unexpected GroupVersion string: " + text);
        } else if (core && !(text.equals("v1") && reference.at("kind").is("ReplicationController"))) {
            version.invalid(text, "apiVersion must specify API group");
        }
    }

    private static void metrics(Fields metrics, Fields least) {
        boolean toZero = false;
        for (Fields metric : metrics.elements()) {
            toZero |= metric.at("type").is("Object") || metric.at("type").is("External");
            metric(metric);
        }
        if (least.given() && least.number() == 0 && !toZero) {
            metrics.forbidden(
                    "must specify at least one Object or External metric to support scaling to zero replicas");
        }
    }

    private static void metric(Fields metric) {
        Fields type = metric.at("type");
        if (type.isEmpty()) {
            type.required("must specify a metric source type");
        }
        String expected = SOURCES.getOrDefault(type.text(), "");
        if (expected.isEmpty()) {
            type.with(TextNode.valueOf(type.text())).unsupported(TYPES);
        }
        for (String source : List.of("object", "pods", "resource", "containerResource", "external")) {
            if (metric.has(source)) {
                source(metric.at(source), source);
            }
        }
        if (expected.isEmpty()) {
            type.with(TextNode.valueOf(type.text())).unsupported(TYPES);
            return;
        }
        if (!metric.has(expected)) {
            metric.at(expected).required("must populate information for the given metric source");
        }
        for (String source : List.of("object", "pods", "resource", "containerResource", "external")) {
            if (metric.has(source) && !source.equals(expected)) {
                metric.at(source).forbidden("must populate the given metric source only");
            }
        }
    }

    private static void source(Fields source, String kind) {
        Fields target = source.at("target");
        boolean value = target.has("value");
        boolean average = target.has("averageValue");
        boolean utilization = target.has("averageUtilization");
        switch (kind) {
            case "object" -> {
                reference(source.at("describedObject"));
                identifier(source.at("metric"));
                target(target);
                if (!value && !average) {
                    target.at("averageValue").required("must set either a target value or averageValue");
                }
            }
            case "external" -> {
                identifier(source.at("metric"));
                target(target);
                if (!value && !average) {
                    target.at("averageValue").required("must set either a target value for metric or a per-pod target");
                }
                if (value && average) {
                    target.at("value").forbidden("may not set both a target value for metric and a per-pod target");
                }
            }
            case "pods" -> {
                identifier(source.at("metric"));
                target(target);
                if (!average
                        || PodResources.value(target.at("averageValue").text()).signum() <= 0) {
                    if (!average) {
                        target.at("averageValue").required("must specify a positive target averageValue");
                    }
                }
            }
            default -> {
                Fields name = source.at("name");
                if (name.isEmpty()) {
                    name.required("must specify a resource name");
                } else if (kind.equals("containerResource")) {
                    ResourceRules.containerName(name, name.text());
                }
                if (kind.equals("containerResource")) {
                    if (source.at("container").isEmpty()) {
                        source.at("container").required("must specify a container");
                    } else {
                        source.at("container").check(Names::label);
                    }
                }
                target(target);
                if (!utilization && !average) {
                    target.at("averageUtilization")
                            .required("must set either a target raw value or a target utilization");
                }
                if (utilization && average) {
                    target.at("averageValue").forbidden("may not set both a target raw value and a target utilization");
                }
            }
        }
    }

    private static void identifier(Fields metric) {
        Fields name = metric.at("name");
        if (name.isEmpty()) {
            name.required("must specify a metric name");
        } else {
            name.check(Names::pathSegment);
        }
    }

    private static void target(Fields target) {
        Fields type = target.at("type");
        if (type.isEmpty()) {
            type.required("must specify a metric target type");
        }
        if (!List.of("Utilization", "Value", "AverageValue").contains(type.text())) {
            type.invalid(type.text(), "must be either Utilization, Value, or AverageValue");
        }
        for (String amount : List.of("value", "averageValue")) {
            if (target.has(amount)
                    && PodResources.value(target.at(amount).text()).signum() <= 0) {
                target.at(amount).invalid(target.at(amount).text(), "must be positive");
            }
        }
        if (target.has("averageUtilization") && target.at("averageUtilization").number() < 1) {
            target.at("averageUtilization").invalid("must be greater than 0");
        }
    }

    private static void direction(Fields rules) {
        if (!rules.given()) {
            return;
        }
        Fields window = rules.at("stabilizationWindowSeconds");
        if (window.given()) {
            if (window.number() < 0) {
                window.invalid("must be greater than or equal to zero");
            } else if (window.number() > LONGEST_WINDOW) {
                window.invalid("must be less than or equal to " + LONGEST_WINDOW);
            }
        }
        if (rules.has("selectPolicy")) {
            rules.at("selectPolicy").oneOf("Disabled", "Max", "Min");
        }
        Fields policies = rules.at("policies");
        if (policies.isEmpty()) {
            policies.required("must specify at least one Policy");
        }
        for (Fields policy : policies.elements()) {
            policy.at("type").oneOf("Percent", "Pods");
            policy.at("value").positive();
            policy.at("periodSeconds").positive();
            if (policy.at("periodSeconds").number() > LONGEST_PERIOD) {
                policy.at("periodSeconds").invalid("must be less than or equal to " + LONGEST_PERIOD);
            }
        }
        Fields tolerance = rules.at("tolerance");
        if (tolerance.given() && PodResources.value(tolerance.text()).signum() < 0) {
            tolerance.invalid(tolerance.text(), "must be greater than or equal to 0");
        }
    }

    @Override
    void statusUpdateRules(Fields autoscaler, ObjectNode old) {
        metadataUpdate(autoscaler, old);
        WorkloadRules.counts(autoscaler.at("status"), "currentReplicas", "desiredReplicas");
    }
}

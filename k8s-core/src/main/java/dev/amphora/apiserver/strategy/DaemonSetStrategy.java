package dev.amphora.apiserver.strategy;

import static dev.amphora.apiserver.strategy.Strategies.setDefault;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.collect.ImmutableMap;
import java.util.List;

/** Daemon sets. */
final class DaemonSetStrategy extends KindStrategy {
    private static final String TEMPLATE_GENERATION = "deprecated.daemonset.template.generation";

    DaemonSetStrategy() {
        super(Trait.GENERATION);
    }

    @Override
    public void setDefaults(ObjectNode object) {
        setDefault(Strategies.child(Strategies.metadata(object), "annotations"), TEMPLATE_GENERATION, "0");
        ObjectNode spec = Strategies.child(object, "spec");
        ObjectNode strategy = Strategies.child(spec, "updateStrategy");
        setDefault(strategy, "type", "RollingUpdate");
        if (strategy.path("type").asText().equals("RollingUpdate")) {
            ObjectNode rolling = Strategies.child(strategy, "rollingUpdate");
            setDefault(rolling, "maxUnavailable", 1);
            setDefault(rolling, "maxSurge", 0);
        } else if (strategy.path("rollingUpdate") instanceof ObjectNode unused) {
            setDefault(unused, "maxUnavailable", 0);
            setDefault(unused, "maxSurge", 0);
        }
        setDefault(spec, "revisionHistoryLimit", 10);
        PodDefaults.template(Strategies.child(spec, "template"));
    }

    /** An older API counted changes of the template in a field; where it was an annotation has the count. */
    @Override
    public void prepareForCreate(ObjectNode object) {
        object.remove("status");
        long given = templateGeneration(object);
        Strategies.child(Strategies.metadata(object), "annotations")
                .put(TEMPLATE_GENERATION, Long.toString(Math.max(given, 1)));
    }

    @Override
    public void prepareForUpdate(ObjectNode object, ObjectNode old) {
        Strategies.keepStatus(object, old);
        boolean changed = !Strategies.same(
                object.path("spec").path("template"), old.path("spec").path("template"));
        Strategies.bumpGeneration(object, old);
        long count = templateGeneration(old);
        Strategies.child(Strategies.metadata(object), "annotations")
                .put(TEMPLATE_GENERATION, Long.toString(changed ? count + 1 : count));
    }

    private static long templateGeneration(ObjectNode object) {
        return object.path("metadata")
                .path("annotations")
                .path(TEMPLATE_GENERATION)
                .asLong();
    }

    @Override
    void rules(Fields set) {
        Fields spec = set.at("spec");
        Fields selector = spec.at("selector");
        int before = selector.errors().size();
        LabelRules.selector(selector);
        boolean good = selector.errors().size() == before;
        Fields template = spec.at("template");
        if (good) {
            WorkloadRules.matches(template, selector.value());
        }
        if (selector.given() && LabelRules.isEmpty(selector.value())) {
            selector.invalid("empty selector is invalid for daemonset");
        }
        PodRules.template(template);
        WorkloadRules.alwaysRestarts(template, "DaemonSet");
        spec.at("minReadySeconds").notNegative();
        strategy(spec.at("updateStrategy"));
        if (spec.has("revisionHistoryLimit")) {
            spec.at("revisionHistoryLimit").notNegative();
        }
    }

    private static void strategy(Fields strategy) {
        Fields rolling = strategy.at("rollingUpdate");
        switch (strategy.at("type").text()) {
            case "OnDelete" -> {}
            case "RollingUpdate" -> {
                if (!rolling.given()) {
                    rolling.required();
                } else {
                    rolling(rolling);
                }
            }
            default -> strategy.with(shown(strategy.value())).unsupported(List.of("RollingUpdate", "OnDelete"));
        }
    }

    private static void rolling(Fields rolling) {
        Fields unavailable = rolling.at("maxUnavailable");
        Fields surge = rolling.at("maxSurge");
        for (Fields each : List.of(unavailable, surge)) {
            WorkloadRules.intOrPercent(each);
            WorkloadRules.notMoreThan100Percent(each);
        }
        boolean none = WorkloadRules.amount(unavailable) == 0;
        if (!none && WorkloadRules.amount(surge) != 0) {
            surge.invalid("may not be set when maxUnavailable is non-zero");
        } else if (none && WorkloadRules.amount(surge) == 0) {
            unavailable.required("cannot be 0 when maxSurge is 0");
        }
    }

    private static JsonNode shown(JsonNode strategy) {
        ObjectNode result = JsonNodeFactory.instance.objectNode();
        result.put("Type", strategy.path("type").asText(""));
        JsonNode rolling = strategy.path("rollingUpdate");
        result.set(
                "RollingUpdate",
                rolling.isObject()
                        ? GoValues.renamed(
                                rolling, ImmutableMap.of("MaxUnavailable", "maxUnavailable", "MaxSurge", "maxSurge"))
                        : GoValues.orNull(rolling));
        return result;
    }

    @Override
    void updateRules(Fields set, ObjectNode old) {
        metadataUpdate(set, old);
        set.at("spec", "selector").immutable(old.path("spec").path("selector"));
        rules(set);
    }

    @Override
    void statusUpdateRules(Fields set, ObjectNode old) {
        metadataUpdate(set, old);
        WorkloadRules.counts(
                set.at("status"),
                "currentNumberScheduled",
                "numberMisscheduled",
                "desiredNumberScheduled",
                "numberReady",
                "observedGeneration",
                "updatedNumberScheduled",
                "numberAvailable",
                "numberUnavailable",
                "collisionCount");
    }

    @Override
    public List<String> warnings(ObjectNode object) {
        return PodWarnings.template(object);
    }

    @Override
    public List<String> updateWarnings(ObjectNode object, ObjectNode old) {
        return PodWarnings.ifChanged(object, old, PodWarnings.template(object));
    }
}

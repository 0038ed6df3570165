package dev.amphora.apiserver.strategy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;

/** Pod disruption budgets. */
final class DisruptionBudgetStrategy extends KindStrategy {

    DisruptionBudgetStrategy() {
        super(Trait.GENERATION, Trait.VERSION_NEEDED);
    }

    /** Nothing is asked of the metadata beyond what is asked of all objects. */
    @Override
    boolean startsWithMetadata() {
        return false;
    }

    @Override
    void rules(Fields budget) {
        Fields spec = budget.at("spec");
        if (spec.has("minAvailable") && spec.has("maxUnavailable")) {
            spec.invalid(shown(spec.value()), "minAvailable and maxUnavailable cannot be both set");
        }
        for (String limit : List.of("minAvailable", "maxUnavailable")) {
            if (spec.has(limit)) {
                WorkloadRules.intOrPercent(spec.at(limit));
                WorkloadRules.notMoreThan100Percent(spec.at(limit));
            }
        }
        if (spec.has("selector")) {
            LabelRules.selector(spec.at("selector"));
        }
        if (spec.has("unhealthyPodEvictionPolicy")) {
            spec.at("unhealthyPodEvictionPolicy").oneOf("AlwaysAllow", "IfHealthyBudget");
        }
    }

    private static JsonNode shown(JsonNode spec) {
        ObjectNode result = JsonNodeFactory.instance.objectNode();
        result.set("MinAvailable", GoValues.orNull(spec.path("minAvailable")));
        result.set("Selector", GoValues.selector(spec.path("selector")));
        result.set("MaxUnavailable", GoValues.orNull(spec.path("maxUnavailable")));
        result.set("UnhealthyPodEvictionPolicy", GoValues.orNull(spec.path("unhealthyPodEvictionPolicy")));
        return result;
    }

    @Override
    void updateRules(Fields budget, ObjectNode old) {
        rules(budget);
    }

    @Override
    void statusUpdateRules(Fields budget, ObjectNode old) {
        WorkloadRules.counts(
                budget.at("status"), "disruptionsAllowed", "currentHealthy", "desiredHealthy", "expectedPods");
        ConditionRules.check(budget.at("status", "conditions"));
        metadataUpdate(budget, old);
    }
}

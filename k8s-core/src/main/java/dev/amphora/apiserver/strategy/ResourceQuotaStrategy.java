package dev.amphora.apiserver.strategy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.collect.ImmutableMap;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Resource quotas. */
final class ResourceQuotaStrategy extends KindStrategy {
    private static final List<String> SCOPES = List.of(
            "Terminating",
            "NotTerminating",
            "BestEffort",
            "NotBestEffort",
            "PriorityClass",
            "CrossNamespacePodAffinity",
            "VolumeAttributesClass");

    ResourceQuotaStrategy() {
        super(Trait.DELETE_RETURNS_OBJECT);
    }

    @Override
    public void setDefaults(ObjectNode object) {
        Strategies.roundAmounts(object.path("spec").path("hard"));
        Strategies.roundAmounts(object.path("status").path("hard"));
        Strategies.roundAmounts(object.path("status").path("used"));
    }

    @Override
    void rules(Fields quota) {
        Fields spec = quota.at("spec");
        amounts(spec.at("hard"));
        scopes(spec);
        selector(spec);
    }

    private static void amounts(Fields amounts) {
        for (String name : amounts.keys()) {
            Fields amount = amounts.key(name);
            List<String> wrong = Names.labelKey(name);
            amount.check(name, Names::labelKey);
            if (name.indexOf('/') < 0) {
                if (wrong.isEmpty() && !isKnown(name)) {
                    amount.invalid(name, "must be a standard resource type or fully qualified");
                }
                if (!isKnown(name)) {
                    amount.invalid(name, "must be a standard resource for quota");
                }
            }
            ResourceRules.amount(amount, name);
        }
    }

    private static boolean isKnown(String name) {
        return ResourceRules.isStandard(name);
    }

    private static void scopes(Fields spec) {
        Fields scopes = spec.at("scopes");
        Set<String> given = new HashSet<>();
        for (Fields scope : scopes.elements()) {
            if (!SCOPES.contains(scope.text())) {
                scopes.invalid("unsupported scope");
            }
            if (!fits(scope.text(), spec)) {
                scopes.invalid("unsupported scope applied to resource");
            }
            given.add(scope.text());
        }
        if (given.contains("BestEffort") && given.contains("NotBestEffort")) {
            scopes.invalid("conflicting scopes");
        }
        if (given.contains("Terminating") && given.contains("NotTerminating")) {
            scopes.invalid("conflicting scopes");
        }
    }

    /** Best-effort pods have no amounts, so that nothing but their number can be limited; other scopes are of pods too. */
    private static boolean fits(String scope, Fields spec) {
        for (String name : spec.at("hard").keys()) {
            boolean compute =
                    name.equals("pods") || name.equals("count/pods") || name.contains("cpu") || name.contains("memory");
            if (scope.equals("BestEffort") && !name.equals("pods") && !name.equals("count/pods")) {
                return false;
            }
            if (!scope.equals("BestEffort") && !compute && !name.contains("ephemeral-storage")) {
                return !SCOPES.contains(scope);
            }
        }
        return true;
    }

    private static void selector(Fields spec) {
        Fields place = spec.at("scopeSelector", "matchExpressions");
        for (Fields requirement : place.elements()) {
            Fields scope = requirement.at("scopeName");
            Fields operator = requirement.at("operator");
            Fields values = requirement.at("values");
            if (!SCOPES.contains(scope.text())) {
                place.at("scopeName").invalid(scope.text(), "unsupported scope");
            }
            if (!fits(scope.text(), spec)) {
                place.invalid(shown(place.value()), "unsupported scope applied to resource");
            }
            switch (operator.text()) {
                case "In", "NotIn" -> {
                    if (values.isEmpty()) {
                        place.at("values")
                                .required(
                                        "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector");
                    }
                }
                case "Exists", "DoesNotExist" -> {
                    if (!values.isEmpty()) {
                        place.at("values")
                                .with(values.value())
                                .invalid(
                                        "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector");
                    }
                }
                default -> place.at("operator").invalid(operator.text(), "not a valid selector operator");
            }
        }
    }

    private static JsonNode shown(JsonNode expressions) {
        ObjectNode result = JsonNodeFactory.instance.objectNode();
        ArrayNode list = GoValues.eachRenamed(
                expressions, ImmutableMap.of("ScopeName", "scopeName", "Operator", "operator", "Values", "values"));
        result.set("MatchExpressions", list);
        return result;
    }

    @Override
    void updateRules(Fields quota, ObjectNode old) {
        metadataUpdate(quota, old);
        rules(quota);
        if (!Strategies.same(
                quota.at("spec", "scopes").value(), old.path("spec").path("scopes"))) {
            quota.at("spec", "scopes").invalid("field is immutable");
        }
    }

    @Override
    void statusUpdateRules(Fields quota, ObjectNode old) {
        metadataUpdate(quota, old);
        amounts(quota.at("status", "hard"));
        amounts(quota.at("status", "used"));
    }
}

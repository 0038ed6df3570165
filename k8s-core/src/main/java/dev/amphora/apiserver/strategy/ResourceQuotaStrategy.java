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

    private static final List<String> VALUELESS =
            List.of("Terminating", "NotTerminating", "BestEffort", "NotBestEffort", "CrossNamespacePodAffinity");
    private static final List<String> COMPUTE =
            List.of("cpu", "memory", "limits.cpu", "limits.memory", "requests.cpu", "requests.memory");
    private static final List<String> CLAIMS = List.of("persistentvolumeclaims", "requests.storage");

    /** What a quota can limit by a plain name. */
    private static final Set<String> QUOTA_NAMES = Set.of(
            "cpu",
            "memory",
            "ephemeral-storage",
            "requests.cpu",
            "requests.memory",
            "requests.storage",
            "requests.ephemeral-storage",
            "limits.cpu",
            "limits.memory",
            "limits.ephemeral-storage",
            "pods",
            "resourcequotas",
            "services",
            "replicationcontrollers",
            "secrets",
            "persistentvolumeclaims",
            "configmaps",
            "services.nodeports",
            "services.loadbalancers");

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
                if (wrong.isEmpty() && !ResourceRules.isStandard(name)) {
                    amount.invalid(name, "must be a standard resource type or fully qualified");
                }
                if (!isForQuota(name)) {
                    amount.invalid(name, "must be a standard resource for quota");
                }
            }
            ResourceRules.amount(amount, name);
        }
    }

    private static boolean isForQuota(String name) {
        return QUOTA_NAMES.contains(name) || name.startsWith("hugepages-") || name.startsWith("requests.hugepages-");
    }

    private static void scopes(Fields spec) {
        Fields scopes = spec.at("scopes");
        Set<String> given = new HashSet<>();
        for (Fields scope : scopes.elements()) {
            if (!SCOPES.contains(scope.text())) {
                scopes.invalid("unsupported scope");
            }
            for (int i = misfits(scope.text(), spec); i > 0; i--) {
                scopes.invalid("unsupported scope applied to resource");
            }
            given.add(scope.text());
        }
        conflicts(given, scopes);
    }

    private static void conflicts(Set<String> given, Fields place) {
        for (String scope : List.of("BestEffort", "Terminating")) {
            if (given.contains(scope) && given.contains("Not" + scope)) {
                place.invalid(GoValues.orNull(place.value()), "conflicting scopes");
            }
        }
    }

    /** How many of the limited resources a scope can't be applied to. */
    private static int misfits(String scope, Fields spec) {
        int misfits = 0;
        for (String name : spec.at("hard").keys()) {
            boolean fits =
                    switch (scope) {
                        case "BestEffort" -> name.equals("pods");
                        case "VolumeAttributesClass" -> CLAIMS.contains(name);
                        default -> !SCOPES.contains(scope) || name.equals("pods") || COMPUTE.contains(name);
                    };
            if (isForQuota(name) && !fits) {
                misfits++;
            }
        }
        return misfits;
    }

    private static void selector(Fields spec) {
        Fields place = spec.at("scopeSelector", "matchExpressions");
        Set<String> given = new HashSet<>();
        for (Fields requirement : place.elements()) {
            Fields scope = requirement.at("scopeName");
            Fields operator = requirement.at("operator");
            Fields values = requirement.at("values");
            if (!SCOPES.contains(scope.text())) {
                place.at("scopeName").invalid(scope.text(), "unsupported scope");
            }
            for (int i = misfits(scope.text(), spec); i > 0; i--) {
                place.invalid(shown(place.value()), "unsupported scope applied to resource");
            }
            if (VALUELESS.contains(scope.text()) && !operator.is("Exists")) {
                place.at("operator")
                        .invalid(
                                operator.text(),
                                "must be 'Exist' when scope is any of ResourceQuotaScopeTerminating,"
                                        + " ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort,"
                                        + " ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity");
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
            given.add(scope.text());
        }
        conflicts(given, place.with(spec.at("scopes").value()));
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
            quota.at("spec", "scopes")
                    .invalid(GoValues.orNull(quota.at("spec", "scopes").value()), "field is immutable");
        }
    }

    @Override
    void statusUpdateRules(Fields quota, ObjectNode old) {
        metadataUpdate(quota, old);
        amounts(quota.at("status", "hard"));
        amounts(quota.at("status", "used"));
    }
}

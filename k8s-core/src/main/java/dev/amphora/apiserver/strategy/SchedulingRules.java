package dev.amphora.apiserver.strategy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.LongNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Where a pod may and should run: affinity, tolerations, spreading, gates. */
final class SchedulingRules {
    private static final String REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution";
    private static final String PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution";
    private static final List<String> ALL_OPERATORS = List.of("Equal", "Exists", "Lt", "Gt");
    private static final List<String> EFFECTS = List.of("NoSchedule", "PreferNoSchedule", "NoExecute");

    private SchedulingRules() {}

    // Affinity

    static void affinity(Fields affinity) {
        Fields node = affinity.at("nodeAffinity");
        if (node.has(REQUIRED)) {
            nodeSelector(node.at(REQUIRED));
        }
        for (Fields term : node.at(PREFERRED).elements()) {
            weight(term);
            nodeTerm(term.at("preference"));
        }
        for (String kind : List.of("podAffinity", "podAntiAffinity")) {
            affinity.at(kind).at(REQUIRED).elements().forEach(SchedulingRules::podTerm);
            for (Fields weighted : affinity.at(kind).at(PREFERRED).elements()) {
                weight(weighted);
                podTerm(weighted.at("podAffinityTerm"));
            }
        }
    }

    private static void weight(Fields term) {
        long weight = term.at("weight").number();
        if (weight <= 0 || weight > 100) {
            term.at("weight").invalid(LongNode.valueOf(weight), "must be in the range 1-100");
        }
    }

    /** Terms of which one must hold for a node. */
    static void nodeSelector(Fields selector) {
        Fields terms = selector.at("nodeSelectorTerms");
        if (terms.isEmpty()) {
            terms.required("must have at least one node selector term");
        }
        terms.elements().forEach(SchedulingRules::nodeTerm);
    }

    private static void nodeTerm(Fields term) {
        term.at("matchExpressions").elements().forEach(SchedulingRules::nodeRequirement);
        term.at("matchFields").elements().forEach(SchedulingRules::fieldRequirement);
    }

    private static void nodeRequirement(Fields requirement) {
        Fields values = requirement.at("values");
        switch (requirement.at("operator").text()) {
            case "In", "NotIn" -> {
                if (values.isEmpty()) {
                    values.required("must be specified when `operator` is 'In' or 'NotIn'");
                }
            }
            case "Exists", "DoesNotExist" -> {
                if (!values.isEmpty()) {
                    values.forbidden("may not be specified when `operator` is 'Exists' or 'DoesNotExist'");
                }
            }
            case "Gt", "Lt" -> {
                if (values.size() != 1) {
                    values.required("must be specified single value when `operator` is 'Lt' or 'Gt'");
                }
            }
            default -> requirement.at("operator").invalid("not a valid selector operator");
        }
        requirement.at("key").check(Names::labelKey);
        values.elements().forEach(value -> value.check(Names::labelValue));
    }

    private static void fieldRequirement(Fields requirement) {
        Fields operator = requirement.at("operator");
        Fields values = requirement.at("values");
        if (!operator.is("In") && !operator.is("NotIn")) {
            operator.invalid("not a valid selector operator");
        } else if (values.size() != 1) {
            values.required("must be only one value when `operator` is 'In' or 'NotIn' for node field selector");
        }
        if (!requirement.at("key").is("metadata.name")) {
            requirement.at("key").invalid("not a valid field selector key");
            return;
        }
        values.elements().forEach(value -> value.check(Names::subdomain));
    }

    private static void podTerm(Fields term) {
        LabelRules.selector(term.at("labelSelector"));
        LabelRules.selector(term.at("namespaceSelector"));
        term.at("namespaces").elements().forEach(namespace -> term.at("namespace")
                .check(namespace.text(), Names::label));
        Fields key = term.at("topologyKey");
        matchLabelKeys(term);
        if (key.isEmpty()) {
            key.required("can not be empty");
        }
        key.check(Names::labelKey);
    }

    private static void matchLabelKeys(Fields term) {
        Fields match = term.at("matchLabelKeys");
        Fields mismatch = term.at("mismatchLabelKeys");
        Set<String> mismatched = new HashSet<>();
        mismatch.elements().forEach(key -> mismatched.add(key.text()));
        labelKeys(match, term.at("labelSelector"));
        labelKeys(mismatch, term.at("labelSelector"));
        for (Fields key : match.elements()) {
            if (mismatched.contains(key.text())) {
                key.invalid("exists in both matchLabelKeys and mismatchLabelKeys");
            }
        }
    }

    private static void labelKeys(Fields keys, Fields selector) {
        if (!keys.isEmpty() && !selector.given()) {
            keys.forbidden("must not be specified when labelSelector is not set");
            return;
        }
        keys.elements().forEach(key -> key.check(Names::labelKey));
    }

    // Spreading

    static void spread(Fields constraints) {
        Set<String> seen = new HashSet<>();
        for (Fields constraint : constraints.elements()) {
            Fields skew = constraint.at("maxSkew");
            if (skew.number() <= 0) {
                skew.invalid(number(skew.number()), "must be greater than zero");
            }
            Fields key = constraint.at("topologyKey");
            if (key.isEmpty()) {
                key.required("can not be empty");
            } else {
                key.check(Names::labelKey);
            }
            Fields action = constraint.at("whenUnsatisfiable");
            action.oneOf("DoNotSchedule", "ScheduleAnyway");
            String pair = "{%s, %s}".formatted(key.text(), action.text());
            if (!seen.add(pair)) {
                constraint.at("{topologyKey, whenUnsatisfiable}").duplicate(TextNode.valueOf(pair));
            }
            Fields domains = constraint.at("minDomains");
            if (domains.given()) {
                if (domains.number() <= 0) {
                    domains.invalid("must be greater than zero");
                }
                if (!action.is("DoNotSchedule")) {
                    domains.invalid("can only use minDomains if whenUnsatisfiable=DoNotSchedule, not " + action.text());
                }
            }
            for (String policy : List.of("nodeAffinityPolicy", "nodeTaintsPolicy")) {
                if (constraint.has(policy)) {
                    constraint.at(policy).oneOf("Honor", "Ignore");
                }
            }
            spreadLabelKeys(constraint);
            LabelRules.selector(constraint.at("labelSelector"));
        }
    }

    private static void spreadLabelKeys(Fields constraint) {
        Fields keys = constraint.at("matchLabelKeys");
        if (keys.isEmpty()) {
            return;
        }
        Fields selector = constraint.at("labelSelector");
        if (!selector.given()) {
            keys.forbidden("must not be specified when labelSelector is not set");
            return;
        }
        keys.elements().forEach(key -> key.check(Names::labelKey));
    }

    // Tolerations

    static void tolerations(Fields tolerations) {
        for (Fields toleration : tolerations.elements()) {
            Fields key = toleration.at("key");
            Fields operator = toleration.at("operator");
            Fields value = toleration.at("value");
            Fields effect = toleration.at("effect");
            if (!key.isEmpty()) {
                key.check(Names::labelKey);
            }
            if (key.isEmpty() && !operator.is("Exists")) {
                operator.invalid(
                        operator.text(),
                        "operator must be Exists when `key` is empty, which means \"match all values and all keys\"");
            }
            if (toleration.has("tolerationSeconds") && !effect.is("NoExecute")) {
                effect.invalid(effect.text(), "effect must be 'NoExecute' when `tolerationSeconds` is set");
            }
            switch (operator.text()) {
                case "Equal", "" -> operator.check(value.text(), Names::labelValue);
                case "Exists" -> {
                    if (!value.isEmpty()) {
                        operator.invalid(value.text(), "value must be empty when `operator` is 'Exists'");
                    }
                }
                case "Lt", "Gt" -> operator.unsupported(ALL_OPERATORS);
                default -> operator.oneOf("Equal", "Exists");
            }
            if (!effect.isEmpty()) {
                effect.oneOf(EFFECTS);
            }
        }
    }

    /** The effect of a taint or toleration, which must be given. */
    static void effect(Fields effect) {
        if (effect.requireText()) {
            effect.oneOf(EFFECTS);
        }
    }

    // Gates

    static void gates(Fields spec) {
        spec.at("readinessGates").elements().forEach(gate -> gate.at("conditionType")
                .check(Names::labelKey));
        Set<String> names = new HashSet<>();
        for (Fields gate : spec.at("schedulingGates").elements()) {
            gate.check(gate.at("name").text(), Names::labelKey);
            if (!names.add(gate.at("name").text())) {
                gate.duplicate(TextNode.valueOf(gate.at("name").text()));
            }
        }
    }

    private static JsonNode number(long value) {
        return LongNode.valueOf(value);
    }
}

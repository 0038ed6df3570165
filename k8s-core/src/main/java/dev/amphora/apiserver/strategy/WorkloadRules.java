package dev.amphora.apiserver.strategy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.LongNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.util.List;

/** What the kinds that keep pods running have in common: a selector, a template that it matches, and counts. */
final class WorkloadRules {
    private WorkloadRules() {}

    /**
     * A label selector that must be given and must not match everything.
     *
     * @return whether it is well-formed
     */
    static boolean selector(Fields selector, String kind) {
        if (!selector.given()) {
            selector.required();
            return true;
        }
        int before = selector.errors().size();
        LabelRules.selector(selector);
        boolean good = selector.errors().size() == before;
        if (LabelRules.isEmpty(selector.value())) {
            selector.invalid("empty selector is invalid for " + kind);
        }
        return good;
    }

    /** A template whose pods the selector must match and which must always restart. */
    static void template(Fields template, JsonNode selector) {
        matches(template, selector);
        PodRules.template(template);
        alwaysRestarts(template, "ReplicaSet");
    }

    /** The labels of the template must match a selector; an empty one matches all, and none at all nothing. */
    static void matches(Fields template, JsonNode selector) {
        if (!selector.isObject()
                || !LabelRules.matches(
                        selector, template.value().path("metadata").path("labels"))) {
            notMatched(template);
        }
    }

    private static void notMatched(Fields template) {
        Fields labels = template.at("metadata", "labels");
        labels.invalid(GoValues.sorted(labels.value()), "`selector` does not match template `labels`");
    }

    static void alwaysRestarts(Fields template, String kind) {
        Fields policy = template.at("spec", "restartPolicy");
        if (!policy.is("Always")) {
            policy.with(TextNode.valueOf(policy.text())).unsupported(List.of("Always"));
        }
        Fields deadline = template.at("spec", "activeDeadlineSeconds");
        if (deadline.given()) {
            deadline.forbidden("activeDeadlineSeconds in %s is not Supported".formatted(kind));
        }
    }

    /** A count or a percentage, not negative. */
    static void intOrPercent(Fields value) {
        if (value.value().isTextual()) {
            value.check(Names::percent);
        } else {
            value.notNegative();
        }
    }

    static void notMoreThan100Percent(Fields value) {
        String text = value.text();
        if (value.value().isTextual() && Names.percent(text).isEmpty() && amount(value) > 100) {
            value.invalid("must not be greater than 100%");
        }
    }

    /** The number of a count or a percentage; zero for what is neither. */
    static long amount(Fields value) {
        if (!value.value().isTextual()) {
            return value.number();
        }
        String text = value.text();
        try {
            return Names.percent(text).isEmpty() ? Long.parseLong(text.substring(0, text.length() - 1)) : 0;
        } catch (NumberFormatException e) {
            return Long.MAX_VALUE;
        }
    }

    /** Counts in a status must not be negative. */
    static void counts(Fields status, String... names) {
        for (String name : names) {
            if (status.at(name).given()) {
                status.at(name).notNegative();
            }
        }
    }

    /** A count in a status must not exceed another. */
    static void notAbove(Fields status, String name, String limit, String words) {
        if (status.at(name).number() > status.at(limit).number()) {
            status.at(name).invalid(LongNode.valueOf(status.at(name).number()), "cannot be greater than " + words);
        }
    }
}

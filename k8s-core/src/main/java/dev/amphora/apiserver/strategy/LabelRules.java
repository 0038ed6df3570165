package dev.amphora.apiserver.strategy;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Locale;
import java.util.Map;

/** Labels, and the selectors that match them. */
final class LabelRules {
    private static final int MAX_ANNOTATIONS = 256 * 1024;

    private LabelRules() {}

    /** A map of labels: each key and value must be one. */
    static void labels(Fields labels) {
        for (String key : labels.keys()) {
            labels.check(key, Names::labelKey);
            labels.check(labels.value().path(key).asText(), Names::labelValue);
        }
    }

    /** A label selector with {@code matchLabels} and {@code matchExpressions}. */
    static void selector(Fields selector) {
        labels(selector.at("matchLabels"));
        selector.at("matchExpressions").elements().forEach(LabelRules::requirement);
    }

    private static void requirement(Fields requirement) {
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
            default -> requirement.at("operator").invalid("not a valid selector operator");
        }
        requirement.at("key").check(Names::labelKey);
        values.elements().forEach(value -> value.check(Names::labelValue));
    }

    /** Whether a selector, valid or not, matches labels. */
    static boolean matches(JsonNode selector, JsonNode labels) {
        for (Map.Entry<String, JsonNode> entry : selector.path("matchLabels").properties()) {
            if (!labels.path(entry.getKey())
                    .asText("\n")
                    .equals(entry.getValue().asText())) {
                return false;
            }
        }
        for (JsonNode requirement : selector.path("matchExpressions")) {
            JsonNode label = labels.path(requirement.path("key").asText());
            boolean listed = false;
            for (JsonNode value : requirement.path("values")) {
                listed |= label.isTextual() && value.asText().equals(label.asText());
            }
            boolean matched =
                    switch (requirement.path("operator").asText()) {
                        case "In" -> listed;
                        case "NotIn" -> !listed;
                        case "Exists" -> label.isTextual();
                        default -> !label.isTextual();
                    };
            if (!matched) {
                return false;
            }
        }
        return true;
    }

    /** Whether a selector names nothing, and so matches everything. */
    static boolean isEmpty(JsonNode selector) {
        return selector.path("matchLabels").isEmpty()
                && selector.path("matchExpressions").isEmpty();
    }

    /** Annotations: keys are label keys but for case, and all of it has a greatest size. */
    static void annotations(Fields annotations) {
        long size = 0;
        for (String key : annotations.keys()) {
            for (String detail : Names.labelKey(key.toLowerCase(Locale.ROOT))) {
                annotations.invalid(key, detail);
            }
            size += Names.bytes(key) + Names.bytes(annotations.value().path(key).asText());
        }
        if (size > MAX_ANNOTATIONS) {
            annotations.tooLong(MAX_ANNOTATIONS);
        }
    }
}

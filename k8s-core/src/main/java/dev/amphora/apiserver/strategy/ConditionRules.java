package dev.amphora.apiserver.strategy;

import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Conditions in a status, where their kind is the one that all newer types share. */
final class ConditionRules {
    private static final List<String> STATUSES = List.of("False", "True", "Unknown");
    private static final int LONGEST_REASON = 1024;
    private static final int LONGEST_MESSAGE = 32 * 1024;

    private ConditionRules() {}

    static void check(Fields conditions) {
        Set<String> types = new HashSet<>();
        for (Fields condition : conditions.elements()) {
            Fields type = condition.at("type");
            if (!types.add(type.text())) {
                type.duplicate();
            }
            type.check(Names::labelKey);
            condition.at("status").oneOf(STATUSES);
            if (condition.at("observedGeneration").number() < 0) {
                condition.at("observedGeneration").invalid("must be greater than or equal to zero");
            }
            if (!condition.has("lastTransitionTime")) {
                condition.at("lastTransitionTime").required();
            }
            Fields reason = condition.at("reason");
            if (reason.requireText()) {
                reason.check(Names::conditionReason);
                atMost(reason, LONGEST_REASON);
            }
            atMost(condition.at("message"), LONGEST_MESSAGE);
        }
    }

    private static void atMost(Fields text, int longest) {
        if (Names.bytes(text.text()) > longest) {
            text.tooLong(longest);
        }
    }
}

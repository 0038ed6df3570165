package dev.amphora.apiserver.access;

import com.google.common.collect.ImmutableList;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/** Whether somebody who gives rights away holds them: pure comparison of rules. */
final class Escalation {
    private Escalation() {}

    private record Place(String group, String resource, List<String> names) {}

    /** What somebody with some rules lacks of others, in parts. */
    static List<PolicyRule> missing(List<PolicyRule> held, List<PolicyRule> wanted) {
        List<PolicyRule> missing = new ArrayList<>();
        for (PolicyRule rule : wanted) {
            for (PolicyRule part : rule.parts()) {
                if (held.stream().noneMatch(own -> own.covers(part))) {
                    missing.add(part);
                }
            }
        }
        return missing;
    }

    /** What a refused caller is told. */
    static String refusal(User user, List<PolicyRule> missing, List<String> problems) {
        TreeSet<String> texts = new TreeSet<>();
        compact(missing).forEach(rule -> texts.add(rule.text()));
        String text = "user \"%s\" (groups=%s) is attempting to grant RBAC permissions not currently held:\n%s"
                .formatted(user.name(), PolicyRule.quoted(user.groups()), String.join("\n", texts));
        return problems.isEmpty() ? text : text + "; resolution errors: [" + String.join(" ", problems) + "]";
    }

    /** The same rules, those for one resource as one. */
    static List<PolicyRule> compact(List<PolicyRule> rules) {
        List<PolicyRule> compact = new ArrayList<>();
        Map<Place, List<String>> verbs = new LinkedHashMap<>();
        for (PolicyRule rule : rules) {
            if (rule.groups().size() == 1
                    && rule.resources().size() == 1
                    && rule.names().size() <= 1
                    && rule.paths().isEmpty()) {
                verbs.computeIfAbsent(
                                new Place(rule.groups().get(0), rule.resources().get(0), rule.names()),
                                place -> new ArrayList<>())
                        .addAll(rule.verbs());
            } else {
                compact.add(rule);
            }
        }
        verbs.forEach((place, all) -> compact.add(
                new PolicyRule(all, List.of(place.group), List.of(place.resource), place.names, List.of())));
        return ImmutableList.copyOf(compact);
    }
}

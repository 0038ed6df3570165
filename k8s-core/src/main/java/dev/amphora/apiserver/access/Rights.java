package dev.amphora.apiserver.access;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.Json;
import java.util.List;

/** Comparison of what roles allow. */
public final class Rights {
    private Rights() {}

    /**
     * What some rules lack of others.
     *
     * @param held a role's {@code rules}; may be missing
     * @param wanted another's
     * @return rules that would have to be added; empty if there is nothing to add
     */
    public static ArrayNode missing(JsonNode held, JsonNode wanted) {
        ArrayNode missing = Json.object().putArray("rules");
        List<PolicyRule> lacking = Escalation.missing(PolicyRule.all(held), PolicyRule.all(wanted));
        Escalation.compact(lacking).forEach(rule -> missing.add(tree(rule)));
        return missing;
    }

    /** A rule as a tree. */
    static ObjectNode tree(PolicyRule rule) {
        ObjectNode tree = Json.object();
        put(tree, "verbs", rule.verbs());
        put(tree, "apiGroups", rule.groups());
        put(tree, "resources", rule.resources());
        put(tree, "resourceNames", rule.names());
        put(tree, "nonResourceURLs", rule.paths());
        return tree;
    }

    private static void put(ObjectNode tree, String member, List<String> values) {
        if (!values.isEmpty()) {
            ArrayNode array = tree.putArray(member);
            values.forEach(array::add);
        }
    }
}

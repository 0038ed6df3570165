package dev.amphora.apiserver.access;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.common.collect.ImmutableList;
import java.util.List;

/**
 * What a user may do in a namespace, as far as it can be listed. Immutable.
 *
 * @param rules as a Role's or ClusterRole's {@code rules}
 * @param gaps why the list may be incomplete; empty if it isn't
 */
public record AccessRules(List<JsonNode> rules, List<String> gaps) {
    /** Nothing. */
    public static final AccessRules NONE = new AccessRules(List.of(), List.of());

    /** Rules whose members cannot change. */
    public AccessRules {
        rules = ImmutableList.copyOf(rules);
        gaps = ImmutableList.copyOf(gaps);
    }
}

package dev.amphora.apiserver.access;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.common.collect.ImmutableList;
import java.util.List;

/**
 * What a user may do in a namespace, as far as it can be listed. Immutable.
 *
 * @param rules as a Role's or ClusterRole's {@code rules}
 * @param gaps what went wrong while they were listed, such as roles that are missing
 * @param incomplete whether somebody may allow more, who can't tell
 */
public record AccessRules(List<JsonNode> rules, List<String> gaps, boolean incomplete) {
    /** Nothing. */
    public static final AccessRules NONE = new AccessRules(List.of(), List.of());

    /** Rules whose members cannot change. */
    public AccessRules {
        rules = ImmutableList.copyOf(rules);
        gaps = ImmutableList.copyOf(gaps);
    }

    /** All that there is. */
    public AccessRules(List<JsonNode> rules, List<String> gaps) {
        this(rules, gaps, false);
    }
}

package dev.amphora.apiserver.policy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.collect.ImmutableList;
import org.jspecify.annotations.Nullable;

/** What puts a policy in force. Immutable. */
final class Binding {
    private final String name;
    private final JsonNode spec;
    private final @Nullable ResourceMatch match;
    private final ImmutableList<String> actions;

    Binding(ObjectNode binding) {
        name = binding.path("metadata").path("name").asText();
        spec = binding.path("spec");
        match = spec.path("matchResources").isObject() ? new ResourceMatch(spec.path("matchResources")) : null;
        ImmutableList.Builder<String> all = ImmutableList.builder();
        spec.path("validationActions").forEach(each -> all.add(each.asText()));
        actions = all.build();
    }

    String name() {
        return name;
    }

    String policyName() {
        return spec.path("policyName").asText();
    }

    /** Narrows what the policy is for; null if nothing does. */
    @Nullable ResourceMatch match() {
        return match;
    }

    /** What is done about violations. */
    ImmutableList<String> actions() {
        return actions;
    }

    /** Which objects are the parameters; missing if there are none. */
    JsonNode parameters() {
        return spec.path("paramRef");
    }
}

package dev.amphora.apiserver.strategy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.HashSet;
import java.util.Set;

/** Bindings of admission policies to what they are for. */
final class AdmissionBindingStrategy extends KindStrategy {
    private final boolean mutating;

    AdmissionBindingStrategy(boolean mutating) {
        super(Trait.GENERATION, Trait.VERSION_NEEDED);
        this.mutating = mutating;
    }

    @Override
    public void setDefaults(ObjectNode object) {
        if (object.path("spec").path("matchResources") instanceof ObjectNode match) {
            MatchRules.resourceDefaults(match);
        }
    }

    @Override
    void updateRules(Fields binding, ObjectNode old) {
        metadata(binding);
        rules(binding);
    }

    @Override
    void rules(Fields binding) {
        Fields spec = binding.at("spec");
        if (spec.at("policyName").requireText()) {
            spec.at("policyName").check(Names::subdomain);
        }
        MatchRules.parameters(spec.at("paramRef"));
        if (spec.has("matchResources")) {
            MatchRules.resources(spec.at("matchResources"));
        }
        if (!mutating) {
            actions(spec.at("validationActions"));
        }
    }

    private static void actions(Fields actions) {
        if (actions.isEmpty()) {
            actions.required("at least one validation action is required");
        }
        Set<String> seen = new HashSet<>();
        for (Fields action : actions.elements()) {
            if (action.oneOf("Audit", "Deny", "Warn") && !seen.add(action.text())) {
                action.duplicate();
            }
        }
        if (seen.contains("Deny") && seen.contains("Warn")) {
            actions.invalid("must not contain both Deny and Warn (repeating the same validation failure information in"
                    + " the API response and headers serves no purpose)");
        }
    }
}

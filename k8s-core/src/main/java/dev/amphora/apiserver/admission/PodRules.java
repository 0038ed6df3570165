package dev.amphora.apiserver.admission;

import com.fasterxml.jackson.databind.JsonNode;
import dev.amphora.apiserver.admission.PodRule.Violation;
import java.util.ArrayList;
import java.util.List;

/** The rules of each level, in the order in which they are told of: those of {@code baseline} that nothing stricter replaces come first. */
final class PodRules {
    private PodRules() {}

    /** How a pod breaks the rules of a level. */
    static List<Violation> violations(JsonNode metadata, JsonNode spec, PodLevel level) {
        if (level.isPrivileged()) {
            return List.of();
        }
        PodParts pod = new PodParts(metadata, spec);
        List<Violation> violations = new ArrayList<>();
        for (PodRule rule : rules(level)) {
            Violation violation = rule.check(pod, level);
            if (violation != null) {
                violations.add(violation);
            }
        }
        return violations;
    }

    private static List<PodRule> rules(PodLevel level) {
        boolean restricted = level.isRestricted();
        boolean seccomp = restricted && level.isSince(19);
        boolean capabilities = restricted && level.isSince(22);
        List<PodRule> rules = new ArrayList<>();
        rules.add(BaselineRules::appArmor);
        if (!capabilities) {
            rules.add(BaselineRules::capabilities);
        }
        rules.add(BaselineRules::hostNamespaces);
        if (!restricted) {
            rules.add(BaselineRules::hostPath);
        }
        rules.add(BaselineRules::hostPorts);
        rules.add(BaselineRules::hosts);
        rules.add(BaselineRules::privileged);
        if (!restricted) {
            rules.add(BaselineRules::procMount);
        }
        rules.add(BaselineRules::seLinux);
        if (!seccomp) {
            rules.add(BaselineRules::seccomp);
        }
        rules.add(BaselineRules::sysctls);
        rules.add(BaselineRules::hostProcess);
        if (restricted) {
            rules.add(RestrictedRules::escalation);
            rules.add(RestrictedRules::capabilities);
            rules.add(BaselineRules::procMount);
            rules.add(RestrictedRules::volumes);
            rules.add(RestrictedRules::nonRoot);
            rules.add(RestrictedRules::user);
        }
        if (seccomp) {
            rules.add(RestrictedRules::seccomp);
        }
        return rules;
    }
}

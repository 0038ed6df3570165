package dev.amphora.apiserver.access;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Decides by Roles and ClusterRoles and their bindings: the mode {@code RBAC}. Only ever allows. A decision looks at the bindings of who
 * asks, never at those of others.
 */
public final class RbacAuthorizer implements Authorizer {
    private final RbacIndex index;

    /**
     * An authorizer over stored rules.
     *
     * @param objects where roles and bindings are followed from the first question on
     */
    public RbacAuthorizer(ObjectReader objects) {
        index = objects.roles();
    }

    /** The rules that somebody has in a namespace, and what could not be found out. */
    private record Held(List<PolicyRule> rules, Set<String> problems) {}

    @Override
    public Decision authorize(AccessRequest request) {
        if (request.user().in(User.MASTERS)) {
            return Decision.allow("");
        }
        Set<String> problems = new LinkedHashSet<>();
        for (RbacIndex.Binding binding : index.of(request.user(), request.namespace())) {
            List<PolicyRule> rules = index.rules(binding.roleKind(), binding.namespace(), binding.roleName());
            if (rules == null) {
                problems.add(binding.missingRole());
            } else if (rules.stream().anyMatch(rule -> rule.allows(request))) {
                return Decision.allow(binding.reason());
            }
        }
        return problems.isEmpty()
                ? Decision.NO_OPINION
                : new Decision(Verdict.NO_OPINION, "RBAC: " + aggregate(problems));
    }

    private static String aggregate(Set<String> problems) {
        String text = String.join(", ", problems);
        return problems.size() == 1 ? text : "[" + text + "]";
    }

    @Override
    public AccessRules rulesOf(User user, String namespace) {
        Held held = held(user, namespace);
        List<JsonNode> rules = new ArrayList<>();
        held.rules.forEach(rule -> rules.add(Rights.tree(rule)));
        return new AccessRules(rules, held.problems.isEmpty() ? List.of() : List.of(aggregate(held.problems)));
    }

    private Held held(User user, String namespace) {
        List<PolicyRule> rules = new ArrayList<>();
        Set<String> problems = new LinkedHashSet<>();
        for (RbacIndex.Binding binding : index.of(user, namespace)) {
            List<PolicyRule> more = index.rules(binding.roleKind(), binding.namespace(), binding.roleName());
            if (more == null) {
                problems.add(binding.missingRole());
            } else {
                rules.addAll(more);
            }
        }
        return new Held(rules, problems);
    }

    /**
     * Whether somebody may give rights away: only who holds them may.
     *
     * @param rules the rights, as a role's {@code rules}
     * @param namespace where they are given, empty for everywhere
     * @return empty if so, else what the caller is told
     */
    Optional<String> refusalToGrant(User user, String namespace, List<PolicyRule> rules) {
        Held held = held(user, namespace);
        List<PolicyRule> missing = Escalation.missing(held.rules, rules);
        return missing.isEmpty()
                ? Optional.empty()
                : Optional.of(Escalation.refusal(user, missing, List.copyOf(held.problems)));
    }

    /** The rules of the role that a binding names; empty if there is none. */
    Optional<List<PolicyRule>> rulesOfRole(String kind, String namespace, String name) {
        return Optional.ofNullable(index.rules(kind, namespace, name));
    }
}

package dev.amphora.apiserver.access;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Decides by Roles and ClusterRoles and their bindings: the mode {@code RBAC}. Only ever allows. A decision looks at the bindings of who
 * asks, never at those of others.
 */
public final class RbacAuthorizer implements Authorizer {
    private static final int MOST_KNOWN = 2000;

    private final RbacIndex index;
    private final Map<Question, Answer> known = new ConcurrentHashMap<>();

    /** A request for objects of any name. */
    private record Question(
            User user, String verb, String group, String resource, String subresource, String namespace) {
        @Override
        public int hashCode() {
            int hash = 31 * user.name().hashCode() + verb.hashCode();
            hash = 31 * hash + group.hashCode();
            hash = 31 * hash + resource.hashCode();
            hash = 31 * hash + subresource.hashCode();
            return 31 * hash + namespace.hashCode();
        }
    }

    /** Why it is allowed, as long as no role or binding changes. */
    private record Answer(long version, Decision decision) {}

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
        Question question = new Question(
                request.user(),
                request.verb(),
                request.group(),
                request.resource(),
                request.subresource(),
                request.namespace());
        Answer answer = known.get(question);
        if (answer != null && answer.version == index.version()) {
            return answer.decision;
        }
        return search(request, question);
    }

    private Decision search(AccessRequest request, Question question) {
        long version = index.version();
        Set<String> problems = new LinkedHashSet<>();
        boolean byName = !request.isResource();
        for (RbacIndex.Binding binding : index.of(request.user(), request.namespace())) {
            List<PolicyRule> rules = index.rules(binding.roleKind(), binding.namespace(), binding.roleName());
            if (rules == null) {
                problems.add(binding.missingRole());
                continue;
            }
            for (PolicyRule rule : rules) {
                byName |= !rule.names().isEmpty() && rule.allowsOne(request);
                if (rule.allows(request)) {
                    Decision decision = Decision.allow(binding.reason());
                    if (!byName) {
                        remember(question, new Answer(version, decision));
                    }
                    return decision;
                }
            }
        }
        return problems.isEmpty()
                ? Decision.NO_OPINION
                : new Decision(Verdict.NO_OPINION, "RBAC: " + aggregate(problems));
    }

    private void remember(Question question, Answer answer) {
        if (known.size() >= MOST_KNOWN) {
            known.clear();
        }
        known.put(question, answer);
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

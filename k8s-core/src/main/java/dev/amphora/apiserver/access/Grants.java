package dev.amphora.apiserver.access;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.Optional;

/**
 * Sees to it that nobody gives rights away that they don't hold: what may be written into roles, and which roles may be bound. Members of
 * {@code system:masters} may do it all, and so may who is allowed to {@code escalate} or {@code bind}.
 */
public final class Grants {
    private static final List<PolicyRule> EVERYTHING = List.of(
            new PolicyRule(List.of("*"), List.of("*"), List.of("*"), List.of(), List.of()),
            new PolicyRule(List.of("*"), List.of(), List.of(), List.of(), List.of("*")));

    private final RbacAuthorizer rules;
    private final Authorizer authorizer;

    /**
     * A guard.
     *
     * @param objects where roles and bindings are
     * @param authorizer says who may {@code escalate} and {@code bind}
     */
    public Grants(ObjectReader objects, Authorizer authorizer) {
        this.rules = new RbacAuthorizer(objects);
        this.authorizer = authorizer;
    }

    /**
     * What somebody is told who may not write a role.
     *
     * @param write the write as it has been authorized
     * @param role the role as it is to be
     * @param aggregates whether it gathers the rules of others, or did so
     * @return empty if they may
     */
    public Optional<String> refusalOfRole(AccessRequest write, JsonNode role, boolean aggregates) {
        User user = write.user();
        if (user.in(User.MASTERS) || may(write, "escalate", write.group(), write.resource(), write.name())) {
            return Optional.empty();
        }
        Optional<String> refusal = rules.refusalToGrant(user, write.namespace(), PolicyRule.all(role.path("rules")));
        if (refusal.isEmpty()
                && aggregates
                && rules.refusalToGrant(user, write.namespace(), EVERYTHING).isPresent()) {
            return Optional.of("must have cluster-admin privileges to use the aggregationRule");
        }
        return refusal;
    }

    /** Whether somebody may bind a role without holding what it allows. */
    public boolean mayBind(AccessRequest write, JsonNode role) {
        String resource =
                switch (role.path("kind").asText()) {
                    case "ClusterRole" -> "clusterroles";
                    case "Role" -> "roles";
                    default -> "";
                };
        return write.user().in(User.MASTERS)
                || (!resource.isEmpty()
                        && may(
                                write,
                                "bind",
                                role.path("apiGroup").asText(),
                                resource,
                                role.path("name").asText()));
    }

    /** Whether there is the role that a binding is to bind. */
    public boolean exists(AccessRequest write, JsonNode role) {
        return rulesOf(write, role).isPresent();
    }

    /**
     * What somebody is told who may not bind a role because they don't hold what it allows.
     *
     * @param role the reference
     * @return empty if they may
     */
    public Optional<String> refusalOfBinding(AccessRequest write, JsonNode role) {
        return rules.refusalToGrant(
                write.user(), write.namespace(), rulesOf(write, role).orElse(List.of()));
    }

    private Optional<List<PolicyRule>> rulesOf(AccessRequest write, JsonNode role) {
        return rules.rulesOfRole(
                role.path("kind").asText(), write.namespace(), role.path("name").asText());
    }

    private boolean may(AccessRequest write, String verb, String group, String resource, String name) {
        return authorizer
                .authorize(new AccessRequest(
                        write.user(), verb, group, write.version(), resource, "", write.namespace(), name, ""))
                .allowed();
    }
}

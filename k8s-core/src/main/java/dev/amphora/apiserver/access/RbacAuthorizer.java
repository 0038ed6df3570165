package dev.amphora.apiserver.access;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** Decides by Roles and ClusterRoles and their bindings: the mode {@code RBAC}. Only ever allows. */
public final class RbacAuthorizer implements Authorizer {
    private static final String GROUP = "rbac.authorization.k8s.io";

    private final ObjectReader objects;

    /**
     * An authorizer over stored rules.
     *
     * @param objects where roles and bindings are read
     */
    public RbacAuthorizer(ObjectReader objects) {
        this.objects = objects;
    }

    @Override
    public Decision authorize(AccessRequest request) {
        if (request.user().in(User.MASTERS)) {
            return Decision.allow("");
        }
        Set<String> problems = new LinkedHashSet<>();
        for (ObjectNode binding : objects.list(GROUP, "clusterrolebindings", "")) {
            if (binds(binding, request.user(), "") && roleAllows(binding, "", request, problems)) {
                return Decision.allow("RBAC: allowed by ClusterRoleBinding \"%s\" of ClusterRole \"%s\" to %s"
                        .formatted(
                                name(binding),
                                binding.path("roleRef").path("name").asText(),
                                subject(binding, request)));
            }
        }
        if (request.namespace().isEmpty()) {
            return refusal(problems);
        }
        for (ObjectNode binding : objects.list(GROUP, "rolebindings", request.namespace())) {
            if (binds(binding, request.user(), request.namespace())
                    && roleAllows(binding, request.namespace(), request, problems)) {
                return Decision.allow("RBAC: allowed by RoleBinding \"%s/%s\" of %s \"%s\" to %s"
                        .formatted(
                                name(binding),
                                request.namespace(),
                                binding.path("roleRef").path("kind").asText(),
                                binding.path("roleRef").path("name").asText(),
                                subject(binding, request)));
            }
        }
        return refusal(problems);
    }

    private static Decision refusal(Set<String> problems) {
        if (problems.isEmpty()) {
            return Decision.NO_OPINION;
        }
        String text = String.join(", ", problems);
        return new Decision(Verdict.NO_OPINION, "RBAC: " + (problems.size() == 1 ? text : "[" + text + "]"));
    }

    @Override
    public AccessRules rulesOf(User user, String namespace) {
        List<JsonNode> rules = new ArrayList<>();
        for (ObjectNode binding : objects.list(GROUP, "clusterrolebindings", "")) {
            if (binds(binding, user, "")) {
                rulesOf(binding, "").forEach(rules::add);
            }
        }
        for (ObjectNode binding : objects.list(GROUP, "rolebindings", namespace)) {
            if (binds(binding, user, namespace)) {
                for (JsonNode rule : rulesOf(binding, namespace)) {
                    if (rule.path("nonResourceURLs").isEmpty()) {
                        rules.add(rule);
                    }
                }
            }
        }
        return new AccessRules(rules, List.of());
    }

    private boolean roleAllows(ObjectNode binding, String namespace, AccessRequest request, Set<String> problems) {
        JsonNode rules = rulesOf(binding, namespace);
        if (rules.isMissingNode()) {
            problems.add(missing(binding));
        }
        for (JsonNode rule : rules) {
            if (allows(rule, request)) {
                return true;
            }
        }
        return false;
    }

    private static String missing(ObjectNode binding) {
        JsonNode role = binding.path("roleRef");
        return "%s.%s \"%s\" not found"
                .formatted(
                        role.path("kind").asText().toLowerCase(Locale.ROOT),
                        GROUP,
                        role.path("name").asText());
    }

    /** The rules of the role that a binding refers to; missing if there is no such role. */
    private JsonNode rulesOf(ObjectNode binding, String namespace) {
        JsonNode role = binding.path("roleRef");
        String name = role.path("name").asText();
        boolean cluster = role.path("kind").asText().equals("ClusterRole");
        return objects.get(GROUP, cluster ? "clusterroles" : "roles", cluster ? "" : namespace, name)
                .map(found -> found.path("rules").isMissingNode() ? NullNode.getInstance() : found.path("rules"))
                .orElse(MissingNode.getInstance());
    }

    private static boolean allows(JsonNode rule, AccessRequest request) {
        if (!has(rule.path("verbs"), request.verb())) {
            return false;
        }
        if (!request.isResource()) {
            for (JsonNode each : rule.path("nonResourceURLs")) {
                String url = each.asText();
                if (url.equals(request.path())
                        || (url.endsWith("*") && request.path().startsWith(url.substring(0, url.length() - 1)))) {
                    return true;
                }
            }
            return false;
        }
        JsonNode resources = rule.path("resources");
        boolean resource = has(resources, request.resourceWithSubresource())
                || (!request.subresource().isEmpty() && contains(resources, "*/" + request.subresource()));
        JsonNode names = rule.path("resourceNames");
        return resource
                && has(rule.path("apiGroups"), request.group())
                && (names.isEmpty() || contains(names, request.name()));
    }

    private static boolean binds(ObjectNode binding, User user, String namespace) {
        for (JsonNode subject : binding.path("subjects")) {
            if (isSubject(subject, user, namespace)) {
                return true;
            }
        }
        return false;
    }

    private static boolean isSubject(JsonNode subject, User user, String namespace) {
        String name = subject.path("name").asText();
        return switch (subject.path("kind").asText()) {
            case "User" -> user.name().equals(name);
            case "Group" -> user.in(name);
            case "ServiceAccount" ->
                user.name()
                        .equals("system:serviceaccount:%s:%s"
                                .formatted(subject.path("namespace").asText(namespace), name));
            default -> false;
        };
    }

    private static String subject(ObjectNode binding, AccessRequest request) {
        for (JsonNode subject : binding.path("subjects")) {
            if (isSubject(subject, request.user(), request.namespace())) {
                String name = subject.path("name").asText();
                String kind = subject.path("kind").asText();
                return kind.equals("ServiceAccount")
                        ? "%s \"%s/%s\""
                                .formatted(kind, name, subject.path("namespace").asText())
                        : "%s \"%s\"".formatted(kind, name);
            }
        }
        return "";
    }

    private static String name(ObjectNode object) {
        return object.path("metadata").path("name").asText();
    }

    private static boolean has(JsonNode list, String value) {
        return contains(list, "*") || contains(list, value);
    }

    private static boolean contains(JsonNode list, String value) {
        for (JsonNode each : list) {
            if (each.asText().equals(value)) {
                return true;
            }
        }
        return false;
    }
}

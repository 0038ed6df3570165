package dev.amphora.apiserver.strategy;

import static dev.amphora.apiserver.strategy.Strategies.objects;
import static dev.amphora.apiserver.strategy.Strategies.setDefault;

import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.util.List;

/** Roles and their bindings: their names may hold anything that fits into a path. */
final class RbacStrategy extends KindStrategy {
    private static final String GROUP = "rbac.authorization.k8s.io";

    private final boolean namespaced;

    RbacStrategy(boolean namespaced) {
        super(Trait.CREATED_BY_UPDATE);
        this.namespaced = namespaced;
    }

    @Override
    List<String> names(String name) {
        return Names.pathSegment(name);
    }

    @Override
    public void setDefaults(ObjectNode object) {
        if (object.path("roleRef") instanceof ObjectNode role) {
            setDefault(role, "apiGroup", GROUP);
        }
        for (ObjectNode subject : objects(object.path("subjects"))) {
            String kind = subject.path("kind").asText("");
            if (kind.equals("User") || kind.equals("Group")) {
                setDefault(subject, "apiGroup", GROUP);
            }
        }
    }

    @Override
    void rules(Fields object) {
        String kind = object.at("kind").text();
        if (kind.endsWith("Binding")) {
            binding(object);
        } else {
            role(object);
        }
    }

    private void role(Fields role) {
        role.at("rules").elements().forEach(this::rule);
        for (Fields selector :
                role.at("aggregationRule", "clusterRoleSelectors").elements()) {
            int before = selector.errors().size();
            LabelRules.selector(selector);
            if (selector.errors().size() > before) {
                selector.invalid(NullNode.getInstance(), "invalid label selector.");
            }
        }
        if (role.has("aggregationRule")
                && role.at("aggregationRule", "clusterRoleSelectors").isEmpty()) {
            role.at("aggregationRule", "clusterRoleSelectors")
                    .required("at least one clusterRoleSelector required if aggregationRule is non-nil");
        }
    }

    private void rule(Fields rule) {
        if (rule.at("verbs").isEmpty()) {
            rule.at("verbs").required("verbs must contain at least one value");
        }
        boolean urls = !rule.at("nonResourceURLs").isEmpty();
        boolean resources = !rule.at("apiGroups").isEmpty()
                || !rule.at("resources").isEmpty()
                || !rule.at("resourceNames").isEmpty();
        if (urls) {
            if (namespaced) {
                rule.at("nonResourceURLs").invalid("namespaced rules cannot apply to non-resource URLs");
            }
            if (resources) {
                rule.at("nonResourceURLs")
                        .invalid("rules cannot apply to both regular resources and non-resource URLs");
            }
            return;
        }
        if (rule.at("apiGroups").isEmpty()) {
            rule.at("apiGroups").required("resource rules must supply at least one api group");
        }
        if (rule.at("resources").isEmpty()) {
            rule.at("resources").required("resource rules must supply at least one resource");
        }
    }

    private void binding(Fields binding) {
        Fields role = binding.at("roleRef");
        role.at("apiGroup")
                .with(TextNode.valueOf(
                        role.at("apiGroup").isEmpty()
                                ? GROUP
                                : role.at("apiGroup").text()))
                .oneOf(GROUP);
        if (namespaced) {
            role.at("kind").oneOf("Role", "ClusterRole");
        } else {
            role.at("kind").oneOf("ClusterRole");
        }
        if (role.at("name").requireText()) {
            role.at("name").check(Names::pathSegment);
        }
        binding.at("subjects").elements().forEach(this::subject);
    }

    private void subject(Fields subject) {
        Fields name = subject.at("name");
        name.requireText();
        Fields group = subject.at("apiGroup");
        switch (subject.at("kind").text()) {
            case "ServiceAccount" -> {
                if (!name.isEmpty()) {
                    name.check(Names::subdomain);
                }
                if (!group.isEmpty()) {
                    group.unsupported(List.of(""));
                }
                if (!namespaced) {
                    subject.at("namespace").requireText();
                }
            }
            case "User", "Group" -> group.oneOf(GROUP);
            default -> subject.at("kind").oneOf("ServiceAccount", "User", "Group");
        }
    }

    @Override
    void updateRules(Fields object, ObjectNode old) {
        metadata(object);
        rules(object);
        metadataUpdate(object, old);
        if (!Strategies.same(object.at("roleRef").value(), old.path("roleRef"))) {
            object.at("roleRef").invalid(GoValues.roleRef(object.at("roleRef").value()), "cannot change roleRef");
        }
    }
}

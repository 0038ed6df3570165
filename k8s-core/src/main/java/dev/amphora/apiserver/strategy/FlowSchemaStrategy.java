package dev.amphora.apiserver.strategy;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.LongNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** Which requests share a priority level. */
final class FlowSchemaStrategy extends KindStrategy {
    private static final int LEAST_PRECEDENT = 10_000;
    private static final List<String> VERBS =
            List.of("create", "delete", "deletecollection", "get", "list", "patch", "proxy", "update", "watch");
    private static final Map<String, String> SUBJECTS =
            Map.of("Group", "group", "ServiceAccount", "serviceAccount", "User", "user");

    FlowSchemaStrategy() {
        super(Trait.GENERATION);
    }

    @Override
    public void setDefaults(ObjectNode object) {
        Strategies.setIfZero(Strategies.child(object, "spec"), "matchingPrecedence", 1000);
    }

    @Override
    public void prepareForCreate(ObjectNode object) {
        object.remove("status");
        object.putObject("status");
    }

    @Override
    void rules(Fields schema) {
        Fields spec = schema.at("spec");
        Fields precedence = spec.at("matchingPrecedence");
        if (precedence.number() <= 0) {
            precedence.invalid(LongNode.valueOf(precedence.number()), "must be a positive value");
        }
        if (precedence.number() > LEAST_PRECEDENT) {
            precedence.invalid("must not be greater than " + LEAST_PRECEDENT);
        }
        if (precedence.number() == 1 && !schema.at("metadata", "name").is("exempt")) {
            precedence.invalid("only the schema named 'exempt' may have matchingPrecedence 1");
        }
        Fields method = spec.at("distinguisherMethod");
        if (method.given()
                && !List.of("ByNamespace", "ByUser").contains(method.at("type").text())) {
            method.at("type")
                    .with(JsonNodeFactory.instance
                            .objectNode()
                            .put("Type", method.at("type").text()))
                    .unsupported(List.of("ByNamespace", "ByUser"));
        }
        Fields level = spec.at("priorityLevelConfiguration", "name");
        if (level.requireText("must reference a priority level")) {
            level.check(Names::subdomain);
        }
        spec.at("rules").elements().forEach(FlowSchemaStrategy::rule);
    }

    private static void rule(Fields rule) {
        if (rule.at("subjects").isEmpty()) {
            rule.at("subjects").required("subjects must contain at least one value");
        }
        rule.at("subjects").elements().forEach(FlowSchemaStrategy::subject);
        if (rule.at("resourceRules").isEmpty() && rule.at("nonResourceRules").isEmpty()) {
            rule.required("at least one of resourceRules and nonResourceRules has to be non-empty");
        }
        rule.at("resourceRules").elements().forEach(FlowSchemaStrategy::resources);
        rule.at("nonResourceRules").elements().forEach(FlowSchemaStrategy::paths);
    }

    private static void subject(Fields subject) {
        String kind = subject.at("kind").text();
        String own = SUBJECTS.getOrDefault(kind, "");
        if (own.isEmpty()) {
            subject.at("kind").oneOf("Group", "ServiceAccount", "User");
            return;
        }
        Fields place = subject.at(own);
        if (!place.given()) {
            place.required("%s is required when subject kind is '%s'".formatted(own, kind));
        } else if (own.equals("serviceAccount")) {
            serviceAccount(place);
        } else {
            place.at("name").requireText();
        }
        for (String other : List.of("User", "Group", "ServiceAccount")) {
            String field = SUBJECTS.getOrDefault(other, "");
            if (!other.equals(kind) && subject.has(field)) {
                subject.at(field).forbidden("%s is forbidden when subject kind is not '%s'".formatted(field, other));
            }
        }
    }

    private static void serviceAccount(Fields account) {
        Fields name = account.at("name");
        if (name.requireText() && !name.is("*")) {
            name.check(Names::subdomain);
        }
        Fields namespace = account.at("namespace");
        if (namespace.requireText("must specify namespace for service account")) {
            namespace.check(Names::label);
        }
    }

    private static void resources(Fields rule) {
        verbs(rule.at("verbs"));
        list(rule.at("apiGroups"), "resource rules must supply at least one api group", "api groups");
        list(rule.at("resources"), "resource rules must supply at least one resource", "resources");
        Fields namespaces = rule.at("namespaces");
        if (namespaces.isEmpty() && !rule.at("clusterScope").flag()) {
            namespaces.required("resource rules that are not cluster scoped must supply at least one namespace");
        } else if (namespaces.size() > 1 && has(namespaces, "*")) {
            namespaces.invalid("if '*' is present, must not specify other namespaces");
        }
        for (Fields namespace : namespaces.elements()) {
            if (!namespace.is("*")) {
                for (String detail : Names.label(namespace.text())) {
                    namespace.invalid(
                            namespace.text(), "each member of this list must be '*' or a DNS-1123 label; " + detail);
                }
            }
        }
    }

    private static void paths(Fields rule) {
        verbs(rule.at("verbs"));
        Fields paths = rule.at("nonResourceURLs");
        list(paths, "nonResourceURLs must contain at least one value", "non-resource URLs");
        if (has(paths, "*")) {
            return;
        }
        for (Fields path : paths.elements()) {
            String text = path.text();
            if (text.isEmpty()) {
                path.invalid(text, "must not be empty");
            } else if (text.equals("/")) {
                continue;
            } else if (!text.startsWith("/")) {
                path.invalid("must start with slash");
            } else if (text.contains(" ")) {
                path.invalid("must not contain white-space");
            } else if (text.contains("//")) {
                path.invalid("must not contain double slash");
            } else if (text.indexOf('*') >= 0 && text.indexOf("/*") != text.length() - 2) {
                path.invalid("wildcard can only do suffix matching");
            }
        }
    }

    private static void verbs(Fields verbs) {
        list(verbs, "verbs must contain at least one value", "verbs");
        boolean known = verbs.elements().stream()
                .map(verb -> verb.text().toLowerCase(Locale.ROOT))
                .allMatch(verb -> verb.equals("*") || VERBS.contains(verb));
        if (!known) {
            verbs.unsupported(VERBS);
        }
    }

    private static void list(Fields list, String none, String others) {
        if (list.isEmpty()) {
            list.required(none);
        } else if (list.size() > 1 && has(list, "*")) {
            list.invalid("if '*' is present, must not specify other " + others);
        }
    }

    private static boolean has(Fields list, String text) {
        return list.elements().stream().anyMatch(element -> element.is(text));
    }

    @Override
    void updateRules(Fields schema, ObjectNode old) {
        metadata(schema);
        rules(schema);
    }

    @Override
    void statusUpdateRules(Fields schema, ObjectNode old) {
        metadataUpdate(schema, old);
        conditions(schema.at("status", "conditions"));
    }

    /** Conditions, each of a type of its own. */
    static void conditions(Fields conditions) {
        Set<String> types = new HashSet<>();
        for (Fields condition : conditions.elements()) {
            Fields type = condition.at("type");
            if (!types.add(type.text())) {
                type.with(JsonNodeFactory.instance.textNode(type.text())).duplicate();
            }
            type.requireText();
        }
    }
}

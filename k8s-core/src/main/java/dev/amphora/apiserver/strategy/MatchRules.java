package dev.amphora.apiserver.strategy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.apiserver.cel.ExpressionScope;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Which requests an admission webhook or policy is for: rules over operations and resources, selectors, conditions. */
final class MatchRules {
    private static final int MOST_CONDITIONS = 64;

    private MatchRules() {}

    /** The defaults of a {@code matchResources}. */
    static void resourceDefaults(ObjectNode match) {
        Strategies.setDefault(match, "matchPolicy", "Equivalent");
        selectorDefaults(match);
        ruleDefaults(match, "resourceRules");
        ruleDefaults(match, "excludeResourceRules");
    }

    /** Selectors that aren't given select everything. */
    static void selectorDefaults(ObjectNode match) {
        Strategies.child(match, "namespaceSelector");
        Strategies.child(match, "objectSelector");
    }

    static void ruleDefaults(ObjectNode match, String list) {
        Strategies.objects(match.path(list)).forEach(rule -> Strategies.setDefault(rule, "scope", "*"));
    }

    /** What a policy or a binding is for. */
    static void resources(Fields match) {
        LabelRules.selector(match.at("namespaceSelector"));
        LabelRules.selector(match.at("objectSelector"));
        policy(match.at("matchPolicy"));
        match.at("resourceRules").elements().forEach(MatchRules::rule);
        match.at("excludeResourceRules").elements().forEach(MatchRules::rule);
    }

    static void policy(Fields policy) {
        if (policy.given()) {
            policy.oneOf("Equivalent", "Exact");
        }
    }

    /** Operations on resources. */
    static void rule(Fields rule) {
        Fields names = rule.at("resourceNames");
        Set<String> seen = new HashSet<>();
        for (Fields name : names.elements()) {
            name.check(Names::pathSegment);
            if (!seen.add(name.text())) {
                name.duplicate();
            }
        }
        Fields operations = rule.at("operations");
        allOrSome(operations, "operations");
        operations.elements().forEach(each -> each.oneOf("*", "CONNECT", "CREATE", "DELETE", "UPDATE"));
        allOrSome(rule.at("apiGroups"), "API groups");
        allOrSome(rule.at("apiVersions"), "API versions");
        for (Fields version : rule.at("apiVersions").elements()) {
            if (version.isEmpty()) {
                version.required();
            }
        }
        resourceList(rule.at("resources"));
        if (rule.has("scope")) {
            rule.at("scope").oneOf("*", "Cluster", "Namespaced");
        }
    }

    private static void allOrSome(Fields list, String what) {
        if (list.isEmpty()) {
            list.required();
        } else if (list.size() > 1 && has(list, "*")) {
            list.invalid("if '*' is present, must not specify other " + what);
        }
    }

    private static boolean has(Fields list, String text) {
        return list.elements().stream().anyMatch(element -> element.is(text));
    }

    private static void resourceList(Fields resources) {
        if (resources.isEmpty()) {
            resources.required();
        }
        boolean plain = false;
        for (Fields resource : resources.elements()) {
            String text = resource.text();
            if (text.isEmpty()) {
                resource.required();
                continue;
            }
            int slash = text.indexOf('/');
            plain |= slash < 0 && !text.equals("*");
            if (slash < 0) {
                continue;
            }
            String name = text.substring(0, slash);
            String sub = text.substring(slash + 1);
            if (!sub.equals("*") && has(resources, name + "/*")) {
                resource.invalid("if '%s/*' is present, must not specify %s".formatted(name, text));
            }
            if (!name.equals("*") && has(resources, "*/" + sub)) {
                resource.invalid("if '*/%s' is present, must not specify %s".formatted(sub, text));
            }
        }
        if (resources.size() > 1 && has(resources, "*/*")) {
            resources.invalid("if '*/*' is present, must not specify other resources");
        }
        if (plain && has(resources, "*")) {
            resources.invalid("if '*' is present, must not specify other resources without subresources");
        }
    }

    /** Conditions that a request must meet as well, each by a name of its own. */
    static void conditions(Fields conditions, ExpressionScope scope) {
        if (conditions.size() > MOST_CONDITIONS) {
            conditions.tooMany(MOST_CONDITIONS);
        }
        Set<String> names = new HashSet<>();
        for (Fields condition : conditions.elements()) {
            if (condition.at("expression").text().isBlank()) {
                condition.at("expression").required();
            } else {
                ExpressionRules.check(condition.at("expression"), scope, "bool");
            }
            Fields name = condition.at("name");
            if (name.requireText()) {
                name.check(Names::labelKey);
                if (!names.add(name.text())) {
                    name.duplicate();
                }
            }
        }
    }

    /** Which objects parameterise a policy. */
    static void parameters(Fields reference) {
        if (!reference.given()) {
            return;
        }
        Fields name = reference.at("name");
        Fields selector = reference.at("selector");
        if (!name.isEmpty()) {
            name.check(Names::pathSegment);
            if (selector.given()) {
                name.forbidden("name and selector are mutually exclusive");
                selector.forbidden("name and selector are mutually exclusive");
            }
        } else if (!selector.given()) {
            reference.required("one of name or selector must be specified");
        }
        LabelRules.selector(selector);
        Fields missing = reference.at("parameterNotFoundAction");
        if (!missing.given()) {
            missing.required();
        } else {
            missing.oneOf(List.of("Deny", "Allow"));
        }
    }
}

package dev.amphora.apiserver;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.Json;
import java.util.List;

/** Makes what every cluster has from the start: namespaces, the classes and the rights of the system. */
final class Bootstrap {
    private static final List<String> NAMESPACES = List.of("kube-system", "kube-public", "kube-node-lease", "default");
    private static final String RBAC = "rbac.authorization.k8s.io";
    private static final List<String> READABLE_BY_ALL =
            List.of("/healthz", "/livez", "/readyz", "/version", "/version/");
    private static final List<String> DISCOVERY = List.of(
            "/api",
            "/api/*",
            "/apis",
            "/apis/*",
            "/healthz",
            "/livez",
            "/openapi",
            "/openapi/*",
            "/readyz",
            "/version",
            "/version/");

    private final ApiServer server;

    Bootstrap(ApiServer server) {
        this.server = server;
    }

    void run() {
        for (String name : NAMESPACES) {
            make("", "v1", "namespaces", named(name));
        }
        make(
                "scheduling.k8s.io",
                "v1",
                "priorityclasses",
                priority(
                        "system-node-critical",
                        2_000_001_000,
                        "Used for system critical pods that must not be moved from their current node."));
        make(
                "scheduling.k8s.io",
                "v1",
                "priorityclasses",
                priority(
                        "system-cluster-critical",
                        2_000_000_000,
                        "Used for system critical pods that must run in the cluster, but can be moved to another node if necessary."));
        ObjectNode everything = role("cluster-admin");
        ObjectNode all = everything.putArray("rules").addObject();
        all.putArray("verbs").add("*");
        all.putArray("apiGroups").add("*");
        all.putArray("resources").add("*");
        paths(everything, "*", List.of("*"));
        bind(everything, "system:masters");
        ObjectNode basic = role("system:basic-user");
        ArrayNode rules = basic.putArray("rules");
        mayCreate(rules, "authorization.k8s.io", "selfsubjectaccessreviews", "selfsubjectrulesreviews");
        mayCreate(rules, "authentication.k8s.io", "selfsubjectreviews");
        bind(basic, "system:authenticated");
        ObjectNode discovery = role("system:discovery");
        paths(discovery, "get", DISCOVERY);
        bind(discovery, "system:authenticated");
        ObjectNode viewer = role("system:public-info-viewer");
        paths(viewer, "get", READABLE_BY_ALL);
        bind(viewer, "system:authenticated", "system:unauthenticated");
    }

    private void bind(ObjectNode role, String... groups) {
        make(RBAC, "v1", "clusterroles", role);
        ObjectNode binding = named(Metadata.text(role, "name"));
        label(binding);
        binding.putObject("roleRef")
                .put("apiGroup", RBAC)
                .put("kind", "ClusterRole")
                .put("name", Metadata.text(role, "name"));
        ArrayNode subjects = binding.putArray("subjects");
        for (String group : groups) {
            subjects.addObject().put("apiGroup", RBAC).put("kind", "Group").put("name", group);
        }
        make(RBAC, "v1", "clusterrolebindings", binding);
    }

    private void make(String group, String version, String plural, ObjectNode object) {
        if (server.objects()
                .get(group, plural, "", Metadata.text(object, "name"))
                .isEmpty()) {
            server.createIfAbsent(group, version, plural, "", object);
        }
    }

    private static ObjectNode named(String name) {
        ObjectNode object = Json.object();
        object.putObject("metadata").put("name", name);
        return object;
    }

    private static ObjectNode priority(String name, int value, String description) {
        return named(name).put("value", value).put("description", description);
    }

    private static ObjectNode role(String name) {
        ObjectNode role = named(name);
        label(role);
        return role;
    }

    private static void label(ObjectNode object) {
        ObjectNode metadata = Metadata.of(object);
        metadata.putObject("labels").put("kubernetes.io/bootstrapping", "rbac-defaults");
        metadata.putObject("annotations").put("rbac.authorization.kubernetes.io/autoupdate", "true");
    }

    private static void paths(ObjectNode role, String verb, List<String> paths) {
        ObjectNode rule = role.withArray("rules").addObject();
        rule.putArray("verbs").add(verb);
        paths.forEach(rule.putArray("nonResourceURLs")::add);
    }

    private static void mayCreate(ArrayNode rules, String group, String... resources) {
        ObjectNode rule = rules.addObject();
        rule.putArray("verbs").add("create");
        rule.putArray("apiGroups").add(group);
        ArrayNode array = rule.putArray("resources");
        for (String resource : resources) {
            array.add(resource);
        }
    }
}

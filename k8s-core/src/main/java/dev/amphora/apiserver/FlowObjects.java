package dev.amphora.apiserver;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.Json;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** The priority levels and flow schemas of every cluster, in the shape in which they are first written. */
final class FlowObjects {
    static final String GROUP = "flowcontrol.apiserver.k8s.io";
    static final String LEVELS = "prioritylevelconfigurations";
    static final String SCHEMAS = "flowschemas";
    private static final String AUTOUPDATE = "apf.kubernetes.io/autoupdate-spec";
    private static final List<String> ALL = List.of("*");
    private static final List<String> LEADERS = List.of("get", "create", "update");
    private static final String[] EVERYBODY = {"system:unauthenticated", "system:authenticated"};

    private FlowObjects() {}

    /** The levels, in the order of their names. */
    static List<ObjectNode> levels() {
        List<ObjectNode> levels = new ArrayList<>();
        ObjectNode exempt = named("exempt");
        exempt.putObject("spec")
                .put("type", "Exempt")
                .putObject("exempt")
                .put("nominalConcurrencyShares", 0)
                .put("lendablePercent", 0);
        levels.add(exempt);
        ObjectNode rest = named("catch-all");
        limited(rest, 5, 0).putObject("limitResponse").put("type", "Reject");
        levels.add(rest);
        levels.add(queued("system", 30, 33, 64, 6));
        levels.add(queued("node-high", 40, 25, 64, 6));
        levels.add(queued("leader-election", 10, 0, 16, 4));
        levels.add(queued("workload-high", 40, 50, 128, 6));
        levels.add(queued("workload-low", 100, 90, 128, 6));
        levels.add(queued("global-default", 20, 50, 128, 6));
        levels.sort(Comparator.comparing(level -> Metadata.text(level, "name")));
        return levels;
    }

    /** The schemas, the last to be asked first. */
    static List<ObjectNode> schemas() {
        List<ObjectNode> schemas = new ArrayList<>();
        schemas.add(everything(schema("exempt", "exempt", 1, ""), "system:masters"));
        ObjectNode probes = schema("probes", "exempt", 2, "");
        ObjectNode rule = rule(probes, EVERYBODY);
        ObjectNode paths = rule.putArray("nonResourceRules").addObject();
        paths.putArray("verbs").add("get");
        List.of("/healthz", "/readyz", "/livez").forEach(paths.putArray("nonResourceURLs")::add);
        schemas.add(probes);
        schemas.add(leaders());
        ObjectNode workloads = schema("workload-leader-election", "leader-election", 200, "ByUser");
        ObjectNode theirs = rule(workloads);
        systemAccounts(theirs);
        resources(theirs, LEADERS, "", List.of("endpoints", "configmaps"), "*", false);
        resources(theirs, LEADERS, "coordination.k8s.io", List.of("leases"), "*", false);
        schemas.add(workloads);
        ObjectNode endpoints = schema("endpoint-controller", "workload-high", 150, "ByUser");
        ObjectNode controller = rule(endpoints);
        user(controller, "system:kube-controller-manager");
        account(controller, "endpoint-controller");
        account(controller, "endpointslicemirroring-controller");
        resources(controller, LEADERS, "", List.of("endpoints"), "*", false);
        schemas.add(endpoints);
        ObjectNode heartbeats = schema("system-node-high", "node-high", 400, "ByUser");
        ObjectNode nodes = rule(heartbeats, "system:nodes");
        resources(nodes, ALL, "", List.of("nodes", "nodes/status"), "*", true);
        resources(nodes, ALL, "coordination.k8s.io", List.of("leases"), "*", false);
        schemas.add(heartbeats);
        schemas.add(everything(schema("system-nodes", "system", 500, "ByUser"), "system:nodes"));
        for (String component : List.of("kube-controller-manager", "kube-scheduler")) {
            ObjectNode schema = schema(component, "workload-high", 800, "ByNamespace");
            ObjectNode its = rule(schema);
            user(its, "system:" + component);
            everything(its);
            schemas.add(schema);
        }
        ObjectNode system = schema("kube-system-service-accounts", "workload-high", 900, "ByNamespace");
        ObjectNode accounts = rule(system);
        systemAccounts(accounts);
        everything(accounts);
        schemas.add(system);
        schemas.add(everything(schema("service-accounts", "workload-low", 9000, "ByUser"), "system:serviceaccounts"));
        schemas.add(everything(schema("global-default", "global-default", 9900, "ByUser"), EVERYBODY));
        schemas.add(everything(schema("catch-all", "catch-all", 10_000, "ByUser"), EVERYBODY));
        schemas.sort(Comparator.comparing((ObjectNode schema) ->
                        schema.path("spec").path("matchingPrecedence").asInt())
                .reversed()
                .thenComparing(schema -> Metadata.text(schema, "name")));
        return schemas;
    }

    private static ObjectNode leaders() {
        ObjectNode schema = schema("system-leader-election", "leader-election", 100, "ByUser");
        ObjectNode rule = rule(schema);
        user(rule, "system:kube-controller-manager");
        user(rule, "system:kube-scheduler");
        systemAccounts(rule);
        resources(rule, LEADERS, "", List.of("endpoints", "configmaps"), "kube-system", false);
        resources(rule, LEADERS, "coordination.k8s.io", List.of("leases"), "*", false);
        return schema;
    }

    private static ObjectNode named(String name) {
        ObjectNode object = Json.object();
        object.putObject("metadata").put("name", name).putObject("annotations").put(AUTOUPDATE, "true");
        return object;
    }

    private static ObjectNode limited(ObjectNode level, int shares, int lendable) {
        return level.putObject("spec")
                .put("type", "Limited")
                .putObject("limited")
                .put("nominalConcurrencyShares", shares)
                .put("lendablePercent", lendable);
    }

    private static ObjectNode queued(String name, int shares, int lendable, int queues, int hand) {
        ObjectNode level = named(name);
        limited(level, shares, lendable)
                .putObject("limitResponse")
                .put("type", "Queue")
                .putObject("queuing")
                .put("queues", queues)
                .put("handSize", hand)
                .put("queueLengthLimit", 50);
        return level;
    }

    private static ObjectNode schema(String name, String level, int precedence, String distinguisher) {
        ObjectNode schema = named(name);
        ObjectNode spec = schema.putObject("spec");
        spec.putObject("priorityLevelConfiguration").put("name", level);
        spec.put("matchingPrecedence", precedence);
        if (!distinguisher.isEmpty()) {
            spec.putObject("distinguisherMethod").put("type", distinguisher);
        }
        return schema;
    }

    private static ObjectNode rule(ObjectNode schema, String... groups) {
        ObjectNode rule = schema.withObject("/spec").withArray("rules").addObject();
        ArrayNode subjects = rule.putArray("subjects");
        for (String group : groups) {
            subjects.addObject().put("kind", "Group").putObject("group").put("name", group);
        }
        return rule;
    }

    private static void user(ObjectNode rule, String name) {
        rule.withArray("subjects")
                .addObject()
                .put("kind", "User")
                .putObject("user")
                .put("name", name);
    }

    private static void systemAccounts(ObjectNode rule) {
        account(rule, "*");
    }

    private static void account(ObjectNode rule, String name) {
        rule.withArray("subjects")
                .addObject()
                .put("kind", "ServiceAccount")
                .putObject("serviceAccount")
                .put("namespace", "kube-system")
                .put("name", name);
    }

    private static ObjectNode everything(ObjectNode schema, String... groups) {
        everything(rule(schema, groups));
        return schema;
    }

    private static void everything(ObjectNode rule) {
        resources(rule, ALL, "*", ALL, "*", true);
        ObjectNode paths = rule.putArray("nonResourceRules").addObject();
        paths.putArray("verbs").add("*");
        paths.putArray("nonResourceURLs").add("*");
    }

    private static void resources(
            ObjectNode rule,
            List<String> verbs,
            String group,
            List<String> resources,
            String namespace,
            boolean clusterScope) {
        ObjectNode each = rule.withArray("resourceRules").addObject();
        verbs.forEach(each.putArray("verbs")::add);
        each.putArray("apiGroups").add(group);
        resources.forEach(each.putArray("resources")::add);
        if (clusterScope) {
            each.put("clusterScope", true);
        }
        each.putArray("namespaces").add(namespace);
    }
}

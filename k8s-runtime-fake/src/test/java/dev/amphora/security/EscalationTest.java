package dev.amphora.security;

import static org.assertj.core.api.Assertions.assertThat;

import dev.amphora.apiserver.access.TokenOptions;
import dev.amphora.security.World.Answer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Whoever has some rights gets no more by them: roles, bindings, other identities, tokens, requests for certificates, configuration. */
class EscalationTest {
    private static final String RBAC = "/apis/rbac.authorization.k8s.io/v1";
    private static final String ROLES = RBAC + "/namespaces/a/roles";
    private static final String CLUSTER_ROLES = RBAC + "/clusterroles";
    private static final String BINDINGS = RBAC + "/namespaces/a/rolebindings";
    private static final String CLUSTER_BINDINGS = RBAC + "/clusterrolebindings";
    private static final String SECRETS = World.rule("", "secrets", "get,list");
    private static final String ALL_VERBS = "get,list,watch,create,update,patch,delete,deletecollection";
    private static final String APPLY = "application/apply-patch+yaml";
    private static final String MERGE = "application/merge-patch+json";

    private static World world;
    private Map<String, String> before;

    @BeforeAll
    static void start() {
        world = new World();
        world.grant(
                "alice",
                "",
                "role-writer",
                World.rule(
                        "rbac.authorization.k8s.io", "roles,clusterroles,rolebindings,clusterrolebindings", ALL_VERBS));
        world.make(ROLES, "{\"metadata\":{\"name\":\"weak\"},\"rules\":[]}");
        world.make(CLUSTER_ROLES, "{\"metadata\":{\"name\":\"weak\"},\"rules\":[]}");
        world.make(CLUSTER_ROLES, "{\"metadata\":{\"name\":\"strong\"},\"rules\":%s}".formatted(SECRETS));
        world.make(
                CLUSTER_ROLES,
                "{\"metadata\":{\"name\":\"gathering\"},\"aggregationRule\":{\"clusterRoleSelectors\":[{\"matchLabels\":{\"gather\":\"yes\"}}]},\"rules\":[]}");
        world.make(BINDINGS, binding("to-weak", "Role", "weak", "carol"));
    }

    @AfterAll
    static void end() {
        world.close();
    }

    @BeforeEach
    void look() {
        before = world.everything();
    }

    @AfterEach
    void nothingHasChanged() {
        assertThat(world.everything()).isEqualTo(before);
    }

    private static String binding(String name, String kind, String role, String user) {
        return """
                {"apiVersion":"rbac.authorization.k8s.io/v1","kind":"RoleBinding","metadata":{"name":"%s"},
                 "roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"%s","name":"%s"},
                 "subjects":[{"apiGroup":"rbac.authorization.k8s.io","kind":"User","name":"%s"}]}"""
                .formatted(name, kind, role, user);
    }

    private static String role(String kind, String name, String rules) {
        return "{\"apiVersion\":\"rbac.authorization.k8s.io/v1\",\"kind\":\"%s\",\"metadata\":{\"name\":\"%s\"},\"rules\":%s}"
                .formatted(kind, name, rules);
    }

    private static void refused(String user, String method, String target, String body, String... headers) {
        Answer answer = world.send(user, method, target, body, headers);
        assertThat(answer.status())
                .as("%s %s %s: %s", user, method, target, answer.body())
                .isEqualTo(403);
    }

    @Test
    void aRoleGrantsNoMoreThanItsWriterHas() {
        for (String rules : List.of(
                SECRETS,
                World.rule("*", "*", "*"),
                World.rule("", "pods/exec", "create"),
                World.rule("rbac.authorization.k8s.io", "roles", "escalate"),
                World.rule("rbac.authorization.k8s.io", "clusterroles", "bind"),
                World.rule("", "users", "impersonate"),
                World.rule("rbac.authorization.k8s.io", "*", "get"),
                World.rule("rbac.authorization.k8s.io", "roles", "*"),
                World.rule("*", "roles", "get"))) {
            refused("alice", "POST", ROLES, role("Role", "new", rules));
            refused("alice", "POST", CLUSTER_ROLES, role("ClusterRole", "new", rules));
            refused("alice", "PUT", ROLES + "/weak", role("Role", "weak", rules));
            refused("alice", "PUT", ROLES + "/made-by-put", role("Role", "made-by-put", rules));
            refused("alice", "PUT", CLUSTER_ROLES + "/weak", role("ClusterRole", "weak", rules));
            refused("alice", "PATCH", CLUSTER_ROLES + "/weak", "{\"rules\":" + rules + "}", "Content-Type", MERGE);
            refused(
                    "alice",
                    "PATCH",
                    CLUSTER_ROLES + "/weak",
                    "[{\"op\":\"add\",\"path\":\"/rules\",\"value\":" + rules + "}]",
                    "Content-Type",
                    "application/json-patch+json");
            refused(
                    "alice",
                    "PATCH",
                    CLUSTER_ROLES + "/applied?fieldManager=m&force=true",
                    role("ClusterRole", "applied", rules),
                    "Content-Type",
                    APPLY);
            refused("alice", "POST", ROLES + "?dryRun=All", role("Role", "dry", rules));
        }
        refused(
                "alice",
                "POST",
                CLUSTER_ROLES,
                role("ClusterRole", "pages", "[{\"nonResourceURLs\":[\"/metrics\"],\"verbs\":[\"get\"]}]"));
    }

    @Test
    void aBindingGivesNoMoreThanItsWriterHas() {
        for (String role : List.of("cluster-admin", "strong", "system:node", "system:controller:job-controller")) {
            refused("alice", "POST", BINDINGS, binding("new", "ClusterRole", role, "alice"));
            refused(
                    "alice",
                    "POST",
                    CLUSTER_BINDINGS,
                    binding("new", "ClusterRole", role, "alice").replace("RoleBinding", "ClusterRoleBinding"));
            refused("alice", "PUT", BINDINGS + "/put", binding("put", "ClusterRole", role, "alice"));
            refused(
                    "alice",
                    "PATCH",
                    BINDINGS + "/applied?fieldManager=m",
                    binding("applied", "ClusterRole", role, "alice"),
                    "Content-Type",
                    APPLY);
        }
        refused(
                "alice",
                "PATCH",
                CLUSTER_BINDINGS + "/cluster-admin",
                "{\"subjects\":[{\"apiGroup\":\"rbac.authorization.k8s.io\",\"kind\":\"User\",\"name\":\"alice\"}]}",
                "Content-Type",
                MERGE);
        assertThat(world.send(
                                "alice",
                                "PUT",
                                BINDINGS + "/to-weak",
                                binding("to-weak", "ClusterRole", "strong", "alice"))
                        .status())
                .as("what a binding refers to can't be changed, or not by her")
                .isIn(403, 422);
    }

    @Test
    void labelsOfARoleAreNoWayIntoAnother() {
        refused(
                "alice",
                "PATCH",
                CLUSTER_ROLES + "/strong",
                "{\"metadata\":{\"labels\":{\"rbac.authorization.k8s.io/aggregate-to-view\":\"true\"}}}",
                "Content-Type",
                MERGE);
        refused(
                "alice",
                "PATCH",
                CLUSTER_ROLES + "/gathering",
                "{\"aggregationRule\":{\"clusterRoleSelectors\":[{\"matchLabels\":{\"x\":\"y\"}}]}}",
                "Content-Type",
                MERGE);
        refused("alice", "PATCH", CLUSTER_ROLES + "/gathering", "{\"aggregationRule\":null}", "Content-Type", MERGE);
        refused(
                "alice",
                "POST",
                CLUSTER_ROLES,
                "{\"metadata\":{\"name\":\"g2\"},\"aggregationRule\":{\"clusterRoleSelectors\":[{}]},\"rules\":[]}");
        refused(
                "alice",
                "POST",
                CLUSTER_ROLES,
                "{\"metadata\":{\"name\":\"s2\",\"labels\":{\"gather\":\"yes\"}},\"rules\":%s}".formatted(SECRETS));
    }

    @Test
    void theVerbBindCountsForTheNamedRoleAlone() {
        try (World other = new World()) {
            other.make(CLUSTER_ROLES, role("ClusterRole", "strong", SECRETS));
            other.grant(
                    "bob",
                    "a",
                    "binder",
                    """
                    [{"apiGroups":["rbac.authorization.k8s.io"],"resources":["rolebindings"],"verbs":["create"]},
                     {"apiGroups":["rbac.authorization.k8s.io"],"resources":["clusterroles"],"verbs":["bind"],"resourceNames":["strong"]}]""");
            Map<String, String> all = other.everything();
            assertThat(other.send("bob", "POST", BINDINGS, binding("n", "ClusterRole", "admin", "bob"))
                            .status())
                    .as("a role without rules that others may fill")
                    .isIn(201, 403);
            assertThat(other.send("bob", "POST", BINDINGS, binding("c", "ClusterRole", "cluster-admin", "bob"))
                            .status())
                    .isEqualTo(403);
            assertThat(other.send(
                                    "bob",
                                    "POST",
                                    BINDINGS.replace("/a/", "/b/"),
                                    binding("c", "ClusterRole", "strong", "bob"))
                            .status())
                    .isEqualTo(403);
            assertThat(other.send(
                                    "bob",
                                    "POST",
                                    CLUSTER_BINDINGS,
                                    binding("c", "ClusterRole", "strong", "bob")
                                            .replace("RoleBinding", "ClusterRoleBinding"))
                            .status())
                    .isEqualTo(403);
            assertThat(other.everything().keySet().stream()
                            .filter(key -> !all.containsKey(key))
                            .filter(key -> !key.endsWith("/n"))
                            .toList())
                    .isEmpty();
            assertThat(other.send("bob", "POST", BINDINGS, binding("s", "ClusterRole", "strong", "bob"))
                            .status())
                    .isEqualTo(201);
            assertThat(other.send("bob", "GET", "/api/v1/namespaces/a/secrets/gold", "")
                            .status())
                    .isEqualTo(200);
            assertThat(other.send("bob", "GET", "/api/v1/namespaces/b/secrets/gold", "")
                            .status())
                    .isEqualTo(403);
        }
    }

    @Test
    void aRuleForNamedObjectsOpensNoListOfOthers() {
        try (World other = new World()) {
            other.grant(
                    "bob",
                    "a",
                    "named",
                    "[{\"apiGroups\":[\"\"],\"resources\":[\"configmaps\"],\"resourceNames\":[\"map\"],\"verbs\":[\"get\",\"list\",\"watch\",\"update\",\"patch\",\"delete\",\"deletecollection\",\"create\"]}]");
            String maps = "/api/v1/namespaces/a/configmaps";
            List<String> seen = new ArrayList<>();
            for (String query : List.of(
                    "",
                    "?fieldSelector=",
                    "?fieldSelector=metadata.name!%3Dmap",
                    "?fieldSelector=metadata.namespace%3Da",
                    "?fieldSelector=metadata.name%3Dother",
                    "?labelSelector=metadata.name%3Dmap",
                    "?fieldSelector=metadata.name%3D",
                    "?fieldSelector=metadata.name%3Dother&fieldSelector=metadata.name%3Dmap",
                    "?watch=1",
                    "?watch=1&fieldSelector=metadata.name%3Dother",
                    "?fieldSelector=metadata.name%3Dother,metadata.name%3Dmap")) {
                Answer answer = other.send("bob", "GET", maps + query, "");
                if (answer.status() != 403 && answer.body().contains("\"other\"")) {
                    seen.add(query + ": " + answer.status());
                }
            }
            assertThat(seen).isEmpty();
            assertThat(other.send("bob", "GET", maps + "?fieldSelector=metadata.name%3Dmap", "")
                            .status())
                    .isEqualTo(200);
            Map<String, String> all = other.everything();
            assertThat(other.send("bob", "DELETE", maps, "").status()).isEqualTo(403);
            assertThat(other.send("bob", "DELETE", maps + "?fieldSelector=metadata.name!%3Dmap", "")
                            .status())
                    .isEqualTo(403);
            assertThat(other.send("bob", "POST", maps, "{\"metadata\":{\"name\":\"new\"}}")
                            .status())
                    .isEqualTo(403);
            assertThat(other.send("bob", "PUT", maps + "/other", "{\"metadata\":{\"name\":\"map\"}}")
                            .status())
                    .isEqualTo(403);
            assertThat(other.send("bob", "PUT", maps + "/map", "{\"metadata\":{\"name\":\"other\"}}")
                            .status())
                    .isEqualTo(400);
            assertThat(other.send("bob", "PUT", maps + "/map", "{\"metadata\":{\"name\":\"map\",\"namespace\":\"b\"}}")
                            .status())
                    .isEqualTo(400);
            assertThat(other.everything()).isEqualTo(all);
        }
    }

    @Test
    void whoMayWritePodsMayNotReachIntoThem() {
        try (World other = new World()) {
            other.grant("bob", "a", "pod-writer", World.rule("", "pods", "get,list,create,update,patch"));
            other.grant("carol", "a", "exec-reader", World.rule("", "pods/exec,pods/attach,pods/portforward", "get"));
            other.make(
                    "/api/v1/namespaces/a/pods",
                    "{\"metadata\":{\"name\":\"p\"},\"spec\":{\"containers\":[{\"name\":\"c\",\"image\":\"i\"}]}}");
            Map<String, String> all = other.everything();
            String pod = "/api/v1/namespaces/a/pods/p";
            String sneaked =
                    "{\"spec\":{\"ephemeralContainers\":[{\"name\":\"e\",\"image\":\"i\",\"command\":[\"sh\"]}]}}";
            assertThat(other.send(
                                    "bob",
                                    "PATCH",
                                    pod,
                                    sneaked,
                                    "Content-Type",
                                    "application/strategic-merge-patch+json")
                            .status())
                    .isIn(403, 422);
            for (String subresource : List.of(
                    "ephemeralcontainers",
                    "status",
                    "resize",
                    "exec",
                    "attach",
                    "portforward",
                    "proxy",
                    "log",
                    "binding",
                    "eviction")) {
                for (String method : List.of("GET", "POST", "PUT", "PATCH")) {
                    assertThat(other.send("bob", method, pod + "/" + subresource, "{}", "Content-Type", MERGE)
                                    .status())
                            .as(method + " " + subresource)
                            .isEqualTo(403);
                }
            }
            assertThat(other.everything()).isEqualTo(all);
            for (String subresource : List.of("exec", "attach", "portforward")) {
                assertThat(other.send("carol", "POST", pod + "/" + subresource + "?command=id&stdout=1", "")
                                .status())
                        .as("POST " + subresource)
                        .isEqualTo(403);
            }
        }
    }

    @Test
    void configurationThatSeesEverythingIsNotForEverybody() {
        String admission = "/apis/admissionregistration.k8s.io/v1/";
        for (String kind : List.of(
                "validatingwebhookconfigurations",
                "mutatingwebhookconfigurations",
                "validatingadmissionpolicies",
                "validatingadmissionpolicybindings",
                "mutatingadmissionpolicies",
                "mutatingadmissionpolicybindings")) {
            refused("alice", "POST", admission + kind, "{\"metadata\":{\"name\":\"x\"}}");
            refused("alice", "PUT", admission + kind + "/x", "{\"metadata\":{\"name\":\"x\"}}");
            refused(
                    "alice",
                    "PATCH",
                    admission + kind + "/x?fieldManager=m",
                    "{\"metadata\":{\"name\":\"x\"}}",
                    "Content-Type",
                    APPLY);
        }
        refused("alice", "POST", "/apis/apiregistration.k8s.io/v1/apiservices", "{\"metadata\":{\"name\":\"v1.x\"}}");
        refused(
                "alice",
                "POST",
                "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
                "{\"metadata\":{\"name\":\"x.y\"}}");
        refused("alice", "PUT", "/apis/apiregistration.k8s.io/v1/apiservices/v1.apps/status", "{}");
    }

    @Test
    void aPolicyDoesNotReadForItsWriterWhatHeMayNot() {
        try (World other = new World()) {
            other.grant(
                    "bob",
                    "",
                    "policy-writer",
                    World.rule(
                            "admissionregistration.k8s.io",
                            "validatingadmissionpolicies,validatingadmissionpolicybindings,mutatingadmissionpolicies,mutatingadmissionpolicybindings",
                            "create"));
            Map<String, String> all = other.everything();
            String policy =
                    """
                    {"metadata":{"name":"p"},"spec":{"paramKind":{"apiVersion":"v1","kind":"Secret"},
                     "matchConstraints":{"resourceRules":[{"apiGroups":[""],"apiVersions":["v1"],"resources":["configmaps"],"operations":["CREATE"]}]},
                     "validations":[{"expression":"false","messageExpression":"string(params.data.k)"}]}}""";
            assertThat(other.send(
                                    "bob",
                                    "POST",
                                    "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies",
                                    policy)
                            .status())
                    .isEqualTo(422);
            String bound =
                    """
                    {"metadata":{"name":"b"},"spec":{"policyName":"p","validationActions":["Deny"],
                     "paramRef":{"name":"gold","namespace":"a","parameterNotFoundAction":"Deny"}}}""";
            other.make("/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies", policy);
            Map<String, String> withPolicy = other.everything();
            assertThat(other.send(
                                    "bob",
                                    "POST",
                                    "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings",
                                    bound)
                            .status())
                    .isEqualTo(422);
            assertThat(other.everything()).isEqualTo(withPolicy).hasSize(all.size() + 1);
        }
    }

    @Test
    void ownersAreNoWayToDeleteOrToHoldWhatOneMayNot() {
        try (World other = new World(TokenOptions.defaults(), "OwnerReferencesPermissionEnforcement")) {
            other.grant("bob", "a", "changes", World.rule("", "configmaps", "get,update,patch"));
            other.grant("carol", "a", "deletes", World.rule("", "configmaps", "get,update,patch,delete"));
            String map = "/api/v1/namespaces/a/configmaps/map";
            String owners =
                    "{\"metadata\":{\"ownerReferences\":[{\"apiVersion\":\"v1\",\"kind\":\"Secret\",\"name\":\"gold\",\"uid\":\"1\",\"blockOwnerDeletion\":%s}]}}";
            Map<String, String> all = other.everything();
            assertThat(other.send("bob", "PATCH", map, owners.formatted("false"), "Content-Type", MERGE)
                            .status())
                    .as("what is owned is deleted with its owner")
                    .isEqualTo(403);
            assertThat(other.send("carol", "PATCH", map, owners.formatted("true"), "Content-Type", MERGE)
                            .status())
                    .as("an owner that is blocked stays")
                    .isEqualTo(403);
            assertThat(other.everything()).isEqualTo(all);
            assertThat(other.send("carol", "PATCH", map, owners.formatted("false"), "Content-Type", MERGE)
                            .status())
                    .isEqualTo(200);
        }
    }
}

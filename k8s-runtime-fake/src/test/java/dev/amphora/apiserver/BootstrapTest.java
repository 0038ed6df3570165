package dev.amphora.apiserver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.Json;
import dev.amphora.api.StatusException;
import dev.amphora.apiserver.access.AccessRequest;
import dev.amphora.apiserver.access.User;
import dev.amphora.kernel.SimulatedKernel;
import dev.amphora.store.memory.MemoryStore;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The roles and bindings that every cluster has, and what follows from them. */
class BootstrapTest {
    private static final String RBAC = "rbac.authorization.k8s.io";
    private static final List<String> PLURALS = List.of("clusterroles", "clusterrolebindings", "roles", "rolebindings");

    private final SimulatedKernel kernel = new SimulatedKernel(1);
    private final MemoryStore store = new MemoryStore(kernel);
    private ApiServer server = ApiServer.builder(kernel, store).build().start();

    @AfterEach
    void close() {
        server.close();
        store.close();
        kernel.close();
    }

    @Test
    void whatIsKeptReadyIsWhatACreationWouldHaveStored() {
        int seen = 0;
        for (String plural : PLURALS) {
            for (ObjectNode prepared : server.objects().list(RBAC, plural, "")) {
                ObjectNode body = prepared.deepCopy();
                ((ObjectNode) body.get("metadata")).remove(List.of("managedFields", "resourceVersion", "uid"));
                String namespace = prepared.path("metadata").path("namespace").asText("");
                String name = prepared.path("metadata").path("name").asText();
                call(masters(), Verb.DELETE, plural, namespace, name, null);
                ObjectNode made = call(masters(), Verb.CREATE, plural, namespace, "", body);
                assertThat(comparable(made)).as(plural + " " + name).isEqualTo(comparable(prepared));
                seen++;
            }
        }
        assertThat(seen).isGreaterThan(100);
    }

    @Test
    void aRestartAddsWhatIsMissingAndLeavesTheRest() {
        ObjectNode role = stored("clusterroles", "system:basic-user");
        ((ArrayNode) role.get("rules")).remove(0);
        ((ArrayNode) role.get("rules")).addObject().putArray("verbs").add("get");
        ((ObjectNode) role.get("rules").get(role.get("rules").size() - 1))
                .putArray("nonResourceURLs")
                .add("/mine");
        call(masters(), Verb.UPDATE, "clusterroles", "", "system:basic-user", role);
        ObjectNode left = stored("clusterroles", "system:discovery");
        ((ObjectNode) left.get("metadata").get("annotations"))
                .put("rbac.authorization.kubernetes.io/autoupdate", "false");
        left.putArray("rules");
        call(masters(), Verb.UPDATE, "clusterroles", "", "system:discovery", left);
        call(masters(), Verb.DELETE, "clusterrolebindings", "", "system:discovery", null);

        restart();

        User bob = User.of("bob");
        assertThat(may(bob, "create", "authorization.k8s.io", "selfsubjectaccessreviews"))
                .isTrue();
        assertThat(server.authorize(AccessRequest.ofPath(bob, "get", "/mine")).allowed())
                .isTrue();
        assertThat(server.authorize(AccessRequest.ofPath(bob, "get", "/apis")).allowed())
                .isFalse();
        assertThat(stored("clusterrolebindings", "system:discovery")
                        .path("roleRef")
                        .path("name")
                        .asText())
                .isEqualTo("system:discovery");
    }

    @Test
    void aRestartWritesNothingThatIsThereAlready() {
        long before = store.revision();

        restart();

        assertThat(store.revision()).isEqualTo(before);
    }

    @Test
    void changesOfRolesAndBindingsCountAtOnce() {
        User bob = User.of("bob", "dev");
        assertThat(may(bob, "list", "", "nodes")).isFalse();

        call(masters(), Verb.CREATE, "clusterroles", "", "", json("{'metadata':{'name':'nodes'},'rules':[]}"));
        call(masters(), Verb.CREATE, "clusterrolebindings", "", "", binding("nodes", "nodes"));
        assertThat(may(bob, "list", "", "nodes")).isFalse();

        ObjectNode role = stored("clusterroles", "nodes");
        role.set(
                "rules",
                json("{'r':[{'verbs':['list'],'apiGroups':[''],'resources':['nodes']}]}")
                        .get("r"));
        call(masters(), Verb.UPDATE, "clusterroles", "", "nodes", role);
        assertThat(may(bob, "list", "", "nodes")).isTrue();

        call(masters(), Verb.DELETE, "clusterroles", "", "nodes", null);
        AccessRequest list = new AccessRequest(bob, "list", "", "v1", "nodes", "", "", "", "");
        assertThat(server.authorize(list).reason())
                .isEqualTo("RBAC: clusterrole.rbac.authorization.k8s.io \"nodes\" not found");
        call(masters(), Verb.DELETE, "clusterrolebindings", "", "nodes", null);
        assertThat(server.authorize(list).reason()).isEmpty();
    }

    @Test
    void nobodyGivesAwayMoreThanTheyHold() {
        call(
                masters(),
                Verb.CREATE,
                "clusterroles",
                "",
                "",
                json("{'metadata':{'name':'manager'},'rules':[{'verbs':['*'],'apiGroups':['" + RBAC
                        + "'],'resources':['clusterroles','clusterrolebindings']}]}"));
        call(masters(), Verb.CREATE, "clusterrolebindings", "", "", binding("managers", "manager"));
        User bob = User.of("bob", "dev");

        assertThatThrownBy(() -> call(
                        User.of("carl"), Verb.CREATE, "clusterrolebindings", "", "", binding("x", "cluster-admin")))
                .isInstanceOf(StatusException.class)
                .hasMessageContaining("cannot create resource");
        call(bob, Verb.CREATE, "clusterrolebindings", "", "", binding("x", "cluster-admin"));
        call(masters(), Verb.DELETE, "clusterrolebindings", "", "x", null);
        ObjectNode weak = stored("clusterroles", "manager");
        weak.set(
                "rules",
                json("{'r':[{'verbs':['create','update','patch'],'apiGroups':['" + RBAC
                                + "'],'resources':['clusterroles','clusterrolebindings']}]}")
                        .get("r"));
        call(masters(), Verb.UPDATE, "clusterroles", "", "manager", weak);

        assertThatThrownBy(() -> call(bob, Verb.CREATE, "clusterrolebindings", "", "", binding("x", "cluster-admin")))
                .hasMessageContaining("is attempting to grant RBAC permissions not currently held");
        assertThatThrownBy(() -> call(bob, Verb.CREATE, "clusterrolebindings", "", "", binding("x", "nowhere")))
                .hasMessageContaining("\"nowhere\" not found");
        ObjectNode more = stored("clusterroles", "manager");
        ((ArrayNode) more.get("rules")).add(json("{'verbs':['get'],'apiGroups':[''],'resources':['secrets']}"));
        assertThatThrownBy(() -> call(bob, Verb.UPDATE, "clusterroles", "", "manager", more))
                .hasMessageContaining("{APIGroups:[\"\"], Resources:[\"secrets\"], Verbs:[\"get\"]}");
    }

    private void restart() {
        server.close();
        server = ApiServer.builder(kernel, store).build().start();
    }

    private boolean may(User user, String verb, String group, String resource) {
        return server.authorize(new AccessRequest(user, verb, group, "v1", resource, "", "", "", ""))
                .allowed();
    }

    private ObjectNode stored(String plural, String name) {
        return server.objects().get(RBAC, plural, "", name).orElseThrow().deepCopy();
    }

    private static ObjectNode binding(String name, String role) {
        return json("{'metadata':{'name':'" + name + "'},'roleRef':{'apiGroup':'" + RBAC
                + "','kind':'ClusterRole','name':'" + role
                + "'},'subjects':[{'kind':'Group','apiGroup':'" + RBAC + "','name':'dev'}]}");
    }

    private static User masters() {
        return new User("admin", "", List.of(User.MASTERS), Map.of());
    }

    private ObjectNode call(
            User user, Verb verb, String plural, String namespace, String name, @Nullable ObjectNode body) {
        ApiResult result = server.handle(new ApiRequest(
                user,
                "kube-apiserver",
                verb,
                RBAC,
                "v1",
                plural,
                namespace,
                name,
                "",
                RequestOptions.none(),
                body == null ? null : Body.of(body)));
        return result.object() == null ? Json.object() : result.object().tree();
    }

    private static JsonNode comparable(ObjectNode object) {
        ObjectNode copy = object.deepCopy();
        ((ObjectNode) copy.get("metadata")).remove(List.of("uid", "resourceVersion"));
        return copy;
    }

    private static ObjectNode json(String text) {
        return (ObjectNode) Json.read(text.replace('\'', '"').getBytes(StandardCharsets.UTF_8));
    }
}

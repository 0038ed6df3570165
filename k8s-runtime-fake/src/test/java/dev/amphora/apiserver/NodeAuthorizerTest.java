package dev.amphora.apiserver;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.Json;
import dev.amphora.apiserver.access.AccessRequest;
import dev.amphora.apiserver.access.NodeAuthorizer;
import dev.amphora.apiserver.access.User;
import dev.amphora.kernel.SimulatedKernel;
import dev.amphora.store.memory.MemoryStore;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What nodes may read: what their pods refer to. */
class NodeAuthorizerTest {
    private static final User NODE = User.of("system:node:n1", "system:nodes");

    private final SimulatedKernel kernel = new SimulatedKernel(1);
    private final MemoryStore store = new MemoryStore(kernel);
    private final ApiServer server = ApiServer.builder(kernel, store)
            .withoutAdmission("ServiceAccount")
            .build()
            .start();
    private final NodeAuthorizer nodes = new NodeAuthorizer(server.objects());

    @AfterEach
    void close() {
        server.close();
        store.close();
        kernel.close();
    }

    @Test
    void secretsOfTheirPodsAndOfTheVolumesThatThoseClaim() {
        pod(
                "p",
                "n1",
                "[{'name':'a','secret':{'secretName':'a'}},{'name':'c','persistentVolumeClaim':{'claimName':'c'}}]");
        pod("q", "n2", "[{'name':'b','secret':{'secretName':'b'}}]");
        volume("{'driver':'d','volumeHandle':'h','nodeStageSecretRef':{'name':'staged','namespace':'vault'}}");

        assertThat(mayGet("secrets", "default", "a")).isTrue();
        assertThat(mayGet("secrets", "default", "b")).isFalse();
        assertThat(mayGet("secrets", "vault", "staged")).isTrue();
        assertThat(mayGet("secrets", "other", "a")).isFalse();
        assertThat(mayGet("persistentvolumes", "", "v")).isTrue();

        call(Verb.DELETE, "persistentvolumes", "", "v", null);
        assertThat(mayGet("secrets", "vault", "staged")).isFalse();
    }

    @Test
    void aReferenceCountsAsLongAsOneOfTheirPodsHasIt() {
        pod("p", "n1", "[{'name':'a','configMap':{'name':'shared'}}]");
        pod("q", "n1", "[{'name':'a','configMap':{'name':'shared'}}]");
        assertThat(mayGet("configmaps", "default", "shared")).isTrue();

        remove("p");
        assertThat(mayGet("configmaps", "default", "shared")).isTrue();

        remove("q");
        assertThat(mayGet("configmaps", "default", "shared")).isFalse();
    }

    @Test
    void podsAreListedByNodeOnly() {
        assertThat(nodes.authorize(list(Map.of("spec.nodeName", "n1"))).allowed())
                .isTrue();
        assertThat(nodes.authorize(list(Map.of("spec.nodeName", "n2"))).allowed())
                .isFalse();
        assertThat(nodes.authorize(list(Map.of())).reason())
                .isEqualTo("can only list/watch pods with spec.nodeName field selector");
    }

    private static AccessRequest list(Map<String, String> fields) {
        return new AccessRequest(NODE, "list", "", "v1", "pods", "", "", "", "", fields);
    }

    private boolean mayGet(String resource, String namespace, String name) {
        return nodes.authorize(new AccessRequest(NODE, "get", "", "v1", resource, "", namespace, name, ""))
                .allowed();
    }

    private void pod(String name, String node, String volumes) {
        call(
                Verb.CREATE,
                "pods",
                "default",
                "",
                json("{'metadata':{'name':'" + name + "'},'spec':{'nodeName':'" + node
                        + "','containers':[{'name':'c','image':'i'}],'volumes':" + volumes + "}}"));
    }

    private void volume(String csi) {
        call(
                Verb.CREATE,
                "persistentvolumes",
                "",
                "",
                json("{'metadata':{'name':'v'},'spec':{'capacity':{'storage':'1Gi'},'accessModes':['ReadWriteOnce'],"
                        + "'claimRef':{'namespace':'default','name':'c'},'csi':" + csi + "}}"));
        ObjectNode made = server.objects()
                .get("", "persistentvolumes", "", "v")
                .orElseThrow()
                .deepCopy();
        ((ObjectNode) made.get("metadata")).remove("finalizers");
        call(Verb.UPDATE, "persistentvolumes", "", "v", made);
    }

    private void remove(String pod) {
        call(Verb.DELETE, "pods", "default", pod, json("{'gracePeriodSeconds':0}"));
    }

    private void call(Verb verb, String plural, String namespace, String name, @Nullable ObjectNode body) {
        server.handle(new ApiRequest(
                new User("admin", "", List.of(User.MASTERS), Map.of()),
                "test",
                verb,
                "",
                "v1",
                plural,
                namespace,
                name,
                "",
                RequestOptions.none(),
                body == null ? null : Body.of(body)));
    }

    private static ObjectNode json(String text) {
        return (ObjectNode) Json.read(text.replace('\'', '"').getBytes(StandardCharsets.UTF_8));
    }
}

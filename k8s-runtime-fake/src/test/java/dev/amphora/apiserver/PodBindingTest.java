package dev.amphora.apiserver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.Json;
import dev.amphora.apiserver.access.User;
import dev.amphora.kernel.SimulatedKernel;
import dev.amphora.store.memory.MemoryStore;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A binding changes little of a pod, and what is stored is as if all of it had been written. */
class PodBindingTest {
    private static final User ADMIN = User.of("admin", User.MASTERS);
    private static final String POD =
            """
            {"kind":"Pod","apiVersion":"v1","metadata":{"name":"%s","labels":{"zone":"1","a":"2"},"annotations":{"x":"y"}},
             "spec":{"containers":[{"name":"c","image":"i:1","ports":[{"containerPort":80}]}],"priority":0}}
            """;
    private static final String NODE =
            """
            {"kind":"Node","apiVersion":"v1","metadata":{"name":"n1","labels":{"topology.kubernetes.io/zone":"z1"}}}
            """;

    private final SimulatedKernel kernel = new SimulatedKernel(1);
    private final MemoryStore store = new MemoryStore(kernel);
    private final ApiServer server = ApiServer.builder(kernel, store)
            .withoutAdmission("ServiceAccount")
            .build()
            .start();

    private ApiResult handle(Verb verb, String resource, String name, String subresource, Body body, boolean dryRun) {
        Map<String, List<String>> query = dryRun ? Map.of("dryRun", List.of("All")) : Map.of();
        String namespace = resource.equals("nodes") ? "" : "default";
        return server.handle(new ApiRequest(
                ADMIN,
                "test",
                verb,
                "",
                "v1",
                resource,
                namespace,
                name,
                subresource,
                RequestOptions.parse(query),
                body));
    }

    private static ObjectNode tree(String json) {
        return (ObjectNode) Json.read(json.getBytes(StandardCharsets.UTF_8));
    }

    private static ObjectNode binding(String name) {
        ObjectNode binding = Json.object().put("kind", "Binding").put("apiVersion", "v1");
        binding.putObject("metadata").put("name", name).putObject("labels").put("bound", "yes");
        binding.putObject("target").put("kind", "Node").put("name", "n1");
        return binding;
    }

    private ObjectNode bind(String name, boolean dryRun) {
        handle(Verb.CREATE, "pods", name, "binding", Body.of(binding(name)), dryRun);
        return pod(name);
    }

    private ObjectNode pod(String name) {
        return handle(Verb.GET, "pods", name, "", Body.of(Json.object()), false).tree();
    }

    private String stored(String name) {
        byte[] value = store.get("/registry/pods/default/" + name)
                .entry()
                .orElseThrow()
                .value();
        return new String(value, StandardCharsets.UTF_8);
    }

    @BeforeEach
    void createSome() {
        handle(Verb.CREATE, "nodes", "", "", Body.of(tree(NODE)), false);
        for (int i = 0; i < 4; i++) {
            handle(Verb.CREATE, "pods", "", "", Body.of(tree(POD.formatted("p" + i))), false);
        }
    }

    @Test
    void theNodeItsZoneAndAConditionAreAdded() {
        ObjectNode before = pod("p0");
        ObjectNode pod = bind("p0", false);
        assertThat(pod.at("/spec/nodeName").asText()).isEqualTo("n1");
        assertThat(pod.at("/metadata/labels"))
                .isEqualTo(
                        tree("{\"zone\":\"1\",\"a\":\"2\",\"bound\":\"yes\",\"topology.kubernetes.io/zone\":\"z1\"}"));
        assertThat(pod.at("/status/conditions/0/type").asText()).isEqualTo("PodScheduled");
        assertThat(pod.at("/status/conditions/0/status").asText()).isEqualTo("True");
        assertThat(pod.at("/metadata/managedFields")).isEqualTo(before.at("/metadata/managedFields"));
        assertThat(before.at("/spec/nodeName").isMissingNode()).isTrue();
    }

    @Test
    void writingABoundPodAgainChangesNothing() {
        for (int i = 0; i < 4; i++) {
            ObjectNode bound = bind("p" + i, false);
            String bytes = stored("p" + i);
            ObjectNode changed = bound.deepCopy();
            changed.withObject("/metadata/labels").put("a", "3");
            handle(Verb.UPDATE, "pods", "p" + i, "", Body.of(changed), false);
            // that went the whole way, and so does this
            ObjectNode back = pod("p" + i).deepCopy();
            back.withObject("/metadata/labels").put("a", "2");
            back.withObject("/metadata").set("managedFields", bound.at("/metadata/managedFields"));
            handle(Verb.UPDATE, "pods", "p" + i, "", Body.of(back), false);
            assertThat(withoutManagers(stored("p" + i))).isEqualTo(withoutManagers(bytes));
        }
    }

    private static String withoutManagers(String json) {
        ObjectNode tree = tree(json);
        tree.withObject("/metadata").remove("managedFields");
        return tree.toString();
    }

    @Test
    void aDryRunStoresNothing() {
        String before = stored("p0");
        bind("p0", true);
        assertThat(stored("p0")).isEqualTo(before);
    }

    @Test
    void aPodIsBoundOnce() {
        bind("p0", false);
        assertThatThrownBy(() -> bind("p0", false)).hasMessageContaining("already assigned to node \"n1\"");
    }
}

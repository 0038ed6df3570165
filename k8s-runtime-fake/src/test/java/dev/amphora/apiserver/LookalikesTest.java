package dev.amphora.apiserver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.Json;
import dev.amphora.api.StatusException;
import dev.amphora.apiserver.access.User;
import dev.amphora.kernel.SimulatedKernel;
import dev.amphora.store.memory.MemoryStore;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Pods that are alike but for their names: the later ones are stored as the first one is. */
class LookalikesTest {
    private static final User ADMIN = User.of("admin", User.MASTERS);

    private final SimulatedKernel kernel = new SimulatedKernel(1);
    private final MemoryStore store = new MemoryStore(kernel);
    private final ApiServer server = ApiServer.builder(kernel, store)
            .withoutAdmission("ServiceAccount")
            .build()
            .start();

    private static ObjectNode pod(String name) {
        return (ObjectNode) Json.read(
                """
                {"kind":"Pod","apiVersion":"v1","metadata":{"name":"%s","labels":{"z":"1","a":"2"}},
                 "spec":{"containers":[{"name":"c","image":"i:1","resources":{"requests":{"cpu":"0.1","memory":"1024Mi"}},"ports":[{"containerPort":80}]}],
                  "nodeSelector":{"disk":"ssd"}}}
                """
                        .formatted(name)
                        .getBytes(StandardCharsets.UTF_8));
    }

    private ApiResult create(ObjectNode pod) {
        return server.handle(new ApiRequest(
                ADMIN, "test", Verb.CREATE, "", "v1", "pods", "default", "", "", RequestOptions.none(), Body.of(pod)));
    }

    private String stored(String name) {
        byte[] value = store.get("/registry/pods/default/" + name)
                .entry()
                .orElseThrow()
                .value();
        return new String(value, StandardCharsets.UTF_8);
    }

    private String uid(String name) {
        return Json.read(stored(name).getBytes(StandardCharsets.UTF_8))
                .at("/metadata/uid")
                .asText();
    }

    /** What is stored of a pod, as if it had another's name and uid. */
    private String as(String name, String other) {
        return stored(name).replace('"' + name + '"', '"' + other + '"').replace(uid(name), uid(other));
    }

    @Test
    void laterOnesAreStoredAsTheFirst() {
        for (int i = 0; i < 6; i++) {
            ApiResult result = create(pod("p" + i));
            assertThat(result.tree().at("/metadata/name").asText()).isEqualTo("p" + i);
            assertThat(result.tree()).isEqualTo(server.handle(get("p" + i)).tree());
            assertThat(as("p" + i, "p0")).isEqualTo(stored("p0"));
        }
        assertThat(List.of(uid("p0"), uid("p3"), uid("p4"), uid("p5"))).doesNotHaveDuplicates();
        assertThat(stored("p5")).contains("\"cpu\":\"100m\"", "\"memory\":\"1Gi\"", "\"qosClass\":\"Burstable\"");
    }

    @Test
    void whatFollowsFromTheBodyIsWorkedOutOnce() {
        create(pod("p0"));
        create(pod("p1"));
        assertThat(create(pod("p2")).tree().get("spec"))
                .isSameAs(create(pod("p3")).tree().get("spec"));
    }

    private static ApiRequest get(String name) {
        return new ApiRequest(
                ADMIN, "test", Verb.GET, "", "v1", "pods", "default", name, "", RequestOptions.none(), null);
    }

    @Test
    void whatTheBodySaysOfItselfCounts() {
        for (int i = 0; i < 4; i++) {
            create(pod("p" + i));
        }
        ObjectNode other = pod("other");
        other.withObject("/spec").put("hostname", "h");
        create(other);
        ObjectNode identified = pod("identified");
        identified.withObject("/metadata").put("uid", "mine");
        create(identified);
        assertThat(stored("other")).contains("\"hostname\":\"h\"");
        assertThat(as("identified", "p0")).isEqualTo(stored("p0"));
    }

    @Test
    void timesAreThoseOfTheWrite() {
        create(pod("p0"));
        create(pod("p1"));
        create(pod("p2"));
        String before = Json.read(stored("p2").getBytes(StandardCharsets.UTF_8))
                .at("/metadata/creationTimestamp")
                .asText();
        kernel.advance(Duration.ofSeconds(5));
        create(pod("p3"));
        create(pod("p4"));
        assertThat(stored("p3")).doesNotContain(before);
        assertThat(as("p4", "p3")).isEqualTo(stored("p3"));
    }

    @Test
    void generatedNamesDiffer() {
        ObjectNode pod = pod("x");
        pod.withObject("/metadata").put("generateName", "web-").remove("name");
        String first = create(pod.deepCopy()).tree().at("/metadata/name").asText();
        for (int i = 0; i < 4; i++) {
            String name = create(pod.deepCopy()).tree().at("/metadata/name").asText();
            assertThat(name).startsWith("web-").isNotEqualTo(first);
            assertThat(as(name, first)).isEqualTo(stored(first));
        }
    }

    @Test
    void whatIsWrongWithANameIsSaidOfEach() {
        create(pod("p0"));
        create(pod("p1"));
        create(pod("p2"));
        assertThatThrownBy(() -> create(pod("P3")))
                .isInstanceOf(StatusException.class)
                .hasMessageContaining("Pod \"P3\" is invalid");
        assertThat(create(pod("p.4")).warnings()).hasSize(1);
        assertThatThrownBy(() -> create(pod("p1"))).hasMessageContaining("already exists");
    }

    @Test
    void warningsAreGivenToEach() {
        for (int i = 0; i < 4; i++) {
            ObjectNode pod = pod("p" + i);
            pod.withObject("/spec").put("surprise", true);
            assertThat(create(pod).warnings()).containsExactly("unknown field \"spec.surprise\"");
        }
    }

    @Test
    void admissionSeesEach() {
        create(pod("p0"));
        create(pod("p1"));
        create(pod("p2"));
        ObjectNode quota = Json.object().put("kind", "ResourceQuota").put("apiVersion", "v1");
        quota.putObject("metadata").put("name", "q");
        quota.putObject("spec").putObject("hard").put("pods", "1");
        quota.putObject("status").putObject("hard").put("pods", "1");
        server.handle(new ApiRequest(
                ADMIN,
                "test",
                Verb.CREATE,
                "",
                "v1",
                "resourcequotas",
                "default",
                "",
                "",
                RequestOptions.none(),
                Body.of(quota)));
        ObjectNode status = server.handle(new ApiRequest(
                        ADMIN,
                        "test",
                        Verb.GET,
                        "",
                        "v1",
                        "resourcequotas",
                        "default",
                        "q",
                        "",
                        RequestOptions.none(),
                        null))
                .tree()
                .deepCopy();
        ObjectNode counted = status.putObject("status");
        counted.putObject("hard").put("pods", "1");
        counted.putObject("used").put("pods", "1");
        server.handle(new ApiRequest(
                ADMIN,
                "test",
                Verb.UPDATE,
                "",
                "v1",
                "resourcequotas",
                "default",
                "q",
                "status",
                RequestOptions.none(),
                Body.of(status)));
        assertThatThrownBy(() -> create(pod("p3"))).hasMessageContaining("exceeded quota: q");
    }
}

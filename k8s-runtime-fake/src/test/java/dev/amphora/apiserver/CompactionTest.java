package dev.amphora.apiserver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.Json;
import dev.amphora.api.StatusException;
import dev.amphora.apiserver.access.User;
import dev.amphora.kernel.SimulatedKernel;
import dev.amphora.store.memory.MemoryStore;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What readers see once the store has forgotten its history. */
class CompactionTest {
    private final SimulatedKernel kernel = new SimulatedKernel(1);
    private final MemoryStore store = new MemoryStore(kernel);
    private final ApiServer server = ApiServer.builder(kernel, store)
            .compactionInterval(Duration.ofMinutes(5))
            .build();

    CompactionTest() {
        server.start();
    }

    @AfterEach
    void close() {
        server.close();
        store.close();
        kernel.close();
    }

    @Test
    void aContinuedListGoesOnFromTheCachesMemory() {
        make("configmaps", "ConfigMap", "c1", "c2", "c3");
        Listing first = list("configmaps", Map.of("limit", "1"));
        make("configmaps", "ConfigMap", "c15");

        server.compact();
        Listing rest = list("configmaps", Map.of("continue", first.continueToken()));

        assertThat(rest.revision()).isEqualTo(first.revision());
        assertThat(rest.items()).extracting(VersionedObject::name).containsExactly("c2", "c3");
    }

    @Test
    void anExactListStaysReadableToo() {
        make("configmaps", "ConfigMap", "c1", "c2");
        long before = list("configmaps", Map.of()).revision();
        make("configmaps", "ConfigMap", "c3");

        server.compact();
        Listing exact = list("configmaps", Map.of("resourceVersion", "" + before, "resourceVersionMatch", "Exact"));

        assertThat(exact.items()).extracting(VersionedObject::name).containsExactly("c1", "c2");
    }

    @Test
    void eventsAreNotRememberedButATokenToGoOnWithIsGiven() {
        make("events", "Event", "e1", "e2", "e3");
        Listing first = list("events", Map.of("limit", "1"));
        make("events", "Event", "e25");
        server.compact();

        assertThatThrownBy(() -> list("events", Map.of("continue", first.continueToken())))
                .isInstanceOfSatisfying(StatusException.class, expired -> {
                    assertThat(expired.code()).isEqualTo(410);
                    String token = expired.status().getMetadata().getContinue();
                    assertThat(list("events", Map.of("continue", token)).items())
                            .extracting(VersionedObject::name)
                            .containsExactly("e2", "e25", "e3");
                });
    }

    @Test
    void historyIsForgottenAnIntervalLater() {
        make("events", "Event", "e1");
        long old = list("events", Map.of()).revision();
        make("events", "Event", "e2");
        Map<String, String> exact = Map.of("resourceVersion", "" + old, "resourceVersionMatch", "Exact");

        kernel.advance(Duration.ofMinutes(4));
        assertThat(list("events", exact).items()).hasSize(1);
        kernel.advance(Duration.ofMinutes(7));

        assertThatThrownBy(() -> list("events", exact)).hasMessageContaining("too old");
    }

    @Test
    void anUnboundedListWithZeroIgnoresTheLimitButNotForEvents() {
        make("configmaps", "ConfigMap", "c1", "c2");
        make("events", "Event", "e1", "e2");
        Map<String, String> any = Map.of("resourceVersion", "0", "limit", "1");

        assertThat(list("configmaps", any).items()).hasSize(2);
        assertThat(list("events", any).items()).hasSize(1);
    }

    @Test
    void componentStatusesAreMadeWhenTheyAreRead() {
        server.component("scheduler", Optional::empty);

        Listing all = list("componentstatuses", Map.of());

        assertThat(all.metadata()).isEmpty();
        assertThat(all.items())
                .extracting(VersionedObject::name, each -> each.tree()
                        .path("conditions")
                        .path(0)
                        .path("status")
                        .asText())
                .containsExactlyInAnyOrder(
                        tuple("scheduler", "True"), tuple("controller-manager", "False"), tuple("etcd-0", "True"));
    }

    private Listing list(String plural, Map<String, String> options) {
        Map<String, List<String>> parameters = new TreeMap<>();
        options.forEach((name, value) -> parameters.put(name, List.of(value)));
        String namespace = plural.equals("componentstatuses") ? "" : "default";
        Listing list = server.handle(request(Verb.LIST, plural, namespace, RequestOptions.parse(parameters), null))
                .list();
        assertThat(list).isNotNull();
        return list;
    }

    private void make(String plural, String kind, String... names) {
        for (String name : names) {
            ObjectNode object = Json.object();
            object.put("apiVersion", "v1").put("kind", kind);
            object.putObject("metadata").put("name", name);
            if (kind.equals("Event")) {
                object.putObject("involvedObject").put("namespace", "default");
            }
            server.handle(request(Verb.CREATE, plural, "default", RequestOptions.none(), Body.of(object)));
        }
    }

    private static ApiRequest request(Verb verb, String plural, String namespace, RequestOptions options, Body body) {
        return new ApiRequest(
                User.of("admin", User.MASTERS), "test", verb, "", "v1", plural, namespace, "", "", options, body);
    }
}

package dev.amphora.apiserver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.Json;
import dev.amphora.api.ResourceType;
import dev.amphora.api.StatusException;
import dev.amphora.apiserver.access.User;
import dev.amphora.client.Client;
import dev.amphora.client.DeleteOptions;
import dev.amphora.client.InProcessClient;
import dev.amphora.client.ListOptions;
import dev.amphora.client.ObjectList;
import dev.amphora.client.Patch;
import dev.amphora.client.Watch;
import dev.amphora.client.Watcher;
import dev.amphora.kernel.SimulatedKernel;
import dev.amphora.store.memory.MemoryStore;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Namespace;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.ServiceAccountBuilder;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The pipeline on a store in memory, through the typed client. */
class ApiServerTest {
    private static final ResourceType<ConfigMap> CONFIG_MAPS = ResourceType.of(ConfigMap.class);
    private static final ResourceType<Pod> PODS = ResourceType.of(Pod.class);

    private final SimulatedKernel kernel = new SimulatedKernel(1);
    private final MemoryStore store = new MemoryStore(kernel);
    private final ApiServer server = ApiServer.builder(kernel, store).build();
    private final Client client = new InProcessClient(server, User.of("admin", User.MASTERS), "test");

    ApiServerTest() {
        server.start();
    }

    @AfterEach
    void close() {
        server.close();
        store.close();
        kernel.close();
    }

    @Test
    void hasTheNamespacesOfEveryCluster() {
        assertThat(client.list(ResourceType.of(Namespace.class), null, ListOptions.all())
                        .items())
                .extracting(namespace -> namespace.getMetadata().getName())
                .containsExactly("default", "kube-node-lease", "kube-public", "kube-system");
    }

    @Test
    void readsWhatWasWritten() {
        ConfigMap made = client.create(configMap("a", Map.of("k", "1")));

        assertThat(made.getMetadata().getUid()).isNotEmpty();
        assertThat(made.getMetadata().getCreationTimestamp()).isEqualTo("2026-01-01T00:00:00Z");
        assertThat(client.get(CONFIG_MAPS, "default", "a")).isEqualTo(made);
        ObjectList<ConfigMap> list = client.list(CONFIG_MAPS, "default", ListOptions.all());
        assertThat(list.items()).containsExactly(made);
    }

    @Test
    void generatesAnotherNameWhenOneIsTaken() {
        int some = 10_000;
        for (int i = 0; i < some; i++) {
            ConfigMap map = configMap("", Map.of());
            map.getMetadata().setGenerateName("a-");
            client.create(map);
        }
        assertThat(client.list(CONFIG_MAPS, "default", ListOptions.all()).items())
                .hasSize(some);
    }

    @Test
    void sharesOneTypedObjectAmongReaders() {
        client.create(configMap("a", Map.of()));
        client.list(CONFIG_MAPS, null, ListOptions.all());

        assertThat(client.get(CONFIG_MAPS, "default", "a")).isSameAs(client.get(CONFIG_MAPS, "default", "a"));
    }

    @Test
    void refusesAStaleUpdate() {
        ConfigMap first = client.create(configMap("a", Map.of("k", "1")));
        ConfigMap changed = Json.copy(first);
        changed.setData(Map.of("k", "2"));
        client.update(changed);

        assertThatThrownBy(() -> client.update(changed))
                .isInstanceOf(StatusException.class)
                .hasMessage(
                        "Operation cannot be fulfilled on configmaps \"a\": the object has been modified; please apply your"
                                + " changes to the latest version and try again");
    }

    @Test
    void anUpdateWithoutAChangeKeepsTheResourceVersion() {
        ConfigMap first = client.create(configMap("a", Map.of("k", "1")));

        assertThat(client.update(configMap("a", Map.of("k", "1"))).getMetadata().getResourceVersion())
                .isEqualTo(first.getMetadata().getResourceVersion());
    }

    @Test
    void patchesAndDeletes() {
        client.create(configMap("a", Map.of("k", "1")));
        Patch patch = Patch.merge(Json.object().set("data", Json.object().put("x", "2")));

        assertThat(client.patch(CONFIG_MAPS, "default", "a", patch, null).getData())
                .containsEntry("k", "1")
                .containsEntry("x", "2");
        client.delete(CONFIG_MAPS, "default", "a", DeleteOptions.defaults());
        assertThat(client.find(CONFIG_MAPS, "default", "a")).isEmpty();
    }

    @Test
    void watchersSeeSelectedObjectsComeAndGo() {
        List<String> events = new ArrayList<>();
        client.watch(CONFIG_MAPS, "default", ListOptions.all().withLabels("on=yes"), recorder(events));
        client.create(configMap("a", Map.of()));
        kernel.runReady();
        assertThat(events).isEmpty();

        ConfigMap labelled = configMap("a", Map.of());
        labelled.getMetadata().setLabels(Map.of("on", "yes"));
        client.update(labelled);
        labelled.setData(Map.of("k", "1"));
        client.update(labelled);
        client.update(configMap("a", Map.of()));
        kernel.runReady();

        assertThat(events).containsExactly("ADDED a", "MODIFIED a", "DELETED a");
    }

    @Test
    void watchersOfOneNodeSeePodsComeToItAndGo() {
        client.create(new ServiceAccountBuilder()
                .withNewMetadata()
                .withName("default")
                .withNamespace("default")
                .endMetadata()
                .build());
        List<String> unbound = new ArrayList<>();
        List<String> here = new ArrayList<>();
        List<String> elsewhere = new ArrayList<>();
        client.watch(PODS, null, ListOptions.all().withFields("spec.nodeName="), recorder(unbound));
        client.watch(PODS, null, ListOptions.all().withFields("spec.nodeName=here"), recorder(here));
        Watch ended =
                client.watch(PODS, null, ListOptions.all().withFields("spec.nodeName=elsewhere"), recorder(elsewhere));
        client.create(pod("a"));
        kernel.runReady();

        ObjectNode binding = Json.object();
        binding.putObject("metadata").put("name", "a");
        binding.putObject("target").put("kind", "Node").put("name", "here");
        client.subresource(PODS, "default", "a", "binding", binding, false);
        client.delete(PODS, "default", "a", new DeleteOptions(0L, null, null, null));
        kernel.runReady();
        ended.close();
        client.create(pod("b"));
        kernel.runReady();

        assertThat(unbound).containsExactly("ADDED a", "DELETED a", "ADDED b");
        assertThat(here).containsExactly("ADDED a", "MODIFIED a", "DELETED a");
        assertThat(elsewhere).isEmpty();
    }

    @Test
    void watchersOfOneObjectOrNamespaceSeeNothingElse() {
        client.create(new NamespaceBuilder()
                .withNewMetadata()
                .withName("default-2")
                .endMetadata()
                .build());
        List<String> one = new ArrayList<>();
        List<String> space = new ArrayList<>();
        List<String> all = new ArrayList<>();
        client.watch(CONFIG_MAPS, "default", ListOptions.all().withFields("metadata.name=a"), recorder(one));
        client.watch(CONFIG_MAPS, "default", ListOptions.all(), recorder(space));
        client.watch(CONFIG_MAPS, null, ListOptions.all(), recorder(all));
        client.create(configMap("a", Map.of()));
        client.create(configMap("aa", Map.of()));
        ConfigMap other = configMap("a", Map.of());
        other.getMetadata().setNamespace("default-2");
        client.create(other);
        kernel.runReady();

        assertThat(one).containsExactly("ADDED a");
        assertThat(space).containsExactly("ADDED a", "ADDED aa");
        assertThat(all)
                .filteredOn(event -> !event.contains("kube-apiserver-"))
                .containsExactly("ADDED a", "ADDED aa", "ADDED a");
    }

    @Test
    void pagesThroughAListAtOneRevision() {
        for (String name : List.of("a", "b", "c", "d", "e")) {
            client.create(configMap(name, Map.of()));
        }
        ObjectList<ConfigMap> first =
                client.list(CONFIG_MAPS, "default", ListOptions.all().page(2, null));
        client.delete(CONFIG_MAPS, "default", "d", DeleteOptions.defaults());
        ObjectList<ConfigMap> second =
                client.list(CONFIG_MAPS, "default", ListOptions.all().page(3, first.continueToken()));

        assertThat(second.items())
                .extracting(item -> item.getMetadata().getName())
                .containsExactly("c", "d", "e");
        assertThat(second.continueToken()).isNull();
        assertThat(second.resourceVersion()).isEqualTo(first.resourceVersion());
    }

    private static ConfigMap configMap(String name, Map<String, String> data) {
        return new ConfigMapBuilder()
                .withNewMetadata()
                .withName(name)
                .withNamespace("default")
                .endMetadata()
                .withData(data)
                .build();
    }

    private static Pod pod(String name) {
        return new PodBuilder()
                .withNewMetadata()
                .withName(name)
                .withNamespace("default")
                .endMetadata()
                .withNewSpec()
                .addNewContainer()
                .withName("main")
                .withImage("example.dev/main")
                .endContainer()
                .endSpec()
                .build();
    }

    private static <T extends HasMetadata> Watcher<T> recorder(List<String> events) {
        return new Watcher<>() {
            @Override
            public void onEvent(EventType type, T object) {
                events.add(type + " " + object.getMetadata().getName());
            }

            @Override
            public void onBookmark(String resourceVersion) {}

            @Override
            public void onClose(@Nullable StatusException error) {
                events.add("closed " + error);
            }
        };
    }
}

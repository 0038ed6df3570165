package dev.amphora.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.InstanceOfAssertFactories.type;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.ApiOptions;
import dev.amphora.Cluster;
import dev.amphora.api.Json;
import dev.amphora.api.ResourceType;
import dev.amphora.api.StatusException;
import dev.amphora.kernel.Actor;
import dev.amphora.kernel.ThreadedKernel;
import dev.amphora.store.memory.MemoryStore;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.Namespace;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The client over HTTPS does what the one in process does. */
class RemoteClientIT {
    private static final ResourceType<ConfigMap> MAPS = ResourceType.of(ConfigMap.class);
    private static Cluster cluster;
    private static RemoteClient client;

    @BeforeAll
    static void serve() {
        cluster = Cluster.builder()
                .store(new MemoryStore())
                .api(ApiOptions.defaults().withAdmission(List.of(), List.of("ServiceAccount")))
                .noControllers()
                .noScheduler()
                .serve(0)
                .start();
        client = RemoteClient.ofKubeconfig(cluster.endpoint().orElseThrow().kubeconfig(), "far-away");
    }

    @AfterAll
    static void end() {
        client.close();
        cluster.close();
    }

    @Test
    void writesAndReads() {
        ConfigMap made = client.create(map("a", "1"));
        assertThat(made.getMetadata().getUid()).isNotEmpty();
        assertThat(client.get(MAPS, "default", "a")).isEqualTo(made);
        assertThat(cluster.api("test").get(MAPS, "default", "a")).isEqualTo(made);
        assertThat(made.getMetadata().getManagedFields().get(0).getManager()).isEqualTo("far-away");

        ConfigMap changed = Json.copy(made);
        changed.setData(Map.of("k", "2"));
        ConfigMap updated = client.update(changed);
        assertThatThrownBy(() -> client.update(changed))
                .asInstanceOf(type(StatusException.class))
                .matches(StatusException::isConflict);
        ObjectNode patch = Json.object();
        patch.putObject("data").put("k", "3");
        assertThat(client.patch(MAPS, "default", "a", Patch.merge(patch), null).getData())
                .containsEntry("k", "3");
        assertThatThrownBy(() -> client.delete(
                        MAPS,
                        "default",
                        "a",
                        DeleteOptions.defaults()
                                .onlyUid("another")
                                .onlyVersion(updated.getMetadata().getResourceVersion())))
                .asInstanceOf(type(StatusException.class))
                .matches(StatusException::isConflict);
        client.delete(MAPS, "default", "a", DeleteOptions.defaults());
        assertThat(client.find(MAPS, "default", "a")).isEmpty();
    }

    @Test
    void appliesUnderItsName() {
        ObjectNode intent = Json.object().put("apiVersion", "v1").put("kind", "ConfigMap");
        intent.putObject("metadata").put("name", "applied").put("namespace", "default");
        intent.putObject("data").put("k", "v");

        ConfigMap applied = client.patch(MAPS, "default", "applied", Patch.apply(intent), null);

        assertThat(applied.getMetadata().getManagedFields().get(0).getManager()).isEqualTo("far-away");
        assertThat(applied.getMetadata().getManagedFields().get(0).getOperation())
                .isEqualTo("Apply");
    }

    @Test
    void listsInPagesAndDeletesWhatASelectorSelects() {
        for (String name : List.of("page-1", "page-2", "page-3")) {
            ConfigMap map = map(name, "x");
            map.getMetadata().setLabels(Map.of("set", "a"));
            client.create(map);
        }
        ListOptions set = ListOptions.all().withLabels("set in (a)");

        ObjectList<ConfigMap> first = client.list(MAPS, "default", set.page(2, null));
        assertThat(first.items()).hasSize(2).allMatch(each -> each.getKind().equals("ConfigMap"));
        assertThat(client.list(MAPS, "default", set.page(2, first.continueToken()))
                        .items())
                .hasSize(1);
        client.deleteAll(MAPS, "default", DeleteOptions.defaults(), set);
        assertThat(client.list(MAPS, null, set).items()).isEmpty();
        assertThat(client.list(ResourceType.of(Namespace.class), null, ListOptions.all())
                        .items())
                .hasSizeGreaterThan(2);
    }

    @Test
    void usesSubresources() {
        Pod pod = client.create(new PodBuilder()
                .withNewMetadata()
                .withName("p")
                .withNamespace("default")
                .endMetadata()
                .withNewSpec()
                .addNewContainer()
                .withName("c")
                .withImage("i")
                .endContainer()
                .endSpec()
                .build());
        ObjectNode binding = Json.object().put("apiVersion", "v1").put("kind", "Binding");
        binding.putObject("metadata").put("name", "p");
        binding.putObject("target").put("kind", "Node").put("name", "n1");
        ResourceType<Pod> pods = ResourceType.of(Pod.class);
        client.subresource(pods, "default", "p", "binding", binding, false);
        Pod bound = Json.copy(client.get(pods, "default", "p"));
        bound.getStatus().setPhase("Running");

        assertThat(client.updateStatus(bound).getStatus().getPhase()).isEqualTo("Running");
        assertThat(client.subresource(pods, "default", "p", "status")
                        .at("/spec/nodeName")
                        .asText())
                .isEqualTo("n1");
        assertThat(pod.getStatus().getPhase()).isEqualTo("Pending");
    }

    @Test
    void watches() throws InterruptedException {
        BlockingQueue<String> heard = new LinkedBlockingQueue<>();
        String from = client.list(MAPS, "default", ListOptions.all()).resourceVersion();
        try (Watch watch = client.watch(
                MAPS,
                "default",
                ListOptions.all().withFields("metadata.name=watched").from(from).withBookmarks(),
                new Watcher<ConfigMap>() {
                    @Override
                    public void onEvent(EventType type, ConfigMap object) {
                        heard.add(type + " " + object.getData());
                    }

                    @Override
                    public void onBookmark(String resourceVersion) {}

                    @Override
                    public void onClose(@Nullable StatusException error) {
                        heard.add("closed");
                    }
                })) {
            client.create(map("watched", "ä\n" + "x".repeat(100_000)));
            client.create(map("another", "1"));
            client.delete(MAPS, "default", "watched", DeleteOptions.defaults());

            assertThat(heard.poll(20, TimeUnit.SECONDS)).startsWith("ADDED {k=ä\nxxx");
            assertThat(heard.poll(20, TimeUnit.SECONDS)).startsWith("DELETED");
            assertThat(watch).isNotNull();
        }
        assertThat(heard).isEmpty();
    }

    @Test
    void aWatchIsRefusedWithTheServersOwnStatus() {
        BlockingQueue<String> heard = new LinkedBlockingQueue<>();
        Watcher<ConfigMap> watcher = new Watcher<>() {
            @Override
            public void onEvent(EventType type, ConfigMap object) {}

            @Override
            public void onBookmark(String resourceVersion) {}

            @Override
            public void onClose(@Nullable StatusException error) {
                heard.add(error == null ? "in peace" : error.reason());
            }
        };
        ListOptions nonsense = ListOptions.all().withLabels("a in b");
        assertThatThrownBy(() -> client.watch(MAPS, "default", nonsense, watcher))
                .asInstanceOf(type(StatusException.class))
                .satisfies(e -> assertThat(e.code()).isEqualTo(400))
                .satisfies(e -> assertThat(e.getMessage()).contains("unable to parse"));
        assertThat(heard).isEmpty();
    }

    @Test
    void informersFollowOverHttps() throws InterruptedException {
        try (ThreadedKernel kernel = new ThreadedKernel();
                Informers informers = new Informers(client, kernel)) {
            Informer<ConfigMap> maps = informers.of(ConfigMap.class);
            Actor actor = kernel.actor("test");
            BlockingQueue<String> seen = new LinkedBlockingQueue<>();
            maps.whenSynced(actor, () -> seen.add("synced"));
            assertThat(seen.poll(20, TimeUnit.SECONDS)).isEqualTo("synced");

            ConfigMap written = client.create(map("followed", "1"));
            maps.whenSeen(written.getMetadata().getResourceVersion(), actor, () -> seen.add("seen"));

            assertThat(seen.poll(20, TimeUnit.SECONDS)).isEqualTo("seen");
            assertThat(maps.find("default", "followed")).contains(written);
        }
    }

    @Test
    void saysThatTheServerCantBeReached() throws Exception {
        int port;
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = socket.getLocalPort();
        }
        String kubeconfig = cluster.endpoint()
                .orElseThrow()
                .kubeconfig()
                .replaceAll("server: .*", "server: https://127.0.0.1:" + port);
        try (RemoteClient lost = RemoteClient.ofKubeconfig(kubeconfig, "lost")) {
            assertThatThrownBy(() -> lost.get(MAPS, "default", "x"))
                    .asInstanceOf(type(StatusException.class))
                    .extracting(StatusException::code)
                    .isEqualTo(503);
        }
    }

    private static ConfigMap map(String name, String value) {
        return new ConfigMapBuilder()
                .withNewMetadata()
                .withName(name)
                .withNamespace("default")
                .endMetadata()
                .withData(Map.of("k", value))
                .build();
    }
}

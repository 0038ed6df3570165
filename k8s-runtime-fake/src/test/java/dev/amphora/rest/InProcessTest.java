package dev.amphora.rest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.amphora.kernel.Kernel;
import dev.amphora.kernel.SimulatedKernel;
import dev.amphora.kernel.ThreadedKernel;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.StatusDetails;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.apps.DeploymentBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.Watch;
import io.fabric8.kubernetes.client.Watcher;
import io.fabric8.kubernetes.client.WatcherException;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class InProcessTest {
    private final Kernel kernel = new ThreadedKernel();
    private final TestServer server = new TestServer(kernel);
    private final RestApi api = RestApi.builder(kernel, server.apiServer).build();
    private final KubernetesClient client = InProcess.client(kernel, api);

    @AfterEach
    void end() {
        client.close();
        server.close();
        kernel.close();
    }

    @Test
    void createsReadsChangesAndDeletes() {
        ConfigMap created = client.resource(configMap("a", "1")).create();
        assertThat(created.getMetadata().getUid()).isNotEmpty();

        ConfigMap changed = client.configMaps()
                .inNamespace("default")
                .withName("a")
                .edit(map -> new ConfigMapBuilder(map).addToData("k", "2").build());
        assertThat(changed.getData()).containsEntry("k", "2");
        assertThat(client.configMaps().inNamespace("default").list().getItems())
                .extracting(map -> map.getMetadata().getName())
                .containsExactly("a");

        List<StatusDetails> deleted =
                client.configMaps().inNamespace("default").withName("a").delete();
        assertThat(deleted).hasSize(1);
        assertThat(client.configMaps().inNamespace("default").withName("a").get())
                .isNull();
    }

    @Test
    void failuresCarryTheServersStatus() {
        client.resource(configMap("a", "1")).create();

        assertThatThrownBy(() -> client.resource(configMap("a", "1")).create())
                .isInstanceOfSatisfying(KubernetesClientException.class, e -> {
                    assertThat(e.getCode()).isEqualTo(409);
                    assertThat(e.getStatus().getReason()).isEqualTo("AlreadyExists");
                });
        assertThatThrownBy(() -> client.resource(configMap("Upper", "1")).create())
                .isInstanceOfSatisfying(KubernetesClientException.class, e -> assertThat(
                                e.getStatus().getDetails().getCauses())
                        .singleElement()
                        .extracting(cause -> cause.getField())
                        .isEqualTo("metadata.name"));
    }

    @Test
    void patchesInEveryFormat() {
        client.resource(deployment()).create();
        var web = client.apps().deployments().inNamespace("default").withName("web");

        Deployment merged = web.patch(PatchContext.of(PatchType.JSON_MERGE), "{\"spec\":{\"replicas\":2}}");
        assertThat(merged.getSpec().getReplicas()).isEqualTo(2);
        Deployment strategic = web.patch(
                PatchContext.of(PatchType.STRATEGIC_MERGE),
                "{\"spec\":{\"template\":{\"spec\":{\"containers\":[{\"name\":\"side\",\"image\":\"s\"}]}}}}");
        assertThat(strategic.getSpec().getTemplate().getSpec().getContainers()).hasSize(2);
        Deployment json = web.patch(
                PatchContext.of(PatchType.JSON), "[{\"op\":\"replace\",\"path\":\"/spec/replicas\",\"value\":3}]");
        assertThat(json.getSpec().getReplicas()).isEqualTo(3);
    }

    @Test
    void watchesDeliverEventsUntilClosed() throws Exception {
        BlockingQueue<String> events = new LinkedBlockingQueue<>();
        client.resource(configMap("before", "1")).create();
        try (Watch watch = client.configMaps().inNamespace("default").watch(new Watcher<>() {
            @Override
            public void eventReceived(Action action, ConfigMap map) {
                events.add(action + " " + map.getMetadata().getName());
            }

            @Override
            public void onClose(WatcherException cause) {
                events.add("broken " + cause);
            }

            @Override
            public void onClose() {
                events.add("closed");
            }
        })) {
            assertThat(next(events)).isEqualTo("ADDED before");
            client.resource(configMap("a", "1")).create();
            assertThat(next(events)).isEqualTo("ADDED a");
            client.resource(configMap("a", "1")).delete();
            assertThat(next(events)).isEqualTo("DELETED a");
        }
        assertThat(next(events)).isEqualTo("closed");
    }

    @Test
    void aWatcherMayCallTheClient() throws Exception {
        BlockingQueue<String> seen = new LinkedBlockingQueue<>();
        try (Watch watch = client.configMaps().inNamespace("default").watch(new Watcher<>() {
            @Override
            public void eventReceived(Action action, ConfigMap map) {
                seen.add(client.configMaps()
                        .inNamespace("default")
                        .withName(map.getMetadata().getName())
                        .get()
                        .getData()
                        .get("k"));
            }

            @Override
            public void onClose(WatcherException cause) {}
        })) {
            client.resource(configMap("a", "here")).create();
            assertThat(next(seen)).isEqualTo("here");
        }
    }

    @Test
    void informersFollow() throws Exception {
        BlockingQueue<String> events = new LinkedBlockingQueue<>();
        client.resource(configMap("a", "1")).create();
        try (SharedIndexInformer<ConfigMap> informer = client.configMaps()
                .inNamespace("default")
                .inform(new ResourceEventHandler<>() {
                    @Override
                    public void onAdd(ConfigMap map) {
                        events.add("added " + map.getMetadata().getName());
                    }

                    @Override
                    public void onUpdate(ConfigMap before, ConfigMap after) {
                        events.add("updated " + after.getMetadata().getName());
                    }

                    @Override
                    public void onDelete(ConfigMap map, boolean unknown) {
                        events.add("deleted " + map.getMetadata().getName());
                    }
                })) {
            assertThat(next(events)).isEqualTo("added a");
            client.resource(configMap("a", "2")).update();
            assertThat(next(events)).isEqualTo("updated a");
            client.resource(configMap("a", "2")).delete();
            assertThat(next(events)).isEqualTo("deleted a");
            assertThat(informer.getStore().list()).isEmpty();
        }
    }

    @Test
    void worksUnderSimulationOnTheCallersThread() {
        try (SimulatedKernel simulation = new SimulatedKernel(7);
                TestServer simulated = new TestServer(simulation);
                KubernetesClient inside = InProcess.client(
                        simulation,
                        RestApi.builder(simulation, simulated.apiServer).build())) {
            inside.resource(configMap("a", "1")).create();
            assertThat(inside.configMaps().inNamespace("default").list().getItems())
                    .hasSize(1);
        }
    }

    private static String next(BlockingQueue<String> queue) throws InterruptedException {
        return queue.poll(10, TimeUnit.SECONDS);
    }

    private static ConfigMap configMap(String name, String value) {
        return new ConfigMapBuilder()
                .withNewMetadata()
                .withNamespace("default")
                .withName(name)
                .endMetadata()
                .withData(Map.of("k", value))
                .build();
    }

    private static Deployment deployment() {
        return new DeploymentBuilder()
                .withNewMetadata()
                .withNamespace("default")
                .withName("web")
                .endMetadata()
                .withNewSpec()
                .withNewSelector()
                .addToMatchLabels("app", "web")
                .endSelector()
                .withNewTemplate()
                .withNewMetadata()
                .addToLabels("app", "web")
                .endMetadata()
                .withNewSpec()
                .addNewContainer()
                .withName("c")
                .withImage("i")
                .endContainer()
                .endSpec()
                .endTemplate()
                .endSpec()
                .build();
    }
}

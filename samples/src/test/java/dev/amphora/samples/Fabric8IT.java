package dev.amphora.samples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.amphora.Cluster;
import dev.amphora.runtime.fake.FakeRuntime;
import dev.amphora.store.memory.MemoryStore;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.DeletionPropagation;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.ManagedFieldsEntry;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.apps.DeploymentBuilder;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.RollableScalableResource;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** fabric8's client does the same in process and over HTTPS. */
class Fabric8IT {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final Map<Way, KubernetesClient> CLIENTS = new EnumMap<>(Way.class);

    @SuppressWarnings("NullAway.Init")
    private static Cluster cluster;

    /** How the client reaches the API server. */
    enum Way {
        INSIDE,
        HTTPS
    }

    @BeforeAll
    static void start() {
        cluster = Cluster.builder()
                .store(new MemoryStore())
                .node("worker-1", new FakeRuntime())
                .serve(0)
                .start();
        CLIENTS.put(Way.INSIDE, cluster.client());
        CLIENTS.put(
                Way.HTTPS,
                new KubernetesClientBuilder()
                        .withConfig(Config.fromKubeconfig(
                                cluster.endpoint().orElseThrow().kubeconfig()))
                        .build());
    }

    @AfterAll
    static void end() {
        CLIENTS.get(Way.HTTPS).close();
        CLIENTS.clear();
        cluster.close();
    }

    /** A namespace of a test's own. */
    private static String namespace(Way way, String purpose) {
        String name = purpose + "-" + way.name().toLowerCase(Locale.ROOT);
        CLIENTS.get(way)
                .resource(new NamespaceBuilder()
                        .withNewMetadata()
                        .withName(name)
                        .endMetadata()
                        .build())
                .create();
        return name;
    }

    @ParameterizedTest
    @EnumSource
    void createsReadsChangesAndDeletes(Way way) {
        KubernetesClient client = CLIENTS.get(way);
        String namespace = namespace(way, "write");
        var a = client.configMaps().inNamespace(namespace).withName("a");

        ConfigMap created = client.resource(configMap(namespace, "a")).create();
        assertThatThrownBy(() -> client.resource(configMap(namespace, "a")).create())
                .isInstanceOfSatisfying(
                        KubernetesClientException.class,
                        e -> assertThat(e.getStatus().getReason()).isEqualTo("AlreadyExists"));
        assertThat(client.resource(configMap(namespace, "dry")).dryRun().create())
                .isNotNull();
        a.edit(map -> new ConfigMapBuilder(map).addToData("k", "2").build());
        assertThatThrownBy(() -> client.resource(created).lockResourceVersion().update())
                .isInstanceOfSatisfying(KubernetesClientException.class, e -> assertThat(e.getCode())
                        .isEqualTo(409));
        assertThat(a.patch(PatchContext.of(PatchType.JSON_MERGE), "{\"data\": {\"m\": \"3\"}}")
                        .getData())
                .containsEntry("k", "2")
                .containsEntry("m", "3");
        assertThat(client.configMaps().inNamespace(namespace).list().getItems())
                .extracting(map -> map.getMetadata().getName())
                .doesNotContain("dry")
                .contains("a");
        a.delete();
        assertThat(a.get()).isNull();
    }

    @ParameterizedTest
    @EnumSource
    void informersFollow(Way way) throws Exception {
        KubernetesClient client = CLIENTS.get(way);
        String namespace = namespace(way, "inform");
        BlockingQueue<String> events = new LinkedBlockingQueue<>();
        client.resource(configMap(namespace, "before")).create();
        try (SharedIndexInformer<ConfigMap> informer = client.configMaps()
                .inNamespace(namespace)
                .withLabel("followed")
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
            assertThat(next(events)).isEqualTo("added before");
            var after = client.configMaps().inNamespace(namespace).withName("after");
            client.resource(configMap(namespace, "after")).create();
            assertThat(next(events)).isEqualTo("added after");
            after.edit(map -> new ConfigMapBuilder(map).addToData("k", "2").build());
            assertThat(next(events)).isEqualTo("updated after");
            after.edit(map -> new ConfigMapBuilder(map)
                    .editMetadata()
                    .removeFromLabels("followed")
                    .endMetadata()
                    .build());
            assertThat(next(events)).isEqualTo("deleted after");
            assertThat(informer.getStore().list()).hasSize(1);
        }
    }

    private static String next(BlockingQueue<String> events) throws InterruptedException {
        return events.poll(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    }

    @ParameterizedTest
    @EnumSource
    void appliesScalesReadsStatusAndDeletesWithWhatBelongsToIt(Way way) {
        KubernetesClient client = CLIENTS.get(way);
        String namespace = namespace(way, "apply");
        RollableScalableResource<Deployment> web =
                client.apps().deployments().inNamespace(namespace).withName("web");

        Deployment applied = apply(client, namespace, "one", 1, false);
        assertThat(applied.getMetadata().getManagedFields())
                .extracting(ManagedFieldsEntry::getManager)
                .containsExactly("one");
        assertThatThrownBy(() -> apply(client, namespace, "two", 2, false))
                .isInstanceOfSatisfying(KubernetesClientException.class, e -> assertThat(
                                e.getStatus().getDetails().getCauses())
                        .singleElement()
                        .extracting(cause -> cause.getField())
                        .isEqualTo(".spec.replicas"));
        apply(client, namespace, "two", 2, true);
        web.waitUntilReady(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        assertThat(web.get().getStatus().getReadyReplicas()).isEqualTo(2);
        assertThat(web.scale(3).getSpec().getReplicas()).isEqualTo(3);
        web.waitUntilCondition(
                found -> Integer.valueOf(3).equals(found.getStatus().getAvailableReplicas()),
                PATIENCE.toSeconds(),
                TimeUnit.SECONDS);
        Deployment blessed = web.editStatus(found -> new DeploymentBuilder(found)
                .editStatus()
                .addNewCondition()
                .withType("Blessed")
                .withStatus("True")
                .endCondition()
                .endStatus()
                .build());
        assertThat(blessed.getStatus().getConditions())
                .extracting(condition -> condition.getType())
                .contains("Available", "Blessed");

        web.withPropagationPolicy(DeletionPropagation.FOREGROUND).delete();
        await(
                "Deployment, ReplicaSet and Pods are gone",
                () -> web.get() == null
                        && client.apps()
                                .replicaSets()
                                .inNamespace(namespace)
                                .list()
                                .getItems()
                                .isEmpty()
                        && client.pods()
                                .inNamespace(namespace)
                                .list()
                                .getItems()
                                .isEmpty());
    }

    private static Deployment apply(
            KubernetesClient client, String namespace, String manager, int replicas, boolean force) {
        Deployment deployment = new DeploymentBuilder()
                .withNewMetadata()
                .withNamespace(namespace)
                .withName("web")
                .endMetadata()
                .withNewSpec()
                .withReplicas(replicas)
                .withNewSelector()
                .addToMatchLabels("app", "web")
                .endSelector()
                .withNewTemplate()
                .withNewMetadata()
                .addToLabels("app", "web")
                .endMetadata()
                .withNewSpec()
                .addNewContainer()
                .withName("web")
                .withImage("example.dev/web:1")
                .endContainer()
                .endSpec()
                .endTemplate()
                .endSpec()
                .build();
        var resource = client.resource(deployment).fieldManager(manager);
        return force ? resource.forceConflicts().serverSideApply() : resource.serverSideApply();
    }

    @ParameterizedTest
    @EnumSource
    void finalizersHoldWhatIsDeleted(Way way) {
        KubernetesClient client = CLIENTS.get(way);
        String namespace = namespace(way, "hold");
        var held = client.configMaps().inNamespace(namespace).withName("held");
        client.resource(new ConfigMapBuilder(configMap(namespace, "held"))
                        .editMetadata()
                        .addToFinalizers("example.com/wait")
                        .endMetadata()
                        .build())
                .create();
        held.delete();
        assertThat(held.get().getMetadata().getDeletionTimestamp()).isNotNull();

        held.edit(map -> new ConfigMapBuilder(map)
                .editMetadata()
                .withFinalizers(List.of())
                .endMetadata()
                .build());
        await("the ConfigMap is gone", () -> held.get() == null);
    }

    @ParameterizedTest
    @EnumSource
    void customKindsAreFoundByTheirNames(Way way) {
        KubernetesClient client = CLIENTS.get(way);
        String namespace = namespace(way, "custom");
        String group = way.name().toLowerCase(Locale.ROOT) + ".example.com";
        load(
                client,
                """
                apiVersion: apiextensions.k8s.io/v1
                kind: CustomResourceDefinition
                metadata:
                  name: toys.GROUP
                spec:
                  group: GROUP
                  scope: Namespaced
                  names: {plural: toys, kind: Toy}
                  versions:
                  - name: v1
                    served: true
                    storage: true
                    subresources: {status: {}}
                    schema:
                      openAPIV3Schema:
                        type: object
                        properties:
                          spec: {type: object, properties: {size: {type: integer, minimum: 1}}}
                          status: {type: object, properties: {phase: {type: string}}}
                """
                        .replace("GROUP", group));
        await("the kind is served", () -> client.getApiResources(group + "/v1") != null);
        load(
                client,
                """
                apiVersion: GROUP/v1
                kind: Toy
                metadata: {name: bear, namespace: SPACE}
                spec: {size: 3}
                """
                        .replace("GROUP", group)
                        .replace("SPACE", namespace));
        var bear = client.genericKubernetesResources(group + "/v1", "Toy")
                .inNamespace(namespace)
                .withName("bear");

        GenericKubernetesResource found = bear.get();
        assertThat(found.<Integer>get("spec", "size")).isEqualTo(3);
        assertThatThrownBy(() -> bear.patch(PatchContext.of(PatchType.JSON_MERGE), "{\"spec\": {\"size\": 0}}"))
                .isInstanceOfSatisfying(KubernetesClientException.class, e -> assertThat(e.getCode())
                        .isEqualTo(422));
        bear.subresource("status").patch(PatchContext.of(PatchType.JSON_MERGE), "{\"status\": {\"phase\": \"Ready\"}}");
        assertThat(bear.get().<String>get("status", "phase")).isEqualTo("Ready");
        bear.delete();
        assertThat(bear.get()).isNull();
    }

    private static void load(KubernetesClient client, String manifest) {
        client.load(new ByteArrayInputStream(manifest.getBytes(StandardCharsets.UTF_8)))
                .create();
    }

    private static void await(String what, BooleanSupplier condition) {
        cluster.await(what, PATIENCE, condition);
    }

    private static ConfigMap configMap(String namespace, String name) {
        return new ConfigMapBuilder()
                .withNewMetadata()
                .withNamespace(namespace)
                .withName(name)
                .addToLabels("followed", "yes")
                .endMetadata()
                .addToData("k", "1")
                .build();
    }
}

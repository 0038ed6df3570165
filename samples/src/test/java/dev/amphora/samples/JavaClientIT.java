package dev.amphora.samples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.amphora.Cluster;
import dev.amphora.runtime.fake.FakeRuntime;
import dev.amphora.store.memory.MemoryStore;
import io.kubernetes.client.custom.V1Patch;
import io.kubernetes.client.informer.ResourceEventHandler;
import io.kubernetes.client.informer.SharedIndexInformer;
import io.kubernetes.client.informer.SharedInformerFactory;
import io.kubernetes.client.openapi.ApiClient;
import io.kubernetes.client.openapi.ApiException;
import io.kubernetes.client.openapi.apis.AppsV1Api;
import io.kubernetes.client.openapi.apis.CoreV1Api;
import io.kubernetes.client.openapi.models.V1ConfigMap;
import io.kubernetes.client.openapi.models.V1ConfigMapList;
import io.kubernetes.client.openapi.models.V1Container;
import io.kubernetes.client.openapi.models.V1Deployment;
import io.kubernetes.client.openapi.models.V1ObjectMeta;
import io.kubernetes.client.openapi.models.V1Pod;
import io.kubernetes.client.openapi.models.V1PodSpec;
import io.kubernetes.client.util.ClientBuilder;
import io.kubernetes.client.util.KubeConfig;
import io.kubernetes.client.util.PatchUtils;
import java.io.StringReader;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The official Java client finds what it expects. */
class JavaClientIT {
    private static final String NAMESPACE = "default";
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final String DEPLOYMENT =
            """
            {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": {
              "replicas": %d, "selector": {"matchLabels": {"app": "web"}},
              "template": {"metadata": {"labels": {"app": "web"}},
                           "spec": {"containers": [{"name": "web", "image": "example.dev/web:1"}]}}}}
            """;

    @SuppressWarnings("NullAway.Init")
    private static Cluster cluster;

    @SuppressWarnings("NullAway.Init")
    private static ApiClient client;

    @SuppressWarnings("NullAway.Init")
    private static CoreV1Api core;

    @SuppressWarnings("NullAway.Init")
    private static AppsV1Api apps;

    @BeforeAll
    static void start() throws Exception {
        cluster = Cluster.builder()
                .store(new MemoryStore())
                .node("worker-1", new FakeRuntime())
                .serve(0)
                .start();
        String kubeconfig = cluster.endpoint().orElseThrow().kubeconfig();
        client = ClientBuilder.kubeconfig(KubeConfig.loadKubeConfig(new StringReader(kubeconfig)))
                .build();
        core = new CoreV1Api(client);
        apps = new AppsV1Api(client);
    }

    @AfterAll
    static void end() {
        client.getHttpClient().dispatcher().executorService().shutdown();
        client.getHttpClient().connectionPool().evictAll();
        cluster.close();
    }

    @Test
    void createsReadsChangesAndDeletes() throws ApiException {
        V1ConfigMap created =
                core.createNamespacedConfigMap(NAMESPACE, configMap("a", "1")).execute();
        assertThat(created.getMetadata().getUid()).isNotEmpty();
        assertThatThrownBy(() -> core.createNamespacedConfigMap(NAMESPACE, configMap("a", "1"))
                        .execute())
                .isInstanceOfSatisfying(ApiException.class, e -> {
                    assertThat(e.getCode()).isEqualTo(409);
                    assertThat(e.getResponseBody()).contains("AlreadyExists");
                });

        created.putDataItem("k", "2");
        assertThat(core.replaceNamespacedConfigMap("a", NAMESPACE, created)
                        .execute()
                        .getData())
                .containsEntry("k", "2");
        assertThatThrownBy(() ->
                        core.replaceNamespacedConfigMap("a", NAMESPACE, created).execute())
                .isInstanceOfSatisfying(
                        ApiException.class, e -> assertThat(e.getCode()).isEqualTo(409));
        core.deleteNamespacedConfigMap("a", NAMESPACE).execute();
        assertThatThrownBy(() -> core.readNamespacedConfigMap("a", NAMESPACE).execute())
                .isInstanceOfSatisfying(
                        ApiException.class, e -> assertThat(e.getCode()).isEqualTo(404));
    }

    @Test
    void informersFollow() throws Exception {
        BlockingQueue<String> events = new LinkedBlockingQueue<>();
        SharedInformerFactory factory = new SharedInformerFactory(client);
        SharedIndexInformer<V1ConfigMap> informer = factory.sharedIndexInformerFor(
                parameters -> core.listNamespacedConfigMap(NAMESPACE)
                        .labelSelector("followed=yes")
                        .resourceVersion(parameters.resourceVersion)
                        .timeoutSeconds(parameters.timeoutSeconds)
                        .watch(parameters.watch)
                        .buildCall(null),
                V1ConfigMap.class,
                V1ConfigMapList.class);
        informer.addEventHandler(new ResourceEventHandler<>() {
            @Override
            public void onAdd(V1ConfigMap map) {
                events.add("added " + map.getMetadata().getName());
            }

            @Override
            public void onUpdate(V1ConfigMap before, V1ConfigMap after) {
                events.add("updated " + after.getMetadata().getName());
            }

            @Override
            public void onDelete(V1ConfigMap map, boolean unknown) {
                events.add("deleted " + map.getMetadata().getName());
            }
        });
        core.createNamespacedConfigMap(NAMESPACE, followed("before")).execute();
        factory.startAllRegisteredInformers();
        try {
            assertThat(next(events)).isEqualTo("added before");
            V1ConfigMap map =
                    core.createNamespacedConfigMap(NAMESPACE, followed("after")).execute();
            assertThat(next(events)).isEqualTo("added after");
            core.replaceNamespacedConfigMap("after", NAMESPACE, map.putDataItem("k", "2"))
                    .execute();
            assertThat(next(events)).isEqualTo("updated after");
            core.deleteNamespacedConfigMap("after", NAMESPACE).execute();
            assertThat(next(events)).isEqualTo("deleted after");
            assertThat(informer.getIndexer().list()).hasSize(1);
        } finally {
            factory.stopAllRegisteredInformers();
        }
    }

    private static String next(BlockingQueue<String> events) throws InterruptedException {
        return events.poll(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    }

    @Test
    void appliesScalesReadsStatusAndDeletesWithWhatBelongsToIt() throws Exception {
        assertThat(apply("one", 2, false).getSpec().getReplicas()).isEqualTo(2);
        assertThatThrownBy(() -> apply("two", 3, false)).isInstanceOfSatisfying(ApiException.class, e -> {
            assertThat(e.getCode()).isEqualTo(409);
            assertThat(e.getResponseBody()).contains("FieldManagerConflict", ".spec.replicas", "one");
        });
        assertThat(apply("two", 3, true).getSpec().getReplicas()).isEqualTo(3);

        await("the Deployment is available", () -> {
            var status = deployment().getStatus();
            return Integer.valueOf(3).equals(status.getAvailableReplicas());
        });
        V1Deployment changed = PatchUtils.patch(
                V1Deployment.class,
                () -> apps.patchNamespacedDeploymentStatus(
                                "web",
                                NAMESPACE,
                                new V1Patch(
                                        "{\"status\": {\"conditions\": [{\"type\": \"Blessed\", \"status\": \"True\"}]}}"))
                        .buildCall(null),
                V1Patch.PATCH_FORMAT_STRATEGIC_MERGE_PATCH,
                client);
        assertThat(changed.getStatus().getConditions())
                .extracting(condition -> condition.getType())
                .contains("Available", "Blessed");
        assertThat(apps.readNamespacedDeploymentScale("web", NAMESPACE)
                        .execute()
                        .getSpec()
                        .getReplicas())
                .isEqualTo(3);

        apps.deleteNamespacedDeployment("web", NAMESPACE)
                .propagationPolicy("Foreground")
                .execute();
        await("Deployment, ReplicaSet and Pods are gone", () -> {
            try {
                return apps.listNamespacedDeployment(NAMESPACE)
                                .execute()
                                .getItems()
                                .isEmpty()
                        && apps.listNamespacedReplicaSet(NAMESPACE)
                                .execute()
                                .getItems()
                                .isEmpty()
                        && core.listNamespacedPod(NAMESPACE)
                                .labelSelector("app=web")
                                .execute()
                                .getItems()
                                .isEmpty();
            } catch (ApiException e) {
                throw new AssertionError(e.getResponseBody(), e);
            }
        });
    }

    private static V1Deployment apply(String manager, int replicas, boolean force) throws ApiException {
        return PatchUtils.patch(
                V1Deployment.class,
                () -> apps.patchNamespacedDeployment("web", NAMESPACE, new V1Patch(DEPLOYMENT.formatted(replicas)))
                        .fieldManager(manager)
                        .force(force)
                        .buildCall(null),
                V1Patch.PATCH_FORMAT_APPLY_YAML,
                client);
    }

    private static V1Deployment deployment() {
        try {
            return apps.readNamespacedDeployment("web", NAMESPACE).execute();
        } catch (ApiException e) {
            throw new AssertionError(e.getResponseBody(), e);
        }
    }

    @Test
    void finalizersHoldAPodThatIsDeleted() throws ApiException {
        V1Pod pod = new V1Pod()
                .metadata(new V1ObjectMeta().name("held").addFinalizersItem("example.com/wait"))
                .spec(new V1PodSpec()
                        .terminationGracePeriodSeconds(0L)
                        .addContainersItem(new V1Container().name("c").image("example.dev/web:1")));
        core.createNamespacedPod(NAMESPACE, pod).execute();
        core.deleteNamespacedPod("held", NAMESPACE).execute();
        assertThat(core.readNamespacedPod("held", NAMESPACE)
                        .execute()
                        .getMetadata()
                        .getDeletionTimestamp())
                .isNotNull();

        PatchUtils.patch(
                V1Pod.class,
                () -> core.patchNamespacedPod(
                                "held",
                                NAMESPACE,
                                new V1Patch("[{\"op\": \"remove\", \"path\": \"/metadata/finalizers\"}]"))
                        .buildCall(null),
                V1Patch.PATCH_FORMAT_JSON_PATCH,
                client);
        await("the Pod is gone", () -> {
            try {
                core.readNamespacedPod("held", NAMESPACE).execute();
                return false;
            } catch (ApiException e) {
                return e.getCode() == 404;
            }
        });
    }

    private static void await(String what, BooleanSupplier condition) {
        cluster.await(what, PATIENCE, condition);
    }

    private static V1ConfigMap configMap(String name, String value) {
        return new V1ConfigMap().metadata(new V1ObjectMeta().name(name)).putDataItem("k", value);
    }

    private static V1ConfigMap followed(String name) {
        V1ConfigMap map = configMap(name, "1");
        map.getMetadata().setLabels(Map.of("followed", "yes"));
        return map;
    }
}

package dev.amphora.samples.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.amphora.ApiOptions;
import dev.amphora.Cluster;
import dev.amphora.ClusterBuilder;
import dev.amphora.Conditions;
import dev.amphora.SecurityOptions;
import dev.amphora.api.ResourceType;
import dev.amphora.api.StatusException;
import dev.amphora.apiserver.access.Credentials;
import dev.amphora.apiserver.access.User;
import dev.amphora.apiserver.outside.LocalServers;
import dev.amphora.client.Client;
import dev.amphora.client.ListOptions;
import dev.amphora.kernel.SimulatedKernel;
import dev.amphora.kubelet.KubeletConfig;
import dev.amphora.runtime.fake.FakeRuntime;
import dev.amphora.scheduler.DefaultScheduler;
import dev.amphora.store.memory.MemoryStore;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.apps.DeploymentBuilder;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Each example does what the README says it does. */
class ExamplesTest {
    private final SimulatedKernel kernel = new SimulatedKernel(1);

    @AfterEach
    void noTaskFailed() {
        assertThat(kernel.failures()).isEmpty();
        kernel.close();
    }

    @Test
    void aProgramEmbedsACluster() {
        String manifest =
                """
                {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": "default"},
                 "spec": {"replicas": 2, "selector": {"matchLabels": {"app": "web"}},
                  "template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "web", "image": "web:1"}]}}}}
                """;

        Embedding.run(new ByteArrayInputStream(manifest.getBytes(StandardCharsets.UTF_8)));
    }

    @Test
    void anAdmissionPluginRefusesWhatDoesNotSayWhoseItIs() {
        try (Cluster cluster = apiOnly().admission(TeamLabel.required()).start()) {
            assertThatThrownBy(() ->
                            cluster.client().resource(deployment(Map.of())).create())
                    .hasMessageContaining("deployments.apps \"web\" is forbidden: it does not say whose it is");

            cluster.client().resource(deployment(Map.of("team", "shop"))).create();
        }
    }

    @Test
    void aWebhookIsTriedWithoutASocket() {
        LocalServers servers = new LocalServers().service("hooks", "pinned-images", new PinnedImages());
        try (Cluster cluster = apiOnly().localServers(servers).start()) {
            cluster.client()
                    .load(new ByteArrayInputStream(
                            """
                            apiVersion: admissionregistration.k8s.io/v1
                            kind: ValidatingWebhookConfiguration
                            metadata: {name: pinned-images}
                            webhooks:
                            - name: pinned-images.example.com
                              clientConfig: {service: {namespace: hooks, name: pinned-images, path: /review}}
                              rules:
                              - {operations: [CREATE], apiGroups: [""], apiVersions: [v1], resources: [pods]}
                              sideEffects: None
                              admissionReviewVersions: [v1]
                            """
                                    .getBytes(StandardCharsets.UTF_8)))
                    .create();

            assertThatThrownBy(() -> cluster.client().resource(running("web:1")).create())
                    .hasMessageContaining(
                            "admission webhook \"pinned-images.example.com\" denied the request: c runs an image that may change");

            cluster.client().resource(running("web@sha256:" + "0".repeat(64))).create();
        }
    }

    private ClusterBuilder apiOnly() {
        return Cluster.builder()
                .kernel(kernel)
                .store(new MemoryStore())
                .api(ApiOptions.defaults().withAdmission(List.of(), List.of("ServiceAccount")))
                .noControllers()
                .noScheduler();
    }

    private static Deployment deployment(Map<String, String> labels) {
        return new DeploymentBuilder()
                .withNewMetadata()
                .withNamespace("default")
                .withName("web")
                .withLabels(labels)
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
                .withImage("web:1")
                .endContainer()
                .endSpec()
                .endTemplate()
                .endSpec()
                .build();
    }

    private static Pod running(String image) {
        return new PodBuilder()
                .withNewMetadata()
                .withNamespace("default")
                .withName("p")
                .endMetadata()
                .withNewSpec()
                .addNewContainer()
                .withName("c")
                .withImage(image)
                .endContainer()
                .endSpec()
                .build();
    }

    @Test
    void aFrozenStoreRefusesWritesAndStillAnswersReads() {
        AtomicBoolean frozen = new AtomicBoolean();
        try (Cluster cluster = Cluster.builder()
                .kernel(kernel)
                .store(new ReadOnlyStore(new MemoryStore(), frozen::get))
                .noControllers()
                .noScheduler()
                .start()) {
            Client client = cluster.api("test");
            client.create(new NamespaceBuilder()
                    .withNewMetadata()
                    .withName("before")
                    .endMetadata()
                    .build());

            frozen.set(true);

            assertThatThrownBy(() -> client.create(new NamespaceBuilder()
                            .withNewMetadata()
                            .withName("after")
                            .endMetadata()
                            .build()))
                    .hasMessageContaining("the store is frozen");
            assertThat(client.find(ResourceType.of(io.fabric8.kubernetes.api.model.Namespace.class), null, "before"))
                    .isPresent();
            frozen.set(false);
        }
    }

    @Test
    void thePluginSendsPodsToWarmNodes() {
        try (Cluster cluster = Cluster.builder()
                .kernel(kernel)
                .store(new MemoryStore())
                .scheduler(DefaultScheduler.builder()
                        .plugin(new PreferWarmNodes(), 5)
                        .build())
                .node("cold-1", new FakeRuntime())
                .node(KubeletConfig.of("warm-1").withLabel("example.dev/warm", "true"), new FakeRuntime())
                .node("cold-2", new FakeRuntime())
                .start()) {
            cluster.api("test").create(pod("p"));

            Pod running =
                    Objects.requireNonNull(cluster.await(Conditions.pod("p").running()));

            assertThat(running.getSpec().getNodeName()).isEqualTo("warm-1");
        }
    }

    @Test
    void aControllersRightsSufficeOrDont() {
        String rights =
                """
                apiVersion: rbac.authorization.k8s.io/v1
                kind: ClusterRole
                metadata: {name: greeter}
                rules:
                - {apiGroups: [""], resources: [namespaces], verbs: [list, watch]}
                - {apiGroups: [""], resources: [configmaps], verbs: [list, watch, create]}
                ---
                apiVersion: rbac.authorization.k8s.io/v1
                kind: ClusterRoleBinding
                metadata: {name: greeter}
                roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: greeter}
                subjects: [{kind: ServiceAccount, namespace: default, name: greeter}]
                """;
        String namespace = "apiVersion: v1\nkind: Namespace\nmetadata: {name: n, labels: {greet: 'yes'}}\n";

        assertThat(LeastPrivilege.suffices(kernel, rights, namespace)).isTrue();
        assertThat(LeastPrivilege.suffices(kernel, rights.replace("watch, create", "watch"), namespace))
                .isFalse();
    }

    @Test
    void visitorsLookAround() {
        Visitors visitors = new Visitors();
        SecurityOptions security =
                SecurityOptions.defaults().withAuthenticator(visitors).withAuthorizer(visitors);
        try (Cluster cluster = Cluster.builder()
                .kernel(kernel)
                .store(new MemoryStore())
                .api(ApiOptions.defaults().withSecurity(security))
                .start()) {
            User ann = cluster.apiServer()
                    .authenticate(Credentials.token("badge-ann"))
                    .orElseThrow();
            Client client = cluster.api(ann, "test");

            assertThat(client.list(ResourceType.of(ConfigMap.class), null, ListOptions.all())
                            .items())
                    .isNotEmpty();
            assertThatThrownBy(() -> client.list(ResourceType.of(Secret.class), null, ListOptions.all()))
                    .hasMessageContaining("visitors see no secrets");
            assertThatThrownBy(() -> client.create(pod("p"))).isInstanceOf(StatusException.class);
            assertThat(cluster.apiServer().authenticate(Credentials.token("ann")))
                    .isEmpty();
        }
    }

    @Test
    void theWholeSchedulerCanBeReplaced() {
        try (Cluster cluster = Cluster.builder()
                .kernel(kernel)
                .store(new MemoryStore())
                .scheduler(new FirstNodeScheduler())
                .node("a", new FakeRuntime())
                .node("b", new FakeRuntime())
                .start()) {
            cluster.api("test").create(pod("p"));
            cluster.api("test").create(pod("q"));

            cluster.await(Conditions.pod("p").running());
            Pod running =
                    Objects.requireNonNull(cluster.await(Conditions.pod("q").running()));

            assertThat(running.getSpec().getNodeName()).isEqualTo("a");
        }
    }

    @Test
    void theControllerGreetsNamespacesAndPutsTheGreetingBack() {
        try (Cluster cluster = Cluster.builder()
                .kernel(kernel)
                .store(new MemoryStore())
                .controller(new GreetingController())
                .start()) {
            Client client = cluster.api("test");
            client.create(new NamespaceBuilder()
                    .withNewMetadata()
                    .withName("friends")
                    .withLabels(Map.of("greet", "true"))
                    .endMetadata()
                    .build());
            ResourceType<ConfigMap> maps = ResourceType.of(ConfigMap.class);
            cluster.await("a greeting", Duration.ofMinutes(1), () -> client.find(maps, "friends", "greeting")
                    .isPresent());

            client.delete(maps, "friends", "greeting", dev.amphora.client.DeleteOptions.defaults());

            cluster.await("another greeting", Duration.ofMinutes(1), () -> client.find(maps, "friends", "greeting")
                    .isPresent());
            assertThat(client.find(maps, "default", "greeting")).isEmpty();
        }
    }

    @Test
    void theScriptSaysWhatContainersDo() {
        try (Cluster cluster = Cluster.builder()
                .kernel(kernel)
                .store(new MemoryStore())
                .node("worker-1", ScriptedRuntime.create())
                .start()) {
            Pod batch = new PodBuilder(pod("batch"))
                    .editSpec()
                    .withRestartPolicy("Never")
                    .editFirstContainer()
                    .withImage("example.dev/batch")
                    .endContainer()
                    .endSpec()
                    .build();
            cluster.api("test").create(batch);
            cluster.await(Conditions.pod("batch").running());

            kernel.advance(Duration.ofMinutes(4));

            assertThat(cluster.api("test")
                            .get(ResourceType.of(Pod.class), "default", "batch")
                            .getStatus()
                            .getPhase())
                    .isEqualTo("Succeeded");
        }
    }

    @Test
    void theProxyHearsOfEndpoints() {
        List<String> told = new ArrayList<>();
        try (Cluster cluster = Cluster.builder()
                .kernel(kernel)
                .store(new MemoryStore())
                .proxy(new PrintingProxy(told::add))
                .node("worker-1", new FakeRuntime())
                .start()) {
            cluster.api("test")
                    .create(new PodBuilder(pod("p"))
                            .editMetadata()
                            .addToLabels("app", "web")
                            .endMetadata()
                            .build());
            cluster.api("test")
                    .create(new io.fabric8.kubernetes.api.model.ServiceBuilder()
                            .withNewMetadata()
                            .withName("web")
                            .withNamespace("default")
                            .endMetadata()
                            .withNewSpec()
                            .addToSelector("app", "web")
                            .addNewPort()
                            .withPort(80)
                            .endPort()
                            .endSpec()
                            .build());
            cluster.await(Conditions.pod("p").ready());

            cluster.await("the proxy has heard", Duration.ofMinutes(1), () -> !told.isEmpty());

            assertThat(told.get(0)).startsWith("web -> [127.");
        }
    }

    @Test
    void clustersKeepApart() {
        try (Cluster one = Cluster.builder()
                        .kernel(kernel)
                        .store(new MemoryStore())
                        .start();
                Cluster two = Cluster.builder()
                        .kernel(kernel)
                        .store(new MemoryStore())
                        .start()) {
            one.api("test").create(pod("p"));

            assertThat(two.api("test")
                            .list(ResourceType.of(Pod.class), null, ListOptions.all())
                            .items())
                    .isEmpty();
            assertThatThrownBy(() -> two.api("test").get(ResourceType.of(Pod.class), "default", "p"))
                    .isInstanceOf(StatusException.class);
        }
    }

    private static Pod pod(String name) {
        return new PodBuilder()
                .withNewMetadata()
                .withNamespace("default")
                .withName(name)
                .endMetadata()
                .withNewSpec()
                .addNewContainer()
                .withName("main")
                .withImage("example.dev/main")
                .endContainer()
                .endSpec()
                .build();
    }
}

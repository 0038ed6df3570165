package dev.amphora.kubelet;

import static java.time.Duration.ofMinutes;
import static java.time.Duration.ofSeconds;
import static org.assertj.core.api.Assertions.assertThat;

import dev.amphora.api.ResourceType;
import dev.amphora.apiserver.ApiServer;
import dev.amphora.apiserver.access.User;
import dev.amphora.client.Client;
import dev.amphora.client.DeleteOptions;
import dev.amphora.client.InProcessClient;
import dev.amphora.client.ListOptions;
import dev.amphora.kernel.SimulatedKernel;
import dev.amphora.rest.InProcess;
import dev.amphora.rest.RestApi;
import dev.amphora.runtime.fake.ContainerBehavior;
import dev.amphora.runtime.fake.FakeRuntime;
import dev.amphora.runtime.fake.HttpHandler.Reply;
import dev.amphora.runtime.fake.ImageBehavior;
import dev.amphora.store.memory.MemoryStore;
import io.fabric8.kubernetes.api.model.ContainerStatus;
import io.fabric8.kubernetes.api.model.Event;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeCondition;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.PodCondition;
import io.fabric8.kubernetes.api.model.PodStatus;
import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What a kubelet does with its node and pods, in virtual time. */
class KubeletTest {
    private static final ResourceType<Pod> PODS = ResourceType.of(Pod.class);

    private final SimulatedKernel kernel = new SimulatedKernel(5);
    private final MemoryStore store = new MemoryStore(kernel);
    private final ApiServer server =
            ApiServer.builder(kernel, store).withoutAdmission("ServiceAccount").build();
    private final Client client = new InProcessClient(server, User.of("admin", User.MASTERS), "test");
    private final FakeRuntime runtime = new FakeRuntime();
    private Kubelet kubelet = new Kubelet(kernel, client, runtime, KubeletConfig.of("n1"));

    KubeletTest() {
        server.start();
        kubelet.start();
        kernel.advance(ofSeconds(1));
    }

    @AfterEach
    void close() {
        assertThat(kernel.failures()).isEmpty();
        kubelet.close();
        server.close();
        store.close();
        kernel.close();
    }

    @Test
    void registersAReadyNode() {
        Node node = client.get(ResourceType.of(Node.class), null, "n1");

        assertThat(node.getMetadata().getLabels()).containsEntry("kubernetes.io/hostname", "n1");
        assertThat(node.getStatus().getCapacity().get("pods").getAmount()).isEqualTo("110");
        assertThat(node.getStatus().getConditions())
                .extracting(NodeCondition::getType)
                .containsExactly("MemoryPressure", "DiskPressure", "PIDPressure", "Ready");
        assertThat(node.getStatus().getConditions().get(3).getStatus()).isEqualTo("True");
    }

    @Test
    void renewsItsLeaseEveryTenSeconds() {
        var first = lease().getSpec().getRenewTime();
        kernel.advance(ofMinutes(1));

        assertThat(lease().getSpec().getLeaseDurationSeconds()).isEqualTo(40);
        assertThat(lease().getSpec().getRenewTime()).isAfterOrEqualTo(first.plusSeconds(50));
    }

    @Test
    void letsTheLeaseLapseWhileItsMachineIsLost() {
        runtime.fail();
        kernel.advance(ofSeconds(15));
        var last = lease().getSpec().getRenewTime();
        kernel.advance(ofMinutes(2));
        assertThat(lease().getSpec().getRenewTime()).isEqualTo(last);

        runtime.recover();
        kernel.advance(ofSeconds(15));
        assertThat(lease().getSpec().getRenewTime()).isAfter(last);
    }

    @Test
    void runsAPod() {
        client.create(pod("p"));
        kernel.advance(ofSeconds(1));

        Pod pod = get("p");
        assertThat(pod.getStatus().getPhase()).isEqualTo("Running");
        assertThat(pod.getStatus().getPodIP()).startsWith("127.128.0.");
        assertThat(condition(pod, "Ready").getStatus()).isEqualTo("True");
        assertThat(container(pod).getContainerID()).startsWith("fake://");
        assertThat(events("p")).containsExactly("Pulling", "Pulled", "Created", "Started");
    }

    @Test
    void writesEachStatusOnce() {
        client.create(pod("p"));
        kernel.advance(ofSeconds(1));
        String version = get("p").getMetadata().getResourceVersion();
        kernel.advance(ofMinutes(30));

        assertThat(get("p").getMetadata().getResourceVersion()).isEqualTo(version);
    }

    @Test
    void restartsACrashingContainerWithBackoff() {
        runtime.behave("app", ContainerBehavior.exits(1).after(ofSeconds(1)));
        client.create(pod("p"));

        kernel.advance(ofSeconds(3));
        assertThat(container(get("p")).getRestartCount()).isEqualTo(1);
        kernel.advance(ofSeconds(11));
        assertThat(container(get("p")).getRestartCount()).isEqualTo(2);
        kernel.advance(ofSeconds(11));
        assertThat(container(get("p")).getState().getWaiting().getReason()).isEqualTo("CrashLoopBackOff");
        assertThat(container(get("p")).getState().getWaiting().getMessage())
                .startsWith("back-off 20s restarting failed container=c pod=p_default(");
    }

    @Test
    void completesAPodThatMayNotRestart() {
        runtime.behave("app", ContainerBehavior.exits(3).after(ofSeconds(2)).leaving("no luck"));
        client.create(changed(
                pod("p"), pod -> pod.editSpec().withRestartPolicy("Never").endSpec()));
        kernel.advance(ofSeconds(5));

        Pod pod = get("p");
        assertThat(pod.getStatus().getPhase()).isEqualTo("Failed");
        assertThat(container(pod).getState().getTerminated().getExitCode()).isEqualTo(3);
        assertThat(container(pod).getState().getTerminated().getMessage()).isEqualTo("no luck");
        assertThat(condition(pod, "PodReadyToStartContainers").getStatus()).isEqualTo("False");
    }

    @Test
    void goesToATerminalPhaseBeforeTheObjectIsDeleted() {
        runtime.behave("app", ContainerBehavior.runs().stopsAfter(ofSeconds(4), 143));
        client.create(pod("p"));
        kernel.advance(ofSeconds(1));
        client.delete(PODS, "default", "p", DeleteOptions.defaults());

        kernel.advance(ofSeconds(3));
        assertThat(get("p").getStatus().getPhase()).isEqualTo("Running");
        kernel.advance(ofSeconds(2));
        assertThat(find("p")).isEmpty();
        assertThat(kernel.await(runtime.sandboxes())).isEmpty();
    }

    @Test
    void stopsAPodThatIsDeletedWhileItsStatusIsBeingWritten() {
        AtomicBoolean deleted = new AtomicBoolean();
        Client kubelets = deletingBefore(
                status -> status.getContainerStatuses().stream().anyMatch(ContainerStatus::getReady), deleted);
        kubelet.close();
        kubelet = new Kubelet(kernel, kubelets, runtime, KubeletConfig.of("n1"));
        kubelet.start();
        kernel.advance(ofSeconds(1));
        client.create(pod("p"));

        kernel.advance(ofMinutes(2));
        assertThat(deleted).isTrue();
        assertThat(find("p")).isEmpty();
    }

    @Test
    void killsWhatIgnoresTheStopSignalWhenItsGraceEnds() {
        runtime.behave("app", ContainerBehavior.runs().ignoresStop());
        client.create(pod("p"));
        kernel.advance(ofSeconds(1));
        client.delete(PODS, "default", "p", DeleteOptions.defaults().withGracePeriod(7));

        kernel.advance(ofSeconds(6));
        assertThat(find("p")).isPresent();
        kernel.advance(ofSeconds(2));
        assertThat(find("p")).isEmpty();
    }

    @Test
    void backsOffFromAnImageThatCannotBePulled() {
        runtime.image("app", ImageBehavior.fails("connection refused"));
        client.create(pod("p"));

        kernel.advance(ofSeconds(1));
        assertThat(container(get("p")).getState().getWaiting().getReason()).isEqualTo("ErrImagePull");
        kernel.advance(ofSeconds(20));
        assertThat(events("p")).contains("BackOff", "Failed");
    }

    @Test
    void isNotReadyUntilItsProbePasses() {
        runtime.behave("app", ContainerBehavior.runs().probesPassAfter(ofSeconds(25)));
        client.create(changed(pod("p"), pod -> pod.editSpec()
                .editFirstContainer()
                .withNewReadinessProbe()
                .withNewHttpGet()
                .withNewPort(8080)
                .endHttpGet()
                .endReadinessProbe()
                .endContainer()
                .endSpec()));

        kernel.advance(ofSeconds(20));
        assertThat(condition(get("p"), "Ready").getMessage()).isEqualTo("containers with unready status: [c]");
        kernel.advance(ofSeconds(15));
        assertThat(condition(get("p"), "Ready").getStatus()).isEqualTo("True");
    }

    @Test
    void probesAServingContainerWithoutASocket() {
        runtime.behave("app", ContainerBehavior.runs().servesHttp(8080, request -> Reply.text(503, request.path())));
        client.create(changed(pod("p"), pod -> pod.editSpec()
                .editFirstContainer()
                .withNewReadinessProbe()
                .withNewHttpGet()
                .withPath("/ready")
                .withNewPort(8080)
                .endHttpGet()
                .endReadinessProbe()
                .endContainer()
                .endSpec()));
        kernel.advance(ofSeconds(5));

        assertThat(condition(get("p"), "Ready").getStatus()).isEqualTo("False");
        assertThat(events("p")).contains("Unhealthy");
    }

    @Test
    void refusesAPodThatDoesNotFit() {
        client.create(changed(pod("p"), pod -> pod.editSpec()
                .editFirstContainer()
                .withNewResources()
                .addToRequests("cpu", new io.fabric8.kubernetes.api.model.Quantity("5"))
                .endResources()
                .endContainer()
                .endSpec()));
        kernel.advance(ofSeconds(1));

        assertThat(get("p").getStatus().getPhase()).isEqualTo("Failed");
        assertThat(get("p").getStatus().getReason()).isEqualTo("OutOfcpu");
        assertThat(get("p").getStatus().getMessage())
                .isEqualTo("Pod was rejected: Node didn't have enough resource: cpu, requested: 5000, used: 0,"
                        + " capacity: 4000");
    }

    @Test
    void takesItsBehaviorFromAnAnnotation() {
        client.create(changed(pod("p"), pod -> pod.editMetadata()
                .addToAnnotations(FakeRuntime.BEHAVIOR_ANNOTATION, "{\"c\": {\"runFor\": \"3s\", \"exit\": 4}}")
                .endMetadata()
                .editSpec()
                .withRestartPolicy("Never")
                .endSpec()));
        kernel.advance(ofSeconds(4));

        assertThat(container(get("p")).getState().getTerminated().getExitCode()).isEqualTo(4);
    }

    @Test
    void takesOverWhatTheRuntimeStillHas() {
        client.create(pod("p"));
        kernel.advance(ofSeconds(1));
        Pod before = get("p");
        kubelet.close();

        kubelet = new Kubelet(kernel, client, runtime, KubeletConfig.of("n1"));
        kubelet.start();
        kernel.advance(ofMinutes(5));

        assertThat(get("p").getStatus()).isEqualTo(before.getStatus());
        assertThat(get("p").getMetadata().getResourceVersion())
                .isEqualTo(before.getMetadata().getResourceVersion());
    }

    @Test
    void removesWhatBelongsToNoPodAnyMore() {
        client.create(pod("p"));
        kernel.advance(ofSeconds(1));
        kubelet.close();
        client.delete(PODS, "default", "p", DeleteOptions.defaults().withGracePeriod(0));

        kubelet = new Kubelet(kernel, client, runtime, KubeletConfig.of("n1"));
        kubelet.start();
        kernel.advance(ofSeconds(5));

        assertThat(kernel.await(runtime.sandboxes())).isEmpty();
    }

    @Test
    void startsItsPodsAnewWhenALostNodeComesBack() {
        client.create(pod("p"));
        kernel.advance(ofSeconds(1));
        kubelet.fail();
        kernel.advance(ofMinutes(1));
        assertThat(get("p").getStatus().getPhase()).isEqualTo("Running");

        kubelet.recover();
        kernel.advance(ofSeconds(5));
        assertThat(container(get("p")).getRestartCount()).isEqualTo(1);
        assertThat(container(get("p")).getState().getRunning()).isNotNull();
    }

    @Test
    void survivesTheLossOfASandbox() {
        client.create(pod("p"));
        kernel.advance(ofSeconds(1));
        String ip = get("p").getStatus().getPodIP();
        runtime.crashSandbox("default", "p");
        kernel.advance(ofSeconds(1));

        assertThat(get("p").getStatus().getPhase()).isEqualTo("Running");
        assertThat(get("p").getStatus().getPodIP()).isNotEqualTo(ip);
        assertThat(events("p")).contains("SandboxChanged");
    }

    @Test
    void takesTheSameCourseForTheSameSeed() {
        runtime.behave("app", ContainerBehavior.exits(1).after(ofSeconds(3)));
        for (int i = 0; i < 10; i++) {
            client.create(pod("p" + i));
        }
        kernel.advance(ofMinutes(3));
        long digest = kernel.historyDigest();

        SimulatedKernel twin = new SimulatedKernel(5);
        MemoryStore twinStore = new MemoryStore(twin);
        ApiServer twinServer = ApiServer.builder(twin, twinStore)
                .withoutAdmission("ServiceAccount")
                .build();
        Client twinClient = new InProcessClient(twinServer, User.of("admin", User.MASTERS), "test");
        twinServer.start();
        FakeRuntime twinRuntime =
                new FakeRuntime().behave("app", ContainerBehavior.exits(1).after(ofSeconds(3)));
        try (Kubelet other = new Kubelet(twin, twinClient, twinRuntime, KubeletConfig.of("n1"))) {
            other.start();
            twin.advance(ofSeconds(1));
            for (int i = 0; i < 10; i++) {
                twinClient.create(pod("p" + i));
            }
            twin.advance(ofMinutes(3));

            assertThat(twin.historyDigest()).isEqualTo(digest);
            assertThat(twin.steps()).isEqualTo(kernel.steps());
        }
    }

    @Test
    void runsAContainerForDebugging() {
        client.create(pod("p"));
        kernel.advance(ofSeconds(1));
        try (KubernetesClient fabric8 =
                InProcess.client(kernel, RestApi.builder(kernel, server).build())) {
            fabric8.pods()
                    .inNamespace("default")
                    .withName("p")
                    .ephemeralContainers()
                    .edit(pod -> new PodBuilder(pod)
                            .editSpec()
                            .addNewEphemeralContainer()
                            .withName("debug")
                            .withImage("example.dev/tools:1")
                            .endEphemeralContainer()
                            .endSpec()
                            .build());
        }
        kernel.advance(ofSeconds(1));

        Pod pod = get("p");
        ContainerStatus debugger =
                pod.getStatus().getEphemeralContainerStatuses().get(0);
        assertThat(debugger.getState().getRunning()).isNotNull();
        assertThat(debugger.getReady()).isFalse();
        assertThat(debugger.getRestartCount()).isZero();
        assertThat(condition(pod, "Ready").getStatus()).isEqualTo("True");

        runtime.crash("default", "p", "debug", 3);
        kernel.advance(ofMinutes(2));
        ContainerStatus ended =
                get("p").getStatus().getEphemeralContainerStatuses().get(0);
        assertThat(ended.getState().getTerminated().getExitCode()).isEqualTo(3);
        assertThat(get("p").getStatus().getPhase()).isEqualTo("Running");

        client.delete(PODS, "default", "p", DeleteOptions.defaults());
        kernel.advance(ofMinutes(1));
        assertThat(find("p")).isEmpty();
    }

    /** A client before whose first write of such a status somebody else deletes the pod. */
    private Client deletingBefore(Predicate<PodStatus> status, AtomicBoolean done) {
        return (Client) Proxy.newProxyInstance(
                Client.class.getClassLoader(), new Class<?>[] {Client.class}, (proxy, method, arguments) -> {
                    if (method.getName().equals("updateStatus")
                            && arguments[0] instanceof Pod pod
                            && status.test(pod.getStatus())
                            && done.compareAndSet(false, true)) {
                        client.delete(PODS, "default", pod.getMetadata().getName(), DeleteOptions.defaults());
                    }
                    try {
                        return method.invoke(client, arguments);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
    }

    private Lease lease() {
        return client.get(ResourceType.of(Lease.class), "kube-node-lease", "n1");
    }

    private Pod get(String name) {
        return client.get(PODS, "default", name);
    }

    private Optional<Pod> find(String name) {
        return client.find(PODS, "default", name);
    }

    private List<String> events(String pod) {
        Predicate<Event> about = event -> event.getInvolvedObject().getName().equals(pod);
        return client.list(ResourceType.of(Event.class), "default", ListOptions.all()).items().stream()
                .filter(about)
                .sorted((one, other) -> Long.compare(
                        Long.parseLong(one.getMetadata().getResourceVersion()),
                        Long.parseLong(other.getMetadata().getResourceVersion())))
                .map(Event::getReason)
                .toList();
    }

    private static ContainerStatus container(Pod pod) {
        return pod.getStatus().getContainerStatuses().get(0);
    }

    private static PodCondition condition(Pod pod, String type) {
        return pod.getStatus().getConditions().stream()
                .filter(condition -> condition.getType().equals(type))
                .findFirst()
                .orElseThrow();
    }

    private static Pod changed(Pod pod, UnaryOperator<PodBuilder> change) {
        return change.apply(new PodBuilder(pod)).build();
    }

    private static Pod pod(String name) {
        return new PodBuilder()
                .withNewMetadata()
                .withNamespace("default")
                .withName(name)
                .endMetadata()
                .withNewSpec()
                .withNodeName("n1")
                .addNewContainer()
                .withName("c")
                .withImage("app")
                .endContainer()
                .endSpec()
                .build();
    }
}

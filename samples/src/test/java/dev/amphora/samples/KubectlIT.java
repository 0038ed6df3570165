package dev.amphora.samples;

import static org.assertj.core.api.Assertions.assertThat;

import dev.amphora.Cluster;
import dev.amphora.proxy.UserspaceProxy;
import dev.amphora.runtime.fake.ContainerBehavior;
import dev.amphora.runtime.fake.ContainerView;
import dev.amphora.runtime.fake.FakeRuntime;
import dev.amphora.runtime.fake.HttpHandler;
import dev.amphora.store.memory.MemoryStore;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.api.parallel.ResourceAccessMode;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every version of the real kubectl does its daily work, with its own validation on, two at a time. */
@Execution(ExecutionMode.CONCURRENT)
class KubectlIT {
    /** What whoever empties a node must have alone. */
    private static final String NODES = "nodes";

    private static final String MANIFEST =
            """
            apiVersion: apps/v1
            kind: Deployment
            metadata:
              name: web
              labels: {app: web}
            spec:
              replicas: 3
              selector:
                matchLabels: {app: web}
              template:
                metadata:
                  labels: {app: web}
                spec:
                  containers:
                  - name: web
                    image: example.dev/web:1
                    ports:
                    - containerPort: 8080
                    resources:
                      requests: {cpu: 100m, memory: 64Mi}
            ---
            apiVersion: v1
            kind: Service
            metadata:
              name: web
            spec:
              selector: {app: web}
              ports:
              - port: 80
                targetPort: 8080
            """;

    @TempDir
    @SuppressWarnings("NullAway.Init")
    static Path directory;

    @SuppressWarnings("NullAway.Init")
    private static Cluster cluster;

    @BeforeAll
    static void startCluster() throws IOException {
        cluster = Cluster.builder()
                .store(new MemoryStore())
                .node("worker-1", runtime())
                .node("worker-2", runtime())
                .node("worker-3", runtime())
                .proxy(new UserspaceProxy())
                .serve(0)
                .start();
        Files.writeString(directory.resolve("web.yaml"), MANIFEST);
        Files.writeString(
                directory.resolve("settings.json"),
                """
                {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings"}, "data": {"colour": "blue"}}""");
    }

    @AfterAll
    static void endCluster() {
        cluster.close();
    }

    private static FakeRuntime runtime() {
        return new FakeRuntime().behave(KubectlIT::servesItsName);
    }

    private static ContainerBehavior servesItsName(ContainerView container) {
        return ContainerBehavior.runs()
                .logs("serving as " + container.podName())
                .servesHttp(8080, request -> HttpHandler.Reply.text(container.podName() + "\n"));
    }

    /** A kubectl in a new namespace of its own. */
    private static Kubectl kubectl(String binary, String purpose) {
        String namespace =
                purpose + "-" + Path.of(binary).getFileName().toString().replace('.', '-');
        Kubectl kubectl = Kubectl.of(cluster, directory, binary, namespace);
        assertThat(kubectl.run("create", "namespace", namespace)).contains("created");
        return kubectl;
    }

    private static void deleteNamespace(Kubectl kubectl) {
        assertThat(kubectl.run("delete", "namespace", kubectl.namespace())).contains("deleted");
        assertThat(kubectl.run(1, "get", "namespace", kubectl.namespace())).contains("NotFound");
    }

    private static String file(String name) {
        return directory.resolve(name).toString();
    }

    @ParameterizedTest
    @MethodSource("dev.amphora.samples.Kubectl#binaries")
    @ResourceLock(value = NODES, mode = ResourceAccessMode.READ)
    void createsAppliesAndShows(String binary) throws IOException {
        Kubectl kubectl = kubectl(binary, "show");

        assertThat(kubectl.run("version")).contains("Server Version");
        assertThat(kubectl.run("api-resources"))
                .containsPattern("deployments +deploy +apps/v1 +true +Deployment")
                .containsPattern("pods +po +v1 +true +Pod");
        assertThat(kubectl.run("get", "nodes").lines().filter(line -> line.matches("worker-. +Ready .*v1.36.3")))
                .hasSize(3);

        Path watched = kubectl.home().resolve("watched");
        Process watch = kubectl.start(watched, "get", "pods", "--watch");
        assertThat(kubectl.run("apply", "-f", file("web.yaml")))
                .contains("deployment.apps/web created", "service/web created")
                .doesNotContain("Warning");
        assertThat(kubectl.run("apply", "-f", file("settings.json"))).contains("configmap/settings created");
        assertThat(kubectl.run("apply", "-f", file("web.yaml")))
                .contains("deployment.apps/web unchanged", "service/web unchanged");
        assertThat(kubectl.run("create", "deployment", "side", "--image=example.dev/web:1", "--replicas=2"))
                .contains("deployment.apps/side created");
        assertThat(kubectl.run("create", "configmap", "more", "--from-literal=size=big"))
                .contains("configmap/more created");
        assertThat(kubectl.run("get", "configmap", "more", "-o", "jsonpath={.data.size}"))
                .isEqualTo("big");
        kubectl.run("wait", "--for=condition=Available", "deployment/web", "deployment/side", "--timeout=30s");
        cluster.await(
                "kubectl get -w shows the pods run",
                Duration.ofSeconds(30),
                () -> read(watched)
                                .lines()
                                .filter(line -> line.matches("web-.* 1/1 +Running .*"))
                                .count()
                        >= 3);
        watch.destroy();

        assertThat(kubectl.run("get", "deployment,pods,services", "-o", "wide"))
                .containsPattern("deployment.apps/web +3/3 +3 +3 .* web +example.dev/web:1 +app=web")
                .containsPattern("pod/web-.* 1/1 +Running +0 .* 127\\.[0-9.]+ +worker-. +<none> +<none>")
                .containsPattern("service/web +ClusterIP +127\\.[0-9.]+ +<none> +80/TCP .* app=web");
        assertThat(kubectl.run("get", "all"))
                .contains("pod/web-", "service/web ", "deployment.apps/web ", "replicaset.apps/web-");

        String pod = kubectl.run("get", "pods", "-l", "app=web", "-o", "jsonpath={.items[0].metadata.name}");
        assertThat(kubectl.run("describe", "pod", pod))
                .containsPattern("Status: +Running")
                .containsPattern("Controlled By: +ReplicaSet/web-")
                .containsPattern("Normal +Scheduled .*default-scheduler +Successfully assigned .* to worker-")
                .containsPattern("Normal +Started .*kubelet");
        assertThat(kubectl.run("describe", "deployment", "web"))
                .contains("3 desired | 3 updated | 3 total | 3 available | 0 unavailable", "(3/3 replicas created)")
                .containsPattern("ScalingReplicaSet .*deployment-controller");
        assertThat(kubectl.run("describe", "service", "web"))
                .containsPattern("Endpoints: +127[0-9.]+:8080,127[0-9.]+:8080,127[0-9.]+:8080");
        assertThat(kubectl.run("describe", "node", "worker-1"))
                .containsPattern("Ready +True .* KubeletReady")
                .containsPattern("HolderIdentity: +worker-1")
                .contains("Non-terminated Pods:", kubectl.namespace());
        assertThat(kubectl.run("logs", pod)).isEqualTo("serving as " + pod + "\n");
        assertThat(kubectl.run("get", "events")).contains("Scheduled", "SuccessfulCreate", "ScalingReplicaSet");
        assertThat(kubectl.run("explain", "deployment.spec.strategy")).contains("rollingUpdate", "<string>");

        assertThat(kubectl.run("delete", "-f", file("web.yaml")))
                .contains("deployment.apps \"web\" deleted", "service \"web\" deleted");
        assertThat(kubectl.run(1, "get", "deployment", "web")).contains("NotFound");
        deleteNamespace(kubectl);
    }

    @ParameterizedTest
    @MethodSource("dev.amphora.samples.Kubectl#binaries")
    @ResourceLock(value = NODES, mode = ResourceAccessMode.READ)
    void scalesAndRollsOut(String binary) {
        Kubectl kubectl = kubectl(binary, "roll");
        kubectl.run("apply", "-f", file("web.yaml"));
        assertRolledOut(kubectl);

        assertThat(kubectl.run("scale", "deployment/web", "--replicas=4")).contains("scaled");
        assertRolledOut(kubectl);
        assertThat(kubectl.run("get", "deployment", "web", "-o", "jsonpath={.status.readyReplicas}"))
                .isEqualTo("4");
        assertThat(kubectl.run("set", "image", "deployment/web", "web=example.dev/web:2"))
                .contains("image updated");
        assertRolledOut(kubectl);
        assertThat(kubectl.run("rollout", "history", "deployment/web"))
                .contains("REVISION")
                .containsPattern("(?m)^1 ")
                .containsPattern("(?m)^2 ");
        assertThat(kubectl.run("rollout", "history", "deployment/web", "--revision=2"))
                .contains("example.dev/web:2");
        assertThat(kubectl.run("rollout", "undo", "deployment/web")).contains("rolled back");
        assertRolledOut(kubectl);
        assertThat(images(kubectl, "web")).isEqualTo("example.dev/web:1");
        assertThat(kubectl.run("rollout", "restart", "deployment/web")).contains("restarted");
        assertRolledOut(kubectl);
        assertThat(kubectl.run("get", "pods", "-l", "app=web", "-o", "yaml"))
                .contains("kubectl.kubernetes.io/restartedAt");

        assertThat(kubectl.run("delete", "deployment", "web")).contains("deleted");
        deleteNamespace(kubectl);
    }

    private static void assertRolledOut(Kubectl kubectl) {
        assertThat(kubectl.run("rollout", "status", "deployment/web", "--timeout=30s"))
                .contains("deployment \"web\" successfully rolled out");
    }

    private static String images(Kubectl kubectl, String deployment) {
        return kubectl.run("get", "deployment", deployment, "-o", "jsonpath={.spec.template.spec.containers[*].image}");
    }

    @ParameterizedTest
    @MethodSource("dev.amphora.samples.Kubectl#binaries")
    @ResourceLock(value = NODES, mode = ResourceAccessMode.READ)
    void changesWhatIsThere(String binary) {
        Kubectl kubectl = kubectl(binary, "change");
        kubectl.run("create", "deployment", "web", "--image=example.dev/web:1");

        assertThat(kubectl.run("label", "deployment", "web", "tier=front")).contains("labeled");
        assertThat(kubectl.run("get", "deployments", "-l", "tier=front", "-o", "name"))
                .isEqualTo("deployment.apps/web\n");
        assertThat(kubectl.run("annotate", "deployment", "web", "note=hello")).contains("deployment.apps/web annotate");
        assertThat(kubectl.run("get", "deployment", "web", "-o", "jsonpath={.metadata.annotations.note}"))
                .isEqualTo("hello");
        assertThat(kubectl.run("annotate", "deployment", "web", "note-")).contains("deployment.apps/web annotate");
        assertThat(kubectl.run("patch", "deployment", "web", "-p", "{\"spec\":{\"replicas\":2}}"))
                .contains("patched");
        assertThat(kubectl.run("patch", "deployment", "web", "--type=merge", "-p", "{\"spec\":{\"paused\":true}}"))
                .contains("patched");
        assertThat(kubectl.run(
                        "patch",
                        "deployment",
                        "web",
                        "--type=json",
                        "-p",
                        "[{\"op\":\"remove\",\"path\":\"/spec/paused\"}]"))
                .contains("patched");
        assertThat(kubectl.run("edit", "deployment", "web")).contains("deployment.apps/web edited");
        assertThat(images(kubectl, "web")).isEqualTo("example.dev/web:9");
        assertThat(kubectl.run("apply", "-f", file("settings.json"))).contains("created");
        assertThat(kubectl.run("replace", "-f", file("settings.json"))).contains("replaced");
        assertThat(kubectl.run("delete", "configmap", "settings")).contains("deleted");

        deleteNamespace(kubectl);
    }

    @ParameterizedTest
    @MethodSource("dev.amphora.samples.Kubectl#binaries")
    @ResourceLock(value = NODES, mode = ResourceAccessMode.READ)
    void appliesOnTheServerAndDeletesWithWhatBelongsToIt(String binary) {
        Kubectl kubectl = kubectl(binary, "apply");

        assertThat(kubectl.run("apply", "--server-side", "-f", file("web.yaml")))
                .contains("deployment.apps/web serverside-applied", "service/web serverside-applied");
        String other = "{\"apiVersion\": \"apps/v1\", \"kind\": \"Deployment\", \"metadata\": {\"name\": \"web\"}, "
                + "\"spec\": {\"replicas\": 1}}";
        assertThat(kubectl.feed(1, other, "apply", "--server-side", "--field-manager=other", "-f", "-"))
                .contains("Apply failed with 1 conflict: conflict with \"kubectl\": .spec.replicas");
        assertThat(kubectl.feed(
                        0, other, "apply", "--server-side", "--field-manager=other", "--force-conflicts", "-f", "-"))
                .contains("serverside-applied");
        assertRolledOut(kubectl);
        assertThat(kubectl.run(
                        "patch",
                        "deployment",
                        "web",
                        "--subresource=status",
                        "-p",
                        "{\"status\": {\"conditions\": [{\"type\": \"Blessed\", \"status\": \"True\"}]}}"))
                .contains("patched");
        assertThat(kubectl.run("get", "deployment", "web", "-o", "jsonpath={.spec.replicas} {..conditions[*].type}"))
                .startsWith("1 ")
                .contains("Available", "Blessed");

        assertThat(kubectl.run("delete", "deployment", "web", "--cascade=foreground"))
                .contains("deleted");
        assertThat(kubectl.run("get", "deployments,replicasets,pods")).contains("No resources found");
        kubectl.run("apply", "-f", file("settings.json"));
        kubectl.run("patch", "configmap", "settings", "-p", "{\"metadata\": {\"finalizers\": [\"example.com/wait\"]}}");
        assertThat(kubectl.run("delete", "configmap", "settings", "--wait=false"))
                .contains("deleted");
        assertThat(kubectl.run("get", "configmap", "settings", "-o", "jsonpath={.metadata.deletionTimestamp}"))
                .isNotEmpty();
        kubectl.run("patch", "configmap", "settings", "--type=merge", "-p", "{\"metadata\": {\"finalizers\": null}}");
        assertThat(kubectl.run(1, "get", "configmap", "settings")).contains("NotFound");
    }

    @ParameterizedTest
    @MethodSource("dev.amphora.samples.Kubectl#binaries")
    @ResourceLock(value = NODES, mode = ResourceAccessMode.READ)
    void knowsWhoMayDoWhat(String binary) {
        Kubectl kubectl = kubectl(binary, "rights");
        String robot = "--as=system:serviceaccount:" + kubectl.namespace() + ":robot";

        kubectl.run("create", "serviceaccount", "robot");
        assertThat(kubectl.run("create", "token", "robot")).startsWith("eyJ");
        assertThat(kubectl.run("auth", "can-i", "create", "pods")).isEqualTo("yes\n");
        assertThat(kubectl.run("auth", "can-i", "--list")).containsPattern("\\*\\.\\* +\\[\\] +\\[\\] +\\[\\*\\]");
        assertThat(kubectl.run(1, "auth", "can-i", "get", "pods", robot)).isEqualTo("no\n");
        kubectl.run("create", "role", "reader", "--verb=get,list", "--resource=pods");
        kubectl.run(
                "create",
                "rolebinding",
                "reader",
                "--role=reader",
                "--serviceaccount=" + kubectl.namespace() + ":robot");
        assertThat(kubectl.run("auth", "can-i", "get", "pods", robot)).isEqualTo("yes\n");
        assertThat(kubectl.run("auth", "can-i", "--list", robot))
                .containsPattern("pods +\\[\\] +\\[\\] +\\[get list\\]");
        assertThat(kubectl.run(1, "create", "configmap", "more", robot)).contains("cannot create resource");

        deleteNamespace(kubectl);
    }

    @ParameterizedTest
    @MethodSource("dev.amphora.samples.Kubectl#binaries")
    @ResourceLock(NODES)
    void emptiesANode(String binary) {
        Kubectl kubectl = kubectl(binary, "drain");
        kubectl.run("create", "deployment", "web", "--image=example.dev/web:1", "--replicas=6");
        assertRolledOut(kubectl);

        assertThat(kubectl.run("cordon", "worker-2")).contains("cordoned");
        assertThat(kubectl.run("get", "node", "worker-2")).contains("Ready,SchedulingDisabled");
        assertThat(kubectl.run("drain", "worker-2", "--force", "--ignore-daemonsets", "--timeout=50s"))
                .contains("evicting pod " + kubectl.namespace() + "/web-", "node/worker-2 drained");
        assertRolledOut(kubectl);
        assertThat(kubectl.run("get", "pods", "-o", "wide"))
                .contains("worker-1")
                .doesNotContain("worker-2");
        assertThat(kubectl.run("uncordon", "worker-2")).contains("uncordoned");

        deleteNamespace(kubectl);
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}

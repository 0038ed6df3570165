package dev.amphora.scheduler.extender;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import dev.amphora.Cluster;
import dev.amphora.Conditions;
import dev.amphora.api.Json;
import dev.amphora.rest.tls.CertificateAuthority;
import dev.amphora.rest.tls.KeyCertificate;
import dev.amphora.runtime.fake.FakeRuntime;
import dev.amphora.scheduler.DefaultScheduler;
import dev.amphora.scheduler.Profile;
import dev.amphora.scheduler.SchedulerConfiguration;
import dev.amphora.scheduler.SchedulerSandbox;
import dev.amphora.scheduler.framework.NodeInfo;
import dev.amphora.scheduler.framework.PodInfo;
import dev.amphora.scheduler.testing.TestNode;
import dev.amphora.scheduler.testing.TestPod;
import dev.amphora.store.memory.MemoryStore;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What goes to an extender over the wire, and what is made of its answers. */
class HttpExtenderIT {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final PodInfo POD = PodInfo.of(TestPod.pod("p").uid("uid-p").build());
    private static final List<NodeInfo> NODES = List.of(
            NodeInfo.of(TestNode.node("a").label("disk", "ssd").build()),
            NodeInfo.of(TestNode.node("b").build()));

    private ExtenderServer server;

    @BeforeEach
    void start() throws Exception {
        server = ExtenderServer.http();
    }

    @AfterEach
    void stop() {
        server.close();
    }

    private HttpExtender.Builder extender() {
        return HttpExtender.at("http://127.0.0.1:" + server.port() + "/extender/");
    }

    private static JsonNode json(String text) {
        return Json.read(text.getBytes(StandardCharsets.UTF_8));
    }

    // -- the wire ----------------------------------------------------------------------------------------------------

    @Test
    void anExtenderThatDoesNotKnowTheNodesIsSentThemWhole() {
        server.answers(
                body ->
                        """
                {"Nodes": {"items": [{"metadata": {"name": "b"}}]}, "FailedNodes": {"a": "no"},
                 "FailedAndUnresolvableNodes": {"a": "never"}, "Error": ""}""");

        var answer = extender().filter("filter").build().filter(POD, NODES);

        assertThat(server.paths).containsExactly("POST /extender/filter application/json");
        JsonNode body = server.bodies.get(0);
        assertThat(body.path("Pod").path("metadata").path("uid").asText()).isEqualTo("uid-p");
        assertThat(body.path("Pod").has("kind")).isFalse();
        assertThat(body.path("Nodes").path("items")).hasSize(2);
        assertThat(body.at("/Nodes/items/0/metadata/labels/disk").asText()).isEqualTo("ssd");
        assertThat(body.get("NodeNames").isNull()).isTrue();
        assertThat(answer.nodeNames()).containsExactly("b");
        assertThat(answer.failed()).containsEntry("a", "no");
        assertThat(answer.failedForGood()).containsEntry("a", "never");
    }

    @Test
    void anExtenderThatKnowsTheNodesIsToldTheirNames() {
        server.answers(body -> "{\"nodenames\": [\"b\", \"a\"]}");

        var answer = extender().filter("filter").nodeCacheCapable().build().filter(POD, NODES);

        assertThat(server.bodies.get(0).get("NodeNames")).isEqualTo(json("[\"a\", \"b\"]"));
        assertThat(server.bodies.get(0).get("Nodes").isNull()).isTrue();
        assertThat(answer.nodeNames()).containsExactly("b", "a");
    }

    @Test
    void anAnswerWithoutNodesLeavesNone() {
        server.answers(body -> "{\"NodeNames\": [\"a\"]}");

        assertThat(extender().filter("f").build().filter(POD, NODES).nodeNames())
                .isEmpty();
    }

    @Test
    void prioritiesAreAList() {
        server.answers(body -> "[{\"host\": \"a\", \"score\": 3}, {\"Host\": \"b\", \"Score\": 10}]");

        assertThat(extender().prioritize("prioritize", 2).build().prioritize(POD, NODES))
                .containsEntry("a", 3L)
                .containsEntry("b", 10L);
        assertThat(server.paths).containsExactly("POST /extender/prioritize application/json");
        server.answers(body -> "null");
        assertThat(extender().prioritize("p", 2).build().prioritize(POD, NODES)).isEmpty();
        server.answers(body -> "[{\"Host\": \"a\", \"Score\": 1.5}]");
        assertThatThrownBy(() -> extender().prioritize("p", 2).build().prioritize(POD, NODES))
                .hasMessage("json: Score is not an integer");
    }

    @Test
    void aBindingNamesThePodAndItsNode() {
        HttpExtender extender = extender().bind("bind").build();
        extender.bind(POD, "b");

        assertThat(server.bodies)
                .containsExactly(
                        json(
                                """
                        {"PodName": "p", "PodNamespace": "default", "PodUID": "uid-p", "Node": "b"}"""));
        server.answers(body -> "{\"Error\": \"it is gone\"}");
        assertThatThrownBy(() -> extender.bind(POD, "b")).hasMessage("it is gone");
    }

    @Test
    void preemptionIsToldOfVictimsAndAnswersWithTheirUids() {
        Pod victim = TestPod.pod("v").uid("uid-v").on("a").priority(1).build();
        SchedulerSandbox whole = new SchedulerSandbox(
                Profile.named("default-scheduler"),
                List.of(extender().preempt("preempt").build()),
                1);
        whole.put(TestNode.node("a").allocatable("pods", "1").build()).put(victim);
        server.answers(
                body ->
                        """
                {"NodeNameToMetaVictims": {"a": {"Pods": [{"UID": "uid-v"}], "NumPDBViolations": 0}}}""");

        assertThat(whole.schedule(TestPod.pod("p").priority(10).build()).nominatedNode())
                .isEqualTo("a");
        JsonNode body = server.bodies.get(0);
        assertThat(body.at("/NodeNameToVictims/a/Pods/0/metadata/name").asText())
                .isEqualTo("v");
        assertThat(body.at("/NodeNameToVictims/a/NumPDBViolations")).isEqualTo(json("0"));
        assertThat(body.get("NodeNameToMetaVictims").isNull()).isTrue();

        SchedulerSandbox byName = new SchedulerSandbox(
                Profile.named("default-scheduler"),
                List.of(extender().preempt("preempt").nodeCacheCapable().build()),
                1);
        byName.put(TestNode.node("a").allocatable("pods", "1").build()).put(victim);
        server.answers(
                body2 -> """
                {"NodeNameToMetaVictims": {"a": {"Pods": [{"UID": "another"}]}}}""");
        assertThat(byName.schedule(TestPod.pod("p").priority(10).build()).message())
                .contains("claims to preempt pod (UID: &{another}) on node: a, but the pod is not found on that node");
        assertThat(server.bodies.get(1).get("NodeNameToMetaVictims"))
                .isEqualTo(json("{\"a\": {\"Pods\": [{\"UID\": \"uid-v\"}], \"NumPDBViolations\": 0}}"));
    }

    // -- failures ----------------------------------------------------------------------------------------------------

    @Test
    void failuresAreToldInTheReferencesWords() throws Exception {
        HttpExtender extender = extender().filter("filter").build();
        String url = "http://127.0.0.1:" + server.port() + "/extender/filter";

        server.answers(500, "oops");
        assertThatThrownBy(() -> extender.filter(POD, NODES))
                .hasMessage("failed filter with extender at URL " + url + ", code 500");
        server.answers(200, "");
        assertThatThrownBy(() -> extender.filter(POD, NODES)).hasMessage("EOF");
        server.answers(200, "{\"Error\": \"no GPUs today\"}");
        assertThatThrownBy(() -> extender.filter(POD, NODES)).hasMessage("no GPUs today");
        server.answers(200, "surprise");
        assertThatThrownBy(() -> extender.filter(POD, NODES)).hasMessageContaining("is not JSON");
        server.close();
        assertThatThrownBy(() -> extender.filter(POD, NODES))
                .hasMessage(
                        "Post \"" + url + "\": dial tcp 127.0.0.1:" + server.port() + ": connect: connection refused");
        assertThatThrownBy(
                        () -> HttpExtender.at("what a URL").filter("f").build().filter(POD, NODES))
                .hasMessage("Post \"what a URL/f\": not a URL to call");
    }

    @Test
    void whoDoesNotAnswerInTimeHasFailed() {
        CountDownLatch stuck = new CountDownLatch(1);
        server.answers(body -> {
            try {
                stuck.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            return "{}";
        });
        HttpExtender extender =
                extender().filter("filter").timeout(Duration.ofMillis(100)).build();

        assertThatThrownBy(() -> extender.filter(POD, NODES))
                .hasMessageEndingWith("context deadline exceeded (Client.Timeout exceeded while awaiting headers)");
        stuck.countDown();
    }

    @Test
    void aConnectionThatIsCutOffIsTriedOnceMore() throws Exception {
        try (ServerSocket rude = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
            HttpExtender extender = HttpExtender.at("http://127.0.0.1:" + rude.getLocalPort())
                    .filter("f")
                    .bind("b")
                    .build();
            int[] accepted = {0};
            Thread accepting = new Thread(() -> {
                try {
                    while (true) {
                        try (var connection = rude.accept()) {
                            accepted[0]++;
                            connection.getInputStream().read();
                            connection.shutdownOutput();
                            connection.getInputStream().transferTo(OutputStream.nullOutputStream());
                        }
                    }
                } catch (IOException e) {
                    // closed
                }
            });
            accepting.start();

            assertThatThrownBy(() -> extender.filter(POD, NODES)).isInstanceOf(IllegalStateException.class);
            assertThatThrownBy(() -> extender.bind(POD, "a")).isInstanceOf(IllegalStateException.class);
            rude.close();
            accepting.join();
            assertThat(accepted[0]).isEqualTo(3);
        }
    }

    // -- TLS ---------------------------------------------------------------------------------------------------------

    @Test
    void overHttpsTheServersCertificateCountsAsFarAsTheConfigurationSays() throws Exception {
        CertificateAuthority authority = CertificateAuthority.generate(InstantSource.system());
        CertificateAuthority other = CertificateAuthority.generate(InstantSource.system());
        KeyCertificate serving = authority.server("extender", List.of("extender.example.com"), List.of());
        KeyCertificate shown = other.client("scheduler", List.of());
        try (ExtenderServer open = ExtenderServer.https(serving, null);
                ExtenderServer closed = ExtenderServer.https(serving, other)) {
            ExtenderTls named = new ExtenderTls(false, "extender.example.com", authority.certificatePem(), "", "");
            ExtenderTls unnamed = new ExtenderTls(false, "", authority.certificatePem(), "", "");
            ExtenderTls strange = new ExtenderTls(false, "extender.example.com", other.certificatePem(), "", "");
            ExtenderTls known = new ExtenderTls(
                    false, "extender.example.com", authority.certificatePem(), shown.certificatePem(), shown.keyPem());

            assertThat(at(open).tls(named).build().filter(POD, NODES).nodeNames())
                    .isEmpty();
            assertThatThrownBy(() -> at(open).tls(unnamed).build().filter(POD, NODES))
                    .hasMessageContaining("x509: certificate is not valid for 127.0.0.1");
            assertThatThrownBy(() -> at(open).tls(strange).build().filter(POD, NODES))
                    .hasMessageContaining("certificate signed by unknown authority");
            assertThatThrownBy(() -> at(open).build().filter(POD, NODES))
                    .hasMessageContaining("certificate signed by unknown authority");
            // as in the reference, HTTPS that is asked for without authorities takes anybody
            assertThat(at(open).enableHttps().build().filter(POD, NODES).nodeNames())
                    .isEmpty();
            assertThat(at(closed).tls(known).build().filter(POD, NODES).nodeNames())
                    .isEmpty();
            assertThatThrownBy(() -> at(closed).tls(named).build().filter(POD, NODES))
                    .isInstanceOf(IllegalStateException.class);

            String yaml =
                    """
                    apiVersion: kubescheduler.config.k8s.io/v1
                    kind: KubeSchedulerConfiguration
                    extenders:
                    - urlPrefix: https://127.0.0.1:%d
                      filterVerb: filter
                      enableHTTPS: true
                      tlsConfig: {serverName: extender.example.com, caData: %s, certData: %s, keyData: %s}
                    """
                            .formatted(
                                    closed.port(),
                                    base64(authority.certificatePem()),
                                    base64(shown.certificatePem()),
                                    base64(shown.keyPem()));
            assertThat(SchedulerConfiguration.read(yaml)
                            .extenders()
                            .get(0)
                            .filter(POD, NODES)
                            .nodeNames())
                    .isEmpty();
        }
    }

    private static String base64(String text) {
        return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }

    private static HttpExtender.Builder at(ExtenderServer server) {
        return HttpExtender.at("https://127.0.0.1:" + server.port()).filter("filter");
    }

    // -- a cluster ---------------------------------------------------------------------------------------------------

    @Test
    void theExtenderOfAConfigurationPlacesThePodsOfACluster() {
        server.answers(body -> body.has("PodName") ? "{}" : ofNodes(body));
        String yaml =
                """
                apiVersion: kubescheduler.config.k8s.io/v1
                kind: KubeSchedulerConfiguration
                extenders:
                - urlPrefix: http://127.0.0.1:%d
                  filterVerb: filter
                  prioritizeVerb: prioritize
                  weight: 100
                  nodeCacheCapable: true
                """
                        .formatted(server.port());
        try (Cluster cluster = Cluster.builder()
                .store(new MemoryStore())
                .scheduler(DefaultScheduler.builder()
                        .configuration(SchedulerConfiguration.read(yaml))
                        .build())
                .node("a", new FakeRuntime())
                .node("b", new FakeRuntime())
                .node("c", new FakeRuntime())
                .start()) {
            KubernetesClient client = cluster.client();
            for (int i = 0; i < 4; i++) {
                client.resource(new PodBuilder()
                                .withNewMetadata()
                                .withName("p" + i)
                                .withNamespace("default")
                                .endMetadata()
                                .withNewSpec()
                                .addNewContainer()
                                .withName("c")
                                .withImage("i:1")
                                .endContainer()
                                .endSpec()
                                .build())
                        .create();
            }
            for (int i = 0; i < 4; i++) {
                cluster.await(Conditions.pod("p" + i).running(), PATIENCE);
                assertThat(client.pods()
                                .inNamespace("default")
                                .withName("p" + i)
                                .get()
                                .getSpec()
                                .getNodeName())
                        .isEqualTo("b");
            }
        }
        assertThat(server.paths).anyMatch(path -> path.startsWith("POST /filter"));
        assertThat(server.paths).anyMatch(path -> path.startsWith("POST /prioritize"));
    }

    /** Keeps pods off node c, and prefers node b. */
    private String ofNodes(JsonNode body) {
        String path = server.paths.get(server.paths.size() - 1);
        StringBuilder text = new StringBuilder();
        for (JsonNode name : body.path("NodeNames")) {
            if (path.startsWith("POST /prioritize")) {
                text.append(text.isEmpty() ? "[" : ",")
                        .append("{\"Host\": %s, \"Score\": %d}"
                                .formatted(name, name.asText().equals("b") ? 10 : 0));
            } else if (!name.asText().equals("c")) {
                text.append(text.isEmpty() ? "{\"NodeNames\": [" : ",").append(name);
            }
        }
        return path.startsWith("POST /prioritize") ? text + "]" : text + "], \"FailedNodes\": {\"c\": \"closed\"}}";
    }
}

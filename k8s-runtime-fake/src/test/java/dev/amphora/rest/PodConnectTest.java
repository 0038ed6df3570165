package dev.amphora.rest;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.Json;
import dev.amphora.api.StatusException;
import dev.amphora.apiserver.ApiServer;
import dev.amphora.apiserver.admission.AdmissionPlugin;
import dev.amphora.apiserver.admission.AdmissionRequest;
import dev.amphora.kernel.Kernel;
import dev.amphora.kernel.ThreadedKernel;
import dev.amphora.store.memory.MemoryStore;
import io.fabric8.kubernetes.client.RequestConfig;
import io.fabric8.kubernetes.client.RequestConfigBuilder;
import io.fabric8.kubernetes.client.http.HttpClient;
import io.fabric8.kubernetes.client.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the API server says of connections to containers before it asks a node. */
class PodConnectTest {
    /** The client's way is to ask again for a while when it is told 503. */
    private static final RequestConfig ASKS_ONCE =
            new RequestConfigBuilder().withRequestRetryBackoffLimit(0).build();

    private final Kernel kernel = new ThreadedKernel();
    private final MemoryStore store = new MemoryStore();
    private final List<AdmissionRequest> judged = new ArrayList<>();
    private final ApiServer server;
    private final RestApi api;
    private String forbidden = "";

    private final AdmissionPlugin judge = new AdmissionPlugin() {
        @Override
        public String name() {
            return "Judge";
        }

        @Override
        public void validate(AdmissionRequest request) {
            if (request.operation() == AdmissionRequest.Operation.CONNECT) {
                judged.add(request);
                if (request.subresource().equals(forbidden)) {
                    throw StatusException.forbidden(request.group(), request.resource(), request.name(), "not now");
                }
            }
        }
    };

    PodConnectTest() {
        store.start(kernel);
        server = ApiServer.builder(kernel, store)
                .withoutAdmission("ServiceAccount")
                .admission(objects -> judge)
                .build()
                .start();
        api = RestApi.builder(kernel, server).build();
    }

    @BeforeEach
    void makePods() throws Exception {
        pod("one", "\"containers\":[{\"name\":\"c\",\"image\":\"i\"}]");
        pod(
                "two",
                "\"containers\":[{\"name\":\"c\",\"image\":\"i\"},{\"name\":\"d\",\"image\":\"i\"}],"
                        + "\"initContainers\":[{\"name\":\"in\",\"image\":\"i\"}]");
        pod("bound", "\"nodeName\":\"n\",\"containers\":[{\"name\":\"c\",\"image\":\"i\"}]");
    }

    @AfterEach
    void close() {
        server.close();
        store.close();
        kernel.close();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "one/exec?command=ls | 400 | pod one does not have a host assigned",
                "one/attach | 400 | pod one does not have a host assigned",
                "one/portforward | 400 | pod one does not have a host assigned",
                "none/exec?command=ls | 404 | pods \"none\" not found",
                "one/exec?container=x | 400 | container x is not valid for pod one",
                "two/exec | 400 | a container name must be specified for pod two, choose one of: [c d] or one of the init containers: [in]",
                "bound/exec | 404 | pods \"n\" not found",
                "bound/log | 404 | pods \"n\" not found",
                "none/log?tailLines=-1 | 422 | PodLogOptions \"none\" is invalid: tailLines: Invalid value: -1: must be greater than or equal to 0",
                "ftp:one:80/proxy/ | 400 | invalid pod request \"ftp:one:80\"",
                "one:80/proxy/ | 400 | address not allowed",
                "none/proxy/ | 404 | pods \"none\" not found"
            })
    void saysWhatIsWrong(String path, int code, String message) throws Exception {
        HttpResponse<byte[]> answer = send("GET", "/api/v1/namespaces/default/pods/" + path, "");

        assertThat(answer.code()).isEqualTo(code);
        assertThat(Json.read(answer.body()).path("message").asText()).isEqualTo(message);
    }

    @Test
    void anUnassignedPodHasNoLog() throws Exception {
        HttpResponse<byte[]> answer = send("GET", "/api/v1/namespaces/default/pods/one/log", "");

        assertThat(answer.code()).isEqualTo(204);
    }

    @Test
    void wantsAnUpgrade() throws Exception {
        node("n");
        HttpResponse<byte[]> answer = send("POST", "/api/v1/namespaces/default/pods/bound/exec?command=ls", "");

        assertThat(answer.code()).isEqualTo(400);
        assertThat(Json.read(answer.body()).path("message").asText()).isEqualTo("Upgrade request required");
    }

    @Test
    void theProxyLeadsToASlash() throws Exception {
        HttpResponse<byte[]> answer = send("GET", "/api/v1/namespaces/default/services/web/proxy?x=1", "");
        assertThat(answer.code()).isEqualTo(404);

        send(
                "POST",
                "/api/v1/namespaces/default/services",
                "{\"metadata\":{\"name\":\"web\"},\"spec\":{\"ports\":[{\"port\":80}]}}");
        assertThat(message("/api/v1/namespaces/default/services/web:81/proxy/"))
                .isEqualTo("no service port 81 found for service \"web\"");
        send(
                "PUT",
                "/api/v1/namespaces/default/pods/one/status",
                "{\"metadata\":{\"name\":\"one\"},\"status\":{\"podIP\":\"127.128.0.1\",\"podIPs\":[{\"ip\":\"127.128.0.1\"}]}}");
        send(
                "POST",
                "/api/v1/namespaces/default/endpoints",
                "{\"metadata\":{\"name\":\"web\"},\"subsets\":[{\"addresses\":[{\"ip\":\"127.128.0.1\",\"targetRef\":"
                        + "{\"kind\":\"Pod\",\"namespace\":\"default\",\"name\":\"one\"}}],\"ports\":[{\"port\":1}]}]}");
        answer = send("GET", "/api/v1/namespaces/default/services/web/proxy?x=1", "");
        assertThat(answer.code()).isEqualTo(301);
        assertThat(answer.header("Location")).isEqualTo("/api/v1/namespaces/default/services/web/proxy/?x=1");
        assertThat(message("/api/v1/namespaces/default/services/web/proxy/"))
                .isEqualTo("error trying to reach service: dial tcp 127.128.0.1:1: connect: connection refused");
        assertThat(message("/api/v1/namespaces/default/services/web:named/proxy/"))
                .isEqualTo("no endpoints available for service \"web:named\"");
    }

    @Test
    void admissionJudgesWhatIsAskedFor() throws Exception {
        forbidden = "exec";

        assertThat(message("/api/v1/namespaces/default/pods/one/exec?command=ls&command=-l&stdin=1&tty=false"))
                .isEqualTo("pods \"one\" is forbidden: not now");
        send("GET", "/api/v1/namespaces/default/pods/one/portforward?ports=80,81", "");
        send("GET", "/api/v1/namespaces/default/pods/one:80/proxy/a/b", "");

        assertThat(judged)
                .extracting(request -> Json.write(object(request)))
                .extracting(bytes -> new String(bytes, StandardCharsets.UTF_8))
                .containsExactly(
                        "{\"kind\":\"PodExecOptions\",\"apiVersion\":\"v1\",\"stdin\":true,\"command\":[\"ls\",\"-l\"]}",
                        "{\"kind\":\"PodPortForwardOptions\",\"apiVersion\":\"v1\",\"ports\":[80,81]}",
                        "{\"kind\":\"PodProxyOptions\",\"apiVersion\":\"v1\",\"path\":\"/a/b\"}");
        assertThat(judged).extracting(AdmissionRequest::kind).contains("PodExecOptions");
    }

    private static JsonNode object(AdmissionRequest request) {
        ObjectNode object = request.object();
        return object == null ? Json.object() : object;
    }

    private String message(String path) throws Exception {
        return Json.read(send("GET", path, "").body()).path("message").asText();
    }

    private void pod(String name, String spec) throws Exception {
        assertThat(send(
                                "POST",
                                "/api/v1/namespaces/default/pods",
                                "{\"metadata\":{\"name\":\"" + name + "\"},\"spec\":{" + spec + "}}")
                        .code())
                .isEqualTo(201);
    }

    private void node(String name) throws Exception {
        assertThat(send("POST", "/api/v1/nodes", "{\"metadata\":{\"name\":\"" + name + "\"}}")
                        .code())
                .isEqualTo(201);
    }

    private HttpResponse<byte[]> send(String method, String path, String body) throws Exception {
        try (HttpClient client =
                InProcess.transport(api).newBuilder().tag(ASKS_ONCE).build()) {
            return client.sendAsync(
                            client.newHttpRequestBuilder()
                                    .uri("http://in-process" + path)
                                    .method(method, "application/json", body.isEmpty() ? null : body)
                                    .build(),
                            byte[].class)
                    .get(30, TimeUnit.SECONDS);
        }
    }
}

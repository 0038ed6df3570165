package dev.amphora.rest;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.common.collect.ImmutableListMultimap;
import dev.amphora.api.Json;
import dev.amphora.apiserver.ApiServer;
import dev.amphora.apiserver.access.Authorizer;
import dev.amphora.apiserver.access.RbacAuthorizer;
import dev.amphora.apiserver.access.StaticTokens;
import dev.amphora.apiserver.audit.AuditEvent;
import dev.amphora.apiserver.audit.AuditLevel;
import dev.amphora.apiserver.audit.AuditPolicy;
import dev.amphora.apiserver.audit.AuditStage;
import dev.amphora.apiserver.outside.LocalServer;
import dev.amphora.apiserver.outside.LocalServer.Reply;
import dev.amphora.apiserver.outside.LocalServers;
import dev.amphora.kernel.SimulatedKernel;
import dev.amphora.store.memory.MemoryStore;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** APIs that another server serves, here one within the process. */
class AggregationTest {
    private static final String SERVICES = "/apis/apiregistration.k8s.io/v1/apiservices";
    private static final String METRICS = "/apis/metrics.k8s.io/v1beta1";

    private final SimulatedKernel kernel = new SimulatedKernel(1);
    private final MemoryStore store = new MemoryStore(kernel);
    private final LocalServers local = new LocalServers();
    private final List<LocalServer.Request> asked = new ArrayList<>();
    private final List<AuditEvent> events = new ArrayList<>();
    private boolean broken;
    private ApiServer server;
    private RestApi api;

    @BeforeEach
    void start() {
        local.service("kube-system", "metrics-server", request -> {
            if (broken) {
                return Reply.of(500, "text/plain", new byte[0]);
            }
            asked.add(request);
            return answer(request);
        });
        server = ApiServer.builder(kernel, store)
                .authenticator(StaticTokens.parse(TestServer.TOKENS))
                .authorizer(objects -> Authorizer.union(List.of(Authorizer.masters(), new RbacAuthorizer(objects))))
                .localServers(local)
                .build()
                .start();
        api = RestApi.builder(kernel, server)
                .audit(AuditPolicy.everything(AuditLevel.METADATA), events::add)
                .build();
    }

    @AfterEach
    void end() {
        server.close();
        store.close();
        kernel.close();
    }

    private static Reply answer(LocalServer.Request request) {
        return switch (request.path()) {
            case METRICS ->
                Reply.json(
                        200,
                        """
                        {"kind":"APIResourceList","apiVersion":"v1","groupVersion":"metrics.k8s.io/v1beta1","resources":[
                         {"name":"nodes","singularName":"","namespaced":false,"kind":"NodeMetrics","verbs":["get","list"]},
                         {"name":"pods","singularName":"","namespaced":true,"kind":"PodMetrics","verbs":["get","list"]},
                         {"name":"pods/peak","singularName":"","namespaced":true,"kind":"PodMetrics","verbs":["get"]}]}""");
            case METRICS + "/nodes" -> Reply.json(200, "{\"kind\":\"NodeMetricsList\",\"items\":[]}");
            case "/openapi/v3" ->
                Reply.json(
                        200,
                        """
                        {"paths":{"apis/metrics.k8s.io/v1beta1":{"serverRelativeURL":"/openapi/v3/apis/metrics.k8s.io/v1beta1?hash=1"}}}""");
            case "/openapi/v3" + METRICS -> Reply.json(200, "{\"openapi\":\"3.0.0\"}");
            case METRICS + "/pods" ->
                new Reply(
                        200,
                        ImmutableListMultimap.of(),
                        Reply.json(200, "{\"kind\":\"PodMetricsList\"}").body());
            default -> Reply.of(404, "text/plain", "404 page not found\n".getBytes(StandardCharsets.UTF_8));
        };
    }

    private HttpAnswer call(String token, String method, String target, String body, String... headers)
            throws Exception {
        DirectCall call = new DirectCall(method, target, body.getBytes(StandardCharsets.UTF_8))
                .with("Authorization", "Bearer " + token)
                .with("Content-Type", "application/json");
        for (int i = 0; i < headers.length; i += 2) {
            call.with(headers[i], headers[i + 1]);
        }
        return call.run(api);
    }

    private JsonNode get(String target, String... headers) throws Exception {
        HttpAnswer answer = call("admin", "GET", target, "", headers);
        assertThat(answer.status()).as(target).isEqualTo(200);
        return Json.read(answer.body());
    }

    private void register() throws Exception {
        HttpAnswer answer = call(
                "admin",
                "POST",
                SERVICES,
                """
                {"apiVersion":"apiregistration.k8s.io/v1","kind":"APIService","metadata":{"name":"v1beta1.metrics.k8s.io"},
                 "spec":{"group":"metrics.k8s.io","version":"v1beta1","groupPriorityMinimum":100,"versionPriority":100,
                  "insecureSkipTLSVerify":true,"service":{"namespace":"kube-system","name":"metrics-server"}}}""");
        assertThat(answer.status()).isEqualTo(201);
    }

    private JsonNode condition() throws Exception {
        return get(SERVICES + "/v1beta1.metrics.k8s.io").at("/status/conditions/0");
    }

    @Test
    void anotherServerAnswersForItsGroup() throws Exception {
        assertThat(call("admin", "GET", METRICS + "/nodes", "").status()).isEqualTo(404);
        register();

        assertThat(condition().path("status").asText()).isEqualTo("True");
        assertThat(condition().path("reason").asText()).isEqualTo("Passed");
        assertThat(get(METRICS + "/nodes?limit=5").path("kind").asText()).isEqualTo("NodeMetricsList");
        LocalServer.Request last = asked.get(asked.size() - 1);
        assertThat(last.target()).isEqualTo(METRICS + "/nodes?limit=5");
        assertThat(last.headers().get("x-remote-user")).containsExactly("admin");
        assertThat(last.headers().get("x-remote-uid")).containsExactly("1");
        assertThat(last.headers().get("x-remote-group")).containsExactly("system:masters", "system:authenticated");
        assertThat(last.header("Authorization")).isEmpty();
    }

    @Test
    void anIndexOfSchemasThatChangesTwiceInASecondIsNotTakenForTheSame() throws Exception {
        HttpAnswer before = call("admin", "GET", "/openapi/v3", "");
        String modified = String.valueOf(before.header("Last-Modified"));
        assertThat(call("admin", "GET", "/openapi/v3", "", "If-Modified-Since", modified)
                        .status())
                .isEqualTo(304);

        register();

        HttpAnswer after = call("admin", "GET", "/openapi/v3", "", "If-Modified-Since", modified);
        assertThat(after.status()).isEqualTo(200);
        String again = String.valueOf(after.header("Last-Modified"));
        assertThat(again).isNotEqualTo(modified);
        assertThat(call("admin", "GET", "/openapi/v3", "", "If-Modified-Since", again)
                        .status())
                .isEqualTo(304);
        assertThat(Json.read(after.body()).path("paths").has("apis/metrics.k8s.io/v1beta1"))
                .isTrue();
    }

    @Test
    void whatTheClientSaysOfItselfStaysHere() throws Exception {
        register();
        HttpAnswer answer = call(
                "admin",
                "GET",
                METRICS + "/nodes",
                "",
                "X-Remote-User",
                "root",
                "X-Remote-Group",
                "everybody",
                "X-Remote-Extra-Scope",
                "all",
                "X_Remote_User",
                "root",
                "Impersonate-User",
                "bob",
                "Impersonate-Group",
                "system:masters",
                "Impersonate-Extra-Acme%2fScope",
                "some thing",
                "Connection",
                "X-Remote-User, X-Drop",
                "X-Drop",
                "1",
                "X-Keep",
                "2");
        assertThat(answer.status())
                .as(new String(answer.body(), StandardCharsets.UTF_8))
                .isEqualTo(200);

        LocalServer.Request last = asked.get(asked.size() - 1);
        assertThat(last.headers().get("x-remote-user")).containsExactly("bob");
        assertThat(last.headers().get("x-remote-group")).containsExactly("system:masters", "system:authenticated");
        assertThat(last.headers().get("x-remote-extra-acme%2fscope")).containsExactly("some thing");
        assertThat(last.headers().get("x-remote-extra-scope")).isEmpty();
        assertThat(last.headers().keySet())
                .noneMatch(name -> name.startsWith("impersonate"))
                .noneMatch(name -> name.contains("_"));
        assertThat(last.header("X-Drop")).isEmpty();
        assertThat(last.header("X-Keep")).contains("2");
    }

    @Test
    void whoHasNoRightIsRefusedHere() throws Exception {
        register();
        int before = asked.size();

        HttpAnswer answer = call("alice", "GET", METRICS + "/nodes", "");

        assertThat(answer.status()).isEqualTo(403);
        assertThat(Json.read(answer.body()).path("message").asText())
                .isEqualTo(
                        "nodes.metrics.k8s.io is forbidden: User \"alice\" cannot list resource \"nodes\" in API group \"metrics.k8s.io\" at the cluster scope");
        assertThat(asked).hasSize(before);
    }

    @Test
    void pathsThatLeadUpAreRefusedAndEscapedSlashesMeanThemselves() throws Exception {
        register();
        int before = asked.size();
        for (String path : List.of(
                "/namespaces/a/pods/..%2f..%2fnodes", "/namespaces/a/pods/%2e%2e/x", "/./nodes", "/nodes/../pods")) {
            assertThat(call("admin", "GET", METRICS + path, "").status())
                    .as(path)
                    .isEqualTo(400);
        }
        assertThat(asked).hasSize(before);

        call("admin", "GET", METRICS + "/nodes%2fa%20b;x?q=a|b", "");
        assertThat(asked.get(asked.size() - 1).target()).isEqualTo(METRICS + "/nodes/a%20b;x?q=a%7Cb");
    }

    @Test
    void discoveryTellsOfIt() throws Exception {
        register();

        JsonNode groups = get("/apis").path("groups");
        assertThat(groups.get(groups.size() - 1).path("name").asText()).isEqualTo("metrics.k8s.io");
        JsonNode items = get("/apis", "Accept", "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList")
                .path("items");
        JsonNode version = items.get(items.size() - 1).path("versions").get(0);
        assertThat(version.path("freshness").asText()).isEqualTo("Current");
        assertThat(version.path("resources")).hasSize(2);
        assertThat(version.at("/resources/1/subresources/0/subresource").asText())
                .isEqualTo("peak");
        assertThat(get(METRICS).path("kind").asText()).isEqualTo("APIResourceList");
        assertThat(get("/apis/metrics.k8s.io").at("/preferredVersion/version").asText())
                .isEqualTo("v1beta1");
        assertThat(get("/openapi/v3")
                        .path("paths")
                        .path("apis/metrics.k8s.io/v1beta1")
                        .path("serverRelativeURL")
                        .asText())
                .isEqualTo("/openapi/v3/apis/metrics.k8s.io/v1beta1?hash=1");
        assertThat(get("/openapi/v3/apis/metrics.k8s.io/v1beta1?hash=1")
                        .path("openapi")
                        .asText())
                .isEqualTo("3.0.0");
    }

    @Test
    void whileItsServerFailsItIsUnavailableAndComesBackByItself() throws Exception {
        broken = true;
        register();
        assertThat(condition().path("reason").asText()).isEqualTo("FailedDiscoveryCheck");
        assertThat(condition().path("message").asText()).endsWith(": 500");
        HttpAnswer answer = call("admin", "GET", METRICS + "/nodes", "");
        assertThat(answer.status()).isEqualTo(503);
        assertThat(new String(answer.body(), StandardCharsets.UTF_8)).isEqualTo("service unavailable\n");

        broken = false;
        kernel.advance(Duration.ofSeconds(5));
        assertThat(condition().path("status").asText()).isEqualTo("True");
        assertThat(call("admin", "GET", METRICS + "/nodes", "").status()).isEqualTo(200);

        broken = true;
        kernel.advance(Duration.ofSeconds(40));
        assertThat(condition().path("status").asText()).isEqualTo("False");
        JsonNode items = get("/apis", "Accept", "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList")
                .path("items");
        JsonNode version = items.get(items.size() - 1).path("versions").get(0);
        assertThat(version.path("freshness").asText()).isEqualTo("Stale");
        assertThat(version.path("resources")).as("as it was last seen").hasSize(2);
    }

    @Test
    void itIsForgottenWithItsApiService() throws Exception {
        register();
        assertThat(call("admin", "DELETE", SERVICES + "/v1beta1.metrics.k8s.io", "")
                        .status())
                .isEqualTo(200);

        assertThat(call("admin", "GET", METRICS + "/nodes", "").status()).isEqualTo(404);
        kernel.advance(Duration.ofMinutes(5));
        assertThat(call("admin", "GET", SERVICES + "/v1beta1.metrics.k8s.io", "")
                        .status())
                .isEqualTo(404);
    }

    @Test
    void anotherServerOverTheSameStoreKnowsOfIt() throws Exception {
        register();
        ApiServer second = ApiServer.builder(kernel, store)
                .authenticator(StaticTokens.parse(TestServer.TOKENS))
                .authorizer(objects -> Authorizer.masters())
                .localServers(local)
                .build()
                .start();
        kernel.advance(Duration.ofSeconds(1));

        HttpAnswer answer = DirectCall.admin("GET", METRICS + "/nodes", "application/json", new byte[0])
                .run(RestApi.builder(kernel, second).build());
        assertThat(answer.status()).isEqualTo(200);
        second.close();
    }

    @Test
    void whatIsPassedOnIsToldToWhoAudits() throws Exception {
        register();
        for (String target : List.of(METRICS + "/nodes", METRICS + "/pods", METRICS + "/none")) {
            events.clear();
            DirectCall call = DirectCall.admin("GET", target, "application/json", new byte[0]);
            call.run(api);
            if (call.isStreaming()) {
                assertThat(call.endsWithin(60_000)).isTrue();
                assertThat(new String(call.streamed(), StandardCharsets.UTF_8))
                        .isEqualTo("{\"kind\":\"PodMetricsList\"}");
            }

            AuditEvent last = events.get(events.size() - 1);
            assertThat(last.stage()).as(target).isEqualTo(AuditStage.RESPONSE_COMPLETE);
            assertThat(last.toTree().path("responseStatus").path("code").asInt())
                    .isEqualTo(target.endsWith("none") ? 404 : 200);
        }
    }
}

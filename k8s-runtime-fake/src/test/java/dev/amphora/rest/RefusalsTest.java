package dev.amphora.rest;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.amphora.api.Json;
import dev.amphora.kernel.Kernel;
import dev.amphora.kernel.ThreadedKernel;
import io.fabric8.kubernetes.client.http.HttpClient;
import io.fabric8.kubernetes.client.http.HttpRequest;
import io.fabric8.kubernetes.client.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Bad requests get the reference's answers and change nothing. */
class RefusalsTest {
    private static final String MAPS = "/api/v1/namespaces/default/configmaps";
    private static final String PODS = "/api/v1/namespaces/default/pods";
    private static final String JSON = "application/json";
    private static final String UNRECOGNIZED = "the object provided is unrecognized (must be of type ConfigMap): ";

    final Kernel kernel = new ThreadedKernel();
    final TestServer server = new TestServer(kernel);
    private HttpClient client;
    private List<String> before = List.of();

    /** What a request was answered with. */
    record Answer(int code, JsonNode body) {}

    @BeforeEach
    void start() throws Exception {
        open();
        assertThat(send("POST", MAPS, JSON, map("kept", "\"data\":{\"k\":\"v\"}"))
                        .code())
                .isEqualTo(201);
        assertThat(send(
                                "POST",
                                "/api/v1/namespaces/default/serviceaccounts",
                                JSON,
                                "{\"metadata\":{\"name\":\"default\"}}")
                        .code())
                .isEqualTo(201);
        before = everything();
    }

    @AfterEach
    void end() throws Exception {
        close();
        server.close();
        kernel.close();
    }

    @Test
    void malformedJson() throws Exception {
        refused(
                send("POST", MAPS, JSON, "{\"kind\":\"ConfigMap\",\"apiVersion\":\"v1\",}"),
                400,
                "BadRequest",
                UNRECOGNIZED
                        + "couldn't get version/kind; json parse error: invalid character '}' looking for beginning of object key"
                        + " string ({\"kind\":\"ConfigMap\",\"apiVersio ...)");
        refused(
                send("POST", MAPS, JSON, ""),
                400,
                "BadRequest",
                UNRECOGNIZED + "couldn't get version/kind; json parse error: unexpected end of JSON input (<empty>)");
        refused(
                send("POST", MAPS, JSON, map("x", "\"data\":{}") + "}"),
                400,
                "BadRequest",
                UNRECOGNIZED
                        + "couldn't get version/kind; json parse error: invalid character '}' after top-level value"
                        + " ({\"apiVersion\":\"v1\",\"kind\":\"Con ...)");
    }

    @Test
    void malformedPatches() throws Exception {
        refused(
                send("PATCH", MAPS + "/kept", "application/merge-patch+json", "{\"x\":" + nested(10_001) + "}"),
                400,
                "BadRequest",
                "error decoding patch: invalid character '[' exceeded max depth");
        refused(
                send("PATCH", MAPS + "/kept", "text/plain", "{}"),
                415,
                "UnsupportedMediaType",
                "415: Unsupported Media Type");
    }

    @Test
    void unknownKind() throws Exception {
        refused(
                send("POST", MAPS, JSON, "{\"apiVersion\":\"v1\",\"kind\":\"Foo\",\"metadata\":{\"name\":\"x\"}}"),
                400,
                "BadRequest",
                "Foo in version \"v1\" cannot be handled as a ConfigMap: no kind \"Foo\" is registered for version \"v1\" in"
                        + " scheme \"pkg/runtime/scheme.go:111\"");
        refused(
                send("POST", PODS, JSON, map("x", "\"data\":{}")),
                400,
                "BadRequest",
                "ConfigMap in version \"v1\" cannot be handled as a Pod: converting (v1.ConfigMap) to (core.Pod): unknown"
                        + " conversion");
        refused(
                send("POST", "/api/v1/namespaces/default/foos", JSON, "{}"),
                404,
                "NotFound",
                "the server could not find the requested resource");
    }

    @Test
    void wrongNamespace() throws Exception {
        refused(
                send(
                        "POST",
                        MAPS,
                        JSON,
                        "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"x\",\"namespace\":\"other\"}}"),
                400,
                "BadRequest",
                "the namespace of the provided object does not match the namespace sent on the request");
        refused(
                send("POST", "/api/v1/namespaces/missing/configmaps", JSON, map("x", "\"data\":{}")),
                404,
                "NotFound",
                "namespaces \"missing\" not found");
    }

    @Test
    void missingContainerName() throws Exception {
        Answer answer = send(
                "POST",
                PODS,
                JSON,
                "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"x\"},\"spec\":{\"containers\":[{\"image\":\"i\"}]}}");
        refused(answer, 422, "Invalid", "Pod \"x\" is invalid: spec.containers[0].name: Required value");
        JsonNode details = answer.body().path("details");
        assertThat(details.path("kind").asText()).isEqualTo("Pod");
        assertThat(details.path("causes"))
                .singleElement()
                .isEqualTo(Json.object()
                        .put("reason", "FieldValueRequired")
                        .put("message", "Required value")
                        .put("field", "spec.containers[0].name"));
    }

    @Test
    void staleResourceVersion() throws Exception {
        String stale =
                "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"kept\",\"resourceVersion\":\"1\"},"
                        + "\"data\":{\"k\":\"other\"}}";
        String conflict =
                "Operation cannot be fulfilled on configmaps \"kept\": the object has been modified; please apply your"
                        + " changes to the latest version and try again";
        refused(send("PUT", MAPS + "/kept", JSON, stale), 409, "Conflict", conflict);
        refused(send("PATCH", MAPS + "/kept", "application/merge-patch+json", stale), 409, "Conflict", conflict);
        Answer answer = send("PUT", MAPS + "/kept", JSON, stale.replace("\"1\"", "\"abc\""));
        refused(answer, 500, "", "strconv.ParseUint: parsing \"abc\": invalid syntax");
    }

    @Test
    void overlongName() throws Exception {
        String name = "a".repeat(254);
        refused(
                send("POST", MAPS, JSON, map(name, "\"data\":{}")),
                422,
                "Invalid",
                "ConfigMap \"%s\" is invalid: metadata.name: Invalid value: \"%s\": must be no more than 253 characters"
                        .formatted(name, name));
    }

    @Test
    void watchesOfTablesThatCannotBe() throws Exception {
        DirectCall watch = DirectCall.admin("GET", MAPS + "?watch=true&includeObject=x", "", new byte[0])
                .with("Accept", "application/json;as=Table;v=v1;g=meta.k8s.io");
        HttpAnswer answer = watch.run(RestApi.builder(kernel, server.apiServer).build());
        refused(
                new Answer(answer.status(), Json.read(answer.body())),
                400,
                "BadRequest",
                "unrecognized includeObject value: \"x\"");
    }

    @Test
    void bodyOfTenMegabytes() throws Exception {
        String body = map("x", "\"data\":{\"k\":\"" + "a".repeat(10 << 20) + "\"}");
        String why = "Request entity too large: limit is 3145728";
        refused(send("POST", MAPS, JSON, body), 413, "RequestEntityTooLarge", why);
        refused(send("PUT", MAPS + "/kept", JSON, body), 413, "RequestEntityTooLarge", why);
        refused(send("PATCH", MAPS + "/kept", "application/merge-patch+json", body), 413, "RequestEntityTooLarge", why);
        refused(send("DELETE", MAPS + "/kept", JSON, body), 413, "RequestEntityTooLarge", why);
    }

    @Test
    void bodyNestingTenThousandDeep() throws Exception {
        refused(
                send("POST", MAPS, JSON, map("x", "\"x\":" + nested(10_000))),
                400,
                "BadRequest",
                UNRECOGNIZED + "couldn't get version/kind; json parse error: invalid character '[' exceeded max depth"
                        + " ({\"apiVersion\":\"v1\",\"kind\":\"Con ...)");
        refused(
                send("POST", MAPS, JSON, map("x", "\"x\":" + nested(100_000))),
                400,
                "BadRequest",
                UNRECOGNIZED + "couldn't get version/kind; json parse error: invalid character '[' exceeded max depth"
                        + " ({\"apiVersion\":\"v1\",\"kind\":\"Con ...)");
    }

    @Test
    void namesThatCannotBe() throws Exception {
        refused(
                send("DELETE", MAPS + "/a%25b", JSON, ""),
                400,
                "BadRequest",
                "Name parameter invalid: \"a%b\": may not contain '%'");
        refused(send("DELETE", MAPS + "/%C3%28", JSON, ""), 404, "NotFound", "configmaps \"\\xc3(\" not found");
    }

    @Test
    void waysThatLeadNowhere() throws Exception {
        String nowhere = "the server could not find the requested resource";
        String notThisWay = "the server does not allow this method on the requested resource";
        refused(send("DELETE", "/api/v1/namespaces/default/bindings/x", JSON, ""), 404, "NotFound", nowhere);
        refused(send("POST", "/version/x", JSON, "{}"), 404, "NotFound", nowhere);
        refused(send("POST", "/version", JSON, "{}"), 405, "MethodNotAllowed", notThisWay);
        refused(send("DELETE", "/api/v1/pods", JSON, ""), 405, "MethodNotAllowed", notThisWay);
    }

    @Test
    void kindsOfFormerVersions() throws Exception {
        refused(
                send(
                        "POST",
                        "/apis/apps/v1/namespaces/default/deployments",
                        JSON,
                        "{\"apiVersion\":\"apps/v1beta1\"," + "\"kind\":\"Deployment\",\"metadata\":{\"name\":\"x\"}}"),
                400,
                "BadRequest",
                "the API version in the data (apps/v1beta1) does not match the expected API version (apps/v1)");
    }

    @Test
    void ownersThatCannotBe() throws Exception {
        refused(
                send(
                        "POST",
                        MAPS,
                        JSON,
                        "{\"metadata\":{\"name\":\"x\",\"ownerReferences\":[{\"apiVersion\":\"a/b/c\","
                                + "\"kind\":\"K\",\"name\":\"n\",\"uid\":\"u\"}]}}"),
                422,
                "Invalid",
                "ConfigMap \"x\" is invalid: metadata.ownerReferences.apiVersion: Invalid value: \"a/b/c\": version must not"
                        + " be empty");
    }

    /** Opens the way to the server. */
    void open() throws Exception {
        client = InProcess.transport(RestApi.builder(kernel, server.apiServer).build())
                .newBuilder()
                .build();
    }

    void close() throws Exception {
        client.close();
    }

    /** Sends one request and waits for its answer. */
    Answer send(String method, String path, String contentType, String body) throws Exception {
        HttpRequest request = client.newHttpRequestBuilder()
                .uri("http://kubernetes.default.svc" + path)
                .header("Content-Type", contentType)
                .method(method, contentType, body)
                .build();
        HttpResponse<byte[]> response = client.sendAsync(request, byte[].class).get(30, TimeUnit.SECONDS);
        return new Answer(response.code(), Json.read(response.body()));
    }

    private void refused(Answer answer, int code, String reason, String message) throws Exception {
        JsonNode status = answer.body();
        assertThat(status.path("message").asText()).isEqualTo(message);
        assertThat(answer.code()).isEqualTo(code);
        assertThat(status.path("kind").asText()).isEqualTo("Status");
        assertThat(status.path("apiVersion").asText()).isEqualTo("v1");
        assertThat(status.path("metadata")).isEqualTo(Json.object());
        assertThat(status.path("status").asText()).isEqualTo("Failure");
        assertThat(status.path("reason").asText()).isEqualTo(reason);
        assertThat(status.path("code").asInt()).isEqualTo(code);
        assertThat(everything()).isEqualTo(before);
    }

    private List<String> everything() {
        List<String> entries = new ArrayList<>();
        server.store
                .range("/", null, 0, 0)
                .entries()
                .forEach(entry -> entries.add(entry.key() + "@" + entry.modRevision() + " "
                        + new String(entry.value(), StandardCharsets.UTF_8)));
        return entries;
    }

    private static String map(String name, String more) {
        return "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"" + name + "\"}," + more + "}";
    }

    private static String nested(int depth) {
        return "[".repeat(depth) + "]".repeat(depth);
    }
}

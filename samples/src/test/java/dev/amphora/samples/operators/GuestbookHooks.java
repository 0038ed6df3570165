package dev.amphora.samples.operators;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import dev.amphora.api.Json;
import dev.amphora.kernel.Kernel;
import dev.amphora.kernel.ThreadedKernel;
import dev.amphora.samples.conformance.LoopbackHttps;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/** The webhooks of the operators here, served as they would be elsewhere: one labels guestbooks, one refuses some greetings. */
final class GuestbookHooks implements AutoCloseable {
    static final String LABEL = "welcomed";
    static final String UNWELCOME = "Boo";

    private static final String CONFIGURATION =
            """
            apiVersion: admissionregistration.k8s.io/v1
            kind: %1$sWebhookConfiguration
            metadata: {name: guestbooks}
            webhooks:
            - name: %2$s.guestbooks.amphora.dev
              admissionReviewVersions: [v1]
              sideEffects: None
              clientConfig: {url: "https://127.0.0.1:%3$d/%2$s", caBundle: %4$s}
              rules:
              - {apiGroups: [samples.amphora.dev], apiVersions: [v1], operations: [CREATE], resources: [guestbooks]}
            """;

    /** The names of the users about whose guestbooks was asked. */
    final Queue<String> asked = new ConcurrentLinkedQueue<>();

    private final Kernel kernel = new ThreadedKernel();
    private final LoopbackHttps server = LoopbackHttps.start(kernel, this::answer);

    /** Has a cluster call them. */
    void register(KubernetesClient admin) {
        String authority =
                Base64.getEncoder().encodeToString(server.authorityPem().getBytes(StandardCharsets.UTF_8));
        for (String kind : new String[] {"Mutating", "Validating"}) {
            String path = kind.equals("Mutating") ? "label" : "check";
            admin.load(OperatorWorld.stream(CONFIGURATION.formatted(kind, path, server.port(), authority)))
                    .create();
        }
    }

    private void answer(HttpExchange exchange) throws IOException {
        JsonNode review = Json.read(exchange.getRequestBody().readAllBytes());
        JsonNode request = review.path("request");
        ObjectNode answer =
                Json.object().put("apiVersion", "admission.k8s.io/v1").put("kind", "AdmissionReview");
        ObjectNode response = answer.putObject("response").put("allowed", true);
        response.set("uid", request.get("uid"));
        if (exchange.getRequestURI().getPath().equals("/label")) {
            String patch =
                    "[{\"op\": \"add\", \"path\": \"/metadata/labels\", \"value\": {\"" + LABEL + "\": \"yes\"}}]";
            response.put("patchType", "JSONPatch")
                    .put("patch", Base64.getEncoder().encodeToString(patch.getBytes(StandardCharsets.UTF_8)));
        } else {
            asked.add(request.at("/userInfo/username").asText());
            if (request.at("/object/spec/greeting").asText().equals(UNWELCOME)) {
                response.put("allowed", false).putObject("status").put("message", "that frightens guests");
            }
        }
        byte[] bytes = Json.write(answer);
        exchange.getResponseHeaders().set("Content-Type", "application/json");
        exchange.sendResponseHeaders(200, bytes.length);
        exchange.getResponseBody().write(bytes);
        exchange.close();
    }

    @Override
    public void close() {
        server.close();
        kernel.close();
    }
}

package dev.amphora.controller.certificates;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.Json;
import dev.amphora.api.ResourceType;
import dev.amphora.client.Client;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;

/** Certificate signing requests as trees: what was decided on them, and how to add to it. */
final class SigningRequests {
    static final String GROUP = "certificates.k8s.io";
    static final String PLURAL = "certificatesigningrequests";
    static final ResourceType<GenericKubernetesResource> TYPE = new ResourceType<>(
            GROUP, "v1", "CertificateSigningRequest", PLURAL, false, GenericKubernetesResource.class);
    static final String APPROVED = "Approved";
    static final String DENIED = "Denied";
    static final String FAILED = "Failed";

    private SigningRequests() {}

    static ObjectNode tree(GenericKubernetesResource request) {
        return Json.mapper().valueToTree(request);
    }

    static String pem(JsonNode request) {
        return decoded(request.path("spec").path("request"));
    }

    static String decoded(JsonNode base64) {
        return new String(Base64.getMimeDecoder().decode(base64.asText("")), StandardCharsets.UTF_8);
    }

    static String signer(JsonNode request) {
        return request.path("spec").path("signerName").asText("");
    }

    static List<String> usages(JsonNode request) {
        List<String> usages = new ArrayList<>();
        request.path("spec").path("usages").forEach(usage -> usages.add(usage.asText()));
        return usages;
    }

    static boolean isIssued(JsonNode request) {
        return !request.path("status").path("certificate").asText("").isEmpty();
    }

    /** Whether a condition of a type is there. */
    static boolean has(JsonNode request, String type) {
        for (JsonNode condition : request.path("status").path("conditions")) {
            if (condition.path("type").asText("").equals(type)) {
                return true;
            }
        }
        return false;
    }

    static void addCondition(ObjectNode request, String type, String reason, String message, Instant now) {
        ObjectNode status = request.withObject("/status");
        ArrayNode conditions =
                status.get("conditions") instanceof ArrayNode array ? array : status.putArray("conditions");
        conditions
                .addObject()
                .put("type", type)
                .put("status", "True")
                .put("reason", reason)
                .put("message", message)
                .put("lastUpdateTime", now.truncatedTo(ChronoUnit.SECONDS).toString());
    }

    static void write(Client client, ObjectNode request, String subresource) {
        client.subresource(TYPE, null, request.path("metadata").path("name").asText(), subresource, request, true);
    }
}

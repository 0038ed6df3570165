package dev.amphora.apiserver.admission;

import com.fasterxml.jackson.databind.JsonNode;
import dev.amphora.apiserver.access.AccessRequest;
import dev.amphora.apiserver.access.Authorizer;
import dev.amphora.apiserver.access.ObjectReader;

/** Whom tokens may be for that a node asks for: whom the pod's volumes name, or whomever somebody lets the node ask for. */
final class TokenAudiences {
    private static final String VERB = "request-serviceaccounts-token-audience";

    private final ObjectReader objects;
    private final Authorizer authorizer;

    TokenAudiences(ObjectReader objects, Authorizer authorizer) {
        this.objects = objects;
        this.authorizer = authorizer;
    }

    /**
     * Refuses a token that is not for the pod.
     *
     * @param asked the audiences of the request
     */
    void check(AdmissionRequest request, JsonNode asked, JsonNode pod) {
        if (asked.size() > 1) {
            throw request.refusal("node may only request 0 or 1 audiences");
        }
        String audience = asked.path(0).asText("");
        if (isNamed(request, pod, audience)) {
            return;
        }
        AccessRequest right = new AccessRequest(
                request.user(), VERB, "", "v1", audience, "", request.namespace(), request.name(), "");
        if (!authorizer.authorize(right).allowed()) {
            throw request.refusal(
                    "audience \"%s\" not found in pod spec volume, %s is not authorized to request tokens for this audience"
                            .formatted(audience, request.user().name()));
        }
    }

    private boolean isNamed(AdmissionRequest request, JsonNode pod, String audience) {
        for (JsonNode volume : pod.path("spec").path("volumes")) {
            for (JsonNode source : volume.path("projected").path("sources")) {
                JsonNode token = source.path("serviceAccountToken");
                if (token.isObject() && token.path("audience").asText("").equals(audience)) {
                    return true;
                }
            }
            String driver = volume.path("csi").path("driver").asText("");
            String claim =
                    volume.path("persistentVolumeClaim").path("claimName").asText("");
            if (volume.path("ephemeral").isObject()) {
                claim = pod.path("metadata").path("name").asText() + "-"
                        + volume.path("name").asText();
            }
            if (!claim.isEmpty()) {
                driver = driverOf(request, claim, audience);
            }
            if (!driver.isEmpty() && asksFor(request, driver, audience)) {
                return true;
            }
        }
        return false;
    }

    private boolean asksFor(AdmissionRequest request, String driver, String audience) {
        JsonNode found = find(request, "storage.k8s.io", "csidrivers", "", driver, audience);
        for (JsonNode token : found.path("spec").path("tokenRequests")) {
            if (token.path("audience").asText("").equals(audience)) {
                return true;
            }
        }
        return false;
    }

    /** The driver of a claim's volume; empty if it isn't bound, or another's. */
    private String driverOf(AdmissionRequest request, String claim, String audience) {
        String volume = find(request, "", "persistentvolumeclaims", request.namespace(), claim, audience)
                .path("spec")
                .path("volumeName")
                .asText("");
        return volume.isEmpty()
                ? ""
                : find(request, "", "persistentvolumes", "", volume, audience)
                        .path("spec")
                        .path("csi")
                        .path("driver")
                        .asText("");
    }

    private JsonNode find(
            AdmissionRequest request, String group, String resource, String namespace, String name, String audience) {
        return objects.get(group, resource, namespace, name)
                .orElseThrow(() -> request.refusal("error validating audience \"%s\": %s \"%s\" not found"
                        .formatted(
                                audience,
                                (group.isEmpty() ? resource : resource + "." + group).replaceFirst("s(\\.|$)", "$1"),
                                name)));
    }
}

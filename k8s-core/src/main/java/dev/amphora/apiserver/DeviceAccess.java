package dev.amphora.apiserver;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.FieldError;
import dev.amphora.apiserver.access.ObjectReader;
import java.util.List;

/** Devices in use by others may be looked into from namespaces that are marked for it. */
final class DeviceAccess {
    private static final String LABEL = "resource.kubernetes.io/admin-access";

    private final ObjectReader objects;

    DeviceAccess(ObjectReader objects) {
        this.objects = objects;
    }

    /** What a claim, or a template of one, asks for without the right to; empty if nothing. */
    List<FieldError> check(Endpoint endpoint, ObjectNode object) {
        if (!endpoint.info().group().equals("resource.k8s.io")) {
            return List.of();
        }
        JsonNode spec = object.path("spec");
        JsonNode requests = (endpoint.info().kind().equals("ResourceClaimTemplate") ? spec.path("spec") : spec)
                .path("devices")
                .path("requests");
        for (int i = 0; i < requests.size(); i++) {
            if (requests.get(i).path("exactly").path("adminAccess").asBoolean() && !isMarked(object)) {
                return List.of(FieldError.forbidden(
                        "spec.devices.requests[%d].adminAccess".formatted(i),
                        "admin access to devices requires the `%s: true` label on the containing namespace"
                                .formatted(LABEL)));
            }
        }
        return List.of();
    }

    private boolean isMarked(ObjectNode object) {
        return objects.get("", "namespaces", "", Metadata.text(object, "namespace"))
                .filter(namespace -> namespace
                        .path("metadata")
                        .path("labels")
                        .path(LABEL)
                        .asText("")
                        .equals("true"))
                .isPresent();
    }
}

package dev.amphora.apiserver.admission;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.collect.ImmutableMap;
import dev.amphora.apiserver.admission.AdmissionRequest.Operation;
import org.jspecify.annotations.Nullable;

/** New claims, volumes and attribute classes get the finalizer that keeps them while they are in use. */
final class StorageObjectInUseProtection implements AdmissionPlugin {
    private static final ImmutableMap<String, String> FINALIZERS = ImmutableMap.of(
            "/persistentvolumeclaims", "kubernetes.io/pvc-protection",
            "/persistentvolumes", "kubernetes.io/pv-protection",
            "storage.k8s.io/volumeattributesclasses", "kubernetes.io/vac-protection");

    @Override
    public String name() {
        return "StorageObjectInUseProtection";
    }

    @Override
    public void mutate(AdmissionRequest request) {
        ObjectNode object = request.object();
        if (object == null
                || request.operation() != Operation.CREATE
                || !request.subresource().isEmpty()) {
            return;
        }
        @Nullable String finalizer = FINALIZERS.get(request.group() + "/" + request.resource());
        if (finalizer == null) {
            return;
        }
        ArrayNode finalizers = object.withObject("/metadata").withArray("finalizers");
        for (JsonNode each : finalizers) {
            if (each.asText().equals(finalizer)) {
                return;
            }
        }
        finalizers.add(finalizer);
    }
}

package dev.amphora.apiserver.admission;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.StatusException;
import dev.amphora.apiserver.access.ObjectReader;
import dev.amphora.apiserver.admission.AdmissionRequest.Operation;
import dev.amphora.apiserver.schema.Quantities;

/** Claims grow only if they are bound, and of a storage class that allows it. */
final class PersistentVolumeClaimResize implements AdmissionPlugin {
    private static final String OLDER = "volume.beta.kubernetes.io/storage-class";

    private final ObjectReader objects;

    PersistentVolumeClaimResize(ObjectReader objects) {
        this.objects = objects;
    }

    @Override
    public String name() {
        return "PersistentVolumeClaimResize";
    }

    @Override
    public void validate(AdmissionRequest request) {
        ObjectNode claim = request.object();
        ObjectNode old = request.old();
        if (claim == null
                || old == null
                || request.operation() != Operation.UPDATE
                || !request.isFor("", "persistentvolumeclaims")
                || Quantities.valueOf(size(claim)).compareTo(Quantities.valueOf(size(old))) <= 0) {
            return;
        }
        if (!old.path("status").path("phase").asText().equals("Bound")) {
            throw refuse(request, "Only bound persistent volume claims can be expanded");
        }
        String name = className(claim);
        boolean grows = !name.isEmpty()
                && name.equals(className(old))
                && objects.get("storage.k8s.io", "storageclasses", "", name)
                        .filter(found -> found.path("allowVolumeExpansion").asBoolean())
                        .isPresent();
        if (!grows) {
            throw refuse(
                    request,
                    "only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must"
                            + " support resize");
        }
    }

    private static String size(ObjectNode claim) {
        return claim.path("spec")
                .path("resources")
                .path("requests")
                .path("storage")
                .asText("0");
    }

    private static String className(ObjectNode claim) {
        JsonNode older = claim.path("metadata").path("annotations").path(OLDER);
        return older.isTextual()
                ? older.asText()
                : claim.path("spec").path("storageClassName").asText("");
    }

    private static StatusException refuse(AdmissionRequest request, String why) {
        return StatusException.forbidden("", "persistentvolumeclaims", request.name(), why);
    }
}

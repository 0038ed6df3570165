package dev.amphora.apiserver.admission;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.apiserver.access.ObjectReader;
import dev.amphora.apiserver.admission.AdmissionRequest.Operation;
import java.util.List;

/** Pods that are created with a node carry the zone and the region of that node, as those that are bound later do. */
final class PodTopologyLabels implements AdmissionPlugin {
    private final ObjectReader objects;

    PodTopologyLabels(ObjectReader objects) {
        this.objects = objects;
    }

    @Override
    public String name() {
        return "PodTopologyLabels";
    }

    @Override
    public void mutate(AdmissionRequest request) {
        ObjectNode pod = request.object();
        if (pod == null || request.operation() != Operation.CREATE || !request.isFor("", "pods")) {
            return;
        }
        String node = pod.path("spec").path("nodeName").asText("");
        if (!node.isEmpty()) {
            objects.get("", "nodes", "", node).ifPresent(found -> copy(found.path("metadata"), pod));
        }
    }

    private static void copy(JsonNode node, ObjectNode pod) {
        for (String label : List.of("topology.kubernetes.io/zone", "topology.kubernetes.io/region")) {
            String value = node.path("labels").path(label).asText("");
            if (!value.isEmpty() && !pod.path("metadata").path("labels").has(label)) {
                pod.withObject("/metadata/labels").put(label, value);
            }
        }
    }
}

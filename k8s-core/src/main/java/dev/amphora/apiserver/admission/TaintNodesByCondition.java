package dev.amphora.apiserver.admission;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.apiserver.admission.AdmissionRequest.Operation;

/** New nodes take no pods until they are ready. */
final class TaintNodesByCondition implements AdmissionPlugin {
    private static final String NOT_READY = "node.kubernetes.io/not-ready";

    @Override
    public String name() {
        return "TaintNodesByCondition";
    }

    @Override
    public void mutate(AdmissionRequest request) {
        ObjectNode node = request.object();
        if (node == null || request.operation() != Operation.CREATE || !request.isFor("", "nodes")) {
            return;
        }
        for (JsonNode taint : node.path("spec").path("taints")) {
            if (taint.path("key").asText().equals(NOT_READY)
                    && taint.path("effect").asText().equals("NoSchedule")) {
                return;
            }
        }
        node.withObject("/spec")
                .withArray("taints")
                .addObject()
                .put("key", NOT_READY)
                .put("effect", "NoSchedule");
    }
}

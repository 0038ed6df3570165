package dev.amphora.apiserver.admission;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.apiserver.admission.AdmissionRequest.Operation;
import java.util.List;

/** Pods bear with a node that is not ready or unreachable for five minutes, unless they say otherwise. */
final class DefaultTolerationSeconds implements AdmissionPlugin {
    private static final int SECONDS = 300;
    private static final List<String> KEYS = List.of("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable");

    @Override
    public String name() {
        return "DefaultTolerationSeconds";
    }

    @Override
    public void mutate(AdmissionRequest request) {
        ObjectNode pod = request.object();
        if (pod == null || request.operation() == Operation.DELETE || !request.isFor("", "pods")) {
            return;
        }
        for (String key : KEYS) {
            if (!tolerates(pod.path("spec").path("tolerations"), key)) {
                spec(pod)
                        .withArray("tolerations")
                        .addObject()
                        .put("key", key)
                        .put("operator", "Exists")
                        .put("effect", "NoExecute")
                        .put("tolerationSeconds", SECONDS);
            }
        }
    }

    private static ObjectNode spec(ObjectNode pod) {
        return pod.get("spec") instanceof ObjectNode spec ? spec : pod.putObject("spec");
    }

    private static boolean tolerates(JsonNode tolerations, String key) {
        for (JsonNode each : tolerations) {
            String own = each.path("key").asText("");
            String effect = each.path("effect").asText("");
            if ((own.isEmpty() || own.equals(key)) && (effect.isEmpty() || effect.equals("NoExecute"))) {
                return true;
            }
        }
        return false;
    }
}

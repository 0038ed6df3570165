package dev.amphora.apiserver.strategy;

import static dev.amphora.apiserver.strategy.Strategies.objects;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;

/** The fields of pods, and of the templates of pods, whose features are off by default. */
final class PodFeatures {
    private PodFeatures() {}

    /** Takes these fields away, wherever an object of any kind has a pod's specification. */
    static void dropDisabled(ObjectNode object) {
        JsonNode spec = object.path("spec");
        drop(spec);
        drop(object.path("template").path("spec"));
        drop(spec.path("template").path("spec"));
        drop(spec.path("jobTemplate").path("spec").path("template").path("spec"));
    }

    private static void drop(JsonNode given) {
        if (!(given instanceof ObjectNode spec) || !spec.path("containers").isArray()) {
            return;
        }
        spec.remove("schedulingGroup");
        for (String list : List.of("containers", "initContainers")) {
            objects(spec.path(list)).forEach(PodFeatures::stopSignal);
        }
        for (ObjectNode volume : objects(spec.path("volumes"))) {
            objects(volume.path("projected").path("sources"))
                    .forEach(source -> source.remove(List.of("clusterTrustBundle", "podCertificate")));
        }
    }

    private static void stopSignal(ObjectNode container) {
        if (container.path("lifecycle") instanceof ObjectNode lifecycle) {
            lifecycle.remove("stopSignal");
            if (lifecycle.isEmpty()) {
                container.remove("lifecycle");
            }
        }
    }
}

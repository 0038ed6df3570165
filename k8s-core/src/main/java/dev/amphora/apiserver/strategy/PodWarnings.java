package dev.amphora.apiserver.strategy;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;

/** What is allowed in a pod's specification and yet deserves a warning. */
final class PodWarnings {
    private PodWarnings() {}

    /** The warnings of a workload with a template. */
    static List<String> template(JsonNode workload) {
        JsonNode template = workload.path("spec").path("template");
        return of(template.path("spec"), template.path("metadata"), "spec.template.spec");
    }

    /**
     * The texts of all warnings, in order.
     *
     * @param spec the specification
     * @param metadata what is known of the pod, such as its annotations
     * @param path where the specification stands
     */
    static List<String> of(JsonNode spec, JsonNode metadata, String path) {
        List<String> warnings = new ArrayList<>();
        return warnings;
    }
}

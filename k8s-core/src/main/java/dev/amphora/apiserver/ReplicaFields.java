package dev.amphora.apiserver;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.Json;
import dev.amphora.api.Selector;
import dev.amphora.apiserver.customresource.DefinedVersion;
import java.util.List;

/**
 * Where the objects of a kind keep what {@code scale} shows: built-in kinds all in the same fields, custom ones where their definition
 * says.
 *
 * @param spec of the replicas wanted, from the root
 * @param status of the replicas there are
 * @param selector of the selector as text; empty for the structured selector of built-in kinds
 * @param specPath the path of the replicas wanted as a definition has it
 */
record ReplicaFields(List<String> spec, List<String> status, List<String> selector, String specPath) {
    private static final ReplicaFields BUILT_IN =
            new ReplicaFields(List.of("spec", "replicas"), List.of("status", "replicas"), List.of(), ".spec.replicas");

    static ReplicaFields of(Endpoint endpoint) {
        DefinedVersion custom = endpoint.custom();
        if (custom == null) {
            return BUILT_IN;
        }
        JsonNode scale = custom.tree().path("subresources").path("scale");
        String specPath = scale.path("specReplicasPath").asText();
        return new ReplicaFields(
                steps(specPath),
                steps(scale.path("statusReplicasPath").asText()),
                steps(scale.path("labelSelectorPath").asText("")),
                specPath);
    }

    private static List<String> steps(String path) {
        return path.isEmpty() ? List.of() : List.of(path.substring(1).split("\\.", -1));
    }

    /** The replicas that an object wants; a missing node if it doesn't say. */
    JsonNode wanted(ObjectNode object) {
        return at(object, spec);
    }

    /** The replicas that an object has. */
    int present(ObjectNode object) {
        return at(object, status).asInt(0);
    }

    /** Sets how many replicas an object wants. */
    void want(ObjectNode object, int replicas) {
        ObjectNode place = object;
        for (String step : spec.subList(0, spec.size() - 1)) {
            place = place.get(step) instanceof ObjectNode child ? child : place.putObject(step);
        }
        place.put(spec.get(spec.size() - 1), replicas);
    }

    /** By which labels the replicas are told; empty if by none. */
    String selector(ObjectNode object) {
        if (!selector.isEmpty()) {
            return at(object, selector).asText("");
        }
        if (this != BUILT_IN) {
            return "";
        }
        JsonNode structured = object.path("spec").path("selector");
        return structured.has("matchLabels") || structured.has("matchExpressions")
                ? Selector.of(structured).toString()
                : Selector.of(Json.object().set("matchLabels", structured)).toString();
    }

    private static JsonNode at(ObjectNode object, List<String> path) {
        JsonNode place = object;
        for (String step : path) {
            place = place.path(step);
        }
        return place;
    }
}

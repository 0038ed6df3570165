package dev.amphora.apiserver.strategy;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.HashMap;
import java.util.Map;

/** The volumes of a pod that have nothing wrong, by name; others can't be mounted. */
final class Volumes {
    private final Map<String, JsonNode> byName = new HashMap<>();

    void add(JsonNode volume) {
        byName.put(volume.path("name").asText(), volume);
    }

    /** A volume by its name, whose other members are of no matter. */
    void add(String name, JsonNode volume) {
        byName.put(name, volume);
    }

    boolean has(String name) {
        return byName.containsKey(name);
    }

    /** Whether a volume is a claim, named or made for the pod. */
    boolean isClaim(String name) {
        JsonNode volume = byName.get(name);
        return volume != null && (volume.has("persistentVolumeClaim") || volume.has("ephemeral"));
    }
}

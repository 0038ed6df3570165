package dev.amphora.apiserver.strategy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.FieldError;
import java.util.List;
import java.util.Map;

/** Config maps. */
final class ConfigMapStrategy extends KindStrategy {
    private static final int LARGEST = 1024 * 1024;
    private static final String SEALED = "field is immutable when `immutable` is set";

    @Override
    void rules(Fields map) {
        long size = 0;
        for (String key : map.at("data").keys()) {
            Fields entry = map.at("data").key(key);
            entry.check(key, Names::configKey);
            if (map.at("binaryData").value().has(key)) {
                entry.invalid(key, "duplicate of key present in binaryData");
            }
            size += Names.bytes(entry.text());
        }
        for (String key : map.at("binaryData").keys()) {
            Fields entry = map.at("binaryData").key(key);
            entry.check(key, Names::configKey);
            size += decodedLength(entry.text());
        }
        if (size > LARGEST) {
            map.add(List.of(FieldError.tooLong("", LARGEST)));
        }
    }

    /** How many bytes a base64 text stands for. */
    static long decodedLength(String base64) {
        int padding = base64.endsWith("==") ? 2 : base64.endsWith("=") ? 1 : 0;
        return base64.length() / 4L * 3 - padding;
    }

    @Override
    void updateRules(Fields map, ObjectNode old) {
        metadataUpdate(map, old);
        sealed(map, old, "data", "binaryData");
        metadata(map);
        rules(map);
    }

    /** What was said to be immutable stays as it was. */
    static void sealed(Fields object, ObjectNode old, String... fields) {
        if (!old.path("immutable").asBoolean()) {
            return;
        }
        if (!object.at("immutable").flag()) {
            object.at("immutable").forbidden(SEALED);
        }
        for (String field : fields) {
            if (!sameEntries(object.at(field).value(), old.path(field))) {
                object.at(field).forbidden(SEALED);
            }
        }
    }

    private static boolean sameEntries(JsonNode one, JsonNode other) {
        if (one.size() != other.size()) {
            return false;
        }
        for (Map.Entry<String, JsonNode> entry : one.properties()) {
            if (!entry.getValue().equals(other.get(entry.getKey()))) {
                return false;
            }
        }
        return true;
    }
}

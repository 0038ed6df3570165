package dev.amphora.apiserver.strategy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.HashSet;
import java.util.Set;

/** Which storage drivers a node has. */
final class CsiNodeStrategy extends KindStrategy {
    private static final int LONGEST_ID = 192;

    CsiNodeStrategy() {
        super(Trait.VERSION_NEEDED, Trait.DELETE_RETURNS_OBJECT);
    }

    @Override
    void rules(Fields node) {
        Set<String> names = new HashSet<>();
        for (Fields driver : node.at("spec", "drivers").elements()) {
            StorageRules.driverName(driver.at("name"));
            Fields id = driver.at("nodeID");
            if (id.requireText() && Names.bytes(id.text()) > LONGEST_ID) {
                id.invalid("must be %d characters or less".formatted(LONGEST_ID));
            }
            driver.at("allocatable", "count").notNegative();
            if (!names.add(driver.at("name").text())) {
                driver.at("name").duplicate();
            }
            topology(driver);
        }
    }

    private static void topology(Fields driver) {
        Set<String> keys = new HashSet<>();
        for (Fields key : driver.at("topologyKeys").elements()) {
            if (!keys.add(key.text())) {
                driver.duplicate(key.value());
            }
            if (key.isEmpty()) {
                driver.required();
            }
            driver.check(key.text(), Names::labelKey);
        }
    }

    /** A driver may come and go, and stays the same between. */
    @Override
    void updateRules(Fields node, ObjectNode old) {
        metadata(node);
        rules(node);
        for (JsonNode before : old.path("spec").path("drivers")) {
            for (Fields driver : node.at("spec", "drivers").elements()) {
                boolean sameName = driver.at("name").value().equals(before.path("name"));
                if (sameName && !shown(driver.value()).equals(shown(before))) {
                    node.at("spec", "drivers").invalid(shown(driver.value()), "field is immutable");
                }
            }
        }
    }

    /** A driver but for how many volumes there may be, which changes. */
    private static JsonNode shown(JsonNode driver) {
        ObjectNode result = JsonNodeFactory.instance.objectNode();
        result.put("Name", driver.path("name").asText(""));
        result.put("NodeID", driver.path("nodeID").asText(""));
        result.set("TopologyKeys", GoValues.orNull(driver.path("topologyKeys")));
        return result.putNull("Allocatable");
    }
}

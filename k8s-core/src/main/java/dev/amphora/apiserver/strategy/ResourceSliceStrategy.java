package dev.amphora.apiserver.strategy;

import static dev.amphora.apiserver.strategy.Strategies.objects;

import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.collect.ImmutableMap;
import java.util.Map;

/** The devices that a driver offers in a pool, or a part of them. */
final class ResourceSliceStrategy extends KindStrategy {

    ResourceSliceStrategy() {
        super(Trait.GENERATION, Trait.DELETE_RETURNS_OBJECT);
    }

    @Override
    public Map<String, String> selectableFields(ObjectNode object) {
        return ImmutableMap.of(
                "spec.nodeName", object.path("spec").path("nodeName").asText(),
                "spec.driver", object.path("spec").path("driver").asText());
    }

    @Override
    public void stamp(ObjectNode object, String now) {
        for (ObjectNode device : objects(object.path("spec").path("devices"))) {
            objects(device.path("taints")).forEach(taint -> Strategies.setDefault(taint, "timeAdded", now));
        }
    }
}

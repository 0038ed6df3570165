package dev.amphora.apiserver.strategy;

import static dev.amphora.apiserver.strategy.Strategies.objects;

import com.fasterxml.jackson.databind.node.ObjectNode;

/** The devices that a driver offers in a pool, or a part of them. */
final class ResourceSliceStrategy extends KindStrategy {

    ResourceSliceStrategy() {
        super(Trait.GENERATION, Trait.DELETE_RETURNS_OBJECT);
    }

    @Override
    public void stamp(ObjectNode object, String now) {
        for (ObjectNode device : objects(object.path("spec").path("devices"))) {
            objects(device.path("taints")).forEach(taint -> Strategies.setDefault(taint, "timeAdded", now));
        }
    }
}

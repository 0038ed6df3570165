package dev.amphora.apiserver.strategy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;

/** How much room a storage system has in some part of the cluster. */
final class CsiStorageCapacityStrategy extends KindStrategy {

    CsiStorageCapacityStrategy() {
        super(Trait.VERSION_NEEDED);
    }

    @Override
    void rules(Fields capacity) {
        capacity.at("storageClassName").check(Names::subdomain);
        LabelRules.selector(capacity.at("nodeTopology"));
        for (String field : List.of("capacity", "maximumVolumeSize")) {
            Fields amount = capacity.at(field);
            if (amount.given() && PodResources.value(amount.text()).signum() < 0) {
                amount.invalid(amount.text(), "must be greater than or equal to 0");
            }
        }
    }

    @Override
    void updateRules(Fields capacity, ObjectNode old) {
        metadata(capacity);
        rules(capacity);
        metadataUpdate(capacity, old);
        capacity.at("nodeTopology").immutable(old.path("nodeTopology"));
        capacity.at("storageClassName").immutable(old.path("storageClassName"));
    }
}

package dev.amphora.apiserver.strategy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.Json;

/** Classes of devices. */
final class DeviceClassStrategy extends KindStrategy {

    DeviceClassStrategy() {
        super(Trait.GENERATION, Trait.DELETE_RETURNS_OBJECT);
    }

    /** The prefix of a name may be anything. */
    @Override
    boolean startsWithMetadata() {
        return false;
    }

    @Override
    void rules(Fields type) {
        ObjectNode metadata = Json.object();
        metadata.setAll((ObjectNode) type.at("metadata").value());
        metadata.remove("generateName");
        MetadataRules.check(type.at("metadata").with(metadata), name -> Names.subdomain(name).stream()
                .map(detail -> detail.replace("253 characters", "253 bytes"))
                .toList());
        DeviceRules.selectors(type.at("spec", "selectors"));
        type.at("spec", "config").elements().forEach(DeviceRules::configuration);
        Fields resource = type.at("spec", "extendedResourceName");
        if (resource.given() && !ResourceRules.isExtended(resource.text())) {
            resource.invalid("must be a valid extended resource name");
        }
    }
}

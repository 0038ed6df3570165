package dev.amphora.apiserver.strategy;

/** Classes of devices. */
final class DeviceClassStrategy extends KindStrategy {

    DeviceClassStrategy() {
        super(Trait.GENERATION, Trait.DELETE_RETURNS_OBJECT);
    }

    @Override
    void rules(Fields type) {
        DeviceRules.selectors(type.at("spec", "selectors"));
        type.at("spec", "config").elements().forEach(DeviceRules::configuration);
    }
}

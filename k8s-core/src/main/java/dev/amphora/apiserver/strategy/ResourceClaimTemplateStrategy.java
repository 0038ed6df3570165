package dev.amphora.apiserver.strategy;

import com.fasterxml.jackson.databind.node.ObjectNode;

/** Templates of claims of devices. */
final class ResourceClaimTemplateStrategy extends KindStrategy {

    ResourceClaimTemplateStrategy() {
        super(Trait.DELETE_RETURNS_OBJECT);
    }

    @Override
    public void setDefaults(ObjectNode object) {
        if (object.path("spec").path("spec") instanceof ObjectNode spec) {
            DeviceRules.setDefaults(spec);
        }
    }

    @Override
    void rules(Fields template) {
        DeviceRules.templateMetadata(template.at("spec", "metadata"));
        DeviceRules.claim(template.at("spec", "spec"));
    }

    @Override
    void updateRules(Fields template, ObjectNode old) {
        metadataUpdate(template, old);
        rules(template);
        Fields spec = template.at("spec");
        if (!Strategies.same(spec.value(), old.path("spec"))) {
            spec.invalid(GoForm.of(spec.value(), "resource.v1.ResourceClaimTemplateSpec"), "field is immutable");
        }
    }
}

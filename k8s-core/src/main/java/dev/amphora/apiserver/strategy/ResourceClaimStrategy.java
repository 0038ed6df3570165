package dev.amphora.apiserver.strategy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;

/** Claims of devices. */
final class ResourceClaimStrategy extends KindStrategy {

    ResourceClaimStrategy() {
        super(Trait.DELETE_RETURNS_OBJECT);
    }

    @Override
    public void setDefaults(ObjectNode object) {
        if (object.path("spec") instanceof ObjectNode spec) {
            DeviceRules.setDefaults(spec);
        }
    }

    /** All metadata stays as it was. */
    @Override
    public void prepareForStatusUpdate(ObjectNode object, ObjectNode old) {
        Strategies.keepAllButStatus(object, old);
        JsonNode version = object.path("metadata").path("resourceVersion");
        Strategies.keep(object, old, "metadata");
        Strategies.metadata(object).set("resourceVersion", version);
    }

    @Override
    void rules(Fields claim) {
        DeviceRules.claim(claim.at("spec"));
    }

    @Override
    void statusUpdateRules(Fields claim, ObjectNode old) {
        metadataUpdate(claim, old);
        ClaimAllocationRules.check(claim, old.path("status"));
    }

    @Override
    void updateRules(Fields claim, ObjectNode old) {
        metadataUpdate(claim, old);
        Fields spec = claim.at("spec");
        if (!Strategies.same(spec.value(), old.path("spec"))) {
            spec.invalid(GoForm.of(spec.value(), "resource.v1.ResourceClaimSpec"), "field is immutable");
        }
    }
}

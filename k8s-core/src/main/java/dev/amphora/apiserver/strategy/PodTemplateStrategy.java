package dev.amphora.apiserver.strategy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;

/** Pod templates that stand alone. */
final class PodTemplateStrategy extends KindStrategy {

    PodTemplateStrategy() {
        super(Trait.GENERATION, Trait.DELETE_RETURNS_OBJECT);
    }

    @Override
    public void setDefaults(ObjectNode object) {
        PodDefaults.template(Strategies.child(object, "template"));
    }

    @Override
    public void prepareForUpdate(ObjectNode object, ObjectNode old) {
        Strategies.setGeneration(object, old, !Strategies.same(object.path("template"), old.path("template")));
    }

    @Override
    public List<String> warnings(ObjectNode object) {
        return PodWarnings.of(Fields.of(object).at("template"));
    }

    @Override
    void rules(Fields template) {
        PodRules.template(template.at("template"));
    }

    @Override
    void updateRules(Fields template, ObjectNode old) {
        metadataUpdate(template, old);
        rules(template);
    }
}

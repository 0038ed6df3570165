package dev.amphora.apiserver.strategy;

import static dev.amphora.apiserver.strategy.Strategies.setDefault;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.collect.ImmutableMap;
import java.util.List;
import java.util.Map;

/** Replication controllers: replica sets whose selector is a plain map. */
final class ReplicationControllerStrategy extends KindStrategy {

    ReplicationControllerStrategy() {
        super(Trait.GENERATION);
    }

    @Override
    public void setDefaults(ObjectNode object) {
        ObjectNode spec = Strategies.child(object, "spec");
        JsonNode labels = spec.path("template").path("metadata").path("labels");
        if (!labels.isEmpty()) {
            if (spec.path("selector").isEmpty()) {
                spec.set("selector", labels.deepCopy());
            }
            ObjectNode metadata = Strategies.metadata(object);
            if (metadata.path("labels").isEmpty()) {
                metadata.set("labels", labels.deepCopy());
            }
        }
        setDefault(spec, "replicas", 1);
        if (spec.path("template") instanceof ObjectNode template) {
            PodDefaults.template(template);
        }
    }

    @Override
    public String defaultPropagation() {
        return "Orphan";
    }

    /** The one kind whose names are counted in bytes. */
    @Override
    List<String> names(String name) {
        return Names.subdomain(name).stream()
                .map(detail -> detail.equals("must be no more than 253 characters")
                        ? "must be no more than 253 bytes"
                        : detail)
                .toList();
    }

    @Override
    void rules(Fields controller) {
        Fields spec = controller.at("spec");
        spec.at("minReadySeconds").notNegative();
        Fields selector = spec.at("selector");
        if (selector.isEmpty()) {
            selector.required();
        }
        spec.at("replicas").notNegative();
        Fields template = spec.at("template");
        if (!template.given()) {
            template.required();
            return;
        }
        JsonNode wrapped = JsonNodeFactory.instance.objectNode().set("matchLabels", selector.value());
        if (selector.given()) {
            WorkloadRules.matches(template, wrapped);
        }
        PodRules.template(template);
        WorkloadRules.alwaysRestarts(template, "ReplicationController");
    }

    @Override
    void statusUpdateRules(Fields controller, ObjectNode old) {
        metadataUpdate(controller, old);
        ReplicaSetStrategy.status(controller.at("status"));
    }

    @Override
    public Map<String, String> selectableFields(ObjectNode object) {
        return ImmutableMap.of(
                "status.replicas",
                Long.toString(object.path("status").path("replicas").asLong()));
    }

    @Override
    public List<String> warnings(ObjectNode object) {
        return PodWarnings.named(object, PodWarnings.template(object));
    }

    @Override
    public List<String> updateWarnings(ObjectNode object, ObjectNode old) {
        return PodWarnings.ifChanged(object, old, PodWarnings.template(object));
    }
}

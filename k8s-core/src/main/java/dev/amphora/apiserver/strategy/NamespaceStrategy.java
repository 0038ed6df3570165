package dev.amphora.apiserver.strategy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.collect.ImmutableMap;
import java.util.List;
import java.util.Map;

/** Namespaces: held by the finalizer of their contents, labelled with their own name. */
final class NamespaceStrategy extends KindStrategy {
    private static final String CONTENTS = "kubernetes";
    private static final String NAME_LABEL = "kubernetes.io/metadata.name";

    NamespaceStrategy() {
        super(Trait.DELETE_RETURNS_OBJECT);
    }

    @Override
    List<String> names(String name) {
        return Names.label(name);
    }

    @Override
    public void setDefaults(ObjectNode object) {
        String name = object.path("metadata").path("name").asText("");
        if (!name.isEmpty()) {
            object.withObject("/metadata").withObject("/labels").put(NAME_LABEL, name);
        }
    }

    @Override
    public void prepareForCreate(ObjectNode object) {
        setDefaults(object);
        object.putObject("status").put("phase", "Active");
        ArrayNode finalizers = object.withObject("/spec").withArray("finalizers");
        for (JsonNode each : finalizers) {
            if (each.asText().equals(CONTENTS)) {
                return;
            }
        }
        finalizers.add(CONTENTS);
    }

    @Override
    public void prepareForUpdate(ObjectNode object, ObjectNode old) {
        object.set("spec", old.path("spec").deepCopy());
        object.set("status", old.path("status").deepCopy());
    }

    @Override
    public void prepareForStatusUpdate(ObjectNode object, ObjectNode old) {
        object.set("spec", old.path("spec").deepCopy());
    }

    @Override
    void rules(Fields namespace) {
        finalizers(namespace.at("spec", "finalizers"));
    }

    private static void finalizers(Fields finalizers) {
        for (Fields finalizer : finalizers.elements()) {
            finalizers.check(finalizer.text(), Names::labelKey);
            if (!finalizer.text().contains("/") && !finalizer.is(CONTENTS)) {
                finalizers.invalid(
                        finalizer.text(), "name is neither a standard finalizer name nor is it fully qualified");
            }
        }
    }

    @Override
    void updateRules(Fields namespace, ObjectNode old) {
        metadata(namespace);
        rules(namespace);
        metadataUpdate(namespace, old);
    }

    @Override
    void statusUpdateRules(Fields namespace, ObjectNode old) {
        metadataUpdate(namespace, old);
        Fields phase = namespace.at("status", "phase");
        Fields place = namespace.at("status", "Phase").with(phase.value());
        if (!namespace.at("metadata").has("deletionTimestamp")) {
            if (!phase.is("Active")) {
                place.invalid("may only be 'Active' if `deletionTimestamp` is empty");
            }
        } else if (!phase.is("Terminating")) {
            place.invalid("may only be 'Terminating' if `deletionTimestamp` is not empty");
        }
    }

    @Override
    public Map<String, String> selectableFields(ObjectNode object) {
        return ImmutableMap.of(
                "status.phase", object.path("status").path("phase").asText(""));
    }
}

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
    public boolean deleteReturnsObject() {
        return true;
    }

    @Override
    public Map<String, String> selectableFields(ObjectNode object) {
        return ImmutableMap.of(
                "status.phase", object.path("status").path("phase").asText(""));
    }
}

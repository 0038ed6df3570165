package dev.amphora.apiserver.strategy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.IntNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.collect.ImmutableMap;
import dev.amphora.api.FieldError;
import dev.amphora.api.Json;
import dev.amphora.apiserver.customresource.DefinedVersion;
import dev.amphora.apiserver.patch.GoText;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Objects of a custom resource, in one of its versions: what the definition says of them. */
public final class CustomResourceStrategy implements Strategy {
    private final DefinedVersion version;
    private final boolean hasStatus;

    /** The strategy of a version; it works on objects in this version. */
    public CustomResourceStrategy(DefinedVersion version) {
        this.version = version;
        hasStatus = version.hasSubresource("status");
    }

    @Override
    public void setDefaults(ObjectNode object) {
        version.setDefaults(object);
    }

    @Override
    public boolean hasGeneration() {
        return true;
    }

    @Override
    public boolean unconditionalUpdate() {
        return false;
    }

    @Override
    public void prepareForCreate(ObjectNode object) {
        if (hasStatus) {
            object.remove("status");
        }
    }

    @Override
    public void prepareForUpdate(ObjectNode object, ObjectNode old) {
        if (hasStatus) {
            Strategies.keepStatus(object, old);
        }
        Strategies.setGeneration(object, old, !desired(object).equals(desired(old)));
    }

    /** What a change of raises the generation. */
    private ObjectNode desired(ObjectNode object) {
        ObjectNode desired = Json.object();
        desired.setAll(object);
        desired.remove("metadata");
        if (hasStatus) {
            desired.remove("status");
        }
        return desired;
    }

    /** Nothing but the status may change, labels and annotations neither. */
    @Override
    public void prepareForStatusUpdate(ObjectNode object, ObjectNode old) {
        JsonNode status = object.get("status");
        JsonNode resourceVersion = object.path("metadata").get("resourceVersion");
        object.removeAll();
        object.setAll(old.deepCopy());
        if (resourceVersion != null) {
            Strategies.metadata(object).set("resourceVersion", resourceVersion);
        }
        if (status == null) {
            object.remove("status");
        } else {
            object.set("status", status);
        }
    }

    @Override
    public List<FieldError> validate(ObjectNode object) {
        Fields fields = Fields.of(object);
        if (!typed(fields)) {
            return fields.errors();
        }
        MetadataRules.general(fields.at("metadata"), Names::subdomain);
        fields.add(version.check(object));
        replicas(fields, "specReplicasPath");
        replicas(fields, "statusReplicasPath");
        EmbeddedRules.check(fields, version.structural());
        fields.add(version.checkRules(object, null, fields.errors(), new ArrayList<>()));
        return fields.errors();
    }

    /** What {@code scale} shows as replicas must be a count. */
    private void replicas(Fields object, String which) {
        String path =
                version.tree().path("subresources").path("scale").path(which).asText("");
        if (path.isEmpty()) {
            return;
        }
        JsonNode value = object.value();
        for (String step : path.substring(1).split("\\.", -1)) {
            value = value.path(step);
        }
        if (!value.isMissingNode() && !value.isNull() && !isWhole(value)) {
            String detail = "%s accessor error: %s is of the type %s, expected int64"
                    .formatted(path, GoText.of(value), GoText.typeOf(value));
            object.add(List.of(FieldError.invalid(path, IntNode.valueOf(0), detail)));
        } else if (value.isNumber() && value.asLong() < 0) {
            object.add(List.of(FieldError.invalid(path, value, "should be a non-negative integer")));
        } else if (value.isNumber() && value.asLong() > Integer.MAX_VALUE) {
            object.add(
                    List.of(FieldError.invalid(path, value, "should be less than or equal to " + Integer.MAX_VALUE)));
        }
    }

    private static boolean isWhole(JsonNode value) {
        return value.isIntegralNumber() || value.isNumber() && value.doubleValue() == Math.rint(value.doubleValue());
    }

    /** A kind of another name is no object of this resource. */
    private boolean typed(Fields object) {
        String kind = version.definition().accepted().kind();
        if (!object.at("kind").is(kind)) {
            object.at("kind").invalid("must be " + kind);
        }
        if (!object.at("apiVersion").is(version.apiVersion())) {
            object.at("apiVersion").invalid("must be " + version.apiVersion());
        }
        return object.errors().isEmpty();
    }

    @Override
    public List<FieldError> validateUpdate(ObjectNode object, ObjectNode old) {
        Fields fields = Fields.of(object);
        if (!typed(fields)) {
            return fields.errors();
        }
        MetadataRules.checkUpdate(fields.at("metadata"), old.path("metadata"));
        MetadataRules.checkUpdate(
                fields.at("metadata"), old.path("metadata")); // Each error counts twice among the causes.
        fields.add(version.check(object, old));
        replicas(fields, "specReplicasPath");
        replicas(fields, "statusReplicasPath");
        EmbeddedRules.check(fields, version.structural());
        fields.add(version.checkRules(object, old, fields.errors(), new ArrayList<>()));
        return fields.errors();
    }

    @Override
    public List<FieldError> validateStatusUpdate(ObjectNode object, ObjectNode old) {
        return validateUpdate(object, old);
    }

    @Override
    public List<String> warnings(ObjectNode object) {
        return finalizerWarnings(object, Json.object());
    }

    @Override
    public List<String> updateWarnings(ObjectNode object, ObjectNode old) {
        List<String> warnings = new ArrayList<>(finalizerWarnings(object, old));
        List<FieldError> excused = new ArrayList<>();
        version.checkRules(object, old, List.of(), excused);
        excused.forEach(error -> warnings.add(error.text()));
        return warnings;
    }

    private static List<String> finalizerWarnings(ObjectNode object, ObjectNode old) {
        List<String> known = new ArrayList<>(List.of("foregroundDeletion", "orphan"));
        old.path("metadata").path("finalizers").forEach(each -> known.add(each.asText()));
        List<String> warnings = new ArrayList<>();
        for (JsonNode finalizer : object.path("metadata").path("finalizers")) {
            if (!finalizer.asText().contains("/") && !known.contains(finalizer.asText())) {
                warnings.add(("metadata.finalizers: %s: prefer a domain-qualified finalizer name to avoid accidental"
                                + " conflicts with other finalizer writers")
                        .formatted(FieldError.quoted(finalizer.asText())));
            }
        }
        return warnings;
    }

    @Override
    public Map<String, String> selectableFields(ObjectNode object) {
        ImmutableMap.Builder<String, String> fields = ImmutableMap.builder();
        for (JsonNode field : version.tree().path("selectableFields")) {
            String path = field.path("jsonPath").asText();
            JsonNode value = object;
            for (String step : path.substring(1).split("\\.", -1)) {
                value = value.path(step);
            }
            fields.put(path.substring(1), value.asText(""));
        }
        return fields.buildKeepingLast();
    }
}

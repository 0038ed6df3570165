package dev.amphora.apiserver;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.FieldError;
import dev.amphora.api.FieldError.Type;
import dev.amphora.api.Json;
import dev.amphora.api.Names;
import dev.amphora.apiserver.schema.ResourceInfo;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** What is wrong with an object's metadata, whatever its kind; with the reference's texts, in its order. */
final class MetadataRules {
    private static final int MAX_ANNOTATIONS = 256 * 1024;

    private MetadataRules() {}

    /** What is wrong with a new object's metadata. */
    static List<FieldError> check(ResourceInfo info, ObjectNode object) {
        JsonNode metadata = object.path("metadata");
        List<FieldError> errors = new ArrayList<>();
        String generateName = metadata.path("generateName").asText("");
        if (!generateName.isEmpty()) {
            for (String why : NameRules.of(info, generateName, true)) {
                errors.add(invalid("metadata.generateName", generateName, why));
            }
        }
        String name = metadata.path("name").asText("");
        if (name.isEmpty()) {
            errors.add(required("metadata.name", "name or generateName is required"));
        } else {
            for (String why : NameRules.of(info, name, false)) {
                errors.add(invalid("metadata.name", name, why));
            }
        }
        String namespace = metadata.path("namespace").asText("");
        if (info.namespaced()) {
            if (namespace.isEmpty()) {
                errors.add(required("metadata.namespace", ""));
            } else {
                Names.dns1123Label(namespace).forEach(why -> errors.add(invalid("metadata.namespace", namespace, why)));
            }
        } else if (!namespace.isEmpty()) {
            errors.add(new FieldError(Type.FORBIDDEN, "metadata.namespace", "Forbidden: not allowed on this type"));
        }
        checkCommon(metadata, errors);
        return errors;
    }

    /** What is wrong with a change of metadata. */
    static List<FieldError> checkUpdate(ObjectNode object, ObjectNode old) {
        JsonNode metadata = object.path("metadata");
        JsonNode before = old.path("metadata");
        List<FieldError> errors = new ArrayList<>();
        checkFinalizersOfDeleted(metadata, before, errors);
        immutable(metadata, before, "name", errors);
        immutable(metadata, before, "namespace", errors);
        immutable(metadata, before, "uid", errors);
        immutable(metadata, before, "creationTimestamp", errors);
        immutable(metadata, before, "deletionTimestamp", errors);
        immutable(metadata, before, "deletionGracePeriodSeconds", errors);
        checkCommon(metadata, errors);
        return errors;
    }

    private static void checkCommon(JsonNode metadata, List<FieldError> errors) {
        long generation = metadata.path("generation").asLong();
        if (generation < 0) {
            errors.add(new FieldError(
                    Type.INVALID,
                    "metadata.generation",
                    "Invalid value: %d: must be greater than or equal to 0".formatted(generation)));
        }
        checkLabels(metadata.path("labels"), "metadata.labels", errors);
        checkAnnotations(metadata.path("annotations"), errors);
        checkOwners(metadata.path("ownerReferences"), errors);
        checkFinalizers(metadata.path("finalizers"), errors);
    }

    private static void checkLabels(JsonNode labels, String path, List<FieldError> errors) {
        sorted(labels).forEach((key, value) -> {
            Names.qualifiedName(key).forEach(why -> errors.add(invalid(path, key, why)));
            Names.labelValue(value).forEach(why -> errors.add(invalid(path, value, why)));
        });
    }

    private static void checkAnnotations(JsonNode annotations, List<FieldError> errors) {
        long size = 0;
        for (Map.Entry<String, String> each : sorted(annotations).entrySet()) {
            String key = each.getKey();
            Names.qualifiedName(key.toLowerCase(java.util.Locale.ROOT))
                    .forEach(why -> errors.add(invalid("metadata.annotations", key, why)));
            size += key.getBytes(StandardCharsets.UTF_8).length
                    + each.getValue().getBytes(StandardCharsets.UTF_8).length;
        }
        if (size > MAX_ANNOTATIONS) {
            errors.add(new FieldError(
                    Type.TOO_LONG,
                    "metadata.annotations",
                    "Too long: may not be more than %d bytes".formatted(MAX_ANNOTATIONS)));
        }
    }

    private static void checkOwners(JsonNode owners, List<FieldError> errors) {
        int index = 0;
        String controller = "";
        for (JsonNode owner : owners) {
            String path = "metadata.ownerReferences[%d]".formatted(index++);
            String apiVersion = owner.path("apiVersion").asText("");
            String kind = owner.path("kind").asText("");
            String name = owner.path("name").asText("");
            int slash = apiVersion.indexOf('/');
            String version = slash < 0 ? apiVersion : apiVersion.substring(slash + 1);
            if (version.isEmpty()) {
                errors.add(invalid(path + ".apiVersion", apiVersion, "version must not be empty"));
            }
            if (kind.isEmpty()) {
                errors.add(invalid(path + ".kind", kind, "must not be empty"));
            }
            if (name.isEmpty()) {
                errors.add(invalid(path + ".name", name, "must not be empty"));
            }
            if (owner.path("uid").asText("").isEmpty()) {
                errors.add(invalid(path + ".uid", "", "must not be empty"));
            }
            if (apiVersion.equals("v1") && kind.equals("Event")) {
                errors.add(invalid(path, "/v1, Kind=Event", "/v1, Kind=Event is disallowed from being an owner"));
            }
            if (owner.path("controller").asBoolean()) {
                if (!controller.isEmpty()) {
                    errors.add(new FieldError(
                            Type.INVALID,
                            "metadata.ownerReferences",
                            "Invalid value: Only one reference can have Controller set to true. Found \"true\" in references for"
                                    + " %s and %s".formatted(controller, kind + "/" + name)));
                } else {
                    controller = kind + "/" + name;
                }
            }
        }
    }

    private static void checkFinalizers(JsonNode finalizers, List<FieldError> errors) {
        boolean orphan = false;
        boolean foreground = false;
        for (JsonNode each : finalizers) {
            String finalizer = each.asText();
            Names.qualifiedName(finalizer).forEach(why -> errors.add(invalid("metadata.finalizers", finalizer, why)));
            orphan |= finalizer.equals(Metadata.ORPHAN);
            foreground |= finalizer.equals(Metadata.FOREGROUND);
        }
        if (orphan && foreground) {
            errors.add(new FieldError(
                    Type.INVALID,
                    "metadata.finalizers",
                    "Invalid value: %s: finalizer orphan and foregroundDeletion cannot be both set"
                            .formatted(finalizers.toString())));
        }
    }

    private static void checkFinalizersOfDeleted(JsonNode metadata, JsonNode before, List<FieldError> errors) {
        if (!before.hasNonNull("deletionTimestamp")) {
            return;
        }
        List<String> added = new ArrayList<>();
        metadata.path("finalizers").forEach(each -> added.add(each.asText()));
        before.path("finalizers").forEach(each -> added.remove(each.asText()));
        if (!added.isEmpty()) {
            errors.add(new FieldError(
                    Type.FORBIDDEN,
                    "metadata.finalizers",
                    "Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{%s}"
                            .formatted(String.join(
                                    ", ", added.stream().map(Json::quote).toList()))));
        }
    }

    private static void immutable(JsonNode metadata, JsonNode before, String field, List<FieldError> errors) {
        JsonNode now = metadata.path(field);
        JsonNode then = before.path(field);
        boolean same = now.asText("").equals(then.asText(""));
        if (!same) {
            String shown = now.isMissingNode() || now.isNull()
                    ? field.startsWith("deletion") ? "null" : Json.quote("")
                    : now.isNumber() ? now.asText() : Json.quote(now.asText());
            errors.add(new FieldError(
                    Type.INVALID, "metadata." + field, "Invalid value: %s: field is immutable".formatted(shown)));
        }
    }

    private static Map<String, String> sorted(JsonNode map) {
        Map<String, String> sorted = new TreeMap<>();
        map.fields().forEachRemaining(e -> sorted.put(e.getKey(), e.getValue().asText("")));
        return sorted;
    }

    static FieldError invalid(String field, String value, String why) {
        return new FieldError(Type.INVALID, field, "Invalid value: %s: %s".formatted(Json.quote(value), why));
    }

    private static FieldError required(String field, String why) {
        return new FieldError(Type.REQUIRED, field, why.isEmpty() ? "Required value" : "Required value: " + why);
    }
}

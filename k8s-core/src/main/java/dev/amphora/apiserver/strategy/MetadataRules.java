package dev.amphora.apiserver.strategy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The rules of {@code metadata} that hold for all kinds. */
final class MetadataRules {
    private static final List<String> STANDARD_FINALIZERS = List.of("foregroundDeletion", "kubernetes", "orphan");

    private MetadataRules() {}

    /** Metadata of an object of a built-in kind: the general rules, and finalizers that are known or qualified. */
    static void check(Fields metadata, Function<String, List<String>> names) {
        general(metadata, names);
        knownFinalizers(metadata);
    }

    /** Finalizers are the API's own, or have a domain. */
    static void knownFinalizers(Fields metadata) {
        for (Fields finalizer : metadata.at("finalizers").elements()) {
            if (!finalizer.text().contains("/") && !STANDARD_FINALIZERS.contains(finalizer.text())) {
                finalizer.invalid(
                        finalizer.text(), "name is neither a standard finalizer name nor is it fully qualified");
            }
        }
    }

    /** Metadata of any object. */
    static void general(Fields metadata, Function<String, List<String>> names) {
        Fields prefix = metadata.at("generateName");
        if (!prefix.isEmpty()) {
            String start = prefix.text();
            String masked =
                    start.length() > 1 && start.endsWith("-") ? start.substring(0, start.length() - 2) + "a" : start;
            names.apply(masked).forEach(detail -> prefix.invalid(start, detail));
        }
        Fields name = metadata.at("name");
        if (name.isEmpty()) {
            name.required("name or generateName is required");
        } else {
            name.check(names);
        }
        metadata.at("generation").notNegative();
        LabelRules.labels(metadata.at("labels"));
        LabelRules.annotations(metadata.at("annotations"));
        owners(metadata.at("ownerReferences"));
        finalizers(metadata.at("finalizers"));
        managedFields(metadata.at("managedFields"));
    }

    private static void owners(Fields owners) {
        @Nullable String controller = null;
        for (Fields owner : owners.elements()) {
            String apiVersion = owner.at("apiVersion").text();
            Fields place = owners.with(owner.value());
            String[] parts = apiVersion.split("/", -1);
            String version = parts.length > 2 ? "" : parts[parts.length - 1];
            if (version.isEmpty()) {
                place.at("apiVersion").invalid(apiVersion, "version must not be empty");
            }
            for (String field : List.of("kind", "name", "uid")) {
                if (place.at(field).isEmpty()) {
                    place.at(field).invalid("", "must not be empty");
                }
            }
            if (owner.at("kind").is("Event") && (apiVersion.equals("v1") || apiVersion.equals("/v1"))) {
                place.invalid("/v1, Kind=Event is disallowed from being an owner");
            }
            if (owner.at("controller").flag()) {
                String reference =
                        owner.at("kind").text() + "/" + owner.at("name").text();
                if (controller == null) {
                    controller = reference;
                } else {
                    owners.invalid(
                            "Only one reference can have Controller set to true. Found \"true\" in references for %s and %s"
                                    .formatted(controller, reference));
                }
            }
        }
    }

    private static void finalizers(Fields finalizers) {
        boolean orphan = false;
        boolean foreground = false;
        for (Fields finalizer : finalizers.elements()) {
            finalizers.check(finalizer.text(), Names::labelKey);
            orphan |= finalizer.is("orphan");
            foreground |= finalizer.is("foregroundDeletion");
        }
        if (orphan && foreground) {
            finalizers.invalid("finalizer orphan and foregroundDeletion cannot be both set");
        }
    }

    private static void managedFields(Fields entries) {
        for (Fields entry : entries.elements()) {
            Fields operation = entry.at("operation");
            if (!operation.is("Apply") && !operation.is("Update")) {
                operation.invalid(operation.text(), "must be `Apply` or `Update`");
            }
            Fields type = entry.at("fieldsType");
            if (!type.isEmpty() && !type.is("FieldsV1")) {
                type.invalid("must be `FieldsV1`");
            }
        }
    }

    /** The same for a change: what was taken over from the stored state has been checked. */
    static void general(Fields metadata, JsonNode old, Function<String, List<String>> names) {
        if (isTakenOver(metadata.value(), old)) {
            managedFields(metadata.at("managedFields"));
        } else {
            general(metadata, names);
        }
    }

    /** Whether nothing but what each write changes is other than the very nodes of the stored state. */
    @SuppressWarnings("ReferenceEquality")
    private static boolean isTakenOver(JsonNode metadata, JsonNode old) {
        int others = 0;
        for (Map.Entry<String, JsonNode> member : metadata.properties()) {
            if (isWritten(member.getKey())) {
                others++;
            } else if (member.getValue() != old.get(member.getKey())) {
                return false;
            }
        }
        int before = old.size() - (old.has("managedFields") ? 1 : 0) - (old.has("resourceVersion") ? 1 : 0);
        return metadata.size() - others == before;
    }

    private static boolean isWritten(String member) {
        return member.equals("managedFields") || member.equals("resourceVersion");
    }

    /** What may not change in an update. */
    static void checkUpdate(Fields metadata, JsonNode old) {
        if (isTakenOver(metadata.value(), old)) {
            checkVersion(metadata);
            managedFields(metadata.at("managedFields"));
            return;
        }
        if (old.has("deletionTimestamp")) {
            Set<String> added = new TreeSet<>();
            metadata.at("finalizers").elements().forEach(finalizer -> added.add(finalizer.text()));
            old.path("finalizers").forEach(finalizer -> added.remove(finalizer.asText()));
            if (!added.isEmpty()) {
                metadata.at("finalizers")
                        .forbidden("no new finalizers can be added if the object is being deleted, found new finalizers"
                                + added.stream()
                                        .map(dev.amphora.api.FieldError::quoted)
                                        .collect(Collectors.joining(", ", " []string{", "}")));
            }
        }
        checkVersion(metadata);
        if (metadata.at("generation").number() < old.path("generation").asLong()) {
            metadata.at("generation").invalid(metadata.at("generation").value(), "must not be decremented");
        }
        for (String field : List.of(
                "name", "namespace", "uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds")) {
            JsonNode before = old.path(field);
            if (!Strategies.same(metadata.at(field).value(), before)) {
                JsonNode now = metadata.at(field).value();
                metadata.at(field).invalid(now.isMissingNode() ? TextNode.valueOf("") : now, "field is immutable");
            }
        }
        LabelRules.labels(metadata.at("labels"));
        LabelRules.annotations(metadata.at("annotations"));
        owners(metadata.at("ownerReferences"));
        managedFields(metadata.at("managedFields"));
    }

    private static void checkVersion(Fields metadata) {
        if (metadata.at("resourceVersion").isEmpty()) {
            metadata.at("resourceVersion").invalid("", "must be specified for an update");
        }
    }
}

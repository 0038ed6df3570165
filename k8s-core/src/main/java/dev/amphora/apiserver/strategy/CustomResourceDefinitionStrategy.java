package dev.amphora.apiserver.strategy;

import static dev.amphora.apiserver.strategy.Strategies.setDefault;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import dev.amphora.api.FieldError;
import dev.amphora.apiserver.customresource.Conditions;
import dev.amphora.apiserver.customresource.Definition;
import dev.amphora.apiserver.customresource.SchemaRules;
import dev.amphora.apiserver.customresource.SchemaWarnings;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Definitions of custom resources: their names, versions and conversion. Schemas are not looked into here. */
final class CustomResourceDefinitionStrategy extends KindStrategy {
    private static final String APPROVAL = "api-approved.kubernetes.io";
    private static final List<String> FORMATS =
            List.of("byte", "date", "date-time", "double", "float", "int32", "int64", "password");

    CustomResourceDefinitionStrategy() {
        super(Trait.GENERATION, Trait.VERSION_NEEDED);
    }

    @Override
    public void setDefaults(ObjectNode object) {
        ObjectNode spec = Strategies.child(object, "spec");
        ObjectNode names = Strategies.child(spec, "names");
        String kind = names.path("kind").asText("");
        if (names.path("singular").asText("").isEmpty()) {
            names.put("singular", kind.toLowerCase(Locale.ROOT));
        }
        if (names.path("listKind").asText("").isEmpty() && !kind.isEmpty()) {
            names.put("listKind", kind + "List");
        }
        ObjectNode conversion = Strategies.child(spec, "conversion");
        setDefault(conversion, "strategy", "None");
        if (conversion.path("webhook").path("clientConfig").path("service") instanceof ObjectNode service) {
            setDefault(service, "port", 443);
        }
        ObjectNode status = Strategies.child(object, "status");
        if (status.path("storedVersions").isEmpty()) {
            store(object, status.putArray("storedVersions"));
        }
    }

    @Override
    public void prepareForCreate(ObjectNode object) {
        object.remove("status");
        ObjectNode status = object.putObject("status");
        status.putNull("conditions");
        status.putObject("acceptedNames").put("plural", "").put("kind", "");
        store(object, status.putArray("storedVersions"));
    }

    @Override
    public void prepareForUpdate(ObjectNode object, ObjectNode old) {
        super.prepareForUpdate(object, old);
        store(object, Strategies.list(Strategies.child(object, "status"), "storedVersions"));
    }

    /** Notes the version in which objects are stored from now on. */
    private static void store(ObjectNode object, ArrayNode stored) {
        for (JsonNode version : object.path("spec").path("versions")) {
            if (version.path("storage").asBoolean()) {
                if (!contains(stored, version.path("name"))) {
                    stored.add(version.path("name").asText());
                }
                return;
            }
        }
    }

    private static boolean contains(ArrayNode list, JsonNode value) {
        for (JsonNode element : list) {
            if (element.equals(value)) {
                return true;
            }
        }
        return false;
    }

    @Override
    public boolean holdDeleted(ObjectNode object, String now) {
        ObjectNode metadata = Strategies.metadata(object);
        if (metadata.hasNonNull("deletionTimestamp")) {
            return false;
        }
        metadata.put("deletionTimestamp", now);
        ArrayNode finalizers = Strategies.list(metadata, "finalizers");
        if (!contains(finalizers, TextNode.valueOf(Definition.CLEANUP))) {
            finalizers.add(Definition.CLEANUP);
        }
        new Conditions(Strategies.child(object, "status"), now)
                .set(
                        "Terminating",
                        "True",
                        "InstanceDeletionPending",
                        "CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon");
        return true;
    }

    @Override
    public List<String> warnings(ObjectNode object) {
        return warnings(formats(object));
    }

    @Override
    public List<String> updateWarnings(ObjectNode object, ObjectNode old) {
        List<String> added = new ArrayList<>(formats(object));
        added.removeAll(formats(old));
        return warnings(added);
    }

    private static List<String> warnings(List<String> formats) {
        return formats.stream()
                .distinct()
                .map(format -> "unrecognized format " + FieldError.quoted(format))
                .toList();
    }

    private static List<String> formats(ObjectNode definition) {
        List<String> formats = new ArrayList<>();
        for (JsonNode version : definition.path("spec").path("versions")) {
            formats.addAll(
                    SchemaWarnings.unrecognizedFormats(version.path("schema").path("openAPIV3Schema")));
        }
        return formats;
    }

    @Override
    List<String> names(Fields definition, String name) {
        List<String> errors = new ArrayList<>(Names.subdomain(name));
        Fields spec = definition.at("spec");
        String expected =
                spec.at("names", "plural").text() + "." + spec.at("group").text();
        if (!name.equals(expected)) {
            errors.add("must be spec.names.plural+\".\"+spec.group");
        }
        return errors;
    }

    @Override
    void createRules(Fields definition) {
        rules(definition);
        Fields spec = definition.at("spec");
        String group = spec.at("group").text();
        boolean protectedGroup = ("." + group).endsWith(".k8s.io") || ("." + group).endsWith(".kubernetes.io");
        Fields approval = definition.at("metadata", "annotations").key(APPROVAL);
        String wanted = "protected groups must have approval annotation \"" + APPROVAL + "\"";
        String reading = ", see https://github.com/kubernetes/enhancements/pull/1111";
        if (protectedGroup && approval.isEmpty()) {
            approval.required(wanted + reading);
        } else if (protectedGroup
                && !approval.text().startsWith("unapproved")
                && !approval.text().matches("[a-zA-Z][a-zA-Z0-9+.-]*://[^/].*")) {
            approval.invalid(wanted + " with either a URL or a reason starting with \"unapproved\"" + reading);
        }
        StoredVersionRules.check(definition.at("status", "storedVersions"), spec.at("versions"));
    }

    @Override
    void rules(Fields definition) {
        Fields spec = definition.at("spec");
        group(spec.at("group"));
        Fields scope = spec.at("scope");
        if (scope.requireText()) {
            scope.oneOf("Cluster", "Namespaced");
        }
        if (spec.at("preserveUnknownFields").flag()) {
            if (spec.at("versions").elements().stream()
                    .anyMatch(version -> SchemaWarnings.hasDefaults(
                            version.at("schema", "openAPIV3Schema").value()))) {
                spec.at("preserveUnknownFields").invalid("must be false in order to use defaults in the schema");
            }
            spec.at("preserveUnknownFields")
                    .invalid("cannot set to true, set x-kubernetes-preserve-unknown-fields to true in"
                            + " spec.versions[*].schema instead");
        }
        versions(spec);
        if (spec.at("versions").size() == 1) {
            spec.at("version").check(spec.at("versions").at(0).at("name").text(), Names::label1035);
        }
        names(spec.at("names"));
        sharedSchema(spec);
        subresources(spec);
        columns(spec);
        SelectableFieldRules.check(shared(spec, "selectableFields"), shared(spec, "schema"));
        conversion(spec.at("conversion"));
    }

    private static void group(Fields group) {
        if (!group.requireText()) {
            return;
        }
        group.check(Names::subdomain);
        if (Names.subdomain(group.text()).isEmpty() && !group.text().contains(".")) {
            group.invalid("should be a domain with at least one dot");
        }
    }

    private static void versions(Fields spec) {
        Fields versions = spec.at("versions");
        int storage = 0;
        List<String> names = new ArrayList<>();
        for (Fields version : versions.elements()) {
            version.at("name").check(Names::label1035);
            storage += version.at("storage").flag() ? 1 : 0;
            Fields warning = version.at("deprecationWarning");
            if (warning.given()) {
                if (!version.at("deprecated").flag()) {
                    warning.invalid("can only be set for deprecated versions");
                } else if (warning.isEmpty()) {
                    warning.invalid("must not be an empty string");
                }
            }
            names.add(version.at("name").text());
        }
        if (shared(spec, "schema").size() > 1 || versions.size() == 0) {
            versions.elements().forEach(version -> schema(version.at("schema"), version.at("schema"), version));
        }
        JsonNode shown = DefinitionText.versions(versions.value());
        if (names.stream().distinct().count() < names.size()) {
            versions.with(shown).invalid("must contain unique version names");
        }
        if (storage != 1) {
            versions.with(shown).invalid("must have exactly one version marked as storage version");
        }
    }

    /** The schema of one version, or the one that all have. */
    private static void schema(Fields schema, Fields place, Fields version) {
        if (!schema.has("openAPIV3Schema")) {
            version.at("schema", "openAPIV3Schema").required();
            return;
        }
        boolean hasStatus = version.at("subresources").has("status");
        place.add(
                SchemaRules.check(schema.at("openAPIV3Schema").value(), place.path() + ".openAPIV3Schema", hasStatus));
    }

    private static void sharedSchema(Fields spec) {
        List<Fields> versions = spec.at("versions").elements();
        if (versions.isEmpty()
                || shared(spec, "schema").size() != 1
                || !shared(spec, "schema").get(0).path().equals("spec.schema")) {
            return;
        }
        schema(versions.get(0).at("schema"), spec.at("validation"), versions.get(0));
    }

    /** Where the one version of a definition, or what all have in common, is told of: at the top. */
    private static List<Fields> shared(Fields spec, String member) {
        List<Fields> versions = spec.at("versions").elements();
        boolean same = versions.stream()
                .allMatch(version -> Strategies.same(
                        version.at(member).value(), versions.get(0).at(member).value()));
        if (!versions.isEmpty() && same) {
            return List.of(spec.at(member).with(versions.get(0).at(member).value()));
        }
        return versions.stream().map(version -> version.at(member)).toList();
    }

    private static void subresources(Fields spec) {
        for (Fields subresources : shared(spec, "subresources")) {
            Fields scale = subresources.at("scale");
            if (!scale.given()) {
                continue;
            }
            path(scale.at("specReplicasPath"), true, List.of(".spec"), "should be a json path under .spec");
            path(scale.at("statusReplicasPath"), true, List.of(".status"), "should be a json path under .status");
            path(
                    scale.at("labelSelectorPath"),
                    false,
                    List.of(".spec", ".status"),
                    "should be a json path under either .spec or .status");
        }
    }

    private static void path(Fields path, boolean needed, List<String> roots, String detail) {
        String text = path.text();
        if (text.isEmpty()) {
            if (needed) {
                path.required();
            }
        } else if (!text.startsWith(".")) {
            path.invalid("must be a simple json path starting with .");
        } else if (roots.stream().noneMatch(root -> text.startsWith(root + "."))) {
            path.invalid(detail);
        }
    }

    private static void names(Fields names) {
        if (names.at("plural").requireText()) {
            names.at("plural").check(Names::label1035);
        }
        if (names.at("singular").requireText()) {
            names.at("singular").check(Names::label1035);
        }
        if (names.at("kind").requireText()) {
            mixedCase(names.at("kind"));
        }
        if (names.at("listKind").requireText()) {
            mixedCase(names.at("listKind"));
        }
        names.at("shortNames").elements().forEach(name -> name.check(Names::label1035));
        names.at("categories").elements().forEach(name -> name.check(Names::label1035));
        if (!names.at("kind").isEmpty()
                && names.at("kind").text().equals(names.at("listKind").text())) {
            names.at("listKind").invalid("kind and listKind may not be the same");
        }
    }

    private static void mixedCase(Fields name) {
        for (String detail : Names.label1035(name.text().toLowerCase(Locale.ROOT))) {
            name.invalid("may have mixed case, but should otherwise match: " + detail);
        }
    }

    private static void columns(Fields spec) {
        for (Fields columns : shared(spec, "additionalPrinterColumns")) {
            for (Fields column : columns.elements()) {
                column.at("name").requireText();
                Fields type = column.at("type");
                if (type.isEmpty()) {
                    type.required("must be one of boolean,date,integer,number,string");
                } else if (!List.of("boolean", "date", "integer", "number", "string")
                        .contains(type.text())) {
                    type.invalid("must be one of boolean,date,integer,number,string");
                }
                Fields path = column.at("JSONPath").with(column.at("jsonPath").value());
                if (path.isEmpty()) {
                    path.required();
                } else if (!path.text().startsWith(".")) {
                    path.invalid("must be a simple json path starting with .");
                }
                Fields format = column.at("format");
                if (!format.isEmpty() && !FORMATS.contains(format.text())) {
                    format.invalid("must be one of " + String.join(",", FORMATS));
                }
            }
        }
    }

    private static void conversion(Fields conversion) {
        Fields webhook = conversion.at("webhook");
        Fields client = conversion
                .at("webhookClientConfig")
                .with(webhook.at("clientConfig").value());
        Fields reviews = conversion
                .at("conversionReviewVersions")
                .with(webhook.at("conversionReviewVersions").value());
        switch (conversion.at("strategy").text()) {
            case "Webhook" -> {
                if (client.given()) {
                    WebhookRules.clientConfig(client);
                } else {
                    client.required("required when strategy is set to Webhook");
                }
                if (reviews.isEmpty()) {
                    reviews.required();
                } else {
                    WebhookRules.reviewVersions(reviews);
                }
            }
            case "None" -> {
                if (client.given()) {
                    client.forbidden("should not be set when strategy is not set to Webhook");
                }
                if (!reviews.isEmpty()) {
                    reviews.forbidden("should not be set when strategy is not set to Webhook");
                }
            }
            case "" -> conversion.at("strategy").required();
            default -> conversion.at("strategy").oneOf("None", "Webhook");
        }
    }

    /** Any finalizer will do, that of the clean-up among them. */
    @Override
    void statusUpdateRules(Fields definition, ObjectNode old) {
        MetadataRules.checkUpdate(definition.at("metadata"), old.path("metadata"));
    }

    /** Group and plural never change; scope and kind do until the names have been accepted. */
    @Override
    void updateRules(Fields definition, ObjectNode old) {
        MetadataRules.checkUpdate(definition.at("metadata"), old.path("metadata"));
        rules(definition);
        StoredVersionRules.check(definition.at("status", "storedVersions"), definition.at("spec", "versions"));
        Fields spec = definition.at("spec");
        JsonNode before = old.path("spec");
        if (established(old)) {
            spec.at("scope").immutable(before.path("scope"));
            spec.at("names", "kind").immutable(before.path("names").path("kind"));
        }
        spec.at("group").immutable(before.path("group"));
        spec.at("names", "plural").immutable(before.path("names").path("plural"));
    }

    private static boolean established(JsonNode definition) {
        for (JsonNode condition : definition.path("status").path("conditions")) {
            if (condition.path("type").asText().equals("Established")) {
                return condition.path("status").asText().equals("True");
            }
        }
        return false;
    }
}

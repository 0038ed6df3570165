package dev.amphora.apiserver.customresource;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.base.Suppliers;
import com.google.common.collect.ImmutableSet;
import com.google.common.hash.Hashing;
import dev.amphora.api.FieldError;
import dev.amphora.apiserver.schema.ResourceInfo;
import dev.amphora.apiserver.schema.ResourceInfo.Subresource;
import dev.amphora.apiserver.schema.SchemaCatalogue;
import dev.amphora.apiserver.schema.TypeSchema;
import dev.amphora.apiserver.schema.VersionOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** One version of a custom resource. What is made of its schema is made when first asked for. Immutable. */
public final class DefinedVersion {
    private static final Set<FieldError.Type> BLOCKING = ImmutableSet.of(
            FieldError.Type.REQUIRED, FieldError.Type.TOO_LONG, FieldError.Type.TOO_MANY, FieldError.Type.TYPE_INVALID);
    private static final List<String> VERBS =
            List.of("delete", "deletecollection", "get", "list", "patch", "create", "update", "watch");
    private static final List<String> TERMINATING_VERBS = List.of("delete", "deletecollection", "get", "list", "watch");
    private static final List<String> PART_VERBS = List.of("get", "patch", "update");
    private static final String OBJECT_META = "#/components/schemas/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";

    private final Definition definition;
    private final JsonNode tree;
    private final Supplier<ResourceInfo> info;
    private final Supplier<TypeSchema> type;
    private final Supplier<Structural> structural;
    private final Supplier<Optional<ExpressionSchema>> expressions;

    DefinedVersion(Definition definition, JsonNode tree) {
        this.definition = definition;
        this.tree = tree;
        info = Suppliers.memoize(this::makeInfo);
        type = Suppliers.memoize(this::makeType);
        structural = Suppliers.memoize(() -> Structural.of(schema()));
        expressions = Suppliers.memoize(() -> ExpressionSchema.hasRules(schema())
                ? Optional.of(ExpressionSchema.of(structural(), true))
                : Optional.empty());
    }

    /** The definition whose version it is. */
    public Definition definition() {
        return definition;
    }

    /** The version as the definition has it. Read-only. */
    public JsonNode tree() {
        return tree;
    }

    /** Such as {@code v1}. */
    public String name() {
        return tree.path("name").asText();
    }

    /** As objects carry it: {@code example.com/v1}. */
    public String apiVersion() {
        return definition.group() + "/" + name();
    }

    /** Whether it is served. */
    public boolean served() {
        return tree.path("served").asBoolean();
    }

    /** Whether objects are stored in it. */
    public boolean storage() {
        return tree.path("storage").asBoolean();
    }

    /** The schema as the definition has it; an empty object if there is none. */
    public JsonNode schema() {
        JsonNode schema = tree.path("schema").path("openAPIV3Schema");
        return schema.isObject() ? schema : JsonNodeFactory.instance.objectNode();
    }

    /** Whether a subresource such as {@code status} is asked for. */
    public boolean hasSubresource(String subresource) {
        return tree.path("subresources").has(subresource);
    }

    /** What callers of a deprecated version are warned of; empty if it isn't deprecated. */
    public String deprecationWarning() {
        if (!isDeprecated()) {
            return "";
        }
        if (tree.hasNonNull("deprecationWarning")) {
            return tree.path("deprecationWarning").asText();
        }
        String kind = definition.accepted().kind();
        String better = definition.versions().stream()
                .filter(version -> version.served() && !version.isDeprecated())
                .filter(version -> VersionOrder.PREFERRED_FIRST.compare(version.name(), name()) < 0)
                .min((one, other) -> VersionOrder.PREFERRED_FIRST.compare(one.name(), other.name()))
                .map(version -> "; use " + version.apiVersion() + " " + kind)
                .orElse("");
        return "%s %s is deprecated%s".formatted(apiVersion(), kind, better);
    }

    private boolean isDeprecated() {
        return tree.path("deprecated").asBoolean();
    }

    /** The resource under its accepted names. */
    public ResourceInfo info() {
        return info.get();
    }

    /** The resource as discovery lists it: of a terminating one nothing new can be made. */
    public ResourceInfo listed() {
        ResourceInfo all = info();
        return !definition.isTerminating()
                ? all
                : new ResourceInfo(
                        all.group(),
                        all.version(),
                        all.kind(),
                        all.listKind(),
                        all.plural(),
                        all.singular(),
                        all.namespaced(),
                        TERMINATING_VERBS,
                        all.shortNames(),
                        all.categories(),
                        all.subresources(),
                        all.storageVersionHash());
    }

    /** The type of the objects, with what every object has. */
    public TypeSchema type() {
        return type.get();
    }

    /** The schema by which objects are pruned, completed and checked. */
    public Structural structural() {
        return structural.get();
    }

    /**
     * Drops what the schema doesn't know. Changes the object in place.
     *
     * @return the paths of what was dropped, sorted
     */
    public List<String> prune(ObjectNode object) {
        List<String> unknown = Fitting.prune(object, structural());
        Fitting.dropNulls(object, structural());
        EmbeddedMetadata.fit(object, structural(), "", unknown);
        return unknown;
    }

    /** Drops what the schema doesn't know, but not nulls where null is no value. Changes the object in place. */
    public List<String> pruneFields(ObjectNode object) {
        List<String> unknown = Fitting.prune(object, structural());
        EmbeddedMetadata.fit(object, structural(), "", unknown);
        return unknown;
    }

    /** Fills in defaults. Changes the object in place. */
    public void setDefaults(ObjectNode object) {
        Fitting.setDefaults(object, structural());
    }

    /** Fits a stored object to the schema, and numbers to the way they are stored. Changes the object in place. */
    public void fit(ObjectNode object) {
        prune(object);
        setDefaults(object);
        Fitting.writeWholeNumbers(object);
    }

    /** Writes numbers the way they are stored: whole ones without a point. Changes the object in place. */
    public static void writeWholeNumbers(ObjectNode object) {
        Fitting.writeWholeNumbers(object);
    }

    /** What is wrong with the values of a new object. */
    public List<FieldError> check(ObjectNode object) {
        List<FieldError> errors = new ArrayList<>(ValueRules.check(object, structural(), null));
        errors.addAll(ListTypeRules.check(object, structural()));
        return errors;
    }

    /**
     * What the rules of the schema say of an object.
     *
     * @param old the object before, null if it is new
     * @param before what was found wrong already; a value of a wrong type is nothing to apply a rule to
     * @param excused receives what is wrong as it was before
     */
    public List<FieldError> checkRules(
            ObjectNode object, @Nullable ObjectNode old, List<FieldError> before, List<FieldError> excused) {
        ExpressionSchema rules = expressions.get().orElse(null);
        if (rules == null) {
            return List.of();
        }
        if (before.stream().anyMatch(error -> BLOCKING.contains(error.type()))) {
            return List.of(FieldError.invalid(
                    "<nil>",
                    NullNode.getInstance(),
                    "some validation rules were not checked because the object was invalid; correct the existing errors to"
                            + " complete validation"));
        }
        List<FieldError> errors = new ArrayList<>();
        rules.check(object, old, errors, excused);
        return errors;
    }

    /** What is wrong with the values of a changed object that was not wrong before. */
    public List<FieldError> check(ObjectNode object, ObjectNode old) {
        List<FieldError> errors = new ArrayList<>(ValueRules.check(object, structural(), old));
        if (ListTypeRules.check(old, structural()).isEmpty()) {
            errors.addAll(ListTypeRules.check(object, structural()));
        }
        return errors;
    }

    private ResourceInfo makeInfo() {
        DefinedNames names = definition.accepted();
        List<Subresource> subresources = new ArrayList<>();
        if (hasSubresource("status")) {
            subresources.add(new Subresource("status", definition.group(), name(), names.kind(), PART_VERBS));
        }
        if (hasSubresource("scale")) {
            subresources.add(new Subresource("scale", "autoscaling", "v1", "Scale", PART_VERBS));
        }
        return new ResourceInfo(
                definition.group(),
                name(),
                names.kind(),
                names.listKind(),
                names.plural(),
                names.singular(),
                definition.namespaced(),
                VERBS,
                names.shortNames(),
                names.categories(),
                subresources,
                Optional.of(storageVersionHash()));
    }

    private String storageVersionHash() {
        String text = String.join(
                "/",
                definition.group(),
                definition.storage().name(),
                definition.accepted().kind());
        byte[] digest =
                Hashing.sha256().hashString(text, StandardCharsets.UTF_8).asBytes();
        return Base64.getEncoder().encodeToString(Arrays.copyOf(digest, 8));
    }

    private TypeSchema makeType() {
        ObjectNode root = JsonNodeFactory.instance.objectNode();
        root.setAll((ObjectNode) schema());
        root.put("type", "object");
        ObjectNode properties = JsonNodeFactory.instance.objectNode();
        properties.putObject("apiVersion").put("type", "string");
        properties.putObject("kind").put("type", "string");
        properties.putObject("metadata").put("$ref", OBJECT_META);
        for (Map.Entry<String, JsonNode> property : schema().path("properties").properties()) {
            if (!properties.has(property.getKey())) {
                properties.set(property.getKey(), property.getValue());
            }
        }
        root.set("properties", properties);
        return SchemaCatalogue.builtIn().reader().read("", root);
    }
}

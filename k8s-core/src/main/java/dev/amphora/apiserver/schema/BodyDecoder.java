package dev.amphora.apiserver.schema;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.DoubleNode;
import com.fasterxml.jackson.databind.node.IntNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.LongNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.collect.ImmutableList;
import com.google.common.io.BaseEncoding;
import com.google.common.primitives.Bytes;
import com.google.protobuf.ByteString;
import dev.amphora.api.Json;
import dev.amphora.api.StatusException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Turns the body of a request into an object of the kind that the request is about, or into the status that the reference
 * answers. Thread-safe.
 */
public final class BodyDecoder {
    private static final int SHOWN = 30;
    private static final String TYPE_META =
            "struct { APIVersion string \"json:\\\"apiVersion,omitempty\\\"\"; Kind string \"json:\\\"kind,omitempty\\\"\" }";

    private final SchemaCatalogue catalogue;
    private final ProtobufCodec protobuf;

    /** A decoder for the kinds of a catalogue. */
    public BodyDecoder(SchemaCatalogue catalogue) {
        this.catalogue = catalogue;
        protobuf = new ProtobufCodec(catalogue);
    }

    /** Drops, in place, what an object has and its schema doesn't; tells the paths in the order in which they are to be named. */
    @FunctionalInterface
    public interface Pruner {
        /** Prunes an object whose metadata has been seen to. */
        List<String> prune(ObjectNode object);
    }

    /** How a body is written. */
    public enum Encoding {
        JSON,
        YAML,
        PROTOBUF;

        /** The encoding of a media type without its parameters; the empty text means JSON. */
        public static Optional<Encoding> ofMediaType(String mediaType) {
            switch (mediaType) {
                case "":
                case "application/json":
                    return Optional.of(JSON);
                case "application/yaml":
                    return Optional.of(YAML);
                case "application/vnd.kubernetes.protobuf":
                    return Optional.of(PROTOBUF);
                default:
                    return Optional.empty();
            }
        }
    }

    /**
     * A decoded body.
     *
     * @param object with its kind and version, fields in declaration order
     * @param warnings one for each field that was dropped, unless they are ignored
     */
    public record Body(ObjectNode object, List<String> warnings) {

        /** Copies the list. */
        public Body {
            warnings = ImmutableList.copyOf(warnings);
        }
    }

    /**
     * Decodes an object.
     *
     * @param bytes the body
     * @param encoding how it is written
     * @param group group of the kind that is expected
     * @param version version that is expected
     * @param kind kind that is expected; a body that names none is taken as one
     * @param validation what to do with fields that the kind doesn't have
     * @throws StatusException 400 if the body is no such object
     */
    public Body decode(
            byte[] bytes, Encoding encoding, String group, String version, String kind, FieldValidation validation) {
        return decode(() -> read(bytes, encoding, group, version, kind), () -> bytes, group, version, kind, validation);
    }

    /**
     * Decodes an object that is a tree already: as if it had been written as JSON and read again.
     *
     * @param tree not used by anybody else; parts of it become parts of the object
     * @param group group of the kind that is expected
     * @param version version that is expected
     * @param kind kind that is expected; a tree that names none is taken as one
     * @param validation what to do with fields that the kind doesn't have
     * @throws StatusException 400 if the tree is no such object
     */
    public Body decode(JsonNode tree, String group, String version, String kind, FieldValidation validation) {
        return decode(
                () -> document(tree, group, version, kind), () -> Json.write(tree), group, version, kind, validation);
    }

    /**
     * Decodes what a patch has made of an object. Without a version it is an object of no version: one that has nothing but its kind.
     *
     * @return warns of each field that was dropped
     * @throws DecodeException if the tree is no object at all
     * @throws StatusException 400 if the tree is an object of another kind, or a value has the wrong type
     */
    public Body decodePatched(JsonNode tree, String group, String version, String kind) {
        Document document = document(tree, group, version, kind);
        if (!typeField(tree, "apiVersion").isEmpty()) {
            return decode(tree, group, version, kind, FieldValidation.WARN);
        }
        List<String> unknown = new ArrayList<>();
        tree.fieldNames().forEachRemaining(name -> {
            if (!name.equals("kind") && !name.equals("apiVersion")) {
                unknown.add("unknown field \"" + name + "\"");
            }
        });
        ObjectNode nothing = JsonNodeFactory.instance.objectNode();
        nothing.put("kind", document.kind).put("apiVersion", document.apiVersion());
        return new Body(nothing, unknown);
    }

    private Body decode(
            Supplier<Document> reading,
            Supplier<byte[]> bytes,
            String group,
            String version,
            String kind,
            FieldValidation validation) {
        Document document;
        try {
            document = reading.get();
        } catch (DecodeException e) {
            throw StatusException.badRequest("the object provided is unrecognized (must be of type %s): %s (%s)"
                    .formatted(kind, e.reason(), shown(bytes.get())));
        }
        boolean expectedKind = document.kind.equals(kind);
        TypeSchema type = catalogue
                .findType(document.group, document.version, document.kind)
                .or(() -> former(document, expectedKind ? version : "v1"))
                .orElseThrow(() -> StatusException.badRequest(cannot(document, kind) + notRegistered(document)));
        if (!expectedKind) {
            String cannot = cannot(document, kind);
            checked(document, type, cannot);
            throw StatusException.badRequest(cannot
                    + "converting (%s.%s) to (%s.%s): unknown conversion"
                            .formatted(document.version, document.kind, internalPackage(group), kind));
        }
        if (!(document.group.equals(group) && document.version.equals(version))
                && !FormerKinds.isAccepted(document.apiVersion(), kind)) {
            throw StatusException.badRequest(
                    "the API version in the data (%s) does not match the expected API version (%s)"
                            .formatted(document.apiVersion(), ResourceInfo.apiVersion(group, version)));
        }
        try {
            return body(document, type, validation);
        } catch (DecodeException e) {
            throw StatusException.badRequest(cannot(document, kind) + e.reason());
        }
    }

    private static String cannot(Document document, String kind) {
        return "%s in version \"%s\" cannot be handled as a %s: ".formatted(document.kind, document.version, kind);
    }

    /** What an object in a version that is no longer served looks like: as it does in one that is. */
    private Optional<TypeSchema> former(Document document, String version) {
        if (!FormerKinds.contains(document.apiVersion(), document.kind)) {
            return Optional.empty();
        }
        String group = document.kind.equals("Scale")
                ? "autoscaling"
                : document.group.equals("extensions")
                        ? document.kind.endsWith("Set") || document.kind.equals("Deployment")
                                ? "apps"
                                : "networking.k8s.io"
                        : document.group;
        return catalogue.findType(group, version, document.kind);
    }

    /** Something of another kind must be right as such, before it is refused. */
    private void checked(Document document, TypeSchema type, String cannot) {
        try {
            body(document, type, FieldValidation.IGNORE);
        } catch (DecodeException e) {
            throw StatusException.badRequest(cannot + e.reason());
        }
    }

    /**
     * Decodes an object of a custom resource. A kind other than the resource's is for validation to refuse.
     *
     * @param bytes the body
     * @param encoding how it is written
     * @param resource what is expected
     * @param pruner drops what the schema doesn't have
     * @param validation what to do with fields that the schema doesn't have
     * @throws StatusException 400 if the body is no such object
     */
    public Body decodeCustom(
            byte[] bytes, Encoding encoding, ResourceInfo resource, Pruner pruner, FieldValidation validation) {
        return decodeCustom(
                () -> read(bytes, encoding, resource.group(), resource.version(), resource.kind()),
                () -> bytes,
                resource,
                pruner,
                validation);
    }

    /**
     * Decodes an object of a custom resource that is a tree already.
     *
     * @param tree not used by anybody else; parts of it become parts of the object
     * @param resource what is expected
     * @param pruner drops what the schema doesn't have
     * @param validation what to do with fields that the schema doesn't have
     * @throws StatusException 400 if the tree is no such object
     */
    public Body decodeCustom(JsonNode tree, ResourceInfo resource, Pruner pruner, FieldValidation validation) {
        return decodeCustom(
                () -> document(tree, resource.group(), resource.version(), resource.kind()),
                () -> Json.write(tree),
                resource,
                pruner,
                validation);
    }

    private static Body decodeCustom(
            Supplier<Document> reading,
            Supplier<byte[]> bytes,
            ResourceInfo resource,
            Pruner pruner,
            FieldValidation validation) {
        Document document;
        try {
            document = reading.get();
        } catch (DecodeException e) {
            throw StatusException.badRequest("the object provided is unrecognized (must be of type %s): %s (%s)"
                    .formatted(resource.kind(), e.reason(), shown(bytes.get())));
        }
        if (!document.apiVersion().equals(resource.apiVersion())) {
            throw StatusException.badRequest(
                    "the API version in the data (%s) does not match the expected API version (%s)"
                            .formatted(document.apiVersion(), resource.apiVersion()));
        }
        try {
            return body(document, CustomDecoder.decode(document.tree, pruner), validation);
        } catch (DecodeException e) {
            throw StatusException.badRequest("%s in version \"%s\" cannot be handled as a %s: %s"
                    .formatted(document.kind, document.version, resource.kind(), e.reason()));
        }
    }

    /**
     * Decodes the options of a request, such as {@code DeleteOptions}. They may name the version of any group.
     *
     * @param bytes the body
     * @param encoding how it is written
     * @param kind kind of the options
     * @throws StatusException 400 if the body is no such object
     */
    public ObjectNode decodeOptions(byte[] bytes, Encoding encoding, String kind) {
        return decodeOptions(() -> read(bytes, encoding, "", "v1", kind), kind);
    }

    /**
     * The same for a tree: as if it had been written as JSON and read again.
     *
     * @param tree not used by anybody else
     */
    public ObjectNode decodeOptions(JsonNode tree, String kind) {
        return decodeOptions(() -> document(tree, "", "v1", kind), kind);
    }

    private ObjectNode decodeOptions(Supplier<Document> reading, String kind) {
        try {
            Document document = reading.get();
            TypeSchema type = catalogue
                    .findType(document.group, document.version, document.kind)
                    .filter(found -> document.kind.equals(kind))
                    .orElseThrow(() -> new DecodeException(notRegistered(document)));
            return body(document, type, FieldValidation.IGNORE).object();
        } catch (DecodeException e) {
            throw StatusException.badRequest(e.reason());
        }
    }

    /**
     * What an apply wants, without regard to its kind.
     *
     * @param object a tree of its own
     * @param repeated a text for each key that was given twice
     */
    public record Applied(ObjectNode object, List<String> repeated) {

        /** Copies the list. */
        public Applied {
            repeated = ImmutableList.copyOf(repeated);
        }
    }

    /**
     * Reads the body of an apply, which is YAML.
     *
     * @throws StatusException 400 if the body is no YAML mapping
     */
    public Applied applied(byte[] bytes) {
        try {
            JsonNode quick = quickly(bytes);
            List<String> repeated = new ArrayList<>();
            JsonNode tree = quick == null ? YamlText.parse(bytes, repeated) : quick;
            if (tree instanceof ObjectNode) {
                return new Applied((ObjectNode) wholeNumbers(tree), repeated);
            }
            if (tree.isNull() || tree.isMissingNode()) {
                return new Applied(JsonNodeFactory.instance.objectNode(), repeated);
            }
            throw StatusException.badRequest(
                    "error decoding YAML: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal %s into Go"
                                    .formatted(Decoder.typeName(tree))
                            + " value of type map[string]interface {}");
        } catch (DecodeException e) {
            throw StatusException.badRequest("error decoding YAML: error converting YAML to JSON: " + e.reason());
        }
    }

    /** Most bodies are JSON, which is read faster than YAML and means the same; null if this one isn't or may not. */
    private static @Nullable JsonNode quickly(byte[] bytes) {
        if (bytes.length == 0 || bytes[0] != '{' || Bytes.contains(bytes, (byte) '\t')) {
            return null;
        }
        try {
            JsonNode tree = JsonText.parse(bytes);
            return JsonSyntax.repeated(tree).isEmpty() ? tree : null;
        } catch (DecodeException e) {
            return null;
        }
    }

    /** The object that a JSON text holds; null if it holds none, or a key twice. */
    public static @Nullable ObjectNode plain(byte[] json) {
        try {
            JsonNode tree = JsonText.parse(json);
            return tree instanceof ObjectNode object
                            && JsonSyntax.repeated(tree).isEmpty()
                    ? object
                    : null;
        } catch (DecodeException e) {
            return null;
        }
    }

    /** YAML doesn't tell whole numbers by the way they are written. */
    public static JsonNode wholeNumbers(JsonNode node) {
        if (node.isFloatingPointNumber()) {
            double value = node.doubleValue();
            return value == Math.rint(value) && Math.abs(value) < 1L << 62
                    ? value == (int) value ? IntNode.valueOf((int) value) : LongNode.valueOf((long) value)
                    : DoubleNode.valueOf(value);
        }
        if (node instanceof ObjectNode object) {
            object.properties().forEach(member -> member.setValue(wholeNumbers(member.getValue())));
        } else if (node instanceof ArrayNode array) {
            for (int i = 0; i < array.size(); i++) {
                array.set(i, wholeNumbers(array.get(i)));
            }
        }
        return node;
    }

    private Body body(Document document, TypeSchema type, FieldValidation validation) {
        JsonNode tree = document.message == null ? document.tree : protobuf.message(document.message, type);
        return body(document, Decoder.decode(tree, type), validation);
    }

    private static Body body(Document document, Decoder.Result result, FieldValidation validation) {
        boolean strict = validation == FieldValidation.STRICT
                && !(result.strictErrors().isEmpty() && document.repeated.isEmpty());
        if (strict) {
            List<String> errors = new ArrayList<>();
            if (!document.repeated.isEmpty()) {
                errors.add("yaml: unmarshal errors:\n  " + String.join("\n  ", document.repeated));
            }
            errors.addAll(result.strictErrors());
            throw new DecodeException("strict decoding error: " + String.join(", ", errors));
        }
        ObjectNode object = JsonNodeFactory.instance.objectNode();
        object.put("kind", document.kind);
        object.put("apiVersion", document.apiVersion());
        result.value().properties().forEach(entry -> object.putIfAbsent(entry.getKey(), entry.getValue()));
        JsonNode entries = document.tree.path("metadata").path("managedFields");
        if (entries.isArray() && entries.isEmpty() && object.get("metadata") instanceof ObjectNode metadata) {
            // Here no entries are something else than nothing said: they take away what is there.
            metadata.putArray("managedFields");
        }
        List<String> warnings = new ArrayList<>();
        if (validation == FieldValidation.WARN) {
            warnings.addAll(document.repeated);
            warnings.addAll(result.strictErrors());
        }
        return new Body(object, warnings);
    }

    private static Document read(byte[] bytes, Encoding encoding, String group, String version, String kind) {
        switch (encoding) {
            case YAML: {
                List<String> repeated = new ArrayList<>();
                Document document = document(YamlText.parse(bytes, repeated), group, version, kind);
                return new Document(document.tree, null, document.group, document.version, document.kind, repeated);
            }
            case PROTOBUF: {
                ProtobufCodec.Envelope envelope = ProtobufCodec.open(bytes);
                ObjectNode tree = JsonNodeFactory.instance
                        .objectNode()
                        .put("apiVersion", envelope.apiVersion())
                        .put("kind", envelope.kind());
                Document document = document(tree, group, version, kind);
                return new Document(
                        tree, envelope.message(), document.group, document.version, document.kind, List.of());
            }
            default:
                JsonNode tree;
                try {
                    tree = JsonText.parse(bytes);
                } catch (DecodeException e) {
                    throw versionAndKind(e.reason());
                }
                return document(tree, group, version, kind);
        }
    }

    private static Document document(JsonNode tree, String group, String version, String kind) {
        if (!tree.isObject() && !tree.isNull()) {
            throw versionAndKind(
                    "json: cannot unmarshal %s into Go value of type %s".formatted(Decoder.typeName(tree), TYPE_META));
        }
        String apiVersion = typeField(tree, "apiVersion");
        String ownKind = typeField(tree, "kind");
        int slash = apiVersion.indexOf('/');
        if (slash != apiVersion.lastIndexOf('/')) {
            throw new DecodeException("unexpected GroupVersion string: " + apiVersion);
        }
        boolean own = !apiVersion.isEmpty();
        return new Document(
                tree,
                null,
                own ? apiVersion.substring(0, Math.max(0, slash)) : group,
                own ? apiVersion.substring(slash + 1) : version,
                ownKind.isEmpty() ? kind : ownKind,
                List.of());
    }

    private static String typeField(JsonNode tree, String name) {
        JsonNode value = tree.path(name);
        if (value.isMissingNode() || value.isNull()) {
            return "";
        }
        if (!value.isTextual()) {
            throw versionAndKind("json: cannot unmarshal %s into Go struct field .%s of type string"
                    .formatted(Decoder.typeName(value), name));
        }
        return value.textValue();
    }

    private static DecodeException versionAndKind(String why) {
        return new DecodeException("couldn't get version/kind; json parse error: " + why);
    }

    private static String notRegistered(Document document) {
        return "no kind \"%s\" is registered for version \"%s\" in scheme \"pkg/runtime/scheme.go:111\""
                .formatted(document.kind, document.apiVersion());
    }

    /** The name that the reference's own types of a group go by. */
    private static String internalPackage(String group) {
        int dot = group.indexOf('.');
        return group.isEmpty() ? "core" : dot < 0 ? group : group.substring(0, dot);
    }

    /** The beginning of a body: as text if it looks like JSON, else in hexadecimal. */
    private static String shown(byte[] bytes) {
        if (bytes.length == 0) {
            return "<empty>";
        }
        byte[] head = Arrays.copyOf(bytes, Math.min(bytes.length, SHOWN));
        String text = head[0] == '{'
                ? new String(head, StandardCharsets.UTF_8)
                : BaseEncoding.base16().lowerCase().encode(head);
        return bytes.length > SHOWN ? text + " ..." : text;
    }

    /** A body as far as it has been read; repeated are the keys that a YAML text gave twice. */
    private record Document(
            JsonNode tree,
            @Nullable ByteString message,
            String group,
            String version,
            String kind,
            List<String> repeated) {
        String apiVersion() {
            return ResourceInfo.apiVersion(group, version);
        }
    }
}

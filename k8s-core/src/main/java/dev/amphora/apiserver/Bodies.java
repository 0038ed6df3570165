package dev.amphora.apiserver;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.Json;
import dev.amphora.api.StatusException;
import dev.amphora.apiserver.customresource.DefinedVersion;
import dev.amphora.apiserver.schema.BodyDecoder;
import dev.amphora.apiserver.schema.BodyDecoder.Encoding;
import dev.amphora.apiserver.schema.FieldValidation;
import dev.amphora.apiserver.schema.SchemaCatalogue;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Turns the bodies of requests into trees of the kind that is expected. */
final class Bodies {
    /** The longest body that is accepted, in bytes. */
    static final int MAX_BYTES = 3 << 20;

    private static final BodyDecoder DECODER = new BodyDecoder(SchemaCatalogue.builtIn());

    private Bodies() {}

    /**
     * The object that a request carries, in the version that it was sent to; a tree of its own, free to be changed.
     *
     * @throws StatusException 400, 413 or 415 if the body is none
     */
    static ObjectNode object(Call call, String group, String version, String kind) {
        Body body = call.request().body();
        FieldValidation validation = validation(call.options());
        Optional<JsonNode> tree = tree(body);
        BodyDecoder.Body decoded = tree.isPresent()
                ? decode(call, tree.get(), group, version, kind, validation)
                : decode(call, bytes(body), encoding(body), group, version, kind, validation);
        decoded.warnings().forEach(call::warn);
        return decoded.object();
    }

    /** Decodes an object of the kind that a call is about, or of another one that is built in. */
    private static BodyDecoder.Body decode(
            Call call,
            byte[] bytes,
            Encoding encoding,
            String group,
            String version,
            String kind,
            FieldValidation validation) {
        DefinedVersion custom = custom(call, group);
        return custom != null
                ? DECODER.decodeCustom(bytes, encoding, call.endpoint().info(), custom::prune, validation)
                : DECODER.decode(bytes, encoding, group, version, kind, validation);
    }

    /** The same for a tree of its own. */
    private static BodyDecoder.Body decode(
            Call call, JsonNode tree, String group, String version, String kind, FieldValidation validation) {
        DefinedVersion custom = custom(call, group);
        return custom != null
                ? DECODER.decodeCustom(tree, call.endpoint().info(), custom::prune, validation)
                : DECODER.decode(tree, group, version, kind, validation);
    }

    /** What an apply has made of an object. Nulls in custom ones are not taken for nothing, as those in a body are. */
    static BodyDecoder.Body merged(Call call, JsonNode tree, String group, String version, String kind) {
        DefinedVersion custom = custom(call, group);
        return custom != null
                ? DECODER.decodeCustom(tree, call.endpoint().info(), custom::pruneFields, FieldValidation.IGNORE)
                : DECODER.decode(tree, group, version, kind, FieldValidation.IGNORE);
    }

    private static @Nullable DefinedVersion custom(Call call, String group) {
        Endpoint endpoint = call.endpoint();
        return group.equals(endpoint.info().group()) ? endpoint.custom() : null;
    }

    /**
     * What a patch has made of an object.
     *
     * @return warns of each field that was dropped
     */
    static BodyDecoder.Body patched(Call call, JsonNode tree, String group, String version, String kind) {
        return custom(call, group) != null
                ? patchedCustom(call, tree, group, version, kind)
                : DECODER.decodePatched(tree, group, version, kind);
    }

    /** A custom object may be patched to be of any kind and version; that it is not of the resource is found out later. */
    private static BodyDecoder.Body patchedCustom(Call call, JsonNode tree, String group, String version, String kind) {
        if (!(tree instanceof ObjectNode object)) {
            return decode(call, tree, group, version, kind, FieldValidation.WARN);
        }
        if (object.path("kind").asText("").isEmpty()) {
            throw StatusException.badRequest("Object 'Kind' is missing in '%s'".formatted(object));
        }
        JsonNode given = object.path("apiVersion");
        BodyDecoder.Pruner pruner = pruner(custom(call, group), given.asText(""), object.path("kind"), kind);
        object.put("apiVersion", group + "/" + version);
        BodyDecoder.Body decoded = DECODER.decodeCustom(object, call.endpoint().info(), pruner, FieldValidation.WARN);
        if (given.isTextual()) {
            decoded.object().set("apiVersion", given);
        } else {
            decoded.object().remove("apiVersion");
        }
        return decoded;
    }

    /** Objects are pruned by the schema of the version that they are of; those of an unknown version have no fields. */
    private static BodyDecoder.Pruner pruner(
            @Nullable DefinedVersion custom, String apiVersion, JsonNode kind, String expected) {
        int slash = apiVersion.indexOf('/');
        if (custom == null
                || !kind.asText().equals(expected)
                || slash < 0
                || !apiVersion.substring(0, slash).equals(custom.info().group())) {
            return object -> List.of();
        }
        DefinedVersion version =
                custom.definition().version(apiVersion.substring(slash + 1)).orElse(null);
        return version != null ? version::prune : Bodies::pruneAll;
    }

    private static List<String> pruneAll(ObjectNode object) {
        List<String> unknown = new ArrayList<>();
        object.fieldNames().forEachRemaining(unknown::add);
        unknown.removeAll(List.of("apiVersion", "kind", "metadata"));
        object.remove(unknown);
        return unknown;
    }

    /** What an apply wants, as it was sent. */
    static BodyDecoder.Applied applied(Call call) {
        Body body = call.request().body();
        Optional<JsonNode> tree = tree(body);
        return tree.isPresent() && tree.get().isObject()
                ? new BodyDecoder.Applied((ObjectNode) BodyDecoder.wholeNumbers(tree.get()), List.of())
                : DECODER.applied(bytes(body));
    }

    /** A copy of the tree that a caller in process has given; empty if the body's text is to be read. */
    static Optional<JsonNode> tree(@Nullable Body body) {
        JsonNode tree = body == null ? null : body.tree();
        return tree == null ? Optional.empty() : CallerTree.copy(tree, MAX_BYTES);
    }

    /** The options that a request carries. */
    static ObjectNode options(Call call, Body body, String kind) {
        Optional<JsonNode> tree = encoding(body) == Encoding.JSON ? tree(body) : Optional.empty();
        if (tree.orElse(null) instanceof ObjectNode options && isPlain(options, kind)) {
            return options;
        }
        return tree.isPresent()
                ? DECODER.decodeOptions(tree.get(), kind)
                : DECODER.decodeOptions(bytes(body), encoding(body), kind);
    }

    /** Whether options are of their kind and say nothing but how to delete, each thing in its form: these decode to what they are. */
    private static boolean isPlain(ObjectNode options, String kind) {
        boolean named = options.path("kind").asText("").equals(kind)
                && options.path("apiVersion").asText("").equals("v1")
                && kind.equals("DeleteOptions");
        if (!named) {
            return false;
        }
        for (Map.Entry<String, JsonNode> member : options.properties()) {
            JsonNode value = member.getValue();
            boolean plain =
                    switch (member.getKey()) {
                        case "kind", "apiVersion", "propagationPolicy" -> value.isTextual();
                        case "gracePeriodSeconds" -> value.isInt() || value.isLong();
                        case "preconditions" -> isPlainPrecondition(value);
                        default -> false;
                    };
            if (!plain) {
                return false;
            }
        }
        return true;
    }

    private static boolean isPlainPrecondition(JsonNode preconditions) {
        for (Map.Entry<String, JsonNode> member : preconditions.properties()) {
            boolean known = member.getKey().equals("uid") || member.getKey().equals("resourceVersion");
            if (!known || !member.getValue().isTextual()) {
                return false;
            }
        }
        return preconditions.isObject();
    }

    static FieldValidation validation(RequestOptions options) {
        return switch (options.fieldValidation()) {
            case "Ignore" -> FieldValidation.IGNORE;
            case "Strict" -> FieldValidation.STRICT;
            default -> FieldValidation.WARN;
        };
    }

    /** The bytes of a body; refused if they are too many. */
    static byte[] bytes(@Nullable Body body) {
        if (body == null) {
            return new byte[0];
        }
        JsonNode tree = body.tree();
        byte[] bytes = tree != null ? Json.write(tree) : body.bytes();
        if (bytes == null) {
            return new byte[0];
        }
        if (bytes.length > MAX_BYTES) {
            throw StatusException.of(
                    413, "RequestEntityTooLarge", "Request entity too large: limit is " + MAX_BYTES, null);
        }
        return bytes;
    }

    private static Encoding encoding(@Nullable Body body) {
        String mediaType = body == null ? "" : body.mediaType();
        return Encoding.ofMediaType(mediaType)
                .orElseThrow(() -> StatusException.of(
                        415,
                        "UnsupportedMediaType",
                        "the body of the request was in an unknown format - accepted media types include: application/json,"
                                + " application/yaml, application/vnd.kubernetes.protobuf",
                        null));
    }
}

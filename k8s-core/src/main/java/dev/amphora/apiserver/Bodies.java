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
        BodyDecoder.Body decoded = decode(call, bytes(body), encoding(body), group, version, kind, validation);
        decoded.warnings().forEach(call::warn);
        return decoded.object();
    }

    /** Decodes an object of the kind that a call is about, or of another one that is built in. */
    static BodyDecoder.Body decode(
            Call call,
            byte[] bytes,
            Encoding encoding,
            String group,
            String version,
            String kind,
            FieldValidation validation) {
        Endpoint endpoint = call.endpoint();
        DefinedVersion custom = endpoint.custom();
        return custom != null && group.equals(endpoint.info().group())
                ? DECODER.decodeCustom(bytes, encoding, endpoint.info(), custom::prune, validation)
                : DECODER.decode(bytes, encoding, group, version, kind, validation);
    }

    /** What an apply wants, as it was sent. */
    static ObjectNode applied(Call call) {
        return DECODER.tree(bytes(call.request().body()));
    }

    /** The options that a request carries. */
    static ObjectNode options(Call call, Body body, String kind) {
        return DECODER.decodeOptions(bytes(body), encoding(body), kind);
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

package dev.amphora.apiserver;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.FieldError;
import dev.amphora.api.Json;
import dev.amphora.api.StatusException;
import dev.amphora.apiserver.patch.GoText;
import dev.amphora.apiserver.patch.JsonPatch;
import dev.amphora.apiserver.patch.MergePatch;
import dev.amphora.apiserver.patch.StrategicMergePatch;
import dev.amphora.apiserver.schema.BodyDecoder;
import dev.amphora.apiserver.schema.CompleteForm;
import dev.amphora.apiserver.schema.FieldValidation;
import dev.amphora.apiserver.schema.ResourceInfo;
import dev.amphora.apiserver.schema.SchemaCatalogue;
import dev.amphora.apiserver.schema.TypeSchema;
import io.fabric8.kubernetes.api.model.StatusDetails;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** Patch: reads the patch once, and applies it to whatever is stored until a write succeeds. */
final class Patches {
    static final String APPLY = "application/apply-patch+yaml";

    private final Writes writes;

    Patches(Writes writes) {
        this.writes = writes;
    }

    ApiResult patch(Call call) {
        Endpoint endpoint = call.endpoint();
        ResourceInfo info = endpoint.info();
        Body body = call.request().body();
        if (body != null && body.mediaType().equals(APPLY)) {
            return apply(call);
        }
        Reader patch = reader(call, endpoint.type());
        Facet facet = Facets.of(endpoint, call.request().subresource());
        if (facet == null) {
            throw ApiServer.notFound();
        }
        VersionedObject result = writes.mutate(
                call,
                current -> {
                    if (current == null) {
                        throw endpoint.notFound(call.request().name());
                    }
                    ObjectNode document = endpoint.view(current).tree().deepCopy();
                    ObjectNode object = apply(call, patch, document, info.group(), info.version(), info.kind());
                    Writes.matchName(call, object);
                    Writes.matchNamespace(call, object);
                    if (Metadata.text(object, "resourceVersion").isEmpty()
                            && !endpoint.strategy().unconditionalUpdate()) {
                        Metadata.of(object).put("resourceVersion", Long.toString(current.revision()));
                    } else if (Metadata.text(object, "resourceVersion").equals(Long.toString(current.revision()))
                            && endpoint.strategy().unconditionalUpdate()) {
                        Metadata.of(object).remove("resourceVersion");
                    }
                    Writes.toStored(call, object);
                    return object;
                },
                facet,
                false);
        return ApiResult.ok(endpoint.view(result), call.warnings());
    }

    /** Server-side apply: makes the object as a manager wants it, or makes it at all. */
    private ApiResult apply(Call call) {
        Endpoint endpoint = call.endpoint();
        Facet facet = Facets.of(endpoint, call.request().subresource());
        if (facet == null) {
            throw ApiServer.notFound();
        }
        ObjectNode wanted = Bodies.applied(call);
        boolean[] made = new boolean[1];
        VersionedObject result = writes.mutate(
                call,
                new Writes.Mutation() {
                    @Override
                    public ObjectNode next(@Nullable VersionedObject current) {
                        made[0] = current == null;
                        return applied(call, wanted, current);
                    }

                    @Override
                    public boolean managesFields() {
                        return true;
                    }
                },
                facet,
                call.request().subresource().isEmpty());
        return made[0]
                ? ApiResult.created(endpoint.view(result), call.warnings())
                : ApiResult.ok(endpoint.view(result), call.warnings());
    }

    private ObjectNode applied(Call call, ObjectNode wanted, @Nullable VersionedObject current) {
        Endpoint endpoint = call.endpoint();
        ResourceInfo info = endpoint.info();
        String version = wanted.path("apiVersion").asText();
        String kind = wanted.path("kind").asText();
        if (!version.equals(info.apiVersion()) || !kind.equals(info.kind())) {
            throw wrongKind(info, version, kind);
        }
        if (wanted.path("metadata").path("managedFields").isArray()) {
            throw StatusException.badRequest("metadata.managedFields must be nil");
        }
        ObjectNode live =
                current == null ? null : CompleteForm.of(endpoint.view(current).tree(), endpoint.type());
        ObjectNode merged = writes.owners().apply(call, live, wanted);
        ObjectNode object;
        try {
            object = Bodies.decode(
                            call,
                            Json.write(merged),
                            BodyDecoder.Encoding.JSON,
                            info.group(),
                            info.version(),
                            info.kind(),
                            FieldValidation.IGNORE)
                    .object();
        } catch (StatusException e) {
            throw StatusException.of(
                    500, "", "failed to convert new object to proper version: " + e.getMessage(), null);
        }
        Writes.matchName(call, object);
        Writes.matchNamespace(call, object);
        String uid = Metadata.text(object, "uid");
        if (current == null && !uid.isEmpty()) {
            throw StatusException.conflict(
                    info.group(),
                    info.plural(),
                    call.request().name(),
                    "uid mismatch: the provided object specified uid %s, and no existing object was found"
                            .formatted(uid));
        }
        if (current != null && !wanted.path("metadata").hasNonNull("resourceVersion")) {
            Metadata.of(object).put("resourceVersion", Long.toString(current.revision()));
        }
        Writes.toStored(call, object);
        return object;
    }

    private static StatusException wrongKind(ResourceInfo info, String version, String kind) {
        String[] parts = version.split("/", -1);
        boolean known = parts.length <= 2
                && kind.equals(info.kind())
                && SchemaCatalogue.builtIn()
                        .findType(parts.length == 2 ? parts[0] : "", parts[parts.length - 1], kind)
                        .isPresent();
        return StatusException.badRequest(
                known
                        ? "Incorrect version specified in apply patch. Specified patch version: %s, expected: %s"
                                .formatted(version, info.apiVersion())
                        : "invalid object type: %s, Kind=%s"
                                .formatted(
                                        parts.length == 2 ? version : parts.length > 2 ? "/" : "/" + version,
                                        parts.length > 2 ? "" : kind));
    }

    /**
     * A patch that has been read.
     *
     * @param apply from a tree, free to be changed, to the patched one
     * @param text the patch itself as messages show it; empty if they show what it made
     */
    record Reader(UnaryOperator<JsonNode> apply, String text) {}

    /** Reads the patch of a call. */
    static Reader reader(Call call, TypeSchema type) {
        Body body = call.request().body();
        byte[] bytes = Bodies.bytes(body);
        switch (body == null ? "" : body.mediaType()) {
            case "application/json-patch+json" -> {
                return new Reader(JsonPatch.parse(bytes)::apply, "");
            }
            case "application/merge-patch+json" -> {
                MergePatch patch = MergePatch.parse(bytes);
                return new Reader(document -> patch.apply((ObjectNode) document), "");
            }
            case "application/strategic-merge-patch+json" -> {
                StrategicMergePatch patch = StrategicMergePatch.parse(bytes);
                return new Reader(document -> patch.apply((ObjectNode) document, type), GoText.of(patch.tree()));
            }
            default ->
                throw StatusException.of(
                        415, "UnsupportedMediaType", "415: Unsupported Media Type", new StatusDetails());
        }
    }

    /**
     * Applies a patch and reads the outcome as an object of its kind.
     *
     * @throws StatusException 422 if it is none
     */
    static ObjectNode apply(Call call, Reader patch, ObjectNode document, String group, String version, String kind) {
        JsonNode patched = patch.apply.apply(document);
        byte[] bytes = Json.write(patched);
        try {
            BodyDecoder.Body decoded = Bodies.decode(
                    call, bytes, BodyDecoder.Encoding.JSON, group, version, kind, Bodies.validation(call.options()));
            decoded.warnings().forEach(call::warn);
            return decoded.object();
        } catch (StatusException e) {
            byte[] text = call.endpoint().custom() == null ? bytes : Json.write(Json.sorted(patched));
            String shown = patch.text.isEmpty() ? new String(text, StandardCharsets.UTF_8) : patch.text;
            String why = String.valueOf(e.getMessage())
                    .replaceFirst("^\\S+ in version \"[^\"]*\" cannot be handled as a \\S+: ", "");
            throw StatusException.invalid(
                    "",
                    "",
                    "",
                    List.of(new FieldError(
                            FieldError.Type.INVALID,
                            "patch",
                            "Invalid value: %s: %s".formatted(Json.quote(shown), why))));
        }
    }
}

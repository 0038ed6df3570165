package dev.amphora.apiserver;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.FieldError;
import dev.amphora.api.Json;
import dev.amphora.api.StatusException;
import dev.amphora.apiserver.patch.FieldManager;
import dev.amphora.apiserver.patch.JsonPatch;
import dev.amphora.apiserver.patch.MergePatch;
import dev.amphora.apiserver.patch.Patched;
import dev.amphora.apiserver.patch.StrategicMergePatch;
import dev.amphora.apiserver.schema.BodyDecoder;
import dev.amphora.apiserver.schema.CompleteForm;
import dev.amphora.apiserver.schema.DecodeException;
import dev.amphora.apiserver.schema.FieldValidation;
import dev.amphora.apiserver.schema.ResourceInfo;
import dev.amphora.apiserver.schema.SchemaCatalogue;
import dev.amphora.apiserver.schema.StructureFit;
import dev.amphora.apiserver.schema.TypeSchema;
import io.fabric8.kubernetes.api.model.StatusDetails;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Patch: reads the patch once, and applies it to whatever is stored until a write succeeds. */
final class Patches {
    static final String APPLY = "application/apply-patch+yaml";

    private final Writes writes;
    private final StatusMemory statuses = new StatusMemory();

    Patches(Writes writes) {
        this.writes = writes;
    }

    ApiResult patch(Call call) {
        Endpoint endpoint = call.endpoint();
        Body body = call.request().body();
        if (body != null && body.mediaType().equals(APPLY)) {
            return apply(call);
        }
        Reader patch = reader(call, endpoint.type());
        Facet facet = Facets.of(endpoint, call.request().subresource());
        if (facet == null) {
            throw ApiServer.notFound();
        }
        VersionedObject result = writes.mutate(call, new Patching(call, patch), facet, false);
        return ApiResult.ok(endpoint.view(result), call.warnings());
    }

    /** Applies a patch to whatever is stored. */
    private final class Patching implements Writes.Mutation {
        private final Call call;
        private final Reader patch;
        private StatusMemory.@Nullable Case known;

        Patching(Call call, Reader patch) {
            this.call = call;
            this.patch = patch;
        }

        @Override
        public ObjectNode next(@Nullable VersionedObject current) {
            Endpoint endpoint = call.endpoint();
            if (current == null) {
                throw endpoint.notFound(call.request().name());
            }
            StatusMerge ofStatus = patch.ofStatus;
            known = null;
            if (ofStatus != null && ofStatus.suits(current)) {
                ObjectNode live = current.tree();
                StatusMemory.Case like = statuses.of(
                        call, ofStatus.status(), live, writes.owners().now());
                known = like;
                return ofStatus.apply(live, like, this::patched);
            }
            ObjectNode live = endpoint.view(current).tree();
            return patched(endpoint.custom() == null ? MemberOrder.of(live) : (ObjectNode) Json.sorted(live));
        }

        private ObjectNode patched(ObjectNode document) {
            ResourceInfo info = call.endpoint().info();
            ObjectNode object = apply(call, patch, document, info.group(), info.version(), info.kind());
            Writes.matchName(call, object);
            Writes.matchNamespace(call, object);
            Writes.toStored(call, object);
            return object;
        }

        @Override
        public StatusMemory.@Nullable Case ofStatusAlone() {
            return known;
        }
    }

    /** Server-side apply: makes the object as a manager wants it, or makes it at all. */
    private ApiResult apply(Call call) {
        Endpoint endpoint = call.endpoint();
        Facet facet = Facets.of(endpoint, call.request().subresource());
        if (facet == null) {
            throw ApiServer.notFound();
        }
        BodyDecoder.Applied wanted = Bodies.applied(call);
        boolean[] made = new boolean[1];
        VersionedObject result = writes.mutate(
                call,
                new Writes.Mutation() {
                    @Override
                    public ObjectNode next(@Nullable VersionedObject current) {
                        made[0] = current == null;
                        ObjectNode object = applied(call, wanted.object(), current);
                        checkKeys(call, wanted.repeated());
                        return object;
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
        checkKind(wanted, info.apiVersion(), info.kind());
        ObjectNode live =
                current == null ? null : CompleteForm.of(endpoint.view(current).tree(), endpoint.type());
        ObjectNode merged = writes.owners().apply(call, live, wanted);
        ObjectNode object = converted(call, merged, wanted, endpoint.type(), info.group(), info.version(), info.kind());
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

    /** What was given twice matters only once the rest is right. */
    static void checkKeys(Call call, List<String> repeated) {
        FieldValidation validation = Bodies.validation(call.options());
        if (validation == FieldValidation.STRICT && !repeated.isEmpty()) {
            throw StatusException.badRequest(
                    "error strict decoding YAML: yaml: unmarshal errors:\n  " + String.join("\n  ", repeated));
        }
        if (validation == FieldValidation.WARN) {
            repeated.forEach(call::warn);
        }
    }

    /** Refuses what is not of the kind and version that the request is about, or names managers of its own. */
    static void checkKind(ObjectNode wanted, String apiVersion, String kind) {
        String givenVersion = wanted.path("apiVersion").asText();
        String givenKind = wanted.path("kind").asText();
        if (!givenVersion.equals(apiVersion) || !givenKind.equals(kind)) {
            throw wrongKind(apiVersion, kind, givenVersion, givenKind);
        }
        if (wanted.path("metadata").path("managedFields").isArray()) {
            throw StatusException.badRequest("metadata.managedFields must be nil");
        }
    }

    private static StatusException wrongKind(String expectedVersion, String expectedKind, String version, String kind) {
        String[] parts = version.split("/", -1);
        boolean known = parts.length <= 2
                && kind.equals(expectedKind)
                && SchemaCatalogue.builtIn()
                        .findType(parts.length == 2 ? parts[0] : "", parts[parts.length - 1], kind)
                        .isPresent();
        return StatusException.badRequest(
                known
                        ? "Incorrect version specified in apply patch. Specified patch version: %s, expected: %s"
                                .formatted(version, expectedVersion)
                        : "invalid object type: %s, Kind=%s"
                                .formatted(
                                        parts.length == 2 ? version : parts.length > 2 ? "/" : "/" + version,
                                        parts.length > 2 ? "" : kind));
    }

    /**
     * What an apply has made, as an object of its kind.
     *
     * @param merged used up
     * @throws StatusException 500 if it is none
     */
    static ObjectNode converted(
            Call call,
            ObjectNode merged,
            ObjectNode wanted,
            TypeSchema type,
            String group,
            String version,
            String kind) {
        try {
            if (!type.name().isEmpty()) {
                StructureFit.fit(merged, type);
            }
            return Bodies.merged(call, merged, group, version, kind).object();
        } catch (DecodeException e) {
            throw notConverted(wanted, group, version, kind, e.reason());
        } catch (StatusException e) {
            String message = String.valueOf(e.getMessage());
            String[] parts = message.split(" cannot be handled as a \\S+: ", 2);
            throw notConverted(wanted, group, version, kind, parts[parts.length - 1]);
        }
    }

    private static StatusException notConverted(
            ObjectNode wanted, String group, String version, String kind, String why) {
        return StatusException.of(
                500,
                "",
                "failed to convert new object (%s) to proper version: unable to convert unstructured object to %s: %s"
                        .formatted(FieldManager.named(wanted), group + "/" + version + ", Kind=" + kind, why),
                null);
    }

    /**
     * A patch that has been read.
     *
     * @param apply from a tree to the patched one
     * @param strictErrors what strict validation refuses of the patch itself
     * @param structure the type that the outcome is fitted to without being decoded, null if it is decoded as a text is
     * @param ofStatus how it is merged into the status alone, null if it isn't
     */
    record Reader(
            Function<ObjectNode, Patched> apply,
            List<String> strictErrors,
            @Nullable TypeSchema structure,
            @Nullable StatusMerge ofStatus) {}

    /** Reads the patch of a call. */
    static Reader reader(Call call, TypeSchema type) {
        Body body = call.request().body();
        JsonNode tree = Bodies.tree(body).orElse(null);
        byte[] bytes = tree == null ? Bodies.bytes(body) : new byte[0];
        boolean lenient = Bodies.validation(call.options()) == FieldValidation.IGNORE;
        switch (body == null ? "" : body.mediaType()) {
            case "application/json-patch+json" -> {
                JsonPatch patch = tree == null ? JsonPatch.parse(bytes, lenient) : JsonPatch.of(tree, lenient);
                return new Reader(patch::apply, patch.strictErrors(), null, null);
            }
            case "application/merge-patch+json" -> {
                MergePatch patch = tree == null ? MergePatch.parse(bytes, lenient) : MergePatch.of(tree, lenient);
                return new Reader(patch::apply, patch.strictErrors(), null, null);
            }
            case "application/strategic-merge-patch+json" -> {
                StrategicMergePatch patch =
                        tree == null ? StrategicMergePatch.parse(bytes) : StrategicMergePatch.of(tree);
                return new Reader(
                        document -> patch.apply(document, type),
                        patch.strictErrors(),
                        type,
                        StatusMerge.of(call, patch));
            }
            default ->
                throw StatusException.of(
                        415, "UnsupportedMediaType", "415: Unsupported Media Type", new StatusDetails());
        }
    }

    /**
     * Applies a patch and reads the outcome as an object of its kind.
     *
     * @param document is left as it is; its members in the order in which they are written
     * @throws StatusException 422 if it is none
     */
    static ObjectNode apply(Call call, Reader patch, ObjectNode document, String group, String version, String kind) {
        Patched patched = patch.apply.apply(document);
        FieldValidation validation = Bodies.validation(call.options());
        List<String> strictErrors = new ArrayList<>();
        ObjectNode object;
        try {
            JsonNode tree = patched.tree();
            if (patch.structure != null && tree instanceof ObjectNode structure) {
                structure.set("kind", document.get("kind"));
                structure.set("apiVersion", document.get("apiVersion"));
                StructureFit.fit(structure, patch.structure);
            }
            BodyDecoder.Body decoded = Bodies.patched(call, tree, group, version, kind);
            strictErrors.addAll(
                    patch.structure == null && decoded.warnings().size() > 1
                            ? Bodies.patched(
                                            call,
                                            Json.read(bytes(patched.shown().get())),
                                            group,
                                            version,
                                            kind)
                                    .warnings()
                            : decoded.warnings());
            object = decoded.object();
        } catch (DecodeException e) {
            throw notPatched(patched, e.reason());
        } catch (StatusException e) {
            throw notPatched(
                    patched,
                    String.valueOf(e.getMessage())
                            .replaceFirst("^\\S+ in version \"[^\"]*\" cannot be handled as a \\S+: ", ""));
        }
        if (patch.structure != null) {
            Collections.sort(strictErrors);
        }
        strictErrors.addAll(0, patch.strictErrors);
        if (validation == FieldValidation.STRICT && !strictErrors.isEmpty()) {
            throw notPatched(patched, "strict decoding error: " + String.join(", ", strictErrors));
        }
        if (validation == FieldValidation.WARN) {
            strictErrors.forEach(call::warn);
        }
        return object;
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static StatusException notPatched(Patched patched, String why) {
        return StatusException.invalid(
                "",
                "",
                "",
                List.of(new FieldError(
                        FieldError.Type.INVALID,
                        "patch",
                        "Invalid value: %s: %s"
                                .formatted(Json.quote(patched.shown().get()), why))));
    }
}

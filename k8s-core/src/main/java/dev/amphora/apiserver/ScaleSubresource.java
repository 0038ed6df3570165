package dev.amphora.apiserver;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.FieldError;
import dev.amphora.api.Json;
import dev.amphora.api.StatusException;
import dev.amphora.apiserver.patch.FieldFilter;
import dev.amphora.apiserver.patch.FieldManager;
import dev.amphora.apiserver.patch.FieldVersions;
import dev.amphora.apiserver.patch.ScaleOwners;
import dev.amphora.apiserver.schema.BodyDecoder;
import dev.amphora.apiserver.schema.CompleteForm;
import dev.amphora.apiserver.schema.ResourceInfo;
import dev.amphora.apiserver.schema.SchemaCatalogue;
import dev.amphora.apiserver.schema.TypeSchema;
import java.util.List;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/** {@code scale}: the number of replicas of anything that has some, in a form that is the same for all. */
final class ScaleSubresource {
    private final Writes writes;

    ScaleSubresource(Writes writes) {
        this.writes = writes;
    }

    ApiResult get(Call call) {
        Endpoint endpoint = call.endpoint();
        VersionedObject object = endpoint.find(
                        call.request().namespace(), call.request().name())
                .orElseThrow(() -> endpoint.notFound(call.request().name()));
        ObjectNode tree = endpoint.working(object).tree();
        ReplicaFields fields = ReplicaFields.of(endpoint);
        if (endpoint.custom() != null && !fields.wanted(tree).isNumber()) {
            throw StatusException.internalError(
                    "the spec replicas field \"%s\" does not exist".formatted(fields.specPath()));
        }
        return ApiResult.ok(VersionedObject.of(scale(kind(call), fields, tree)), call.warnings());
    }

    ApiResult update(Call call) {
        ResourceInfo.Subresource kind = kind(call);
        ObjectNode body;
        try {
            body = Bodies.object(call, kind.group(), kind.version(), kind.kind());
        } catch (StatusException e) {
            // Who scales custom resources knows one kind only.
            boolean other = call.endpoint().custom() != null
                    && String.valueOf(e.getMessage()).endsWith("unknown conversion");
            throw other
                    ? StatusException.badRequest(
                            "no kind is registered for the type v1.Scale in scheme \"pkg/runtime/scheme.go:111\"")
                    : e;
        }
        Writes.matchName(call, body);
        Writes.matchNamespace(call, body);
        return write(call, kind, (scale, current) -> {
            Writes.sameUid(call, body, current);
            ObjectNode wanted = body.deepCopy();
            manager(call, kind).update(complete(kind, scale), wanted);
            return wanted;
        });
    }

    ApiResult patch(Call call) {
        ResourceInfo.Subresource kind = kind(call);
        Body body = call.request().body();
        if (body != null && body.mediaType().equals(Patches.APPLY)) {
            return apply(call, kind);
        }
        Patches.Reader patch = Patches.reader(call, type(kind));
        return write(call, kind, (scale, current) -> {
            JsonNode before = scale.path("metadata").path("resourceVersion");
            ObjectNode patched = Patches.apply(call, patch, scale, kind.group(), kind.version(), kind.kind());
            checkName(call, patched);
            manager(call, kind).update(complete(kind, scale), patched);
            if (patched.path("metadata").path("resourceVersion").equals(before)) {
                Metadata.of(patched).remove("resourceVersion");
            }
            return patched;
        });
    }

    /** Server-side apply to the number of replicas. */
    private ApiResult apply(Call call, ResourceInfo.Subresource kind) {
        BodyDecoder.Applied wanted = Bodies.applied(call);
        Patches.checkKind(wanted.object(), kind.apiVersion(), kind.kind());
        return write(call, kind, (scale, current) -> {
            ObjectNode live = complete(kind, scale);
            ObjectNode applied = manager(call, kind)
                    .apply(
                            live,
                            wanted.object(),
                            Boolean.TRUE.equals(call.options().force()));
            if (call.endpoint().type().name().isEmpty() && !sameContent(live, applied)) {
                // The reference looks for the scale among the versions of the custom resource.
                throw StatusException.of(
                        500,
                        "",
                        "failed to convert new object (%s) to proper version: request to convert CR to an invalid group/version: %s"
                                .formatted(FieldManager.named(wanted.object()), kind.apiVersion()),
                        null);
            }
            ObjectNode result = Patches.converted(
                    call, applied, wanted.object(), type(kind), kind.group(), kind.version(), kind.kind());
            Patches.checkKeys(call, wanted.repeated());
            checkName(call, result);
            if (!wanted.object().path("metadata").hasNonNull("resourceVersion")) {
                Metadata.of(result).remove("resourceVersion");
            }
            return result;
        });
    }

    private static boolean sameContent(ObjectNode one, ObjectNode other) {
        ObjectNode left = one.deepCopy();
        ObjectNode right = other.deepCopy();
        Metadata.setManagedFields(left, null);
        Metadata.setManagedFields(right, null);
        return Json.same(left, right);
    }

    private static void checkName(Call call, ObjectNode scale) {
        String given = Metadata.text(scale, "name");
        if (!given.equals(call.request().name())) {
            throw StatusException.badRequest("the name of the object (%s) does not match the name on the URL (%s)"
                    .formatted(given, call.request().name()));
        }
    }

    private FieldManager manager(Call call, ResourceInfo.Subresource kind) {
        return new FieldManager(
                type(kind),
                kind.apiVersion(),
                "scale",
                call.request().fieldManager(),
                writes.owners().now(),
                FieldFilter.ALL,
                FieldVersions.NONE);
    }

    private static TypeSchema type(ResourceInfo.Subresource kind) {
        return SchemaCatalogue.builtIn().type(kind.group(), kind.version(), kind.kind());
    }

    private static ObjectNode complete(ResourceInfo.Subresource kind, ObjectNode scale) {
        return CompleteForm.of(scale, type(kind));
    }

    private ApiResult write(
            Call call, ResourceInfo.Subresource kind, BiFunction<ObjectNode, VersionedObject, ObjectNode> change) {
        Endpoint endpoint = call.endpoint();
        ReplicaFields fields = ReplicaFields.of(endpoint);
        VersionedObject written = writes.mutate(
                call,
                new Writes.Mutation() {
                    @Override
                    public ObjectNode next(@Nullable VersionedObject current) {
                        if (current == null) {
                            throw endpoint.notFound(call.request().name());
                        }
                        return scaled(call, kind, fields, current, change);
                    }

                    @Override
                    public ObjectNode shown(ObjectNode object) {
                        return scale(kind, fields, object);
                    }

                    @Override
                    public void admitted(ObjectNode scale, ObjectNode object) {
                        fields.want(object, scale.path("spec").path("replicas").asInt(0));
                    }

                    @Override
                    public boolean managesFields() {
                        return true;
                    }
                },
                Facets.whole(endpoint),
                false);
        ObjectNode tree = endpoint.working(written).tree();
        return ApiResult.ok(VersionedObject.of(scale(kind, fields, tree)), call.warnings());
    }

    /** The object with what a change to its scale means for it. */
    private static ObjectNode scaled(
            Call call,
            ResourceInfo.Subresource kind,
            ReplicaFields fields,
            VersionedObject current,
            BiFunction<ObjectNode, VersionedObject, ObjectNode> change) {
        ObjectNode now = call.endpoint().working(current).tree();
        ScaleOwners owners = new ScaleOwners(
                now.path("metadata").get("managedFields"),
                call.endpoint().info().apiVersion(),
                fields.spec());
        ObjectNode before = scale(kind, fields, now);
        Metadata.setManagedFields(before, owners.ofScale());
        ObjectNode scale = change.apply(before, current);
        if (call.endpoint().custom() == null) {
            check(kind, call.request().name(), scale);
        }
        String uid = Metadata.text(scale, "uid");
        if (!uid.isEmpty() && !uid.equals(current.uid())) {
            throw StatusException.conflict(
                    call.endpoint().info().group(),
                    call.endpoint().info().plural() + "/scale",
                    call.request().name(),
                    "Precondition failed: UID in precondition: %s, UID in object meta: %s"
                            .formatted(uid, current.uid()));
        }
        ObjectNode object = now.deepCopy();
        fields.want(object, scale.path("spec").path("replicas").asInt(0));
        String version = Metadata.text(scale, "resourceVersion");
        Metadata.of(object).put("resourceVersion", version.isEmpty() ? Long.toString(current.revision()) : version);
        Metadata.setManagedFields(object, owners.ofObject(scale.path("metadata").get("managedFields")));
        return object;
    }

    private static void check(ResourceInfo.Subresource kind, String name, ObjectNode scale) {
        int replicas = scale.path("spec").path("replicas").asInt(0);
        if (replicas < 0) {
            throw StatusException.invalid(
                    kind.group(),
                    kind.kind(),
                    name,
                    List.of(new FieldError(
                            FieldError.Type.INVALID,
                            "spec.replicas",
                            "Invalid value: %d: must be greater than or equal to 0".formatted(replicas))));
        }
    }

    private static ObjectNode scale(ResourceInfo.Subresource kind, ReplicaFields fields, ObjectNode object) {
        ObjectNode scale = Json.object();
        scale.put("kind", kind.kind()).put("apiVersion", kind.apiVersion());
        ObjectNode metadata = scale.putObject("metadata");
        for (String field : List.of("name", "namespace", "uid", "resourceVersion", "creationTimestamp")) {
            JsonNode value = object.path("metadata").get(field);
            if (value != null) {
                metadata.set(field, value);
            }
        }
        int replicas = fields.wanted(object).asInt(0);
        ObjectNode spec = scale.putObject("spec");
        if (replicas != 0) {
            spec.put("replicas", replicas);
        }
        ObjectNode status = scale.putObject("status");
        status.put("replicas", fields.present(object));
        String text = fields.selector(object);
        if (!text.isEmpty()) {
            status.put("selector", text);
        }
        return scale;
    }

    private static ResourceInfo.Subresource kind(Call call) {
        return call.endpoint().info().subresource("scale").orElseThrow(ApiServer::notFound);
    }
}

package dev.amphora.apiserver;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.FieldError;
import dev.amphora.api.Json;
import dev.amphora.api.StatusException;
import dev.amphora.apiserver.schema.ResourceInfo;
import dev.amphora.apiserver.schema.SchemaCatalogue;
import java.util.List;
import java.util.function.UnaryOperator;

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
        return write(call, kind, scale -> body);
    }

    ApiResult patch(Call call) {
        ResourceInfo.Subresource kind = kind(call);
        Patches.Reader patch =
                Patches.reader(call, SchemaCatalogue.builtIn().type(kind.group(), kind.version(), kind.kind()));
        return write(call, kind, scale -> {
            JsonNode before = scale.path("metadata").path("resourceVersion");
            ObjectNode patched = Patches.apply(call, patch, scale, kind.group(), kind.version(), kind.kind());
            if (patched.path("metadata").path("resourceVersion").equals(before)) {
                Metadata.of(patched).remove("resourceVersion");
            }
            return patched;
        });
    }

    private ApiResult write(Call call, ResourceInfo.Subresource kind, UnaryOperator<ObjectNode> change) {
        Endpoint endpoint = call.endpoint();
        ReplicaFields fields = ReplicaFields.of(endpoint);
        VersionedObject written = writes.mutate(
                call,
                current -> {
                    if (current == null) {
                        throw endpoint.notFound(call.request().name());
                    }
                    ObjectNode now = endpoint.working(current).tree();
                    ObjectNode scale = change.apply(scale(kind, fields, now));
                    if (endpoint.custom() == null) {
                        check(kind, call.request().name(), scale);
                    }
                    ObjectNode object = now.deepCopy();
                    fields.want(object, scale.path("spec").path("replicas").asInt(0));
                    replace(object, scale, "resourceVersion");
                    if (endpoint.custom() != null
                            && Metadata.text(scale, "resourceVersion").isEmpty()) {
                        Metadata.of(object).put("resourceVersion", Long.toString(current.revision()));
                    }
                    replace(object, scale, "uid");
                    return object;
                },
                Facets.whole(endpoint),
                false);
        ObjectNode tree = endpoint.working(written).tree();
        return ApiResult.ok(VersionedObject.of(scale(kind, fields, tree)), call.warnings());
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

    private static void replace(ObjectNode object, ObjectNode scale, String field) {
        String value = Metadata.text(scale, field);
        if (value.isEmpty()) {
            Metadata.of(object).remove(field);
        } else {
            Metadata.of(object).put(field, value);
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

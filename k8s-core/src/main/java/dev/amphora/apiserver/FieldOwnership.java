package dev.amphora.apiserver;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.collect.ImmutableSet;
import dev.amphora.api.Json;
import dev.amphora.apiserver.patch.FieldManager;
import dev.amphora.apiserver.patch.FieldVersions;
import dev.amphora.apiserver.patch.FieldVersions.Versioned;
import dev.amphora.apiserver.schema.CompleteForm;
import dev.amphora.apiserver.schema.ObjectTypes;
import dev.amphora.apiserver.schema.TypeSchema;
import dev.amphora.kernel.Kernel;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** Notes in {@code managedFields} who wrote what. */
final class FieldOwnership {
    private static final Set<String> METADATA = ImmutableSet.of("metadata");
    private static final Set<String> VOLATILE = ImmutableSet.of("resourceVersion", "managedFields");

    private final Kernel kernel;
    private final Endpoints endpoints;
    private final Map<TypeSchema, ObjectNode> empty = new ConcurrentHashMap<>();

    FieldOwnership(Kernel kernel, Endpoints endpoints) {
        this.kernel = kernel;
        this.endpoints = endpoints;
    }

    /**
     * Notes what a write changes.
     *
     * @param given in the version of the strategy
     * @param current as it is, null for a create
     * @param shares whether what is the same node in both is as it was, and both are in the same version
     */
    void note(Call call, ObjectNode given, @Nullable VersionedObject current, boolean shares) {
        ObjectNode live =
                current == null ? nothing(call) : call.endpoint().view(current).tree();
        // Nothing of it is changed but the entries, which are then those of the given object.
        ObjectNode now;
        if (shares) {
            now = CompleteForm.ofChanged(given, live, call.endpoint().storedType());
        } else {
            now = call.endpoint().custom() == null ? served(call.endpoint(), given) : given.deepCopy();
        }
        manager(call).update(live, now);
        Metadata.setManagedFields(given, now.path("metadata").get("managedFields"));
    }

    /** What a manager's wishes make of an object. All is in the version of the request; null is no object. */
    ObjectNode apply(Call call, @Nullable ObjectNode live, ObjectNode wanted) {
        ObjectNode before = live == null ? nothing(call) : live;
        return manager(call)
                .apply(before, wanted, Boolean.TRUE.equals(call.options().force()));
    }

    private FieldManager manager(Call call) {
        Endpoint endpoint = call.endpoint();
        ApiRequest request = call.request();
        return new FieldManager(
                ObjectTypes.complete(endpoint.type()),
                endpoint.info().apiVersion(),
                request.subresource(),
                request.fieldManager(),
                now(),
                ResetFields.of(endpoint, request.subresource()),
                versions(endpoint));
    }

    /** The present time, as entries carry it. */
    String now() {
        return Metadata.time(kernel.instant());
    }

    /** How the objects of an endpoint look in the other versions in which they are served. */
    private FieldVersions versions(Endpoint endpoint) {
        return (object, version) -> {
            Endpoint from = at(endpoint, object.path("apiVersion").asText()).orElse(null);
            Endpoint to = at(endpoint, version).orElse(null);
            if (from == null || to == null) {
                return null;
            }
            ObjectNode converted = object;
            if (from != to) {
                converted = object.deepCopy();
                if (from.conversion() != null) {
                    from.conversion().toStorage(converted);
                }
                if (to.custom() != null && to.conversion() != null) {
                    to.conversion().fromStorage(converted);
                } else {
                    converted = served(to, converted);
                }
            }
            return new Versioned(converted, ObjectTypes.complete(to.type()));
        };
    }

    private Optional<Endpoint> at(Endpoint endpoint, String apiVersion) {
        int slash = apiVersion.indexOf('/');
        return endpoints.find(
                slash < 0 ? "" : apiVersion.substring(0, slash),
                apiVersion.substring(slash + 1),
                endpoint.info().plural());
    }

    /** An object of the kind with nothing in it. Read-only. */
    private ObjectNode nothing(Call call) {
        Endpoint endpoint = call.endpoint();
        return endpoint.custom() == null
                ? empty.computeIfAbsent(endpoint.type(), type -> nothing(endpoint))
                : nothing(endpoint);
    }

    private static ObjectNode nothing(Endpoint endpoint) {
        ObjectNode empty = Json.object();
        empty.put("kind", endpoint.info().kind())
                .put("apiVersion", endpoint.info().apiVersion());
        empty.putObject("metadata");
        return CompleteForm.of(empty, endpoint.type());
    }

    /** What is to be stored as callers see it; may share everything with it. */
    private static ObjectNode served(Endpoint endpoint, ObjectNode stored) {
        ObjectNode complete = CompleteForm.ofOwn(stored, endpoint.storedType());
        return endpoint.conversion() == null || endpoint.custom() != null
                ? complete
                : endpoint.view(VersionedObject.of(complete)).tree();
    }

    /** Whether an object differs from the stored one in nothing but the times of its entries. */
    static boolean sameButTimes(ObjectNode object, ObjectNode stored) {
        return stored.path("metadata").has("managedFields")
                && object.path("metadata") instanceof ObjectNode metadata
                && stored.path("metadata") instanceof ObjectNode other
                && sameBut(object, stored, METADATA)
                && sameBut(metadata, other, VOLATILE)
                && FieldManager.sameOwners(object, stored);
    }

    /** Whether two objects are the same if some of their members don't count. */
    private static boolean sameBut(ObjectNode one, ObjectNode other, Set<String> members) {
        int counted = 0;
        for (Map.Entry<String, JsonNode> member : one.properties()) {
            if (!members.contains(member.getKey())) {
                JsonNode there = other.get(member.getKey());
                if (there == null || there != member.getValue() && !Json.same(member.getValue(), there)) {
                    return false;
                }
                counted++;
            }
        }
        for (String member : members) {
            counted += other.has(member) ? 1 : 0;
        }
        return counted == other.size();
    }
}

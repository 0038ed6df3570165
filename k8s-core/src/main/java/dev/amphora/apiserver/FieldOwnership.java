package dev.amphora.apiserver;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.Json;
import dev.amphora.apiserver.patch.FieldManager;
import dev.amphora.apiserver.patch.FieldManager.FieldPaths;
import dev.amphora.apiserver.schema.CompleteForm;
import dev.amphora.kernel.Kernel;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Notes in {@code managedFields} who wrote what. */
final class FieldOwnership {
    private static final FieldPaths STATUS = new FieldPaths(List.of("status"));
    private static final FieldPaths SPEC = new FieldPaths(List.of("spec"));
    private static final FieldPaths SPEC_AND_LABELS = new FieldPaths(List.of("spec", "metadata.labels"));

    private final Kernel kernel;

    FieldOwnership(Kernel kernel) {
        this.kernel = kernel;
    }

    /** Notes what a write changes. The objects are in the stored version; a create has no current one. */
    void note(Call call, ObjectNode given, @Nullable VersionedObject current) {
        ObjectNode live = current == null ? nothing(call) : served(call, current.tree());
        ObjectNode now = served(call, given);
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
                endpoint.type(),
                endpoint.info().apiVersion(),
                request.subresource(),
                request.fieldManager(),
                Metadata.time(kernel.instant()),
                ignored(endpoint, request.subresource()));
    }

    private static FieldPaths ignored(Endpoint endpoint, String subresource) {
        boolean hasStatus = endpoint.info().subresource("status").isPresent();
        if (subresource.equals("status")) {
            return endpoint.info().kind().equals("Deployment") ? SPEC_AND_LABELS : SPEC;
        }
        return hasStatus && subresource.isEmpty() ? STATUS : FieldPaths.NONE;
    }

    /** An object of the kind with nothing in it. */
    private static ObjectNode nothing(Call call) {
        ObjectNode empty = Json.object();
        empty.put("kind", call.endpoint().info().kind())
                .put("apiVersion", call.endpoint().info().apiVersion());
        empty.putObject("metadata");
        return CompleteForm.of(empty, call.endpoint().type());
    }

    private static ObjectNode served(Call call, ObjectNode stored) {
        Endpoint endpoint = call.endpoint();
        ObjectNode complete = CompleteForm.of(stored, endpoint.storedType());
        ObjectNode viewed = endpoint.conversion() == null
                ? complete
                : endpoint.view(VersionedObject.of(complete)).tree();
        return viewed == stored ? stored.deepCopy() : viewed;
    }

    /** Whether an object differs from the stored one in nothing but the times of its entries. */
    static boolean sameButTimes(ObjectNode object, ObjectNode stored) {
        JsonNode entries = stored.path("metadata").get("managedFields");
        if (entries == null || !FieldManager.sameOwners(object, stored)) {
            return false;
        }
        ObjectNode other = stored.deepCopy();
        Metadata.of(other).remove("resourceVersion");
        ObjectNode one = object.deepCopy();
        Metadata.of(one).remove("resourceVersion");
        Metadata.setManagedFields(one, entries);
        return Json.same(one, other);
    }
}

package dev.amphora.apiserver.admission;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.StatusException;
import dev.amphora.apiserver.access.AccessRequest;
import dev.amphora.apiserver.access.Grants;
import dev.amphora.apiserver.admission.AdmissionRequest.Operation;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Refuses roles and bindings by which somebody would give away, or take, more rights than they hold. Not a plugin of the reference, which
 * looks at this where it writes; so it comes after all that change the object, and cannot be switched off.
 */
public final class RoleEscalation implements AdmissionPlugin {
    private static final String GROUP = "rbac.authorization.k8s.io";
    private static final List<String> GARBAGE_COLLECTED =
            List.of("ownerReferences", "finalizers", "managedFields", "resourceVersion");

    private final Grants grants;

    /**
     * A guard of roles and bindings.
     *
     * @param grants decides
     */
    public RoleEscalation(Grants grants) {
        this.grants = grants;
    }

    @Override
    public String name() {
        return "";
    }

    @Override
    public void mutate(AdmissionRequest request) {
        ObjectNode object = request.object();
        if (object == null
                || !request.group().equals(GROUP)
                || (request.operation() != Operation.CREATE && request.operation() != Operation.UPDATE)
                || onlyCollects(object, request.old())) {
            return;
        }
        AccessRequest write = new AccessRequest(
                request.user(),
                "",
                GROUP,
                request.version(),
                request.resource(),
                "",
                request.namespace(),
                request.operation() == Operation.CREATE ? "" : request.name(),
                "");
        if (request.resource().endsWith("bindings")) {
            checkBinding(request, write, object.path("roleRef"));
        } else {
            ObjectNode old = request.old();
            boolean aggregates = aggregates(object) || (old != null && aggregates(old));
            refuse(request, grants.refusalOfRole(write, object, aggregates));
        }
    }

    private void checkBinding(AdmissionRequest request, AccessRequest write, JsonNode role) {
        if (grants.mayBind(write, role)) {
            return;
        }
        if (!grants.exists(write, role)) {
            throw StatusException.notFound(
                    GROUP, request.resource(), role.path("name").asText());
        }
        refuse(request, grants.refusalOfBinding(write, role));
    }

    private static void refuse(AdmissionRequest request, Optional<String> refusal) {
        if (refusal.isPresent()) {
            throw StatusException.forbidden(GROUP, request.resource(), request.name(), refusal.get());
        }
    }

    private static boolean aggregates(JsonNode role) {
        return role.path("aggregationRule").isObject();
    }

    /** Whether a write changes nothing but what the garbage collector needs to change. */
    private static boolean onlyCollects(ObjectNode object, @Nullable ObjectNode old) {
        return old != null && rest(object).equals(rest(old));
    }

    private static ObjectNode rest(ObjectNode object) {
        ObjectNode copy = object.deepCopy();
        if (copy.get("metadata") instanceof ObjectNode metadata) {
            metadata.remove(GARBAGE_COLLECTED);
        }
        return copy;
    }
}

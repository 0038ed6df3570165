package dev.amphora.apiserver.admission;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.apiserver.access.AccessRequest;
import dev.amphora.apiserver.access.Authorizer;
import dev.amphora.apiserver.admission.AdmissionRequest.Operation;
import dev.amphora.apiserver.schema.ResourceInfo;
import dev.amphora.apiserver.schema.SchemaCatalogue;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Who gives an object an owner must be allowed to delete the object, and who has the owner's deletion wait for it must be allowed to set
 * the owner's finalizers.
 */
final class OwnerReferencesPermissionEnforcement implements AdmissionPlugin {
    private final Authorizer authorizer;
    private final Supplier<SchemaCatalogue> catalogue;

    OwnerReferencesPermissionEnforcement(Authorizer authorizer, Supplier<SchemaCatalogue> catalogue) {
        this.authorizer = authorizer;
        this.catalogue = catalogue;
    }

    @Override
    public String name() {
        return "OwnerReferencesPermissionEnforcement";
    }

    @Override
    public void validate(AdmissionRequest request) {
        ObjectNode object = request.object();
        boolean written = request.operation() == Operation.CREATE || request.operation() == Operation.UPDATE;
        boolean podStatus = request.group().isEmpty()
                && request.resource().equals("pods")
                && request.subresource().equals("status");
        if (object == null || !written || podStatus) {
            return;
        }
        JsonNode now = owners(object);
        JsonNode before = owners(request.old());
        if (now.equals(before) || now.isEmpty() && before.isEmpty()) {
            return;
        }
        if (request.operation() != Operation.CREATE) {
            require(
                    request,
                    new AccessRequest(
                            request.user(),
                            "delete",
                            request.group(),
                            request.version(),
                            request.resource(),
                            request.subresource(),
                            request.namespace(),
                            request.name(),
                            ""),
                    "cannot set an ownerRef on a resource you can't delete");
        }
        Set<String> blocking = new HashSet<>();
        before.forEach(each -> blocking.add(
                each.path("blockOwnerDeletion").asBoolean() ? each.path("uid").asText() : ""));
        for (JsonNode owner : now) {
            if (owner.path("blockOwnerDeletion").asBoolean()
                    && !blocking.contains(owner.path("uid").asText())) {
                blocks(request, owner);
            }
        }
    }

    private void blocks(AdmissionRequest request, JsonNode owner) {
        String apiVersion = owner.path("apiVersion").asText();
        String kind = owner.path("kind").asText();
        int slash = apiVersion.indexOf('/');
        String group = slash < 0 ? "" : apiVersion.substring(0, slash);
        Optional<ResourceInfo> found = catalogue.get().resourceOfKind(group, apiVersion.substring(slash + 1), kind);
        if (found.isEmpty()) {
            throw request.refusal(
                    "cannot set blockOwnerDeletion in this case because cannot find RESTMapping for APIVersion %s Kind %s: no matches for kind \"%s\" in version \"%s\""
                            .formatted(apiVersion, kind, kind, apiVersion));
        }
        ResourceInfo resource = found.get();
        require(
                request,
                new AccessRequest(
                        request.user(),
                        "update",
                        resource.group(),
                        resource.version(),
                        resource.plural(),
                        "finalizers",
                        resource.namespaced() ? request.namespace() : "",
                        owner.path("name").asText(),
                        ""),
                "cannot set blockOwnerDeletion if an ownerReference refers to a resource you can't set finalizers on");
    }

    private void require(AdmissionRequest request, AccessRequest right, String otherwise) {
        Authorizer.Decision decision = authorizer.authorize(right);
        if (!decision.allowed()) {
            throw request.refusal("%s: %s, <nil>".formatted(otherwise, decision.reason()));
        }
    }

    private static JsonNode owners(@Nullable ObjectNode object) {
        return object == null
                ? MissingNode.getInstance()
                : object.path("metadata").path("ownerReferences");
    }
}

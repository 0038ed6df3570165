package dev.amphora.apiserver.admission;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.StatusException;
import dev.amphora.apiserver.access.ObjectReader;
import dev.amphora.apiserver.admission.AdmissionRequest.Operation;
import io.fabric8.kubernetes.api.model.StatusCause;
import io.fabric8.kubernetes.api.model.StatusCauseBuilder;
import java.util.List;
import java.util.Set;

/** Nothing new in a namespace that is missing or going, and the namespaces of the system stay. */
final class NamespaceLifecycle implements AdmissionPlugin {
    private static final Set<String> KEPT = Set.of("default", "kube-system", "kube-public");

    private final ObjectReader objects;

    NamespaceLifecycle(ObjectReader objects) {
        this.objects = objects;
    }

    @Override
    public String name() {
        return "NamespaceLifecycle";
    }

    @Override
    public void mutate(AdmissionRequest request) {
        if (request.operation() == Operation.DELETE
                && request.isFor("", "namespaces")
                && KEPT.contains(request.name())) {
            throw StatusException.forbidden("", "namespaces", request.name(), "this namespace may not be deleted");
        }
        if (request.operation() != Operation.CREATE
                || request.namespace().isEmpty()
                || request.isFor("", "namespaces")
                || request.isFor("authorization.k8s.io", "localsubjectaccessreviews")) {
            return;
        }
        ObjectNode namespace = objects.get("", "namespaces", "", request.namespace())
                .orElseThrow(() -> StatusException.notFound("", "namespaces", request.namespace()));
        if (namespace.path("metadata").hasNonNull("deletionTimestamp")
                || namespace.path("status").path("phase").asText().equals("Terminating")) {
            throw terminating(request);
        }
    }

    private static StatusException terminating(AdmissionRequest request) {
        StatusException refusal = StatusException.forbidden(
                request.group(),
                request.resource(),
                request.name(),
                "unable to create new content in namespace %s because it is being terminated"
                        .formatted(request.namespace()));
        StatusCause cause = new StatusCauseBuilder()
                .withReason("NamespaceTerminating")
                .withMessage("namespace %s is being terminated".formatted(request.namespace()))
                .withField("metadata.namespace")
                .build();
        refusal.status().getDetails().setCauses(List.of(cause));
        return refusal;
    }
}

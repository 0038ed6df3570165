package dev.amphora.apiserver;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.FieldError;
import dev.amphora.api.Json;
import dev.amphora.api.StatusException;
import dev.amphora.api.Trees;
import dev.amphora.apiserver.admission.AdmissionRequest.Operation;
import dev.amphora.kernel.Kernel;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** {@code pods/binding} and {@code bindings}: gives a pod its node. */
final class PodBinding {
    private final Kernel kernel;
    private final Endpoints endpoints;
    private final Writes writes;
    private final Admission admission;

    PodBinding(Kernel kernel, Endpoints endpoints, Writes writes, Admission admission) {
        this.kernel = kernel;
        this.endpoints = endpoints;
        this.writes = writes;
        this.admission = admission;
    }

    /** Binds the pod that the path or, without one, the body names. */
    ApiResult create(Call call) {
        ObjectNode binding = Bodies.object(call, "", "v1", "Binding");
        Writes.matchNamespace(call, binding);
        String name = call.request().name();
        if (name.isEmpty()) {
            Metadata.wipe(binding);
            name = Metadata.text(binding, "name");
        } else if (!Metadata.text(binding, "name").equals(name)) {
            throw StatusException.badRequest("name in URL does not match name in Binding object");
        }
        admission.mutate(call, Operation.CREATE, binding, null);
        checkTarget(binding);
        admission.validate(call, Operation.CREATE, binding, null);
        Endpoint pods = endpoints.find("", "v1", "pods").orElseThrow(ApiServer::notFound);
        ApiRequest asked = call.request();
        Call pod = new Call(
                new ApiRequest(
                        asked.user(),
                        asked.userAgent(),
                        Verb.UPDATE,
                        "",
                        "v1",
                        "pods",
                        asked.namespace(),
                        name,
                        "binding",
                        asked.options(),
                        null),
                pods);
        writes.mutateUnasked(pod, current -> bound(pod, current, binding), new Bound());
        return Answers.created(call);
    }

    private ObjectNode bound(Call call, @Nullable VersionedObject current, ObjectNode binding) {
        String name = call.request().name();
        if (current == null) {
            throw call.endpoint().notFound(name);
        }
        String version = Metadata.text(binding, "resourceVersion");
        if (!version.isEmpty() && !version.equals(Long.toString(current.revision()))) {
            throw StatusException.conflict(
                    "",
                    "pods",
                    name,
                    ("StorageError: invalid object, Code: 4, Key: %s, ResourceVersion: 0, AdditionalErrorMsg: Precondition"
                                    + " failed: ResourceVersion in precondition: %s, ResourceVersion in object meta: %d")
                            .formatted(call.key(), version, current.revision()));
        }
        String uid = Metadata.text(binding, "uid");
        if (!uid.isEmpty() && !uid.equals(current.uid())) {
            throw StatusException.conflict("", "pods", name, Writes.uidMismatch(call, uid, current.uid()));
        }
        ObjectNode pod = copy(current.tree());
        if (Metadata.isDeleting(pod)) {
            throw refused(name, "pod %s is being deleted, cannot be assigned to a host".formatted(name));
        }
        String node = pod.path("spec").path("nodeName").asText("");
        if (!node.isEmpty()) {
            throw refused(name, "pod %s is already assigned to node %s".formatted(name, Json.quote(node)));
        }
        if (!pod.path("spec").path("schedulingGates").isEmpty()) {
            throw refused(name, "pod %s has non-empty .spec.schedulingGates".formatted(name));
        }
        String target = binding.path("target").path("name").asText();
        member(pod, "spec").put("nodeName", target);
        copy(binding, pod, "annotations");
        copy(binding, pod, "labels");
        copyZone(pod, target);
        PodConditions.set(pod, "PodScheduled", "True", Metadata.time(kernel.instant()));
        member(pod, "status").remove("nominatedNodeName");
        Metadata.of(pod).remove("resourceVersion");
        return pod;
    }

    /** A copy that shares with the pod what is not to be changed. */
    private static ObjectNode copy(ObjectNode pod) {
        ObjectNode copy = Trees.shallow(pod);
        ObjectNode metadata = Trees.shallow((ObjectNode) pod.get("metadata"));
        for (String member : List.of("labels", "annotations", "ownerReferences")) {
            JsonNode value = metadata.get(member);
            if (value != null) {
                metadata.set(member, value.deepCopy());
            }
        }
        copy.set("metadata", metadata);
        if (pod.get("spec") instanceof ObjectNode spec) {
            copy.set("spec", Trees.shallow(spec));
        }
        if (pod.get("status") instanceof ObjectNode status) {
            copy.set("status", status.deepCopy());
        }
        return copy;
    }

    /** Pods carry the topology labels of their node. */
    private void copyZone(ObjectNode pod, String node) {
        endpoints.find("", "v1", "nodes").flatMap(nodes -> nodes.find("", node)).ifPresent(found -> {
            for (String label : List.of("topology.kubernetes.io/zone", "topology.kubernetes.io/region")) {
                String value = found.labels().path(label).asText("");
                if (!value.isEmpty() && !pod.path("metadata").path("labels").has(label)) {
                    member(Metadata.of(pod), "labels").put(label, value);
                }
            }
        });
    }

    private static void copy(ObjectNode from, ObjectNode to, String map) {
        from.path("metadata").path(map).properties().forEach(entry -> member(Metadata.of(to), map)
                .set(entry.getKey(), entry.getValue()));
    }

    /** A member that is an object; made if it is missing. */
    private static ObjectNode member(ObjectNode object, String name) {
        return object.get(name) instanceof ObjectNode member ? member : object.putObject(name);
    }

    private static void checkTarget(ObjectNode binding) {
        String kind = binding.path("target").path("kind").asText("");
        if (!kind.isEmpty() && !kind.equals("Node")) {
            throw bad("target.kind: Unsupported value: %s: supported values: \"Node\", \"<empty>\""
                    .formatted(Json.quote(kind)));
        }
        if (binding.path("target").path("name").asText("").isEmpty()) {
            throw bad("target.name: Required value");
        }
    }

    private static StatusException bad(String message) {
        return StatusException.of(500, "", message, null);
    }

    private static StatusException refused(String name, String why) {
        return StatusException.conflict("", "pods/binding", name, why);
    }

    /** The one thing that a binding changes. */
    private static final class Bound extends Unchecked {
        @Override
        public boolean isCertain() {
            return true;
        }
    }

    /** A write whose outcome is right by construction. */
    static class Unchecked implements Facet {
        @Override
        public boolean isTracked() {
            return false;
        }

        @Override
        public void prepare(ObjectNode object, ObjectNode old) {}

        @Override
        public List<FieldError> validate(ObjectNode object, ObjectNode old) {
            return List.of();
        }
    }
}

package dev.amphora.apiserver.admission;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.StatusException;
import dev.amphora.apiserver.access.Authorizer;
import dev.amphora.apiserver.access.ObjectReader;
import dev.amphora.apiserver.access.User;
import dev.amphora.apiserver.admission.AdmissionRequest.Operation;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * Holds nodes to what is theirs: their own Node without its taints and most labels, their lease, mirror pods on themselves, the status of the
 * pods that are bound to them, and tokens for those. Members of {@code system:masters} are let pass.
 */
final class NodeRestriction implements AdmissionPlugin {
    private static final String USER = "system:node:";
    private static final String MIRROR = "kubernetes.io/config.mirror";
    private static final String RESTRICTED = "node-restriction.kubernetes.io";
    private static final Set<String> LABELS = Set.of(
            "kubernetes.io/hostname",
            "topology.kubernetes.io/zone",
            "topology.kubernetes.io/region",
            "failure-domain.beta.kubernetes.io/zone",
            "failure-domain.beta.kubernetes.io/region",
            "node.kubernetes.io/instance-type",
            "beta.kubernetes.io/instance-type",
            "kubernetes.io/os",
            "kubernetes.io/arch",
            "beta.kubernetes.io/os",
            "beta.kubernetes.io/arch");
    private static final List<String> LABEL_DOMAINS = List.of("kubelet.kubernetes.io", "node.kubernetes.io");

    private final ObjectReader objects;
    private final TokenAudiences audiences;

    NodeRestriction(ObjectReader objects, Authorizer authorizer) {
        this.objects = objects;
        audiences = new TokenAudiences(objects, authorizer);
    }

    @Override
    public String name() {
        return "NodeRestriction";
    }

    @Override
    public void mutate(AdmissionRequest request) {
        User user = request.user();
        if (!user.in("system:nodes") || !user.name().startsWith(USER) || user.in(User.MASTERS)) {
            return;
        }
        String node = user.name().substring(USER.length());
        if (node.isEmpty()) {
            throw refusal(request, "could not determine node from user \"%s\"".formatted(user.name()));
        }
        switch (request.group() + "/" + request.resource()) {
            case "/pods" -> pod(request, node);
            case "/nodes" -> node(request, node);
            case "/serviceaccounts" -> token(request, node);
            case "/persistentvolumeclaims" -> claim(request, node);
            case "coordination.k8s.io/leases" -> lease(request, node);
            case "storage.k8s.io/csinodes" -> csiNode(request, node);
            case "resource.k8s.io/resourceslices" -> slice(request, node);
            default -> {}
        }
    }

    private static StatusException refusal(AdmissionRequest request, String why) {
        return StatusException.forbidden(request.group(), request.resource(), request.name(), why);
    }

    private static JsonNode object(AdmissionRequest request) {
        ObjectNode object = request.object();
        return object == null ? MissingNode.getInstance() : object;
    }

    private static JsonNode old(AdmissionRequest request) {
        ObjectNode old = request.old();
        return old == null ? MissingNode.getInstance() : old;
    }

    private JsonNode stored(AdmissionRequest request, String name) {
        return objects.get("", "pods", request.namespace(), name)
                .orElseThrow(() -> StatusException.notFound("", "pods", name));
    }

    private static boolean isOn(JsonNode pod, String node) {
        return pod.path("spec").path("nodeName").asText("").equals(node);
    }

    private void pod(AdmissionRequest request, String node) {
        switch (request.subresource()) {
            case "" -> {
                switch (request.operation()) {
                    case CREATE -> mirrorPod(request, node, object(request));
                    case DELETE -> {
                        if (!isOn(stored(request, request.name()), node)) {
                            throw refusal(
                                    request,
                                    "node \"%s\" can only delete pods with spec.nodeName set to itself"
                                            .formatted(node));
                        }
                    }
                    default ->
                        throw refusal(
                                request,
                                "unexpected operation \"%s\", node \"%s\" can only create and delete mirror pods"
                                        .formatted(request.operation(), node));
                }
            }
            case "status" -> podStatus(request, node);
            case "eviction" -> {
                if (!isOn(stored(request, request.name()), node)) {
                    throw refusal(
                            request, "node %s can only evict pods with spec.nodeName set to itself".formatted(node));
                }
            }
            default ->
                throw refusal(
                        request,
                        "unexpected pod subresource \"%s\", only 'status' and 'eviction' are allowed"
                                .formatted(request.subresource()));
        }
    }

    private void mirrorPod(AdmissionRequest request, String node, JsonNode pod) {
        JsonNode metadata = pod.path("metadata");
        if (!metadata.path("annotations").has(MIRROR)) {
            throw refusal(
                    request,
                    "pod does not have \"%s\" annotation, node \"%s\" can only create mirror pods"
                            .formatted(MIRROR, node));
        }
        String who = "node \"%s\" can ".formatted(node);
        if (!isOn(pod, node)) {
            throw refusal(request, who + "only create pods with spec.nodeName set to itself");
        }
        JsonNode owners = metadata.path("ownerReferences");
        if (owners.size() > 1) {
            throw refusal(request, who + "only create pods with a single owner reference set to itself");
        }
        JsonNode owner = owners.path(0);
        if (!owner.path("apiVersion").asText("").equals("v1")
                || !owner.path("kind").asText("").equals("Node")
                || !owner.path("name").asText("").equals(node)) {
            throw refusal(request, who + "only create pods with an owner reference set to itself");
        }
        if (!owner.path("controller").asBoolean()) {
            throw refusal(request, who + "only create pods with a controller owner reference set to itself");
        }
        if (owner.path("blockOwnerDeletion").asBoolean()) {
            throw refusal(request, "node \"%s\" must not set blockOwnerDeletion on an owner reference".formatted(node));
        }
        String uid = objects.get("", "nodes", "", node)
                .orElseThrow(() -> StatusException.notFound("", "nodes", node))
                .path("metadata")
                .path("uid")
                .asText("");
        if (!uid.equals(owner.path("uid").asText(""))) {
            throw refusal(
                    request,
                    "node %s UID mismatch: expected %s got %s"
                            .formatted(node, owner.path("uid").asText(""), uid));
        }
        List<String> references = NodeReferences.of(pod);
        if (!references.isEmpty()) {
            throw refusal(
                    request, "node \"%s\" can not create pods that reference %s".formatted(node, references.get(0)));
        }
    }

    private static void podStatus(AdmissionRequest request, String node) {
        JsonNode old = old(request);
        if (!isOn(old, node)) {
            throw refusal(
                    request,
                    "node \"%s\" can only update pod status for pods with spec.nodeName set to itself".formatted(node));
        }
        if (!labels(old).equals(labels(object(request)))) {
            throw refusal(request, "node \"%s\" cannot update labels through pod status".formatted(node));
        }
    }

    private static JsonNode labels(JsonNode object) {
        JsonNode labels = object.path("metadata").path("labels");
        return labels.isEmpty() ? MissingNode.getInstance() : labels;
    }

    private static void node(AdmissionRequest request, String node) {
        if (!request.name().equals(node)) {
            throw refusal(request, "node \"%s\" is not allowed to modify node \"%s\"".formatted(node, request.name()));
        }
        TreeSet<String> forbidden = forbidden(labels(object(request)), labels(old(request)));
        if (request.operation() == Operation.CREATE && !forbidden.isEmpty()) {
            throw refusal(
                    request,
                    "node \"%s\" is not allowed to set the following labels: %s"
                            .formatted(node, String.join(", ", forbidden)));
        }
        if (request.operation() == Operation.UPDATE) {
            JsonNode taints = object(request).path("spec").path("taints");
            JsonNode before = old(request).path("spec").path("taints");
            if (!taints.equals(before) && !(taints.isEmpty() && before.isEmpty())) {
                throw refusal(request, "node \"%s\" is not allowed to modify taints".formatted(node));
            }
            // A node that has owners is collected with them, and may then come back with other labels.
            JsonNode owners = object(request).path("metadata").path("ownerReferences");
            JsonNode ownedBefore = old(request).path("metadata").path("ownerReferences");
            if (!owners.equals(ownedBefore) && !(owners.isEmpty() && ownedBefore.isEmpty())) {
                throw refusal(request, "node \"%s\" is not allowed to modify ownerReferences".formatted(node));
            }
            if (!forbidden.isEmpty()) {
                throw refusal(request, "is not allowed to modify labels: " + String.join(", ", forbidden));
            }
        }
    }

    /** Labels that differ and are not for nodes to set. */
    private static TreeSet<String> forbidden(JsonNode now, JsonNode before) {
        TreeSet<String> keys = new TreeSet<>();
        now.fieldNames().forEachRemaining(keys::add);
        before.fieldNames().forEachRemaining(keys::add);
        keys.removeIf(key -> now.path(key).equals(before.path(key)) || isOwn(key));
        return keys;
    }

    private static boolean isOwn(String label) {
        String domain = label.contains("/") ? label.substring(0, label.indexOf('/')) : "";
        if (isIn(domain, RESTRICTED)) {
            return false;
        }
        return !isIn(domain, "kubernetes.io") && !isIn(domain, "k8s.io")
                || LABELS.contains(label)
                || LABEL_DOMAINS.stream().anyMatch(own -> isIn(domain, own));
    }

    private static boolean isIn(String domain, String parent) {
        return domain.equals(parent) || domain.endsWith("." + parent);
    }

    private void token(AdmissionRequest request, String node) {
        if (request.operation() != Operation.CREATE || !request.subresource().equals("token")) {
            return;
        }
        JsonNode bound = object(request).path("spec").path("boundObjectRef");
        String name = bound.path("name").asText("");
        if (!bound.path("apiVersion").asText("").equals("v1")
                || !bound.path("kind").asText("").equals("Pod")
                || name.isEmpty()) {
            throw refusal(request, "node requested token not bound to a pod");
        }
        String uid = bound.path("uid").asText("");
        if (uid.isEmpty()) {
            throw refusal(request, "node requested token with a pod binding without a uid");
        }
        JsonNode pod = stored(request, name);
        if (!uid.equals(pod.path("metadata").path("uid").asText(""))) {
            throw refusal(
                    request,
                    ("the UID in the bound object reference (%s) does not match the UID in record. The object might have been"
                                    + " deleted and then recreated")
                            .formatted(uid));
        }
        if (!isOn(pod, node)) {
            throw refusal(request, "node requested token bound to a pod scheduled on a different node");
        }
        audiences.check(request, object(request).path("spec").path("audiences"), pod);
    }

    private static void claim(AdmissionRequest request, String node) {
        if (!request.subresource().equals("status")) {
            throw refusal(request, "may only update PVC status");
        }
        if (!rest(object(request)).equals(rest(old(request)))) {
            throw refusal(
                    request,
                    "node \"%s\" is not allowed to update fields other than status.capacity and status.conditions"
                            .formatted(node));
        }
    }

    private static JsonNode rest(JsonNode claim) {
        JsonNode copy = claim.deepCopy();
        if (copy.path("metadata") instanceof ObjectNode metadata) {
            metadata.remove(List.of("resourceVersion", "managedFields"));
        }
        if (copy.path("status") instanceof ObjectNode status) {
            status.remove(List.of("capacity", "conditions", "allocatedResources", "allocatedResourceStatuses"));
        }
        return copy;
    }

    private static void lease(AdmissionRequest request, String node) {
        if (!request.namespace().equals("kube-node-lease")) {
            throw refusal(request, "can only access leases in the \"kube-node-lease\" system namespace");
        }
        if (request.operation() != Operation.DELETE && !request.name().equals(node)) {
            throw refusal(request, "can only access node lease with the same name as the requesting node");
        }
    }

    private static void csiNode(AdmissionRequest request, String node) {
        if (!request.name().equals(node)) {
            throw refusal(request, "can only access CSINode with the same name as the requesting node");
        }
    }

    private static void slice(AdmissionRequest request, String node) {
        JsonNode slice = request.operation() == Operation.DELETE ? old(request) : object(request);
        if (!slice.path("spec").path("nodeName").asText("").equals(node)) {
            throw refusal(
                    request,
                    request.operation() == Operation.DELETE
                            ? "can only delete ResourceSlice with the same NodeName as the requesting node"
                            : "can only create ResourceSlice with the same NodeName as the requesting node");
        }
    }
}

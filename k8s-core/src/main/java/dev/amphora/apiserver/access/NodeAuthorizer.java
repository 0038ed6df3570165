package dev.amphora.apiserver.access;

import java.util.List;

/**
 * Lets nodes do what a kubelet needs: the mode {@code Node}. Nodes are users named {@code system:node:NAME} in the group
 * {@code system:nodes}. They read their own Node, the pods that are bound to it, and what those pods refer to.
 */
public final class NodeAuthorizer implements Authorizer {
    private static final String USER = "system:node:";
    private static final List<String> READ = List.of("get", "list", "watch");
    private static final List<String> OWN = List.of("get", "create", "update", "patch", "delete");
    private static final String UNRELATED = "no relationship found between node '%s' and this object";

    /** What is not subdivided by object. */
    private static final List<PolicyRule> RULES = List.of(
            rule("create", "authentication.k8s.io", "tokenreviews"),
            rule("create", "authorization.k8s.io", "localsubjectaccessreviews", "subjectaccessreviews"),
            rule("get list watch", "", "services"),
            rule("create patch update", "", "events"),
            rule("create patch update", "events.k8s.io", "events"),
            rule("get", "", "endpoints"),
            rule("create get list watch", "certificates.k8s.io", "certificatesigningrequests"),
            rule("get list watch", "storage.k8s.io", "csidrivers"),
            rule("get list watch", "node.k8s.io", "runtimeclasses"));

    private final NodeRelations relations;

    /**
     * An authorizer.
     *
     * @param objects where pods and volumes are followed from the first question about them on
     */
    public NodeAuthorizer(ObjectReader objects) {
        relations = new NodeRelations(objects);
    }

    private static PolicyRule rule(String verbs, String group, String... resources) {
        return new PolicyRule(List.of(verbs.split(" ")), List.of(group), List.of(resources), List.of(), List.of());
    }

    @Override
    public Decision authorize(AccessRequest request) {
        if (!isNode(request.user())) {
            return Decision.NO_OPINION;
        }
        String node = request.user().name().substring(USER.length());
        if (node.isEmpty()) {
            return no("unknown node for user \"%s\"".formatted(request.user().name()));
        }
        if (!request.isResource()) {
            return Decision.NO_OPINION;
        }
        String place = request.group().isEmpty() ? request.resource() : request.resource() + "." + request.group();
        return switch (place) {
            case "secrets" -> readNamespaced(request, node, relations::usesSecret);
            case "configmaps" -> readNamespaced(request, node, relations::usesConfigMap);
            case "persistentvolumeclaims" ->
                request.subresource().equals("status")
                        ? updateStatus(request, node)
                        : get(request, node, relations::usesClaim);
            case "persistentvolumes" -> get(request, node, relations::usesVolume);
            case "resourceclaims.resource.k8s.io" -> get(request, node, relations::usesResourceClaim);
            case "volumeattachments.storage.k8s.io" -> get(request, node, relations::hasAttachment);
            case "serviceaccounts" -> serviceAccount(request, node);
            case "leases.coordination.k8s.io" -> lease(request, node);
            case "csinodes.storage.k8s.io" -> csiNode(request, node);
            case "resourceslices.resource.k8s.io" -> resourceSlice(request, node);
            case "nodes" -> node(request, node);
            case "pods" -> pod(request, node);
            default -> RULES.stream().anyMatch(rule -> rule.allows(request)) ? Decision.allow("") : Decision.NO_OPINION;
        };
    }

    private static Decision no(String reason) {
        return new Decision(Verdict.NO_OPINION, reason);
    }

    private static Decision readNamespaced(AccessRequest request, String node, NodeRelations.Relation relation) {
        if (!READ.contains(request.verb())) {
            return no("can only read resources of this type");
        }
        if (!request.subresource().isEmpty()) {
            return no("cannot read subresource");
        }
        if (request.namespace().isEmpty()) {
            return no("can only read namespaced object of this type");
        }
        return related(request, node, relation);
    }

    private static Decision get(AccessRequest request, String node, NodeRelations.Relation relation) {
        if (!request.verb().equals("get")) {
            return no("can only get individual resources of this type");
        }
        return request.subresource().isEmpty() ? related(request, node, relation) : no("cannot get subresource");
    }

    private static Decision related(AccessRequest request, String node, NodeRelations.Relation relation) {
        if (request.name().isEmpty()) {
            return no("No Object name found");
        }
        return relation.holds(node, request.namespace(), request.name())
                ? Decision.allow("")
                : no(UNRELATED.formatted(node));
    }

    private Decision updateStatus(AccessRequest request, String node) {
        return request.verb().equals("update") || request.verb().equals("patch")
                ? related(request, node, relations::usesClaim)
                : no("can only get/update/patch this type");
    }

    private Decision serviceAccount(AccessRequest request, String node) {
        if (request.verb().equals("get")) {
            return get(request, node, relations::usesServiceAccount);
        }
        if (!request.verb().equals("create") || request.name().isEmpty()) {
            return no("can only create tokens for individual service accounts");
        }
        return request.subresource().equals("token")
                ? related(request, node, relations::usesServiceAccount)
                : no("can only create token subresource of serviceaccount");
    }

    private static Decision lease(AccessRequest request, String node) {
        if (!OWN.contains(request.verb())) {
            return no("can only get, create, update, patch, or delete a node lease");
        }
        if (!request.namespace().equals("kube-node-lease")) {
            return no("can only access leases in the \"kube-node-lease\" system namespace");
        }
        return request.verb().equals("create") || request.name().equals(node)
                ? Decision.allow("")
                : no("can only access node lease with the same name as the requesting node");
    }

    private static Decision csiNode(AccessRequest request, String node) {
        if (!OWN.contains(request.verb())) {
            return no("can only get, create, update, patch, or delete a CSINode");
        }
        if (!request.subresource().isEmpty()) {
            return no("cannot authorize CSINode subresources");
        }
        return request.verb().equals("create") || request.name().equals(node)
                ? Decision.allow("")
                : no("can only access CSINode with the same name as the requesting node");
    }

    private Decision resourceSlice(AccessRequest request, String node) {
        if (!request.subresource().isEmpty()) {
            return no("cannot authorize ResourceSlice subresources");
        }
        return switch (request.verb()) {
            case "create" -> Decision.allow("");
            case "get", "update", "patch", "delete" -> related(request, node, relations::hasSlice);
            case "watch", "list", "deletecollection" ->
                isField(request, "nodeName", node) || isField(request, "spec.nodeName", node)
                        ? Decision.allow("")
                        : no("can only list/watch/deletecollection resourceslices with nodeName field selector");
            default ->
                no("only the following verbs are allowed for a ResourceSlice: get, watch, list, create, update, patch,"
                        + " delete, deletecollection");
        };
    }

    private static Decision node(AccessRequest request, String node) {
        boolean writes = request.verb().equals("update") || request.verb().equals("patch");
        if (request.subresource().equals("status")) {
            return writes ? Decision.allow("") : Decision.NO_OPINION;
        }
        if (!request.subresource().isEmpty()) {
            return Decision.NO_OPINION;
        }
        if (writes || request.verb().equals("create")) {
            return Decision.allow("");
        }
        if (!READ.contains(request.verb())) {
            return Decision.NO_OPINION;
        }
        if (request.name().isEmpty()) {
            return no("node '%s' cannot read all nodes, only its own Node object".formatted(node));
        }
        return request.name().equals(node)
                ? Decision.allow("")
                : no("node '%s' cannot read '%s', only its own Node object".formatted(node, request.name()));
    }

    private Decision pod(AccessRequest request, String node) {
        String verb = request.verb();
        return switch (request.subresource()) {
            case "" ->
                switch (verb) {
                    case "get" -> get(request, node, relations::runsPod);
                    case "list", "watch" -> listPods(request, node);
                    case "create", "delete" -> Decision.allow("");
                    default -> Decision.NO_OPINION;
                };
            case "status" -> verb.equals("update") || verb.equals("patch") ? Decision.allow("") : Decision.NO_OPINION;
            case "eviction" -> verb.equals("create") ? Decision.allow("") : Decision.NO_OPINION;
            default -> Decision.NO_OPINION;
        };
    }

    private Decision listPods(AccessRequest request, String node) {
        if (isField(request, "spec.nodeName", node)) {
            return Decision.allow("");
        }
        return request.name().isEmpty()
                ? no("can only list/watch pods with spec.nodeName field selector")
                : related(request, node, relations::runsPod);
    }

    private static boolean isField(AccessRequest request, String field, String value) {
        return value.equals(request.fields().get(field));
    }

    @Override
    public AccessRules rulesOf(User user, String namespace) {
        return isNode(user)
                ? new AccessRules(List.of(), List.of("node authorizer does not support user rule resolution"))
                : AccessRules.NONE;
    }

    private static boolean isNode(User user) {
        return user.in("system:nodes") && user.name().startsWith(USER);
    }
}

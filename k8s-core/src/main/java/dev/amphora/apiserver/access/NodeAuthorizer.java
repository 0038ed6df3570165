package dev.amphora.apiserver.access;

import java.util.List;
import java.util.Set;

/**
 * Lets nodes do what a kubelet needs: the mode {@code Node}. Nodes are users named {@code system:node:NAME} in the group
 * {@code system:nodes}.
 */
public final class NodeAuthorizer implements Authorizer {
    private static final Set<String> READ = Set.of("get", "list", "watch");
    private static final Set<String> READABLE = Set.of(
            "pods",
            "nodes",
            "services",
            "configmaps",
            "secrets",
            "persistentvolumeclaims",
            "persistentvolumes",
            "endpoints",
            "runtimeclasses",
            "csidrivers",
            "csinodes",
            "volumeattachments",
            "leases",
            "resourceslices");
    private static final Set<String> WRITABLE = Set.of(
            "nodes",
            "nodes/status",
            "pods",
            "pods/status",
            "pods/eviction",
            "events",
            "leases",
            "csinodes",
            "resourceslices",
            "certificatesigningrequests",
            "serviceaccounts/token",
            "tokenreviews",
            "subjectaccessreviews",
            "localsubjectaccessreviews");

    @Override
    public Decision authorize(AccessRequest request) {
        if (!isNode(request.user())) {
            return Decision.NO_OPINION;
        }
        boolean allowed = READ.contains(request.verb())
                ? READABLE.contains(request.resource())
                : WRITABLE.contains(request.resourceWithSubresource());
        return allowed ? Decision.allow("") : Decision.NO_OPINION;
    }

    @Override
    public AccessRules rulesOf(User user, String namespace) {
        return isNode(user)
                ? new AccessRules(List.of(), List.of("node authorizer does not support user rule resolution"))
                : AccessRules.NONE;
    }

    private static boolean isNode(User user) {
        return user.in("system:nodes") && user.name().startsWith("system:node:");
    }
}

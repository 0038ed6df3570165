package dev.amphora.apiserver;

import dev.amphora.api.Names;
import dev.amphora.apiserver.schema.ResourceInfo;
import java.util.List;

/** What a kind's names must look like. */
final class NameRules {
    private NameRules() {}

    /**
     * What is wrong with a name; empty if nothing is.
     *
     * @param prefix whether it is only the beginning of a name, to which more will be added
     */
    static List<String> of(ResourceInfo info, String name, boolean prefix) {
        String checked = prefix && name.endsWith("-") ? name.substring(0, name.length() - 1) + "a" : name;
        return switch (info.qualifiedName()) {
            case "namespaces" -> Names.dns1123Label(checked);
            case "clusterroles.rbac.authorization.k8s.io",
                    "clusterrolebindings.rbac.authorization.k8s.io",
                    "roles.rbac.authorization.k8s.io",
                    "rolebindings.rbac.authorization.k8s.io" -> Names.pathSegment(name);
            default -> Names.dns1123Subdomain(checked);
        };
    }
}

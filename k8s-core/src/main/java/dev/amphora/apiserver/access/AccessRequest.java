package dev.amphora.apiserver.access;

import com.google.common.collect.ImmutableMap;
import dev.amphora.api.FieldError;
import java.util.Map;

/**
 * What someone wants to do, as an authorizer sees it.
 *
 * @param user who
 * @param verb such as {@code get}; for paths the lower-case HTTP method
 * @param group the API group, empty for core
 * @param version the API version
 * @param resource the plural, empty for paths that name no resource
 * @param subresource empty for the object itself
 * @param namespace empty for cluster-scoped resources and for all namespaces
 * @param name empty for whole collections
 * @param path the request's path if it names no resource, else empty
 * @param fields which values a list, watch or deletion of many is limited to, by field
 */
public record AccessRequest(
        User user,
        String verb,
        String group,
        String version,
        String resource,
        String subresource,
        String namespace,
        String name,
        String path,
        Map<String, String> fields) {

    /** A request whose members cannot change. */
    public AccessRequest {
        fields = ImmutableMap.copyOf(fields);
    }

    /** A request that selects no fields. */
    public AccessRequest(
            User user,
            String verb,
            String group,
            String version,
            String resource,
            String subresource,
            String namespace,
            String name,
            String path) {
        this(user, verb, group, version, resource, subresource, namespace, name, path, Map.of());
    }

    /** A request for a path that names no resource, such as {@code /healthz}. */
    public static AccessRequest ofPath(User user, String verb, String path) {
        return new AccessRequest(user, verb, "", "", "", "", "", "", path);
    }

    /** The same with another verb. */
    public AccessRequest with(String otherVerb) {
        return new AccessRequest(user, otherVerb, group, version, resource, subresource, namespace, name, path, fields);
    }

    /** Whether it names a resource rather than a path. */
    public boolean isResource() {
        return !resource.isEmpty();
    }

    /** {@code pods} or {@code pods/status}: how rules name the resource. */
    public String resourceWithSubresource() {
        return subresource.isEmpty() ? resource : resource + "/" + subresource;
    }

    /** What a refused caller is told: {@code User "x" cannot get resource "pods" in API group "" at the cluster scope}. */
    public String refusal() {
        String who = "User %s cannot %s ".formatted(FieldError.quoted(user.name()), verb);
        if (!isResource()) {
            return who + "path " + FieldError.quoted(path);
        }
        String what = who
                + "resource %s in API group %s"
                        .formatted(FieldError.quoted(resourceWithSubresource()), FieldError.quoted(group));
        return namespace.isEmpty()
                ? what + " at the cluster scope"
                : what + " in the namespace " + FieldError.quoted(namespace);
    }
}

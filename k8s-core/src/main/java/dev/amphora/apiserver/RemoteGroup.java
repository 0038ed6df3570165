package dev.amphora.apiserver;

import com.fasterxml.jackson.databind.JsonNode;
import dev.amphora.apiserver.outside.RemoteServer;
import org.jspecify.annotations.Nullable;

/**
 * A version of a group that another server is said to serve.
 *
 * @param group such as {@code metrics.k8s.io}
 * @param version such as {@code v1beta1}
 * @param groupPriority groups with a larger one stand first
 * @param versionPriority versions with a larger one stand first
 * @param server who serves it
 * @param available whether it could be reached when it was last tried
 * @param resources what it said to serve when it was last reached, an {@code APIResourceList}; null if it never was
 * @param schema where its schemas are, as its index at {@code /openapi/v3} says; null if it has none
 */
public record RemoteGroup(
        String group,
        String version,
        int groupPriority,
        int versionPriority,
        RemoteServer server,
        boolean available,
        @Nullable JsonNode resources,
        @Nullable String schema) {
    /** Where it is served, such as {@code /apis/metrics.k8s.io/v1beta1}. */
    public String path() {
        return group.isEmpty() ? "/api/" + version : "/apis/" + group + "/" + version;
    }
}

package dev.amphora.apiserver.schema;

import com.fasterxml.jackson.databind.JsonNode;
import org.jspecify.annotations.Nullable;

/**
 * A version of a group that another server serves, as the discovery documents tell of it.
 *
 * @param group its group
 * @param version its version
 * @param groupPriority groups with a larger one stand first
 * @param versionPriority versions with a larger one stand first
 * @param fresh whether its server can be reached
 * @param resources what the server last said to serve, an {@code APIResourceList}; null if that isn't known
 */
public record RemoteVersion(
        String group,
        String version,
        int groupPriority,
        int versionPriority,
        boolean fresh,
        @Nullable JsonNode resources) {}

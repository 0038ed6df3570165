package dev.amphora.rest;

import dev.amphora.apiserver.ApiServer;
import dev.amphora.apiserver.schema.GroupInfo;
import java.util.ArrayList;
import java.util.List;

/** The pages that say what is served. */
final class Discovery {
    private final ApiServer apiServer;

    Discovery(ApiServer apiServer) {
        this.apiServer = apiServer;
    }

    HttpAnswer answer(Exchange exchange, ResourcePath target) {
        return Exchange.notFoundText();
    }

    HttpAnswer openApi(Exchange exchange, String rest) {
        return Exchange.notFoundText();
    }

    /** The paths that {@code GET /} lists, sorted. */
    List<String> rootPaths(List<String> healthPaths) {
        List<String> paths = new ArrayList<>(healthPaths);
        paths.addAll(List.of("/api", "/apis", "/apis/", "/metrics", "/openapi/v2", "/openapi/v3", "/version"));
        for (GroupInfo group : apiServer.catalogue().groups()) {
            String root = group.name().isEmpty() ? "/api" : "/apis/" + group.name();
            if (!group.name().isEmpty()) {
                paths.add(root);
            }
            for (String version : group.versions()) {
                paths.add(root + "/" + version);
                paths.add("/openapi/v3" + root + "/" + version);
            }
        }
        paths.sort(null);
        return paths;
    }
}

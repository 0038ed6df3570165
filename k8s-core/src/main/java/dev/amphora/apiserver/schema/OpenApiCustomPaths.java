package dev.amphora.apiserver.schema;

import dev.amphora.apiserver.schema.OpenApiPaths.Content;
import dev.amphora.apiserver.schema.ResourceInfo.Subresource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What can be called for one custom resource: fewer paths than for a built-in one, and all operations are of its own kind. */
final class OpenApiCustomPaths {
    private static final List<String> READ = List.of("query:resourceVersion");

    private final OpenApiPaths paths;
    private final ResourceInfo resource;

    OpenApiCustomPaths(OpenApiPaths paths, ResourceInfo resource) {
        this.paths = paths;
        this.resource = resource;
    }

    void add() {
        String scope = resource.namespaced() ? "/namespaces/{namespace}" : "";
        String all = paths.base() + scope + "/" + resource.plural();
        String one = all + "/{name}";
        String word = (resource.namespaced() ? "Namespaced" : "") + resource.kind();
        String type = paths.definition(resource);
        Map<Integer, String> list = Map.of(200, paths.listDefinition(resource));
        add(all, "get", "list", "list", word, OpenApiPaths.LIST, null, list);
        if (resource.namespaced()) {
            String everywhere = paths.base() + "/" + resource.plural();
            add(everywhere, "get", "list", "list", resource.kind() + "ForAllNamespaces", OpenApiPaths.LIST, null, list);
        }
        Map<Integer, String> created = OpenApiPaths.statuses(type, 200, 201, 202);
        add(all, "post", "create", "post", word, OpenApiPaths.WRITE, type, created);
        Map<Integer, String> status = Map.of(200, OpenApiPaths.STATUS);
        add(all, "delete", "delete", "deletecollection", "Collection" + word, OpenApiPaths.LIST, null, status);
        readAndWrite(one, word, type);
        String options = OpenApiPaths.META + "DeleteOptions";
        Map<Integer, String> deleted = OpenApiPaths.statuses(OpenApiPaths.STATUS, 200, 202);
        add(one, "delete", "delete", "delete", word, OpenApiPaths.DELETE, options, deleted);
        for (Subresource each : resource.subresources()) {
            if (each.name().equals("scale")) {
                readAndWrite(one + "/scale", word + "Scale", "io.k8s.api.autoscaling.v1.Scale");
            } else {
                readAndWrite(one + "/status", word + "Status", type);
            }
        }
    }

    private void readAndWrite(String path, String name, String type) {
        add(path, "get", "read", "get", name, READ, null, Map.of(200, type));
        add(path, "put", "replace", "put", name, OpenApiPaths.WRITE, type, OpenApiPaths.statuses(type, 200, 201));
        List<String> patch = new ArrayList<>(OpenApiPaths.WRITE);
        patch.add("query:force");
        add(path, "patch", "patch", "patch", name, patch, OpenApiPaths.META + "Patch", Map.of(200, type));
    }

    private void add(
            String path,
            String method,
            String verb,
            String action,
            String name,
            List<String> parameters,
            @Nullable String body,
            Map<Integer, String> responses) {
        paths.add(
                path,
                paths.operation(
                        path,
                        method,
                        verb,
                        action,
                        name,
                        resource.group(),
                        resource.version(),
                        resource.kind(),
                        parameters,
                        body,
                        responses,
                        Content.CUSTOM));
    }
}

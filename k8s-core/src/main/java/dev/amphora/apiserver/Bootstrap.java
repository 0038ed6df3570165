package dev.amphora.apiserver;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.Json;
import java.util.List;

/**
 * Makes what every cluster has from the start: namespaces and priority classes, and what is kept ready to be stored, such as the rights of
 * the system.
 */
final class Bootstrap {
    private static final List<String> NAMESPACES = List.of("kube-system", "kube-public", "kube-node-lease", "default");

    private final ApiServer server;

    Bootstrap(ApiServer server) {
        this.server = server;
    }

    void run() {
        for (String name : NAMESPACES) {
            make("", "v1", "namespaces", named(name));
        }
        make(
                "scheduling.k8s.io",
                "v1",
                "priorityclasses",
                priority(
                        "system-node-critical",
                        2_000_001_000,
                        "Used for system critical pods that must not be moved from their current node."));
        make(
                "scheduling.k8s.io",
                "v1",
                "priorityclasses",
                priority(
                        "system-cluster-critical",
                        2_000_000_000,
                        "Used for system critical pods that must run in the cluster, but can be moved to another node if necessary."));
        new PreparedObjects(server).make();
    }

    private void make(String group, String version, String plural, ObjectNode object) {
        if (server.objects()
                .get(group, plural, "", Metadata.text(object, "name"))
                .isEmpty()) {
            server.createIfAbsent(group, version, plural, "", object);
        }
    }

    private static ObjectNode named(String name) {
        ObjectNode object = Json.object();
        object.putObject("metadata").put("name", name);
        return object;
    }

    private static ObjectNode priority(String name, int value, String description) {
        return named(name).put("value", value).put("description", description);
    }
}

package dev.amphora.apiserver;

import java.util.List;

/** Makes what every cluster has from the start. */
final class Bootstrap {
    private static final List<String> NAMESPACES = List.of("default", "kube-system", "kube-public", "kube-node-lease");

    private final ApiServer server;

    Bootstrap(ApiServer server) {
        this.server = server;
    }

    void run() {
        for (String name : NAMESPACES) {
            if (server.objects().get("", "namespaces", "", name).isEmpty()) {
                server.createIfAbsent("", "v1", "namespaces", "", ApiServer.named(name));
            }
        }
    }
}

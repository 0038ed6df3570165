package dev.amphora.apiserver;

import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.collect.ImmutableMap;
import dev.amphora.api.Json;
import dev.amphora.api.StatusException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BooleanSupplier;

/** The statuses of the control plane's components, made when they are read: one object each for the parts that the reference asks. */
final class ComponentStatuses {
    private static final ImmutableMap<String, Integer> PORTS =
            ImmutableMap.of("controller-manager", 10257, "scheduler", 10259, "etcd-0", 2379);

    private final Map<String, BooleanSupplier> running = new ConcurrentHashMap<>();
    private final Reads reads;

    ComponentStatuses(Reads reads) {
        this.reads = reads;
        running.put("etcd-0", () -> true);
    }

    /** Says how to find out whether a component runs. */
    void component(String name, BooleanSupplier healthy) {
        running.put(name, healthy);
    }

    ApiResult get(Call call) {
        String name = call.request().name();
        if (!PORTS.containsKey(name)) {
            throw StatusException.notFound("", "componentstatus", name);
        }
        return ApiResult.ok(status(name), call.warnings());
    }

    ApiResult list(Call call) {
        WatchFilter filter = reads.filter(call);
        List<VersionedObject> items = new ArrayList<>();
        for (String name : PORTS.keySet()) {
            VersionedObject status = status(name);
            if (filter.selects(status)) {
                items.add(status);
            }
        }
        return ApiResult.ok(new Listing("v1", "ComponentStatusList", items, 0, "", null), call.warnings());
    }

    private VersionedObject status(String name) {
        boolean healthy = running.getOrDefault(name, () -> false).getAsBoolean();
        ObjectNode tree = Json.object();
        tree.put("kind", "ComponentStatus").put("apiVersion", "v1");
        tree.putObject("metadata").put("name", name);
        int port = PORTS.getOrDefault(name, 0);
        tree.putArray("conditions")
                .addObject()
                .put("type", "Healthy")
                .put("status", healthy ? "True" : "False")
                .put(
                        "message",
                        healthy
                                ? "ok"
                                : "Get \"https://127.0.0.1:%d/healthz\": dial tcp 127.0.0.1:%d: connect: connection refused"
                                        .formatted(port, port));
        return VersionedObject.of(tree);
    }
}

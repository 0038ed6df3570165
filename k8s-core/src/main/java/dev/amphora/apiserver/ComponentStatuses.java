package dev.amphora.apiserver;

import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.collect.ImmutableSet;
import dev.amphora.api.Json;
import dev.amphora.api.StatusException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;

/** The statuses of the control plane's components, made when they are read: one object each for the parts that the reference asks. */
final class ComponentStatuses {
    private static final ImmutableSet<String> NAMES = ImmutableSet.of("controller-manager", "scheduler", "etcd-0");

    private final Map<String, Supplier<Optional<String>>> problems = new ConcurrentHashMap<>();
    private final Reads reads;

    ComponentStatuses(Reads reads) {
        this.reads = reads;
        problems.put("etcd-0", Optional::empty);
    }

    /** Says how to find out what is wrong with a component. */
    void component(String name, Supplier<Optional<String>> problem) {
        problems.put(name, problem);
    }

    ApiResult get(Call call) {
        String name = call.request().name();
        if (!NAMES.contains(name)) {
            throw StatusException.notFound("", "componentstatus", name);
        }
        return ApiResult.ok(status(name), call.warnings());
    }

    ApiResult list(Call call) {
        WatchFilter filter = reads.filter(call);
        List<VersionedObject> items = new ArrayList<>();
        for (String name : NAMES) {
            VersionedObject status = status(name);
            if (filter.selects(status)) {
                items.add(status);
            }
        }
        return ApiResult.ok(new Listing("v1", "ComponentStatusList", items, 0, "", null), call.warnings());
    }

    private VersionedObject status(String name) {
        Optional<String> problem =
                problems.getOrDefault(name, () -> Optional.of("nobody runs it")).get();
        ObjectNode tree = Json.object();
        tree.put("kind", "ComponentStatus").put("apiVersion", "v1");
        tree.putObject("metadata").put("name", name);
        tree.putArray("conditions")
                .addObject()
                .put("type", "Healthy")
                .put("status", problem.isEmpty() ? "True" : "False")
                .put("message", problem.orElse("ok"));
        return VersionedObject.of(tree);
    }
}

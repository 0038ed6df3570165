package dev.amphora.scheduler.plugins;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.Json;
import dev.amphora.api.ResourceType;
import dev.amphora.api.StatusException;
import dev.amphora.scheduler.framework.BindPlugin;
import dev.amphora.scheduler.framework.CycleState;
import dev.amphora.scheduler.framework.Handle;
import dev.amphora.scheduler.framework.PodInfo;
import dev.amphora.scheduler.framework.Status;
import io.fabric8.kubernetes.api.model.Pod;

/** Binds pods by the API's {@code binding} subresource. */
public final class DefaultBinder implements BindPlugin {
    private static final ResourceType<Pod> PODS = ResourceType.of(Pod.class);

    private final Handle handle;

    /** The plugin for a profile. */
    public DefaultBinder(Handle handle) {
        this.handle = handle;
    }

    @Override
    public Status bind(CycleState state, PodInfo pod, String nodeName) {
        ObjectNode binding = Json.object();
        binding.put("apiVersion", "v1").put("kind", "Binding");
        ObjectNode metadata = binding.putObject("metadata");
        metadata.put("namespace", pod.namespace()).put("name", pod.name()).put("uid", pod.uid());
        binding.putObject("target").put("kind", "Node").put("name", nodeName);
        try {
            handle.client().subresource(PODS, pod.namespace(), pod.name(), "binding", binding, false);
            return Status.success();
        } catch (StatusException e) {
            return Status.error(String.valueOf(e.getMessage()));
        }
    }
}

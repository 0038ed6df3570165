package dev.amphora.kubelet;

import dev.amphora.api.StatusException;
import dev.amphora.kubelet.ContainerRuntime.ContainerState;
import dev.amphora.kubelet.ContainerRuntime.SandboxStatus;
import io.fabric8.kubernetes.api.model.Pod;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.stream.Stream;

/** Finds what clients want to be connected to, and says in the reference's words what cannot be found. */
final class PodStreams {
    private final ContainerRuntime runtime;
    private final List<Pod> pods;

    /**
     * A finder.
     *
     * @param pods of the node as they are known now
     */
    PodStreams(ContainerRuntime runtime, List<Pod> pods) {
        this.runtime = runtime;
        this.pods = pods;
    }

    /** The id of the running container of a name. */
    CompletionStage<String> running(String namespace, String pod, String container) {
        return runtime.pod(PodSpecs.uid(pod(namespace, pod))).thenApply(state -> state.containers().stream()
                .filter(status -> status.name().equals(container) && status.state() == ContainerState.RUNNING)
                .findFirst()
                .orElseThrow(() ->
                        StatusException.of(500, "InternalError", "container not found (\"" + container + "\")", null))
                .id());
    }

    /** The id of a pod's living sandbox. */
    CompletionStage<String> sandbox(String namespace, String pod) {
        return runtime.pod(PodSpecs.uid(pod(namespace, pod))).thenApply(state -> state.sandboxes().stream()
                .filter(SandboxStatus::ready)
                .findFirst()
                .orElseThrow(() -> StatusException.of(
                        500,
                        "InternalError",
                        "unable to do port forwarding: pod is not running: " + pod + "_" + namespace,
                        null))
                .id());
    }

    /** Whether a container was made with a terminal. */
    boolean hasTerminal(String namespace, String pod, String container) {
        var spec = pod(namespace, pod).getSpec();
        boolean ephemeral = spec.getEphemeralContainers().stream()
                .anyMatch(each -> each.getName().equals(container) && Boolean.TRUE.equals(each.getTty()));
        return ephemeral
                || Stream.concat(spec.getContainers().stream(), spec.getInitContainers().stream())
                        .anyMatch(each -> each.getName().equals(container) && Boolean.TRUE.equals(each.getTty()));
    }

    private Pod pod(String namespace, String name) {
        return pods.stream()
                .filter(pod -> pod.getMetadata().getNamespace().equals(namespace)
                        && pod.getMetadata().getName().equals(name))
                .findFirst()
                .orElseThrow(() -> StatusException.of(404, "NotFound", "pod does not exist", null));
    }
}

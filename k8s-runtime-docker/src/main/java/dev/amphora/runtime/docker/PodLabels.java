package dev.amphora.runtime.docker;

import dev.amphora.kubelet.ContainerRuntime.ContainerConfig;
import dev.amphora.kubelet.ContainerRuntime.SandboxConfig;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What the names and labels of containers tell: whose they are and what they are for. Everything the runtime knows of a pod is on the
 * engine, so nothing is lost when the program ends.
 *
 * @param cluster whose containers these are, on an engine that may serve several
 * @param node the node they belong to
 */
record PodLabels(String cluster, String node) {
    static final String CLUSTER = "dev.amphora.cluster";
    static final String NODE = "dev.amphora.node";
    static final String TYPE = "io.kubernetes.docker.type";
    static final String TYPE_SANDBOX = "podsandbox";
    static final String TYPE_CONTAINER = "container";
    static final String POD_NAME = "io.kubernetes.pod.name";
    static final String POD_NAMESPACE = "io.kubernetes.pod.namespace";
    static final String POD_UID = "io.kubernetes.pod.uid";
    static final String SANDBOX_ID = "io.kubernetes.sandbox.id";
    static final String CONTAINER_NAME = "io.kubernetes.container.name";
    static final String ATTEMPT = "dev.amphora.attempt";
    static final String IMAGE = "dev.amphora.image";
    static final String IMAGE_ID = "dev.amphora.image-id";
    private static final int MAX_NAME = 200;

    /** What all containers of this node carry. */
    Map<String, String> own() {
        Map<String, String> labels = new LinkedHashMap<>();
        labels.put(CLUSTER, cluster);
        labels.put(NODE, node);
        return labels;
    }

    /** What all sandboxes of this node carry. */
    Map<String, String> ownSandboxes() {
        Map<String, String> labels = own();
        labels.put(TYPE, TYPE_SANDBOX);
        return labels;
    }

    /** What sandboxes and containers of a pod carry. */
    Map<String, String> ofPod(String uid) {
        Map<String, String> labels = own();
        labels.put(POD_UID, uid);
        return labels;
    }

    /** What the containers of a sandbox carry. */
    Map<String, String> ofSandbox(String sandboxId) {
        Map<String, String> labels = own();
        labels.put(SANDBOX_ID, sandboxId);
        return labels;
    }

    Map<String, String> sandbox(SandboxConfig config) {
        Map<String, String> labels = new LinkedHashMap<>(config.labels());
        labels.putAll(pod(config));
        labels.put(TYPE, TYPE_SANDBOX);
        labels.put(CONTAINER_NAME, "POD");
        labels.put(ATTEMPT, String.valueOf(config.attempt()));
        return labels;
    }

    Map<String, String> container(String sandboxId, ContainerConfig config, SandboxConfig sandbox) {
        Map<String, String> labels = new LinkedHashMap<>(config.labels());
        labels.putAll(pod(sandbox));
        labels.put(TYPE, TYPE_CONTAINER);
        labels.put(CONTAINER_NAME, config.name());
        labels.put(SANDBOX_ID, sandboxId);
        labels.put(ATTEMPT, String.valueOf(config.attempt()));
        labels.put(IMAGE, config.image());
        labels.put(IMAGE_ID, config.imageId());
        return labels;
    }

    /** The name of a sandbox, unique on the engine, which makes running it twice harmless. */
    static String sandboxName(SandboxConfig config) {
        return name("POD", config, config.attempt());
    }

    static String containerName(ContainerConfig config, SandboxConfig sandbox, int sandboxAttempt) {
        // A pod's second sandbox counts its containers from zero again, so their number alone is not unique.
        String attempt = sandboxAttempt == 0 ? "" : "_s" + sandboxAttempt;
        return name(config.name(), sandbox, config.attempt()) + attempt;
    }

    private Map<String, String> pod(SandboxConfig config) {
        Map<String, String> labels = own();
        labels.put(POD_NAME, config.name());
        labels.put(POD_NAMESPACE, config.namespace());
        labels.put(POD_UID, config.uid());
        return labels;
    }

    private static String name(String container, SandboxConfig pod, int attempt) {
        String podName = pod.name().length() > MAX_NAME ? pod.name().substring(0, MAX_NAME) : pod.name();
        return String.join("_", "k8s", container, podName, pod.namespace(), pod.uid(), String.valueOf(attempt));
    }
}

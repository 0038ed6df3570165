package dev.amphora.api;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodSpec;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Makes trees of pods. Of the fields of a pod's classes nine in ten are mostly empty; the general way finds that out by reflection, which
 * takes longer than everything else.
 */
final class PodWriter {
    private final ObjectNode tree = Json.object();

    private PodWriter() {}

    /**
     * A pod as a tree.
     *
     * @throws TreeMaker.Unfit if it holds anything that only the general way can tell
     */
    static ObjectNode write(Pod pod) {
        PodWriter writer = new PodWriter();
        writer.begin(pod, Pod.class, pod.getAdditionalProperties());
        writer.text("apiVersion", pod.getApiVersion());
        writer.text("kind", pod.getKind());
        ObjectMeta metadata = pod.getMetadata();
        if (metadata != null) {
            writer.tree.set("metadata", write(metadata));
        }
        PodSpec spec = pod.getSpec();
        if (spec != null) {
            writer.tree.set("spec", write(spec));
        }
        writer.object("status", pod.getStatus());
        return writer.tree;
    }

    private static ObjectNode write(ObjectMeta metadata) {
        PodWriter writer = new PodWriter();
        writer.begin(metadata, ObjectMeta.class, metadata.getAdditionalProperties());
        writer.texts("annotations", metadata.getAnnotations());
        writer.text("creationTimestamp", metadata.getCreationTimestamp());
        writer.number("deletionGracePeriodSeconds", metadata.getDeletionGracePeriodSeconds());
        writer.text("deletionTimestamp", metadata.getDeletionTimestamp());
        writer.texts("finalizers", metadata.getFinalizers());
        writer.text("generateName", metadata.getGenerateName());
        writer.number("generation", metadata.getGeneration());
        writer.texts("labels", metadata.getLabels());
        writer.objects("managedFields", metadata.getManagedFields());
        writer.text("name", metadata.getName());
        writer.text("namespace", metadata.getNamespace());
        writer.objects("ownerReferences", metadata.getOwnerReferences());
        writer.text("resourceVersion", metadata.getResourceVersion());
        writer.text("selfLink", metadata.getSelfLink());
        writer.text("uid", metadata.getUid());
        return writer.tree;
    }

    private static ObjectNode write(PodSpec spec) {
        PodWriter writer = new PodWriter();
        writer.begin(spec, PodSpec.class, spec.getAdditionalProperties());
        writer.number("activeDeadlineSeconds", spec.getActiveDeadlineSeconds());
        writer.object("affinity", spec.getAffinity());
        writer.bool("automountServiceAccountToken", spec.getAutomountServiceAccountToken());
        writer.containers("containers", spec.getContainers());
        writer.object("dnsConfig", spec.getDnsConfig());
        writer.text("dnsPolicy", spec.getDnsPolicy());
        writer.bool("enableServiceLinks", spec.getEnableServiceLinks());
        writer.objects("ephemeralContainers", spec.getEphemeralContainers());
        writer.objects("evictionResponders", spec.getEvictionResponders());
        writer.objects("hostAliases", spec.getHostAliases());
        writer.bool("hostIPC", spec.getHostIPC());
        writer.bool("hostNetwork", spec.getHostNetwork());
        writer.bool("hostPID", spec.getHostPID());
        writer.bool("hostUsers", spec.getHostUsers());
        writer.text("hostname", spec.getHostname());
        writer.text("hostnameOverride", spec.getHostnameOverride());
        writer.objects("imagePullSecrets", spec.getImagePullSecrets());
        writer.containers("initContainers", spec.getInitContainers());
        writer.text("nodeName", spec.getNodeName());
        writer.texts("nodeSelector", spec.getNodeSelector());
        writer.object("os", spec.getOs());
        writer.map("overhead", spec.getOverhead());
        writer.text("preemptionPolicy", spec.getPreemptionPolicy());
        writer.number("priority", spec.getPriority());
        writer.text("priorityClassName", spec.getPriorityClassName());
        writer.objects("readinessGates", spec.getReadinessGates());
        writer.objects("resourceClaims", spec.getResourceClaims());
        writer.object("resources", spec.getResources());
        writer.text("restartPolicy", spec.getRestartPolicy());
        writer.text("runtimeClassName", spec.getRuntimeClassName());
        writer.text("schedulerName", spec.getSchedulerName());
        writer.objects("schedulingGates", spec.getSchedulingGates());
        writer.object("schedulingGroup", spec.getSchedulingGroup());
        writer.object("securityContext", spec.getSecurityContext());
        writer.text("serviceAccount", spec.getServiceAccount());
        writer.text("serviceAccountName", spec.getServiceAccountName());
        writer.bool("setHostnameAsFQDN", spec.getSetHostnameAsFQDN());
        writer.bool("shareProcessNamespace", spec.getShareProcessNamespace());
        writer.text("subdomain", spec.getSubdomain());
        writer.number("terminationGracePeriodSeconds", spec.getTerminationGracePeriodSeconds());
        writer.objects("tolerations", spec.getTolerations());
        writer.objects("topologySpreadConstraints", spec.getTopologySpreadConstraints());
        writer.objects("volumes", spec.getVolumes());
        return writer.tree;
    }

    private static ObjectNode write(Container container) {
        PodWriter writer = new PodWriter();
        writer.begin(container, Container.class, container.getAdditionalProperties());
        writer.texts("args", container.getArgs());
        writer.texts("command", container.getCommand());
        writer.objects("env", container.getEnv());
        writer.objects("envFrom", container.getEnvFrom());
        writer.text("image", container.getImage());
        writer.text("imagePullPolicy", container.getImagePullPolicy());
        writer.object("lifecycle", container.getLifecycle());
        writer.object("livenessProbe", container.getLivenessProbe());
        writer.text("name", container.getName());
        writer.objects("ports", container.getPorts());
        writer.object("readinessProbe", container.getReadinessProbe());
        writer.objects("resizePolicy", container.getResizePolicy());
        writer.object("resources", container.getResources());
        writer.text("restartPolicy", container.getRestartPolicy());
        writer.objects("restartPolicyRules", container.getRestartPolicyRules());
        writer.object("securityContext", container.getSecurityContext());
        writer.object("startupProbe", container.getStartupProbe());
        writer.bool("stdin", container.getStdin());
        writer.bool("stdinOnce", container.getStdinOnce());
        writer.text("terminationMessagePath", container.getTerminationMessagePath());
        writer.text("terminationMessagePolicy", container.getTerminationMessagePolicy());
        writer.bool("tty", container.getTty());
        writer.objects("volumeDevices", container.getVolumeDevices());
        writer.objects("volumeMounts", container.getVolumeMounts());
        writer.text("workingDir", container.getWorkingDir());
        return writer.tree;
    }

    /** Nothing that somebody has derived from the model, nor what the model doesn't know. */
    private void begin(Object object, Class<?> type, @Nullable Map<String, Object> unknown) {
        if (object.getClass() != type || unknown != null && !unknown.isEmpty()) {
            throw new TreeMaker.Unfit();
        }
    }

    private void text(String name, @Nullable String value) {
        if (value != null) {
            tree.put(name, value);
        }
    }

    private void number(String name, @Nullable Long value) {
        if (value != null) {
            tree.put(name, value);
        }
    }

    private void number(String name, @Nullable Integer value) {
        if (value != null) {
            tree.put(name, value);
        }
    }

    private void bool(String name, @Nullable Boolean value) {
        if (value != null) {
            tree.put(name, value);
        }
    }

    private void object(String name, @Nullable Object value) {
        if (value != null) {
            tree.set(name, Json.general(value));
        }
    }

    private void map(String name, @Nullable Map<?, ?> value) {
        if (value != null && !value.isEmpty()) {
            tree.set(name, Json.general(value));
        }
    }

    private void objects(String name, @Nullable List<?> values) {
        if (values != null && !values.isEmpty()) {
            ArrayNode array = tree.putArray(name);
            for (Object value : values) {
                array.add(Json.general(known(value)));
            }
        }
    }

    private void containers(String name, @Nullable List<Container> values) {
        if (values != null && !values.isEmpty()) {
            ArrayNode array = tree.putArray(name);
            for (Container value : values) {
                array.add(write(known(value)));
            }
        }
    }

    private void texts(String name, @Nullable List<String> values) {
        if (values != null && !values.isEmpty()) {
            ArrayNode array = tree.putArray(name);
            for (String value : values) {
                array.add(known(value));
            }
        }
    }

    private void texts(String name, @Nullable Map<String, String> values) {
        if (values != null && !values.isEmpty()) {
            ObjectNode object = tree.putObject(name);
            values.forEach((key, value) -> object.put(known(key), known(value)));
        }
    }

    private static <T> T known(@Nullable T value) {
        if (value == null) {
            throw new TreeMaker.Unfit();
        }
        return value;
    }
}

package dev.amphora.samples.conformance;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.Json;
import dev.amphora.scheduler.Profile;
import dev.amphora.scheduler.SchedulerSandbox;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Namespace;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.ReplicationController;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.apps.ReplicaSet;
import io.fabric8.kubernetes.api.model.apps.StatefulSet;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudget;
import io.fabric8.kubernetes.api.model.resource.v1.DeviceClass;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceClaim;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceSlice;
import io.fabric8.kubernetes.api.model.storage.CSIDriver;
import io.fabric8.kubernetes.api.model.storage.CSINode;
import io.fabric8.kubernetes.api.model.storage.CSIStorageCapacity;
import io.fabric8.kubernetes.api.model.storage.StorageClass;
import io.fabric8.kubernetes.api.model.storage.VolumeAttachment;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Reads the objects and configurations of the scheduler's recordings: what the recorder filled in is filled in here too. */
final class SchedulerObjects {
    private static final Map<String, Class<? extends HasMetadata>> KINDS = kinds();
    private static final List<Class<? extends HasMetadata>> WITHOUT_NAMESPACE = List.of(
            Namespace.class,
            Node.class,
            PersistentVolume.class,
            StorageClass.class,
            CSINode.class,
            CSIDriver.class,
            VolumeAttachment.class,
            ResourceSlice.class,
            DeviceClass.class);

    private SchedulerObjects() {}

    private static Map<String, Class<? extends HasMetadata>> kinds() {
        Map<String, Class<? extends HasMetadata>> kinds = new LinkedHashMap<>();
        kinds.put("namespaces", Namespace.class);
        kinds.put("services", Service.class);
        kinds.put("replicationControllers", ReplicationController.class);
        kinds.put("replicaSets", ReplicaSet.class);
        kinds.put("statefulSets", StatefulSet.class);
        kinds.put("persistentVolumes", PersistentVolume.class);
        kinds.put("persistentVolumeClaims", PersistentVolumeClaim.class);
        kinds.put("storageClasses", StorageClass.class);
        kinds.put("csiNodes", CSINode.class);
        kinds.put("csiDrivers", CSIDriver.class);
        kinds.put("csiStorageCapacities", CSIStorageCapacity.class);
        kinds.put("volumeAttachments", VolumeAttachment.class);
        kinds.put("podDisruptionBudgets", PodDisruptionBudget.class);
        kinds.put("resourceClaims", ResourceClaim.class);
        kinds.put("resourceSlices", ResourceSlice.class);
        kinds.put("deviceClasses", DeviceClass.class);
        kinds.put("nodes", Node.class);
        kinds.put("pods", Pod.class);
        kinds.put("nominated", Pod.class);
        return kinds;
    }

    /** Puts a recorded cluster into a sandbox, nodes before pods. */
    static void put(JsonNode cluster, SchedulerSandbox sandbox) {
        KINDS.forEach((name, type) -> cluster.path(name).forEach(each -> sandbox.put(read(each, type))));
        for (Map.Entry<String, JsonNode> each : Trees.members(cluster)) {
            if (!KINDS.containsKey(each.getKey())) {
                throw new IllegalArgumentException("unknown kind of object: " + each.getKey());
            }
        }
    }

    static Pod pod(JsonNode tree) {
        return read(tree, Pod.class);
    }

    /** An object by the name of its kind; null if it is absent. */
    static @Nullable HasMetadata object(JsonNode tree, String kind) {
        if (tree.isMissingNode() || tree.isNull()) {
            return null;
        }
        for (Class<? extends HasMetadata> type : KINDS.values()) {
            if (type.getSimpleName().equals(kind)) {
                return read(tree, type);
            }
        }
        throw new IllegalArgumentException("unknown kind of object: " + kind);
    }

    private static <T extends HasMetadata> T read(JsonNode tree, Class<T> type) {
        ObjectNode filled = tree.deepCopy();
        ObjectNode metadata = filled.withObject("/metadata");
        boolean namespaced = !WITHOUT_NAMESPACE.contains(type);
        if (namespaced && !metadata.has("namespace")) {
            metadata.put("namespace", "default");
        }
        if (!metadata.has("uid")) {
            metadata.put(
                    "uid",
                    metadata.path("namespace").asText() + "/"
                            + metadata.path("name").asText());
        }
        if (type == Pod.class) {
            ObjectNode spec = filled.withObject("/spec");
            if (!spec.has("schedulerName")) {
                spec.put("schedulerName", Profile.DEFAULT_SCHEDULER_NAME);
            }
        }
        return Json.fromTree(filled, type);
    }

    /** The default profile with what a recording changes. */
    static Profile profile(JsonNode config) {
        Profile profile = Profile.named(Profile.DEFAULT_SCHEDULER_NAME).percentageOfNodesToScore(100);
        for (JsonNode plugin : config.path("profiles").path(0).path("pluginConfig")) {
            profile = profile.args(plugin.path("name").asText(), plugin.path("args"));
        }
        return profile;
    }
}

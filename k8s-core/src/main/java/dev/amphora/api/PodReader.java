package dev.amphora.api;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.api.model.FieldsV1;
import io.fabric8.kubernetes.api.model.ManagedFieldsEntry;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.OwnerReference;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.PodStatus;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Reads pods that are shared and read-only. Thousands of pods are alike but for their names and nodes, so what is below their spec,
 * status and metadata is read once and shared between them.
 */
final class PodReader {
    private static final String NODE = "nodeName";
    private static final String NOMINATED = "nominatedNodeName";
    private static final String MANAGED = "managedFields";
    private static final String OWNERS = "ownerReferences";

    private static final RecentTrees<PodSpec> SPECS =
            new RecentTrees<>(NODE, tree -> Json.fromTree(without(NODE, tree), PodSpec.class));
    private static final RecentTrees<PodStatus> STATUSES =
            new RecentTrees<>(NOMINATED, tree -> Json.fromTree(without(NOMINATED, tree), PodStatus.class));
    /** Many are the same but for the time at which they were written. */
    private static final RecentTrees<ManagedFieldsEntry> MANAGERS = new RecentTrees<>("", PodReader::manager);

    private static final NodeMemory<List<ManagedFieldsEntry>> ALL_MANAGERS = new NodeMemory<>();
    private static final RecentTrees<FieldsV1> FIELDS = new RecentTrees<>("", OwnedFields::of);
    private static final RecentTrees<List<OwnerReference>> REFERENCES =
            new RecentTrees<>("", tree -> part(OWNERS, tree).getOwnerReferences());

    private PodReader() {}

    private static ObjectNode without(String member, JsonNode tree) {
        return Trees.shallow((ObjectNode) tree).without(member);
    }

    private static ManagedFieldsEntry manager(JsonNode tree) {
        JsonNode fields = tree.path("fieldsV1");
        ManagedFieldsEntry manager = Json.fromTree(without("fieldsV1", tree), ManagedFieldsEntry.class);
        if (fields.isObject()) {
            manager.setFieldsV1(FIELDS.of(fields));
        }
        return manager;
    }

    private static ObjectMeta part(String member, JsonNode tree) {
        return Json.fromTree(Json.object().set(member, tree), ObjectMeta.class);
    }

    /** A pod, null if it holds anything that only the general way of reading can tell. */
    static @Nullable Pod read(JsonNode tree) {
        JsonNode kind = tree.path("kind");
        JsonNode apiVersion = tree.path("apiVersion");
        ObjectMeta metadata = metadata(tree.path("metadata"));
        JsonNode node = tree.path("spec").path(NODE);
        JsonNode nominated = tree.path("status").path(NOMINATED);
        if (tree.size() != 5
                || metadata == null
                || !kind.isTextual()
                || !apiVersion.isTextual()
                || !tree.path("spec").isObject()
                || !tree.path("status").isObject()
                || !isTextOrMissing(node)
                || !isTextOrMissing(nominated)) {
            return null;
        }
        Pod pod = new Pod();
        pod.setApiVersion(apiVersion.textValue());
        pod.setKind(kind.textValue());
        pod.setMetadata(metadata);
        pod.setSpec(copy(SPECS.of(tree.path("spec")), node.textValue()));
        pod.setStatus(copy(STATUSES.of(tree.path("status")), nominated.textValue()));
        return pod;
    }

    private static boolean isTextOrMissing(JsonNode node) {
        return node.isTextual() || node.isMissingNode();
    }

    private static @Nullable ObjectMeta metadata(JsonNode tree) {
        ObjectMeta metadata = new ObjectMeta();
        for (Map.Entry<String, JsonNode> member : tree.properties()) {
            JsonNode value = member.getValue();
            boolean fits =
                    switch (member.getKey()) {
                        case "labels", "annotations" -> texts(metadata, member.getKey(), value);
                        case "generation", "deletionGracePeriodSeconds" -> whole(metadata, member.getKey(), value);
                        case "finalizers" -> texts(metadata, value);
                        case MANAGED, OWNERS -> list(metadata, member.getKey(), value);
                        default -> value.isTextual() && text(metadata, member.getKey(), value.textValue());
                    };
            if (!fits) {
                return null;
            }
        }
        return metadata;
    }

    private static boolean text(ObjectMeta metadata, String name, String text) {
        switch (name) {
            case "name" -> metadata.setName(text);
            case "generateName" -> metadata.setGenerateName(text);
            case "namespace" -> metadata.setNamespace(text);
            case "uid" -> metadata.setUid(text);
            case "resourceVersion" -> metadata.setResourceVersion(text);
            case "creationTimestamp" -> metadata.setCreationTimestamp(text);
            case "deletionTimestamp" -> metadata.setDeletionTimestamp(text);
            default -> {
                return false;
            }
        }
        return true;
    }

    private static boolean whole(ObjectMeta metadata, String name, JsonNode value) {
        if (!value.canConvertToLong() || !value.isIntegralNumber()) {
            return false;
        }
        if (name.equals("generation")) {
            metadata.setGeneration(value.longValue());
        } else {
            metadata.setDeletionGracePeriodSeconds(value.longValue());
        }
        return true;
    }

    private static boolean texts(ObjectMeta metadata, JsonNode value) {
        List<String> texts = new ArrayList<>(value.size());
        for (JsonNode each : value) {
            if (!each.isTextual()) {
                return false;
            }
            texts.add(each.textValue());
        }
        metadata.setFinalizers(texts);
        return value.isArray();
    }

    private static boolean texts(ObjectMeta metadata, String name, JsonNode value) {
        if (!value.isObject()) {
            return false;
        }
        Map<String, String> texts = new LinkedHashMap<>();
        for (Map.Entry<String, JsonNode> member : value.properties()) {
            if (!member.getValue().isTextual()) {
                return false;
            }
            texts.put(member.getKey(), member.getValue().textValue());
        }
        if (name.equals("labels")) {
            metadata.setLabels(texts);
        } else {
            metadata.setAnnotations(texts);
        }
        return true;
    }

    private static boolean list(ObjectMeta metadata, String name, JsonNode value) {
        if (!value.isArray()) {
            return false;
        }
        if (name.equals(MANAGED)) {
            int place = NodeMemory.place(value);
            List<ManagedFieldsEntry> managers = ALL_MANAGERS.of(place, value);
            if (managers == null) {
                managers = new ArrayList<>(value.size());
                for (JsonNode entry : value) {
                    if (!entry.isObject()) {
                        return false;
                    }
                    managers.add(MANAGERS.of(entry));
                }
                ALL_MANAGERS.remember(place, value, managers);
            }
            metadata.setManagedFields(managers);
        } else {
            metadata.setOwnerReferences(REFERENCES.of(value));
        }
        return true;
    }

    /** A spec with a node of its own; the rest is shared. */
    private static PodSpec copy(PodSpec spec, @Nullable String nodeName) {
        PodSpec copy = new PodSpec(
                spec.getActiveDeadlineSeconds(),
                spec.getAffinity(),
                spec.getAutomountServiceAccountToken(),
                spec.getContainers(),
                spec.getDnsConfig(),
                spec.getDnsPolicy(),
                spec.getEnableServiceLinks(),
                spec.getEphemeralContainers(),
                spec.getEvictionResponders(),
                spec.getHostAliases(),
                spec.getHostIPC(),
                spec.getHostNetwork(),
                spec.getHostPID(),
                spec.getHostUsers(),
                spec.getHostname(),
                spec.getHostnameOverride(),
                spec.getImagePullSecrets(),
                spec.getInitContainers(),
                nodeName,
                spec.getNodeSelector(),
                spec.getOs(),
                spec.getOverhead(),
                spec.getPreemptionPolicy(),
                spec.getPriority(),
                spec.getPriorityClassName(),
                spec.getReadinessGates(),
                spec.getResourceClaims(),
                spec.getResources(),
                spec.getRestartPolicy(),
                spec.getRuntimeClassName(),
                spec.getSchedulerName(),
                spec.getSchedulingGates(),
                spec.getSchedulingGroup(),
                spec.getSecurityContext(),
                spec.getServiceAccount(),
                spec.getServiceAccountName(),
                spec.getSetHostnameAsFQDN(),
                spec.getShareProcessNamespace(),
                spec.getSubdomain(),
                spec.getTerminationGracePeriodSeconds(),
                spec.getTolerations(),
                spec.getTopologySpreadConstraints(),
                spec.getVolumes());
        if (!spec.getAdditionalProperties().isEmpty()) {
            copy.setAdditionalProperties(new LinkedHashMap<>(spec.getAdditionalProperties()));
        }
        return copy;
    }

    /** A status with a nomination of its own; the rest is shared. */
    private static PodStatus copy(PodStatus status, @Nullable String nominatedNodeName) {
        PodStatus copy = new PodStatus(
                status.getAllocatedResources(),
                status.getConditions(),
                status.getContainerStatuses(),
                status.getEphemeralContainerStatuses(),
                status.getExtendedResourceClaimStatus(),
                status.getHostIP(),
                status.getHostIPs(),
                status.getInitContainerStatuses(),
                status.getMessage(),
                status.getNodeAllocatableResourceClaimStatuses(),
                nominatedNodeName,
                status.getObservedGeneration(),
                status.getPhase(),
                status.getPodIP(),
                status.getPodIPs(),
                status.getQosClass(),
                status.getReason(),
                status.getResize(),
                status.getResourceClaimStatuses(),
                status.getResources(),
                status.getStartTime(),
                status.getVolumeHealth());
        if (!status.getAdditionalProperties().isEmpty()) {
            copy.setAdditionalProperties(new LinkedHashMap<>(status.getAdditionalProperties()));
        }
        return copy;
    }
}

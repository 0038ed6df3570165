package dev.amphora.apiserver.strategy;

import static dev.amphora.apiserver.strategy.Strategies.setDefault;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.DecimalNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.collect.ImmutableMap;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Persistent volumes. */
final class PersistentVolumeStrategy extends KindStrategy {
    private static final List<String> SOURCES = List.of(
            "hostPath",
            "gcePersistentDisk",
            "awsElasticBlockStore",
            "glusterfs",
            "flocker",
            "nfs",
            "rbd",
            "quobyte",
            "cephfs",
            "iscsi",
            "cinder",
            "fc",
            "flexVolume",
            "azureFile",
            "vsphereVolume",
            "photonPersistentDisk",
            "portworxVolume",
            "azureDisk",
            "scaleIO",
            "local",
            "storageos",
            "csi");

    private static final Map<String, String> DEPRECATED_ANNOTATIONS = ImmutableMap.of(
            "volume.beta.kubernetes.io/storage-class",
                    "deprecated since v1.8; use \"storageClassName\" attribute instead",
            "volume.beta.kubernetes.io/mount-options",
                    "deprecated since v1.31; use \"mountOptions\" attribute instead");

    PersistentVolumeStrategy() {
        super(Trait.DELETE_RETURNS_OBJECT);
    }

    @Override
    public void setDefaults(ObjectNode object) {
        ObjectNode spec = Strategies.child(object, "spec");
        setDefault(spec, "persistentVolumeReclaimPolicy", "Retain");
        setDefault(spec, "volumeMode", "Filesystem");
        Strategies.roundAmounts(spec.path("capacity"));
        for (Map.Entry<String, JsonNode> member : spec.properties()) {
            if (member.getValue() instanceof ObjectNode source) {
                PodDefaults.storage(member.getKey(), source);
                if (source.path("secretRef") instanceof ObjectNode
                        && member.getKey().equals("azureFile")) {
                    source.remove("secretRef");
                }
            }
        }
        setDefault(Strategies.child(object, "status"), "phase", "Pending");
    }

    @Override
    public void prepareForCreate(ObjectNode object) {
        object.remove("status");
        object.putObject("status")
                .put("phase", "Pending")
                .set("lastPhaseTransitionTime", object.path("metadata").path("creationTimestamp"));
    }

    @Override
    public List<String> warnings(ObjectNode object) {
        List<String> warnings = new ArrayList<>();
        Fields volume = Fields.of(object);
        Fields annotations = volume.at("metadata", "annotations");
        DEPRECATED_ANNOTATIONS.forEach((key, text) -> {
            if (annotations.key(key).given()) {
                warnings.add(annotations.key(key).path() + ": " + text);
            }
        });
        if (volume.at("spec", "persistentVolumeReclaimPolicy").is("Recycle")) {
            warnings.add("spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. Instead, the"
                    + " recommended approach is to use dynamic provisioning.");
        }
        PodWarnings.oldVolumes(volume.at("spec"), warnings);
        return warnings;
    }

    @Override
    void rules(Fields volume) {
        Fields spec = volume.at("spec");
        Fields modes = spec.at("accessModes");
        if (modes.isEmpty()) {
            modes.required();
        }
        ClaimRules.accessModes(modes);
        Fields capacity = spec.at("capacity");
        if (capacity.isEmpty()) {
            capacity.required();
        }
        if (!capacity.value().has("storage") || capacity.size() > 1) {
            capacity.with(GoValues.sorted(capacity.value())).unsupported(List.of("storage"));
        }
        for (String name : capacity.keys()) {
            Fields amount = capacity.key(name);
            if (PodResources.value(amount.text()).signum() < 0) {
                amount.invalid(
                        DecimalNode.valueOf(PodResources.value(amount.text())), "must be a valid resource quantity");
            }
            if (PodResources.value(amount.text()).signum() <= 0) {
                amount.invalid(amount.text(), "must be greater than zero");
            }
        }
        Fields reclaim = spec.at("persistentVolumeReclaimPolicy");
        if (!reclaim.isEmpty()) {
            reclaim.oneOf("Delete", "Recycle", "Retain");
        }
        if (spec.has("nodeAffinity")) {
            if (!spec.at("nodeAffinity").has("required")) {
                spec.at("nodeAffinity", "required").required("must specify required node constraints");
            } else {
                SchedulingRules.nodeSelector(spec.at("nodeAffinity", "required"));
            }
        }
        source(spec);
        if (!spec.at("storageClassName").isEmpty()) {
            spec.at("storageClassName").check(Names::subdomain);
        }
        if (spec.has("volumeMode")) {
            spec.at("volumeMode").oneOf("Block", "Filesystem");
        }
        attributes(spec);
    }

    private static void source(Fields spec) {
        boolean found = false;
        for (String type : SOURCES) {
            if (!spec.has(type)) {
                continue;
            }
            if (found && !type.equals("flexVolume")) {
                spec.at(type.equals("cephfs") ? "cephFS" : type).forbidden("may not specify more than 1 volume type");
                continue;
            }
            found = true;
            StorageRules.check(spec, type, true);
            if (type.equals("local") && !spec.has("nodeAffinity")) {
                spec.at("nodeAffinity").required("Local volume requires node affinity");
            }
        }
        if (!found) {
            spec.required("must specify a volume type");
        }
        if (spec.at("hostPath", "path").is("/")
                && spec.at("persistentVolumeReclaimPolicy").is("Recycle")) {
            spec.at("persistentVolumeReclaimPolicy").forbidden("may not be 'recycle' for a hostPath mount of '/'");
        }
    }

    private static void attributes(Fields spec) {
        Fields name = spec.at("volumeAttributesClassName");
        if (!name.given()) {
            return;
        }
        if (name.isEmpty()) {
            name.required("an empty string is disallowed");
        } else {
            name.check(Names::subdomain);
        }
        if (!spec.has("csi")) {
            spec.at("csi").required("has to be specified when using volumeAttributesClassName");
        }
    }

    /** What is wrong is said twice, by the rules of all volumes and by those of a change, which begin with them. */
    @Override
    void updateRules(Fields volume, ObjectNode old) {
        metadata(volume);
        rules(volume);
        metadata(volume);
        rules(volume);
        metadataUpdate(volume, old);
        for (String type : SOURCES) {
            if (!Strategies.same(
                    volume.at("spec", type).value(), old.path("spec").path(type))) {
                volume.at("spec", "persistentvolumesource")
                        .forbidden("spec.persistentvolumesource is immutable after creation\n@@ -1 +1 @@\n");
                break;
            }
        }
        volume.at("spec", "volumeMode").immutable(old.path("spec").path("volumeMode"));
    }
}

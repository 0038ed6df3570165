package dev.amphora.apiserver.strategy;

import com.fasterxml.jackson.databind.node.LongNode;
import java.math.RoundingMode;
import java.util.List;

/** What the specification of a persistent volume must look like, in volumes and in attachments. */
final class PersistentVolumeRules {
    private static final String NOT_INLINE = "may not be specified in the context of inline volumes";

    /** The fields that say where a volume is, in the order in which they are looked at. */
    static final List<String> SOURCES = List.of(
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

    private PersistentVolumeRules() {}

    /**
     * The specification of a volume.
     *
     * @param inline whether it stands in an attachment, where less may be said
     */
    static void spec(Fields spec, boolean inline) {
        if (inline) {
            inline(spec);
        }
        Fields modes = spec.at("accessModes");
        if (modes.isEmpty()) {
            modes.required();
        }
        ClaimRules.accessModes(modes);
        if (!inline) {
            capacity(spec.at("capacity"));
        }
        Fields reclaim = spec.at("persistentVolumeReclaimPolicy");
        if (!reclaim.isEmpty()) {
            reclaim.oneOf("Delete", "Recycle", "Retain");
        }
        if (inline) {
            if (!reclaim.isEmpty() && !reclaim.is("Retain")) {
                reclaim.forbidden("may only be Retain in the context of inline volumes");
            }
            if (spec.has("nodeAffinity")) {
                spec.at("nodeAffinity").forbidden(NOT_INLINE);
            }
        } else if (spec.has("nodeAffinity")) {
            if (!spec.at("nodeAffinity").has("required")) {
                spec.at("nodeAffinity", "required").required("must specify required node constraints");
            } else {
                SchedulingRules.nodeSelector(spec.at("nodeAffinity", "required"));
            }
        }
        source(spec);
        if (!spec.at("storageClassName").isEmpty() && inline) {
            spec.at("storageClassName").forbidden(NOT_INLINE);
        } else if (!spec.at("storageClassName").isEmpty()) {
            spec.at("storageClassName").check(Names::subdomain);
        }
        if (spec.has("volumeMode") && inline) {
            if (!spec.at("volumeMode").is("Filesystem")) {
                spec.at("volumeMode")
                        .forbidden("may not specify volumeMode other than Filesystem in the context of inline volumes");
            }
        } else if (spec.has("volumeMode")) {
            spec.at("volumeMode").oneOf("Block", "Filesystem");
        }
        attributes(spec);
    }

    private static void inline(Fields spec) {
        if (spec.has("claimRef")) {
            spec.at("claimRef").forbidden(NOT_INLINE);
        }
        if (!spec.at("capacity").isEmpty()) {
            spec.at("capacity").forbidden(NOT_INLINE);
        }
        if (!spec.has("csi")) {
            spec.at("csi").required("has to be specified in the context of inline volumes");
        }
    }

    private static void capacity(Fields capacity) {
        if (capacity.isEmpty()) {
            capacity.required();
        }
        if (!capacity.value().has("storage") || capacity.size() > 1) {
            capacity.with(GoValues.sorted(capacity.value())).unsupported(List.of("storage"));
        }
        for (String name : capacity.keys()) {
            Fields amount = capacity.key(name);
            long whole = PodResources.value(amount.text())
                    .setScale(0, RoundingMode.UP)
                    .toBigInteger()
                    .longValue();
            if (whole < 0) {
                amount.invalid(LongNode.valueOf(whole), "must be a valid resource quantity");
            }
            if (PodResources.value(amount.text()).signum() <= 0) {
                amount.invalid(amount.text(), "must be greater than zero");
            }
        }
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
}

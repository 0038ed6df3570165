package dev.amphora.apiserver.strategy;

import com.fasterxml.jackson.databind.node.TextNode;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;

/** Volume sources that name a storage system. Pods and persistent volumes have them with few differences. */
final class StorageRules {
    private static final Pattern IQN = Pattern.compile("iqn\\.\\d{4}-\\d{2}\\.([A-Za-z0-9-.]+)(:[^,;*&$|\\s]+)?");
    private static final Pattern EUI = Pattern.compile("eui.[a-fA-F0-9]{16}");
    private static final Pattern NAA = Pattern.compile("naa.[a-fA-F0-9]{32}");
    private static final Pattern HOST_PORT = Pattern.compile("[^:,]+:[0-9]+|\\[[^\\]]+\\]:[0-9]+");
    private static final Set<String> KINDS_OF_DISKS = Set.of("Dedicated", "Managed", "Shared");

    private StorageRules() {}

    /**
     * A source.
     *
     * @param owner the volume
     * @param type the name of the source's field
     * @param persistent whether the volume is a persistent one
     */
    static void check(Fields owner, String type, boolean persistent) {
        Fields source = owner.at(type);
        switch (type) {
            case "hostPath" -> hostPath(source);
            case "gcePersistentDisk" -> {
                Fields disk = owner.at("persistentDisk").with(source.value());
                disk.at("pdName").requireText();
                partition(disk.at("partition"));
            }
            case "awsElasticBlockStore" -> {
                source.at("volumeID").requireText();
                partition(source.at("partition"));
            }
            case "nfs" -> {
                source.at("server").requireText();
                Fields path = source.at("path");
                path.requireText();
                if (!path.text().startsWith("/")) {
                    path.invalid(path.text(), "must be an absolute path");
                }
            }
            case "iscsi" -> iscsi(source, owner, persistent);
            case "glusterfs" -> {
                source.at("endpoints").requireText();
                source.at("path").requireText();
                Fields namespace = source.at("endpointsNamespace");
                if (namespace.given() && namespace.isEmpty()) {
                    namespace.invalid("if the endpointnamespace is set, it must be a valid namespace name");
                } else if (namespace.given()) {
                    namespace.check(Names::label);
                }
            }
            case "flocker" -> flocker(source);
            case "rbd" -> {
                list(source.at("monitors"));
                source.at("image").requireText();
            }
            case "cinder" -> {
                source.at("volumeID").requireText();
                secret(source.at("secretRef"), persistent);
            }
            case "cephfs" -> list(source.at("monitors"));
            case "quobyte" -> quobyte(source);
            case "fc" -> fc(source);
            case "azureFile" -> azureFile(source, persistent);
            case "flexVolume" -> flex(source);
            case "vsphereVolume" -> source.at("volumePath").requireText();
            case "photonPersistentDisk" -> source.at("pdID").requireText();
            case "portworxVolume" -> source.at("volumeID").requireText();
            case "azureDisk" -> azureDisk(source);
            case "storageos" -> storageOs(source, persistent);
            case "scaleIO" -> {
                source.at("gateway").requireText();
                source.at("system").requireText();
                source.at("volumeName").requireText();
            }
            case "csi" -> csi(source, persistent);
            case "local" -> {
                if (source.at("path").requireText()) {
                    VolumeRules.noBacksteps(source.at("path"));
                }
            }
            default -> {}
        }
    }

    private static void list(Fields list) {
        if (list.isEmpty()) {
            list.required();
        }
    }

    private static void partition(Fields partition) {
        if (partition.number() < 0 || partition.number() > 255) {
            partition.invalid("must be between 1 and 255, inclusive");
        }
    }

    private static void secret(Fields reference, boolean persistent) {
        if (!reference.given()) {
            return;
        }
        reference.at("name").requireText();
        if (persistent) {
            reference.at("namespace").requireText();
        }
    }

    private static void hostPath(Fields source) {
        if (source.at("path").requireText()) {
            VolumeRules.noBacksteps(source.at("path"));
        }
        if (source.has("type")) {
            source.at("type")
                    .oneOf(
                            "",
                            "BlockDevice",
                            "CharDevice",
                            "Directory",
                            "DirectoryOrCreate",
                            "File",
                            "FileOrCreate",
                            "Socket");
        }
    }

    private static void iscsi(Fields source, Fields owner, boolean persistent) {
        source.at("targetPortal").requireText();
        Fields iqn = source.at("iqn");
        if (iqn.requireText()) {
            qualified(iqn, persistent);
        }
        Fields lun = source.at("lun");
        if (lun.number() < 0 || lun.number() > 255) {
            lun.invalid("must be between 0 and 255, inclusive");
        }
        boolean chap = source.at("chapAuthDiscovery").flag()
                || source.at("chapAuthSession").flag();
        Fields secret = source.at("secretRef");
        if (chap && !secret.given()) {
            secret.required();
        }
        if (persistent) {
            if (secret.given()) {
                secret.at("name").requireText();
            }
        }
        Fields initiator = source.at("initiatorName");
        if (initiator.given()) {
            String name =
                    owner.at("name").text() + ":" + source.at("targetPortal").text();
            if (name.length() > 64) {
                owner.at("name")
                        .invalid(
                                TextNode.valueOf(owner.at("name").text()),
                                "Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if"
                                        + " iscsi.initiatorName is specified.");
            }
            qualified(source.at("initiatorname").with(initiator.value()), persistent);
        }
    }

    private static void qualified(Fields name, boolean persistent) {
        String text = name.text();
        boolean known = text.startsWith("iqn") || text.startsWith("eui") || text.startsWith("naa");
        if (!known) {
            name.invalid(persistent ? "must be valid format" : "must be valid format starting with iqn, eui, or naa");
            return;
        }
        Pattern form = text.startsWith("iqn") ? IQN : text.startsWith("eui") ? EUI : NAA;
        if (!form.matcher(text).matches()) {
            name.invalid("must be valid format");
        }
    }

    private static void flocker(Fields source) {
        Fields name = source.at("datasetName");
        Fields id = source.at("datasetUUID");
        if (name.isEmpty() && id.isEmpty()) {
            source.required("one of datasetName and datasetUUID is required");
        }
        if (!name.isEmpty() && !id.isEmpty()) {
            source.invalid("resource", "datasetName and datasetUUID can not be specified simultaneously");
        }
        if (name.text().contains("/")) {
            name.invalid("must not contain '/'");
        }
    }

    private static void quobyte(Fields source) {
        Fields registry = source.at("registry");
        if (registry.isEmpty()) {
            registry.required("must be a host:port pair or multiple pairs separated by commas");
        } else if (registry.text().length() >= 65535) {
            registry.invalid("length of registry must be less than 65535");
        } else {
            for (String pair : registry.text().split(",", -1)) {
                if (!HOST_PORT.matcher(pair).matches()) {
                    registry.invalid("must be a host:port pair or multiple pairs separated by commas");
                }
            }
        }
        if (source.at("tenant").text().length() >= 65) {
            source.at("tenant").required("must be a UUID and may not exceed a length of 64 characters");
        }
        source.at("volume").requireText();
    }

    private static void fc(Fields source) {
        Fields targets = source.at("targetWWNs");
        boolean wwids = !source.at("wwids").isEmpty();
        if (targets.isEmpty() && !wwids) {
            targets.required("must specify either targetWWNs or wwids, but not both");
        }
        if (!targets.isEmpty() && wwids) {
            targets.invalid("targetWWNs and wwids can not be specified simultaneously");
        }
        if (!targets.isEmpty()) {
            Fields lun = source.at("lun");
            if (!lun.given()) {
                lun.required("lun is required if targetWWNs is specified");
            } else if (lun.number() < 0 || lun.number() > 255) {
                lun.invalid("must be between 0 and 255, inclusive");
            }
        }
    }

    private static void azureFile(Fields source, boolean persistent) {
        source.at("secretName").requireText();
        source.at("shareName").requireText();
        if (persistent
                && source.has("secretNamespace")
                && source.at("secretNamespace").isEmpty()) {
            source.at("secretNamespace").required();
        }
    }

    private static void flex(Fields source) {
        source.at("driver").requireText();
        Fields options = source.at("options");
        for (String option : options.keys()) {
            String namespace = option.contains("/") ? option.substring(0, option.indexOf('/')) : "";
            String normalized = "." + namespace;
            if (normalized.endsWith(".kubernetes.io") || normalized.endsWith(".k8s.io")) {
                options.key(option).invalid(option, "kubernetes.io and k8s.io namespaces are reserved");
            }
        }
    }

    private static void azureDisk(Fields source) {
        source.at("diskName").requireText();
        Fields uri = source.at("diskURI");
        uri.requireText();
        if (source.has("cachingMode")) {
            source.at("cachingMode").oneOf("None", "ReadOnly", "ReadWrite");
        }
        Fields kind = source.at("kind");
        if (kind.given()) {
            kind.oneOf(KINDS_OF_DISKS.stream().sorted().toList());
        }
        if (kind.is("Managed")) {
            if (!uri.text().startsWith("/subscriptions")) {
                uri.oneOf(
                        "/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}");
            }
        } else if (!uri.text().startsWith("https://")) {
            uri.oneOf("https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd");
        }
    }

    private static void storageOs(Fields source, boolean persistent) {
        Fields name = source.at("volumeName");
        if (name.requireText()) {
            name.check(Names::label);
        }
        if (!source.at("volumeNamespace").isEmpty()) {
            source.at("volumeNamespace").check(Names::label);
        }
        secret(source.at("secretRef"), persistent);
    }

    private static void csi(Fields source, boolean persistent) {
        driverName(source.at("driver"));
        if (persistent) {
            source.at("volumeHandle").requireText();
            for (String reference : List.of(
                    "controllerPublishSecretRef",
                    "controllerExpandSecretRef",
                    "nodePublishSecretRef",
                    "nodeExpandSecretRef")) {
                secret(source.at(reference), true);
                if (!source.at(reference, "name").isEmpty()) {
                    source.at(reference, "name").check(Names::subdomain);
                }
                if (!source.at(reference, "namespace").isEmpty()) {
                    source.at(reference, "namespace").check(Names::label);
                }
            }
            return;
        }
        Fields secret = source.at("nodePublishSecretRef");
        if (secret.given()) {
            if (secret.at("name").requireText()) {
                source.at("name").check(secret.at("name").text(), Names::subdomain);
            }
        }
    }

    /** The name of a storage driver. */
    static void driverName(Fields name) {
        if (!name.requireText()) {
            return;
        }
        if (Names.bytes(name.text()) > 63) {
            name.tooLong(63);
        }
        String lower = name.text().toLowerCase(Locale.ROOT);
        for (String detail : Names.subdomain(lower)) {
            name.invalid(detail);
        }
    }
}

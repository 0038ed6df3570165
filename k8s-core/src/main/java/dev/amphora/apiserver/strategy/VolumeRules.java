package dev.amphora.apiserver.strategy;

import com.google.common.collect.ImmutableMap;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** The volumes of a pod: each has a name of its own and one source. */
final class VolumeRules {
    private static final String ONE_TYPE = "may not specify more than 1 volume type";

    /** The sources in the order in which they are looked at. */
    private static final List<String> SOURCES = List.of(
            "emptyDir",
            "hostPath",
            "gitRepo",
            "gcePersistentDisk",
            "awsElasticBlockStore",
            "secret",
            "nfs",
            "iscsi",
            "glusterfs",
            "flocker",
            "persistentVolumeClaim",
            "rbd",
            "cinder",
            "cephfs",
            "quobyte",
            "downwardAPI",
            "fc",
            "configMap",
            "azureFile",
            "flexVolume",
            "vsphereVolume",
            "photonPersistentDisk",
            "portworxVolume",
            "azureDisk",
            "storageos",
            "projected",
            "scaleIO",
            "csi",
            "ephemeral",
            "image");

    /** Fields that errors call otherwise. */
    private static final ImmutableMap<String, String> SPELT =
            ImmutableMap.of("downwardAPI", "downwarAPI", "cephfs", "cephFS");

    private static final List<String> CLAIM_METADATA = List.of("annotations", "labels");

    private VolumeRules() {}

    /** Checks all volumes; the result are those that may be mounted. */
    static Volumes check(Fields volumes, Fields podMetadata) {
        Volumes good = new Volumes();
        Set<String> names = new HashSet<>();
        for (Fields volume : volumes.elements()) {
            Fields apart = volume.apart();
            source(apart, podMetadata);
            Fields name = apart.at("name");
            if (name.requireText()) {
                name.check(Names::label);
                if (!names.add(name.text())) {
                    name.duplicate();
                }
            }
            if (apart.errors().isEmpty()) {
                good.add(volume.value());
            } else {
                volume.add(apart.errors());
            }
        }
        return good;
    }

    private static void source(Fields volume, Fields podMetadata) {
        boolean found = false;
        for (String type : SOURCES) {
            Fields source = volume.at(type);
            if (!source.given()) {
                continue;
            }
            if (found) {
                volume.at(SPELT.getOrDefault(type, type)).forbidden(ONE_TYPE);
                continue;
            }
            found = true;
            switch (type) {
                case "emptyDir" -> emptyDir(source);
                case "gitRepo" -> {
                    source.at("repository").requireText();
                    descending(source.at("directory"));
                }
                case "secret" -> {
                    source.at("secretName").requireText();
                    files(source);
                }
                case "configMap" -> {
                    source.at("name").requireText();
                    files(source);
                }
                case "downwardAPI" -> {
                    mode(source.at("defaultMode"));
                    source.at("items").elements().forEach(item -> downwardFile(source, item));
                }
                case "persistentVolumeClaim" -> source.at("claimName").requireText();
                case "projected" -> projected(source);
                case "ephemeral" -> ephemeral(source, volume, podMetadata);
                case "image" -> image(source);
                default -> StorageRules.check(volume, type, false);
            }
        }
        if (!found) {
            volume.required("must specify a volume type");
        }
    }

    private static void emptyDir(Fields source) {
        Fields limit = source.at("sizeLimit");
        if (limit.given() && PodResources.value(limit.text()).signum() < 0) {
            limit.forbidden("SizeLimit field must be a valid resource quantity");
        }
    }

    private static void image(Fields source) {
        source.at("reference").requireText();
        Fields policy = source.at("pullPolicy");
        if (policy.requireText()) {
            policy.oneOf("Always", "IfNotPresent", "Never");
        }
    }

    private static void files(Fields source) {
        mode(source.at("defaultMode"));
        source.at("items").elements().forEach(VolumeRules::file);
    }

    private static void file(Fields item) {
        item.at("key").requireText();
        if (item.at("path").requireText()) {
            nonEscaping(item.at("path"));
        }
        mode(item.at("mode"));
    }

    /** Errors of a file stand at its list's owner. */
    private static void downwardFile(Fields source, Fields item) {
        Fields file = source.with(item.value());
        if (file.at("path").requireText()) {
            nonEscaping(file.at("path"));
        }
        if (file.has("fieldRef")) {
            EnvironmentRules.field(file.at("fieldRef"), true);
            if (file.has("resourceFieldRef")) {
                file.invalid("resource", "fieldRef and resourceFieldRef can not be specified simultaneously");
            }
        } else if (file.has("resourceFieldRef")) {
            EnvironmentRules.resource(file.at("resourceFieldRef"), true);
        } else {
            file.required("one of fieldRef and resourceFieldRef is required");
        }
        mode(file.at("mode"));
    }

    private static void projected(Fields source) {
        mode(source.at("defaultMode"));
        Set<String> paths = new HashSet<>();
        for (Fields part : source.at("sources").elements()) {
            int kinds = 0;
            for (String kind :
                    List.of("secret", "configMap", "downwardAPI", "serviceAccountToken", "clusterTrustBundle")) {
                Fields projection = part.at(kind);
                if (!projection.given()) {
                    continue;
                }
                switch (kind) {
                    case "secret", "configMap" -> {
                        projection.at("name").requireText();
                        projection.at("items").elements().forEach(item -> {
                            file(item);
                            conflict(source, item.at("path").text(), paths);
                        });
                    }
                    case "downwardAPI" ->
                        projection.at("items").elements().forEach(item -> {
                            downwardFile(projection, item);
                            conflict(source, item.at("path").text(), paths);
                        });
                    case "serviceAccountToken" -> token(source, projection);
                    default -> projection.at("path").requireText();
                }
                if (kinds++ > 0) {
                    part.forbidden("may not specify more than 1 volume type per source");
                }
            }
        }
    }

    private static void conflict(Fields source, String path, Set<String> paths) {
        if (!path.isEmpty() && !paths.add(path)) {
            source.invalid(path, "conflicting duplicate paths");
        }
    }

    private static void token(Fields source, Fields projection) {
        Fields seconds = projection.at("expirationSeconds");
        if (seconds.number() < 10 * 60) {
            seconds.invalid("may not specify a duration less than 10 minutes");
        }
        if (seconds.number() > 1L << 32) {
            seconds.invalid("may not specify a duration larger than 2^32 seconds");
        }
        Fields path = source.at("path").with(projection.at("path").value());
        if (path.requireText()) {
            nonEscaping(path);
        }
    }

    private static void ephemeral(Fields source, Fields volume, Fields podMetadata) {
        Fields template = source.at("volumeClaimTemplate");
        if (!template.given()) {
            template.required();
        } else {
            Fields metadata = template.at("metadata");
            for (String field : metadata.keys()) {
                if (!CLAIM_METADATA.contains(field) && !metadata.at(field).isEmpty()) {
                    metadata.at(field.equals("uid") ? "uID" : field).forbidden("cannot be set");
                }
            }
            LabelRules.labels(metadata.at("labels"));
            LabelRules.annotations(metadata.at("annotations"));
            ClaimRules.spec(template.at("spec"));
        }
        String pod = podMetadata.at("name").text();
        if (!pod.isEmpty()) {
            String claim = pod + "-" + volume.at("name").text();
            for (String detail : Names.subdomain(claim)) {
                volume.at("name").invalid("PVC name \"%s\": %s".formatted(claim, detail));
            }
        }
    }

    // Paths and modes

    /** File permissions. */
    static void mode(Fields mode) {
        if (mode.given() && (mode.number() < 0 || mode.number() > 0777)) {
            mode.invalid("must be a number between 0 and 0777 (octal), both inclusive");
        }
    }

    /** A path below some folder, that doesn't climb out of it. */
    static void descending(Fields path) {
        if (path.text().startsWith("/")) {
            path.invalid("must be a relative path");
        }
        noBacksteps(path);
    }

    private static void nonEscaping(Fields path) {
        descending(path);
        String text = path.text();
        if (text.startsWith("..") && !text.startsWith("../")) {
            path.invalid("must not start with '..'");
        }
    }

    static void noBacksteps(Fields path) {
        if (Arrays.asList(path.text().replace('\\', '/').split("/", -1)).contains("..")) {
            path.invalid("must not contain '..'");
        }
    }

    /** A reference to an object in the same namespace, which must name it. */
    static void requireName(Fields reference) {
        if (reference.given()) {
            reference.at("name").requireText();
        }
    }
}

package dev.amphora.apiserver.strategy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.BooleanNode;
import com.fasterxml.jackson.databind.node.IntNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import com.google.common.base.Splitter;
import com.google.common.collect.ImmutableMap;
import dev.amphora.apiserver.schema.FieldSchema;
import dev.amphora.apiserver.schema.SchemaCatalogue;
import dev.amphora.apiserver.schema.TypeSchema;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Structures of any built-in type as the reference's messages show them, drawn from the schema: all fields by the names that they
 * have in code, in the order of the internal types, zero or null where nothing is given. Metadata, selectors and other types of
 * the API machinery look as they do in JSON.
 */
final class GoForm {
    private static final String API = "io.k8s.api.";

    /** How fields are called where it isn't the JSON name with a capital; of one type with its name before a dot. */
    private static final ImmutableMap<String, String> NAMES = ImmutableMap.<String, String>builder()
            .put("apiVersion", "APIVersion")
            .put("apiGroup", "APIGroup")
            .put("awsElasticBlockStore", "AWSElasticBlockStore")
            .put("ISCSIPersistentVolumeSource.chapAuthDiscovery", "DiscoveryCHAPAuth")
            .put("ISCSIPersistentVolumeSource.chapAuthSession", "SessionCHAPAuth")
            .put("ISCSIVolumeSource.chapAuthDiscovery", "DiscoveryCHAPAuth")
            .put("ISCSIVolumeSource.chapAuthSession", "SessionCHAPAuth")
            .put("RBDPersistentVolumeSource.image", "RBDImage")
            .put("RBDPersistentVolumeSource.keyring", "Keyring")
            .put("RBDPersistentVolumeSource.monitors", "CephMonitors")
            .put("RBDPersistentVolumeSource.pool", "RBDPool")
            .put("RBDPersistentVolumeSource.user", "RadosUser")
            .put("RBDVolumeSource.image", "RBDImage")
            .put("RBDVolumeSource.monitors", "CephMonitors")
            .put("RBDVolumeSource.pool", "RBDPool")
            .put("RBDVolumeSource.user", "RadosUser")
            .put("iscsiInterface", "ISCSIInterface")
            .put("sslEnabled", "SSLEnabled")
            .put("cel", "CEL")
            .put("cephfs", "CephFS")
            .put("csi", "CSI")
            .put("dnsConfig", "DNSConfig")
            .put("dnsPolicy", "DNSPolicy")
            .put("fc", "FC")
            .put("fsGroup", "FSGroup")
            .put("fsGroupChangePolicy", "FSGroupChangePolicy")
            .put("fsType", "FSType")
            .put("gcePersistentDisk", "GCEPersistentDisk")
            .put("gmsaCredentialSpec", "GMSACredentialSpec")
            .put("gmsaCredentialSpecName", "GMSACredentialSpecName")
            .put("grpc", "GRPC")
            .put("httpGet", "HTTPGet")
            .put("httpHeaders", "HTTPHeaders")
            .put("ip", "IP")
            .put("iqn", "IQN")
            .put("iscsi", "ISCSI")
            .put("nfs", "NFS")
            .put("os", "OS")
            .put("pdID", "PdID")
            .put("pdName", "PDName")
            .put("rbd", "RBD")
            .put("seLinuxChangePolicy", "SELinuxChangePolicy")
            .put("seLinuxOptions", "SELinuxOptions")
            .put("shareID", "ShareID")
            .put("storageos", "StorageOS")
            .put("tcpSocket", "TCPSocket")
            .put("tty", "TTY")
            .put("uid", "UID")
            .put("wwids", "WWIDs")
            .buildOrThrow();

    /** The fields that come first, in this order, where the internal type has another order than the served one. */
    private static final ImmutableMap<String, List<String>> ORDER = ImmutableMap.of(
            "PodSpec",
                    words("volumes initContainers containers ephemeralContainers restartPolicy"
                            + " terminationGracePeriodSeconds activeDeadlineSeconds dnsPolicy nodeSelector"
                            + " serviceAccountName automountServiceAccountToken nodeName securityContext imagePullSecrets"
                            + " hostname subdomain setHostnameAsFQDN affinity schedulerName tolerations hostAliases"
                            + " priorityClassName priority preemptionPolicy dnsConfig readinessGates runtimeClassName"
                            + " overhead enableServiceLinks topologySpreadConstraints os schedulingGates resourceClaims"
                            + " resources hostnameOverride schedulingGroup"),
            "PersistentVolumeSpec",
                    words("capacity gcePersistentDisk awsElasticBlockStore hostPath glusterfs nfs rbd quobyte iscsi"
                            + " flexVolume cinder cephfs fc flocker azureFile vsphereVolume azureDisk"
                            + " photonPersistentDisk portworxVolume scaleIO local storageos csi accessModes claimRef"
                            + " persistentVolumeReclaimPolicy storageClassName mountOptions volumeMode nodeAffinity"
                            + " volumeAttributesClassName"),
            "Volume",
                    words("name hostPath emptyDir gcePersistentDisk awsElasticBlockStore gitRepo secret nfs iscsi"
                            + " glusterfs persistentVolumeClaim rbd quobyte flexVolume cinder cephfs flocker downwardAPI"
                            + " fc azureFile configMap vsphereVolume azureDisk photonPersistentDisk projected"
                            + " portworxVolume scaleIO storageos csi ephemeral image"),
            "PodSecurityContext",
                    words("hostNetwork hostPID hostIPC shareProcessNamespace hostUsers seLinuxOptions windowsOptions"
                            + " runAsUser runAsGroup runAsNonRoot supplementalGroups supplementalGroupsPolicy fsGroup"
                            + " fsGroupChangePolicy sysctls seccompProfile appArmorProfile seLinuxChangePolicy"));

    /** What the internal security context of a pod has that the served one doesn't: whether each is a pointer. */
    private static final ImmutableMap<String, Boolean> OF_HOST = ImmutableMap.of(
            "hostNetwork", false, "hostPID", false, "hostIPC", false, "shareProcessNamespace", true, "hostUsers", true);

    private GoForm() {}

    /**
     * A value of a type.
     *
     * @param type the definition's name, such as {@code core.v1.PodSpec}
     */
    static JsonNode of(JsonNode value, String type) {
        return SchemaCatalogue.builtIn()
                .definition(API + type)
                .map(schema -> value(value, schema))
                .orElse(value);
    }

    /** A list of values of a type. */
    static JsonNode list(JsonNode list, String type) {
        if (!list.isArray()) {
            return NullNode.getInstance();
        }
        ArrayNode result = JsonNodeFactory.instance.arrayNode();
        list.forEach(element -> result.add(of(element, type)));
        return result;
    }

    private static JsonNode value(JsonNode value, TypeSchema type) {
        switch (type.kind()) {
            case OBJECT -> {
                return type.name().startsWith(API) ? structure(value, type) : orNull(value);
            }
            case LIST -> {
                if (!value.isArray()) {
                    return NullNode.getInstance();
                }
                ArrayNode list = JsonNodeFactory.instance.arrayNode();
                value.forEach(element -> list.add(value(element, type.element())));
                return list;
            }
            case MAP -> {
                if (!value.isObject()) {
                    return NullNode.getInstance();
                }
                TreeMap<String, JsonNode> sorted = new TreeMap<>();
                value.properties()
                        .forEach(entry -> sorted.put(entry.getKey(), value(entry.getValue(), type.element())));
                return JsonNodeFactory.instance.objectNode().setAll(sorted);
            }
            default -> {
                return value;
            }
        }
    }

    private static ObjectNode structure(JsonNode value, TypeSchema type) {
        ObjectNode result = JsonNodeFactory.instance.objectNode();
        String name = type.name().substring(type.name().lastIndexOf('.') + 1);
        JsonNode source = value;
        List<String> order = ORDER.get(name);
        for (String field : order == null ? new ArrayList<>(type.fields().keySet()) : order) {
            FieldSchema schema = type.fields().get(field);
            if (schema == null) {
                Boolean pointer = OF_HOST.get(field);
                JsonNode given = source.path("." + field);
                result.set(
                        goName(name, field),
                        given.isMissingNode() && Boolean.FALSE.equals(pointer) ? BooleanNode.FALSE : orNull(given));
            } else if (field.equals("metadata")) {
                metadata(source.path(field), schema.type(), result);
            } else if (name.equals("PodSpec") && field.equals("securityContext")) {
                result.set(goName(name, field), field(withHost(source), schema));
            } else {
                result.set(goName(name, field), field(source.path(field), schema));
            }
        }
        return result;
    }

    /** Metadata is embedded, and has its members' names in JSON. */
    private static void metadata(JsonNode given, TypeSchema type, ObjectNode result) {
        for (String field : type.fields().keySet()) {
            JsonNode value = given.path(field);
            if (!value.isMissingNode() && !value.isNull() && !(value.isContainerNode() && value.isEmpty())) {
                result.set(field, value(value, type.fields().get(field).type()));
            }
        }
    }

    /** A pod's security context with the fields of its specification that are there in the internal type. */
    private static JsonNode withHost(JsonNode spec) {
        if (!spec.path("securityContext").isObject()) {
            return spec.path("securityContext");
        }
        ObjectNode context = ((ObjectNode) spec.get("securityContext")).deepCopy();
        for (Map.Entry<String, Boolean> field : OF_HOST.entrySet()) {
            if (spec.hasNonNull(field.getKey())) {
                context.set("." + field.getKey(), spec.get(field.getKey()));
            }
        }
        return context;
    }

    private static JsonNode field(JsonNode given, FieldSchema schema) {
        boolean absent = given.isMissingNode() || given.isNull();
        if (absent && schema.pointer()) {
            return NullNode.getInstance();
        }
        TypeSchema type = schema.type();
        if (!absent || type.kind() == TypeSchema.Kind.OBJECT) {
            return value(given, type);
        }
        return switch (type.kind()) {
            case STRING -> TextNode.valueOf("");
            case BOOLEAN -> BooleanNode.FALSE;
            case INT32, INT64, NUMBER, INT_OR_STRING -> IntNode.valueOf(0);
            case QUANTITY -> TextNode.valueOf("0");
            default -> NullNode.getInstance();
        };
    }

    private static JsonNode orNull(@Nullable JsonNode value) {
        return value == null || value.isMissingNode() ? NullNode.getInstance() : GoValues.shown(value);
    }

    private static String goName(String type, String field) {
        String own = NAMES.get(type + "." + field);
        String name = own != null ? own : NAMES.get(field);
        return name != null ? name : Character.toUpperCase(field.charAt(0)) + field.substring(1);
    }

    private static List<String> words(String text) {
        return Splitter.on(' ').splitToList(text);
    }
}

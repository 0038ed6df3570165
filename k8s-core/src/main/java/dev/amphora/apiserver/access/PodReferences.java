package dev.amphora.apiserver.access;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** What pods and volumes refer to by name, as far as the node that runs the pod has to read it. */
public final class PodReferences {
    static final String SECRET = "secret";
    static final String CONFIG_MAP = "configmap";
    static final String CLAIM = "claim";
    static final String RESOURCE_CLAIM = "resourceclaim";
    static final String SERVICE_ACCOUNT = "serviceaccount";

    private static final List<String> CONTAINERS = List.of("initContainers", "containers", "ephemeralContainers");
    private static final List<String> WITH_SECRET_REF =
            List.of("cephfs", "cinder", "flexVolume", "rbd", "scaleIO", "iscsi", "storageos");
    private static final List<String> CSI_SECRETS =
            List.of("nodePublishSecretRef", "nodeStageSecretRef", "nodeExpandSecretRef");

    private final String namespace;
    private final Set<String> keys = new LinkedHashSet<>();

    private PodReferences(String namespace) {
        this.namespace = namespace;
    }

    static String key(String kind, String namespace, String name) {
        return kind + " " + namespace + "/" + name;
    }

    /** The keys of what a pod refers to. */
    static Set<String> of(String namespace, String name, JsonNode pod) {
        PodReferences references = new PodReferences(namespace);
        JsonNode spec = pod.path("spec");
        references.add(SERVICE_ACCOUNT, spec.path("serviceAccountName"));
        spec.path("imagePullSecrets").forEach(secret -> references.add(SECRET, secret.path("name")));
        for (String containers : CONTAINERS) {
            spec.path(containers).forEach(references::container);
        }
        for (JsonNode volume : spec.path("volumes")) {
            references.volume(name, volume);
        }
        spec.path("resourceClaims").forEach(claim -> references.add(RESOURCE_CLAIM, claim.path("resourceClaimName")));
        pod.path("status")
                .path("resourceClaimStatuses")
                .forEach(claim -> references.add(RESOURCE_CLAIM, claim.path("resourceClaimName")));
        return references.keys;
    }

    /** The kinds of what a pod refers to: {@code secret}, {@code configmap}, {@code claim} and so on. */
    public static Set<String> kinds(JsonNode pod) {
        Set<String> kinds = new LinkedHashSet<>();
        of("", "", pod).forEach(key -> kinds.add(key.substring(0, key.indexOf(' '))));
        return kinds;
    }

    private void container(JsonNode container) {
        for (JsonNode source : container.path("envFrom")) {
            add(SECRET, source.path("secretRef").path("name"));
            add(CONFIG_MAP, source.path("configMapRef").path("name"));
        }
        for (JsonNode variable : container.path("env")) {
            JsonNode source = variable.path("valueFrom");
            add(SECRET, source.path("secretKeyRef").path("name"));
            add(CONFIG_MAP, source.path("configMapKeyRef").path("name"));
        }
    }

    private void volume(String pod, JsonNode volume) {
        add(SECRET, volume.path("secret").path("secretName"));
        add(CONFIG_MAP, volume.path("configMap").path("name"));
        add(CLAIM, volume.path("persistentVolumeClaim").path("claimName"));
        if (volume.path("ephemeral").isObject()) {
            keys.add(key(CLAIM, namespace, pod + "-" + volume.path("name").asText("")));
        }
        for (JsonNode source : volume.path("projected").path("sources")) {
            add(SECRET, source.path("secret").path("name"));
            add(CONFIG_MAP, source.path("configMap").path("name"));
        }
        add(SECRET, volume.path("azureFile").path("secretName"));
        add(SECRET, volume.path("csi").path("nodePublishSecretRef").path("name"));
        for (String source : WITH_SECRET_REF) {
            add(SECRET, volume.path(source).path("secretRef").path("name"));
        }
    }

    /**
     * The keys of the secrets that a volume needs on its node.
     *
     * @param claim the namespace of its claim
     * @param spec of the PersistentVolume
     */
    static Set<String> ofVolume(String claim, JsonNode spec) {
        PodReferences references = new PodReferences(claim);
        JsonNode azure = spec.path("azureFile");
        references.add(azure.path("secretNamespace"), azure.path("secretName"));
        for (String source : WITH_SECRET_REF) {
            references.addSecret(spec.path(source).path("secretRef"));
        }
        for (String secret : CSI_SECRETS) {
            references.addSecret(spec.path("csi").path(secret));
        }
        return references.keys;
    }

    private void addSecret(JsonNode reference) {
        add(reference.path("namespace"), reference.path("name"));
    }

    private void add(JsonNode home, JsonNode name) {
        if (!name.asText("").isEmpty()) {
            String given = home.asText("");
            keys.add(key(SECRET, given.isEmpty() ? namespace : given, name.asText()));
        }
    }

    private void add(String kind, JsonNode name) {
        if (!name.asText("").isEmpty()) {
            keys.add(key(kind, namespace, name.asText()));
        }
    }
}

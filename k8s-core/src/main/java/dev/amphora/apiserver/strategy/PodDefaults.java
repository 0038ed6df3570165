package dev.amphora.apiserver.strategy;

import static dev.amphora.apiserver.strategy.Strategies.objects;
import static dev.amphora.apiserver.strategy.Strategies.setDefault;
import static dev.amphora.apiserver.strategy.Strategies.setIfZero;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** What a pod's specification is filled in with, in pods and in the templates of workloads. */
final class PodDefaults {
    private static final int DEFAULT_MODE = 0644;

    private PodDefaults() {}

    /** The template of a workload. */
    static void template(ObjectNode template) {
        spec(Strategies.child(template, "spec"));
    }

    /** A pod's specification. */
    static void spec(ObjectNode spec) {
        setDefault(spec, "restartPolicy", "Always");
        setDefault(spec, "terminationGracePeriodSeconds", 30);
        setDefault(spec, "dnsPolicy", "ClusterFirst");
        setDefault(spec, "schedulerName", "default-scheduler");
        if (!spec.hasNonNull("securityContext")) {
            spec.putObject("securityContext");
        }
        oneServiceAccount(spec);
        Strategies.roundAmounts(spec.path("resources").path("limits"));
        Strategies.roundAmounts(spec.path("resources").path("requests"));
        Strategies.roundAmounts(spec.path("overhead"));
        containers(spec).forEach(PodDefaults::container);
        objects(spec.path("volumes")).forEach(PodDefaults::volume);
    }

    /** A pod, beyond what its specification shares with templates. */
    static void pod(ObjectNode spec) {
        for (ObjectNode container : containers(spec)) {
            requestsFromLimits(container.path("resources"));
        }
        if (spec.path("resources") instanceof ObjectNode resources) {
            PodResources.setDefaults(spec, resources);
        }
        setDefault(spec, "enableServiceLinks", true);
        if (spec.path("hostNetwork").asBoolean()) {
            for (String list : List.of("containers", "initContainers")) {
                for (ObjectNode container : objects(spec.path(list))) {
                    for (ObjectNode port : objects(container.path("ports"))) {
                        setIfZero(port, "hostPort", port.path("containerPort").asInt());
                    }
                }
            }
        }
    }

    private static List<ObjectNode> containers(ObjectNode spec) {
        List<ObjectNode> containers = new ArrayList<>(objects(spec.path("containers")));
        containers.addAll(objects(spec.path("initContainers")));
        containers.addAll(objects(spec.path("ephemeralContainers")));
        return containers;
    }

    /** The old name of the service account's field mirrors the new one. */
    private static void oneServiceAccount(ObjectNode spec) {
        String name = spec.path("serviceAccountName").asText("");
        String account = name.isEmpty() ? spec.path("serviceAccount").asText("") : name;
        if (!account.isEmpty()) {
            spec.put("serviceAccountName", account);
            spec.put("serviceAccount", account);
        }
    }

    private static void requestsFromLimits(JsonNode resources) {
        if (resources.path("limits").isEmpty()) {
            return;
        }
        ObjectNode requests = Strategies.child((ObjectNode) resources, "requests");
        for (Map.Entry<String, JsonNode> limit : resources.path("limits").properties()) {
            if (!requests.has(limit.getKey())) {
                requests.set(limit.getKey(), limit.getValue());
            }
        }
    }

    private static void container(ObjectNode container) {
        Strategies.roundAmounts(container.path("resources").path("limits"));
        Strategies.roundAmounts(container.path("resources").path("requests"));
        setDefault(container, "terminationMessagePath", "/dev/termination-log");
        setDefault(container, "terminationMessagePolicy", "File");
        setDefault(
                container,
                "imagePullPolicy",
                ImageReference.defaultPullPolicy(container.path("image").asText("")));
        objects(container.path("ports")).forEach(port -> setDefault(port, "protocol", "TCP"));
        for (ObjectNode variable : objects(container.path("env"))) {
            fieldReference(variable.path("valueFrom").path("fieldRef"));
            if (variable.path("valueFrom").path("fileKeyRef") instanceof ObjectNode file) {
                setDefault(file, "optional", false);
            }
        }
        for (String probe : List.of("livenessProbe", "readinessProbe", "startupProbe")) {
            if (container.path(probe) instanceof ObjectNode given) {
                probe(given);
            }
        }
        for (String hook : List.of("postStart", "preStop")) {
            httpGet(container.path("lifecycle").path(hook).path("httpGet"));
        }
    }

    private static void probe(ObjectNode probe) {
        setIfZero(probe, "timeoutSeconds", 1);
        setIfZero(probe, "periodSeconds", 10);
        setIfZero(probe, "successThreshold", 1);
        setIfZero(probe, "failureThreshold", 3);
        httpGet(probe.path("httpGet"));
        if (probe.path("grpc") instanceof ObjectNode grpc && !grpc.hasNonNull("service")) {
            grpc.put("service", "");
        }
    }

    private static void httpGet(JsonNode action) {
        if (action instanceof ObjectNode given) {
            setDefault(given, "path", "/");
            setDefault(given, "scheme", "HTTP");
        }
    }

    private static void fieldReference(JsonNode reference) {
        if (reference instanceof ObjectNode given) {
            setDefault(given, "apiVersion", "v1");
        }
    }

    private static void volume(ObjectNode volume) {
        if (volume.size() <= 1 && (volume.isEmpty() || volume.has("name"))) {
            volume.putObject("emptyDir");
        }
        for (Map.Entry<String, JsonNode> member : volume.properties()) {
            if (member.getValue() instanceof ObjectNode source) {
                volumeSource(member.getKey(), source);
            }
        }
    }

    private static void volumeSource(String type, ObjectNode source) {
        switch (type) {
            case "secret", "configMap" -> setDefault(source, "defaultMode", DEFAULT_MODE);
            case "downwardAPI" -> {
                setDefault(source, "defaultMode", DEFAULT_MODE);
                objects(source.path("items")).forEach(item -> fieldReference(item.path("fieldRef")));
            }
            case "projected" -> {
                setDefault(source, "defaultMode", DEFAULT_MODE);
                for (ObjectNode part : objects(source.path("sources"))) {
                    objects(part.path("downwardAPI").path("items"))
                            .forEach(item -> fieldReference(item.path("fieldRef")));
                    if (part.path("serviceAccountToken") instanceof ObjectNode token) {
                        setDefault(token, "expirationSeconds", 3600);
                    }
                }
            }
            case "ephemeral" -> {
                if (source.path("volumeClaimTemplate").path("spec") instanceof ObjectNode claim) {
                    setDefault(claim, "volumeMode", "Filesystem");
                }
            }
            case "image" ->
                setDefault(
                        source,
                        "pullPolicy",
                        ImageReference.defaultPullPolicy(
                                source.path("reference").asText("")));
            default -> storage(type, source);
        }
    }

    /** Volume sources that name a storage system; persistent volumes have the same. */
    static void storage(String type, ObjectNode source) {
        switch (type) {
            case "hostPath" -> {
                if (!source.hasNonNull("type")) {
                    source.put("type", "");
                }
            }
            case "iscsi" -> setDefault(source, "iscsiInterface", "default");
            case "rbd" -> {
                setDefault(source, "pool", "rbd");
                setDefault(source, "user", "admin");
                setDefault(source, "keyring", "/etc/ceph/keyring");
            }
            case "azureDisk" -> {
                setDefault(source, "cachingMode", "ReadWrite");
                setDefault(source, "kind", "Shared");
                setDefault(source, "fsType", "ext4");
                setDefault(source, "readOnly", false);
            }
            case "scaleIO" -> {
                setDefault(source, "storageMode", "ThinProvisioned");
                setDefault(source, "fsType", "xfs");
            }
            default -> {}
        }
    }
}

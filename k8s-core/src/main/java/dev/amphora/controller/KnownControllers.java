package dev.amphora.controller;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/** The names of kube-controller-manager's {@code --controllers}, those of before 1.28 too, and what becomes of each here. */
final class KnownControllers {

    /** What becomes of a controller. */
    enum Presence {
        /** Runs unless it is switched off. */
        ON,
        /** Runs if it is asked for by name. */
        OFF,
        /** Accepted, and nothing runs: behind a feature gate in the reference, for a cloud provider, or not there yet. */
        ABSENT
    }

    /**
     * A name.
     *
     * @param former what it was called before; empty if nothing else
     */
    record Known(String name, String former, Presence presence) {}

    private static final List<Known> ALL = List.of(
            on("serviceaccount-controller", "serviceaccount"),
            on("root-ca-certificate-publisher-controller", "root-ca-cert-publisher"),
            on("deployment-controller", "deployment"),
            on("replicaset-controller", "replicaset"),
            on("replicationcontroller-controller", "replicationcontroller"),
            on("statefulset-controller", "statefulset"),
            on("daemonset-controller", "daemonset"),
            on("resourcequota-controller", "resourcequota"),
            on("disruption-controller", "disruption"),
            on("persistentvolume-binder-controller", "persistentvolume-binder"),
            on("persistentvolume-expander-controller", "persistentvolume-expander"),
            on("persistentvolume-attach-detach-controller", "attachdetach"),
            on("persistentvolumeclaim-protection-controller", "pvc-protection"),
            on("persistentvolume-protection-controller", "pv-protection"),
            on("volumeattributesclass-protection-controller", ""),
            on("ephemeral-volume-controller", "ephemeral-volume"),
            on("resourceclaim-controller", "resource-claim-controller"),
            on("device-taint-eviction-controller", ""),
            on("horizontal-pod-autoscaler-controller", "horizontalpodautoscaling"),
            on("job-controller", "job"),
            on("cronjob-controller", "cronjob"),
            on("endpointslice-controller", "endpointslice"),
            on("endpoints-controller", "endpoint"),
            on("endpointslice-mirroring-controller", "endpointslicemirroring"),
            on("service-lb-controller", "service"),
            on("service-cidr-controller", ""),
            on("ttl-after-finished-controller", "ttl-after-finished"),
            on("node-ipam-controller", "nodeipam"),
            on("node-lifecycle-controller", "nodelifecycle"),
            on("ttl-controller", "ttl"),
            on("taint-eviction-controller", ""),
            on("pod-garbage-collector-controller", "podgc"),
            on("namespace-controller", "namespace"),
            on("clusterrole-aggregation-controller", "clusterrole-aggregation"),
            on("validatingadmissionpolicy-status-controller", ""),
            on("certificatesigningrequest-signing-controller", "csrsigning"),
            on("certificatesigningrequest-approving-controller", "csrapproving"),
            on("certificatesigningrequest-cleaner-controller", "csrcleaner"),
            on("serviceaccount-token-controller", "serviceaccount-token"),
            on("legacy-serviceaccount-token-cleaner-controller", "legacy-service-account-token-cleaner"),
            on("garbage-collector-controller", "garbagecollector"),
            off("bootstrap-signer-controller", "bootstrapsigner"),
            off("token-cleaner-controller", "tokencleaner"),
            absent("selinux-warning-controller", ""),
            absent("node-route-controller", "route"),
            absent("cloud-node-lifecycle-controller", "cloud-node-lifecycle"),
            absent("storageversion-garbage-collector-controller", "storage-version-gc"),
            absent("storage-version-migrator-controller", ""),
            absent("kube-apiserver-serving-clustertrustbundle-publisher-controller", ""),
            absent("podcertificaterequest-cleaner-controller", ""),
            absent("podgroup-protection-controller", ""),
            absent("resourcepoolstatusrequest-controller", ""));

    private static final Map<String, Known> BY_NAME = new LinkedHashMap<>();
    private static final Map<String, String> CANONICAL = new LinkedHashMap<>();

    static {
        for (Known each : ALL) {
            BY_NAME.put(each.name, each);
            CANONICAL.put(each.name, each.name);
            if (!each.former.isEmpty()) {
                CANONICAL.put(each.former, each.name);
            }
        }
    }

    private KnownControllers() {}

    private static Known on(String name, String former) {
        return new Known(name, former, Presence.ON);
    }

    private static Known off(String name, String former) {
        return new Known(name, former, Presence.OFF);
    }

    private static Known absent(String name, String former) {
        return new Known(name, former, Presence.ABSENT);
    }

    /** All, in the order in which they start. */
    static List<Known> all() {
        return ALL;
    }

    /** The present name of a controller; empty if none is or was called so. */
    static Optional<String> canonical(String name) {
        return Optional.ofNullable(CANONICAL.get(name));
    }

    /**
     * Whether a controller runs.
     *
     * @param name its present name
     * @param wanted present names, each perhaps with {@code -} before it, and {@code *}; the first that names it decides
     */
    static boolean isWanted(String name, List<String> wanted) {
        for (String each : wanted) {
            if (each.equals(name)) {
                return true;
            }
            if (each.equals("-" + name)) {
                return false;
            }
        }
        return wanted.contains("*") && Objects.requireNonNull(BY_NAME.get(name)).presence == Presence.ON;
    }
}

package dev.amphora.controller;

import com.google.common.collect.ImmutableMap;
import java.util.Map;
import java.util.Optional;

/** As whom the built-in controllers act: each has a service account in {@code kube-system} and the rights of one role, as in the reference. */
public final class ControllerAccounts {
    /** Where the accounts are. */
    public static final String NAMESPACE = "kube-system";

    private static final String NODE = "node-controller";
    private static final String CERTIFICATE = "certificate-controller";

    private static final Map<String, String> ACCOUNTS = ImmutableMap.<String, String>builder()
            .put("serviceaccount-controller", "service-account-controller")
            .put("root-ca-certificate-publisher-controller", "root-ca-cert-publisher")
            .put("deployment-controller", "deployment-controller")
            .put("replicaset-controller", "replicaset-controller")
            .put("replicationcontroller-controller", "replication-controller")
            .put("statefulset-controller", "statefulset-controller")
            .put("daemonset-controller", "daemon-set-controller")
            .put("resourcequota-controller", "resourcequota-controller")
            .put("disruption-controller", "disruption-controller")
            .put("persistentvolume-binder-controller", "persistent-volume-binder")
            .put("persistentvolume-expander-controller", "expand-controller")
            .put("persistentvolumeclaim-protection-controller", "pvc-protection-controller")
            .put("persistentvolume-protection-controller", "pv-protection-controller")
            .put("persistentvolume-attach-detach-controller", "attachdetach-controller")
            .put("ephemeral-volume-controller", "ephemeral-volume-controller")
            .put("volumeattributesclass-protection-controller", "volumeattributesclass-protection-controller")
            .put("selinux-warning-controller", "selinux-warning-controller")
            .put("horizontal-pod-autoscaler-controller", "horizontal-pod-autoscaler")
            .put("job-controller", "job-controller")
            .put("cronjob-controller", "cronjob-controller")
            .put("ttl-after-finished-controller", "ttl-after-finished-controller")
            .put("endpoints-controller", "endpoint-controller")
            .put("endpointslice-controller", "endpointslice-controller")
            .put("endpointslice-mirroring-controller", "endpointslicemirroring-controller")
            .put("service-lb-controller", "service-controller")
            .put("service-cidr-controller", "service-cidrs-controller")
            .put("node-lifecycle-controller", NODE)
            .put("node-ipam-controller", NODE)
            .put("taint-eviction-controller", NODE)
            .put("ttl-controller", "ttl-controller")
            .put("device-taint-eviction-controller", "device-taint-eviction-controller")
            .put("resourceclaim-controller", "resource-claim-controller")
            .put("pod-garbage-collector-controller", "pod-garbage-collector")
            .put("namespace-controller", "namespace-controller")
            .put("clusterrole-aggregation-controller", "clusterrole-aggregation-controller")
            .put("garbage-collector-controller", "generic-garbage-collector")
            .put("certificatesigningrequest-signing-controller", CERTIFICATE)
            .put("certificatesigningrequest-approving-controller", CERTIFICATE)
            .put("certificatesigningrequest-cleaner-controller", CERTIFICATE)
            .put("token-cleaner-controller", "token-cleaner")
            .put("bootstrap-signer-controller", "bootstrap-signer")
            .put("legacy-serviceaccount-token-cleaner-controller", "legacy-service-account-token-cleaner")
            .put("validatingadmissionpolicy-status-controller", "validatingadmissionpolicy-status-controller")
            .buildOrThrow();

    private ControllerAccounts() {}

    /**
     * The name of a controller's service account.
     *
     * @param controller by the reference's name
     * @return empty if it acts as the controller manager, as the one does that hands out tokens of service accounts
     */
    public static Optional<String> of(String controller) {
        return Optional.ofNullable(ACCOUNTS.get(controller));
    }
}

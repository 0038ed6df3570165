package dev.amphora.controller;

import com.google.common.collect.ImmutableMap;
import java.util.Map;

/** What the reference's controllers call their queues in {@code workqueue_} measurements. */
final class QueueNames {
    private static final Map<String, String> NAMES = ImmutableMap.<String, String>builder()
            .put("deployment-controller", "deployment")
            .put("replicaset-controller", "replicaset")
            .put("replicationcontroller-controller", "replicationmanager")
            .put("statefulset-controller", "statefulset")
            .put("daemonset-controller", "daemonset")
            .put("job-controller", "job")
            .put("job-controller/orphans", "job_orphan_pod")
            .put("cronjob-controller", "cronjob")
            .put("ttl-after-finished-controller", "ttl_jobs_to_delete")
            .put("endpoints-controller", "endpoint")
            .put("endpointslice-controller", "endpoint_slice")
            .put("endpointslice-mirroring-controller", "endpoint_slice_mirroring")
            .put("namespace-controller", "namespace")
            .put("serviceaccount-controller", "serviceaccount")
            .put("root-ca-certificate-publisher-controller", "root_ca_cert_publisher")
            .put("resourcequota-controller", "resourcequota_primary")
            .put("disruption-controller", "disruption")
            .put("disruption-controller/stale", "stale_pod_disruption")
            .put("horizontal-pod-autoscaler-controller", "horizontalpodautoscaler")
            .put("clusterrole-aggregation-controller", "ClusterRoleAggregator")
            .put("garbage-collector-controller", "garbage_collector_attempt_to_delete")
            .put("ephemeral-volume-controller", "ephemeral_volume")
            .put("persistentvolumeclaim-protection-controller", "pvcprotection")
            .put("persistentvolume-protection-controller", "pvprotection")
            .put("ttl-controller", "ttlcontroller")
            .put("resourceclaim-controller", "resource_claim")
            .buildOrThrow();

    private QueueNames() {}

    /** The queue of a loop; one that the reference doesn't have is called as the loop is. */
    static String of(String loop) {
        return NAMES.getOrDefault(loop, loop);
    }
}

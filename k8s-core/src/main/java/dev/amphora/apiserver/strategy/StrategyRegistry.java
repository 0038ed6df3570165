package dev.amphora.apiserver.strategy;

import com.google.common.collect.ImmutableMap;

/** The strategies of the built-in kinds, by group and plural. */
public final class StrategyRegistry {
    private static final Strategy PLAIN = new KindStrategy();

    private static final ImmutableMap<String, Strategy> STRATEGIES = ImmutableMap.<String, Strategy>builder()
            .put("/pods", new PodStrategy())
            .put("/podtemplates", new PodTemplateStrategy())
            .put("/namespaces", new NamespaceStrategy())
            .put("/services", new ServiceStrategy())
            .put("/endpoints", new EndpointsStrategy())
            .put("/configmaps", new ConfigMapStrategy())
            .put("/secrets", new SecretStrategy())
            .put("/serviceaccounts", new ServiceAccountStrategy())
            .put("/nodes", new NodeStrategy())
            .put("/events", new EventStrategy())
            .put("/replicationcontrollers", new ReplicationControllerStrategy())
            .put("/persistentvolumes", new PersistentVolumeStrategy())
            .put("/persistentvolumeclaims", new ClaimStrategy())
            .put("/resourcequotas", new ResourceQuotaStrategy())
            .put("/limitranges", new LimitRangeStrategy())
            .put("admissionregistration.k8s.io/mutatingwebhookconfigurations", new WebhookConfigurationStrategy(true))
            .put(
                    "admissionregistration.k8s.io/validatingwebhookconfigurations",
                    new WebhookConfigurationStrategy(false))
            .put("admissionregistration.k8s.io/mutatingadmissionpolicies", new AdmissionPolicyStrategy(true))
            .put("admissionregistration.k8s.io/mutatingadmissionpolicybindings", new AdmissionBindingStrategy(true))
            .put("admissionregistration.k8s.io/validatingadmissionpolicies", new AdmissionPolicyStrategy(false))
            .put("admissionregistration.k8s.io/validatingadmissionpolicybindings", new AdmissionBindingStrategy(false))
            .put("apiextensions.k8s.io/customresourcedefinitions", new CustomResourceDefinitionStrategy())
            .put("apps/controllerrevisions", new ControllerRevisionStrategy())
            .put("apps/daemonsets", new DaemonSetStrategy())
            .put("apps/deployments", new DeploymentStrategy())
            .put("apps/replicasets", new ReplicaSetStrategy())
            .put("apps/statefulsets", new StatefulSetStrategy())
            .put("autoscaling/horizontalpodautoscalers", new AutoscalerStrategy())
            .put("batch/cronjobs", new CronJobStrategy())
            .put("batch/jobs", new JobStrategy())
            .put("certificates.k8s.io/certificatesigningrequests", new CertificateRequestStrategy())
            .put("coordination.k8s.io/leases", new LeaseStrategy())
            .put("discovery.k8s.io/endpointslices", new EndpointSliceStrategy())
            .put("flowcontrol.apiserver.k8s.io/flowschemas", new FlowSchemaStrategy())
            .put("flowcontrol.apiserver.k8s.io/prioritylevelconfigurations", new PriorityLevelStrategy())
            .put("networking.k8s.io/ingressclasses", new IngressClassStrategy())
            .put("networking.k8s.io/ipaddresses", new IpAddressStrategy())
            .put("networking.k8s.io/servicecidrs", new ServiceCidrStrategy())
            .put("apiregistration.k8s.io/apiservices", new ApiServiceStrategy())
            .put("networking.k8s.io/ingresses", new IngressStrategy())
            .put("networking.k8s.io/networkpolicies", new NetworkPolicyStrategy())
            .put("node.k8s.io/runtimeclasses", new RuntimeClassStrategy())
            .put("policy/poddisruptionbudgets", new DisruptionBudgetStrategy())
            .put("rbac.authorization.k8s.io/clusterrolebindings", new RbacStrategy(false))
            .put("rbac.authorization.k8s.io/clusterroles", new RbacStrategy(false))
            .put("rbac.authorization.k8s.io/rolebindings", new RbacStrategy(true))
            .put("rbac.authorization.k8s.io/roles", new RbacStrategy(true))
            .put("resource.k8s.io/deviceclasses", new DeviceClassStrategy())
            .put("resource.k8s.io/resourceclaims", new ResourceClaimStrategy())
            .put("resource.k8s.io/resourceclaimtemplates", new ResourceClaimTemplateStrategy())
            .put("resource.k8s.io/resourceslices", new ResourceSliceStrategy())
            .put("scheduling.k8s.io/priorityclasses", new PriorityClassStrategy())
            .put("storage.k8s.io/csidrivers", new CsiDriverStrategy())
            .put("storage.k8s.io/csinodes", new CsiNodeStrategy())
            .put("storage.k8s.io/csistoragecapacities", new CsiStorageCapacityStrategy())
            .put("storage.k8s.io/storageclasses", new StorageClassStrategy())
            .put("storage.k8s.io/volumeattachments", new VolumeAttachmentStrategy())
            .put("storage.k8s.io/volumeattributesclasses", new VolumeAttributesClassStrategy())
            .buildOrThrow();

    private StrategyRegistry() {}

    /**
     * The strategy of a built-in kind. One without a strategy of its own has the metadata rules of all.
     *
     * @param group the group of the stored version, empty for core
     * @param plural the resource's name in paths
     */
    public static Strategy strategy(String group, String plural) {
        return STRATEGIES.getOrDefault(group + "/" + plural, PLAIN);
    }
}

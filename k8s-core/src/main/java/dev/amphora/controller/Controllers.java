package dev.amphora.controller;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.google.common.base.Splitter;
import dev.amphora.api.Json;
import dev.amphora.api.ResourceType;
import dev.amphora.api.pki.CertificateRequest;
import dev.amphora.controller.attachment.AttachDetachController;
import dev.amphora.controller.autoscaling.HorizontalController;
import dev.amphora.controller.autoscaling.MetricsSources;
import dev.amphora.controller.certificates.ApprovingController;
import dev.amphora.controller.certificates.CertificateSigner;
import dev.amphora.controller.certificates.CleanerController;
import dev.amphora.controller.certificates.SigningController;
import dev.amphora.controller.clusterrole.ClusterRoleAggregation;
import dev.amphora.controller.cronjob.CronJobController;
import dev.amphora.controller.daemonset.DaemonSetController;
import dev.amphora.controller.deployment.DeploymentController;
import dev.amphora.controller.disruption.DisruptionController;
import dev.amphora.controller.endpoints.EndpointSliceController;
import dev.amphora.controller.endpoints.EndpointSliceMirroringController;
import dev.amphora.controller.endpoints.EndpointsController;
import dev.amphora.controller.garbagecollector.GarbageCollectorController;
import dev.amphora.controller.job.JobController;
import dev.amphora.controller.job.TtlAfterFinishedController;
import dev.amphora.controller.namespace.NamespaceController;
import dev.amphora.controller.node.NodeIpamController;
import dev.amphora.controller.node.NodeLifecycleController;
import dev.amphora.controller.node.NodeTtlController;
import dev.amphora.controller.node.TaintEvictionController;
import dev.amphora.controller.podgc.PodGarbageCollector;
import dev.amphora.controller.policy.PolicyStatusController;
import dev.amphora.controller.quota.ResourceQuotaController;
import dev.amphora.controller.replicaset.ReplicaSetController;
import dev.amphora.controller.replicaset.ReplicationControllerController;
import dev.amphora.controller.resourceclaim.DeviceTaintEviction;
import dev.amphora.controller.resourceclaim.ResourceClaimController;
import dev.amphora.controller.service.LoadBalancer;
import dev.amphora.controller.service.ServiceCidrController;
import dev.amphora.controller.service.ServiceLbController;
import dev.amphora.controller.serviceaccount.BootstrapSigner;
import dev.amphora.controller.serviceaccount.LegacyTokenCleaner;
import dev.amphora.controller.serviceaccount.RootCaPublisher;
import dev.amphora.controller.serviceaccount.ServiceAccountController;
import dev.amphora.controller.serviceaccount.TokenCleaner;
import dev.amphora.controller.serviceaccount.TokenController;
import dev.amphora.controller.statefulset.StatefulSetController;
import dev.amphora.controller.volume.ClassProtection;
import dev.amphora.controller.volume.EphemeralVolumeController;
import dev.amphora.controller.volume.PersistentVolumeBinder;
import dev.amphora.controller.volume.StorageProtection;
import dev.amphora.controller.volume.VolumeExpander;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.Endpoints;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.Namespace;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.ReplicationController;
import io.fabric8.kubernetes.api.model.ResourceQuota;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServiceAccount;
import io.fabric8.kubernetes.api.model.apps.ControllerRevision;
import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.apps.ReplicaSet;
import io.fabric8.kubernetes.api.model.apps.StatefulSet;
import io.fabric8.kubernetes.api.model.autoscaling.v2.HorizontalPodAutoscaler;
import io.fabric8.kubernetes.api.model.batch.v1.CronJob;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudget;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * The built-in controllers: all of them, or some by the reference's names. Which there are, and which run unless they are switched off,
 * stands in {@code docs/controllers.md} of this module.
 */
public final class Controllers {
    private static final List<ResourceType<?>> SHARED = List.of(
            ResourceType.of(Pod.class),
            ResourceType.of(Node.class),
            ResourceType.of(Lease.class),
            ResourceType.of(Namespace.class),
            ResourceType.of(Service.class),
            ResourceType.of(Endpoints.class),
            ResourceType.of(EndpointSlice.class),
            ResourceType.of(ServiceAccount.class),
            ResourceType.of(ConfigMap.class),
            ResourceType.of(Secret.class),
            ResourceType.of(ReplicationController.class),
            ResourceType.of(ReplicaSet.class),
            ResourceType.of(Deployment.class),
            ResourceType.of(Job.class),
            ResourceType.of(HorizontalPodAutoscaler.class),
            ResourceType.of(CronJob.class),
            ResourceType.of(StatefulSet.class),
            ResourceType.of(DaemonSet.class),
            ResourceType.of(PersistentVolume.class),
            ResourceType.of(PodDisruptionBudget.class),
            ResourceType.of(ResourceQuota.class),
            ResourceType.of(ControllerRevision.class),
            ResourceType.of(PersistentVolumeClaim.class));

    private final Supplier<? extends List<? extends ResourceType<?>>> types;
    private final Supplier<String> authority;
    private NodeLifecycleController.Settings nodeMonitoring = NodeLifecycleController.Settings.defaults();
    private HorizontalController.Settings autoscaling = HorizontalController.Settings.defaults();
    private Duration volumeResync = PersistentVolumeBinder.RESYNC;
    private boolean hostPathProvisioning = true;
    private MetricsSources metrics = MetricsSources.served();
    private NodeIpamController.@Nullable Settings nodeRanges;
    private @Nullable LoadBalancer loadBalancer;
    private int endedPods = 12_500;
    private CertificateSigner signer = Controllers::nobodySigns;
    private Function<JsonNode, ArrayNode> policyWarnings =
            policy -> Json.mapper().createArrayNode();
    private @Nullable UnaryOperator<String> tokens;
    private Supplier<String> tokenAuthority;

    /**
     * Controllers with the reference's settings.
     *
     * @param types every kind that the server serves and that can be listed, watched and deleted, one version each, with its model
     *     class if there is one; read again from time to time
     * @param authority the cluster's certificate authority in PEM form
     */
    public Controllers(Supplier<? extends List<? extends ResourceType<?>>> types, Supplier<String> authority) {
        this.types = types;
        this.authority = authority;
        tokenAuthority = authority;
    }

    /** Sets how patient the cluster is with silent nodes. */
    public Controllers nodeMonitoring(NodeLifecycleController.Settings settings) {
        nodeMonitoring = settings;
        return this;
    }

    /** Sets how often claims that wait for a volume are looked at again. */
    public Controllers volumeResync(Duration period) {
        volumeResync = period;
        return this;
    }

    /**
     * Sets whether claims of a StorageClass with the provisioner {@code kubernetes.io/host-path} get volumes, as in the reference with
     * {@code --enable-hostpath-provisioner}; by default they do.
     */
    public Controllers hostPathProvisioning(boolean enabled) {
        hostPathProvisioning = enabled;
        return this;
    }

    /** Sets how autoscalers work, and where they read metrics; by default they ask the API for them. */
    public Controllers autoscaling(HorizontalController.Settings settings, MetricsSources sources) {
        autoscaling = settings;
        metrics = sources;
        return this;
    }

    /** Sets where nodes have the addresses of their pods from; by default not from a controller. */
    public Controllers nodeRanges(NodeIpamController.Settings settings) {
        nodeRanges = settings;
        return this;
    }

    /** Sets who gives Services of type LoadBalancer their addresses; by default nobody, and they wait. */
    public Controllers loadBalancer(LoadBalancer balancer) {
        loadBalancer = balancer;
        return this;
    }

    /** Sets how many ended pods may stay; zero or less means all. */
    public Controllers endedPodThreshold(int pods) {
        endedPods = pods;
        return this;
    }

    /** Sets who signs certificates; by default nobody, and requests wait. */
    public Controllers signer(CertificateSigner authority) {
        signer = authority;
        return this;
    }

    /**
     * Sets who signs the tokens that are kept in Secrets; by default nobody, and Secrets stay empty.
     *
     * @param signing makes a token of claims, as JSON
     * @param authorityPem the certificates that are kept beside a token
     */
    public Controllers tokens(UnaryOperator<String> signing, Supplier<String> authorityPem) {
        tokens = signing;
        tokenAuthority = authorityPem;
        return this;
    }

    /** Sets who looks at the expressions of validating policies; by default nobody finds anything. */
    public Controllers policyWarnings(Function<JsonNode, ArrayNode> check) {
        policyWarnings = check;
        return this;
    }

    private static String nobodySigns(CertificateRequest request, List<String> usages, Duration validity) {
        throw new IllegalArgumentException("there is no authority to sign certificates");
    }

    /** All controllers, in the order in which they start. Each call makes new ones. */
    public List<Controller> all() {
        return select("*");
    }

    /** One controller by its present or former name; empty if there is none of that name. */
    public Optional<Controller> named(String name) {
        return KnownControllers.canonical(name)
                .map(known -> factories().get(known))
                .map(Supplier::get);
    }

    /**
     * Some controllers, chosen as kube-controller-manager's {@code --controllers} does.
     *
     * @param list names separated by commas: {@code *} for all that are on by default, {@code name} for one, {@code -name} for all
     *     but one. Names of before 1.28 count too; of the reference's that are behind a feature gate, nothing runs
     * @throws IllegalArgumentException if a name is unknown
     */
    public List<Controller> select(String list) {
        Map<String, Supplier<Controller>> factories = factories();
        List<String> wanted = new ArrayList<>();
        for (String each : Splitter.on(',').split(list)) {
            boolean not = each.startsWith("-");
            String name = not ? each.substring(1) : each;
            String known =
                    name.equals("*") ? name : KnownControllers.canonical(name).orElse(null);
            if (known == null) {
                throw new IllegalArgumentException("\"" + name + "\" is not in the list of known controllers");
            }
            wanted.add(not ? "-" + known : known);
        }
        List<Controller> selected = new ArrayList<>();
        factories.forEach((name, factory) -> {
            if (KnownControllers.isWanted(name, wanted)) {
                selected.add(factory.get());
            }
        });
        return selected;
    }

    /** The names of all controllers that there are, in the order in which they start. */
    public List<String> names() {
        return List.copyOf(factories().keySet());
    }

    /**
     * A kind as the controllers that work on all kinds want it: with the model class if other controllers read the kind too, so that
     * they share objects, and as a generic resource otherwise, so that no class is loaded for it.
     *
     * @param group empty for core
     * @param plural such as {@code pods}
     */
    public static ResourceType<?> typeOf(String group, String version, String kind, String plural, boolean namespaced) {
        for (ResourceType<?> shared : SHARED) {
            if (shared.group().equals(group)
                    && shared.version().equals(version)
                    && shared.kind().equals(kind)) {
                return shared;
            }
        }
        return new ResourceType<>(group, version, kind, plural, namespaced, GenericKubernetesResource.class);
    }

    private Map<String, Supplier<Controller>> factories() {
        Map<String, Supplier<Controller>> factories = new LinkedHashMap<>();
        factories.put("serviceaccount-controller", ServiceAccountController::new);
        factories.put("root-ca-certificate-publisher-controller", () -> new RootCaPublisher(authority));
        factories.put("deployment-controller", DeploymentController::new);
        factories.put("replicaset-controller", ReplicaSetController::new);
        factories.put("replicationcontroller-controller", ReplicationControllerController::new);
        factories.put("statefulset-controller", StatefulSetController::new);
        factories.put("daemonset-controller", DaemonSetController::new);
        factories.put("resourcequota-controller", () -> new ResourceQuotaController(types));
        factories.put("disruption-controller", () -> new DisruptionController(types));
        factories.put(
                "persistentvolume-binder-controller",
                () -> new PersistentVolumeBinder(volumeResync, hostPathProvisioning));
        factories.put("persistentvolume-expander-controller", VolumeExpander::new);
        factories.put("persistentvolume-attach-detach-controller", AttachDetachController::new);
        factories.put("persistentvolumeclaim-protection-controller", StorageProtection::ofClaims);
        factories.put("persistentvolume-protection-controller", StorageProtection::ofVolumes);
        factories.put("volumeattributesclass-protection-controller", ClassProtection::new);
        factories.put("ephemeral-volume-controller", EphemeralVolumeController::new);
        factories.put("resourceclaim-controller", ResourceClaimController::new);
        factories.put("device-taint-eviction-controller", DeviceTaintEviction::new);
        factories.put(
                "horizontal-pod-autoscaler-controller", () -> new HorizontalController(types, metrics, autoscaling));
        factories.put("job-controller", JobController::new);
        factories.put("cronjob-controller", CronJobController::new);
        factories.put("endpointslice-controller", EndpointSliceController::new);
        factories.put("endpoints-controller", EndpointsController::new);
        factories.put("endpointslice-mirroring-controller", EndpointSliceMirroringController::new);
        factories.put("service-lb-controller", () -> new ServiceLbController(loadBalancer));
        factories.put("service-cidr-controller", ServiceCidrController::new);
        factories.put("ttl-after-finished-controller", TtlAfterFinishedController::new);
        factories.put("node-ipam-controller", () -> new NodeIpamController(nodeRanges));
        factories.put("node-lifecycle-controller", () -> new NodeLifecycleController(nodeMonitoring));
        factories.put("ttl-controller", NodeTtlController::new);
        factories.put("taint-eviction-controller", TaintEvictionController::new);
        factories.put("pod-garbage-collector-controller", () -> new PodGarbageCollector(endedPods));
        factories.put("namespace-controller", () -> new NamespaceController(types));
        factories.put("clusterrole-aggregation-controller", ClusterRoleAggregation::new);
        factories.put("validatingadmissionpolicy-status-controller", () -> new PolicyStatusController(policyWarnings));
        factories.put("certificatesigningrequest-signing-controller", () -> new SigningController(signer));
        factories.put("certificatesigningrequest-approving-controller", ApprovingController::new);
        factories.put("certificatesigningrequest-cleaner-controller", CleanerController::new);
        factories.put("serviceaccount-token-controller", () -> new TokenController(tokenAuthority, tokens));
        factories.put("legacy-serviceaccount-token-cleaner-controller", LegacyTokenCleaner::new);
        factories.put("garbage-collector-controller", () -> new GarbageCollectorController(types));
        factories.put("bootstrap-signer-controller", BootstrapSigner::new);
        factories.put("token-cleaner-controller", TokenCleaner::new);
        return factories;
    }
}

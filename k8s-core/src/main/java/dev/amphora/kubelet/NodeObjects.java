package dev.amphora.kubelet;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.NodeCondition;
import io.fabric8.kubernetes.api.model.NodeConditionBuilder;
import io.fabric8.kubernetes.api.model.NodeStatus;
import io.fabric8.kubernetes.api.model.NodeStatusBuilder;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import io.fabric8.kubernetes.api.model.coordination.v1.LeaseBuilder;
import io.fabric8.kubernetes.api.model.coordination.v1.LeaseSpec;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A node as the API shows it: its Node object and its Lease. */
final class NodeObjects {
    static final String LEASE_NAMESPACE = "kube-node-lease";
    static final String VERSION = "v1.36.3";
    private static final int KUBELET_PORT = 10250;

    private NodeObjects() {}

    /** The labels of a node: those that every node has, and those it was given. */
    static Map<String, String> labels(KubeletConfig config) {
        Map<String, String> labels = new LinkedHashMap<>();
        labels.put("beta.kubernetes.io/arch", architecture());
        labels.put("beta.kubernetes.io/os", "linux");
        labels.put("kubernetes.io/arch", architecture());
        labels.put("kubernetes.io/hostname", config.nodeName());
        labels.put("kubernetes.io/os", "linux");
        labels.putAll(config.labels());
        return labels;
    }

    /** A new Node, with its status. */
    static Node node(KubeletConfig config, ContainerRuntime.Version runtime, String machineId, Instant now) {
        Map<String, String> annotations = new LinkedHashMap<>();
        annotations.put("volumes.kubernetes.io/controller-managed-attach-detach", "true");
        annotations.putAll(config.annotations());
        return new NodeBuilder()
                .withNewMetadata()
                .withName(config.nodeName())
                .withLabels(labels(config))
                .withAnnotations(annotations)
                .endMetadata()
                .withNewSpec()
                .withPodCIDR(config.podCidr())
                .withPodCIDRs(config.podCidr())
                .withTaints(config.taints())
                .endSpec()
                .withStatus(status(config, runtime, machineId, null, null, now))
                .build();
    }

    /**
     * A node's status.
     *
     * @param problem what is wrong with the runtime, null if all is well
     * @param before the status so far, null if there is none
     */
    static NodeStatus status(
            KubeletConfig config,
            ContainerRuntime.Version runtime,
            String machineId,
            @Nullable String problem,
            @Nullable NodeStatus before,
            Instant now) {
        List<NodeCondition> conditions = new ArrayList<>();
        List<NodeCondition> old = before == null ? List.of() : before.getConditions();
        conditions.add(condition(
                "MemoryPressure",
                "False",
                "KubeletHasSufficientMemory",
                "kubelet has sufficient memory available",
                old,
                now));
        conditions.add(condition(
                "DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure", old, now));
        conditions.add(condition(
                "PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available", old, now));
        conditions.add(
                problem == null
                        ? condition("Ready", "True", "KubeletReady", "kubelet is posting ready status", old, now)
                        : condition("Ready", "False", "KubeletNotReady", problem, old, now));
        for (NodeCondition condition : old) {
            if (conditions.stream().noneMatch(own -> own.getType().equals(condition.getType()))) {
                conditions.add(condition);
            }
        }
        return new NodeStatusBuilder(before == null ? new NodeStatus() : before)
                .withCapacity(config.capacity())
                .withAllocatable(config.capacity())
                .withConditions(conditions)
                .withAddresses()
                .addNewAddress(config.address(), "InternalIP")
                .addNewAddress(config.nodeName(), "Hostname")
                .withNewDaemonEndpoints()
                .withNewKubeletEndpoint(KUBELET_PORT)
                .endDaemonEndpoints()
                .withNewNodeInfo()
                .withMachineID(machineId)
                .withSystemUUID(machineId)
                .withBootID(machineId)
                .withKernelVersion(System.getProperty("os.version", "unknown"))
                .withOsImage("Amphora")
                .withContainerRuntimeVersion(runtime.name() + "://" + runtime.version())
                .withKubeletVersion(VERSION)
                .withKubeProxyVersion("")
                .withOperatingSystem("linux")
                .withArchitecture(architecture())
                .endNodeInfo()
                .build();
    }

    /** A new Lease of a node. */
    static Lease lease(KubeletConfig config, Node owner, Instant now) {
        return new LeaseBuilder()
                .withNewMetadata()
                .withNamespace(LEASE_NAMESPACE)
                .withName(config.nodeName())
                .addNewOwnerReference()
                .withApiVersion("v1")
                .withKind("Node")
                .withName(config.nodeName())
                .withUid(owner.getMetadata().getUid())
                .endOwnerReference()
                .endMetadata()
                .withNewSpec()
                .withHolderIdentity(config.nodeName())
                .withLeaseDurationSeconds((int) config.leaseDuration().toSeconds())
                .withRenewTime(micros(now))
                .endSpec()
                .build();
    }

    /** A Lease as it is to be written after some time; parts are shared with the one before. */
    static Lease renewed(Lease before, KubeletConfig config, Instant now) {
        ObjectMeta known = before.getMetadata();
        ObjectMeta metadata = new ObjectMeta();
        metadata.setNamespace(known.getNamespace());
        metadata.setName(known.getName());
        metadata.setUid(known.getUid());
        metadata.setResourceVersion(known.getResourceVersion());
        metadata.setLabels(known.getLabels());
        metadata.setAnnotations(known.getAnnotations());
        metadata.setFinalizers(known.getFinalizers());
        metadata.setOwnerReferences(known.getOwnerReferences());
        LeaseSpec spec = new LeaseSpec();
        LeaseSpec old = before.getSpec();
        spec.setAcquireTime(old.getAcquireTime());
        spec.setLeaseDurationSeconds(old.getLeaseDurationSeconds());
        spec.setLeaseTransitions(old.getLeaseTransitions());
        spec.setPreferredHolder(old.getPreferredHolder());
        spec.setStrategy(old.getStrategy());
        spec.setAdditionalProperties(old.getAdditionalProperties());
        spec.setHolderIdentity(config.nodeName());
        spec.setRenewTime(micros(now));
        return new Lease(before.getApiVersion(), before.getKind(), metadata, spec);
    }

    /** A time as Leases carry it. */
    static ZonedDateTime micros(Instant now) {
        return now.truncatedTo(ChronoUnit.MICROS).atZone(ZoneOffset.UTC);
    }

    private static NodeCondition condition(
            String type, String status, String reason, String message, List<NodeCondition> before, Instant now) {
        String since = PodStatuses.stamp(now);
        for (NodeCondition old : before) {
            if (old.getType().equals(type) && status.equals(old.getStatus()) && old.getLastTransitionTime() != null) {
                since = old.getLastTransitionTime();
            }
        }
        return new NodeConditionBuilder()
                .withType(type)
                .withStatus(status)
                .withLastHeartbeatTime(PodStatuses.stamp(now))
                .withLastTransitionTime(since)
                .withReason(reason)
                .withMessage(message)
                .build();
    }

    private static String architecture() {
        String name = System.getProperty("os.arch", "amd64").toLowerCase(Locale.ROOT);
        return switch (name) {
            case "x86_64", "amd64" -> "amd64";
            case "aarch64" -> "arm64";
            default -> name;
        };
    }
}

package dev.amphora.scheduler.framework;

import dev.amphora.api.FieldError;
import io.fabric8.kubernetes.api.model.Affinity;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerPort;
import io.fabric8.kubernetes.api.model.NodeAffinity;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodAffinity;
import io.fabric8.kubernetes.api.model.PodAffinityTerm;
import io.fabric8.kubernetes.api.model.PodAntiAffinity;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.PodStatus;
import io.fabric8.kubernetes.api.model.Toleration;
import io.fabric8.kubernetes.api.model.WeightedPodAffinityTerm;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** A pod with what plugins ask of it worked out once. Immutable; the pod is read-only. */
public final class PodInfo {
    private static final PodSpec EMPTY = new PodSpec();

    private final Pod pod;
    private final PodSpec spec;
    private final String namespace;
    private final String name;
    private final String uid;
    private final Map<String, String> labels;
    private final int priority;
    private final Resources requests;
    private final long nonZeroMilliCpu;
    private final long nonZeroMemory;
    private final Resources scoredRequests;
    private final List<HostPort> hostPorts;
    private final @Nullable LabelMatcher nodeSelector;
    private final @Nullable NodeMatcher requiredNodes;
    private final List<AffinityTerm> requiredAffinity;
    private final List<AffinityTerm> requiredAntiAffinity;
    private final List<AffinityTerm> preferredAffinity;
    private final List<AffinityTerm> preferredAntiAffinity;
    private final @Nullable String affinityError;
    private @Nullable PodSignature signature;
    private boolean signed;

    private PodInfo(Pod pod) {
        this.pod = pod;
        this.spec = pod.getSpec() == null ? EMPTY : pod.getSpec();
        this.namespace = text(pod.getMetadata().getNamespace());
        this.name = text(pod.getMetadata().getName());
        this.uid = text(pod.getMetadata().getUid());
        this.labels = pod.getMetadata().getLabels() == null
                ? Map.of()
                : pod.getMetadata().getLabels();
        this.priority = spec.getPriority() == null ? 0 : spec.getPriority();
        this.requests = PodRequests.of(pod);
        Resources filled = PodRequests.nonZero(pod);
        this.nonZeroMilliCpu = filled.milliCpu();
        this.nonZeroMemory = filled.memory();
        this.scoredRequests = spec.getResources() == null ? filled : PodRequests.nonZeroOfContainers(pod);
        this.hostPorts = hostPorts(spec);
        Affinity affinity = spec.getAffinity();
        NodeAffinity nodeAffinity = affinity == null ? null : affinity.getNodeAffinity();
        this.nodeSelector =
                spec.getNodeSelector() == null || spec.getNodeSelector().isEmpty()
                        ? null
                        : LabelMatcher.of(spec.getNodeSelector());
        this.requiredNodes =
                nodeAffinity == null || nodeAffinity.getRequiredDuringSchedulingIgnoredDuringExecution() == null
                        ? null
                        : NodeMatcher.of(nodeAffinity.getRequiredDuringSchedulingIgnoredDuringExecution());
        List<String> errors = new ArrayList<>(0);
        if (affinity == null || affinity.getPodAffinity() == null) {
            this.requiredAffinity = List.of();
            this.preferredAffinity = List.of();
        } else {
            PodAffinity near = affinity.getPodAffinity();
            this.requiredAffinity = sensible(
                    "requiredAffinityTerms",
                    () -> required(near.getRequiredDuringSchedulingIgnoredDuringExecution()),
                    errors);
            this.preferredAffinity = sensible(
                    "preferredAffinityTerms",
                    () -> preferred(near.getPreferredDuringSchedulingIgnoredDuringExecution()),
                    errors);
        }
        if (affinity == null || affinity.getPodAntiAffinity() == null) {
            this.requiredAntiAffinity = List.of();
            this.preferredAntiAffinity = List.of();
        } else {
            PodAntiAffinity far = affinity.getPodAntiAffinity();
            this.requiredAntiAffinity = sensible(
                    "requiredAntiAffinityTerms",
                    () -> required(far.getRequiredDuringSchedulingIgnoredDuringExecution()),
                    errors);
            this.preferredAntiAffinity = sensible(
                    "preferredAntiAffinityTerms",
                    () -> preferred(far.getPreferredDuringSchedulingIgnoredDuringExecution()),
                    errors);
        }
        this.affinityError = errors.isEmpty() ? null : FieldError.aggregate(errors);
    }

    private PodInfo(Pod now, PodInfo earlier) {
        this.pod = now;
        this.spec = now.getSpec();
        this.namespace = earlier.namespace;
        this.name = earlier.name;
        this.uid = earlier.uid;
        this.labels = now.getMetadata().getLabels() == null
                ? Map.of()
                : now.getMetadata().getLabels();
        this.priority = earlier.priority;
        this.requests = earlier.requests;
        this.nonZeroMilliCpu = earlier.nonZeroMilliCpu;
        this.nonZeroMemory = earlier.nonZeroMemory;
        this.scoredRequests = earlier.scoredRequests;
        this.hostPorts = earlier.hostPorts;
        this.nodeSelector = earlier.nodeSelector;
        this.requiredNodes = earlier.requiredNodes;
        this.requiredAffinity = earlier.requiredAffinity;
        this.requiredAntiAffinity = earlier.requiredAntiAffinity;
        this.preferredAffinity = earlier.preferredAffinity;
        this.preferredAntiAffinity = earlier.preferredAntiAffinity;
        this.affinityError = earlier.affinityError;
    }

    /** The same pod in a later state. What follows from parts of the spec that are the very same is taken over. */
    public PodInfo later(Pod now) {
        return uid.equals(text(now.getMetadata().getUid()))
                        && now.getSpec() != null
                        && asksTheSame(spec, now.getSpec())
                        && saysNothingOfResources(pod.getStatus())
                        && saysNothingOfResources(now.getStatus())
                ? new PodInfo(now, this)
                : new PodInfo(now);
    }

    @SuppressWarnings("ReferenceEquality")
    private static boolean asksTheSame(PodSpec one, PodSpec other) {
        return one.getContainers() == other.getContainers()
                && one.getInitContainers() == other.getInitContainers()
                && one.getAffinity() == other.getAffinity()
                && one.getNodeSelector() == other.getNodeSelector()
                && one.getResources() == other.getResources()
                && one.getOverhead() == other.getOverhead()
                && Objects.equals(one.getPriority(), other.getPriority());
    }

    private static boolean saysNothingOfResources(@Nullable PodStatus status) {
        return status == null
                || status.getContainerStatuses().isEmpty()
                        && status.getInitContainerStatuses().isEmpty()
                        && status.getResources() == null
                        && status.getAllocatedResources() == null;
    }

    /** Terms, or none if one of them makes no sense. */
    private static List<AffinityTerm> sensible(String what, Supplier<List<AffinityTerm>> terms, List<String> errors) {
        try {
            return terms.get();
        } catch (IllegalArgumentException e) {
            errors.add(what + ": " + e.getMessage());
            return List.of();
        }
    }

    /** A pod. */
    public static PodInfo of(Pod pod) {
        return new PodInfo(pod);
    }

    private static String text(@Nullable String value) {
        return value == null ? "" : value;
    }

    private List<AffinityTerm> required(@Nullable List<PodAffinityTerm> terms) {
        if (terms == null || terms.isEmpty()) {
            return List.of();
        }
        return terms.stream().map(term -> AffinityTerm.of(term, namespace, 0)).toList();
    }

    private List<AffinityTerm> preferred(@Nullable List<WeightedPodAffinityTerm> terms) {
        if (terms == null || terms.isEmpty()) {
            return List.of();
        }
        return terms.stream()
                .map(term -> AffinityTerm.of(
                        term.getPodAffinityTerm(), namespace, term.getWeight() == null ? 0 : term.getWeight()))
                .toList();
    }

    private static List<HostPort> hostPorts(PodSpec spec) {
        List<HostPort> ports = null;
        for (Container container : spec.getContainers()) {
            ports = hostPorts(container, ports);
        }
        for (Container container : spec.getInitContainers()) {
            if ("Always".equals(container.getRestartPolicy())) {
                ports = hostPorts(container, ports);
            }
        }
        return ports == null ? List.of() : List.copyOf(ports);
    }

    private static @Nullable List<HostPort> hostPorts(Container container, @Nullable List<HostPort> into) {
        List<HostPort> ports = into;
        for (ContainerPort port : container.getPorts()) {
            if (port.getHostPort() == null || port.getHostPort() <= 0) {
                continue;
            }
            ports = ports == null ? new ArrayList<>() : ports;
            String ip = text(port.getHostIP());
            String protocol = text(port.getProtocol());
            ports.add(new HostPort(
                    ip.isEmpty() ? HostPort.ANY_IP : ip, protocol.isEmpty() ? "TCP" : protocol, port.getHostPort()));
        }
        return ports;
    }

    /** The pod itself. */
    public Pod pod() {
        return pod;
    }

    /** Its spec, empty if it has none. */
    public PodSpec spec() {
        return spec;
    }

    /** Its namespace. */
    public String namespace() {
        return namespace;
    }

    /** Its name. */
    public String name() {
        return name;
    }

    /** Its uid. */
    public String uid() {
        return uid;
    }

    /** {@code namespace/name}. */
    public String key() {
        return namespace + "/" + name;
    }

    /** Its labels. */
    public Map<String, String> labels() {
        return labels;
    }

    /** Its priority, 0 if it has none. */
    public int priority() {
        return priority;
    }

    /** What it asks for. */
    public Resources requests() {
        return requests;
    }

    /** The resources that it names in any request, be it of zero. */
    public Set<String> requestedNames() {
        return PodRequests.names(pod);
    }

    /** CPU in thousandths of a core, with 100 for each container that asks for none. */
    public long nonZeroMilliCpu() {
        return nonZeroMilliCpu;
    }

    /** Memory in bytes, with 200 Mi for each container that asks for none. */
    public long nonZeroMemory() {
        return nonZeroMemory;
    }

    /**
     * What scores by allocation count: its containers with the same minima, and overhead. Pod-level requests do not enter, as in the
     * reference.
     */
    public Resources scoredRequests() {
        return scoredRequests;
    }

    /** The ports it takes on its node. */
    public List<HostPort> hostPorts() {
        return hostPorts;
    }

    /** The profile that it wants to be scheduled by. */
    public String schedulerName() {
        return text(spec.getSchedulerName());
    }

    /** The node it is assigned to, empty if there is none. */
    public String nodeName() {
        return text(spec.getNodeName());
    }

    /** The node that room has been made on, empty if there is none. */
    public String nominatedNodeName() {
        return pod.getStatus() == null ? "" : text(pod.getStatus().getNominatedNodeName());
    }

    /** Its tolerations. */
    public List<Toleration> tolerations() {
        return spec.getTolerations();
    }

    /** The names of the gates that hold it back. */
    public List<String> schedulingGates() {
        return spec.getSchedulingGates().isEmpty()
                ? List.of()
                : spec.getSchedulingGates().stream()
                        .map(gate -> text(gate.getName()))
                        .toList();
    }

    /** Whether it is being deleted. */
    public boolean isTerminating() {
        return pod.getMetadata().getDeletionTimestamp() != null;
    }

    /** What is wrong with its required node affinity, null if nothing is. A term that is wrong matches no node. */
    public @Nullable String nodeAffinityError() {
        return requiredNodes == null ? null : requiredNodes.error();
    }

    /** Whether it says anything about the labels or the name of its node. */
    public boolean selectsNodes() {
        return nodeSelector != null || requiredNodes != null;
    }

    /** Whether a node meets its node selector and its required node affinity. */
    public boolean matchesNode(NodeInfo node) {
        return (nodeSelector == null || nodeSelector.matches(node.labels()))
                && (requiredNodes == null || requiredNodes.matches(node.labels(), node.name()));
    }

    /**
     * What is wrong with its affinity and anti-affinity to pods, null if nothing is. As in the reference it then has no terms of the kind that is
     * wrong, and can't be scheduled itself.
     */
    public @Nullable String affinityError() {
        return affinityError;
    }

    /** Its required affinity to pods. */
    public List<AffinityTerm> requiredAffinity() {
        return requiredAffinity;
    }

    /** Its required anti-affinity to pods. */
    public List<AffinityTerm> requiredAntiAffinity() {
        return requiredAntiAffinity;
    }

    /** Its preferred affinity to pods. */
    public List<AffinityTerm> preferredAffinity() {
        return preferredAffinity;
    }

    /** Its preferred anti-affinity to pods. */
    public List<AffinityTerm> preferredAntiAffinity() {
        return preferredAntiAffinity;
    }

    /**
     * What makes it like other pods, null if it is like no other. Worked out when first asked for, by the scheduler's actor.
     */
    public @Nullable PodSignature signature() {
        if (!signed) {
            signature = PodSignature.of(this);
            signed = true;
        }
        return signature;
    }

    /** Whether it has affinity or anti-affinity of any kind to pods. */
    public boolean hasPodAffinity() {
        return !requiredAffinity.isEmpty()
                || !requiredAntiAffinity.isEmpty()
                || !preferredAffinity.isEmpty()
                || !preferredAntiAffinity.isEmpty();
    }

    @Override
    public String toString() {
        return key();
    }
}

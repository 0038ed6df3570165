package dev.amphora.scheduler.framework;

import com.google.common.collect.ImmutableMap;
import io.fabric8.kubernetes.api.model.ContainerImage;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Taint;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A node with its pods and what plugins ask of them worked out. Immutable: with a pod more or less it is another one, so that a dry
 * run needs no copy.
 */
public final class NodeInfo {
    private final Node node;
    private final String name;
    private final Map<String, String> labels;
    private final List<Taint> taints;
    private final Resources allocatable;
    private final ImmutableMap<String, ImageState> images;
    private final PodList pods;
    private final PodList affinityPods;
    private final PodList antiAffinityPods;
    private final Resources requested;
    private final long nonZeroMilliCpu;
    private final long nonZeroMemory;
    private final List<HostPort> usedPorts;

    private NodeInfo(
            NodeInfo facts,
            PodList pods,
            PodList affinityPods,
            PodList antiAffinityPods,
            Resources requested,
            long nonZeroMilliCpu,
            long nonZeroMemory,
            List<HostPort> usedPorts) {
        this.node = facts.node;
        this.name = facts.name;
        this.labels = facts.labels;
        this.taints = facts.taints;
        this.allocatable = facts.allocatable;
        this.images = facts.images;
        this.pods = pods;
        this.affinityPods = affinityPods;
        this.antiAffinityPods = antiAffinityPods;
        this.requested = requested;
        this.nonZeroMilliCpu = nonZeroMilliCpu;
        this.nonZeroMemory = nonZeroMemory;
        this.usedPorts = usedPorts;
    }

    private NodeInfo(Node node, Map<String, ImageState> images, @Nullable NodeInfo before) {
        this.node = node;
        this.name = node.getMetadata().getName();
        this.labels = node.getMetadata().getLabels() == null
                ? Map.of()
                : node.getMetadata().getLabels();
        this.taints = node.getSpec() == null ? List.of() : node.getSpec().getTaints();
        this.allocatable =
                Resources.of(node.getStatus() == null ? null : node.getStatus().getAllocatable());
        this.images = ImmutableMap.copyOf(images);
        this.pods = before == null ? PodList.EMPTY : before.pods;
        this.affinityPods = before == null ? PodList.EMPTY : before.affinityPods;
        this.antiAffinityPods = before == null ? PodList.EMPTY : before.antiAffinityPods;
        this.requested = before == null ? Resources.NONE : before.requested;
        this.nonZeroMilliCpu = before == null ? 0 : before.nonZeroMilliCpu;
        this.nonZeroMemory = before == null ? 0 : before.nonZeroMemory;
        this.usedPorts = before == null ? List.of() : before.usedPorts;
    }

    /** A node without pods, the only one there is. */
    public static NodeInfo of(Node node) {
        ImmutableMap.Builder<String, ImageState> images = ImmutableMap.builder();
        if (node.getStatus() != null) {
            for (ContainerImage image : node.getStatus().getImages()) {
                long size = image.getSizeBytes() == null ? 0 : image.getSizeBytes();
                for (String imageName : image.getNames()) {
                    images.put(imageName, new OnOneNode(size));
                }
            }
        }
        return of(node, images.buildKeepingLast());
    }

    /** A node without pods, with what is known of its images. */
    public static NodeInfo of(Node node, Map<String, ImageState> images) {
        return new NodeInfo(node, images, null);
    }

    private record OnOneNode(long size) implements ImageState {
        @Override
        public int nodeCount() {
            return 1;
        }
    }

    /** The same pods on a newer version of the node. */
    public NodeInfo with(Node newer, Map<String, ImageState> newerImages) {
        return new NodeInfo(newer, newerImages, this);
    }

    /** With one pod more. */
    public NodeInfo plus(PodInfo pod) {
        List<HostPort> ports = usedPorts;
        if (!pod.hostPorts().isEmpty()) {
            ports = new ArrayList<>(usedPorts);
            ports.addAll(pod.hostPorts());
        }
        return new NodeInfo(
                this,
                pods.plus(pod),
                pod.hasPodAffinity() ? affinityPods.plus(pod) : affinityPods,
                pod.requiredAntiAffinity().isEmpty() ? antiAffinityPods : antiAffinityPods.plus(pod),
                requested.plus(pod.requests()),
                nonZeroMilliCpu + pod.nonZeroMilliCpu(),
                nonZeroMemory + pod.nonZeroMemory(),
                ports);
    }

    /**
     * Without a pod. The last pod takes its place.
     *
     * @param pod known by its uid; if it isn't here, nothing changes
     */
    public NodeInfo minus(PodInfo pod) {
        int index = pods.indexOfUid(pod.uid());
        if (index < 0) {
            return this;
        }
        PodInfo known = pods.get(index);
        List<HostPort> ports = usedPorts;
        if (!known.hostPorts().isEmpty()) {
            ports = new ArrayList<>(usedPorts);
            for (HostPort port : known.hostPorts()) {
                ports.remove(port);
            }
        }
        return new NodeInfo(
                this,
                pods.minus(index),
                known.hasPodAffinity() ? affinityPods.minus(affinityPods.indexOfUid(known.uid())) : affinityPods,
                known.requiredAntiAffinity().isEmpty()
                        ? antiAffinityPods
                        : antiAffinityPods.minus(antiAffinityPods.indexOfUid(known.uid())),
                requested.minus(known.requests()),
                nonZeroMilliCpu - known.nonZeroMilliCpu(),
                nonZeroMemory - known.nonZeroMemory(),
                ports);
    }

    /** The node itself. */
    public Node node() {
        return node;
    }

    /** Its name. */
    public String name() {
        return name;
    }

    /** Its labels. */
    public Map<String, String> labels() {
        return labels;
    }

    /** Its taints. */
    public List<Taint> taints() {
        return taints;
    }

    /** Whether it is cordoned. */
    public boolean isUnschedulable() {
        return node.getSpec() != null && Boolean.TRUE.equals(node.getSpec().getUnschedulable());
    }

    /** What it has for pods. */
    public Resources allocatable() {
        return allocatable;
    }

    /** What its pods ask for together. */
    public Resources requested() {
        return requested;
    }

    /** CPU of its pods in thousandths of a core, with 100 for each container that asks for none. */
    public long nonZeroMilliCpu() {
        return nonZeroMilliCpu;
    }

    /** Memory of its pods in bytes, with 200 Mi for each container that asks for none. */
    public long nonZeroMemory() {
        return nonZeroMemory;
    }

    /** Its pods, those included that are only assumed to run here. */
    public List<PodInfo> pods() {
        return pods;
    }

    /** Those of its pods that have any affinity or anti-affinity to pods. */
    public List<PodInfo> affinityPods() {
        return affinityPods;
    }

    /** Those of its pods that have required anti-affinity to pods. */
    public List<PodInfo> requiredAntiAffinityPods() {
        return antiAffinityPods;
    }

    /** The ports that its pods take. */
    public List<HostPort> usedPorts() {
        return usedPorts;
    }

    /** An image that it holds, null if it doesn't. */
    public @Nullable ImageState image(String imageName) {
        return images.get(imageName);
    }

    @Override
    public String toString() {
        return name;
    }
}

package dev.amphora.scheduler.testing;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import java.util.function.Consumer;

/**
 * Builds a node. Unless told otherwise it has 4 cores, 16 Gi of memory, room for 110 pods, and its name as its
 * {@code kubernetes.io/hostname}.
 */
public final class TestNode {
    private final NodeBuilder node;

    private TestNode(NodeBuilder node) {
        this.node = node;
    }

    /** A node with a name. */
    public static TestNode node(String name) {
        return new TestNode(new NodeBuilder()
                .withNewMetadata()
                .withName(name)
                .addToLabels("kubernetes.io/hostname", name)
                .endMetadata()
                .withNewSpec()
                .endSpec()
                .withNewStatus()
                .addToAllocatable("cpu", new Quantity("4"))
                .addToAllocatable("memory", new Quantity("16Gi"))
                .addToAllocatable("pods", new Quantity("110"))
                .endStatus());
    }

    /** Another node with everything that one has. */
    public static TestNode of(Node node) {
        return new TestNode(new NodeBuilder(node));
    }

    /** With a label. */
    public TestNode label(String key, String value) {
        return edit(n -> n.editMetadata().addToLabels(key, value).endMetadata());
    }

    /** With an annotation. */
    public TestNode annotation(String key, String value) {
        return edit(n -> n.editMetadata().addToAnnotations(key, value).endMetadata());
    }

    /** In a zone: {@code topology.kubernetes.io/zone}. */
    public TestNode zone(String zone) {
        return label("topology.kubernetes.io/zone", zone);
    }

    /** With so much of a resource for pods, such as {@code ("cpu", "500m")}. */
    public TestNode allocatable(String resource, String amount) {
        return edit(n -> n.editOrNewStatus()
                .addToAllocatable(resource, new Quantity(amount))
                .endStatus());
    }

    /**
     * With a taint.
     *
     * @param effect such as {@code NoSchedule}
     */
    public TestNode taint(String key, String value, String effect) {
        return edit(n -> n.editOrNewSpec()
                .addNewTaint()
                .withKey(key)
                .withValue(value)
                .withEffect(effect)
                .endTaint()
                .endSpec());
    }

    /** Cordoned. */
    public TestNode unschedulable() {
        return edit(n -> n.editOrNewSpec().withUnschedulable(true).endSpec());
    }

    /** With an image. */
    public TestNode image(String name, long sizeBytes) {
        return edit(n -> n.editOrNewStatus()
                .addNewImage()
                .withNames(name)
                .withSizeBytes(sizeBytes)
                .endImage()
                .endStatus());
    }

    /** With whatever else. */
    public TestNode edit(Consumer<NodeBuilder> change) {
        change.accept(node);
        return this;
    }

    /** The node as it is now. */
    public Node build() {
        return node.build();
    }
}

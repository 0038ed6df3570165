package dev.amphora.samples;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.Quantity;

/** The nodes of the reference's benchmark, by number. */
final class NodeTemplates {
    static final String HOSTNAME = "kubernetes.io/hostname";
    static final String ZONE = "topology.kubernetes.io/zone";
    /** The node that {@link #oneThatIsNamed} has. */
    static final String NAMED = "scheduler-perf-node";

    private NodeTemplates() {}

    /** 4 CPU, 32 Gi, 110 pods, and its name as a label. */
    static Node plain(int number) {
        return builder("node-" + number, "110").build();
    }

    /** In one of three zones. */
    static Node inThreeZones(int number) {
        return inZone(number, "zone" + number % 3);
    }

    /** All in one zone. */
    static Node inOneZone(int number) {
        return inZone(number, "zone1");
    }

    /** In one of three zones, as the reference names them for spreading. */
    static Node onMoons(int number) {
        return inZone(number, "moon-" + (number % 3 + 1));
    }

    private static Node inZone(int number, String zone) {
        return builder("node-" + number, "110")
                .editMetadata()
                .addToLabels(ZONE, zone)
                .endMetadata()
                .build();
    }

    /** The first has room for 90,000 pods, and a name that pods may ask for; the others are plain. */
    static Node oneThatIsNamed(int number) {
        return number == 0 ? builder(NAMED, "90000").build() : plain(number);
    }

    /** Each fifth has a taint. */
    static Node someTainted(int number) {
        NodeBuilder node = builder("node-" + number, "110");
        if (number % 5 == 4) {
            node.editSpec()
                    .addNewTaint()
                    .withKey("foo")
                    .withEffect("NoSchedule")
                    .endTaint()
                    .endSpec();
        }
        return node.build();
    }

    /** With one of a resource that no other node has. */
    static Node withItsOwnResource(int number) {
        return with(number, "foo.com/bar-" + number, "1");
    }

    /** Takes 39 volumes. */
    static Node takingVolumes(int number) {
        return with(number, "attachable-volumes-csi-" + StorageTemplates.DRIVER, "39");
    }

    private static Node with(int number, String resource, String amount) {
        return builder("node-" + number, "110")
                .editStatus()
                .addToCapacity(resource, new Quantity(amount))
                .addToAllocatable(resource, new Quantity(amount))
                .endStatus()
                .build();
    }

    private static NodeBuilder builder(String name, String pods) {
        return new NodeBuilder()
                .withNewMetadata()
                .withName(name)
                .addToLabels(HOSTNAME, name)
                .endMetadata()
                .withNewSpec()
                .endSpec()
                .withNewStatus()
                .addToCapacity("cpu", new Quantity("4"))
                .addToCapacity("memory", new Quantity("32Gi"))
                .addToCapacity("pods", new Quantity(pods))
                .addToAllocatable("cpu", new Quantity("4"))
                .addToAllocatable("memory", new Quantity("32Gi"))
                .addToAllocatable("pods", new Quantity(pods))
                .addNewCondition()
                .withType("Ready")
                .withStatus("True")
                .endCondition()
                .endStatus();
    }
}

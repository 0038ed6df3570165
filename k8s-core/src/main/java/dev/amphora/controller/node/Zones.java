package dev.amphora.controller.node;

import io.fabric8.kubernetes.api.model.Node;
import java.util.Map;
import java.util.Objects;

/** How many nodes of a zone are well, and how fast the others may therefore be tainted. */
final class Zones {
    private static final int LARGE = 50;
    private static final double SICK = 0.55;
    private static final double SLOW = 0.1;

    private Zones() {}

    /** How a zone is. */
    enum State {
        /** Most nodes are ready. */
        NORMAL,
        /** So many are not that the fault may be elsewhere. */
        PARTIAL_DISRUPTION,
        /** None is. */
        FULL_DISRUPTION
    }

    /** The zone of a node: region and zone, both empty if the node does not say. */
    static String of(Node node) {
        Map<String, String> labels =
                Objects.requireNonNullElse(node.getMetadata().getLabels(), Map.of());
        return labels.getOrDefault("topology.kubernetes.io/region", "") + ":"
                + labels.getOrDefault("topology.kubernetes.io/zone", "");
    }

    static State state(int ready, int notReady) {
        if (ready == 0 && notReady > 0) {
            return State.FULL_DISRUPTION;
        }
        return notReady > 2 && (double) notReady / (ready + notReady) >= SICK ? State.PARTIAL_DISRUPTION : State.NORMAL;
    }

    /**
     * How many nodes per second may be tainted.
     *
     * @param normal the rate of a healthy zone
     */
    static double rate(State state, int nodes, double normal) {
        if (state != State.PARTIAL_DISRUPTION) {
            return normal;
        }
        return nodes > LARGE ? normal * SLOW : 0;
    }
}

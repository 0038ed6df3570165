package dev.amphora.controller.node;

import dev.amphora.controller.Pods;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeCondition;
import io.fabric8.kubernetes.api.model.NodeConditionBuilder;
import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * When a node was last heard of, by the controller's own clock: what counts is when a changed heartbeat or lease was first seen, not
 * the time that it carries.
 *
 * @param heard when
 * @param heartbeat the heartbeat time that was then seen, null if there was none
 * @param renewal the lease renewal that was then seen, null if there was none
 */
record NodeHealth(Instant heard, @Nullable String heartbeat, @Nullable ZonedDateTime renewal) {
    private static final List<String> SILENCED = List.of("Ready", "MemoryPressure", "DiskPressure", "PIDPressure");

    /** What is known of a node after another look. */
    static NodeHealth observe(@Nullable NodeHealth before, Node node, @Nullable Lease lease, Instant now) {
        NodeCondition ready = condition(node, "Ready");
        String heartbeat = ready == null ? null : ready.getLastHeartbeatTime();
        ZonedDateTime renewal = lease == null || lease.getSpec() == null
                ? null
                : lease.getSpec().getRenewTime();
        if (before == null) {
            Instant created = Pods.time(node.getMetadata().getCreationTimestamp());
            Instant since = ready == null && created != null ? created : now;
            return new NodeHealth(renewal == null ? since : now, heartbeat, renewal);
        }
        boolean renewed = renewal != null && (before.renewal == null || before.renewal.isBefore(renewal));
        return renewed || !Objects.equals(before.heartbeat, heartbeat)
                ? new NodeHealth(now, heartbeat, renewed ? renewal : before.renewal)
                : before;
    }

    /** Whether the node has been silent for longer than it may. */
    boolean isSilent(Duration grace, Instant now) {
        return now.isAfter(heard.plus(grace));
    }

    /** The same, as if the node had been heard of just now. */
    NodeHealth renewed(Instant now) {
        return new NodeHealth(now, heartbeat, renewal);
    }

    static @Nullable NodeCondition condition(Node node, String type) {
        if (node.getStatus() == null || node.getStatus().getConditions() == null) {
            return null;
        }
        for (NodeCondition condition : node.getStatus().getConditions()) {
            if (type.equals(condition.getType())) {
                return condition;
            }
        }
        return null;
    }

    /** The status of the condition Ready; {@code Unknown} if there is none. */
    static String ready(Node node) {
        NodeCondition ready = condition(node, "Ready");
        return ready == null ? "Unknown" : ready.getStatus();
    }

    /** The conditions of a node that has fallen silent. NetworkUnavailable is not the kubelet's and stays. */
    static List<NodeCondition> silenced(Node node, Instant now) {
        List<NodeCondition> conditions = new ArrayList<>(
                node.getStatus() == null || node.getStatus().getConditions() == null
                        ? List.of()
                        : node.getStatus().getConditions());
        for (String type : SILENCED) {
            NodeCondition present = condition(node, type);
            if (present == null) {
                conditions.add(new NodeConditionBuilder()
                        .withType(type)
                        .withStatus("Unknown")
                        .withReason("NodeStatusNeverUpdated")
                        .withMessage("Kubelet never posted node status.")
                        .withLastHeartbeatTime(node.getMetadata().getCreationTimestamp())
                        .withLastTransitionTime(Pods.stamp(now))
                        .build());
            } else if (!"Unknown".equals(present.getStatus())) {
                conditions.replaceAll(condition -> condition == present
                        ? new NodeConditionBuilder(present)
                                .withStatus("Unknown")
                                .withReason("NodeStatusUnknown")
                                .withMessage("Kubelet stopped posting node status.")
                                .withLastTransitionTime(Pods.stamp(now))
                                .build()
                        : condition);
            }
        }
        return conditions;
    }
}

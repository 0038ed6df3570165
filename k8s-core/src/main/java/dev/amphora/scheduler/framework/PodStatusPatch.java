package dev.amphora.scheduler.framework;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.Json;
import dev.amphora.api.ResourceType;
import dev.amphora.client.Client;
import dev.amphora.client.Patch;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodCondition;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A change to the status of a pod, as a strategic merge patch. It holds only what differs from the pod as it is known, and the pod's uid, so
 * that it doesn't hit another pod that has taken the name since.
 */
public final class PodStatusPatch {
    private static final ResourceType<Pod> PODS = ResourceType.of(Pod.class);

    private final PodInfo pod;
    private final ObjectNode status = Json.object();

    /** A change that does nothing yet. */
    public PodStatusPatch(PodInfo pod) {
        this.pod = pod;
    }

    /**
     * Sets a condition. One that has the same status keeps its time.
     *
     * @param type such as {@code PodScheduled}
     * @param value {@code True} or {@code False}
     * @param reason one word
     * @param message for people
     * @param now the time of the change
     */
    public PodStatusPatch condition(String type, String value, String reason, String message, Instant now) {
        PodCondition known = known(type);
        Long generation = pod.pod().getMetadata().getGeneration();
        String since = null;
        if (known != null && value.equals(known.getStatus())) {
            if (reason.equals(known.getReason())
                    && message.equals(known.getMessage())
                    && Objects.equals(generation, known.getObservedGeneration())) {
                return this;
            }
            since = known.getLastTransitionTime();
        }
        ObjectNode condition = status.putArray("conditions").addObject();
        condition.put("type", type);
        if (generation != null) {
            condition.put("observedGeneration", generation);
        }
        condition.put("status", value);
        condition.putNull("lastProbeTime");
        condition.put(
                "lastTransitionTime",
                since == null ? now.truncatedTo(ChronoUnit.SECONDS).toString() : since);
        condition.put("reason", reason);
        condition.put("message", message);
        // without an order a new condition would come first
        ArrayNode order = status.putArray("$setElementOrder/conditions");
        List<String> types = new ArrayList<>();
        for (PodCondition each : conditions()) {
            types.add(each.getType());
        }
        if (known == null) {
            types.add(type);
        }
        types.forEach(each -> order.addObject().put("type", each));
        return this;
    }

    /** Sets the nominated node; empty clears it. */
    public PodStatusPatch nominatedNode(String nodeName) {
        if (!nodeName.equals(pod.nominatedNodeName())) {
            status.put("nominatedNodeName", nodeName.isEmpty() ? null : nodeName);
        }
        return this;
    }

    private @Nullable PodCondition known(String type) {
        for (PodCondition condition : conditions()) {
            if (type.equals(condition.getType())) {
                return condition;
            }
        }
        return null;
    }

    private List<PodCondition> conditions() {
        return pod.pod().getStatus() == null ? List.of() : pod.pod().getStatus().getConditions();
    }

    /** Whether nothing would change. */
    public boolean isEmpty() {
        return status.isEmpty();
    }

    /**
     * Writes the change, if there is any.
     *
     * @throws dev.amphora.api.StatusException if the server refuses
     */
    public void write(Client client) {
        if (!isEmpty()) {
            ObjectNode body = Json.object();
            body.putObject("metadata").put("uid", pod.uid());
            body.set("status", status);
            client.patch(PODS, pod.namespace(), pod.name(), Patch.strategic(body), "status");
        }
    }
}

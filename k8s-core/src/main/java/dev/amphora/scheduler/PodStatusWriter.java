package dev.amphora.scheduler;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.Json;
import dev.amphora.api.ResourceType;
import dev.amphora.api.StatusException;
import dev.amphora.client.Client;
import dev.amphora.client.Patch;
import dev.amphora.kernel.Actor;
import dev.amphora.kernel.Kernel;
import dev.amphora.scheduler.framework.PodInfo;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodCondition;
import java.time.temporal.ChronoUnit;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Writes into the status of pods how their scheduling goes, beside the scheduling cycle and in order. */
final class PodStatusWriter implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(PodStatusWriter.class);
    private static final ResourceType<Pod> PODS = ResourceType.of(Pod.class);

    private final Kernel kernel;
    private final Client client;
    private final Actor actor;

    PodStatusWriter(Kernel kernel, Client client) {
        this.kernel = kernel;
        this.client = client;
        this.actor = kernel.actor("scheduler/status");
    }

    @Override
    public void close() {
        actor.close();
    }

    void execute(Runnable task) {
        actor.execute(task);
    }

    /** Shows the node that a pod is on its way to. */
    void nominate(PodInfo pod, String nodeName) {
        if (!pod.nominatedNodeName().equals(nodeName)) {
            ObjectNode status = Json.object();
            status.put("nominatedNodeName", nodeName);
            write(pod, status);
        }
    }

    /**
     * Says that a pod has not been scheduled. Writes nothing that is there already.
     *
     * @param nominated null leaves the nominated node alone, empty clears it
     */
    void unscheduled(PodInfo pod, String reason, String message, @Nullable String nominated) {
        ObjectNode status = Json.object();
        PodCondition known = scheduled(pod.pod());
        Long generation = pod.pod().getMetadata().getGeneration();
        boolean sameStatus = known != null && "False".equals(known.getStatus());
        if (!sameStatus
                || known == null
                || !reason.equals(known.getReason())
                || !message.equals(known.getMessage())
                || !Objects.equals(generation, known.getObservedGeneration())) {
            String changed = sameStatus && known != null && known.getLastTransitionTime() != null
                    ? known.getLastTransitionTime()
                    : kernel.instant().truncatedTo(ChronoUnit.SECONDS).toString();
            ObjectNode condition = status.putArray("conditions").addObject();
            condition.put("type", "PodScheduled");
            if (generation != null) {
                condition.put("observedGeneration", generation);
            }
            condition.put("status", "False");
            condition.putNull("lastProbeTime");
            condition.put("lastTransitionTime", changed);
            condition.put("reason", reason);
            condition.put("message", message);
        }
        if (nominated != null && !nominated.equals(pod.nominatedNodeName())) {
            if (nominated.isEmpty()) {
                status.putNull("nominatedNodeName");
            } else {
                status.put("nominatedNodeName", nominated);
            }
        }
        if (!status.isEmpty()) {
            write(pod, status);
        }
    }

    private static @Nullable PodCondition scheduled(Pod pod) {
        if (pod.getStatus() != null) {
            for (PodCondition condition : pod.getStatus().getConditions()) {
                if ("PodScheduled".equals(condition.getType())) {
                    return condition;
                }
            }
        }
        return null;
    }

    private void write(PodInfo pod, ObjectNode status) {
        ObjectNode body = Json.object();
        // the precondition keeps the patch from a pod that has taken the name since
        body.putObject("metadata").put("uid", pod.uid());
        body.set("status", status);
        actor.execute(() -> {
            try {
                client.patch(PODS, pod.namespace(), pod.name(), Patch.strategic(body), "status");
            } catch (StatusException e) {
                log.debug("The status of pod {} could not be written: {}", pod, e.getMessage());
            }
        });
    }
}

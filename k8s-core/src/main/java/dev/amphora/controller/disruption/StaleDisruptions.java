package dev.amphora.controller.disruption;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.Json;
import dev.amphora.api.ResourceType;
import dev.amphora.api.StatusException;
import dev.amphora.client.Informer;
import dev.amphora.client.ObjectKey;
import dev.amphora.client.Patch;
import dev.amphora.controller.ControlLoop;
import dev.amphora.controller.Controller;
import dev.amphora.controller.Pods;
import dev.amphora.controller.Result;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodCondition;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** Takes back the note that a pod is about to be disrupted when nobody deletes it within two minutes (PDB-3). */
final class StaleDisruptions implements AutoCloseable {
    private static final ResourceType<Pod> PODS = ResourceType.of(Pod.class);
    private static final String CONDITION = "DisruptionTarget";
    private static final String BY_KUBELET = "TerminationByKubelet";
    private static final Duration PATIENCE = Duration.ofMinutes(2);

    private final ControlLoop<ObjectKey> loop;

    StaleDisruptions(Controller.Context context, String name) {
        Informer<Pod> pods = context.informers().of(PODS);
        loop = new ControlLoop<ObjectKey>(context.kernel(), name + "/stale", 1)
                .<Pod>watch(pods, (old, now, keys) -> {
                    if (now != null && since(now) != null) {
                        keys.accept(ObjectKey.of(now));
                    }
                })
                .start(key -> {
                    Pod pod = pods.find(key).orElse(null);
                    Instant since = pod == null ? null : since(pod);
                    if (pod == null || since == null) {
                        return Result.done();
                    }
                    Instant now = context.kernel().instant();
                    Duration left = Duration.between(now, since.plus(PATIENCE));
                    if (left.isNegative() || left.isZero()) {
                        reset(context, pod, now);
                        return Result.done();
                    }
                    return Result.requeueAfter(left);
                });
    }

    /** Since when a pod is to be disrupted; null if it isn't, or goes, or the kubelet said so, who may take its time. */
    static @Nullable Instant since(Pod pod) {
        if (Pods.isTerminating(pod) || Pods.isTerminal(pod)) {
            return null;
        }
        return Pods.condition(pod, CONDITION)
                .filter(condition -> "True".equals(condition.getStatus()) && !BY_KUBELET.equals(condition.getReason()))
                .map(PodCondition::getLastTransitionTime)
                .map(Pods::time)
                .orElse(null);
    }

    private static void reset(Controller.Context context, Pod pod, Instant now) {
        ObjectNode condition =
                Json.object().put("type", CONDITION).put("status", "False").put("lastTransitionTime", Pods.stamp(now));
        condition.putNull("reason").putNull("message");
        if (pod.getMetadata().getGeneration() != null) {
            condition.put("observedGeneration", pod.getMetadata().getGeneration());
        }
        ObjectNode body = Json.object();
        body.putObject("metadata").put("uid", pod.getMetadata().getUid());
        body.putObject("status").putArray("conditions").add(condition);
        try {
            context.client()
                    .patch(
                            PODS,
                            pod.getMetadata().getNamespace(),
                            pod.getMetadata().getName(),
                            Patch.strategic(body),
                            "status");
        } catch (StatusException e) {
            if (!e.isNotFound()) {
                throw e;
            }
        }
    }

    @Override
    public void close() {
        loop.close();
    }
}

package dev.amphora.controller;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.Json;
import dev.amphora.api.ResourceType;
import dev.amphora.api.StatusException;
import dev.amphora.client.Client;
import dev.amphora.client.DeleteOptions;
import dev.amphora.client.Patch;
import io.fabric8.kubernetes.api.model.Pod;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * Why a controller takes a pod away, told in its condition {@code DisruptionTarget} before it goes.
 *
 * @param reason such as {@code DeletionByTaintManager}
 * @param message for people
 */
public record Disruption(String reason, String message) {
    private static final ResourceType<Pod> PODS = ResourceType.of(Pod.class);

    /**
     * Marks a pod and deletes it.
     *
     * @param disruption null to delete it without a condition
     * @param force whether a pod that has not ended is first said to have failed, and then goes without a grace period
     */
    public static void delete(Client client, Pod pod, @Nullable Disruption disruption, boolean force, Instant now) {
        String namespace = pod.getMetadata().getNamespace();
        String name = pod.getMetadata().getName();
        try {
            ObjectNode status = Json.object();
            if (force && !Pods.isTerminal(pod)) {
                status.put("phase", "Failed");
            }
            if (disruption != null && (!force || !Pods.isTerminal(pod))) {
                status.putArray("conditions").add(disruption.condition(pod, now));
            }
            if (!status.isEmpty()) {
                ObjectNode body = Json.object();
                body.putObject("metadata").put("uid", pod.getMetadata().getUid());
                body.set("status", status);
                client.patch(PODS, namespace, name, Patch.strategic(body), "status");
            }
            DeleteOptions options =
                    DeleteOptions.defaults().onlyUid(pod.getMetadata().getUid());
            client.delete(PODS, namespace, name, force ? options.withGracePeriod(0) : options);
        } catch (StatusException e) {
            // gone, or another pod by that name
            if (!e.isNotFound() && !(e.isConflict() && force)) {
                throw e;
            }
        }
    }

    private ObjectNode condition(Pod pod, Instant now) {
        ObjectNode condition = Json.object()
                .put("type", "DisruptionTarget")
                .put("status", "True")
                .put("reason", reason)
                .put("message", message)
                .put("lastTransitionTime", Pods.stamp(now));
        if (pod.getMetadata().getGeneration() != null) {
            condition.put("observedGeneration", pod.getMetadata().getGeneration());
        }
        return condition;
    }
}

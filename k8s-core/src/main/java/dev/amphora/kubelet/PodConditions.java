package dev.amphora.kubelet;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerStatus;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodCondition;
import io.fabric8.kubernetes.api.model.PodConditionBuilder;
import io.fabric8.kubernetes.api.model.PodReadinessGate;
import io.fabric8.kubernetes.api.model.PodStatus;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The conditions that a kubelet writes into a pod's status, in the reference's order and words. */
final class PodConditions {
    private static final Set<String> OWNED =
            Set.of("PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled");

    private record Verdict(boolean holds, @Nullable String reason, @Nullable String message) {
        static Verdict yes(@Nullable String reason) {
            return new Verdict(true, reason, null);
        }

        static Verdict no(String reason, @Nullable String message) {
            return new Verdict(false, reason, message);
        }
    }

    private final Pod pod;
    private final PodStatus status;
    private final String phase;
    private final boolean sandboxReady;
    private final String now;
    private final List<PodCondition> before;

    /**
     * Conditions for a status.
     *
     * @param pod as the API last gave it
     * @param status with its container statuses
     * @param phase the phase that the conditions are to follow
     * @param sandboxReady whether the pod's network is there
     */
    PodConditions(Pod pod, PodStatus status, String phase, boolean sandboxReady, Instant now) {
        this.pod = pod;
        this.status = status;
        this.phase = phase;
        this.sandboxReady = sandboxReady;
        this.now = PodStatuses.stamp(now);
        this.before = pod.getStatus() == null ? List.of() : pod.getStatus().getConditions();
    }

    /** Sets the conditions of the status. Those of others are kept as they are. */
    void write() {
        List<PodCondition> conditions = new ArrayList<>();
        for (PodCondition condition : before) {
            if (!OWNED.contains(condition.getType())) {
                conditions.add(condition);
            }
        }
        Verdict containers = containersReady();
        conditions.add(condition("PodReadyToStartContainers", new Verdict(sandboxReady, null, null)));
        conditions.add(condition("Initialized", initialized()));
        conditions.add(condition("Ready", ready(containers)));
        conditions.add(condition("ContainersReady", containers));
        conditions.add(condition("PodScheduled", Verdict.yes(null)));
        status.setConditions(conditions);
    }

    private PodCondition condition(String type, Verdict verdict) {
        String value = verdict.holds ? "True" : "False";
        String since = now;
        for (PodCondition old : before) {
            if (old.getType().equals(type) && value.equals(old.getStatus()) && old.getLastTransitionTime() != null) {
                since = old.getLastTransitionTime();
            }
        }
        return new PodConditionBuilder()
                .withType(type)
                .withObservedGeneration(status.getObservedGeneration())
                .withStatus(value)
                .withLastTransitionTime(since)
                .withReason(verdict.reason)
                .withMessage(verdict.message)
                .build();
    }

    private Verdict initialized() {
        if (phase.equals("Succeeded")) {
            return Verdict.yes("PodCompleted");
        }
        boolean mainBegun = status.getContainerStatuses().stream()
                .anyMatch(container -> container.getState().getWaiting() == null || PodStatuses.endedBefore(container));
        List<String> incomplete = new ArrayList<>();
        for (int i = 0; i < status.getInitContainerStatuses().size(); i++) {
            ContainerStatus init = status.getInitContainerStatuses().get(i);
            boolean done = PodSpecs.isSidecar(pod.getSpec().getInitContainers().get(i))
                    ? Boolean.TRUE.equals(init.getStarted())
                    : Boolean.TRUE.equals(init.getReady());
            if (!done) {
                incomplete.add(init.getName());
            }
        }
        return incomplete.isEmpty() || mainBegun
                ? Verdict.yes(null)
                : Verdict.no(
                        "ContainersNotInitialized",
                        "containers with incomplete status: [" + String.join(" ", incomplete) + "]");
    }

    private Verdict containersReady() {
        if (phase.equals("Succeeded")) {
            return Verdict.no("PodCompleted", null);
        }
        if (phase.equals("Failed")) {
            return Verdict.no("PodFailed", null);
        }
        List<String> unready = new ArrayList<>();
        List<Container> inits = pod.getSpec().getInitContainers();
        for (int i = 0; i < inits.size(); i++) {
            ContainerStatus init = status.getInitContainerStatuses().get(i);
            if (PodSpecs.isSidecar(inits.get(i)) && !Boolean.TRUE.equals(init.getReady())) {
                unready.add(init.getName());
            }
        }
        for (ContainerStatus container : status.getContainerStatuses()) {
            if (!Boolean.TRUE.equals(container.getReady())) {
                unready.add(container.getName());
            }
        }
        return unready.isEmpty()
                ? Verdict.yes(null)
                : Verdict.no(
                        "ContainersNotReady", "containers with unready status: [" + String.join(" ", unready) + "]");
    }

    private Verdict ready(Verdict containers) {
        if (!containers.holds) {
            return containers;
        }
        List<String> missing = new ArrayList<>();
        for (PodReadinessGate gate : pod.getSpec().getReadinessGates()) {
            String type = gate.getConditionType();
            PodCondition found = before.stream()
                    .filter(condition -> condition.getType().equals(type))
                    .findFirst()
                    .orElse(null);
            if (found == null) {
                missing.add("corresponding condition of pod readiness gate \"" + type + "\" does not exist.");
            } else if (!"True".equals(found.getStatus())) {
                missing.add(
                        "the status of pod readiness gate \"" + type + "\" is not \"True\", but " + found.getStatus());
            }
        }
        return missing.isEmpty() ? Verdict.yes(null) : Verdict.no("ReadinessGatesNotReady", String.join(", ", missing));
    }
}

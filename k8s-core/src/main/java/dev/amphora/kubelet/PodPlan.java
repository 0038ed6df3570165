package dev.amphora.kubelet;

import dev.amphora.kubelet.ContainerRuntime.ContainerState;
import dev.amphora.kubelet.ContainerRuntime.ContainerStatus;
import dev.amphora.kubelet.ContainerRuntime.PodState;
import dev.amphora.kubelet.ContainerRuntime.SandboxStatus;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.Pod;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What is to be done for a pod, from what its spec wants and what the runtime has: a pure function.
 *
 * @param finished whether the pod has come to its end: everything that still runs is to be stopped
 * @param newSandbox whether a sandbox is to be made
 * @param oldSandbox the sandbox that is no longer good, null for none
 * @param attempt the number of the new sandbox
 * @param kills containers to be stopped, before others are started
 * @param starts containers to be started, in order
 */
record PodPlan(
        boolean finished,
        boolean newSandbox,
        @Nullable SandboxStatus oldSandbox,
        int attempt,
        List<Kill> kills,
        List<Start> starts) {

    /** A container to be stopped, and why. */
    record Kill(Container container, ContainerStatus status, String message, Cause cause) {}

    /** Why a container is stopped while its pod lives on. */
    enum Cause {
        /** Its startup probe failed. */
        STARTUP,
        /** Its liveness probe failed. */
        LIVENESS,
        /** Its image in the spec is another. */
        CHANGED
    }

    /** A container to be started; init containers come with their own field path. */
    record Start(Container container, boolean init) {}

    /** What the probes say about a container. */
    interface Health {
        /** Whether the container with this id has passed its startup probe. */
        boolean started(String containerId);

        /** Whether its startup probe has failed for good. */
        boolean startupFailed(String containerId);

        /** Whether its liveness probe has failed for good. */
        boolean livenessFailed(String containerId);
    }

    private static final PodPlan DONE = new PodPlan(true, false, null, 0, List.of(), List.of());

    /** The newest container of a name, null if there is none. */
    static @Nullable ContainerStatus newest(PodState state, String name) {
        for (ContainerStatus status : state.containers()) {
            if (status.name().equals(name)) {
                return status;
            }
        }
        return null;
    }

    /** Plans the next pass. */
    static PodPlan of(Pod pod, PodState state, Health health) {
        SandboxStatus sandbox =
                state.sandboxes().isEmpty() ? null : state.sandboxes().get(0);
        return sandbox == null || !sandbox.ready()
                ? withoutSandbox(pod, state, sandbox)
                : withSandbox(pod, state, sandbox, health);
    }

    private static PodPlan withoutSandbox(Pod pod, PodState state, @Nullable SandboxStatus old) {
        int attempt = old == null ? 0 : old.attempt() + 1;
        boolean ranBefore = !state.containers().isEmpty();
        if (old != null && ranBefore && PodSpecs.restartPolicy(pod).equals("Never")) {
            return DONE;
        }
        List<Start> wanted = new ArrayList<>();
        for (Container container : pod.getSpec().getContainers()) {
            ContainerStatus status = newest(state, container.getName());
            if (status == null
                    || status.state() != ContainerState.EXITED
                    || PodSpecs.restarts(pod, container, status.exitCode())) {
                wanted.add(new Start(container, false));
            }
        }
        if (wanted.isEmpty()) {
            return DONE;
        }
        List<Container> inits = pod.getSpec().getInitContainers();
        List<Start> starts = inits.isEmpty() ? wanted : List.of(new Start(inits.get(0), true));
        return new PodPlan(false, true, old, attempt, List.of(), starts);
    }

    private static PodPlan withSandbox(Pod pod, PodState state, SandboxStatus sandbox, Health health) {
        List<Kill> kills = new ArrayList<>();
        List<Start> starts = new ArrayList<>();
        for (Container container : PodSpecs.ephemeral(pod)) {
            // once begun they are never started again
            if (newest(state, container.getName()) == null) {
                starts.add(new Start(container, false));
            }
        }
        boolean mainBegun = pod.getSpec().getContainers().stream()
                .anyMatch(container -> current(state, sandbox, container) != null);
        for (Container init : pod.getSpec().getInitContainers()) {
            ContainerStatus status = current(state, sandbox, init);
            boolean next = PodSpecs.isSidecar(init)
                    ? sidecar(init, status, health, kills, starts) || mainBegun
                    : mainBegun || initDone(status);
            if (next) {
                continue;
            }
            if (!PodSpecs.isSidecar(init) && (status == null || status.state() != ContainerState.RUNNING)) {
                if (status != null
                        && status.state() == ContainerState.EXITED
                        && !initRestarts(pod, init, status.exitCode())) {
                    return DONE;
                }
                starts.add(new Start(init, true));
            }
            return new PodPlan(false, false, null, 0, kills, starts);
        }
        boolean alive = false;
        for (Container container : pod.getSpec().getContainers()) {
            alive |= main(pod, container, newest(state, container.getName()), health, kills, starts);
        }
        return alive ? new PodPlan(false, false, null, 0, kills, starts) : DONE;
    }

    /** Plans for a sidecar; tells whether the next init container may begin. */
    private static boolean sidecar(
            Container init, @Nullable ContainerStatus status, Health health, List<Kill> kills, List<Start> starts) {
        if (status == null || status.state() != ContainerState.RUNNING) {
            starts.add(new Start(init, true));
            return false;
        }
        Kill kill = unhealthy(init, status, health);
        if (kill != null) {
            kills.add(kill);
            starts.add(new Start(init, true));
            return false;
        }
        return health.started(status.id());
    }

    /** Plans for an ordinary container; tells whether it keeps the pod alive. */
    private static boolean main(
            Pod pod,
            Container container,
            @Nullable ContainerStatus status,
            Health health,
            List<Kill> kills,
            List<Start> starts) {
        if (status == null || status.state() == ContainerState.CREATED || status.state() == ContainerState.UNKNOWN) {
            starts.add(new Start(container, false));
            return true;
        }
        if (status.state() == ContainerState.EXITED) {
            boolean again = PodSpecs.restarts(pod, container, status.exitCode());
            if (again) {
                starts.add(new Start(container, false));
            }
            return again;
        }
        Kill kill = unhealthy(container, status, health);
        if (kill == null) {
            return true;
        }
        boolean again = kill.cause == Cause.CHANGED || PodSpecs.restarts(pod, container, 137);
        kills.add(again ? kill : new Kill(container, status, "Stopping container " + container.getName(), kill.cause));
        if (again) {
            starts.add(new Start(container, false));
        }
        return again;
    }

    private static @Nullable Kill unhealthy(Container container, ContainerStatus status, Health health) {
        String name = container.getName();
        if (!status.image().isEmpty()
                && !PodSpecs.image(container).equals(status.image())
                && !status.imageId().equals(container.getImage())
                && differs(PodSpecs.image(container), status.image())) {
            return new Kill(
                    container, status, "Container " + name + " definition changed, will be restarted", Cause.CHANGED);
        }
        if (health.startupFailed(status.id())) {
            return new Kill(
                    container, status, "Container " + name + " failed startup probe, will be restarted", Cause.STARTUP);
        }
        if (health.livenessFailed(status.id())) {
            return new Kill(
                    container,
                    status,
                    "Container " + name + " failed liveness probe, will be restarted",
                    Cause.LIVENESS);
        }
        return null;
    }

    /** Whether two image names are surely not the same: an engine may answer with a fuller name or an id. */
    private static boolean differs(String wanted, String got) {
        return !got.startsWith("sha256:") && !got.endsWith("/" + wanted) && !got.startsWith(wanted + "@");
    }

    private static boolean initDone(@Nullable ContainerStatus status) {
        return status != null && status.state() == ContainerState.EXITED && status.exitCode() == 0;
    }

    private static boolean initRestarts(Pod pod, Container init, int exitCode) {
        if (!init.getRestartPolicyRules().isEmpty() || init.getRestartPolicy() != null) {
            return PodSpecs.restarts(pod, init, exitCode);
        }
        return !PodSpecs.restartPolicy(pod).equals("Never");
    }

    /** The newest container of a name in the sandbox that counts: init containers run once per sandbox. */
    private static @Nullable ContainerStatus current(PodState state, SandboxStatus sandbox, Container container) {
        for (ContainerStatus status : state.containers()) {
            if (status.name().equals(container.getName()) && status.sandboxId().equals(sandbox.id())) {
                return status;
            }
        }
        return null;
    }
}

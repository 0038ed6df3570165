package dev.amphora.kubelet;

import dev.amphora.kubelet.ContainerRuntime.ContainerConfig;
import dev.amphora.kubelet.ContainerRuntime.ContainerState;
import dev.amphora.kubelet.ContainerRuntime.ContainerStatus;
import dev.amphora.kubelet.ContainerRuntime.Mount;
import dev.amphora.kubelet.ContainerRuntime.PodState;
import dev.amphora.kubelet.ContainerRuntime.SandboxConfig;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.Pod;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** Starts one container of a pod: back-off, image, configuration, creation, start, hook. */
final class ContainerLauncher {
    private final Agent agent;
    private final ImagePuller images;
    private final PodFiles files;
    private final Hooks hooks;
    private final PodKiller killer;
    private final Backoffs restarts;

    ContainerLauncher(Agent agent, ImagePuller images, PodFiles files, Hooks hooks, PodKiller killer) {
        this.agent = agent;
        this.images = images;
        this.files = files;
        this.hooks = hooks;
        this.killer = killer;
        this.restarts =
                new Backoffs(agent.config().restartBackoff(), agent.config().maxRestartBackoff());
    }

    /**
     * One start.
     *
     * @param pod as the API last gave it
     * @param container what to start
     * @param state what the runtime had of the pod when this was planned
     * @param sandboxId where to start it
     * @param sandbox what the sandbox was made from
     * @param podIp the pod's address
     * @param volumes by name
     */
    record Launch(
            Pod pod,
            Container container,
            PodState state,
            String sandboxId,
            SandboxConfig sandbox,
            String podIp,
            Map<String, Path> volumes) {}

    /** Forgets a pod's back-offs. */
    void forget(String podUid) {
        restarts.forget(podUid + "/");
        images.forget(podUid);
    }

    /** When a container that could not be started may be, null if nothing holds it back. */
    @Nullable Instant retryAt(Pod pod, Container container, PodState state) {
        ContainerStatus last = lastEnded(state, container);
        if (last != null && last.finishedAt() != null) {
            Duration left = restarts.left(key(pod, container), last.finishedAt(), agent.now());
            if (!left.isZero()) {
                return agent.now().plus(left);
            }
        }
        return images.retryAt(pod, container);
    }

    /** Starts a container, or fails with a {@link StartFailure}. */
    CompletionStage<Void> start(Launch launch) {
        CompletableFuture<Void> done = new CompletableFuture<>();
        Pod pod = launch.pod;
        Container container = launch.container;
        ContainerStatus last = lastEnded(launch.state, container);
        if (last != null && last.finishedAt() != null) {
            String key = key(pod, container);
            if (!restarts.left(key, last.finishedAt(), agent.now()).isZero()) {
                event(
                        launch,
                        "Warning",
                        "BackOff",
                        "Back-off restarting failed container " + container.getName() + " in pod "
                                + PodSpecs.fullName(pod));
                done.completeExceptionally(new StartFailure(
                        "CrashLoopBackOff",
                        "back-off " + GoText.duration(restarts.current(key)) + " restarting failed container="
                                + container.getName() + " pod=" + PodSpecs.fullName(pod)));
                return done;
            }
            restarts.next(key, last.finishedAt());
        }
        agent.then(
                images.ensure(pod, container),
                imageId -> create(launch, imageId, attempt(launch), done),
                error -> fail(launch, error, done));
        return done;
    }

    /** The end that a restart is counted from; a container that has only just been killed does not count yet. */
    private static @Nullable ContainerStatus lastEnded(PodState state, Container container) {
        return state.containers().stream()
                .filter(status -> status.name().equals(container.getName()) && status.state() == ContainerState.EXITED)
                .findFirst()
                .orElse(null);
    }

    /** How many containers of this name there have been: as the runtime says, else as the status says. */
    private static int attempt(Launch launch) {
        ContainerStatus last = PodPlan.newest(launch.state, launch.container.getName());
        if (last != null) {
            return last.attempt() + 1;
        }
        if (launch.pod.getStatus() != null) {
            for (var statuses : List.of(
                    launch.pod.getStatus().getContainerStatuses(),
                    launch.pod.getStatus().getInitContainerStatuses())) {
                for (var status : statuses) {
                    boolean ran = status.getContainerID() != null
                            && !status.getContainerID().isEmpty();
                    if (status.getName().equals(launch.container.getName()) && ran) {
                        return status.getRestartCount() + 1;
                    }
                }
            }
        }
        return 0;
    }

    /** The container whose processes a container for debugging sees, null for none. */
    private static @Nullable String target(Launch launch) {
        String name = PodSpecs.target(launch.pod, launch.container);
        ContainerStatus target = name == null ? null : PodPlan.newest(launch.state, name);
        return target == null || target.state() != ContainerState.RUNNING ? null : target.id();
    }

    private void create(Launch launch, String imageId, int attempt, CompletableFuture<Void> done) {
        ContainerConfig config;
        try {
            Map<String, String> env = Environment.of(agent, launch.pod, launch.container, launch.podIp);
            List<Mount> mounts = new ArrayList<>(ContainerConfigs.mounts(launch.container, launch.volumes, env));
            if (agent.runtime().seesHostFiles()) {
                mounts.add(new Mount(
                        files.terminationLog(launch.pod, launch.container.getName(), attempt)
                                .toString(),
                        ContainerConfigs.terminationPath(launch.container),
                        false));
            }
            config = ContainerConfigs.container(
                    launch.pod, launch.container, attempt, imageId, env, mounts, target(launch), agent.config());
        } catch (RuntimeException e) {
            fail(
                    launch,
                    e instanceof StartFailure ? e : new StartFailure("CreateContainerConfigError", Agent.message(e)),
                    done);
            return;
        }
        agent.then(
                agent.runtime().createContainer(launch.sandboxId, config, launch.sandbox),
                id -> {
                    event(launch, "Normal", "Created", "Container created");
                    run(launch, id, done);
                },
                error -> fail(launch, new StartFailure("CreateContainerError", Agent.message(error)), done));
    }

    private void run(Launch launch, String id, CompletableFuture<Void> done) {
        Container container = launch.container;
        agent.then(
                agent.runtime().startContainer(id),
                nothing -> {
                    event(launch, "Normal", "Started", "Container started");
                    if (container.getLifecycle() == null
                            || container.getLifecycle().getPostStart() == null) {
                        done.complete(null);
                        return;
                    }
                    agent.then(
                            hooks.run(
                                    launch.pod,
                                    container,
                                    id,
                                    container.getLifecycle().getPostStart(),
                                    launch.podIp),
                            problem -> {
                                if (problem == null) {
                                    done.complete(null);
                                } else {
                                    hookFailed(launch, id, problem, done);
                                }
                            },
                            done::completeExceptionally);
                },
                error -> fail(launch, new StartFailure("RunContainerError", Agent.message(error)), done));
    }

    private void hookFailed(Launch launch, String id, String problem, CompletableFuture<Void> done) {
        event(launch, "Warning", "FailedPostStartHook", "PostStartHook failed");
        PodKiller.Victim victim = new PodKiller.Victim(launch.container, id, "FailedPostStartHook", launch.podIp);
        agent.then(
                killer.kill(launch.pod, victim, PodSpecs.grace(launch.pod)),
                nothing -> done.completeExceptionally(new StartFailure("PostStartHookError", problem)),
                error -> done.completeExceptionally(new StartFailure("PostStartHookError", problem)));
    }

    private void fail(Launch launch, Throwable error, CompletableFuture<Void> done) {
        StartFailure failure = error instanceof StartFailure known
                ? known
                : new StartFailure("CreateContainerError", Agent.message(error));
        boolean ofImage =
                switch (failure.reason()) {
                    case "ErrImagePull",
                            "ImagePullBackOff",
                            "RegistryUnavailable",
                            "ErrImageNeverPull",
                            "InvalidImageName",
                            "ImageInspectError" -> true;
                    default -> false;
                };
        event(launch, "Warning", "Failed", "Error: " + (ofImage ? failure.reason() : failure.text()));
        done.completeExceptionally(failure);
    }

    private void event(Launch launch, String type, String reason, String message) {
        agent.containerEvent(launch.pod, launch.container.getName(), type, reason, message);
    }

    private static String key(Pod pod, Container container) {
        return PodSpecs.uid(pod) + "/" + container.getName();
    }
}

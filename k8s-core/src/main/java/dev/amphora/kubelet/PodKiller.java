package dev.amphora.kubelet;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.Pod;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * Stops containers: first the hook, then the stop signal with what is left of the grace period, at least two seconds. The containers
 * of a pod stop side by side, its sidecars after them in reverse order.
 */
final class PodKiller {
    private static final Duration MIN_GRACE = Duration.ofSeconds(2);

    /**
     * A container to be stopped.
     *
     * @param container its spec
     * @param id its id
     * @param message of the event
     * @param podIp where its hook is reached
     */
    record Victim(Container container, String id, String message, String podIp) {}

    private final Agent agent;
    private final Hooks hooks;

    PodKiller(Agent agent, Hooks hooks) {
        this.agent = agent;
        this.hooks = hooks;
    }

    /** Stops one container. */
    CompletionStage<Void> kill(Pod pod, Victim victim, long graceSeconds) {
        announce(pod, victim);
        return stop(pod, victim, agent.now(), graceSeconds);
    }

    /**
     * Stops all containers of a pod.
     *
     * @param victims those that run, sidecars among them
     */
    CompletionStage<Void> killAll(Pod pod, List<Victim> victims, long graceSeconds) {
        List<Victim> sidecars = new ArrayList<>();
        List<Victim> others = new ArrayList<>();
        for (Victim victim : victims) {
            announce(pod, victim);
            boolean init = pod.getSpec().getInitContainers().contains(victim.container);
            (init && PodSpecs.isSidecar(victim.container) ? sidecars : others).add(victim);
        }
        Instant begin = agent.now();
        List<CompletableFuture<Void>> stops = new ArrayList<>();
        for (Victim victim : others) {
            stops.add(stop(pod, victim, begin, graceSeconds).toCompletableFuture());
        }
        CompletionStage<Void> chain = CompletableFuture.allOf(stops.toArray(CompletableFuture[]::new));
        for (int i = sidecars.size() - 1; i >= 0; i--) {
            Victim sidecar = sidecars.get(i);
            chain = chain.thenComposeAsync(nothing -> stop(pod, sidecar, begin, graceSeconds), agent.actor());
        }
        return chain;
    }

    private void announce(Pod pod, Victim victim) {
        agent.containerEvent(pod, victim.container.getName(), "Normal", "Killing", victim.message);
    }

    private CompletionStage<Void> stop(Pod pod, Victim victim, Instant begin, long graceSeconds) {
        Duration grace = Duration.ofSeconds(graceSeconds);
        CompletableFuture<Void> ready = new CompletableFuture<>();
        boolean hook = victim.container.getLifecycle() != null
                && victim.container.getLifecycle().getPreStop() != null;
        Duration left = grace.minus(Duration.between(begin, agent.now()));
        if (hook && graceSeconds > 0 && !left.isNegative() && !left.isZero()) {
            agent.then(
                    hooks.run(
                            pod,
                            victim.container,
                            victim.id,
                            victim.container.getLifecycle().getPreStop(),
                            victim.podIp),
                    problem -> {
                        if (problem != null) {
                            agent.containerEvent(
                                    pod,
                                    victim.container.getName(),
                                    "Warning",
                                    "FailedPreStopHook",
                                    "PreStopHook failed");
                        }
                        ready.complete(null);
                    },
                    error -> ready.complete(null));
            agent.actor().schedule(left, () -> ready.complete(null));
        } else {
            ready.complete(null);
        }
        return ready.thenComposeAsync(
                nothing -> {
                    Duration rest = grace.minus(Duration.between(begin, agent.now()));
                    return agent.runtime().stopContainer(victim.id, rest.compareTo(MIN_GRACE) < 0 ? MIN_GRACE : rest);
                },
                agent.actor());
    }
}

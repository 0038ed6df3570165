package dev.amphora.kubelet;

import dev.amphora.kernel.Actor.Timer;
import dev.amphora.kubelet.ContainerRuntime.ContainerState;
import dev.amphora.kubelet.ContainerRuntime.ContainerStatus;
import dev.amphora.kubelet.ContainerRuntime.PodState;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Probe;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The probes of one pod's running containers, one worker for each. A readiness worker begins at once, the others after a period. Until
 * a startup probe has passed only that one runs. A result counts after as many of its kind in a row as the probe's threshold says.
 */
final class PodProbes implements PodPlan.Health, PodStatuses.Readiness {
    private final Agent agent;
    private final ProbeCall call;
    private final Runnable onChange;
    private final Map<String, Probed> probed = new LinkedHashMap<>();
    private Pod pod;
    private boolean ending;

    PodProbes(Agent agent, Pod pod, Runnable onChange) {
        this.agent = agent;
        this.pod = pod;
        this.call = new ProbeCall(agent);
        this.onChange = onChange;
    }

    /** Takes note of what runs: new containers are probed, those that are gone no more. */
    void update(Pod current, PodState state, String podIp) {
        pod = current;
        Set<String> running = new LinkedHashSet<>();
        for (ContainerStatus status : state.containers()) {
            if (status.state() == ContainerState.RUNNING) {
                running.add(status.id());
                if (!probed.containsKey(status.id())) {
                    begin(status, podIp);
                }
            }
        }
        probed.entrySet().removeIf(entry -> {
            if (running.contains(entry.getKey())) {
                return false;
            }
            entry.getValue().close();
            return true;
        });
    }

    /** The pod is being ended: nobody is asked any more, and what was last known stays. */
    void podEnds() {
        ending = true;
        probed.values().forEach(Probed::close);
    }

    void close() {
        probed.values().forEach(Probed::close);
        probed.clear();
    }

    @Override
    public boolean started(String containerId) {
        Probed container = probed.get(containerId);
        return container != null && container.started;
    }

    @Override
    public boolean ready(String containerId) {
        Probed container = probed.get(containerId);
        return container != null && container.started && container.ready;
    }

    @Override
    public boolean startupFailed(String containerId) {
        Probed container = probed.get(containerId);
        return container != null && container.startupFailed;
    }

    @Override
    public boolean livenessFailed(String containerId) {
        Probed container = probed.get(containerId);
        return container != null && container.livenessFailed;
    }

    private void begin(ContainerStatus status, String podIp) {
        Container container = Stream.concat(
                        pod.getSpec().getContainers().stream(), pod.getSpec().getInitContainers().stream())
                .filter(candidate -> candidate.getName().equals(status.name()))
                .findFirst()
                .orElse(null);
        if (container == null) {
            return;
        }
        Probed fresh = new Probed(status, container, podIp);
        probed.put(status.id(), fresh);
        boolean known = knownBefore(fresh);
        if (container.getStartupProbe() != null && !fresh.started) {
            fresh.workers.add(new Worker(fresh, ProbeType.STARTUP, container.getStartupProbe()));
        }
        if (container.getReadinessProbe() != null) {
            fresh.ready &= known;
            fresh.workers.add(new Worker(fresh, ProbeType.READINESS, container.getReadinessProbe()));
        }
        if (container.getLivenessProbe() != null) {
            fresh.workers.add(new Worker(fresh, ProbeType.LIVENESS, container.getLivenessProbe()));
        }
        if (!ending) {
            fresh.workers.forEach(Worker::begin);
        }
    }

    /** A container that ran before this kubelet did is taken to be as its status says. */
    private boolean knownBefore(Probed fresh) {
        if (pod.getStatus() == null) {
            return false;
        }
        for (var statuses :
                List.of(pod.getStatus().getContainerStatuses(), pod.getStatus().getInitContainerStatuses())) {
            for (var status : statuses) {
                String id = status.getContainerID();
                if (id != null
                        && id.endsWith("://" + fresh.id)
                        && status.getState().getRunning() != null) {
                    fresh.started |= Boolean.TRUE.equals(status.getStarted());
                    fresh.ready = Boolean.TRUE.equals(status.getReady());
                    return true;
                }
            }
        }
        return false;
    }

    /** What is known about one running container. */
    private static final class Probed {
        final String id;
        final Container container;
        final String podIp;
        final Instant startedAt;
        final List<Worker> workers = new ArrayList<>(0);
        boolean started;
        boolean ready = true;
        boolean startupFailed;
        boolean livenessFailed;

        Probed(ContainerStatus status, Container container, String podIp) {
            this.id = status.id();
            this.container = container;
            this.podIp = podIp;
            this.startedAt = status.startedAt() == null ? status.createdAt() : status.startedAt();
            this.started = container.getStartupProbe() == null;
        }

        void close() {
            workers.forEach(Worker::close);
        }
    }

    private final class Worker {
        final ProbeType type;
        private final Probed target;
        private final Probe probe;
        private final Duration period;
        private @Nullable Timer timer;
        private boolean closed;
        private boolean asking;
        private boolean lastPassed;
        private int inARow;

        Worker(Probed target, ProbeType type, Probe probe) {
            this.target = target;
            this.type = type;
            this.probe = probe;
            this.period = Duration.ofSeconds(positive(probe.getPeriodSeconds(), 10));
        }

        void begin() {
            if (type == ProbeType.READINESS) {
                tick();
            } else {
                timer = agent.actor().schedule(period, this::tick);
            }
        }

        void close() {
            closed = true;
            if (timer != null) {
                timer.cancel();
            }
        }

        private void tick() {
            if (closed) {
                return;
            }
            if (timer != null) {
                timer.cancel();
            }
            timer = agent.actor().schedule(period, this::tick);
            Integer delay = probe.getInitialDelaySeconds();
            boolean tooEarly = delay != null && agent.now().isBefore(target.startedAt.plusSeconds(delay));
            if (asking || tooEarly || target.started == (type == ProbeType.STARTUP)) {
                return;
            }
            asking = true;
            ProbeCall.Subject subject = new ProbeCall.Subject(pod, target.container, target.id, target.podIp);
            agent.then(call.ask(subject, probe), this::answered, error -> errored(Agent.message(error)));
        }

        private void errored(String message) {
            asking = false;
            if (!closed) {
                agent.containerEvent(
                        pod,
                        target.container.getName(),
                        "Warning",
                        "Unhealthy",
                        type.title() + " probe errored and resulted in unknown state: " + message);
            }
        }

        private void answered(ProbeCall.Outcome outcome) {
            asking = false;
            if (closed) {
                return;
            }
            if (outcome.warning()) {
                agent.containerEvent(
                        pod,
                        target.container.getName(),
                        "Warning",
                        "ProbeWarning",
                        type.title() + " probe warning: " + outcome.output());
            } else if (!outcome.passed()) {
                agent.containerEvent(
                        pod,
                        target.container.getName(),
                        "Warning",
                        "Unhealthy",
                        type.title() + " probe failed: " + outcome.output());
            }
            inARow = outcome.passed() == lastPassed ? inARow + 1 : 1;
            lastPassed = outcome.passed();
            int threshold = outcome.passed()
                    ? positive(probe.getSuccessThreshold(), 1)
                    : positive(probe.getFailureThreshold(), 3);
            if (inARow >= threshold) {
                count(outcome.passed());
            }
        }

        private void count(boolean passed) {
            boolean changed =
                    switch (type) {
                        case STARTUP -> {
                            boolean before = target.started || target.startupFailed;
                            target.started |= passed;
                            target.startupFailed |= !passed;
                            yield !before;
                        }
                        case READINESS -> {
                            boolean before = target.ready;
                            target.ready = passed;
                            yield before != passed;
                        }
                        case LIVENESS -> {
                            boolean before = target.livenessFailed;
                            target.livenessFailed |= !passed;
                            yield before != target.livenessFailed;
                        }
                    };
            if (type == ProbeType.STARTUP || target.livenessFailed) {
                close();
            }
            if (type == ProbeType.STARTUP && passed) {
                target.workers.stream()
                        .filter(worker -> worker.type == ProbeType.READINESS)
                        .forEach(Worker::tick);
            }
            if (changed) {
                onChange.run();
            }
        }
    }

    private static int positive(@Nullable Integer value, int otherwise) {
        return value == null || value <= 0 ? otherwise : value;
    }
}

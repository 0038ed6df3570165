package dev.amphora.kubelet;

import dev.amphora.kubelet.ContainerRuntime.PodState;
import dev.amphora.kubelet.ContainerRuntime.SandboxStatus;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerState;
import io.fabric8.kubernetes.api.model.ContainerStateBuilder;
import io.fabric8.kubernetes.api.model.ContainerStatus;
import io.fabric8.kubernetes.api.model.ContainerStatusBuilder;
import io.fabric8.kubernetes.api.model.HostIP;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodIP;
import io.fabric8.kubernetes.api.model.PodStatus;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.ResourceRequirements;
import io.fabric8.kubernetes.api.model.ResourceRequirementsBuilder;
import io.fabric8.kubernetes.api.model.VolumeMount;
import io.fabric8.kubernetes.api.model.VolumeMountStatus;
import io.fabric8.kubernetes.api.model.VolumeMountStatusBuilder;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The status of a pod as the API shows it, computed from what is known about it: a pure function. */
final class PodStatuses {
    private static final String NOT_LOCATED = "The container could not be located when the pod was terminated";

    /** Why a container waits: the outcome of the last attempt to start it. */
    record Waiting(String reason, String message) {}

    /** What the probes say about a container. */
    interface Readiness {
        /** Whether a running container has passed its startup probe. */
        boolean started(String containerId);

        /** Whether a running container passes its readiness probe. */
        boolean ready(String containerId);
    }

    /** How far a pod has come. */
    enum Stage {
        /** Its containers may run. */
        LIVING,
        /** Its containers are being stopped. */
        STOPPING,
        /** Its containers have been stopped. */
        STOPPED,
        /** What never ran has been given up. */
        ENDED
    }

    /**
     * What is known.
     *
     * @param pod as the API last gave it
     * @param state what the runtime has of it
     * @param waiting why containers wait, by name
     * @param readiness what the probes say
     * @param stage how far it has come
     * @param verdict why the kubelet ends the pod itself; null if it doesn't
     * @param runtime the runtime's name
     * @param hostIp the node's address
     * @param now the kernel's time
     */
    record Facts(
            Pod pod,
            PodState state,
            Map<String, Waiting> waiting,
            Readiness readiness,
            Stage stage,
            @Nullable Waiting verdict,
            String runtime,
            String hostIp,
            Instant now) {}

    private final Facts facts;
    private final Pod pod;
    private final PodStatus before;
    private final boolean hasInits;

    private PodStatuses(Facts facts) {
        this.facts = facts;
        this.pod = facts.pod;
        this.before = pod.getStatus() == null ? new PodStatus() : pod.getStatus();
        this.hasInits = !pod.getSpec().getInitContainers().isEmpty();
    }

    /** The status that follows from the facts. */
    static PodStatus of(Facts facts) {
        return new PodStatuses(facts).compute();
    }

    /** The status of a pod that the node refused. */
    static PodStatus rejected(Pod pod, String reason, String message, Instant now) {
        PodStatus status = new PodStatus();
        status.setObservedGeneration(pod.getMetadata().getGeneration());
        status.setPhase("Failed");
        status.setReason(reason);
        status.setMessage("Pod was rejected: " + message);
        status.setStartTime(stamp(now));
        status.setQosClass(PodSpecs.qosClass(pod));
        return status;
    }

    /** The status after the sandbox has been made, when nothing else has been looked at yet: only its condition moves. */
    static PodStatus sandboxReady(Facts facts, PodStatus written) {
        PodStatus status = of(facts);
        status.setPodIP(written.getPodIP());
        status.setPodIPs(new ArrayList<>(written.getPodIPs()));
        status.setContainerStatuses(written.getContainerStatuses());
        status.setEphemeralContainerStatuses(written.getEphemeralContainerStatuses());
        status.setInitContainerStatuses(written.getInitContainerStatuses());
        return status;
    }

    static String stamp(Instant time) {
        return time.truncatedTo(ChronoUnit.SECONDS).toString();
    }

    private PodStatus compute() {
        PodStatus status = new PodStatus();
        status.setObservedGeneration(pod.getMetadata().getGeneration());
        status.setHostIP(facts.hostIp);
        status.setHostIPs(List.of(new HostIP(facts.hostIp)));
        status.setStartTime(before.getStartTime() == null ? stamp(facts.now) : before.getStartTime());
        status.setQosClass(before.getQosClass() == null ? PodSpecs.qosClass(pod) : before.getQosClass());
        status.setNominatedNodeName(before.getNominatedNodeName());
        status.setResourceClaimStatuses(before.getResourceClaimStatuses());
        status.setExtendedResourceClaimStatus(before.getExtendedResourceClaimStatus());
        addresses(status);
        resources(status);
        status.setInitContainerStatuses(statuses(pod.getSpec().getInitContainers(), true));
        status.setContainerStatuses(statuses(pod.getSpec().getContainers(), false));
        status.setEphemeralContainerStatuses(
                PodSpecs.ephemeral(pod).stream().map(this::ephemeral).toList());
        Waiting verdict = facts.verdict;
        String phase = verdict == null ? phase(status) : "Failed";
        if (PodSpecs.isTerminal(pod) && facts.stage != Stage.ENDED) {
            phase = before.getPhase();
        }
        new PodConditions(pod, status, phase, sandboxReady(), facts.now).write();
        if (facts.stage == Stage.ENDED) {
            // What is given up changes the containers and the phase, but no condition.
            giveUp(status);
            phase = PodSpecs.isTerminal(pod) ? before.getPhase() : phase.equals("Succeeded") ? phase : "Failed";
        }
        boolean terminal = phase.equals("Succeeded") || phase.equals("Failed");
        boolean mayRun = facts.stage == Stage.LIVING || facts.stage == Stage.STOPPING;
        if (terminal && mayRun && !PodSpecs.isTerminal(pod)) {
            // A terminal phase promises that nothing runs any more, so it waits until that is so.
            status.setPhase(before.getPhase() == null ? "Pending" : before.getPhase());
        } else {
            status.setPhase(phase);
            status.setReason(verdict == null ? before.getReason() : verdict.reason());
            status.setMessage(verdict == null ? before.getMessage() : verdict.message());
        }
        return status;
    }

    private boolean sandboxReady() {
        List<SandboxStatus> sandboxes = facts.state.sandboxes();
        return !sandboxes.isEmpty() && sandboxes.get(0).ready();
    }

    private void addresses(PodStatus status) {
        String ip = before.getPodIP();
        if (!facts.state.sandboxes().isEmpty()) {
            SandboxStatus sandbox = facts.state.sandboxes().get(0);
            if (sandbox.ready() && sandbox.ip() != null) {
                ip = sandbox.ip().getHostAddress();
            }
        }
        if (PodSpecs.isHostNetwork(pod)) {
            ip = facts.hostIp;
        }
        if (ip != null) {
            status.setPodIP(ip);
            status.setPodIPs(List.of(new PodIP(ip)));
        }
    }

    private void resources(PodStatus status) {
        Map<String, Quantity> requests = new TreeMap<>();
        Map<String, Quantity> limits = new TreeMap<>();
        for (Container container : pod.getSpec().getContainers()) {
            add(requests, PodSpecs.requests(container));
            add(limits, PodSpecs.limits(container));
        }
        for (Container init : pod.getSpec().getInitContainers()) {
            if (PodSpecs.isSidecar(init)) {
                add(requests, PodSpecs.requests(init));
                add(limits, PodSpecs.limits(init));
            }
        }
        if (!requests.isEmpty()) {
            status.setAllocatedResources(requests);
        }
        status.setResources(requirements(limits, requests));
    }

    private static void add(Map<String, Quantity> sum, Map<String, Quantity> more) {
        more.forEach((name, quantity) -> {
            if (name.equals("cpu") || name.equals("memory")) {
                sum.merge(name, quantity, Quantity::add);
            }
        });
    }

    private static ResourceRequirements requirements(Map<String, Quantity> limits, Map<String, Quantity> requests) {
        ResourceRequirementsBuilder builder = new ResourceRequirementsBuilder();
        if (!limits.isEmpty()) {
            builder.withLimits(limits);
        }
        if (!requests.isEmpty()) {
            builder.withRequests(requests);
        }
        return builder.build();
    }

    // -- containers --------------------------------------------------------------------------------------------------

    private List<ContainerStatus> statuses(List<Container> containers, boolean init) {
        List<ContainerStatus> statuses = new ArrayList<>(containers.size());
        for (Container container : containers) {
            statuses.add(status(container, init));
        }
        return statuses;
    }

    private ContainerStatus status(Container container, boolean init) {
        List<ContainerRuntime.ContainerStatus> found = facts.state.containers().stream()
                .filter(candidate -> candidate.name().equals(container.getName())
                        && candidate.state() != ContainerRuntime.ContainerState.CREATED)
                .limit(2)
                .toList();
        ContainerStatus old = old(container.getName(), init);
        ContainerStatus status = found.isEmpty() ? unseen(container, old) : seen(container, init, found, old);
        Waiting waiting = facts.waiting.get(container.getName());
        boolean mayStart = facts.stage != Stage.ENDED && !PodSpecs.isDeleted(pod);
        if (waiting != null
                && mayStart
                && status.getState().getRunning() == null
                && startable(container, init, found)) {
            if (status.getState().getTerminated() != null) {
                status.setLastState(status.getState());
            }
            status.setState(waiting(waiting.reason(), waiting.message()));
            status.setStarted(false);
            status.setReady(false);
        }
        return status;
    }

    /** The status of a container for debugging: no probe says that it is ready. */
    private ContainerStatus ephemeral(Container container) {
        ContainerStatus old = before.getEphemeralContainerStatuses().stream()
                .filter(status -> status.getName().equals(container.getName()))
                .findFirst()
                .orElse(null);
        List<ContainerRuntime.ContainerStatus> found = facts.state.containers().stream()
                .filter(candidate -> candidate.name().equals(container.getName())
                        && candidate.state() != ContainerRuntime.ContainerState.CREATED)
                .limit(1)
                .toList();
        ContainerStatus status = found.isEmpty() ? unseen(container, old) : seen(container, false, found, old);
        Waiting waiting = facts.waiting.get(container.getName());
        if (waiting != null && found.isEmpty()) {
            status.setState(waiting(waiting.reason(), waiting.message()));
        }
        status.setReady(false);
        status.setStarted(null);
        return status;
    }

    private boolean startable(Container container, boolean init, List<ContainerRuntime.ContainerStatus> found) {
        if (found.isEmpty() || found.get(0).state() != ContainerRuntime.ContainerState.EXITED) {
            return true;
        }
        int exitCode = found.get(0).exitCode();
        return init && !PodSpecs.isSidecar(container)
                ? exitCode != 0 && !PodSpecs.restartPolicy(pod).equals("Never")
                : PodSpecs.restarts(pod, container, exitCode);
    }

    private @Nullable ContainerStatus old(String name, boolean init) {
        List<ContainerStatus> statuses = init ? before.getInitContainerStatuses() : before.getContainerStatuses();
        for (ContainerStatus status : statuses) {
            if (status.getName().equals(name)) {
                return status;
            }
        }
        return null;
    }

    /** A container that the runtime doesn't have: not made yet, or gone. */
    private ContainerStatus unseen(Container container, @Nullable ContainerStatus old) {
        ContainerStatusBuilder status = new ContainerStatusBuilder()
                .withName(container.getName())
                .withState(waiting(hasInits ? "PodInitializing" : "ContainerCreating", null))
                .withReady(false)
                .withStarted(false)
                .withRestartCount(0)
                .withImage(container.getImage())
                .withImageID("")
                .withVolumeMounts(mounts(container));
        if (old == null || old.getContainerID() == null || old.getContainerID().isEmpty()) {
            return status.build();
        }
        status.withRestartCount(old.getRestartCount())
                .withImage(old.getImage())
                .withImageID(old.getImageID())
                .withContainerID(old.getContainerID())
                .withLastState(old.getLastState())
                .withAllocatedResources(old.getAllocatedResources())
                .withResources(old.getResources());
        if (old.getState().getTerminated() != null) {
            status.withState(old.getState()).withReady(old.getReady());
        } else if (old.getState().getRunning() != null) {
            status.withLastState(new ContainerStateBuilder()
                    .withNewTerminated()
                    .withExitCode(137)
                    .withReason("ContainerStatusUnknown")
                    .withMessage("The container could not be located when the pod was deleted.  "
                            + "The container used to be Running")
                    .endTerminated()
                    .build());
        }
        return status.build();
    }

    private ContainerStatus seen(
            Container container,
            boolean init,
            List<ContainerRuntime.ContainerStatus> found,
            @Nullable ContainerStatus old) {
        ContainerRuntime.ContainerStatus current = found.get(0);
        boolean running = current.state() == ContainerRuntime.ContainerState.RUNNING;
        boolean started = running && facts.readiness.started(current.id());
        boolean ready = init && !PodSpecs.isSidecar(container)
                ? current.state() == ContainerRuntime.ContainerState.EXITED && current.exitCode() == 0
                : started && facts.readiness.ready(current.id());
        ContainerState last = found.size() > 1 ? state(found.get(1)) : old == null ? null : old.getLastState();
        Map<String, Quantity> requests = PodSpecs.requests(container);
        ContainerStatusBuilder status = new ContainerStatusBuilder()
                .withName(container.getName())
                .withState(state(current))
                .withLastState(last)
                .withReady(ready)
                .withStarted(started)
                .withRestartCount(current.attempt())
                .withImage(current.image().isEmpty() ? container.getImage() : current.image())
                .withImageID(current.imageId())
                .withContainerID(facts.runtime + "://" + current.id())
                .withResources(requirements(PodSpecs.limits(container), requests))
                .withVolumeMounts(mounts(container));
        if (!requests.isEmpty()) {
            status.withAllocatedResources(requests);
        }
        return status.build();
    }

    private ContainerState state(ContainerRuntime.ContainerStatus status) {
        if (status.state() == ContainerRuntime.ContainerState.RUNNING) {
            return new ContainerStateBuilder()
                    .withNewRunning()
                    .withStartedAt(stamp(status.startedAt() == null ? status.createdAt() : status.startedAt()))
                    .endRunning()
                    .build();
        }
        if (status.state() == ContainerRuntime.ContainerState.EXITED) {
            return new ContainerStateBuilder()
                    .withNewTerminated()
                    .withExitCode(status.exitCode())
                    .withReason(status.reason())
                    .withMessage(status.message().isEmpty() ? null : status.message())
                    .withStartedAt(stamp(status.startedAt() == null ? status.createdAt() : status.startedAt()))
                    .withFinishedAt(stamp(status.finishedAt() == null ? status.createdAt() : status.finishedAt()))
                    .withContainerID(facts.runtime + "://" + status.id())
                    .endTerminated()
                    .build();
        }
        return waiting(hasInits ? "PodInitializing" : "ContainerCreating", null);
    }

    private static ContainerState waiting(String reason, @Nullable String message) {
        return new ContainerStateBuilder()
                .withNewWaiting()
                .withReason(reason)
                .withMessage(message)
                .endWaiting()
                .build();
    }

    private static List<VolumeMountStatus> mounts(Container container) {
        List<VolumeMountStatus> mounts = new ArrayList<>();
        for (VolumeMount mount : container.getVolumeMounts()) {
            boolean readOnly = Boolean.TRUE.equals(mount.getReadOnly());
            VolumeMountStatusBuilder status =
                    new VolumeMountStatusBuilder().withName(mount.getName()).withMountPath(mount.getMountPath());
            if (readOnly) {
                status.withReadOnly(true).withRecursiveReadOnly("Disabled");
            }
            mounts.add(status.build());
        }
        return mounts;
    }

    /** What still waits will never run: it counts as ended, unless the pod had not come that far. */
    private void giveUp(PodStatus status) {
        List<ContainerStatus> inits = status.getInitContainerStatuses();
        int begun = 0;
        boolean initialized = true;
        for (int i = 0; i < inits.size(); i++) {
            ContainerStatus init = inits.get(i);
            boolean waits = init.getState().getWaiting() != null;
            begun = waits ? begun : i + 1;
            initialized &= PodSpecs.isSidecar(pod.getSpec().getInitContainers().get(i))
                    ? !waits
                    : init.getState().getTerminated() != null
                            && init.getState().getTerminated().getExitCode() == 0;
        }
        inits.subList(0, begun).forEach(PodStatuses::giveUp);
        if (initialized) {
            status.getContainerStatuses().forEach(PodStatuses::giveUp);
        }
    }

    private static void giveUp(ContainerStatus status) {
        if (status.getState().getTerminated() != null) {
            return;
        }
        status.setState(new ContainerStateBuilder()
                .withNewTerminated()
                .withExitCode(137)
                .withReason("ContainerStatusUnknown")
                .withMessage(NOT_LOCATED)
                .endTerminated()
                .build());
        status.setReady(false);
        status.setStarted(false);
    }

    /** Whether a container has ended before: an empty last state is left out. */
    static boolean endedBefore(ContainerStatus status) {
        return status.getLastState() != null && status.getLastState().getTerminated() != null;
    }

    // -- phase -------------------------------------------------------------------------------------------------------

    private String phase(PodStatus status) {
        String policy = PodSpecs.restartPolicy(pod);
        int pendingInits = 0;
        int failedInits = 0;
        for (int i = 0; i < status.getInitContainerStatuses().size(); i++) {
            ContainerStatus init = status.getInitContainerStatuses().get(i);
            Container container = pod.getSpec().getInitContainers().get(i);
            boolean waits = init.getState().getWaiting() != null;
            boolean never = container.getRestartPolicy() == null
                    ? policy.equals("Never")
                    : container.getRestartPolicy().equals("Never");
            if (PodSpecs.isSidecar(container)) {
                boolean begun = !waits || endedBefore(init);
                pendingInits += begun && (init.getStarted() || init.getState().getRunning() == null) ? 0 : 1;
            } else if (init.getState().getTerminated() != null) {
                boolean failed = init.getState().getTerminated().getExitCode() != 0;
                failedInits += failed && never ? 1 : 0;
                pendingInits += failed && !never ? 1 : 0;
            } else {
                pendingInits++;
            }
        }
        int waiting = 0;
        int running = 0;
        int stopped = 0;
        int succeeded = 0;
        boolean restarts = false;
        for (int i = 0; i < status.getContainerStatuses().size(); i++) {
            ContainerStatus container = status.getContainerStatuses().get(i);
            ContainerState state = container.getState();
            if (state.getRunning() != null) {
                running++;
            } else if (state.getTerminated() != null) {
                int exitCode = state.getTerminated().getExitCode();
                stopped++;
                succeeded += exitCode == 0 ? 1 : 0;
                restarts |= PodSpecs.restarts(pod, pod.getSpec().getContainers().get(i), exitCode);
            } else if (endedBefore(container)) {
                stopped++;
                restarts = true;
            } else {
                waiting++;
            }
        }
        boolean over = facts.stage == Stage.STOPPED || facts.stage == Stage.ENDED;
        if (failedInits > 0) {
            return "Failed";
        }
        if (pendingInits > 0 || waiting > 0) {
            return "Pending";
        }
        if (running > 0 || stopped == 0 || (restarts && !over)) {
            return stopped == 0 && running == 0 ? "Pending" : "Running";
        }
        return succeeded == stopped ? "Succeeded" : "Failed";
    }
}

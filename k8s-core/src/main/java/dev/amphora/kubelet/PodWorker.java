package dev.amphora.kubelet;

import dev.amphora.api.ResourceType;
import dev.amphora.api.StatusException;
import dev.amphora.client.DeleteOptions;
import dev.amphora.kernel.Actor.Timer;
import dev.amphora.kubelet.ContainerRuntime.ContainerState;
import dev.amphora.kubelet.ContainerRuntime.ContainerStatus;
import dev.amphora.kubelet.ContainerRuntime.PodState;
import dev.amphora.kubelet.ContainerRuntime.SandboxStatus;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.PodStatus;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One pod on its node, from its first sight to its end.
 *
 * <p>It works in passes, one at a time: look at what the runtime has, write the status, {@linkplain PodPlan plan}, act. A pass that
 * changed something is followed by another at once; one that failed is repeated after a while, or when a back-off ends; otherwise
 * the worker rests until the API, the runtime or a probe has something new.
 *
 * <table>
 * <caption>What it does</caption>
 * <tr><th>observed</th><th>stage</th><th>action</th></tr>
 * <tr><td>not seen before</td><td>NEW</td><td>admit, or refuse and write why: REFUSED</td></tr>
 * <tr><td>to live on</td><td>LIVING</td><td>status; then sandbox, init containers, containers, kills as planned</td></tr>
 * <tr><td>deleted, gone, past its deadline, or done</td><td>LIVING</td><td>status; stop everything: STOPPING</td></tr>
 * <tr><td>everything has stopped</td><td>STOPPING</td><td>terminal status: STOPPED</td></tr>
 * <tr><td>deleted</td><td>STOPPED, REFUSED</td><td>delete the object for good</td></tr>
 * <tr><td>gone</td><td>STOPPED, REFUSED</td><td>remove what is left in the runtime: OVER</td></tr>
 * </table>
 */
final class PodWorker {
    private static final Logger log = LoggerFactory.getLogger(PodWorker.class);
    private static final ResourceType<Pod> PODS = ResourceType.of(Pod.class);
    private static final Duration FIRST_MOUNT_RETRY = Duration.ofMillis(500);
    private static final Duration MAX_MOUNT_RETRY = Duration.ofSeconds(122);
    private static final int MAX_WRITES = 5;
    private static final PodStatuses.Waiting DEADLINE = new PodStatuses.Waiting(
            "DeadlineExceeded", "Pod was active on the node longer than the specified deadline");

    /** Where the worker is. */
    enum Stage {
        NEW,
        LIVING,
        REFUSED,
        STOPPING,
        STOPPED,
        OVER
    }

    /** What workers of one node share. */
    record Tools(
            Agent agent,
            ContainerLauncher launcher,
            PodKiller killer,
            PodFiles files,
            Function<Pod, PodStatuses.@Nullable Waiting> admission,
            Consumer<PodWorker> whenOver) {}

    private final Tools tools;
    private final Agent agent;
    private final String uid;
    private final PodProbes probes;
    private final LastWords lastWords;
    private final Map<String, PodStatuses.Waiting> waiting = new LinkedHashMap<>();
    private Pod pod;
    private Admission.@Nullable Share share;
    /** The spec that the share is of. */
    private @Nullable PodSpec shared;

    private PodState state = PodState.NONE;
    private Stage stage = Stage.NEW;
    private PodStatuses.@Nullable Waiting verdict;
    private boolean gone;
    private boolean busy;
    private boolean again;
    private boolean deleteAsked;
    private boolean finished;
    private Duration mountRetry = FIRST_MOUNT_RETRY;
    /** Until when starts that have failed are left alone, as long as nothing else is to be done. */
    private Instant quietUntil = Instant.EPOCH;

    private @Nullable Timer wake;

    PodWorker(Tools tools, Pod pod) {
        this.tools = tools;
        this.agent = tools.agent;
        this.pod = pod;
        this.uid = PodSpecs.uid(pod);
        this.probes = new PodProbes(agent, pod, this::poke);
        this.lastWords = new LastWords(agent, tools.files);
    }

    String uid() {
        return uid;
    }

    /** The pod as this node last saw it. */
    Pod pod() {
        return pod;
    }

    /** What the runtime last had of it. */
    PodState state() {
        return state;
    }

    /** What it takes of the node; worked out once for each spec. */
    @SuppressWarnings("ReferenceEquality")
    Admission.Share share() {
        Admission.Share known = share;
        if (known == null || shared != pod.getSpec()) {
            shared = pod.getSpec();
            known = Admission.Share.of(pod);
            share = known;
        }
        return known;
    }

    /** Whether it holds a share of the node. */
    boolean countsForAdmission() {
        return stage == Stage.LIVING || stage == Stage.STOPPING;
    }

    /** The API has a newer version of the pod. */
    void podChanged(Pod fresh) {
        if (revision(fresh) > revision(pod)) {
            pod = fresh;
            poke();
        }
    }

    /** The pod is no longer in the API. */
    void podGone(Pod last) {
        if (revision(last) > revision(pod)) {
            pod = last;
        }
        gone = true;
        poke();
    }

    /** Something may have changed in the runtime. */
    void poke() {
        if (stage == Stage.OVER) {
            return;
        }
        if (busy) {
            again = true;
        } else {
            pass();
        }
    }

    void close() {
        stage = Stage.OVER;
        probes.close();
        if (wake != null) {
            wake.cancel();
        }
    }

    /** Goes on with an answer; a pass that breaks off for a reason that nobody thought of is repeated, as one that failed. */
    private <T extends @Nullable Object> void then(
            CompletionStage<T> stage, Consumer<T> onAnswer, Consumer<Throwable> onError) {
        agent.then(
                stage, answer -> guarded(() -> onAnswer.accept(answer)), error -> guarded(() -> onError.accept(error)));
    }

    private void guarded(Runnable step) {
        try {
            step.run();
        } catch (RuntimeException e) {
            log.error("Pod {} could not be looked after, and is tried again", PodSpecs.fullName(pod), e);
            if (stage == Stage.STOPPING) {
                stage = Stage.LIVING;
            }
            rest(agent.config().retry());
        }
    }

    // -- one pass ----------------------------------------------------------------------------------------------------

    private void pass() {
        busy = true;
        again = false;
        if (wake != null) {
            wake.cancel();
            wake = null;
        }
        then(agent.runtime().pod(uid), this::observed, this::runtimeFailed);
    }

    private void observed(PodState fresh) {
        CompletableFuture<PodState> told = lastWords.complete(pod, fresh).toCompletableFuture();
        if (told.isDone() && !told.isCompletedExceptionally()) {
            act(told.join());
        } else {
            then(told, this::act, error -> act(fresh));
        }
    }

    private void runtimeFailed(Throwable error) {
        log.debug("The runtime does not answer for pod {}: {}", PodSpecs.fullName(pod), Agent.message(error));
        rest(agent.config().retry());
    }

    private void act(PodState fresh) {
        state = fresh;
        switch (stage) {
            case NEW -> admit();
            case LIVING -> live();
            case STOPPED, REFUSED -> settle();
            default -> rest(null);
        }
    }

    private void admit() {
        boolean begun = !state.sandboxes().isEmpty()
                || (pod.getStatus() != null && pod.getStatus().getStartTime() != null);
        if (gone
                || PodSpecs.isTerminal(pod)
                || (PodSpecs.isDeleted(pod) && state.sandboxes().isEmpty() && !begun)) {
            stage = Stage.LIVING;
            end();
            return;
        }
        PodStatuses.Waiting refusal = begun ? null : tools.admission.apply(pod);
        if (refusal == null) {
            stage = Stage.LIVING;
            live();
            return;
        }
        stage = Stage.REFUSED;
        agent.podEvent(pod, "Warning", refusal.reason(), refusal.message());
        write(current -> PodStatuses.rejected(current, refusal.reason(), refusal.message(), agent.now()));
        settle();
    }

    private void live() {
        probes.update(pod, state, podIp());
        if (verdict == null && deadlineLeft() != null && deadlineLeft().isZero()) {
            verdict = DEADLINE;
            agent.podEvent(pod, "Normal", DEADLINE.reason(), DEADLINE.message());
        }
        if (gone || PodSpecs.isDeleted(pod) || PodSpecs.isTerminal(pod) || verdict != null) {
            end();
            return;
        }
        if (!writeStatus(PodStatuses.Stage.LIVING)) {
            rest(agent.config().retry());
            return;
        }
        PodPlan plan = PodPlan.of(pod, state, probes);
        if (finished) {
            end();
        } else if (plan.finished()) {
            finish();
        } else if (!plan.newSandbox() && plan.kills().isEmpty() && plan.starts().isEmpty()) {
            rest(null);
        } else if (onlyRepeats(plan)) {
            rest(Duration.between(agent.now(), quietUntil));
        } else {
            then(
                    tools.files.prepare(pod, podIp()),
                    volumes -> {
                        mountRetry = FIRST_MOUNT_RETRY;
                        new Execution(plan, volumes).begin();
                    },
                    this::mountFailed);
        }
    }

    /** Whether a plan only repeats what has just failed. */
    private boolean onlyRepeats(PodPlan plan) {
        return agent.now().isBefore(quietUntil)
                && !plan.newSandbox()
                && plan.kills().isEmpty()
                && plan.starts().stream()
                        .allMatch(start -> waiting.containsKey(start.container().getName()));
    }

    private void mountFailed(Throwable error) {
        agent.podEvent(pod, "Warning", "FailedMount", Agent.message(error));
        Duration pause = mountRetry;
        mountRetry = pause.multipliedBy(2).compareTo(MAX_MOUNT_RETRY) > 0 ? MAX_MOUNT_RETRY : pause.multipliedBy(2);
        rest(pause);
    }

    /** Waits for news, or for some time if that comes first. */
    private void rest(@Nullable Duration pause) {
        busy = false;
        if (stage == Stage.OVER) {
            return;
        }
        if (again) {
            pass();
            return;
        }
        Duration first = pause;
        Duration deadline = stage == Stage.LIVING ? deadlineLeft() : null;
        if (deadline != null && (first == null || deadline.compareTo(first) < 0)) {
            first = deadline;
        }
        if (first != null) {
            wake = agent.actor().schedule(first, this::poke);
        }
    }

    private @Nullable Duration deadlineLeft() {
        Long seconds = pod.getSpec().getActiveDeadlineSeconds();
        if (seconds == null || pod.getStatus() == null || pod.getStatus().getStartTime() == null) {
            return null;
        }
        Instant at = Instant.parse(pod.getStatus().getStartTime()).plusSeconds(seconds);
        Duration left = Duration.between(agent.now(), at);
        return left.isNegative() ? Duration.ZERO : left;
    }

    private String podIp() {
        if (PodSpecs.isHostNetwork(pod)) {
            return agent.config().address();
        }
        if (!state.sandboxes().isEmpty() && state.sandboxes().get(0).ip() != null) {
            return state.sandboxes().get(0).ip().getHostAddress();
        }
        return "";
    }

    /** The execution of one plan: its steps one after the other. */
    private final class Execution {
        private final PodPlan plan;
        private final Map<String, Path> volumes;
        private boolean changed;
        private boolean failed;
        private String sandboxId = "";
        private ContainerRuntime.@Nullable SandboxConfig sandbox;

        Execution(PodPlan plan, Map<String, Path> volumes) {
            this.plan = plan;
            this.volumes = volumes;
        }

        void begin() {
            CompletionStage<Void> chain = CompletableFuture.completedFuture(null);
            for (PodPlan.Kill kill : plan.kills()) {
                chain = chain.thenComposeAsync(nothing -> kill(kill), agent.actor());
            }
            if (plan.newSandbox()) {
                chain = chain.thenComposeAsync(nothing -> leaveOldSandbox(), agent.actor())
                        .thenComposeAsync(nothing -> newSandbox(), agent.actor());
            } else {
                SandboxStatus current = state.sandboxes().get(0);
                sandboxId = current.id();
                sandbox = ContainerConfigs.sandbox(pod, current.attempt(), agent.config());
            }
            for (PodPlan.Start start : plan.starts()) {
                chain = chain.thenComposeAsync(nothing -> start(start.container()), agent.actor());
            }
            then(chain, nothing -> over(), error -> {
                failed = true;
                over();
            });
        }

        private CompletionStage<Void> kill(PodPlan.Kill kill) {
            changed = true;
            Long own =
                    switch (kill.cause()) {
                        case STARTUP -> kill.container().getStartupProbe().getTerminationGracePeriodSeconds();
                        case LIVENESS -> kill.container().getLivenessProbe().getTerminationGracePeriodSeconds();
                        case CHANGED -> null;
                    };
            PodKiller.Victim victim =
                    new PodKiller.Victim(kill.container(), kill.status().id(), kill.message(), podIp());
            return tools.killer.kill(pod, victim, own == null ? PodSpecs.grace(pod) : own);
        }

        private CompletionStage<Void> observeAgain() {
            CompletableFuture<Void> done = new CompletableFuture<>();
            then(
                    agent.runtime().pod(uid),
                    fresh -> {
                        state = fresh;
                        done.complete(null);
                    },
                    done::completeExceptionally);
            return done;
        }

        private CompletionStage<Void> leaveOldSandbox() {
            SandboxStatus old = plan.oldSandbox();
            if (old == null) {
                return CompletableFuture.completedFuture(null);
            }
            agent.podEvent(pod, "Normal", "SandboxChanged", "Pod sandbox changed, it will be killed and re-created.");
            return agent.runtime().stopSandbox(old.id()).thenComposeAsync(nothing -> observeAgain(), agent.actor());
        }

        private CompletionStage<Void> newSandbox() {
            CompletableFuture<Void> done = new CompletableFuture<>();
            sandbox = ContainerConfigs.sandbox(pod, plan.attempt(), agent.config());
            then(
                    agent.runtime().runSandbox(sandbox),
                    made -> {
                        changed = true;
                        sandboxId = made.id();
                        List<SandboxStatus> all = new ArrayList<>(state.sandboxes());
                        all.add(0, made);
                        state = new PodState(all, state.containers());
                        write(current -> current.getStatus() == null
                                ? PodStatuses.of(facts(current, PodStatuses.Stage.LIVING))
                                : PodStatuses.sandboxReady(
                                        facts(current, PodStatuses.Stage.LIVING), current.getStatus()));
                        done.complete(null);
                    },
                    error -> {
                        agent.podEvent(
                                pod,
                                "Warning",
                                "FailedCreatePodSandBox",
                                "Failed to create pod sandbox: rpc error: code = Unknown desc = "
                                        + Agent.message(error));
                        done.completeExceptionally(error);
                    });
            return done;
        }

        private CompletionStage<Void> start(Container container) {
            CompletableFuture<Void> done = new CompletableFuture<>();
            if (sandbox == null) {
                throw new IllegalStateException("no sandbox to start in");
            }
            ContainerLauncher.Launch launch =
                    new ContainerLauncher.Launch(pod, container, state, sandboxId, sandbox, podIp(), volumes);
            then(
                    tools.launcher.start(launch),
                    nothing -> {
                        changed = true;
                        waiting.remove(container.getName());
                        done.complete(null);
                    },
                    error -> {
                        failed = true;
                        if (error instanceof StartFailure failure) {
                            waiting.put(container.getName(), new PodStatuses.Waiting(failure.reason(), failure.text()));
                            changed |= failure.reason().equals("RunContainerError")
                                    || failure.reason().equals("PostStartHookError");
                        } else {
                            log.warn("Starting {} of {} failed", container.getName(), PodSpecs.fullName(pod), error);
                        }
                        done.complete(null);
                    });
            return done;
        }

        private void over() {
            if (changed) {
                again = true;
                quietUntil = Instant.EPOCH;
                rest(null);
            } else if (failed) {
                Duration pause = retryPause();
                quietUntil = agent.now().plus(pause);
                rest(pause);
            } else {
                rest(null);
            }
        }

        private Duration retryPause() {
            Instant now = agent.now();
            Instant first = now.plus(agent.config().retry());
            for (PodPlan.Start start : plan.starts()) {
                Instant at = tools.launcher.retryAt(pod, start.container(), state);
                if (at != null && at.isBefore(first)) {
                    first = at;
                }
            }
            return Duration.between(now, first);
        }
    }

    // -- the end -----------------------------------------------------------------------------------------------------

    /** The pod has come to its end by itself: what still runs is stopped, and one more look shows it done. */
    private void finish() {
        finished = true;
        boolean runs = state.containers().stream().anyMatch(status -> status.state() == ContainerState.RUNNING);
        if (!runs) {
            end();
            return;
        }
        again = true;
        then(stopEverything(), nothing -> rest(null), error -> {
            finished = false;
            rest(agent.config().retry());
        });
    }

    private void end() {
        stage = Stage.STOPPING;
        probes.podEnds();
        boolean nothingThere = state.sandboxes().isEmpty();
        if (!gone && !(PodSpecs.isTerminal(pod) && nothingThere)) {
            writeStatus(PodStatuses.Stage.STOPPING);
        }
        CompletionStage<Void> stopped = stopEverything();
        then(stopped, nothing -> lookAfterEnd(), error -> {
            log.warn("Stopping {} failed: {}", PodSpecs.fullName(pod), Agent.message(error));
            stage = Stage.LIVING;
            rest(agent.config().retry());
        });
    }

    /** Stops all containers, then the sandbox. */
    private CompletionStage<Void> stopEverything() {
        List<PodKiller.Victim> victims = new ArrayList<>();
        for (ContainerStatus status : state.containers()) {
            if (status.state() == ContainerState.RUNNING) {
                PodSpecs.all(pod).stream()
                        .filter(container -> container.getName().equals(status.name()))
                        .findFirst()
                        .ifPresent(container -> victims.add(new PodKiller.Victim(
                                container, status.id(), "Stopping container " + container.getName(), podIp())));
            }
        }
        CompletionStage<Void> stopped = tools.killer.killAll(pod, inSpecOrder(victims), PodSpecs.grace(pod));
        for (SandboxStatus sandbox : state.sandboxes()) {
            if (sandbox.ready()) {
                stopped = stopped.thenComposeAsync(nothing -> agent.runtime().stopSandbox(sandbox.id()), agent.actor());
            }
        }
        return stopped;
    }

    private List<PodKiller.Victim> inSpecOrder(List<PodKiller.Victim> victims) {
        List<PodKiller.Victim> sorted = new ArrayList<>();
        for (Container container : PodSpecs.all(pod)) {
            victims.stream()
                    .filter(victim -> victim.container().getName().equals(container.getName()))
                    .forEach(sorted::add);
        }
        return sorted;
    }

    private void lookAfterEnd() {
        then(
                agent.runtime().pod(uid),
                fresh -> then(lastWords.complete(pod, fresh), this::stopped, error -> stopped(fresh)),
                error -> {
                    stage = Stage.LIVING;
                    rest(agent.config().retry());
                });
    }

    private void stopped(PodState fresh) {
        boolean hadSome = !state.sandboxes().isEmpty();
        state = fresh;
        probes.close();
        if (!gone && !(PodSpecs.isTerminal(pod) && !hadSome)) {
            boolean written = writeStatus(PodStatuses.Stage.STOPPED) && (gone || writeStatus(PodStatuses.Stage.ENDED));
            if (!written) {
                stage = Stage.LIVING;
                rest(agent.config().retry());
                return;
            }
        }
        stage = Stage.STOPPED;
        settle();
    }

    /** Nothing runs any more: the object may go if it was deleted, and once it is gone so may the rest. */
    private void settle() {
        if (gone) {
            CompletionStage<Void> removed = CompletableFuture.completedFuture(null);
            for (SandboxStatus sandbox : state.sandboxes()) {
                removed =
                        removed.thenComposeAsync(nothing -> agent.runtime().removeSandbox(sandbox.id()), agent.actor());
            }
            then(removed, nothing -> over(), error -> {
                log.warn("Removing {} failed: {}", PodSpecs.fullName(pod), Agent.message(error));
                rest(agent.config().retry());
            });
            return;
        }
        if (!PodSpecs.isDeleted(pod) || deleteAsked) {
            rest(null);
            return;
        }
        try {
            agent.client()
                    .delete(
                            PODS,
                            pod.getMetadata().getNamespace(),
                            pod.getMetadata().getName(),
                            DeleteOptions.defaults().withGracePeriod(0).onlyUid(uid));
            deleteAsked = true;
            rest(null);
        } catch (StatusException e) {
            deleteAsked = e.isNotFound();
            rest(deleteAsked ? null : agent.config().retry());
        }
    }

    private void over() {
        tools.launcher.forget(uid);
        tools.files.remove(uid);
        close();
        tools.whenOver.accept(this);
    }

    // -- status ------------------------------------------------------------------------------------------------------

    private PodStatuses.Facts facts(Pod current, PodStatuses.Stage how) {
        return new PodStatuses.Facts(
                current,
                state,
                waiting,
                probes,
                how,
                verdict,
                agent.runtimeName(),
                agent.config().address(),
                agent.now());
    }

    private boolean writeStatus(PodStatuses.Stage how) {
        return write(current -> PodStatuses.of(facts(current, how)));
    }

    /** Writes a status if it differs from what the API has; tells whether the API has it now, or has no such pod. */
    private boolean write(Function<Pod, PodStatus> status) {
        for (int attempt = 0; attempt < MAX_WRITES; attempt++) {
            PodStatus wanted = status.apply(pod);
            if (gone || wanted.equals(pod.getStatus())) {
                return true;
            }
            try {
                pod = agent.client()
                        .updateStatus(
                                new Pod(pod.getApiVersion(), pod.getKind(), pod.getMetadata(), pod.getSpec(), wanted));
                return true;
            } catch (StatusException e) {
                if (e.isNotFound()) {
                    return true;
                }
                if (!e.isConflict() || !refresh()) {
                    log.debug("The status of {} was refused: {}", PodSpecs.fullName(pod), e.getMessage());
                    return false;
                }
            }
        }
        return false;
    }

    /** Takes the pod as the API has it. What is new in it may not reach this worker again, so another pass looks at it. */
    private boolean refresh() {
        try {
            Pod fresh = agent.client()
                    .get(
                            PODS,
                            pod.getMetadata().getNamespace(),
                            pod.getMetadata().getName());
            if (!PodSpecs.uid(fresh).equals(uid)) {
                return false;
            }
            pod = fresh;
            again = true;
            return true;
        } catch (StatusException e) {
            return false;
        }
    }

    private static long revision(Pod pod) {
        String version = pod.getMetadata().getResourceVersion();
        return version == null || version.isEmpty() ? 0 : Long.parseLong(version);
    }
}

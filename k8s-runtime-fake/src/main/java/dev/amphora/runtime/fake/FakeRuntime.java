package dev.amphora.runtime.fake;

import dev.amphora.kernel.Actor;
import dev.amphora.kernel.Kernel;
import dev.amphora.kernel.SimulatedKernel;
import dev.amphora.kubelet.ContainerRuntime;
import dev.amphora.kubelet.Machine;
import dev.amphora.kubelet.ProbeTransport;
import dev.amphora.runtime.fake.Faults.Fault;
import dev.amphora.stream.ByteSink;
import dev.amphora.stream.Output;
import dev.amphora.stream.Session;
import dev.amphora.stream.SocketLink;
import dev.amphora.stream.Streams;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A container runtime whose containers follow scripts.
 *
 * <p>What a container does is decided when it is made: by its pod's annotation {@value #BEHAVIOR_ANNOTATION}, else by the youngest
 * {@linkplain #behave rule} that has something to say, else {@link ContainerBehavior#runs()}. The same goes for {@linkplain #image
 * images}: an unknown one is pulled at once. A container costs no thread; time and chance are the kernel's, so that in a simulation
 * everything repeats.
 *
 * <p>Each pod has an address of its own from the node's pod range, a loopback address, at which containers may really
 * {@linkplain ContainerBehavior#servesHttp serve}. In a simulation no socket is opened.
 *
 * <p>Rules and faults may be set at any time, from any thread.
 */
public final class FakeRuntime implements ContainerRuntime, Machine {
    /** The annotation that gives a pod's containers their behaviour, as JSON by container name. */
    public static final String BEHAVIOR_ANNOTATION = "amphora.dev/behavior";

    private static final Logger log = LoggerFactory.getLogger(FakeRuntime.class);
    private static final Version VERSION = new Version("fake", "1.0.0");
    private static final int KILLED = 137;

    /** The calls that can be made to fail. */
    public enum Call {
        /** {@link #runSandbox}. */
        RUN_SANDBOX,
        /** {@link #stopSandbox}. */
        STOP_SANDBOX,
        /** {@link #removeSandbox}. */
        REMOVE_SANDBOX,
        /** {@link #createContainer}. */
        CREATE_CONTAINER,
        /** {@link #startContainer}. */
        START_CONTAINER,
        /** {@link #stopContainer}. */
        STOP_CONTAINER,
        /** {@link #removeContainer}. */
        REMOVE_CONTAINER,
        /** {@link ContainerRuntime#exec(String, List, Duration)} and the other one. */
        EXEC,
        /** {@link #attach}. */
        ATTACH,
        /** {@link #portForward}. */
        PORT_FORWARD,
        /** {@link #pullImage}. */
        PULL_IMAGE,
        /** Everything that only looks: {@link #pod}, {@link #sandboxes}, {@link #containers}, {@link #imageStatus}. */
        INSPECT
    }

    private final FakeBehaviors behaviors = new FakeBehaviors();
    private final FakeImages images = new FakeImages();
    private final Faults faults = new Faults();
    private final Map<String, FakeSandbox> sandboxes = new LinkedHashMap<>();
    private final Map<String, PodRecord> byPod = new HashMap<>();
    private final Map<String, FakeContainer> containers = new HashMap<>();
    private @Nullable Running running;
    private volatile boolean lost;

    /** One pod's sandboxes, newest first, and how often each of its containers has been made, started and run. */
    private static final class PodRecord {
        final List<FakeSandbox> sandboxes = new ArrayList<>(1);
        final Map<String, Integer> counts = new HashMap<>(4);

        int count(String what, String container) {
            return counts.getOrDefault(what + "/" + container, 0);
        }

        int next(String what, String container) {
            return counts.merge(what + "/" + container, 1, Integer::sum) - 1;
        }
    }

    /** What the runtime has only while it is started. */
    private record Running(
            Context context,
            Kernel kernel,
            Actor actor,
            PodAddresses addresses,
            @Nullable PodServers servers,
            ProbeTransport probes) {}

    /** A runtime without rules: every image can be pulled, every container runs for ever. */
    public FakeRuntime() {}

    /**
     * Adds a rule.
     *
     * @param rule gives a container's behaviour, or null if it has nothing to say; called once per container made. The youngest
     *     rule is asked first
     * @return this
     */
    public FakeRuntime behave(Function<ContainerView, @Nullable ContainerBehavior> rule) {
        behaviors.rule(rule);
        return this;
    }

    /**
     * Adds a rule for images.
     *
     * @param image a name, or its beginning followed by {@code *}
     * @param behavior of the containers made from it
     * @return this
     */
    public FakeRuntime behave(String image, ContainerBehavior behavior) {
        return behave(container -> FakeImages.matches(image, container.image()) ? behavior : null);
    }

    /**
     * Says what pulling an image is like.
     *
     * @param image a name, or its beginning followed by {@code *}
     * @param behavior the youngest rule counts
     * @return this
     */
    public FakeRuntime image(String image, ImageBehavior behavior) {
        images.rule(image, behavior);
        return this;
    }

    /**
     * Makes the next call of a kind fail; several add up.
     *
     * @param call which
     * @param message of its error
     * @return this
     */
    public FakeRuntime failNext(Call call, String message) {
        faults.add(call, new Fault(message, Duration.ZERO));
        return this;
    }

    /**
     * Makes the next call of a kind late; several add up, with those that fail.
     *
     * @param call which
     * @param delay how late
     * @return this
     */
    public FakeRuntime delayNext(Call call, Duration delay) {
        faults.add(call, new Fault(null, delay));
        return this;
    }

    /**
     * Ends a running container from outside, as a crash would.
     *
     * @param namespace the pod's namespace
     * @param pod the pod's name
     * @param container the container's name
     * @param exitCode 0 to 255
     */
    public void crash(String namespace, String pod, String container, int exitCode) {
        inside(now -> find(namespace, pod).forEach(sandbox -> sandbox.containers.values().stream()
                .filter(candidate -> candidate.config.name().equals(container))
                .forEach(candidate -> end(candidate, exitCode, null, now))));
    }

    /**
     * Ends a pod's sandbox and all that runs in it, as when its network is lost.
     *
     * @param namespace the pod's namespace
     * @param pod the pod's name
     */
    public void crashSandbox(String namespace, String pod) {
        inside(now -> find(namespace, pod).forEach(sandbox -> {
            stop(sandbox, now);
            changed(sandbox);
        }));
    }

    /** {@inheritDoc} Nothing serves, no call is answered until {@link #recover}. */
    @Override
    public void fail() {
        lost = true;
        inside(now -> sandboxes.values().forEach(sandbox -> stop(sandbox, now)));
    }

    @Override
    public void recover() {
        lost = false;
        inside(now -> List.copyOf(byPod.values()).forEach(pod -> changed(pod.sandboxes.get(0))));
    }

    @Override
    public synchronized void start(Context context) {
        if (running != null) {
            throw new IllegalStateException("this runtime works for a node already");
        }
        Kernel kernel = context.kernel();
        PodServers servers = kernel instanceof SimulatedKernel ? null : new PodServers(kernel);
        Actor actor = kernel.actor("runtime/" + context.nodeName());
        running = new Running(
                context,
                kernel,
                actor,
                new PodAddresses(context.podCidr()),
                servers,
                new ScriptedProbes(this, kernel, actor));
        inside(now -> {
            sandboxes.values().forEach(sandbox -> {
                if (sandbox.ip != null) {
                    running().addresses.take(sandbox.ip);
                }
            });
            containers.values().stream()
                    .sorted(Comparator.comparing((FakeContainer container) -> container.id))
                    .filter(container -> container.state == ContainerState.RUNNING)
                    .forEach(container -> {
                        serve(container, now);
                        schedule(container, now);
                    });
        });
    }

    @Override
    public boolean seesHostFiles() {
        return false;
    }

    @Override
    public ProbeTransport probeTransport() {
        return running().probes;
    }

    @Override
    public CompletionStage<Version> version() {
        return lost ? new CompletableFuture<>() : CompletableFuture.completedFuture(VERSION);
    }

    @Override
    public CompletionStage<SandboxStatus> runSandbox(SandboxConfig config) {
        return call(Call.RUN_SANDBOX, now -> {
            List<FakeSandbox> siblings = byPod.computeIfAbsent(config.uid(), uid -> new PodRecord()).sandboxes;
            for (FakeSandbox sibling : siblings) {
                if (sibling.config.attempt() == config.attempt()) {
                    return sibling.status();
                }
            }
            InetAddress ip = config.namespaces().hostNetwork()
                    ? running().addresses.ofNode()
                    : running().addresses.next();
            FakeSandbox sandbox = new FakeSandbox(newId(), config, now, ip);
            siblings.add(0, sandbox);
            sandboxes.put(sandbox.id, sandbox);
            changed(sandbox);
            return sandbox.status();
        });
    }

    @Override
    public CompletionStage<Void> stopSandbox(String sandboxId) {
        return call(Call.STOP_SANDBOX, now -> {
            FakeSandbox sandbox = sandboxes.get(sandboxId);
            if (sandbox != null && sandbox.ready) {
                stop(sandbox, now);
                changed(sandbox);
            }
            return null;
        });
    }

    @Override
    public CompletionStage<Void> removeSandbox(String sandboxId) {
        return call(Call.REMOVE_SANDBOX, now -> {
            FakeSandbox sandbox = sandboxes.remove(sandboxId);
            if (sandbox != null) {
                stop(sandbox, now);
                containers.keySet().removeAll(sandbox.containers.keySet());
                String uid = sandbox.config.uid();
                byPod.computeIfPresent(uid, (key, pod) -> {
                    pod.sandboxes.remove(sandbox);
                    return pod.sandboxes.isEmpty() ? null : pod;
                });
                changed(sandbox);
            }
            return null;
        });
    }

    @Override
    public CompletionStage<List<SandboxStatus>> sandboxes() {
        return call(
                Call.INSPECT,
                now -> sandboxes.values().stream().map(FakeSandbox::status).toList());
    }

    @Override
    public CompletionStage<PodState> pod(String podUid) {
        return call(Call.INSPECT, now -> {
            PodRecord pod = byPod.get(podUid);
            if (pod == null) {
                return PodState.NONE;
            }
            List<FakeSandbox> own = pod.sandboxes;
            List<ContainerStatus> statuses = new ArrayList<>();
            for (FakeSandbox sandbox : own) {
                List<FakeContainer> made = new ArrayList<>(sandbox.containers.values());
                for (int i = made.size() - 1; i >= 0; i--) {
                    statuses.add(made.get(i).status());
                }
            }
            return new PodState(own.stream().map(FakeSandbox::status).toList(), statuses);
        });
    }

    @Override
    public CompletionStage<String> createContainer(String sandboxId, ContainerConfig config, SandboxConfig sandbox) {
        return call(Call.CREATE_CONTAINER, now -> {
            FakeSandbox home = sandboxes.get(sandboxId);
            if (home == null || !home.ready) {
                throw new IllegalStateException("sandbox " + sandboxId + " is not running");
            }
            ContainerBehavior behavior = behaviors.of(running().context.nodeName(), home.config, config);
            PodRecord pod = recordOf(home);
            int attempt = pod.next("create", config.name());
            if (attempt < behavior.createErrors().size()) {
                throw new IllegalStateException(behavior.createErrors().get(attempt));
            }
            FakeContainer container = new FakeContainer(
                    newId(), home, config, behavior, behavior.run(pod.count("run", config.name())), now);
            home.containers.put(container.id, container);
            containers.put(container.id, container);
            return container.id;
        });
    }

    @Override
    public CompletionStage<Void> startContainer(String containerId) {
        return late(
                Call.START_CONTAINER,
                () -> {
                    FakeContainer container = containers.get(containerId);
                    return container == null ? Duration.ZERO : container.run.startDelay();
                },
                now -> {
                    FakeContainer container = known(containerId);
                    if (container.state == ContainerState.RUNNING) {
                        return null;
                    }
                    if (container.state == ContainerState.EXITED) {
                        throw new IllegalStateException("container " + containerId + " has ended");
                    }
                    PodRecord pod = recordOf(container.sandbox);
                    int attempt = pod.next("start", container.config.name());
                    if (attempt < container.behavior.startErrors().size()) {
                        String error = container.behavior.startErrors().get(attempt);
                        startFailed(container, error, now);
                        throw new IllegalStateException(error);
                    }
                    pod.next("run", container.config.name());
                    container.state = ContainerState.RUNNING;
                    container.startedAt = now;
                    Duration duration = container.run.duration();
                    if (duration != null) {
                        container.endsAt = now.plus(duration);
                        container.endsWith = container.run.exitCode();
                    }
                    serve(container, now);
                    for (ContainerBehavior.Output output : container.run.log()) {
                        if (output.at().isZero()) {
                            container.log.write(new LogLine(now, output.stderr(), output.text()));
                        } else {
                            running().actor.schedule(output.at(), () -> {
                                if (container.state == ContainerState.RUNNING) {
                                    container.log.write(
                                            new LogLine(running().kernel.instant(), output.stderr(), output.text()));
                                }
                            });
                        }
                    }
                    changed(container.sandbox);
                    schedule(container, now);
                    return null;
                });
    }

    @Override
    public CompletionStage<Void> stopContainer(String containerId, Duration grace) {
        CompletableFuture<Void> ended = new CompletableFuture<>();
        CompletionStage<Void> asked = call(Call.STOP_CONTAINER, now -> {
            FakeContainer container = containers.get(containerId);
            if (container == null || container.state != ContainerState.RUNNING) {
                if (container != null && container.state == ContainerState.CREATED) {
                    end(container, KILLED, null, now);
                }
                ended.complete(null);
                return null;
            }
            container.whenEnded.add(() -> ended.complete(null));
            boolean heeds = !container.behavior.deafToStop()
                    && container.behavior.stopDelay().compareTo(grace) <= 0
                    && !grace.isZero();
            Instant at = now.plus(heeds ? container.behavior.stopDelay() : grace);
            if (container.endsAt == null || at.isBefore(container.endsAt)) {
                container.endsAt = at;
                container.endsWith = heeds ? container.behavior.stopExitCode() : KILLED;
                schedule(container, now);
            }
            return null;
        });
        asked.whenComplete((nothing, error) -> {
            if (error != null) {
                ended.completeExceptionally(error);
            }
        });
        return ended;
    }

    @Override
    public CompletionStage<Void> removeContainer(String containerId) {
        return call(Call.REMOVE_CONTAINER, now -> {
            FakeContainer container = containers.remove(containerId);
            if (container != null) {
                end(container, KILLED, null, now);
                container.sandbox.containers.remove(containerId);
            }
            return null;
        });
    }

    @Override
    public CompletionStage<List<ContainerStatus>> containers(@Nullable String sandboxId) {
        return call(Call.INSPECT, now -> sandboxes.values().stream()
                .filter(sandbox -> sandboxId == null || sandbox.id.equals(sandboxId))
                .flatMap(sandbox -> sandbox.containers.values().stream())
                .map(FakeContainer::status)
                .toList());
    }

    @Override
    public CompletionStage<Map<String, Usage>> usage() {
        return call(Call.INSPECT, now -> {
            Map<String, Usage> used = new HashMap<>();
            for (FakeSandbox sandbox : sandboxes.values()) {
                for (FakeContainer container : sandbox.containers.values()) {
                    if (container.state == ContainerState.RUNNING) {
                        used.put(container.id, container.behavior.usage(sinceStart(container, now)));
                    }
                }
            }
            return used;
        });
    }

    @Override
    public CompletionStage<ExecResult> exec(String containerId, List<String> command, Duration timeout) {
        CompletableFuture<ExecResult> result = new CompletableFuture<>();
        call(Call.EXEC, now -> {
                    FakeContainer container = inRun(containerId);
                    CommandHandler program = container.behavior.program(command);
                    if (program != null) {
                        collect(container, program, command, timeout, result);
                        return null;
                    }
                    ContainerBehavior.ExecAnswer answer = container.behavior.execAnswer(
                            command, container.nextCall("exec " + command), sinceStart(container, now));
                    boolean tooLong = !timeout.isZero() && answer.delay().compareTo(timeout) > 0;
                    running().actor.schedule(tooLong ? timeout : answer.delay(), () -> {
                        if (lost) {
                            return;
                        }
                        if (tooLong) {
                            result.completeExceptionally(new ExecTimeoutException(command, timeout));
                        } else if (answer.failure() != null) {
                            result.completeExceptionally(new IllegalStateException(answer.failure()));
                        } else {
                            result.complete(new ExecResult(
                                    answer.exitCode(),
                                    answer.stdout().getBytes(StandardCharsets.UTF_8),
                                    answer.stderr().getBytes(StandardCharsets.UTF_8)));
                        }
                    });
                    return null;
                })
                .whenComplete((nothing, error) -> {
                    if (error != null) {
                        result.completeExceptionally(error);
                    }
                });
        return result;
    }

    /** Runs a program without input to its end, or until its time is up. */
    private void collect(
            FakeContainer container,
            CommandHandler program,
            List<String> command,
            Duration timeout,
            CompletableFuture<ExecResult> result) {
        Collected stdout = new Collected();
        Collected stderr = new Collected();
        FakeSession session = new FakeSession(
                running().actor,
                command,
                new Streams(false, true, true, false),
                new Output(stdout, stderr),
                code -> result.complete(new ExecResult(code, stdout.bytes(), stderr.bytes())));
        session.exitCode().whenComplete((code, error) -> {
            if (error != null) {
                result.completeExceptionally(error);
            }
        });
        endWith(container, session);
        if (!timeout.isZero()) {
            running().actor.schedule(timeout, () -> {
                result.completeExceptionally(new ExecTimeoutException(command, timeout));
                session.close();
            });
        }
        program.run(session);
    }

    @Override
    public CompletionStage<Session> exec(String containerId, List<String> command, Streams streams, Output output) {
        return call(Call.EXEC, now -> {
            FakeContainer container = inRun(containerId);
            FakeSession session = new FakeSession(running().actor, command, streams, output, code -> {});
            endWith(container, session);
            container
                    .behavior
                    .handler(command, container.nextCall("exec " + command), sinceStart(container, now))
                    .run(session);
            return session;
        });
    }

    @Override
    public CompletionStage<Session> attach(String containerId, Streams streams, Output output) {
        return call(Call.ATTACH, now -> {
            FakeContainer container = inRun(containerId);
            FakeSession session = new FakeSession(
                    running().actor,
                    List.of(),
                    streams,
                    output,
                    code -> end(container, code, null, running().kernel.instant()));
            container.whenEnded.add(() -> session.exit(0));
            container
                    .log
                    .publisher(new LogOptions(true, 0, null, false))
                    .subscribe(new Following(session, running().actor));
            CommandHandler process = container.behavior.attachedHandler();
            if (process != null) {
                process.run(session);
            }
            return session;
        });
    }

    @Override
    public CompletionStage<ByteSink> portForward(String sandboxId, int port, ByteSink received) {
        return this.<InetAddress>call(Call.PORT_FORWARD, now -> {
                    FakeSandbox sandbox = sandboxes.get(sandboxId);
                    if (sandbox == null || sandbox.ip == null) {
                        throw new IllegalStateException("sandbox " + sandboxId + " is not running");
                    }
                    if (running().servers == null) {
                        throw new IllegalStateException("a simulation has no sockets");
                    }
                    return sandbox.ip;
                })
                .thenCompose(address -> SocketLink.connect(
                        new InetSocketAddress(address, port),
                        received,
                        running().kernel.blocking()));
    }

    /** Ends a command together with its container. */
    private static void endWith(FakeContainer container, FakeSession session) {
        Runnable kill = () -> session.exit(KILLED);
        container.whenEnded.add(kill);
        session.exitCode().whenComplete((code, error) -> container.whenEnded.remove(kill));
    }

    private FakeContainer inRun(String containerId) {
        FakeContainer container = known(containerId);
        if (container.state != ContainerState.RUNNING) {
            throw new IllegalStateException("container " + containerId + " is not running");
        }
        return container;
    }

    @Override
    public Flow.Publisher<LogLine> logs(String containerId, LogOptions options) {
        return subscriber -> this.<Void>call(Call.INSPECT, now -> {
                    known(containerId).log.publisher(options).subscribe(subscriber);
                    return null;
                })
                .whenComplete((nothing, error) -> {
                    if (error != null) {
                        subscriber.onSubscribe(new Flow.Subscription() {
                            @Override
                            public void request(long n) {}

                            @Override
                            public void cancel() {}
                        });
                        subscriber.onError(error);
                    }
                });
    }

    @Override
    public CompletionStage<@Nullable Image> imageStatus(String image) {
        return this.<@Nullable Image>call(Call.INSPECT, now -> images.status(image));
    }

    @Override
    public CompletionStage<String> pullImage(String image, @Nullable RegistryAuth auth) {
        return late(Call.PULL_IMAGE, () -> images.behavior(image).pullDelay(), now -> images.pull(image));
    }

    @Override
    public CompletionStage<List<Image>> images() {
        return call(Call.INSPECT, now -> images.all());
    }

    @Override
    public CompletionStage<Void> removeImage(String image) {
        return call(Call.INSPECT, now -> {
            images.remove(image);
            return null;
        });
    }

    /** {@inheritDoc} A closed runtime may be started again: it goes on where it was. */
    @Override
    public synchronized void close() {
        Running last = running;
        if (last == null) {
            return;
        }
        running = null;
        last.actor.close();
        if (last.servers != null) {
            last.servers.close();
        }
        containers.values().forEach(FakeRuntime::closeServers);
    }

    /** The answer of a container to a network probe, null if a socket must be asked. Called on this runtime's actor. */
    @Nullable FakeContainer probed(ProbeTransport.Target target) {
        PodRecord pod = byPod.get(target.podUid());
        if (pod == null) {
            return null;
        }
        for (FakeSandbox sandbox : pod.sandboxes) {
            for (FakeContainer container : sandbox.containers.values()) {
                if (container.config.name().equals(target.containerName())
                        && container.state == ContainerState.RUNNING) {
                    return container;
                }
            }
        }
        return null;
    }

    boolean isLost() {
        return lost;
    }

    static Duration sinceStart(FakeContainer container, Instant now) {
        return container.startedAt == null ? Duration.ZERO : Duration.between(container.startedAt, now);
    }

    private void serve(FakeContainer container, Instant now) {
        if (!container.behavior.serves()) {
            return;
        }
        Running current = running();
        InetAddress address = container.sandbox.ip;
        if (current.servers == null || address == null) {
            log.info(
                    "Container {} of pod {}/{} serves nobody: a simulation has no sockets",
                    container.config.name(),
                    container.sandbox.config.namespace(),
                    container.sandbox.config.name());
            return;
        }
        try {
            container.servers = current.servers.open(address, container.behavior);
        } catch (IOException e) {
            log.warn(
                    "Container {} of pod {}/{} cannot serve",
                    container.config.name(),
                    container.sandbox.config.namespace(),
                    container.sandbox.config.name(),
                    e);
            container.log.write(new LogLine(now, true, String.valueOf(e.getMessage())));
            container.endsAt = now;
            container.endsWith = 1;
        }
    }

    /** Sets the timer that ends a container when its time has come. */
    private void schedule(FakeContainer container, Instant now) {
        if (container.timer != null) {
            container.timer.cancel();
            container.timer = null;
        }
        Instant at = container.endsAt;
        if (at != null) {
            container.timer = running().actor.schedule(Duration.between(now, at), () -> {
                container.timer = null;
                end(
                        container,
                        container.endsWith,
                        container.run.reason(),
                        running().kernel.instant());
            });
        }
    }

    private void end(FakeContainer container, int exitCode, @Nullable String reason, Instant now) {
        if (container.state == ContainerState.EXITED) {
            return;
        }
        if (container.timer != null) {
            container.timer.cancel();
            container.timer = null;
        }
        boolean ran = container.state == ContainerState.RUNNING;
        container.state = ContainerState.EXITED;
        container.finishedAt = now;
        container.exitCode = exitCode;
        String usual = exitCode == 0 ? "Completed" : "Error";
        container.reason = ran && reason != null && exitCode == container.run.exitCode() ? reason : usual;
        container.message = ran ? container.run.terminationMessage() : "";
        closeServers(container);
        container.log.end();
        List<Runnable> told = List.copyOf(container.whenEnded);
        container.whenEnded.clear();
        told.forEach(Runnable::run);
        changed(container.sandbox);
    }

    private void startFailed(FakeContainer container, String error, Instant now) {
        container.state = ContainerState.EXITED;
        container.startedAt = Instant.EPOCH;
        container.finishedAt = now;
        container.exitCode = 128;
        container.reason = "StartError";
        container.message = error;
        container.log.end();
        changed(container.sandbox);
    }

    private void stop(FakeSandbox sandbox, Instant now) {
        sandbox.ready = false;
        if (sandbox.ip != null) {
            if (!sandbox.config.namespaces().hostNetwork()) {
                running().addresses.giveBack(sandbox.ip);
            }
            sandbox.ip = null;
        }
        for (FakeContainer container : sandbox.containers.values()) {
            end(container, KILLED, null, now);
        }
    }

    private static void closeServers(FakeContainer container) {
        AutoCloseable servers = container.servers;
        container.servers = null;
        if (servers != null) {
            try {
                servers.close();
            } catch (Exception e) {
                log.debug("A container's ports did not close", e);
            }
        }
    }

    private void changed(FakeSandbox sandbox) {
        if (!lost) {
            running().context.listener().podChanged(sandbox.config.uid());
        }
    }

    private List<FakeSandbox> find(String namespace, String pod) {
        return sandboxes.values().stream()
                .filter(sandbox -> sandbox.config.namespace().equals(namespace)
                        && sandbox.config.name().equals(pod))
                .toList();
    }

    private PodRecord recordOf(FakeSandbox sandbox) {
        return byPod.computeIfAbsent(sandbox.config.uid(), uid -> new PodRecord());
    }

    private FakeContainer known(String containerId) {
        FakeContainer container = containers.get(containerId);
        if (container == null) {
            throw new IllegalStateException("no such container: " + containerId);
        }
        return container;
    }

    private synchronized Running running() {
        if (running == null) {
            throw new IllegalStateException("this runtime has not been started");
        }
        return running;
    }

    /** Does something on this runtime's actor, if it is started. */
    private void inside(Consumer<Instant> task) {
        Running current;
        synchronized (this) {
            current = running;
        }
        if (current != null) {
            current.actor.execute(() -> task.accept(current.kernel.instant()));
        }
    }

    private <T extends @Nullable Object> CompletionStage<T> call(Call call, Function<Instant, T> body) {
        return late(call, () -> Duration.ZERO, body);
    }

    /** Runs a call on this runtime's actor after its delay; a lost machine never answers. */
    private <T extends @Nullable Object> CompletionStage<T> late(
            Call call, Supplier<Duration> delay, Function<Instant, T> body) {
        Running current = running();
        CompletableFuture<T> answer = new CompletableFuture<>();
        current.actor.execute(() -> {
            if (lost) {
                return;
            }
            Fault fault = faults.next(call);
            Duration wait = fault == null ? delay.get() : delay.get().plus(fault.delay());
            Runnable act = () -> {
                if (lost) {
                    return;
                }
                try {
                    if (fault != null && fault.error() != null) {
                        throw new IllegalStateException(fault.error());
                    }
                    answer.complete(body.apply(current.kernel.instant()));
                } catch (RuntimeException e) {
                    answer.completeExceptionally(e);
                }
            };
            if (wait.isZero()) {
                act.run();
            } else {
                current.actor.schedule(wait, act);
            }
        });
        return answer;
    }

    private String newId() {
        return (running().kernel.newUid() + running().kernel.newUid()).replace("-", "");
    }
}

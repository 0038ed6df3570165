package dev.amphora.kubelet;

import dev.amphora.api.StatusException;
import dev.amphora.client.Client;
import dev.amphora.kernel.Kernel;
import dev.amphora.kernel.SimulatedKernel;
import dev.amphora.kubelet.ContainerRuntime.ContainerState;
import dev.amphora.kubelet.ContainerRuntime.ContainerStatus;
import dev.amphora.kubelet.ContainerRuntime.ExecResult;
import dev.amphora.kubelet.ContainerRuntime.LogLine;
import dev.amphora.kubelet.ContainerRuntime.LogOptions;
import dev.amphora.stream.Session;
import dev.amphora.stream.Streams;
import io.fabric8.kubernetes.api.model.Pod;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The agent of one node.
 *
 * <p>It registers its Node and renews its Lease, runs the pods that are bound to the node on a {@link ContainerRuntime}, and writes
 * back what became of them, in the reference's words. What the runtime still has from an earlier run is taken over. An idle kubelet
 * costs a few timers, no thread.
 */
public final class Kubelet implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(Kubelet.class);

    private final Kernel kernel;
    private final Client client;
    private final ContainerRuntime runtime;
    private final KubeletConfig config;
    private @Nullable Path ownRoot;
    private @Nullable NodeAgent agent;
    private @Nullable ReadOnlyServer server;
    private boolean started;
    private boolean failed;

    /**
     * A kubelet, not yet started.
     *
     * @param kernel time and tasks
     * @param client sees everything that a node sees
     * @param runtime of this node alone; started and closed with the kubelet
     * @param config the node
     */
    public Kubelet(Kernel kernel, Client client, ContainerRuntime runtime, KubeletConfig config) {
        this.kernel = kernel;
        this.client = client;
        this.runtime = runtime;
        this.config = config;
    }

    /** The node's name. */
    public String nodeName() {
        return config.nodeName();
    }

    /** What runs the containers. */
    public ContainerRuntime runtime() {
        return runtime;
    }

    /** How the node is set up. */
    public KubeletConfig config() {
        return config;
    }

    /**
     * Begins to work. Called once.
     *
     * @throws UncheckedIOException if the read-only port cannot be opened
     */
    public synchronized void start() {
        if (started) {
            throw new IllegalStateException("this kubelet has been started before");
        }
        started = true;
        runtime.start(new ContainerRuntime.Context(kernel, config.nodeName(), config.podCidr(), this::podChanged));
        if (config.readOnlyPort() > 0 && kernel instanceof SimulatedKernel) {
            log.info("Node {} has no read-only port: a simulation has no sockets", config.nodeName());
        } else if (config.readOnlyPort() > 0) {
            server = new ReadOnlyServer(kernel, config.address(), config.readOnlyPort(), new KubeletPages(this::pods));
        }
        begin();
    }

    /** The pods of the node as they are known now, by namespace and name. */
    public List<Pod> pods() {
        NodeAgent current = agent();
        return current == null ? List.of() : current.pods();
    }

    /**
     * Plays the loss of the node: the kubelet falls silent and does nothing more, and so does its machine if the runtime
     * {@linkplain Machine can play it}. Idempotent.
     */
    public synchronized void fail() {
        if (failed || !started) {
            return;
        }
        failed = true;
        end();
        if (runtime instanceof Machine machine) {
            machine.fail();
        }
    }

    /** Brings a lost node back: the kubelet starts anew, as after a reboot. Idempotent. */
    public synchronized void recover() {
        if (!failed) {
            return;
        }
        failed = false;
        if (runtime instanceof Machine machine) {
            machine.recover();
        }
        begin();
    }

    /** Ends the kubelet and lets go of the runtime. Pods are left as they are, in the runtime and in the API. Idempotent. */
    @Override
    public synchronized void close() {
        end();
        if (server != null) {
            server.close();
            server = null;
        }
        if (started) {
            runtime.close();
        }
        Path own = ownRoot;
        if (own != null) {
            PodFiles.delete(own);
            ownRoot = null;
        }
    }

    /**
     * The log of a container.
     *
     * @param container null for the pod's only one
     * @param previous of the run before the present one
     * @return completes with a {@link StatusException} if there is no such pod or container, or it has no log yet
     */
    public CompletionStage<Flow.Publisher<LogLine>> logs(
            String namespace, String pod, @Nullable String container, boolean previous, LogOptions options) {
        return find(namespace, pod, container, previous).thenApply(status -> runtime.logs(status.id(), options));
    }

    /**
     * Runs a command in a running container.
     *
     * @param container null for the pod's only one
     * @param timeout after which it is given up; zero means never
     * @return completes with a {@link StatusException} if there is no such pod or container, or it does not run
     */
    public CompletionStage<ExecResult> exec(
            String namespace, String pod, @Nullable String container, List<String> command, Duration timeout) {
        return find(namespace, pod, container, false).thenCompose(status -> {
            if (status.state() != ContainerState.RUNNING) {
                throw StatusException.internalError(
                        "unable to upgrade connection: container not found (\"" + status.name() + "\")");
            }
            return runtime.exec(status.id(), command, timeout);
        });
    }

    /**
     * Finds a running container for a command whose streams are connected.
     *
     * @return completes with a {@link StatusException} if there is no such pod, or no such container runs
     */
    public CompletionStage<Session.Starter> exec(
            String namespace, String pod, String container, List<String> command, Streams streams) {
        return streams()
                .running(namespace, pod, container)
                .thenApply(id -> output -> runtime.exec(id, command, streams, output));
    }

    /**
     * Finds a running container whose own streams are to be joined. Whether that is a terminal is as its pod says.
     *
     * @return completes with a {@link StatusException} if there is no such pod, or no such container runs
     */
    public CompletionStage<Session.Starter> attach(String namespace, String pod, String container, Streams streams) {
        boolean tty = streams().hasTerminal(namespace, pod, container);
        Streams actual = new Streams(streams.stdin(), streams.stdout(), streams.stderr() && !tty, tty);
        return streams()
                .running(namespace, pod, container)
                .thenApply(id -> output -> runtime.attach(id, actual, output));
    }

    /**
     * Finds a pod whose ports are to be reached.
     *
     * @return completes with a {@link StatusException} if there is no such pod, or it does not run
     */
    public CompletionStage<Session.Dialer> portForward(String namespace, String pod) {
        return streams()
                .sandbox(namespace, pod)
                .thenApply(id -> (port, received) -> runtime.portForward(id, port, received));
    }

    /**
     * What a pod's running containers use.
     *
     * @param pod as it is known now
     * @param containers by their names, in order
     */
    public record PodUsage(Pod pod, Map<String, ContainerRuntime.Usage> containers) {}

    /** What the pods of this node use, as far as the runtime knows; nothing while the node is lost. */
    public CompletionStage<List<PodUsage>> usage() {
        Map<String, Pod> known = new HashMap<>();
        pods().forEach(pod -> known.put(PodSpecs.uid(pod), pod));
        return runtime.usage()
                .thenCombine(runtime.containers(null), (usage, containers) -> {
                    Map<String, Map<String, ContainerRuntime.Usage>> bySandbox = new HashMap<>();
                    for (ContainerStatus container : containers) {
                        ContainerRuntime.Usage used = usage.get(container.id());
                        if (used != null && container.state() == ContainerState.RUNNING) {
                            bySandbox
                                    .computeIfAbsent(container.sandboxId(), id -> new TreeMap<>())
                                    .put(container.name(), used);
                        }
                    }
                    return bySandbox;
                })
                .thenCombine(runtime.sandboxes(), (bySandbox, sandboxes) -> {
                    List<PodUsage> found = new ArrayList<>();
                    for (ContainerRuntime.SandboxStatus sandbox : sandboxes) {
                        Pod pod = known.get(sandbox.uid());
                        Map<String, ContainerRuntime.Usage> used = bySandbox.get(sandbox.id());
                        if (pod != null && used != null) {
                            found.add(new PodUsage(pod, used));
                        }
                    }
                    return found;
                });
    }

    /** What this kubelet answers over HTTP. */
    public record Page(int status, String contentType, byte[] body) {}

    /**
     * One of the pages that the kubelet serves over HTTP: {@code /healthz} and {@code /pods}.
     *
     * @param path with its query
     */
    public CompletionStage<Page> page(String method, String path) {
        KubeletPages.Page page = new KubeletPages(this::pods).page(method, path.split("\\?", 2)[0]);
        return CompletableFuture.completedStage(new Page(page.status(), page.contentType(), page.body()));
    }

    private PodStreams streams() {
        return new PodStreams(runtime, pods());
    }

    /** The newest container of a name, or the one before it. */
    private CompletionStage<ContainerStatus> find(
            String namespace, String podName, @Nullable String container, boolean previous) {
        Pod pod = pods().stream()
                .filter(candidate -> candidate.getMetadata().getNamespace().equals(namespace)
                        && candidate.getMetadata().getName().equals(podName))
                .findFirst()
                .orElseThrow(() -> StatusException.notFound("", "pods", podName));
        String name = container == null ? pod.getSpec().getContainers().get(0).getName() : container;
        return runtime.pod(PodSpecs.uid(pod)).thenApply(state -> {
            List<ContainerStatus> found = state.containers().stream()
                    .filter(status -> status.name().equals(name) && status.state() != ContainerState.CREATED)
                    .toList();
            if (previous) {
                List<ContainerStatus> ended = found.stream()
                        .skip(!found.isEmpty() && found.get(0).state() == ContainerState.RUNNING ? 1 : 0)
                        .toList();
                if (ended.isEmpty()) {
                    throw StatusException.badRequest(
                            "previous terminated container \"" + name + "\" in pod \"" + podName + "\" not found");
                }
                return ended.get(0);
            }
            if (found.isEmpty()) {
                throw StatusException.badRequest("container \"" + name + "\" in pod \"" + podName
                        + "\" is waiting to start: " + waitingReason(pod, name));
            }
            return found.get(0);
        });
    }

    private static String waitingReason(Pod pod, String container) {
        if (pod.getStatus() == null) {
            return "ContainerCreating";
        }
        return pod.getStatus().getContainerStatuses().stream()
                .filter(status ->
                        status.getName().equals(container) && status.getState().getWaiting() != null)
                .map(status -> {
                    String reason = status.getState().getWaiting().getReason();
                    return reason.equals("ErrImagePull") || reason.equals("ImagePullBackOff")
                            ? "trying and failing to pull image"
                            : reason;
                })
                .findFirst()
                .orElse("ContainerCreating");
    }

    private synchronized @Nullable NodeAgent agent() {
        return agent;
    }

    private void podChanged(String podUid) {
        NodeAgent current = agent();
        if (current != null) {
            current.podChanged(podUid);
        }
    }

    private void begin() {
        NodeAgent next = new NodeAgent(kernel, client, runtime, config, root(), this::restart);
        agent = next;
        next.start();
    }

    private synchronized void restart() {
        if (agent != null) {
            end();
            begin();
        }
    }

    private void end() {
        NodeAgent last = agent;
        agent = null;
        if (last != null) {
            last.close();
        }
    }

    private Path root() {
        Path given = config.rootDirectory();
        if (given != null) {
            return given;
        }
        if (!runtime.seesHostFiles()) {
            return Path.of("/var/lib/kubelet");
        }
        Path own = ownRoot;
        if (own == null) {
            try {
                own = Files.createTempDirectory("amphora-" + config.nodeName());
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            ownRoot = own;
        }
        return own;
    }
}

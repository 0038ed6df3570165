package dev.amphora.kubelet;

import dev.amphora.kernel.Kernel;
import dev.amphora.stream.ByteSink;
import dev.amphora.stream.Output;
import dev.amphora.stream.Session;
import dev.amphora.stream.Streams;
import java.net.InetAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;
import org.jspecify.annotations.Nullable;

/**
 * What runs containers on one node: pod sandboxes, containers and images, in the shape of the Container Runtime Interface (CRI).
 *
 * <p>Every call is asynchronous and returns at once; the stage completes when the runtime has done it, or exceptionally with a
 * {@link RuntimeException} whose message goes to the pod's status and events. Calls may come from any thread, and stages may
 * complete on any. A pod's containers share their sandbox's network. Implementations pass the runtime contract tests.
 */
public interface ContainerRuntime extends AutoCloseable {

    /**
     * What the runtime is.
     *
     * @param name such as {@code docker}
     * @param version its own version
     */
    record Version(String name, String version) {}

    /**
     * What a sandbox is made from.
     *
     * @param namespace the pod's namespace
     * @param name the pod's name
     * @param uid the pod's uid
     * @param attempt how many sandboxes the pod has had before
     * @param hostname of the pod
     * @param namespaces what it shares with the node or among its containers
     * @param ports of the node that lead to the pod
     * @param labels of the pod and for the runtime's own bookkeeping
     * @param annotations of the pod; a fake runtime takes its script from them
     * @param dns name servers, search domains and options
     */
    record SandboxConfig(
            String namespace,
            String name,
            String uid,
            int attempt,
            String hostname,
            Namespaces namespaces,
            List<PortMapping> ports,
            Map<String, String> labels,
            Map<String, String> annotations,
            DnsConfig dns) {}

    /**
     * What a pod shares.
     *
     * @param hostNetwork whether it is in the node's network
     * @param hostPid whether it sees the node's processes
     * @param hostIpc whether it is in the node's IPC namespace
     * @param sharedPids whether its containers see each other's processes
     */
    record Namespaces(boolean hostNetwork, boolean hostPid, boolean hostIpc, boolean sharedPids) {
        /** A network of its own, shared by its containers, and nothing more. */
        public static final Namespaces POD = new Namespaces(false, false, false, false);
    }

    /**
     * A port of the node that leads to the pod.
     *
     * @param hostIp empty for all addresses
     * @param protocol {@code TCP}, {@code UDP} or {@code SCTP}
     */
    record PortMapping(String hostIp, int hostPort, int containerPort, String protocol) {}

    /** What goes into a pod's {@code resolv.conf}. */
    record DnsConfig(List<String> servers, List<String> searches, List<String> options) {
        /** The runtime's own settings. */
        public static final DnsConfig NONE = new DnsConfig(List.of(), List.of(), List.of());
    }

    /** A sandbox as the runtime sees it. */
    record SandboxStatus(
            String id,
            String namespace,
            String name,
            String uid,
            int attempt,
            boolean ready,
            Instant createdAt,
            @Nullable InetAddress ip) {}

    /**
     * What a container is made from.
     *
     * @param name as in the pod's spec
     * @param attempt how many containers of this name the pod has had before
     * @param image as in the pod's spec
     * @param imageId what {@link #pullImage} or {@link #imageStatus} gave
     * @param command replaces the image's entry point unless empty
     * @param args replaces the image's arguments unless empty
     * @param workingDir null for the image's
     * @param env in order
     * @param mounts of the host's files
     * @param resources limits and shares
     * @param security whom it runs as and what it may do
     * @param stdin whether it has a standard input
     * @param stdinOnce whether that ends with the first client that attaches to it
     * @param tty whether it has a terminal
     * @param pidsOf the id of a container whose processes it sees as well, null for none
     * @param labels for the runtime's own bookkeeping
     */
    record ContainerConfig(
            String name,
            int attempt,
            String image,
            String imageId,
            List<String> command,
            List<String> args,
            @Nullable String workingDir,
            List<EnvVar> env,
            List<Mount> mounts,
            Resources resources,
            Security security,
            boolean stdin,
            boolean stdinOnce,
            boolean tty,
            @Nullable String pidsOf,
            Map<String, String> labels) {}

    /**
     * Whom a container runs as and what it may do.
     *
     * @param user numeric user, null for the image's
     * @param group numeric group, null for the image's
     * @param supplementalGroups further groups
     * @param privileged all rights
     * @param readOnlyRootFilesystem whether its own file system is read-only
     * @param noNewPrivileges whether its processes cannot gain rights
     * @param addCapabilities such as {@code NET_ADMIN}
     * @param dropCapabilities such as {@code ALL}
     */
    record Security(
            @Nullable Long user,
            @Nullable Long group,
            List<Long> supplementalGroups,
            boolean privileged,
            boolean readOnlyRootFilesystem,
            boolean noNewPrivileges,
            List<String> addCapabilities,
            List<String> dropCapabilities) {
        /** As the image and the engine say. */
        public static final Security DEFAULTS =
                new Security(null, null, List.of(), false, false, false, List.of(), List.of());
    }

    /** One environment variable. */
    record EnvVar(String name, String value) {}

    /** A file or directory of the host inside a container. */
    record Mount(String hostPath, String containerPath, boolean readOnly) {}

    /**
     * Limits and shares.
     *
     * @param cpuShares relative weight; 0 for the default
     * @param cpuQuotaMicros microseconds per 100 ms; 0 for no limit
     * @param memoryLimitBytes 0 for no limit
     * @param oomScoreAdj who goes first when memory runs out
     */
    record Resources(long cpuShares, long cpuQuotaMicros, long memoryLimitBytes, int oomScoreAdj) {
        /** No limits. */
        public static final Resources NONE = new Resources(0, 0, 0, 0);
    }

    /** Where a container is in its life. */
    enum ContainerState {
        /** Made, not started. */
        CREATED,
        /** Running. */
        RUNNING,
        /** Ended. */
        EXITED,
        /** The runtime cannot say. */
        UNKNOWN
    }

    /**
     * A container as the runtime sees it.
     *
     * @param exitCode meaningful once exited
     * @param reason such as {@code Completed}, {@code Error} or {@code OOMKilled}; empty while it runs
     * @param message more about the end, may be empty
     */
    record ContainerStatus(
            String id,
            String sandboxId,
            String name,
            int attempt,
            String image,
            String imageId,
            ContainerState state,
            Instant createdAt,
            @Nullable Instant startedAt,
            @Nullable Instant finishedAt,
            int exitCode,
            String reason,
            String message) {}

    /**
     * What a running container uses.
     *
     * @param nanoCores billionths of a CPU's time
     * @param memoryBytes of its working set
     */
    record Usage(long nanoCores, long memoryBytes) {}

    /** An image that the runtime holds. */
    record Image(String id, List<String> tags, List<String> digests, long sizeBytes) {}

    /** The outcome of a command run in a container. */
    record ExecResult(int exitCode, byte[] stdout, byte[] stderr) {}

    /** A command in a container took longer than it was given. */
    final class ExecTimeoutException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        /**
         * A command that was given up.
         *
         * @param command what was run
         * @param timeout what it was given
         */
        public ExecTimeoutException(List<String> command, Duration timeout) {
            super("command timed out: \"%s\" timed out after %ds"
                    .formatted(String.join(" ", command), timeout.toSeconds()));
        }
    }

    /**
     * One pod as the runtime sees it.
     *
     * @param sandboxes newest first
     * @param containers of all its sandboxes, newest first
     */
    record PodState(List<SandboxStatus> sandboxes, List<ContainerStatus> containers) {
        /** Nothing there. */
        public static final PodState NONE = new PodState(List.of(), List.of());
    }

    /** Credentials for a registry. */
    record RegistryAuth(String username, String password, String serverAddress) {}

    /** What to read of a container's log. */
    record LogOptions(boolean follow, @Nullable Integer tailLines, @Nullable Instant since, boolean timestamps) {}

    /** One piece of a container's log. */
    record LogLine(Instant time, boolean stderr, String text) {}

    /**
     * What a runtime works in.
     *
     * @param kernel gives the clock, the actors and the executor for calls that block on the outside world
     * @param nodeName the node it works for; runtimes that share an engine keep apart what belongs to different nodes
     * @param podCidr where pod addresses come from, such as {@code 127.128.3.0/24}, for a runtime that gives them out itself
     * @param listener hears of changes
     */
    record Context(Kernel kernel, String nodeName, String podCidr, Listener listener) {}

    /** Hears that something may have changed in a sandbox; the kubelet then asks for its status. May be called from any thread. */
    @FunctionalInterface
    interface Listener {
        /** Something happened to the pod with this uid. */
        void podChanged(String podUid);
    }

    /** What this runtime is; also tells whether it can be reached. */
    CompletionStage<Version> version();

    /**
     * Binds this runtime to the node it works for. Called once, before any other method; what the engine still holds from an
     * earlier run is found again by {@link #sandboxes} and {@link #containers}.
     *
     * @throws IllegalStateException if this runtime has been started before
     */
    void start(Context context);

    /**
     * Whether containers see files of this machine. If not, as with a fake runtime, the kubelet writes none: mounts then name
     * paths that do not exist.
     */
    default boolean seesHostFiles() {
        return true;
    }

    /**
     * How the kubelet's HTTP, gRPC and TCP probes and hooks reach a container of this runtime; null for sockets of this machine.
     */
    default @Nullable ProbeTransport probeTransport() {
        return null;
    }

    /** Makes and starts a sandbox with its network. Idempotent for the same pod uid and attempt. */
    CompletionStage<SandboxStatus> runSandbox(SandboxConfig config);

    /** Stops the sandbox and its containers and gives back its network. Idempotent. */
    CompletionStage<Void> stopSandbox(String sandboxId);

    /** Removes a sandbox and its containers; what still runs is killed. Idempotent. */
    CompletionStage<Void> removeSandbox(String sandboxId);

    /** All sandboxes of this node, ready or not. */
    CompletionStage<List<SandboxStatus>> sandboxes();

    /** Makes a container in a sandbox and gives its id. */
    CompletionStage<String> createContainer(String sandboxId, ContainerConfig config, SandboxConfig sandbox);

    /** Starts a container that was made. */
    CompletionStage<Void> startContainer(String containerId);

    /**
     * Stops a container: its stop signal, then after the grace period a kill. Idempotent.
     *
     * @param grace zero kills at once
     */
    CompletionStage<Void> stopContainer(String containerId, Duration grace);

    /** Removes a container; one that still runs is killed. Idempotent. */
    CompletionStage<Void> removeContainer(String containerId);

    /**
     * The containers of this node, in any state.
     *
     * @param sandboxId only this sandbox's; null for all
     */
    CompletionStage<List<ContainerStatus>> containers(@Nullable String sandboxId);

    /** What the running containers of this node use, by their ids; those whose use isn't known are left out. By default all. */
    default CompletionStage<Map<String, Usage>> usage() {
        return CompletableFuture.completedFuture(Map.of());
    }

    /** What there is of one pod. The kubelet asks this whenever something may have changed. */
    default CompletionStage<PodState> pod(String podUid) {
        return sandboxes().thenCompose(all -> {
            List<SandboxStatus> sandboxes = all.stream()
                    .filter(sandbox -> sandbox.uid().equals(podUid))
                    .sorted(Comparator.comparing(SandboxStatus::createdAt)
                            .thenComparing(SandboxStatus::attempt)
                            .reversed())
                    .toList();
            CompletionStage<List<ContainerStatus>> containers = CompletableFuture.completedFuture(List.of());
            for (SandboxStatus sandbox : sandboxes) {
                containers = containers.thenCombine(containers(sandbox.id()), (some, more) -> {
                    List<ContainerStatus> sum = new ArrayList<>(some);
                    sum.addAll(more);
                    return sum;
                });
            }
            return containers.thenApply(found -> new PodState(
                    sandboxes,
                    found.stream()
                            .sorted(Comparator.comparing(ContainerStatus::createdAt)
                                    .thenComparing(ContainerStatus::attempt)
                                    .reversed())
                            .toList()));
        });
    }

    /**
     * Runs a command in a container to its end.
     *
     * @param timeout after which it is given up, with a {@link ExecTimeoutException}; zero means never
     */
    CompletionStage<ExecResult> exec(String containerId, List<String> command, Duration timeout);

    /**
     * Runs a command in a running container, with its streams connected.
     *
     * @param streams which of them; a terminal is made for it if asked for
     * @param output receives what it prints
     * @return completes when it runs. Where the runtime tells later that it cannot, the session ends with that error, or with an exit
     *     code of 126 or 127 and the reason in its output
     */
    CompletionStage<Session> exec(String containerId, List<String> command, Streams streams, Output output);

    /**
     * Joins in with a running container's own process.
     *
     * @param streams which of its streams; {@code tty} is as the container was made
     * @param output receives what it prints from now on
     * @return completes when they are connected. The session ends, with code 0, when the container does, or when its own input has ended
     *     and the container's has not
     */
    CompletionStage<Session> attach(String containerId, Streams streams, Output output);

    /**
     * Connects to a TCP port in a pod's network.
     *
     * @param port 1 to 65535
     * @param received takes what comes from there
     * @return completes with the way there
     */
    CompletionStage<ByteSink> portForward(String sandboxId, int port, ByteSink received);

    /** The log of a container; with {@code follow} it goes on until the container ends or the subscriber cancels. */
    Flow.Publisher<LogLine> logs(String containerId, LogOptions options);

    /** An image by reference, null if it is not here. */
    CompletionStage<@Nullable Image> imageStatus(String image);

    /** Fetches an image and gives its id. */
    CompletionStage<String> pullImage(String image, @Nullable RegistryAuth auth);

    /** The images that are here. */
    CompletionStage<List<Image>> images();

    /** Removes an image. Idempotent. */
    CompletionStage<Void> removeImage(String image);

    /** Lets go of the engine. Containers are left as they are. Idempotent. */
    @Override
    void close();
}

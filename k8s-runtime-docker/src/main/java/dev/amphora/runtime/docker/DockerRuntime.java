package dev.amphora.runtime.docker;

import com.github.dockerjava.api.DockerClient;
import com.github.dockerjava.api.command.CreateContainerCmd;
import com.github.dockerjava.api.command.InspectContainerResponse;
import com.github.dockerjava.api.command.InspectImageResponse;
import com.github.dockerjava.api.command.PullImageCmd;
import com.github.dockerjava.api.exception.ConflictException;
import com.github.dockerjava.api.exception.DockerException;
import com.github.dockerjava.api.exception.NotFoundException;
import com.github.dockerjava.api.exception.NotModifiedException;
import com.github.dockerjava.api.model.AuthConfig;
import com.github.dockerjava.api.model.Container;
import com.github.dockerjava.api.model.Frame;
import com.github.dockerjava.api.model.PullResponseItem;
import com.github.dockerjava.api.model.StreamType;
import dev.amphora.kernel.Kernel;
import dev.amphora.kubelet.ContainerRuntime;
import dev.amphora.stream.ByteSink;
import dev.amphora.stream.Output;
import dev.amphora.stream.Session;
import dev.amphora.stream.SocketLink;
import dev.amphora.stream.Streams;
import java.io.ByteArrayOutputStream;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A container runtime on a Docker Engine: a pod is a container that holds its namespaces, and containers that join them.
 *
 * <p>What belongs to a node is told by labels alone, so a runtime that starts finds what an earlier one has left. Several nodes, and
 * several clusters with names of their own, can share an engine. Pods get their addresses from the engine's default network.
 *
 * <p>Where the engine is itself confined, and can neither lower OOM scores nor run privileged containers, containers run without.
 * A command that outlives its timeout is given up but goes on inside its container: the engine has no way to end it.
 */
public final class DockerRuntime implements ContainerRuntime {
    private static final Logger log = LoggerFactory.getLogger(DockerRuntime.class);
    private static final Duration REMOVAL_PATIENCE = Duration.ofSeconds(30);

    private final Builder options;
    private @Nullable Running running;

    private record Running(Kernel kernel, PodLabels labels, Engine engine, ChangeFeed changes) {}

    /** A runtime on the engine that the environment names ({@code DOCKER_HOST}), else the local one; with the default settings. */
    public DockerRuntime() {
        this(new Builder());
    }

    private DockerRuntime(Builder options) {
        this.options = options;
    }

    /** Settings of a runtime. */
    public static Builder builder() {
        return new Builder();
    }

    /** Settings of a {@link DockerRuntime}. */
    public static final class Builder {
        private @Nullable String host;
        private String cluster = "amphora";
        private @Nullable String sandboxImage;
        private boolean removeOnClose;

        private Builder() {}

        /**
         * Where the engine listens.
         *
         * @param url such as {@code unix:///var/run/docker.sock}; unless told otherwise what the environment says
         */
        public Builder host(String url) {
            this.host = url;
            return this;
        }

        /**
         * Whose containers these are. Clusters that share an engine need different names, or each removes the other's pods.
         *
         * @param name {@code amphora} unless told otherwise
         */
        public Builder cluster(String name) {
            this.cluster = name;
            return this;
        }

        /**
         * The image of the container that holds a pod's namespaces, whose program is {@code /pause}. Pulled if absent. Unless told
         * otherwise a tiny one is made on the spot, or on machines other than x86-64 {@code registry.k8s.io/pause:3.10} is taken.
         */
        public Builder sandboxImage(String image) {
            this.sandboxImage = image;
            return this;
        }

        /** Makes {@link DockerRuntime#close} remove all pods of the node; otherwise they run on. */
        public Builder removeOnClose() {
            this.removeOnClose = true;
            return this;
        }

        /** The runtime, to be started by what it is handed to. */
        public DockerRuntime build() {
            return new DockerRuntime(this);
        }
    }

    /**
     * Makes sure that an engine can be used.
     *
     * @throws RuntimeException if none answers; the message says where it was looked for and how to get one
     */
    public static void requireEngine() {
        try (Engine engine = new Engine(null, Map.of())) {
            engine.version();
        }
    }

    @Override
    public synchronized void start(Context context) {
        if (running != null) {
            throw new IllegalStateException("this runtime works for a node already");
        }
        PodLabels labels = new PodLabels(options.cluster, context.nodeName());
        Engine engine = new Engine(options.host, labels.own());
        running = new Running(
                context.kernel(), labels, engine, new ChangeFeed(engine, labels, context.kernel(), context.listener()));
    }

    @Override
    public CompletionStage<Version> version() {
        return call(now -> new Version("docker", now.engine.version().getVersion()));
    }

    @Override
    public CompletionStage<SandboxStatus> runSandbox(SandboxConfig config) {
        return call(now -> {
            DockerClient client = now.engine.client();
            String name = PodLabels.sandboxName(config);
            CreateContainerCmd command =
                    client.createContainerCmd(sandboxImage(now)).withName(name).withLabels(now.labels.sandbox(config));
            String id;
            try {
                id = ContainerSpec.sandbox(command, config).exec().getId();
            } catch (ConflictException exists) {
                id = client.inspectContainerCmd(name).exec().getId();
            }
            try {
                client.startContainerCmd(id).exec();
            } catch (NotModifiedException runs) {
                log.debug("Sandbox {} runs already", name);
            } catch (DockerException e) {
                remove(client, id);
                throw e;
            }
            return ContainerReport.sandbox(client.inspectContainerCmd(id).exec());
        });
    }

    @Override
    public CompletionStage<Void> stopSandbox(String sandboxId) {
        return run(now -> {
            DockerClient client = now.engine.client();
            for (Container container : list(client, now.labels.ofSandbox(sandboxId))) {
                kill(client, container.getId());
            }
            kill(client, sandboxId);
        });
    }

    @Override
    public CompletionStage<Void> removeSandbox(String sandboxId) {
        return run(now -> {
            DockerClient client = now.engine.client();
            for (Container container : list(client, now.labels.ofSandbox(sandboxId))) {
                remove(client, container.getId());
            }
            remove(client, sandboxId);
        });
    }

    @Override
    public CompletionStage<List<SandboxStatus>> sandboxes() {
        return call(now -> inspect(now, now.labels.ownSandboxes())
                .map(ContainerReport::sandbox)
                .toList());
    }

    @Override
    public CompletionStage<PodState> pod(String podUid) {
        return call(now -> {
            List<InspectContainerResponse> found =
                    inspect(now, now.labels.ofPod(podUid)).toList();
            return new PodState(
                    found.stream()
                            .filter(DockerRuntime::isSandbox)
                            .map(ContainerReport::sandbox)
                            .sorted(Comparator.comparing(SandboxStatus::createdAt)
                                    .thenComparing(SandboxStatus::attempt)
                                    .reversed())
                            .toList(),
                    found.stream()
                            .filter(container -> !isSandbox(container))
                            .map(ContainerReport::container)
                            .sorted(Comparator.comparing(ContainerStatus::createdAt)
                                    .thenComparing(ContainerStatus::attempt)
                                    .reversed())
                            .toList());
        });
    }

    @Override
    public CompletionStage<String> createContainer(String sandboxId, ContainerConfig config, SandboxConfig sandbox) {
        return call(now -> {
            Engine engine = now.engine;
            String image = config.imageId().isEmpty() ? config.image() : config.imageId();
            boolean privileged = config.security().privileged() && engine.grantsPrivileges(sandboxImage(now));
            boolean oomScore = config.resources().oomScoreAdj() >= 0 || engine.lowersOomScore(sandboxImage(now));
            CreateContainerCmd command = engine.client()
                    .createContainerCmd(image)
                    .withName(PodLabels.containerName(config, sandbox, sandbox.attempt()))
                    .withLabels(now.labels.container(sandboxId, config, sandbox));
            return ContainerSpec.container(command, sandboxId, config, sandbox, privileged, oomScore)
                    .exec()
                    .getId();
        });
    }

    @Override
    public CompletionStage<Void> startContainer(String containerId) {
        return run(now -> {
            try {
                now.engine.client().startContainerCmd(containerId).exec();
            } catch (NotModifiedException runs) {
                log.debug("Container {} runs already", containerId);
            }
        });
    }

    @Override
    public CompletionStage<Void> stopContainer(String containerId, Duration grace) {
        return run(now -> {
            DockerClient client = now.engine.client();
            if (grace.isZero() || grace.isNegative()) {
                kill(client, containerId);
                return;
            }
            long seconds = grace.plusNanos(999_999_999).toSeconds();
            try {
                client.stopContainerCmd(containerId)
                        .withTimeout((int) Math.min(Integer.MAX_VALUE, seconds))
                        .exec();
            } catch (NotModifiedException | NotFoundException over) {
                log.debug("Container {} has ended already", containerId);
            }
        });
    }

    @Override
    public CompletionStage<Void> removeContainer(String containerId) {
        return run(now -> remove(now.engine.client(), containerId));
    }

    @Override
    public CompletionStage<List<ContainerStatus>> containers(@Nullable String sandboxId) {
        return call(now -> {
            Map<String, String> labels = sandboxId == null ? now.labels.own() : now.labels.ofSandbox(sandboxId);
            return inspect(now, labels)
                    .filter(container -> !isSandbox(container))
                    .map(ContainerReport::container)
                    .toList();
        });
    }

    @Override
    public CompletionStage<ExecResult> exec(String containerId, List<String> command, Duration timeout) {
        return call(now -> {
            DockerClient client = now.engine.client();
            String id = client.execCreateCmd(containerId)
                    .withAttachStdout(true)
                    .withAttachStderr(true)
                    .withCmd(command.toArray(String[]::new))
                    .exec()
                    .getId();
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            ByteArrayOutputStream err = new ByteArrayOutputStream();
            try (Receiver<Frame> output = new Receiver<>() {
                @Override
                public void onNext(Frame frame) {
                    (frame.getStreamType() == StreamType.STDERR ? err : out).writeBytes(frame.getPayload());
                }
            }) {
                client.execStartCmd(id).exec(output);
                if (!output.await(timeout)) {
                    throw new ExecTimeoutException(command, timeout);
                }
            }
            Long exitCode = client.inspectExecCmd(id).exec().getExitCodeLong();
            return new ExecResult(exitCode == null ? -1 : exitCode.intValue(), out.toByteArray(), err.toByteArray());
        });
    }

    @Override
    public CompletionStage<Session> exec(String containerId, List<String> command, Streams streams, Output output) {
        return call(
                now -> DockerSession.exec(now.engine, now.kernel.blocking(), containerId, command, streams, output));
    }

    @Override
    public CompletionStage<Session> attach(String containerId, Streams streams, Output output) {
        return call(now -> DockerSession.attach(now.engine, now.kernel.blocking(), containerId, streams, output));
    }

    @Override
    public CompletionStage<ByteSink> portForward(String sandboxId, int port, ByteSink received) {
        return call(now -> {
                    SandboxStatus sandbox = ContainerReport.sandbox(
                            now.engine.client().inspectContainerCmd(sandboxId).exec());
                    if (!sandbox.ready() || sandbox.ip() == null) {
                        throw new IllegalStateException("sandbox " + sandboxId + " is not running");
                    }
                    return new InetSocketAddress(sandbox.ip(), port);
                })
                .thenCompose(address ->
                        SocketLink.connect(address, received, running().kernel.blocking()));
    }

    @Override
    public Flow.Publisher<LogLine> logs(String containerId, LogOptions options) {
        Running now = running();
        return new LogReader(now.engine, now.kernel.blocking(), containerId, options);
    }

    @Override
    public CompletionStage<@Nullable Image> imageStatus(String image) {
        return call(now -> {
            try {
                return image(now.engine.client().inspectImageCmd(image).exec());
            } catch (NotFoundException absent) {
                return null;
            }
        });
    }

    @Override
    public CompletionStage<String> pullImage(String image, @Nullable RegistryAuth auth) {
        return call(now -> {
            DockerClient client = now.engine.client();
            pull(client, image, auth);
            return image(client.inspectImageCmd(image).exec()).id();
        });
    }

    @Override
    public CompletionStage<List<Image>> images() {
        return call(now -> now.engine.client().listImagesCmd().exec().stream()
                .map(image -> new Image(
                        image.getId(), texts(image.getRepoTags()), texts(image.getRepoDigests()), image.getSize()))
                .toList());
    }

    @Override
    public CompletionStage<Void> removeImage(String image) {
        return run(now -> {
            try {
                now.engine.client().removeImageCmd(image).exec();
            } catch (NotFoundException gone) {
                log.debug("Image {} is gone already", image);
            }
        });
    }

    /** Removes all pods of this node, running or not. Idempotent. */
    public CompletionStage<Void> removeAll() {
        return run(DockerRuntime::removeAll);
    }

    @Override
    public void close() {
        Running now;
        synchronized (this) {
            now = running;
            running = null;
        }
        if (now == null) {
            return;
        }
        now.changes.close();
        if (options.removeOnClose) {
            try {
                CompletableFuture.runAsync(() -> removeAll(now), now.kernel.blocking())
                        .get(REMOVAL_PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            } catch (Exception e) {
                log.warn("The pods of {} could not be removed", now.labels.node(), e);
            }
        }
        now.engine.close();
    }

    private static void removeAll(Running now) {
        DockerClient client = now.engine.client();
        List<Container> all = list(client, now.labels.own());
        // Containers first: they are in their sandbox's network.
        Stream.concat(
                        all.stream().filter(container -> !isSandbox(container.getLabels())),
                        all.stream().filter(container -> isSandbox(container.getLabels())))
                .forEach(container -> remove(client, container.getId()));
    }

    /** The image for sandboxes, which is there when this returns. */
    private String sandboxImage(Running now) {
        DockerClient client = now.engine.client();
        String image = options.sandboxImage;
        if (image == null && SandboxImage.suits(now.engine.version().getArch())) {
            SandboxImage.make(client);
            return SandboxImage.MADE;
        }
        if (image == null) {
            image = SandboxImage.REFERENCE;
        }
        try {
            client.inspectImageCmd(image).exec();
        } catch (NotFoundException absent) {
            pull(client, image, null);
        }
        return image;
    }

    private static void pull(DockerClient client, String image, @Nullable RegistryAuth auth) {
        PullImageCmd command;
        int colon = image.lastIndexOf(':');
        if (image.contains("@")) {
            command = client.pullImageCmd(image);
        } else if (colon > image.lastIndexOf('/')) {
            command = client.pullImageCmd(image.substring(0, colon)).withTag(image.substring(colon + 1));
        } else {
            command = client.pullImageCmd(image).withTag("latest");
        }
        if (auth != null) {
            command.withAuthConfig(new AuthConfig()
                    .withUsername(auth.username())
                    .withPassword(auth.password())
                    .withRegistryAddress(auth.serverAddress()));
        }
        List<String> errors = new ArrayList<>();
        try (Receiver<PullResponseItem> progress = new Receiver<>() {
            @Override
            public void onNext(PullResponseItem item) {
                if (item.getErrorDetail() != null && item.getErrorDetail().getMessage() != null) {
                    errors.add(item.getErrorDetail().getMessage());
                }
            }
        }) {
            command.exec(progress);
            progress.await(Duration.ZERO);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new EngineException("interrupted while pulling " + image, e);
        }
        if (!errors.isEmpty()) {
            throw new IllegalStateException(errors.get(errors.size() - 1));
        }
    }

    private static Image image(InspectImageResponse image) {
        List<String> tags = image.getRepoTags() == null ? List.of() : image.getRepoTags();
        List<String> digests = image.getRepoDigests() == null ? List.of() : image.getRepoDigests();
        long size = image.getSize() == null ? 0 : image.getSize();
        return new Image(Objects.requireNonNullElse(image.getId(), ""), tags, digests, size);
    }

    private static List<String> texts(String @Nullable [] texts) {
        return texts == null ? List.of() : Arrays.asList(texts);
    }

    private static List<Container> list(DockerClient client, Map<String, String> labels) {
        return client.listContainersCmd()
                .withShowAll(true)
                .withLabelFilter(labels)
                .exec();
    }

    /** Looks closely at all containers with some labels; what vanishes meanwhile is left out. */
    private static Stream<InspectContainerResponse> inspect(Running now, Map<String, String> labels) {
        DockerClient client = now.engine.client();
        List<InspectContainerResponse> found = new ArrayList<>();
        for (Container container : list(client, labels)) {
            try {
                found.add(client.inspectContainerCmd(container.getId()).exec());
            } catch (NotFoundException gone) {
                log.debug("Container {} has gone meanwhile", container.getId());
            }
        }
        // What finds out the engine's abilities carries no pod.
        return found.stream()
                .filter(container -> ContainerReport.labels(container).containsKey(PodLabels.POD_UID));
    }

    private static boolean isSandbox(InspectContainerResponse container) {
        return isSandbox(ContainerReport.labels(container));
    }

    private static boolean isSandbox(Map<String, String> labels) {
        return PodLabels.TYPE_SANDBOX.equals(labels.get(PodLabels.TYPE));
    }

    private static void kill(DockerClient client, String id) {
        try {
            client.killContainerCmd(id).exec();
        } catch (NotFoundException | ConflictException over) {
            log.debug("Container {} has ended already", id);
        }
    }

    private static void remove(DockerClient client, String id) {
        try {
            client.removeContainerCmd(id)
                    .withForce(true)
                    .withRemoveVolumes(true)
                    .exec();
        } catch (NotFoundException gone) {
            log.debug("Container {} is gone already", id);
        } catch (ConflictException underWay) {
            log.debug("Container {} is being removed already", id);
        }
    }

    private synchronized Running running() {
        if (running == null) {
            throw new IllegalStateException("the runtime is not started, or closed");
        }
        return running;
    }

    /** A call of the engine, which may throw what it likes. */
    @FunctionalInterface
    private interface Work<T> {
        @Nullable T apply(Running now) throws Exception;
    }

    private CompletionStage<Void> run(Consumer<Running> work) {
        return this.<Void>call(now -> {
            work.accept(now);
            return null;
        });
    }

    /** Runs a call where it may block. */
    private <T> CompletionStage<T> call(Work<T> work) {
        CompletableFuture<T> outcome = new CompletableFuture<>();
        Running now;
        try {
            now = running();
        } catch (IllegalStateException e) {
            outcome.completeExceptionally(e);
            return outcome;
        }
        now.kernel.blocking().execute(() -> {
            try {
                outcome.complete(work.apply(now));
            } catch (DockerException e) {
                outcome.completeExceptionally(EngineException.of(e));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                outcome.completeExceptionally(new EngineException("interrupted while the engine worked", e));
            } catch (Throwable e) {
                outcome.completeExceptionally(e);
            }
        });
        return outcome;
    }
}

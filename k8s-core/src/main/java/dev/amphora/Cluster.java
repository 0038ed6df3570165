package dev.amphora;

import dev.amphora.apiserver.ApiServer;
import dev.amphora.apiserver.access.User;
import dev.amphora.client.Client;
import dev.amphora.client.InProcessClient;
import dev.amphora.kernel.Actor;
import dev.amphora.kernel.Kernel;
import dev.amphora.kubelet.ContainerRuntime;
import dev.amphora.kubelet.Kubelet;
import dev.amphora.kubelet.KubeletConfig;
import dev.amphora.rest.LocalConnection;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A running Kubernetes cluster in this process: API server, store, scheduler, controllers, nodes and service proxy, as a
 * {@linkplain #builder() builder} has wired them.
 *
 * <p>Safe for use from any thread on a {@link dev.amphora.kernel.ThreadedKernel}; under a
 * {@link dev.amphora.kernel.SimulatedKernel} all use is from the one thread that drives the simulation. Closing ends every part and
 * leaves no thread, port or file.
 */
public final class Cluster implements AutoCloseable {
    /** How long {@link #await(Condition)} waits. */
    public static final Duration DEFAULT_PATIENCE = Duration.ofSeconds(30);

    private static final Duration FIRST_LOOK = Duration.ofMillis(2);
    private static final Duration SLOWEST_LOOK = Duration.ofMillis(250);

    private final ClusterParts parts;
    private @Nullable KubernetesClient fabric8;

    Cluster(ClusterParts parts) {
        this.parts = parts;
    }

    /** Begins to wire a cluster. */
    public static ClusterBuilder builder() {
        return new ClusterBuilder();
    }

    /** The cluster's time, tasks and chance. */
    public Kernel kernel() {
        return parts.kernel();
    }

    /**
     * The fabric8 client, as a cluster administrator, without a socket: requests run through the same routes as over HTTP. Shared;
     * closed with the cluster.
     */
    public synchronized KubernetesClient client() {
        if (fabric8 == null) {
            fabric8 = parts.newFabric8Client();
        }
        return fabric8;
    }

    /**
     * A typed client as a cluster administrator: the one that the cluster's own parts are written against.
     *
     * @param userAgent what the caller calls itself; names the field manager of its writes
     */
    public Client api(String userAgent) {
        return api(User.of("kubernetes-admin", User.MASTERS), userAgent);
    }

    /**
     * A typed client under an identity, to show that somebody's rights suffice.
     *
     * @param user as whom
     * @param userAgent what the caller calls itself
     */
    public Client api(User user, String userAgent) {
        return new InProcessClient(parts.apiServer(), user, userAgent);
    }

    /**
     * A way to the API for requests as bytes, without a socket: they show credentials of their own and are answered as over the network.
     */
    public LocalConnection connection() {
        return parts.newLocalConnection();
    }

    /** The API server. */
    public ApiServer apiServer() {
        return parts.apiServer();
    }

    /** Where the API is served over HTTPS; empty unless the builder was told to. */
    public Optional<Endpoint> endpoint() {
        return Optional.ofNullable(parts.endpoint());
    }

    /** The nodes, in the order in which they joined. */
    public List<Kubelet> nodes() {
        return parts.nodes();
    }

    /**
     * A node by name.
     *
     * @throws IllegalArgumentException if no node of this cluster has that name
     */
    public Kubelet node(String name) {
        return nodes().stream()
                .filter(node -> node.nodeName().equals(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("no node is called " + name));
    }

    /** Adds a node with the default capacity. */
    public Kubelet addNode(String name, ContainerRuntime runtime) {
        return addNode(KubeletConfig.of(name), runtime);
    }

    /**
     * Adds a node.
     *
     * @param config its name, capacity and labels; its range of pod addresses is chosen by the cluster
     * @param runtime what runs its containers; closed with the cluster
     */
    public Kubelet addNode(KubeletConfig config, ContainerRuntime runtime) {
        return parts.addNode(config, runtime);
    }

    /** Begins to record the writes to this cluster. */
    public FlowTrace trace() {
        return new FlowTrace(parts.apiServer());
    }

    /**
     * Waits until a condition is true, for at most {@link #DEFAULT_PATIENCE} of the kernel's time.
     *
     * @return the object that fulfils it; null if the condition is that there is none
     * @throws IllegalStateException if the time is over first; tells how the object looked
     */
    public <T extends HasMetadata> @Nullable T await(Condition<T> condition) {
        return await(condition, DEFAULT_PATIENCE);
    }

    /**
     * Waits until a condition is true.
     *
     * @param condition of one object; looked at whenever that changes
     * @param timeout on the kernel's clock
     * @return the object that fulfils it; null if the condition is that there is none
     * @throws IllegalStateException if the time is over first; tells how the object looked
     */
    public <T extends HasMetadata> @Nullable T await(Condition<T> condition, Duration timeout) {
        return Awaiting.await(kernel(), api("await"), condition, timeout);
    }

    /**
     * Waits until something is true, looking again and again.
     *
     * @param description in words, for messages
     * @param timeout on the kernel's clock
     * @param condition what to look at
     * @throws IllegalStateException if the time is over first
     */
    public void await(String description, Duration timeout, BooleanSupplier condition) {
        if (condition.getAsBoolean()) {
            return;
        }
        CompletableFuture<Void> done = new CompletableFuture<>();
        try (Actor actor = kernel().actor("await")) {
            actor.schedule(timeout, () -> done.completeExceptionally(new TimeoutException()));
            look(actor, condition, done, FIRST_LOOK);
            kernel().await(done);
        } catch (CompletionException e) {
            if (e.getCause() instanceof TimeoutException) {
                throw new IllegalStateException(
                        "%s was not true within %s".formatted(description, timeout), e.getCause());
            }
            throw e;
        }
    }

    private static void look(Actor actor, BooleanSupplier condition, CompletableFuture<Void> done, Duration pause) {
        Duration next = pause.multipliedBy(2).compareTo(SLOWEST_LOOK) < 0 ? pause.multipliedBy(2) : SLOWEST_LOOK;
        actor.schedule(pause, () -> {
            try {
                if (condition.getAsBoolean()) {
                    done.complete(null);
                } else {
                    look(actor, condition, done, next);
                }
            } catch (RuntimeException e) {
                done.completeExceptionally(e);
            }
        });
    }

    /** Ends every part of the cluster, the store and the runtimes included. Idempotent. */
    @Override
    public synchronized void close() {
        if (fabric8 != null) {
            fabric8.close();
            fabric8 = null;
        }
        parts.close();
    }
}

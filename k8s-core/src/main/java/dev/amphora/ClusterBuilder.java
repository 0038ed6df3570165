package dev.amphora;

import dev.amphora.apiserver.access.ObjectReader;
import dev.amphora.apiserver.access.User;
import dev.amphora.apiserver.admission.AdmissionPlugin;
import dev.amphora.apiserver.outside.LocalServers;
import dev.amphora.controller.Controller;
import dev.amphora.controller.Controllers;
import dev.amphora.controller.node.NodeLifecycleController;
import dev.amphora.controller.service.LoadBalancer;
import dev.amphora.kernel.Kernel;
import dev.amphora.kernel.ThreadedKernel;
import dev.amphora.kubelet.ContainerRuntime;
import dev.amphora.kubelet.KubeletConfig;
import dev.amphora.proxy.ServiceProxy;
import dev.amphora.rest.tls.CertificateAuthority;
import dev.amphora.scheduler.DefaultScheduler;
import dev.amphora.scheduler.Scheduler;
import dev.amphora.store.Store;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Wires a cluster. Only the store must be given; a cluster without nodes runs no pods. Everything handed over is closed with the cluster,
 * but for a kernel, which may be shared.
 *
 * <pre>{@code
 * try (Cluster cluster = Cluster.builder()
 *         .store(new MemoryStore())
 *         .node("worker-1", new FakeRuntime())
 *         .start()) {
 *     cluster.client().load(manifest).serverSideApply();
 * }
 * }</pre>
 */
public final class ClusterBuilder {
    /** A node to be. */
    record NodePlan(KubeletConfig config, ContainerRuntime runtime) {}

    /**
     * Where to serve the API.
     *
     * @param address port 0 for any free one
     * @param certificates a directory that keeps the cluster's CA, so that kubeconfigs outlive a restart; null makes a new CA
     */
    record Serving(InetSocketAddress address, @Nullable Path certificates) {}

    private final List<NodePlan> nodes = new ArrayList<>();
    private UnaryOperator<KubeletConfig> everyNode = UnaryOperator.identity();
    private @Nullable Kernel kernel;
    private @Nullable Store store;
    private @Nullable Scheduler scheduler;
    private boolean schedules = true;
    private String builtInControllers = "*";
    private final List<Controller> ownControllers = new ArrayList<>();
    private @Nullable String electedAs;
    private String controllersProgram = Identities.MANAGER;
    private boolean asksPorts;
    private final Map<Controller, User> restrictedControllers = new LinkedHashMap<>();
    private @Nullable ServiceProxy proxy;
    private @Nullable Serving serving;
    private ApiOptions api = ApiOptions.defaults();
    private NodeLifecycleController.Settings nodeMonitoring = NodeLifecycleController.Settings.defaults();
    private final List<Function<ObjectReader, AdmissionPlugin>> admission = new ArrayList<>();
    private LocalServers localServers = new LocalServers();
    private @Nullable Duration metrics;
    private UnaryOperator<Controllers> controllerSettings = UnaryOperator.identity();

    ClusterBuilder() {}

    /** The kernel; by default a {@link ThreadedKernel} of the cluster's own, which closes with it. */
    public ClusterBuilder kernel(Kernel value) {
        kernel = value;
        return this;
    }

    /** Where the cluster's state is kept. */
    public ClusterBuilder store(Store value) {
        store = value;
        return this;
    }

    /**
     * The scheduler; by default the reference implementation.
     *
     * @param value any implementation, not yet started
     */
    public ClusterBuilder scheduler(Scheduler value) {
        scheduler = value;
        schedules = true;
        return this;
    }

    /** No scheduler: pods are bound by hand. */
    public ClusterBuilder noScheduler() {
        schedules = false;
        return this;
    }

    /**
     * Which built-in controllers run; by default all.
     *
     * @param selection names as kube-controller-manager's {@code --controllers} takes them: {@code *} for all, {@code name} for one,
     *     {@code -name} for all but one
     */
    public ClusterBuilder controllers(String selection) {
        builtInControllers = selection;
        return this;
    }

    /**
     * No built-in controller: nothing makes service accounts, so pods are accepted only with the admission plugin
     * {@code ServiceAccount} switched off.
     */
    public ClusterBuilder noControllers() {
        builtInControllers = "";
        return this;
    }

    /**
     * A controller of the program's own that acts, and reads, under an identity: a test can show that its rights suffice.
     *
     * @param value the controller; its name becomes its user agent
     * @param user such as {@link User#serviceAccount}; may do what roles allow
     */
    public ClusterBuilder controller(Controller value, User user) {
        restrictedControllers.put(value, user);
        return this;
    }

    /** A controller of the program's own, run beside the built-in ones, with all rights. */
    public ClusterBuilder controller(Controller value) {
        ownControllers.add(value);
        return this;
    }

    /**
     * For several clusters on one store: controllers work only in the one that holds the Lease {@code kube-system/kube-controller-manager},
     * and in another when it ends, as in a control plane of several machines. A program's own controllers must bear to be started
     * again after they were closed; those with an identity of their own don't take part.
     *
     * @param identity of this one, unlike all others
     */
    public ClusterBuilder leaderElection(String identity) {
        electedAs = identity;
        return this;
    }

    /**
     * What the controllers' program is called, as the reference takes it from the name of its file: their user agent begins with it, and so
     * managed fields name them. By default {@code kube-controller-manager}. A program's own controllers go by it too.
     */
    public ClusterBuilder controllersProgram(String fileName) {
        controllersProgram = fileName;
        return this;
    }

    /**
     * Component statuses tell what answers at the ports where the reference's scheduler and controller manager tell of their health,
     * 10259 and 10257 of the loopback address: as the reference's API server does, which knows of no other way. By default only components
     * that are not of this process are asked there; those that are have no such port.
     */
    public ClusterBuilder componentsAtPorts() {
        asksPorts = true;
        return this;
    }

    /** The service proxy; by default none, so that Services have addresses that nothing answers at. */
    public ClusterBuilder proxy(ServiceProxy value) {
        proxy = value;
        return this;
    }

    /** A node with the default capacity: 4 CPUs, 8 GiB, 110 pods. */
    public ClusterBuilder node(String name, ContainerRuntime runtime) {
        return node(KubeletConfig.of(name), runtime);
    }

    /** A node. */
    public ClusterBuilder node(KubeletConfig config, ContainerRuntime runtime) {
        nodes.add(new NodePlan(config, runtime));
        return this;
    }

    /** What is to be set up otherwise on every node. */
    public ClusterBuilder everyNode(UnaryOperator<KubeletConfig> change) {
        everyNode = change;
        return this;
    }

    /** How the API server decides. */
    public ClusterBuilder api(ApiOptions value) {
        api = value;
        return this;
    }

    /** An admission plugin of the program's own, asked after the built-in ones and before policies, webhooks and quotas. */
    public ClusterBuilder admission(AdmissionPlugin plugin) {
        return admission(objects -> plugin);
    }

    /** The same for a plugin that reads what is stored. */
    public ClusterBuilder admission(Function<ObjectReader, AdmissionPlugin> plugin) {
        admission.add(plugin);
        return this;
    }

    /**
     * Servers within this process that answer where the API server would otherwise call others over the network: further API servers, by
     * the Services that APIServices name, and webhooks.
     */
    public ClusterBuilder localServers(LocalServers value) {
        localServers = value;
        return this;
    }

    /**
     * Tells what nodes and pods use, by the API {@code metrics.k8s.io}: {@code kubectl top} works. By default there is no such API until
     * somebody installs a metrics server.
     *
     * @param resolution how often nodes are asked; a metrics server asks every 15 seconds
     */
    public ClusterBuilder metrics(Duration resolution) {
        metrics = resolution;
        return this;
    }

    /** How patient the cluster is with silent nodes; by default as the reference is. */
    public ClusterBuilder nodeMonitoring(NodeLifecycleController.Settings value) {
        nodeMonitoring = value;
        return this;
    }

    /**
     * Gives Services of type LoadBalancer their addresses; by default they wait for one, as in a cluster without a cloud provider.
     *
     * @param value such as {@code AddressPool.of("127.96.0.0/24")}
     */
    public ClusterBuilder loadBalancer(LoadBalancer value) {
        return controllerSettings(controllers -> controllers.loadBalancer(value));
    }

    /** What is to be set up otherwise in the built-in controllers, such as where autoscalers read metrics. */
    public ClusterBuilder controllerSettings(UnaryOperator<Controllers> change) {
        UnaryOperator<Controllers> before = controllerSettings;
        controllerSettings = controllers -> change.apply(before.apply(controllers));
        return this;
    }

    /** Serves the API over HTTPS on the loopback address. */
    public ClusterBuilder serve(int port) {
        return serve(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), null);
    }

    /**
     * Serves the API over HTTPS.
     *
     * @param address port 0 for any free one
     * @param certificates a directory that keeps the cluster's CA, so that kubeconfigs outlive a restart; null makes a new CA
     */
    public ClusterBuilder serve(InetSocketAddress address, @Nullable Path certificates) {
        serving = new Serving(address, certificates);
        return this;
    }

    /**
     * Starts the cluster; on return the API answers and pods can be created.
     *
     * @throws IllegalStateException if no store was given
     * @throws dev.amphora.store.StoreException if the store cannot be reached
     */
    public Cluster start() {
        if (store == null) {
            throw new IllegalStateException("a cluster needs a store, such as new MemoryStore()");
        }
        Kernel time = kernel == null ? new ThreadedKernel() : kernel;
        FrontProxy frontProxy = new FrontProxy(time, serving == null ? null : serving.certificates());
        ClusterParts parts = new ClusterParts(
                time,
                kernel == null,
                store,
                api,
                authority(time),
                everyNode,
                frontProxy,
                localServers,
                admission,
                new ComponentPorts(time, asksPorts),
                controllersProgram);
        try {
            if (serving != null) {
                parts.serve(serving.address());
            }
            parts.publish();
            parts.startControllers(
                    builtInControllers,
                    controllers -> controllerSettings.apply(controllers.nodeMonitoring(nodeMonitoring)),
                    ownControllers,
                    restrictedControllers,
                    electedAs);
            if (schedules) {
                parts.startScheduler(scheduler == null ? DefaultScheduler.create() : scheduler);
            }
            nodes.forEach(node -> parts.addNode(node.config(), node.runtime()));
            if (proxy != null) {
                parts.startProxy(proxy);
            }
            if (metrics != null) {
                parts.startMetrics(metrics);
            }
            parts.ready();
            return new Cluster(parts);
        } catch (RuntimeException e) {
            parts.close();
            throw e;
        }
    }

    private @Nullable CertificateAuthority authority(Kernel time) {
        if (serving == null) {
            return null;
        }
        return serving.certificates() == null
                ? CertificateAuthority.generate(time)
                : CertificateAuthority.in(time, serving.certificates());
    }
}

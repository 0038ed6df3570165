package dev.amphora.samples.conformance;

import dev.amphora.Cluster;
import dev.amphora.ClusterBuilder;
import dev.amphora.apiserver.outside.LocalServers;
import dev.amphora.kernel.Kernel;
import dev.amphora.kernel.SimulatedKernel;
import dev.amphora.kernel.ThreadedKernel;
import dev.amphora.store.Store;
import dev.amphora.store.memory.MemoryStore;
import io.fabric8.kubernetes.api.model.rbac.ClusterRole;
import io.fabric8.kubernetes.api.model.rbac.PolicyRule;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/** A fresh Amphora in this process, with nothing running but what a setting asks for. */
final class EmbeddedTarget implements Target {
    private static final String ADMIN = "admin";
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final Kernel kernel;
    private final Store store;
    private final Cluster cluster;
    private final Pace pace;
    private final Transport transport;
    private final Server server;
    private final LocalServers localServers;

    private EmbeddedTarget(Kernel kernel, Store store, Cluster cluster, LocalServers localServers, boolean https) {
        this.kernel = kernel;
        this.store = store;
        this.cluster = cluster;
        this.localServers = localServers;
        this.pace = new Pace(kernel);
        this.transport = https
                ? new HttpTransport(URI.create(cluster.endpoint().orElseThrow().url()), kernel)
                : new LocalTransport(cluster.connection(), pace);
        this.server = new Server(transport, ADMIN, Map.of());
    }

    /** Without a socket, and in the time of a simulation, where nothing has to be waited for. */
    static EmbeddedTarget inProcess(Setting setting) {
        return start(setting, new SimulatedKernel(1), false);
    }

    /** Over HTTPS at a free port. */
    static EmbeddedTarget overHttps(Setting setting) {
        return start(setting, new ThreadedKernel(), true);
    }

    private static EmbeddedTarget start(Setting setting, Kernel kernel, boolean https) {
        Store store = new MemoryStore();
        LocalServers localServers = new LocalServers();
        ClusterBuilder builder = Cluster.builder()
                .kernel(kernel)
                .store(store)
                .api(setting.options())
                .localServers(localServers)
                .noScheduler();
        if (setting.controllers().isEmpty()) {
            builder.noControllers();
        } else {
            builder.controllers(setting.controllers());
        }
        if (https) {
            builder.serve(0);
        }
        Cluster cluster = builder.start();
        if (setting.hasAggregatedRoles()) {
            cluster.await(
                    "the aggregation of roles",
                    PATIENCE,
                    () -> gathers(cluster, "edit", "view") && gathers(cluster, "admin", "edit"));
        }
        return new EmbeddedTarget(kernel, store, cluster, localServers, https);
    }

    private static boolean gathers(Cluster cluster, String role, String from) {
        List<PolicyRule> rules = rules(cluster, from);
        return !rules.isEmpty() && rules(cluster, role).containsAll(rules);
    }

    private static List<PolicyRule> rules(Cluster cluster, String role) {
        ClusterRole found =
                cluster.client().rbac().clusterRoles().withName(role).get();
        return found == null || found.getRules() == null ? List.of() : found.getRules();
    }

    @Override
    public Server server() {
        return server;
    }

    @Override
    public Pace pace() {
        return pace;
    }

    /** A simulation has no network. Its webhooks take their time by its own clock. */
    @Override
    public void answers(String host, Webhooks webhooks) {
        if (kernel instanceof SimulatedKernel) {
            localServers.host(host, webhooks.caBundle(), webhooks.within(kernel));
        }
    }

    @Override
    public void compact() {
        store.compact(store.revision());
    }

    @Override
    public void close() {
        transport.close();
        pace.close();
        cluster.close();
        kernel.close();
    }
}

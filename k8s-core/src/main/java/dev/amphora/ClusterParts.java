package dev.amphora;

import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.base.Splitter;
import dev.amphora.api.Json;
import dev.amphora.api.ResourceType;
import dev.amphora.apiserver.ApiServer;
import dev.amphora.apiserver.access.Authenticator;
import dev.amphora.apiserver.access.Authorizer;
import dev.amphora.apiserver.access.NodeAuthorizer;
import dev.amphora.apiserver.access.ObjectReader;
import dev.amphora.apiserver.access.RbacAuthorizer;
import dev.amphora.apiserver.access.StaticTokens;
import dev.amphora.apiserver.access.User;
import dev.amphora.apiserver.admission.AdmissionPlugin;
import dev.amphora.apiserver.encryption.EncryptionConfiguration;
import dev.amphora.apiserver.outside.LocalServers;
import dev.amphora.apiserver.outside.RemoteServers;
import dev.amphora.apiserver.outside.WebhookServers;
import dev.amphora.apiserver.policy.TypeChecks;
import dev.amphora.apiserver.review.AccessReviews;
import dev.amphora.apiserver.review.ReviewServer;
import dev.amphora.apiserver.review.TokenReviews;
import dev.amphora.apiserver.schema.ResourceInfo;
import dev.amphora.client.InProcessClient;
import dev.amphora.client.LeaderElector;
import dev.amphora.controller.Controller;
import dev.amphora.controller.ControllerManager;
import dev.amphora.controller.Controllers;
import dev.amphora.controller.ElectedControllers;
import dev.amphora.kernel.Kernel;
import dev.amphora.kernel.SimulatedKernel;
import dev.amphora.kernel.ThreadedKernel;
import dev.amphora.kubelet.ContainerRuntime;
import dev.amphora.kubelet.Kubelet;
import dev.amphora.kubelet.KubeletConfig;
import dev.amphora.proxy.ServiceProxy;
import dev.amphora.rest.FrontProxyTrust;
import dev.amphora.rest.Health;
import dev.amphora.rest.InProcess;
import dev.amphora.rest.Kubeconfig;
import dev.amphora.rest.LocalConnection;
import dev.amphora.rest.RestApi;
import dev.amphora.rest.RestServer;
import dev.amphora.rest.tls.CertificateAuthority;
import dev.amphora.rest.tls.KeyCertificate;
import dev.amphora.scheduler.Scheduler;
import dev.amphora.store.Store;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.Event;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Namespace;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServiceAccount;
import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The running parts of a cluster: started in the order in which they need each other, ended in the opposite one. */
final class ClusterParts implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(ClusterParts.class);
    private static final String ADMINISTRATOR = "kubernetes-admin";
    /** What the parts read and write first: a process that has just begun gets there sooner if another thread opens the way. */
    private static final List<Class<? extends HasMetadata>> SOON_NEEDED = List.of(
            Service.class,
            Namespace.class,
            Node.class,
            ServiceAccount.class,
            ConfigMap.class,
            Pod.class,
            Lease.class,
            Event.class);

    private static final ObjectReader NOTHING_STORED = new ObjectReader() {
        @Override
        public Optional<ObjectNode> get(String group, String resource, String namespace, String name) {
            return Optional.empty();
        }

        @Override
        public List<ObjectNode> list(String group, String resource, String namespace) {
            return List.of();
        }
    };

    private static final Duration START_PATIENCE = Duration.ofSeconds(30);

    private final Kernel kernel;
    private final ApiOptions options;
    private final UnaryOperator<KubeletConfig> everyNode;
    private final AddressPlan addresses;
    private final Deque<AutoCloseable> running = new ArrayDeque<>();
    private final List<Kubelet> nodes = new ArrayList<>();
    private final List<Controller> controllers = new ArrayList<>();
    private final Health health = new Health();
    private final @Nullable CertificateAuthority authority;
    private final Object signing = new Object();
    private @Nullable CertificateAuthority ownAuthority;
    private final FrontProxy frontProxy;
    private final LocalServers localServers;
    private final List<Function<ObjectReader, AdmissionPlugin>> admission;
    private final ApiServer apiServer;
    private final RestApi rest;
    private final Identities identities;
    private final ComponentPorts componentPorts;
    private @Nullable Endpoint endpoint;
    private @Nullable InetSocketAddress served;
    private volatile boolean ready;
    private @Nullable Scheduler scheduler;

    /**
     * Starts the API server.
     *
     * @param ownsKernel whether the kernel ends with the cluster
     * @param authority who vouches for clients over HTTPS; null if there are none
     * @param frontProxy what to show to other API servers
     * @param localServers other servers within this process
     * @param admission plugins of the program's own
     * @param componentPorts where components are asked that don't run here
     * @param controllersProgram what controllers call themselves
     */
    ClusterParts(
            Kernel kernel,
            boolean ownsKernel,
            Store store,
            ApiOptions options,
            @Nullable CertificateAuthority authority,
            UnaryOperator<KubeletConfig> everyNode,
            FrontProxy frontProxy,
            LocalServers localServers,
            List<Function<ObjectReader, AdmissionPlugin>> admission,
            ComponentPorts componentPorts,
            String controllersProgram) {
        this.kernel = kernel;
        this.componentPorts = componentPorts;
        this.frontProxy = frontProxy;
        this.localServers = localServers;
        this.admission = admission;
        this.options = options;
        this.everyNode = everyNode;
        this.authority = authority;
        this.addresses = AddressPlan.take(kernel);
        if (ownsKernel) {
            running.push(kernel);
        }
        running.push(addresses);
        running.push(store);
        if (kernel instanceof ThreadedKernel) {
            kernel.blocking().execute(() -> Json.warmUp(SOON_NEEDED));
        }
        try {
            store.start(kernel);
            apiServer = newApiServer(store);
            identities = new Identities(apiServer, options.authorizationModes(), controllersProgram);
            running.push(apiServer);
            apiServer.start();
            ComponentPorts.NAMES.forEach(name -> apiServer.component(name, () -> componentPorts.ask(name)));
            health.live("etcd", apiServer::isReady);
            health.ready("informer-sync", () -> ready);
            options.disabledFeatures().forEach(this::withoutFeature);
            rest = newRestApi();
        } catch (RuntimeException e) {
            close();
            throw e;
        }
    }

    /** What a feature of the reference would do after the start is not done then. */
    private void withoutFeature(String gate) {
        switch (gate) {
            case "APIServerIdentity" -> {
                health.withoutHook("start-kube-apiserver-identity-lease-controller");
                health.withoutHook("start-kube-apiserver-identity-lease-garbage-collector");
            }
            case "UnknownVersionInteroperabilityProxy" -> health.withoutHook("peer-endpoint-reconciler-controller");
            default -> throw new IllegalArgumentException("the feature gate " + gate + " cannot be switched off");
        }
    }

    private ApiServer newApiServer(Store store) {
        ApiServer.Builder builder = ApiServer.builder(kernel, store)
                .authenticator(Authenticator.certificates())
                .authenticator(StaticTokens.parse(options.tokens()))
                .authorizer(this::authorizer)
                .serviceRange(chosenRanges());
        if (authority != null) {
            builder.authenticator(
                    StaticTokens.of(authority.secret(ADMINISTRATOR), User.of(ADMINISTRATOR, User.MASTERS)));
        }
        if (!options.security().mayWait()) {
            builder.prompt();
        }
        options.security().authenticators().forEach(builder::authenticator);
        if (!options.security().tokenWebhook().isEmpty()) {
            builder.lastAuthenticator(new TokenReviews(
                    kernel,
                    reviewServer(options.security().tokenWebhook()),
                    options.serviceAccountTokens().audiences()));
        }
        EncryptionConfiguration encryption = options.security().encryption();
        if (encryption != null) {
            builder.encryption(encryption);
        }
        CertificateAuthority clients = authority;
        if (clients != null) {
            builder.clientTrust(() -> clientTrust(clients, frontProxy));
        }
        options.enabledAdmission().forEach(builder::withAdmission);
        options.disabledAdmission().forEach(builder::withoutAdmission);
        builder.admissionConfiguration(options.admissionConfiguration());
        options.disabledVersions().forEach(builder::withoutVersion);
        builder.compactionInterval(options.compactionInterval());
        builder.eventTimeToLive(options.eventTimeToLive());
        builder.tokens(options.serviceAccountTokens());
        admission.forEach(builder::admission);
        builder.localServers(localServers).proxyCertificate(frontProxy::keys);
        return builder.build();
    }

    /** By the reference's names, who vouches for clients, and how this server says to others who asks. */
    private static Map<String, String> clientTrust(CertificateAuthority clients, FrontProxy proxy) {
        return Map.of(
                "client-ca-file", clients.certificatePem(),
                "requestheader-client-ca-file", proxy.authorityPem(),
                "requestheader-allowed-names", "[\"" + FrontProxy.NAME + "\"]",
                "requestheader-username-headers", "[\"X-Remote-User\"]",
                "requestheader-uid-headers", "[\"X-Remote-Uid\"]",
                "requestheader-group-headers", "[\"X-Remote-Group\"]",
                "requestheader-extra-headers-prefix", "[\"X-Remote-Extra-\"]");
    }

    private RestApi newRestApi() {
        RestApi.Builder builder = RestApi.builder(kernel, apiServer)
                .anonymous(isAuthorizing())
                .health(health)
                .releaseName(options.releaseName())
                .nodes(new LocalNodes(kernel, this::nodes));
        if (kernel instanceof ThreadedKernel) {
            builder.kubelets(options.security().kubelets());
        }
        if (!options.security().clientAuthorities().isEmpty()) {
            builder.clientAuthorities(options.security().clientAuthorities());
        }
        FrontProxyTrust frontProxies = options.security().frontProxies();
        if (frontProxies != null) {
            builder.frontProxies(frontProxies);
        }
        if (authority != null) {
            builder.clientAuthority(authority);
        }
        RequestHandling requests = options.requests();
        builder.inFlight(requests.mostReading(), requests.mostWriting());
        requests.audits().forEach(audit -> builder.audit(audit.policy(), audit.sink()));
        return builder.build();
    }

    /** The ranges from which Services get their addresses, of one family or of both. */
    private String chosenRanges() {
        String chosen = options.serviceClusterIpRange();
        return chosen == null ? addresses.services() : chosen;
    }

    /** The range of the family that this machine serves, IPv4, where several are given. */
    private String serviceRange() {
        String chosen = chosenRanges();
        for (String range : Splitter.on(',').trimResults().split(chosen)) {
            if (range.indexOf(':') < 0) {
                return range;
            }
        }
        return chosen;
    }

    /** Whether callers without credentials may be left to the authorizer. */
    private boolean isAuthorizing() {
        return !options.authorizationModes().contains("AlwaysAllow");
    }

    /** Servers that answer reviews have an address of their own; they are behind no Service. */
    private ReviewServer reviewServer(String kubeconfig) {
        RemoteServers services = new RemoteServers(kernel, NOTHING_STORED, localServers, () -> null);
        return ReviewServer.of(new WebhookServers(kernel, services, localServers), kubeconfig);
    }

    private Authorizer authorizer(ObjectReader objects) {
        List<Authorizer> modes = new ArrayList<>();
        modes.add(Authorizer.masters());
        modes.addAll(options.security().authorizers());
        for (String mode : options.authorizationModes()) {
            modes.add(
                    switch (mode) {
                        case "AlwaysAllow" -> Authorizer.alwaysAllow();
                        case "AlwaysDeny" -> Authorizer.alwaysDeny();
                        case "Node" -> new NodeAuthorizer(objects);
                        case "RBAC" -> new RbacAuthorizer(objects);
                        case "Webhook" ->
                            new AccessReviews(
                                    kernel, reviewServer(options.security().accessWebhook()));
                        default ->
                            throw new IllegalArgumentException("authorization mode " + mode
                                    + " is none of AlwaysAllow, AlwaysDeny, Node, RBAC, Webhook");
                    });
        }
        return Authorizer.union(modes);
    }

    /** Opens the API to clients outside the process. */
    void serve(InetSocketAddress address) {
        if (authority == null) {
            throw new IllegalStateException("serving needs a certificate authority");
        }
        InetAddress bound = address.getAddress();
        List<InetAddress> reachable = new ArrayList<>();
        reachable.add(InetAddress.getLoopbackAddress());
        reachable.add(ServiceAddresses.first(serviceRange()));
        if (!reachable.contains(bound)) {
            reachable.add(bound);
        }
        KeyCertificate serving = authority.server(
                "kube-apiserver",
                List.of(
                        "localhost",
                        "kubernetes",
                        "kubernetes.default",
                        "kubernetes.default.svc",
                        "kubernetes.default.svc.cluster.local"),
                reachable);
        RestServer server = RestServer.start(kernel, rest, address, serving);
        running.push(server);
        served = new InetSocketAddress(bound, server.port());
        String host = bound.isAnyLocalAddress() ? "127.0.0.1" : bound.getHostAddress();
        String url = "https://" + (host.contains(":") ? "[" + host + "]" : host) + ":" + server.port();
        endpoint = new Endpoint(
                url,
                new Kubeconfig("amphora", url, authority.certificatePem())
                        .forToken(ADMINISTRATOR, authority.secret(ADMINISTRATOR)));
        log.info("Serving at {}", url);
    }

    /** Makes the Service by which the API is known inside the cluster. */
    void publish() {
        boolean reachable = options.publishesEndpoint()
                && served != null
                && !served.getAddress().isLoopbackAddress()
                && !served.getAddress().isAnyLocalAddress();
        KubernetesService.publish(
                identities.server(), ServiceAddresses.first(serviceRange()), reachable ? served : null);
    }

    /** Starts the built-in controllers that are selected, and others. */
    void startControllers(
            String selection,
            UnaryOperator<Controllers> settings,
            List<Controller> others,
            Map<Controller, User> restricted,
            @Nullable String electedAs) {
        Supplier<List<Controller>> made = () -> {
            List<Controller> all = new ArrayList<>();
            if (!selection.isEmpty()) {
                Controllers builtIn = new Controllers(this::controlledTypes, this::authorityPem)
                        .policyWarnings(policy -> TypeChecks.warnings(policy, apiServer.catalogue()))
                        .signer((request, usages, validity) ->
                                signingAuthority().sign(request, usages, validity))
                        .tokens(apiServer::signToken, () -> signingAuthority().certificatePem());
                all.addAll(settings.apply(builtIn).select(selection));
            }
            all.addAll(others);
            return all;
        };
        controllers.addAll(made.get());
        if (!controllers.isEmpty()) {
            if (electedAs == null) {
                run(new ControllerManager(kernel, identities.controllerManager(), identities::controller, controllers));
            } else {
                running.push(new ElectedControllers(
                                kernel,
                                identities.controllerManager(),
                                identities::controller,
                                LeaderElector.Settings.of("kube-system", "kube-controller-manager", electedAs),
                                made)
                        .start());
            }
            runsHere("controller-manager");
        }
        restricted.forEach((controller, user) -> run(new ControllerManager(
                kernel, new InProcessClient(apiServer, user, controller.name()), List.of(controller))));
    }

    /** Nobody need ask a component by its port that runs in this process. */
    private void runsHere(String component) {
        if (!componentPorts.askAll()) {
            apiServer.component(component, () -> ready ? Optional.empty() : Optional.of("not yet started"));
        }
    }

    private void run(ControllerManager manager) {
        running.push(manager);
        manager.start();
    }

    /** Every kind that can be listed, watched and deleted, in one version each. */
    private List<ResourceType<?>> controlledTypes() {
        Map<String, ResourceType<?>> types = new LinkedHashMap<>();
        for (ResourceInfo info : apiServer.catalogue().resources()) {
            if (info.supports("list") && info.supports("watch") && info.supports("delete")) {
                types.putIfAbsent(
                        info.qualifiedName(),
                        Controllers.typeOf(
                                info.group(), info.version(), info.kind(), info.plural(), info.namespaced()));
            }
        }
        return List.copyOf(types.values());
    }

    /** Who signs requests for certificates: the cluster's authority, or without one an authority that is made for that. */
    private CertificateAuthority signingAuthority() {
        synchronized (signing) {
            CertificateAuthority known = authority == null ? ownAuthority : authority;
            if (known == null) {
                known = kernel instanceof SimulatedKernel
                        ? simulatedAuthority()
                        : CertificateAuthority.generate(kernel);
                ownAuthority = known;
            }
            return known;
        }
    }

    private CertificateAuthority simulatedAuthority() {
        byte[] seed = new byte[32];
        kernel.random().nextBytes(seed);
        return CertificateAuthority.simulated(kernel, seed);
    }

    /** What {@code kube-root-ca.crt} holds: nothing while the API is not served over HTTPS. */
    private String authorityPem() {
        return authority == null ? "" : authority.certificatePem();
    }

    void startScheduler(Scheduler scheduler) {
        running.push(scheduler);
        runsHere("scheduler");
        this.scheduler = scheduler;
        scheduler.start(new Scheduler.Context(kernel, identities.component("kube-scheduler")));
    }

    void startProxy(ServiceProxy proxy) {
        running.push(proxy);
        String node = nodes().isEmpty() ? "" : nodes().get(0).nodeName();
        proxy.start(new ServiceProxy.Context(kernel, identities.component("kube-proxy"), node));
    }

    /** Begins to tell what nodes and pods use. */
    void startMetrics(Duration resolution) {
        MetricsApi metrics = new MetricsApi(kernel, this::nodes, resolution);
        running.push(metrics);
        localServers.service(MetricsApi.NAMESPACE, MetricsApi.NAME, metrics);
        metrics.register(apiServer);
    }

    Kubelet addNode(KubeletConfig given, ContainerRuntime runtime) {
        Kubelet kubelet;
        synchronized (nodes) {
            if (nodes.stream().anyMatch(node -> node.nodeName().equals(given.nodeName()))) {
                throw new IllegalArgumentException("there is a node " + given.nodeName() + " already");
            }
            KubeletConfig config = everyNode.apply(given.withPodCidr(addresses.pods(nodes.size())));
            kubelet = new Kubelet(kernel, identities.kubelet(config.nodeName()), runtime, config);
            nodes.add(kubelet);
            running.push(kubelet);
        }
        kubelet.start();
        return kubelet;
    }

    /**
     * Everything has been started. Waits until pods can be created and run: that takes the default service account, the CA that is
     * mounted with it, and nodes that are ready.
     */
    void ready() {
        if (controls("serviceaccount-controller")) {
            await(present(ServiceAccount.class, "default"));
        }
        if (controls("root-ca-certificate-publisher-controller")) {
            await(present(ConfigMap.class, "kube-root-ca.crt"));
        }
        if (controls("node-lifecycle-controller")) {
            nodes().forEach(this::awaitSchedulable);
        }
        ready = true;
    }

    private void awaitSchedulable(Kubelet kubelet) {
        Node node = await(Conditions.node(kubelet.nodeName()).schedulable());
        Scheduler known = scheduler;
        if (known != null && node != null) {
            Awaiting.told(
                    kernel,
                    "that the scheduler knows " + kubelet.nodeName(),
                    told -> known.whenKnown(node, told),
                    START_PATIENCE);
        }
    }

    private boolean controls(String name) {
        return controllers.stream().anyMatch(each -> each.name().equals(name));
    }

    private static <T extends HasMetadata> Condition<T> present(Class<T> type, String name) {
        return new Condition<>(ResourceType.of(type), "default", name, "present", object -> object != null);
    }

    private <T extends HasMetadata> @Nullable T await(Condition<T> condition) {
        return Awaiting.await(kernel, identities.server(), condition, START_PATIENCE);
    }

    Kernel kernel() {
        return kernel;
    }

    ApiServer apiServer() {
        return apiServer;
    }

    @Nullable Endpoint endpoint() {
        return endpoint;
    }

    List<Kubelet> nodes() {
        synchronized (nodes) {
            return List.copyOf(nodes);
        }
    }

    LocalConnection newLocalConnection() {
        return new LocalConnection(rest);
    }

    KubernetesClient newFabric8Client() {
        return InProcess.client(kernel, rest);
    }

    @Override
    public void close() {
        ready = false;
        while (true) {
            AutoCloseable part;
            synchronized (nodes) {
                part = running.poll();
            }
            if (part == null) {
                return;
            }
            try {
                part.close();
            } catch (Exception e) {
                log.warn("{} did not end cleanly", part, e);
            }
        }
    }
}

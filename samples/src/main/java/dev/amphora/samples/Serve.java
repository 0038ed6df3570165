package dev.amphora.samples;

import dev.amphora.ApiOptions;
import dev.amphora.Cluster;
import dev.amphora.ClusterBuilder;
import dev.amphora.Endpoint;
import dev.amphora.RequestHandling;
import dev.amphora.api.GoDuration;
import dev.amphora.apiserver.access.TokenOptions;
import dev.amphora.apiserver.admission.AdmissionConfiguration;
import dev.amphora.controller.service.AddressPool;
import dev.amphora.kernel.Kernel;
import dev.amphora.kernel.ThreadedKernel;
import dev.amphora.proxy.UserspaceProxy;
import dev.amphora.rest.tls.CertificateAuthority;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Runs a control plane for any client until it is told to end. */
@Command(
        name = "serve",
        description =
                "Serve a cluster over HTTPS until SIGTERM. Options with a name of kube-apiserver's mean the same.",
        mixinStandardHelpOptions = true,
        sortOptions = false)
final class Serve implements Callable<Integer> {
    /** Which parts run. */
    enum Components {
        /** The API server alone. */
        api("api"),
        /** API server, scheduler and controllers. */
        control_plane("control-plane"),
        /** The nodes too. */
        all("all");

        private final String word;

        Components(String word) {
            this.word = word;
        }

        @Override
        public String toString() {
            return word;
        }
    }

    /** Gates that make a difference: which post-start hooks the health pages show. */
    private static final List<String> GATES = List.of("APIServerIdentity", "UnknownVersionInteroperabilityProxy");

    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    @Option(names = "--secure-port", description = "Port to serve at; 0 for any free one. Default: ${DEFAULT-VALUE}")
    private int securePort = 6443;

    @Option(names = "--bind-address", description = "Address to serve at. Default: ${DEFAULT-VALUE}")
    private String bindAddress = "127.0.0.1";

    @Option(names = "--kubeconfig", description = "Write a kubeconfig with an administrator's credentials here.")
    private @Nullable Path kubeconfig;

    @Option(
            names = "--cert-dir",
            description =
                    "Keep the cluster's CA here, so that kubeconfigs outlive a restart. Default: a new CA at each start")
    private @Nullable Path certDir;

    @Option(names = "--token-auth-file", description = "Bearer tokens: token,user,uid,\"group1,group2\" a line.")
    private @Nullable Path tokenAuthFile;

    @Option(
            names = "--authorization-mode",
            split = ",",
            description = "AlwaysAllow, AlwaysDeny, Node, RBAC, Webhook, asked in this order. Default: Node,RBAC")
    private List<String> authorizationMode = List.of("Node", "RBAC");

    @Option(
            names = "--service-cluster-ip-range",
            description = "Where Services get their addresses. Default: a part of 127/8, which needs no set-up")
    private @Nullable String serviceClusterIpRange;

    @Option(
            names = "--metrics",
            description = "Tell what nodes and pods use, by metrics.k8s.io: for kubectl top. Default: ${DEFAULT-VALUE}")
    private boolean metrics;

    @Option(names = "--etcd-servers", split = ",", description = "Keep the state in etcd. Default: in memory")
    private List<String> etcdServers = List.of();

    @Option(names = "--etcd-prefix", description = "Where in etcd. Default: ${DEFAULT-VALUE}")
    private String etcdPrefix = Engines.ETCD_PREFIX;

    @Option(names = "--enable-admission-plugins", split = ",", description = "Admission plugins to add.")
    private List<String> enableAdmission = List.of();

    @Option(names = "--disable-admission-plugins", split = ",", description = "Admission plugins to leave out.")
    private List<String> disableAdmission = List.of();

    @Option(
            names = "--admission-control-config-file",
            description = "An AdmissionConfiguration: what single admission plugins are told.")
    private @Nullable Path admissionConfiguration;

    @Option(
            names = "--etcd-compaction-interval",
            description =
                    "Compact the store's history this often, in memory too; 0 for never. Default: ${DEFAULT-VALUE}")
    private String compactionInterval = "5m";

    @Option(
            names = "--event-ttl",
            description = "Keep Events for this long after their last write; 0 for always. Default: ${DEFAULT-VALUE}")
    private String eventTtl = "1h0m0s";

    @Option(
            names = "--runtime-config",
            split = ",",
            description = "group/version=true|false. Default: all, but extensions/v1beta1 only with --components=all")
    private Map<String, String> runtimeConfig = Map.of();

    @Option(
            names = "--feature-gates",
            split = ",",
            description = "name=true|false; one that changes nothing is warned of.")
    private Map<String, String> featureGates = Map.of();

    @Option(
            names = "--allow-privileged",
            arity = "0..1",
            description = "Accepted; privileged containers are always allowed.")
    private boolean allowPrivileged = true;

    @Option(
            names = "--endpoint-reconciler-type",
            description = "none: don't publish this server's address as endpoint of the Service kubernetes.")
    private String endpointReconcilerType = "lease";

    @Option(
            names = "--service-account-issuer",
            split = ",",
            description = "Who issues tokens; those of the others count too. Default: ${DEFAULT-VALUE}")
    private List<String> serviceAccountIssuer = List.of(TokenOptions.ISSUER);

    @Option(names = "--api-audiences", split = ",", description = "Whom tokens are for. Default: the issuers")
    private List<String> apiAudiences = List.of();

    @Option(
            names = "--service-account-signing-key-file",
            description = "RSA key as PEM that signs tokens. Default: a new one, so that tokens end with the process")
    private @Nullable Path signingKeyFile;

    @Option(
            names = "--service-account-key-file",
            split = ",",
            description = "Further keys as PEM, public or private, whose tokens count.")
    private List<Path> keyFiles = List.of();

    @Option(names = "--service-account-jwks-uri", description = "Where the keys are read. Default: from this server")
    private String keysAddress = "";

    @Option(
            names = "--components",
            description =
                    "api, control-plane (adds scheduler and controllers) or all (adds nodes). Default: ${DEFAULT-VALUE}")
    private String components = "all";

    @Option(
            names = "--controllers",
            description = "Which built-in controllers run, as kube-controller-manager's option. Default: * or, with"
                    + " --components=api, none")
    private @Nullable String controllers;

    @Option(
            names = "--load-balancer-ranges",
            description = "Addresses for Services of type LoadBalancer: CIDRs separated by commas. Default: they wait")
    private @Nullable String loadBalancerRanges;

    @Option(names = "--nodes", description = "How many nodes. Default: ${DEFAULT-VALUE}")
    private int nodes = 3;

    @Option(names = "--runtime", description = "fake or docker. Default: ${DEFAULT-VALUE}")
    private Engines.RuntimeEngine runtime = Engines.RuntimeEngine.fake;

    @Option(
            names = "--read-only-port",
            description =
                    "Serve /pods and /healthz of each node over plain HTTP at its loopback address and this port, with the"
                            + " fake runtime; 0 for not at all. Default: ${DEFAULT-VALUE}")
    private int readOnlyPort = 10255;

    @Mixin
    private final SecurityFlags securityFlags = new SecurityFlags();

    @Mixin
    private final ControllerFlags controllerFlags = new ControllerFlags();

    @Mixin
    private final RequestFlags requestFlags = new RequestFlags();

    @Override
    public Integer call() throws InterruptedException {
        PrintWriter out = spec.commandLine().getOut();
        PrintWriter err = spec.commandLine().getErr();
        Components parts = components();
        warnOfGates(err);
        CountDownLatch over = new CountDownLatch(1);
        CountDownLatch closed = new CountDownLatch(1);
        Path file = kubeconfig;
        Runtime.getRuntime().addShutdownHook(new Thread(() -> end(over, closed)));
        try (Kernel kernel = new ThreadedKernel();
                RequestFlags.Opened requests = opened(kernel, out);
                Cluster cluster = start(kernel, parts, requests.handling())) {
            Endpoint endpoint = cluster.endpoint().orElseThrow();
            file = file == null ? temporaryKubeconfig() : file;
            write(file, endpoint.kubeconfig());
            out.printf(
                    "Serving %s (%s) at %s, ready %d ms after the process began.%n%n",
                    parts,
                    etcdServers.isEmpty() ? "memory" : "etcd",
                    endpoint.url(),
                    ManagementFactory.getRuntimeMXBean().getUptime());
            out.printf("export KUBECONFIG=%s%nkubectl get all --all-namespaces%n", file.toAbsolutePath());
            out.flush();
            over.await();
        } catch (Engines.MissingException e) {
            err.println(e.getMessage());
            return 1;
        } finally {
            if (kubeconfig == null && file != null) {
                delete(file);
            }
            closed.countDown();
        }
        return 0;
    }

    /** On SIGTERM: the process ends once everything is closed. */
    private static void end(CountDownLatch over, CountDownLatch closed) {
        over.countDown();
        try {
            closed.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void warnOfGates(PrintWriter err) {
        featureGates.forEach((gate, value) -> {
            if (!value.equals("true") && !value.equals("false")) {
                throw wrong("--feature-gates: %s is true or false, not %s".formatted(gate, value));
            }
            if (!GATES.contains(gate)) {
                err.println("Warning: the feature gate " + gate + " changes nothing here.");
            }
        });
    }

    private Components components() {
        for (Components each : Components.values()) {
            if (each.toString().equals(components)) {
                return each;
            }
        }
        throw wrong("--components is api, control-plane or all, not " + components);
    }

    private ParameterException wrong(String message) {
        return new ParameterException(spec.commandLine(), message);
    }

    private RequestFlags.Opened opened(Kernel kernel, PrintWriter out) {
        try {
            return requestFlags.open(kernel, out);
        } catch (IllegalArgumentException | UncheckedIOException e) {
            throw wrong(String.valueOf(e.getMessage()));
        }
    }

    private Cluster start(Kernel kernel, Components parts, RequestHandling requests) {
        InetSocketAddress address = address();
        String tokens = tokenAuthFile == null ? "" : read("--token-auth-file", tokenAuthFile);
        checkPort("--read-only-port", readOnlyPort);
        if (nodes < 0) {
            throw wrong("--nodes is 0 or more, not " + nodes);
        }
        Path directory = kubeconfig == null ? null : kubeconfig.toAbsolutePath().getParent();
        if (directory != null && !Files.isDirectory(directory)) {
            throw wrong("--kubeconfig: there is no directory " + directory);
        }
        try {
            return builder(kernel, parts, address, tokens, requests).start();
        } catch (IllegalArgumentException e) {
            throw wrong(String.valueOf(e.getMessage()));
        } catch (UncheckedIOException e) {
            throw new Engines.MissingException(e.getMessage() + ": " + reason(e), e);
        }
    }

    private ClusterBuilder builder(
            Kernel kernel, Components parts, InetSocketAddress address, String tokens, RequestHandling requests) {
        ClusterBuilder builder = Cluster.builder()
                .kernel(kernel)
                .api(ApiOptions.defaults()
                        .withAuthorizationModes(authorizationMode)
                        .withAdmission(enableAdmission, disableAdmission)
                        .withAdmissionConfiguration(admissionConfiguration())
                        .withTokens(tokens)
                        .withServiceAccountTokens(tokenOptions())
                        .withServiceClusterIpRange(serviceClusterIpRange)
                        .withPublishedEndpoint(!endpointReconcilerType.equals("none"))
                        .withoutVersions(disabledVersions(parts))
                        .withCompactionInterval(duration("--etcd-compaction-interval", compactionInterval))
                        .withEventTimeToLive(duration("--event-ttl", eventTtl))
                        .withRequests(requests)
                        .withReleaseName(releaseName(parts))
                        .withSecurity(securityFlags.options())
                        .withoutFeatures(GATES.stream()
                                .filter(gate -> "false".equals(featureGates.get(gate)))
                                .toList()))
                .serve(address, certDir);
        if (parts == Components.api) {
            builder.noScheduler().noControllers();
        }
        if (parts != Components.all) {
            builder.componentsAtPorts();
        }
        if (controllers != null) {
            builder.controllers(controllers);
        }
        if (parts == Components.all) {
            for (int i = 1; i <= nodes; i++) {
                builder.node("worker-" + i, Engines.runtime(runtime, "amphora-serve", !etcdServers.isEmpty()));
            }
            if (runtime == Engines.RuntimeEngine.fake) {
                builder.everyNode(config -> config.withReadOnlyPort(readOnlyPort));
            }
            builder.proxy(new UserspaceProxy());
        }
        builder.controllerSettings(controllerFlags.settings(serviceClusterIpRange));
        builder.controllersProgram(controllerFlags.program());
        if (loadBalancerRanges != null) {
            builder.loadBalancer(AddressPool.of(loadBalancerRanges));
        }
        if (metrics) {
            builder.metrics(Duration.ofSeconds(15));
        }
        return builder.store(
                etcdServers.isEmpty()
                        ? Engines.store(Engines.StoreEngine.memory, kernel, etcdPrefix)
                        : Engines.store(
                                Engines.StoreEngine.etcd, kernel, etcdPrefix, etcdServers.toArray(String[]::new)));
    }

    /** What stands in for the reference's binaries goes by their name. */
    private static String releaseName(Components parts) {
        return parts == Components.all ? ApiOptions.defaults().releaseName() : "v1.36.3";
    }

    /** What stands in for the reference's binaries serves what they do; in a whole cluster outdated manifests are welcome. */
    private List<String> disabledVersions(Components parts) {
        Map<String, String> config = new TreeMap<>(runtimeConfig);
        config.putIfAbsent("extensions/v1beta1", Boolean.toString(parts == Components.all));
        List<String> disabled = new ArrayList<>();
        config.forEach((version, value) -> {
            if (value.equals("false")) {
                disabled.add(version);
            } else if (!value.equals("true")) {
                throw wrong("--runtime-config: %s is true or false, not %s".formatted(version, value));
            }
        });
        return disabled;
    }

    private TokenOptions tokenOptions() {
        return new TokenOptions(
                serviceAccountIssuer,
                apiAudiences,
                signingKeyFile == null ? "" : read("--service-account-signing-key-file", signingKeyFile),
                keyFiles.stream()
                        .map(file -> read("--service-account-key-file", file))
                        .toList(),
                keysAddress);
    }

    private AdmissionConfiguration admissionConfiguration() {
        Path file = admissionConfiguration;
        return file == null
                ? AdmissionConfiguration.none()
                : AdmissionConfiguration.parse(
                        SecurityFlags.read("--admission-control-config-file", file),
                        other -> SecurityFlags.read(
                                "--admission-control-config-file",
                                file.toAbsolutePath().resolveSibling(other)));
    }

    private Duration duration(String option, String text) {
        try {
            Duration duration = GoDuration.parse(text);
            if (!duration.isNegative()) {
                return duration;
            }
        } catch (IllegalArgumentException e) {
            // told below
        }
        throw wrong(option + " is a duration such as 5m or 30s, not " + text);
    }

    private static String reason(UncheckedIOException e) {
        IOException cause = e.getCause();
        Throwable root = cause == null || cause.getCause() == null ? cause : cause.getCause();
        return String.valueOf(root == null ? null : root.getMessage());
    }

    private InetSocketAddress address() {
        checkPort("--secure-port", securePort);
        InetSocketAddress address = new InetSocketAddress(bindAddress, securePort);
        if (address.isUnresolved()) {
            throw wrong("--bind-address: there is no address " + bindAddress);
        }
        return address;
    }

    private void checkPort(String option, int port) {
        if (port < 0 || port > 65535) {
            throw wrong("%s is 0 to 65535, not %d".formatted(option, port));
        }
    }

    private static Path temporaryKubeconfig() {
        try {
            return Files.createTempFile("amphora-", ".kubeconfig");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private String read(String option, Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw wrong(option + ": cannot read " + file);
        }
    }

    private static void write(Path file, String text) {
        try {
            CertificateAuthority.writePrivately(file, text);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot write " + file, e);
        }
    }

    private static void delete(Path file) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot delete " + file, e);
        }
    }
}

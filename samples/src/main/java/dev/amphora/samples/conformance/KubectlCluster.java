package dev.amphora.samples.conformance;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.ApiOptions;
import dev.amphora.Cluster;
import dev.amphora.ClusterBuilder;
import dev.amphora.kernel.Kernel;
import dev.amphora.kernel.ThreadedKernel;
import dev.amphora.store.memory.MemoryStore;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A cluster that kubectl is replayed against: a fresh one of this process, or anybody's. */
final class KubectlCluster implements AutoCloseable {
    /** What a cluster must have for a scenario; each level includes those before. */
    enum Level {
        /** An API server. */
        api,
        /** Controllers too. */
        controllers,
        /** A scheduler and the scripted nodes too. */
        nodes
    }

    private static final String ROOT_CA =
            """
            -----BEGIN CERTIFICATE-----
            MAo=
            -----END CERTIFICATE-----
            """;
    private static final String ABOUT_ROOT_CA =
            "Contains a CA bundle that can be used to verify the kube-apiserver when"
                    + " using internal endpoints such as the internal service IP or kubernetes.default.svc. No other usage is"
                    + " guaranteed across distributions of Kubernetes clusters.";
    /** What the recorder's controller manager was called. */
    private static final String CONTROLLERS_PROGRAM = "kcm";

    private static final Duration TO_GO = Duration.ofSeconds(60);
    private static final Duration TO_APPEAR = Duration.ofSeconds(20);
    private static final Duration SILENCE = Duration.ofMillis(200);

    private final Kernel kernel = new ThreadedKernel();
    private final Pace pace = new Pace(kernel);
    private final @Nullable Cluster embedded;
    private final URI url;
    private final String token;
    private final boolean controllers;
    private final Transport transport;
    private final Server server;
    private final ClusterView view;
    private final @Nullable ScriptedKubelet kubelet;

    private KubectlCluster(Level level, @Nullable URI server, String token, boolean scripted) {
        this.embedded = server == null ? start(level) : null;
        this.url = embedded == null
                ? URI.create(String.valueOf(server))
                : URI.create(embedded.endpoint().orElseThrow().url());
        this.token = token;
        this.controllers = level != Level.api;
        this.transport = new HttpTransport(url, kernel);
        this.server = new Server(transport, token, Map.of());
        this.view = ClusterView.open(this.server, pace);
        this.kubelet = scripted ? ScriptedKubelet.start(this.server, pace, view) : null;
    }

    /** A fresh cluster in this process. */
    static KubectlCluster embedded(Level level) {
        return new KubectlCluster(level, null, "admin", level == Level.nodes);
    }

    /**
     * Anybody's cluster.
     *
     * @param level what it has; below {@code nodes} it is taken for one without controllers if it is {@code api}
     * @param scripted whether to add the scripted nodes
     */
    static KubectlCluster at(URI server, String token, Level level, boolean scripted) {
        return new KubectlCluster(level, server, token, scripted);
    }

    private Cluster start(Level level) {
        ClusterBuilder builder = Cluster.builder()
                .kernel(kernel)
                .store(new MemoryStore())
                .api(ApiOptions.defaults()
                        .withAuthorizationModes(List.of("Node", "RBAC"))
                        .withTokens(Setting.TOKENS)
                        .withServiceClusterIpRange("10.0.0.0/16")
                        .withoutVersions(List.of("extensions/v1beta1"))
                        .withPublishedEndpoint(false)
                        .withReleaseName(Setting.REFERENCE))
                .controllersProgram(CONTROLLERS_PROGRAM)
                .componentsAtPorts()
                .serve(0);
        if (level == Level.api) {
            builder.noControllers();
        }
        return level == Level.nodes ? builder.start() : builder.noScheduler().start();
    }

    Pace pace() {
        return pace;
    }

    ClusterView view() {
        return view;
    }

    /** The URL of the API server. */
    String url() {
        return url.toString();
    }

    /** A kubeconfig whose context is in a namespace. */
    String kubeconfig(String namespace) {
        ObjectNode config =
                Trees.object().put("apiVersion", "v1").put("kind", "Config").put("current-context", "x");
        config.putArray("clusters")
                .addObject()
                .put("name", "c")
                .putObject("cluster")
                .put("server", url())
                .put("insecure-skip-tls-verify", true);
        config.putArray("users").addObject().put("name", "u").putObject("user").put("token", token);
        config.putArray("contexts")
                .addObject()
                .put("name", "x")
                .putObject("context")
                .put("cluster", "c")
                .put("user", "u")
                .put("namespace", namespace);
        return config.toString();
    }

    /** Makes the namespace of a scenario, with what controllers put into one. */
    void makeNamespace(String name) {
        pace.until(TO_GO, () -> view.get("namespaces", "", name) == null);
        Response made = server.post("/api/v1/namespaces", object("Namespace", name));
        if (made.status() != 201) {
            throw new IllegalStateException("namespace %s: %d %s".formatted(name, made.status(), made.brief()));
        }
        String path = "/api/v1/namespaces/" + name;
        if (!controllers) {
            server.post(path + "/serviceaccounts", object("ServiceAccount", "default"));
            ObjectNode ca = object("ConfigMap", "kube-root-ca.crt");
            ca.withObjectProperty("metadata").putObject("annotations").put("kubernetes.io/description", ABOUT_ROOT_CA);
            ca.putObject("data").put("ca.crt", ROOT_CA);
            server.post(path + "/configmaps", ca);
        }
        pace.until(
                TO_APPEAR,
                () -> view.get("serviceaccounts", name, "default") != null
                        && view.get("configmaps", name, "kube-root-ca.crt") != null);
        view.awaitQuiet(name, SILENCE);
    }

    private static ObjectNode object(String kind, String name) {
        ObjectNode object = Trees.object().put("apiVersion", "v1").put("kind", kind);
        object.putObject("metadata").put("name", name);
        return object;
    }

    /** Removes the namespace of a scenario; where nobody else empties it, what is in it as well. */
    void removeNamespace(String name) {
        String path = "/api/v1/namespaces/" + name;
        ObjectNode options = Trees.object().put("kind", "DeleteOptions").put("apiVersion", "v1");
        options.put("propagationPolicy", "Background");
        server.call("DELETE", path, options, "application/json");
        if (controllers) {
            return;
        }
        options.put("gracePeriodSeconds", 0);
        for (String collection : collections()) {
            server.call("DELETE", collection.formatted(name), options, "application/json");
        }
        Response left = server.get(path);
        if (left.status() == 200) {
            ObjectNode namespace = (ObjectNode) left.body();
            namespace.withObjectProperty("spec").putArray("finalizers");
            server.call("PUT", path + "/finalize", namespace, "application/json");
        }
    }

    /** The paths of all collections in a namespace, with a place for its name. */
    private List<String> collections() {
        List<String> roots = new ArrayList<>(List.of("/api/v1"));
        server.get("/apis")
                .body()
                .path("groups")
                .forEach(group -> roots.add("/apis/"
                        + Trees.at(group, "preferredVersion", "groupVersion").asText()));
        List<String> collections = new ArrayList<>();
        for (String root : roots) {
            for (JsonNode resource : server.get(root).body().path("resources")) {
                if (resource.path("namespaced").asBoolean()
                        && Trees.texts(resource.path("verbs")).contains("deletecollection")) {
                    collections.add(
                            root + "/namespaces/%s/" + resource.path("name").asText());
                }
            }
        }
        return collections;
    }

    /** Waits until no scenario's namespace is left and the scripted nodes are ready for any pod. */
    void awaitRest() {
        pace.until(
                TO_GO,
                () -> view.all("namespaces").stream()
                                .noneMatch(each -> name(each).startsWith("k-"))
                        && (kubelet == null || nodesReady()));
    }

    /** Waits until a namespace is gone. */
    void awaitGone(String namespace) {
        pace.until(TO_GO, () -> view.get("namespaces", "", namespace) == null);
    }

    private static String name(JsonNode object) {
        return Trees.at(object, "metadata", "name").asText();
    }

    private boolean nodesReady() {
        List<JsonNode> nodes = view.all("nodes").stream()
                .filter(node -> ScriptedKubelet.NODES.contains(name(node)))
                .toList();
        return nodes.size() == ScriptedKubelet.NODES.size()
                && nodes.stream()
                        .allMatch(node -> Settling.field(node, "status.conditions[Ready].status")
                                        .asText()
                                        .equals("True")
                                && Trees.at(node, "spec", "taints").isEmpty()
                                && !Trees.at(node, "spec", "unschedulable").asBoolean());
    }

    @Override
    public void close() {
        if (kubelet != null) {
            kubelet.close();
        }
        view.close();
        transport.close();
        pace.close();
        if (embedded != null) {
            embedded.close();
        }
        kernel.close();
    }
}

package dev.amphora;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.Json;
import dev.amphora.api.Selector;
import dev.amphora.api.StatusException;
import dev.amphora.apiserver.ApiRequest;
import dev.amphora.apiserver.ApiServer;
import dev.amphora.apiserver.Body;
import dev.amphora.apiserver.RequestOptions;
import dev.amphora.apiserver.Verb;
import dev.amphora.apiserver.access.User;
import dev.amphora.apiserver.outside.LocalServer;
import dev.amphora.kernel.Actor;
import dev.amphora.kernel.Kernel;
import dev.amphora.kubelet.ContainerRuntime.Usage;
import dev.amphora.kubelet.Kubelet;
import dev.amphora.kubelet.Kubelet.PodUsage;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The API {@code metrics.k8s.io/v1beta1}: what nodes and pods use, as a metrics server tells it. Asks the kubelets of this process now and
 * then, and answers with what they have said last.
 */
final class MetricsApi implements LocalServer, AutoCloseable {
    static final String GROUP = "metrics.k8s.io";
    static final String VERSION = "v1beta1";
    /** The Service that stands for it; there need not be any. */
    static final String NAMESPACE = "kube-system";

    static final String NAME = "metrics-server";

    private static final Logger log = LoggerFactory.getLogger(MetricsApi.class);
    private static final String BASE = "/apis/" + GROUP + "/" + VERSION;
    private static final String RESOURCES =
            """
            {"kind":"APIResourceList","apiVersion":"v1","groupVersion":"metrics.k8s.io/v1beta1","resources":[
            {"name":"nodes","singularName":"","namespaced":false,"kind":"NodeMetrics","verbs":["get","list"]},
            {"name":"pods","singularName":"","namespaced":true,"kind":"PodMetrics","verbs":["get","list"]}]}
            """;
    private static final int KIBI = 1024;

    private final Actor actor;
    private final Kernel kernel;
    private final Supplier<List<Kubelet>> nodes;
    private final Duration resolution;
    /** By node, what it said last. */
    private final Map<String, Measured> measured = new TreeMap<>();

    private record Measured(Instant at, List<PodUsage> pods) {}

    /**
     * Begins to ask.
     *
     * @param nodes those there are now
     * @param resolution how often they are asked
     */
    MetricsApi(Kernel kernel, Supplier<List<Kubelet>> nodes, Duration resolution) {
        this.kernel = kernel;
        this.nodes = nodes;
        this.resolution = resolution;
        actor = kernel.actor("metrics");
        actor.execute(this::measure);
    }

    /** Says to an API server that this API is to be had, and who may read it: all who may read pods. */
    void register(ApiServer server) {
        ObjectNode service = Json.object();
        service.putObject("metadata").put("name", VERSION + "." + GROUP);
        ObjectNode spec = service.putObject("spec");
        spec.put("group", GROUP).put("version", VERSION);
        spec.put("groupPriorityMinimum", 100).put("versionPriority", 100).put("insecureSkipTLSVerify", true);
        spec.putObject("service").put("namespace", NAMESPACE).put("name", NAME);
        create(server, "apiregistration.k8s.io", "apiservices", service);
        ObjectNode role = Json.object();
        ObjectNode labels = role.putObject("metadata")
                .put("name", "system:aggregated-metrics-reader")
                .putObject("labels");
        List.of("view", "edit", "admin")
                .forEach(each -> labels.put("rbac.authorization.k8s.io/aggregate-to-" + each, "true"));
        ObjectNode rule = role.putArray("rules").addObject();
        rule.putArray("apiGroups").add(GROUP);
        rule.putArray("resources").add("pods").add("nodes");
        rule.putArray("verbs").add("get").add("list").add("watch");
        create(server, "rbac.authorization.k8s.io", "clusterroles", role);
    }

    private static void create(ApiServer server, String group, String plural, ObjectNode object) {
        try {
            server.handle(new ApiRequest(
                    User.of("system:apiserver", User.MASTERS),
                    NAME,
                    Verb.CREATE,
                    group,
                    "v1",
                    plural,
                    "",
                    "",
                    "",
                    RequestOptions.none(),
                    Body.of(object)));
        } catch (StatusException e) {
            if (!e.isAlreadyExists()) {
                throw e;
            }
        }
    }

    private void measure() {
        List<String> present = new ArrayList<>();
        for (Kubelet node : nodes.get()) {
            present.add(node.nodeName());
            node.usage()
                    .whenComplete((pods, failure) -> actor.execute(() -> {
                        if (failure == null) {
                            note(node.nodeName(), new Measured(kernel.instant().truncatedTo(ChronoUnit.SECONDS), pods));
                        } else {
                            log.debug("Node {} did not say what it uses", node.nodeName(), failure);
                        }
                    }));
        }
        synchronized (measured) {
            measured.keySet().retainAll(present);
        }
        actor.schedule(resolution, this::measure);
    }

    private void note(String node, Measured now) {
        synchronized (measured) {
            measured.put(node, now);
        }
    }

    private Map<String, Measured> measured() {
        synchronized (measured) {
            return new TreeMap<>(measured);
        }
    }

    @Override
    public Reply answer(Request request) {
        String path = request.path();
        if (path.equals(BASE)) {
            return Reply.json(200, RESOURCES);
        }
        if (!request.method().equals("GET") || !path.startsWith(BASE + "/")) {
            return failed(request.method().equals("GET") ? 404 : 405, "", "");
        }
        String[] parts = path.substring(BASE.length() + 1).split("/", -1);
        Selector selector;
        try {
            selector = Selector.parse(query(request.target(), "labelSelector"));
        } catch (IllegalArgumentException e) {
            return failed(400, "", "");
        }
        if (parts[0].equals("nodes") && parts.length <= 2) {
            return parts.length == 1
                    ? list("NodeMetrics", nodes(selector))
                    : one("nodes", parts[1], nodes(Selector.parse("")));
        }
        if (parts[0].equals("pods") && parts.length == 1) {
            return list("PodMetrics", pods("", selector));
        }
        if (parts[0].equals("namespaces") && parts.length >= 3 && parts.length <= 4 && parts[2].equals("pods")) {
            return parts.length == 3
                    ? list("PodMetrics", pods(parts[1], selector))
                    : one("pods", parts[3], pods(parts[1], Selector.parse("")));
        }
        return failed(404, "", "");
    }

    private static String query(String target, String name) {
        int mark = target.indexOf('?');
        if (mark >= 0) {
            for (String pair : target.substring(mark + 1).split("&", -1)) {
                if (pair.startsWith(name + "=")) {
                    return URLDecoder.decode(pair.substring(name.length() + 1), StandardCharsets.UTF_8);
                }
            }
        }
        return "";
    }

    // ---- what is told -----------------------------------------------------------------------------------------------

    private List<ObjectNode> nodes(Selector selector) {
        List<ObjectNode> found = new ArrayList<>();
        measured().forEach((name, node) -> {
            long cpu = 0;
            long memory = 0;
            for (PodUsage pod : node.pods) {
                for (Usage usage : pod.containers().values()) {
                    cpu += usage.nanoCores();
                    memory += usage.memoryBytes();
                }
            }
            if (selector.matches(Map.of("kubernetes.io/hostname", name))) {
                ObjectNode item = item("NodeMetrics", node.at);
                ((ObjectNode) item.path("metadata")).put("name", name);
                usage(item, new Usage(cpu, memory));
                found.add(item);
            }
        });
        return found;
    }

    private List<ObjectNode> pods(String namespace, Selector selector) {
        Map<String, ObjectNode> found = new TreeMap<>();
        for (Measured node : measured().values()) {
            for (PodUsage usage : node.pods) {
                String its = usage.pod().getMetadata().getNamespace();
                Map<String, String> labels = usage.pod().getMetadata().getLabels();
                Map<String, String> known = labels == null ? Map.of() : labels;
                if ((namespace.isEmpty() || namespace.equals(its)) && selector.matches(known)) {
                    found.put(its + "/" + usage.pod().getMetadata().getName(), pod(node.at, usage, known));
                }
            }
        }
        return List.copyOf(found.values());
    }

    private ObjectNode pod(Instant at, PodUsage usage, Map<String, String> labels) {
        ObjectNode item = item("PodMetrics", at);
        ObjectNode metadata = (ObjectNode) item.path("metadata");
        metadata.put("name", usage.pod().getMetadata().getName());
        metadata.put("namespace", usage.pod().getMetadata().getNamespace());
        if (!labels.isEmpty()) {
            ObjectNode copy = metadata.putObject("labels");
            new TreeMap<>(labels).forEach(copy::put);
        }
        ArrayNode containers = item.putArray("containers");
        usage.containers().forEach((name, used) -> usage(containers.addObject().put("name", name), used));
        return item;
    }

    private ObjectNode item(String kind, Instant at) {
        ObjectNode item = Json.object().put("kind", kind).put("apiVersion", GROUP + "/" + VERSION);
        item.putObject("metadata").put("creationTimestamp", at.toString());
        return item.put("timestamp", at.toString()).put("window", resolution.toSeconds() + "s");
    }

    private static void usage(ObjectNode item, Usage used) {
        item.putObject("usage").put("cpu", used.nanoCores() + "n").put("memory", used.memoryBytes() / KIBI + "Ki");
    }

    private static Reply list(String kind, List<ObjectNode> items) {
        ObjectNode list = Json.object().put("kind", kind + "List").put("apiVersion", GROUP + "/" + VERSION);
        list.putObject("metadata");
        ArrayNode all = list.putArray("items");
        items.forEach(all::add);
        return reply(200, list);
    }

    private static Reply one(String plural, String name, List<ObjectNode> items) {
        return items.stream()
                .filter(item -> item.path("metadata").path("name").asText().equals(name))
                .findFirst()
                .map(item -> reply(200, item))
                .orElseGet(() -> failed(404, plural, name));
    }

    private static Reply failed(int code, String plural, String name) {
        String reason =
                switch (code) {
                    case 404 -> "NotFound";
                    case 405 -> "MethodNotAllowed";
                    default -> "BadRequest";
                };
        ObjectNode status = Json.object().put("kind", "Status").put("apiVersion", "v1");
        status.putObject("metadata");
        status.put("status", "Failure")
                .put(
                        "message",
                        name.isEmpty()
                                ? "the server could not find the requested resource"
                                : "%s.%s \"%s\" not found".formatted(plural, GROUP, name))
                .put("reason", reason);
        ObjectNode details = status.putObject("details");
        if (!name.isEmpty()) {
            details.put("name", name).put("group", GROUP).put("kind", plural);
        }
        return reply(code, status.put("code", code));
    }

    private static Reply reply(int code, ObjectNode tree) {
        return Reply.of(code, "application/json", Json.write(tree));
    }

    @Override
    public void close() {
        actor.close();
    }
}

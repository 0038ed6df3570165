package dev.amphora.samples.conformance;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import dev.amphora.kernel.Actor;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Three nodes whose pods follow a script: what each becomes is said by an annotation, or by its image and command. The nodes of the
 * recordings; they need nothing but an API server.
 */
final class ScriptedKubelet implements AutoCloseable {
    static final List<String> NODES = List.of("node-1", "node-2", "node-3");

    private static final Map<String, String> ZONES = Map.of("node-1", "z1", "node-2", "z1", "node-3", "z2");
    private static final String MERGE = "application/merge-patch+json";
    private static final String STRATEGIC = "application/strategic-merge-patch+json";
    private static final String LEASES = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases";
    private static final Duration LOOK = Duration.ofMillis(20);
    private static final Duration RENEWAL = Duration.ofSeconds(10);
    private static final DateTimeFormatter MICROS =
            DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.SSSSSS'Z'").withZone(ZoneOffset.UTC);
    private static final int LOG_LINES = 5;
    private static final int ADDRESSES_PER_RANGE = 240;

    private final Server server;
    private final Pace pace;
    private final ClusterView view;
    private final LoopbackHttps logs;
    private final Actor actor;
    /** What has been done about a pod, by its uid. */
    private final Map<String, String> done = new HashMap<>();

    private final Map<String, String> addresses = new HashMap<>();

    private ScriptedKubelet(Server server, Pace pace, ClusterView view) {
        this.server = server;
        this.pace = pace;
        this.view = view;
        this.logs = LoopbackHttps.start(pace.kernel(), ScriptedKubelet::answer);
        this.actor = pace.kernel().actor("scripted-kubelet");
    }

    /** Registers the nodes and begins to run pods. */
    static ScriptedKubelet start(Server server, Pace pace, ClusterView view) {
        ScriptedKubelet kubelet = new ScriptedKubelet(server, pace, view);
        NODES.forEach(kubelet::register);
        kubelet.actor.execute(kubelet::renew);
        kubelet.actor.execute(kubelet::look);
        return kubelet;
    }

    private String now() {
        return pace.now().truncatedTo(ChronoUnit.SECONDS).toString();
    }

    private void register(String name) {
        ObjectNode node = Trees.object().put("apiVersion", "v1").put("kind", "Node");
        node.putObject("metadata")
                .put("name", name)
                .putObject("labels")
                .put("kubernetes.io/hostname", name)
                .put("kubernetes.io/os", "linux")
                .put("kubernetes.io/arch", "amd64")
                .put("topology.kubernetes.io/zone", ZONES.get(name));
        server.post("/api/v1/nodes", node);
        ObjectNode patch = Trees.object().set("status", status());
        server.call("PATCH", "/api/v1/nodes/" + name + "/status", patch, STRATEGIC);
    }

    private ObjectNode status() {
        ObjectNode status = Trees.object();
        for (String part : List.of("capacity", "allocatable")) {
            status.putObject(part)
                    .put("cpu", "8")
                    .put("memory", part.equals("capacity") ? "32Gi" : "31Gi")
                    .put("pods", "110")
                    .put("ephemeral-storage", "100Gi");
        }
        status.putArray("addresses").addObject().put("type", "InternalIP").put("address", "127.0.0.1");
        status.putArray("conditions")
                .add(condition(
                        "MemoryPressure", "False", "KubeletHasSufficientMemory", "has sufficient memory available"))
                .add(condition("DiskPressure", "False", "KubeletHasNoDiskPressure", "has no disk pressure"))
                .add(condition("PIDPressure", "False", "KubeletHasSufficientPID", "has sufficient PID available"))
                .add(condition("Ready", "True", "KubeletReady", "is posting ready status"));
        status.putObject("daemonEndpoints").putObject("kubeletEndpoint").put("Port", logs.port());
        status.putObject("nodeInfo")
                .put("machineID", "machine")
                .put("systemUUID", "system")
                .put("bootID", "boot")
                .put("kernelVersion", "6.1.0")
                .put("osImage", "Scripted Linux")
                .put("containerRuntimeVersion", "scripted://1.0")
                .put("kubeletVersion", "v1.36.3")
                .put("kubeProxyVersion", "")
                .put("operatingSystem", "linux")
                .put("architecture", "amd64");
        return status;
    }

    private ObjectNode condition(String type, String status, String reason, String message) {
        return Trees.object()
                .put("type", type)
                .put("status", status)
                .put("reason", reason)
                .put("message", "kubelet " + message)
                .put("lastHeartbeatTime", now())
                .put("lastTransitionTime", now());
    }

    private void renew() {
        for (String node : NODES) {
            ObjectNode lease = Trees.object();
            lease.putObject("spec")
                    .put("renewTime", MICROS.format(pace.now()))
                    .put("holderIdentity", node)
                    .put("leaseDurationSeconds", 40);
            if (server.call("PATCH", LEASES + "/" + node, lease, MERGE).status() == 404) {
                makeLease(node, lease);
            }
        }
        actor.schedule(RENEWAL, this::renew);
    }

    private void makeLease(String node, ObjectNode lease) {
        Response owner = server.get("/api/v1/nodes/" + node);
        if (owner.status() == 404) {
            register(node);
            return;
        }
        lease.put("apiVersion", "coordination.k8s.io/v1").put("kind", "Lease");
        ObjectNode metadata = lease.putObject("metadata").put("name", node).put("namespace", "kube-node-lease");
        metadata.putArray("ownerReferences")
                .addObject()
                .put("apiVersion", "v1")
                .put("kind", "Node")
                .put("name", node)
                .set("uid", Trees.at(owner.body(), "metadata", "uid"));
        server.post(LEASES, lease);
    }

    private void look() {
        view.all("pods").forEach(this::handle);
        actor.schedule(LOOK, this::look);
    }

    private void handle(JsonNode pod) {
        JsonNode metadata = pod.path("metadata");
        String uid = metadata.path("uid").asText();
        if (!NODES.contains(Trees.at(pod, "spec", "nodeName").asText())) {
            return;
        }
        String phase = Trees.at(pod, "status", "phase").asText();
        boolean over = phase.equals("Succeeded") || phase.equals("Failed");
        if (metadata.has("deletionTimestamp")) {
            end(pod, over);
            return;
        }
        String state = ScriptedPod.stateOf(pod);
        String key = state + metadata.path("generation") + gates(pod);
        if (!over && !key.equals(done.put(uid, key))) {
            report(pod, state);
        }
    }

    private static String gates(JsonNode pod) {
        List<String> gates = new ArrayList<>();
        Trees.at(pod, "spec", "readinessGates")
                .forEach(gate -> gates.add(gate.path("conditionType").asText()));
        List<String> open = new ArrayList<>();
        for (JsonNode condition : Trees.at(pod, "status", "conditions")) {
            if (gates.contains(condition.path("type").asText())) {
                open.add(condition.path("type").asText()
                        + condition.path("status").asText());
            }
        }
        return open.toString() + Trees.at(pod, "spec", "ephemeralContainers").size();
    }

    private void end(JsonNode pod, boolean over) {
        JsonNode metadata = pod.path("metadata");
        String uid = metadata.path("uid").asText();
        boolean slow = Trees.at(metadata, "annotations", "kubelet/termination")
                .asText()
                .equals("slow");
        if (slow && metadata.path("deletionGracePeriodSeconds").asInt(-1) != 0) {
            return;
        }
        if (!Trees.at(pod, "spec", "restartPolicy").asText().equals("Always") && !over) {
            if (!"killed".equals(done.put(uid, "killed"))) {
                report(pod, "killed");
            }
            return;
        }
        if ("deleted".equals(done.put(uid, "deleted"))) {
            return;
        }
        ObjectNode options = Trees.object().put("kind", "DeleteOptions").put("apiVersion", "v1");
        options.put("gracePeriodSeconds", 0).putObject("preconditions").put("uid", uid);
        int status =
                server.call("DELETE", path(pod), options, "application/json").status();
        if (status >= 400 && status != 404) {
            done.remove(uid);
        }
    }

    private static String path(JsonNode pod) {
        JsonNode metadata = pod.path("metadata");
        return "/api/v1/namespaces/%s/pods/%s"
                .formatted(
                        metadata.path("namespace").asText(),
                        metadata.path("name").asText());
    }

    private void report(JsonNode pod, String state) {
        ObjectNode patch = Trees.object();
        patch.putObject("metadata").set("uid", Trees.at(pod, "metadata", "uid"));
        patch.set("status", new ScriptedPod(pod, state, now()).status(address(pod)));
        server.call("PATCH", path(pod) + "/status?fieldManager=kubelet", patch, STRATEGIC);
    }

    private String address(JsonNode pod) {
        return addresses.computeIfAbsent(Trees.at(pod, "metadata", "uid").asText(), uid -> {
            int number = addresses.size() + 1;
            int node = NODES.indexOf(Trees.at(pod, "spec", "nodeName").asText());
            return "10.244.%d.%d"
                    .formatted(node + 1 + 4 * (number / ADDRESSES_PER_RANGE), number % ADDRESSES_PER_RANGE + 2);
        });
    }

    /** Answers for the logs of a container: five fixed lines. */
    private static void answer(HttpExchange exchange) throws IOException {
        String[] path = exchange.getRequestURI().getPath().split("/", -1);
        String query = "&" + exchange.getRequestURI().getQuery() + "&";
        if (path.length != 5 || !path[1].equals("containerLogs")) {
            answer(exchange, 404, "404 page not found\n");
        } else if (query.contains("&previous=true&")) {
            answer(
                    exchange,
                    400,
                    "previous terminated container \"%s\" in pod \"%s\" not found".formatted(path[4], path[3]));
        } else {
            answer(exchange, 200, log(path[4], query));
        }
    }

    private static String log(String container, String query) {
        StringBuilder log = new StringBuilder();
        int tail = number(query, "tailLines", LOG_LINES);
        for (int line = Math.max(0, LOG_LINES - tail) + 1; line <= LOG_LINES; line++) {
            log.append(query.contains("&timestamps=true&") ? "2026-01-01T00:00:0" + line + ".000000000Z " : "")
                    .append(container)
                    .append(" line ")
                    .append(line)
                    .append('\n');
        }
        return log.substring(0, Math.min(log.length(), number(query, "limitBytes", log.length())));
    }

    private static int number(String query, String name, int otherwise) {
        int at = query.indexOf("&" + name + "=");
        if (at < 0) {
            return otherwise;
        }
        int from = at + name.length() + 2;
        return Integer.parseInt(query.substring(from, query.indexOf('&', from)));
    }

    private static void answer(HttpExchange exchange, int status, String text) throws IOException {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().set("Content-Type", "text/plain");
        exchange.sendResponseHeaders(status, bytes.length == 0 ? -1 : bytes.length);
        exchange.getResponseBody().write(bytes);
        exchange.close();
    }

    /** Ends it and removes the nodes. */
    @Override
    public void close() {
        actor.close();
        logs.close();
        NODES.forEach(node -> server.call("DELETE", "/api/v1/nodes/" + node));
    }
}

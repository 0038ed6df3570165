package dev.amphora.samples.conformance;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import dev.amphora.ApiOptions;
import dev.amphora.Cluster;
import dev.amphora.kernel.Kernel;
import dev.amphora.kernel.SimulatedKernel;
import dev.amphora.store.memory.MemoryStore;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Replays what a running scheduler writes to the API, step by step, in a simulation's time. */
final class EndToEndCases implements AutoCloseable {
    private static final String NAMESPACE = "e2e";
    private static final Duration PATIENCE = Duration.ofMinutes(2);
    private static final Duration LOOK = Duration.ofSeconds(1);
    private static final Duration REST = Duration.ofSeconds(2);
    private static final int SEEDS = 8;
    private static final Map<String, String> GROUPS = Map.of(
            "StorageClass", "storage.k8s.io/v1",
            "PodDisruptionBudget", "policy/v1",
            "DeviceClass", "resource.k8s.io/v1",
            "ResourceClaim", "resource.k8s.io/v1",
            "ResourceSlice", "resource.k8s.io/v1",
            "PriorityClass", "scheduling.k8s.io/v1");

    private final Kernel kernel;
    private final Cluster cluster;
    private final Pace pace;
    private final LocalTransport transport;
    private final Server server;
    private final Set<String> seenEvents = new HashSet<>();

    private EndToEndCases(long seed) {
        kernel = new SimulatedKernel(seed);
        cluster = Cluster.builder()
                .kernel(kernel)
                .store(new MemoryStore())
                .api(ApiOptions.defaults()
                        .withTokens("admin,admin,admin-uid,system:masters")
                        .withAdmission(List.of(), List.of("ServiceAccount", "TaintNodesByCondition")))
                .noControllers()
                .start();
        pace = new Pace(kernel);
        transport = new LocalTransport(cluster.connection(), pace);
        server = new Server(transport, "admin", Map.of());
        post("Namespace", Trees.read("{\"metadata\": {\"name\": \"" + NAMESPACE + "\"}}"));
        priority("low", 1, false);
        priority("mid", 100, false);
        priority("high", 1000, false);
        priority("never", 1000, true);
    }

    /** Replays a scenario. Among equal nodes the reference takes any, so another seed may have to choose as was recorded. */
    static void replay(JsonNode scenario, Results results) {
        results.replay(scenario.path("name").asText(), () -> {
            List<String> differences = List.of();
            for (long seed = 1; seed <= SEEDS; seed++) {
                try (EndToEndCases run = new EndToEndCases(seed)) {
                    differences = run.differences(scenario.path("steps"));
                }
                if (differences.stream().noneMatch(each -> each.contains(".nodeName: "))) {
                    break;
                }
            }
            return differences;
        });
    }

    @Override
    public void close() {
        transport.close();
        pace.close();
        cluster.close();
        kernel.close();
    }

    private void priority(String name, int value, boolean never) {
        ObjectNode priority = Trees.object();
        priority.putObject("metadata").put("name", name);
        priority.put("value", value);
        if (never) {
            priority.put("preemptionPolicy", "Never");
        }
        post("PriorityClass", priority);
    }

    private List<String> differences(JsonNode steps) {
        for (int i = 0; i < steps.size(); i++) {
            JsonNode step = Trees.map(
                    steps.get(i), name -> name, text -> TextNode.valueOf(text.replace("${namespace}", NAMESPACE)));
            String at = "steps[" + i + "]";
            if (step.has("eventually")) {
                List<String> differences = eventually(step.path("eventually"), at);
                if (!differences.isEmpty()) {
                    return differences;
                }
            } else if (step.has("rawEvents")) {
                List<String> differences = rawEvents(step, at);
                if (!differences.isEmpty()) {
                    return differences;
                }
            } else {
                act(step);
                pace.pause(REST);
            }
        }
        return List.of();
    }

    // -- what is done ------------------------------------------------------------------------------------------------

    private void act(JsonNode step) {
        if (step.has("create")) {
            String kind = step.path("create").asText();
            String path = post(kind, step.path("object"));
            JsonNode status = step.has("status")
                    ? step.path("status")
                    : step.path("object").path("status");
            if (status.isObject()) {
                patch(path + "/status", Trees.object().set("status", status));
            }
        } else if (step.has("patch")) {
            String sub = step.path("subresource").asText();
            String path = path(step.path("patch").asText(), step.path("name").asText());
            patch(path + (sub.isEmpty() ? "" : "/" + sub), step.path("mergePatch"));
        } else if (step.has("delete")) {
            ObjectNode request = Trees.object()
                    .put("method", "DELETE")
                    .put(
                            "path",
                            path(step.path("delete").asText(), step.path("name").asText()));
            if (step.has("gracePeriodSeconds")) {
                request.put("contentType", "application/json");
                request.set("body", Trees.pick(step, List.of("gracePeriodSeconds")));
            }
            check(server.call(request));
        } else if (step.has("bind")) {
            ObjectNode binding = Trees.object().put("apiVersion", "v1").put("kind", "Binding");
            binding.putObject("metadata").put("name", step.path("bind").asText());
            binding.putObject("target")
                    .put("kind", "Node")
                    .put("name", step.path("node").asText());
            check(server.post(path("Pod", step.path("bind").asText()) + "/binding", binding));
        } else {
            throw new IllegalArgumentException("unknown step: " + Trees.brief(step));
        }
    }

    private String post(String kind, JsonNode object) {
        ObjectNode body = object.deepCopy();
        body.put("apiVersion", GROUPS.getOrDefault(kind, "v1")).put("kind", kind);
        String collection = server.collectionOf(body, NAMESPACE);
        check(server.post(collection, body));
        return collection + "/" + body.path("metadata").path("name").asText();
    }

    private void patch(String path, JsonNode body) {
        check(server.call("PATCH", path, body, "application/merge-patch+json"));
    }

    private String path(String kind, String name) {
        ObjectNode object = Trees.object()
                .put("apiVersion", GROUPS.getOrDefault(kind, "v1"))
                .put("kind", kind);
        return server.collectionOf(object, NAMESPACE) + "/" + name;
    }

    private static void check(Response response) {
        if (!response.succeeded()) {
            throw new IllegalStateException("a step was refused: " + Trees.brief(response.body()));
        }
    }

    // -- what comes of it --------------------------------------------------------------------------------------------

    private List<String> eventually(JsonNode want, String at) {
        List<List<String>> last = new ArrayList<>(List.of(List.of()));
        pace.until(PATIENCE, LOOK, () -> {
            last.set(0, compare(want, at));
            return last.get(0).isEmpty();
        });
        items("/apis/events.k8s.io/v1/namespaces/" + NAMESPACE + "/events").forEach(each -> seenEvents.add(key(each)));
        return last.get(0);
    }

    private List<String> compare(JsonNode want, String at) {
        ObjectNode pods = Trees.object();
        for (JsonNode pod : items("/api/v1/namespaces/" + NAMESPACE + "/pods")) {
            pods.set(pod.path("metadata").path("name").asText(), pod(pod));
        }
        List<String> differences =
                new ArrayList<>(Comparison.of(want.path("pods"), pods, new Bindings(), at + ".pods"));
        for (Map.Entry<String, JsonNode> each : Trees.members(want.path("others"))) {
            String[] names = each.getKey().split("/", 2);
            JsonNode object = server.get(path(names[0], names[1])).body();
            differences.addAll(Comparison.of(each.getValue(), other(object), new Bindings(), at + "." + each.getKey()));
        }
        ArrayNode events = Trees.array();
        for (JsonNode event : items("/apis/events.k8s.io/v1/namespaces/" + NAMESPACE + "/events")) {
            if (!seenEvents.contains(key(event))) {
                ObjectNode brief =
                        Trees.pick(event, List.of("type", "reason", "action", "note", "reportingController"));
                brief.put("regarding", event.path("regarding").path("name").asText());
                events.add(brief);
            }
        }
        JsonNode wanted = want.has("newEvents") ? want.get("newEvents") : Trees.array();
        differences.addAll(Comparison.of(sorted(wanted), sorted(events), new Bindings(), at + ".newEvents"));
        return differences;
    }

    private static ObjectNode pod(JsonNode pod) {
        ObjectNode brief = Trees.object();
        JsonNode nodeName = pod.path("spec").path("nodeName");
        if (nodeName.isTextual()) {
            brief.set("nodeName", nodeName);
        }
        JsonNode status = pod.path("status");
        if (status.has("nominatedNodeName")) {
            brief.set("nominatedNodeName", status.get("nominatedNodeName"));
        }
        if (pod.path("metadata").has("deletionTimestamp")) {
            brief.put("deleting", true);
        }
        if (status.path("conditions").size() > 0) {
            brief.set("conditions", status.get("conditions"));
        }
        return brief;
    }

    private static ObjectNode other(JsonNode object) {
        ObjectNode brief = Trees.object();
        for (String name : List.of("annotations", "finalizers")) {
            if (object.path("metadata").has(name)) {
                brief.set(name, object.path("metadata").get(name));
            }
        }
        for (String name : List.of("volumeName", "claimRef")) {
            if (object.path("spec").has(name)) {
                brief.set(name, object.path("spec").get(name));
            }
        }
        if (object.path("kind").asText().equals("ResourceClaim")
                && object.path("status").size() > 0) {
            brief.set("status", object.get("status"));
        }
        return brief;
    }

    private List<String> rawEvents(JsonNode step, String at) {
        ArrayNode got = Trees.array();
        for (JsonNode event : items(step.path("rawEvents").asText() + "/namespaces/" + NAMESPACE + "/events")) {
            ((ObjectNode) event.path("metadata")).remove("managedFields");
            got.add(event);
        }
        return Comparison.of(sorted(step.path("items")), sorted(got), new Bindings(), at);
    }

    private List<JsonNode> items(String path) {
        Response response = server.get(path);
        check(response);
        List<JsonNode> items = new ArrayList<>();
        response.body().path("items").forEach(items::add);
        return items;
    }

    private static ArrayNode sorted(JsonNode events) {
        List<JsonNode> sorted = new ArrayList<>();
        events.forEach(sorted::add);
        sorted.sort(Comparator.comparing(EndToEndCases::order));
        return Trees.array().addAll(sorted);
    }

    private static String order(JsonNode event) {
        JsonNode about = event.has("involvedObject") ? event.get("involvedObject") : event.path("regarding");
        return (about.isTextual() ? about.asText() : about.path("name").asText()) + " "
                + event.path("reason").asText();
    }

    /** What makes an event another one. */
    private static String key(JsonNode event) {
        return event.path("regarding").path("name").asText() + "\0"
                + event.path("reason").asText() + "\0" + event.path("note").asText();
    }
}

package dev.amphora.apiserver;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.Json;
import dev.amphora.api.StatusException;
import dev.amphora.apiserver.access.User;
import dev.amphora.apiserver.admission.AdmissionPlugin;
import dev.amphora.apiserver.admission.AdmissionRequest;
import dev.amphora.kernel.SimulatedKernel;
import dev.amphora.store.memory.MemoryStore;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** A patch that says nothing but a pod's status is merged into that alone, and all that is seen of it is as if the whole had been patched. */
class StatusMergeTest {
    private static final User ADMIN = User.of("admin", User.MASTERS);
    private static final String POD =
            """
            {"kind":"Pod","apiVersion":"v1","metadata":{"name":"p%d","labels":{"b":"1","a":"2"},"annotations":{"x":"y"},%s
             "ownerReferences":[{"apiVersion":"v1","kind":"Node","name":"n","uid":"u"}]},
             "spec":{"containers":[{"name":"c","image":"i:1","ports":[{"containerPort":80}],"resources":{"requests":{"cpu":"1"}}}],
              "terminationGracePeriodSeconds":0,"priority":0}}
            """;
    private static final String NODE = "{\"kind\":\"Node\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"n1\"}}";
    private static final int PODS = 4;

    private static ObjectNode tree(String json) {
        return (ObjectNode) Json.read(json.getBytes(StandardCharsets.UTF_8));
    }

    /** A server that patches in one way. */
    private static final class Side {
        final SimulatedKernel kernel = new SimulatedKernel(1);
        final MemoryStore store = new MemoryStore(kernel);
        final boolean whole;
        final ApiServer server;

        Side(boolean whole, boolean meddling) {
            this.whole = whole;
            ApiServer.Builder builder = ApiServer.builder(kernel, store).withoutAdmission("ServiceAccount");
            server = (meddling
                            ? builder.admission(
                                    objects -> AdmissionPlugin.mutating("Meddling", StatusMergeTest::meddle))
                            : builder)
                    .build()
                    .start();
            handle("admin", Verb.CREATE, "nodes", "", "", Body.of(tree(NODE)));
            for (int i = 0; i < PODS; i++) {
                String finalizers = i % 2 == 0 ? "" : "\"finalizers\":[\"a/b\"],";
                handle("admin", Verb.CREATE, "pods", "", "", Body.of(tree(POD.formatted(i, finalizers))));
            }
        }

        String handle(String agent, Verb verb, String resource, String name, String subresource, Body body) {
            return handle(agent, verb, resource, name, subresource, body, Map.of());
        }

        String handle(
                String agent,
                Verb verb,
                String resource,
                String name,
                String subresource,
                Body body,
                Map<String, List<String>> query) {
            try {
                ApiResult result = server.handle(new ApiRequest(
                        ADMIN,
                        agent,
                        verb,
                        "",
                        "v1",
                        resource,
                        resource.equals("nodes") ? "" : "default",
                        name,
                        subresource,
                        RequestOptions.parse(query),
                        body));
                VersionedObject object = result.object();
                return (object == null ? "" : object.ordered()) + " " + result.warnings();
            } catch (StatusException e) {
                return e.code() + " " + e.getMessage() + " " + e.warnings();
            }
        }

        /** Patches a status; what is said of the name, which is its own, has the whole object patched. */
        String patch(String agent, String name, ObjectNode patch, Map<String, List<String>> query, boolean asText) {
            ObjectNode body = patch.deepCopy();
            if (whole) {
                body.withObject("/metadata").put("name", name);
            }
            String type = "application/strategic-merge-patch+json";
            String said = handle(
                    agent,
                    Verb.PATCH,
                    "pods",
                    name,
                    "status",
                    asText ? Body.of(Json.write(body), type) : Body.of(body, type),
                    query);
            // refusals show the patch
            return said.replace("metadata:map[name:" + name + "] ", "").replace("map[name:" + name + " uid", "map[uid");
        }

        String stored(String name) {
            return store.get("/registry/pods/default/" + name)
                    .entry()
                    .map(entry -> new String(entry.value(), StandardCharsets.UTF_8))
                    .orElse("");
        }
    }

    /** Changes all that it is shown. */
    private static void meddle(AdmissionRequest request) {
        ObjectNode object = request.object();
        if (object != null && request.subresource().equals("status")) {
            object.withObject("/metadata/labels").put("seen", "yes");
            object.withObject("/spec").put("nodeName", "elsewhere");
            ((ObjectNode) object.at("/spec/containers/0")).put("image", "other");
            object.withObject("/status").put("message", "seen");
        }
    }

    private static ObjectNode condition(Random random) {
        ObjectNode condition = Json.object();
        condition.put(
                "type",
                List.of("A", "B", "PodScheduled", "DisruptionTarget", "no type").get(random.nextInt(9) % 5));
        condition.put("status", random.nextBoolean() ? "True" : "False");
        if (random.nextBoolean()) {
            condition.putNull("lastProbeTime");
        }
        if (random.nextInt(4) > 0) {
            condition.put("lastTransitionTime", "2026-01-02T03:04:0" + random.nextInt(3) + "Z");
        }
        if (random.nextBoolean()) {
            condition.put("reason", "R" + random.nextInt(2)).put("message", "m <" + random.nextInt(2) + ">");
        }
        switch (random.nextInt(16)) {
            case 0 -> condition.put("observedGeneration", random.nextInt(4) - 1);
            case 1 -> condition.put("unknown", 1);
            case 2 -> condition.put("reason", 7);
            case 3 -> condition.put("$patch", "delete");
            default -> {}
        }
        return condition;
    }

    private static ObjectNode patch(Random random, String uid) {
        ObjectNode patch = Json.object();
        if (random.nextInt(3) > 0) {
            patch.putObject("metadata").put("uid", random.nextInt(20) == 0 ? "another" : uid);
        }
        ObjectNode status = patch.putObject("status");
        if (random.nextInt(4) > 0) {
            var conditions = status.putArray("conditions");
            var order = random.nextBoolean() ? status.putArray("$setElementOrder/conditions") : null;
            for (int i = random.nextInt(3); i >= 0; i--) {
                ObjectNode condition = condition(random);
                conditions.add(condition);
                if (order != null) {
                    order.addObject().put("type", condition.path("type").asText());
                }
            }
        }
        if (random.nextInt(3) == 0) {
            JsonNode node = random.nextInt(3) == 0
                    ? Json.object().nullNode()
                    : Json.object().textNode(random.nextInt(9) == 0 ? "No!" : "n1");
            status.set("nominatedNodeName", node);
        }
        switch (random.nextInt(20)) {
            case 0 -> status.put("phase", "Running");
            case 1 -> status.putArray("podIPs").addObject().put("ip", "10.0.0." + random.nextInt(3));
            case 2 -> status.put("podIP", random.nextBoolean() ? "10.0.0.1" : "nowhere");
            case 3 -> status.put("qosClass", random.nextBoolean() ? "" : "BestEffort");
            case 4 -> status.put("nonsense", true);
            case 5 -> status.put("conditions", 5);
            case 6 -> status.put("$retainKeys", "phase");
            case 7 -> status.putArray("$retainKeys").add("conditions").add("nominatedNodeName");
            case 8 -> status.put("$patch", "replace");
            case 9 ->
                status.putArray("containerStatuses")
                        .addObject()
                        .put("name", "c")
                        .put("image", "i")
                        .put("ready", true);
            default -> {}
        }
        return patch;
    }

    private static void compare(long seed, int steps, boolean meddling) {
        Random random = new Random(seed);
        Side part = new Side(false, meddling);
        Side whole = new Side(true, meddling);
        for (int step = 0; step < steps; step++) {
            String name = "p" + random.nextInt(PODS);
            String uid = tree(part.stored(name).isEmpty() ? "{}" : part.stored(name))
                    .at("/metadata/uid")
                    .asText();
            List<Side> sides = List.of(part, whole);
            List<String> said = new ArrayList<>();
            int what = random.nextInt(20);
            ObjectNode patch = patch(random, uid);
            String agent = "agent" + random.nextInt(2);
            Map<String, List<String>> query =
                    switch (random.nextInt(12)) {
                        case 0 -> Map.of("dryRun", List.of("All"));
                        case 1 -> Map.of("fieldValidation", List.of("Strict"));
                        case 2 -> Map.of("fieldManager", List.of("manager"));
                        default -> Map.of();
                    };
            boolean asText = random.nextInt(4) == 0;
            boolean ofAll = random.nextInt(3) == 0;
            int[] nodes = random.ints(PODS, 0, 3).toArray();
            for (Side side : sides) {
                side.kernel.advance(Duration.ofMillis(300));
                said.add(
                        ofAll
                                ? toAll(side, agent, patch, nodes, query, asText)
                                : what == 0
                                        ? side.handle("admin", Verb.DELETE, "pods", name, "", Body.of(Json.object()))
                                        : what == 1
                                                ? side.handle(
                                                        "admin",
                                                        Verb.CREATE,
                                                        "pods",
                                                        name,
                                                        "binding",
                                                        Body.of(binding(name)))
                                                : side.patch(agent, name, patch, query, asText));
            }
            assertThat(said.get(0))
                    .as("seed %d, step %d: %s", seed, step, patch)
                    .isEqualTo(said.get(1));
            for (int i = 0; i < PODS; i++) {
                assertThat(part.stored("p" + i))
                        .as("seed %d, step %d: %s", seed, step, patch)
                        .isEqualTo(whole.stored("p" + i));
            }
            if (part.stored(name).isEmpty()) {
                for (Side side : sides) {
                    side.handle(
                            "admin",
                            Verb.CREATE,
                            "pods",
                            "",
                            "",
                            Body.of(tree(POD.formatted(name.charAt(1) - '0', ""))));
                }
            }
        }
    }

    /** Patches all pods alike, but perhaps for the nodes that they are nominated to. */
    private static String toAll(
            Side side, String agent, ObjectNode patch, int[] nodes, Map<String, List<String>> query, boolean asText) {
        StringBuilder said = new StringBuilder();
        for (int i = 0; i < PODS; i++) {
            ObjectNode own = patch.deepCopy();
            if (own.has("metadata")) {
                own.withObject("/metadata")
                        .put(
                                "uid",
                                tree(side.stored("p" + i)).at("/metadata/uid").asText());
            }
            if (own.at("/status/nominatedNodeName").isTextual()) {
                own.withObject("/status").put("nominatedNodeName", nodes[i] == 0 ? "No!" : "n" + nodes[i]);
            }
            said.append(side.patch(agent, "p" + i, own, query, asText)).append('\n');
        }
        return said.toString();
    }

    private static ObjectNode binding(String name) {
        ObjectNode binding = Json.object().put("kind", "Binding").put("apiVersion", "v1");
        binding.putObject("metadata").put("name", name);
        binding.putObject("target").put("kind", "Node").put("name", "n1");
        return binding;
    }

    @Test
    void whatIsStoredAndSaidIsAsIfTheWholeHadBeenPatched() {
        for (int seed = 0; seed < Integer.getInteger("merges.seeds", 20); seed++) {
            compare(seed, 30, false);
        }
    }

    @Test
    void whatAdmissionChangesCountsAsIfTheWholeHadBeenPatched() {
        for (int seed = 0; seed < Integer.getInteger("merges.seeds", 6); seed++) {
            compare(seed, 20, true);
        }
    }
}

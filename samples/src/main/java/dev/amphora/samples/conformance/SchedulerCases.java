package dev.amphora.samples.conformance;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.Json;
import dev.amphora.scheduler.Profile;
import dev.amphora.scheduler.SchedulerSandbox;
import dev.amphora.scheduler.framework.Actions;
import dev.amphora.scheduler.framework.EventToRegister;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Replays the recordings about the scheduler, file by file. */
final class SchedulerCases {
    private SchedulerCases() {}

    /** Replays a file; which one it is, is known by its name and folder. */
    static void replay(Path file, Results results) {
        String name = String.valueOf(file.getFileName());
        String folder =
                file.getParent() == null ? "" : String.valueOf(file.getParent().getFileName());
        if (folder.startsWith("decisions")) {
            VectorFiles.lines(file).forEach(group -> DecisionCases.replay(group, results));
            return;
        }
        if (folder.startsWith("end-to-end")) {
            EndToEndCases.replay(VectorFiles.read(file), results);
            return;
        }
        switch (name) {
            case "events.json" -> events(VectorFiles.read(file), results);
            case "defaults.json" -> SchedulerDefaultsCases.replay(VectorFiles.read(file), results);
            case "hints.jsonl" -> VectorFiles.lines(file).forEach(group -> hints(group, results));
            case "queue.jsonl" -> VectorFiles.lines(file).forEach(each -> QueueCases.replay(each, results));
            case "feasible-nodes.jsonl" -> VectorFiles.lines(file).forEach(each -> feasibleNodes(each, results));
            case "backoff.jsonl" -> VectorFiles.lines(file).forEach(each -> backoff(each, results));
            case "node-order.jsonl" -> VectorFiles.lines(file).forEach(each -> nodeOrder(each, results));
            case "sampling.jsonl" -> VectorFiles.lines(file).forEach(each -> sampling(each, results));
            default -> results.skipped(name, "not a known recording");
        }
    }

    private static SchedulerSandbox sandbox() {
        return new SchedulerSandbox(Profile.named(Profile.DEFAULT_SCHEDULER_NAME), 1);
    }

    private static List<String> differences(JsonNode want, JsonNode got) {
        return Comparison.of(want, got, new Bindings(), "got");
    }

    // -- events and hints --------------------------------------------------------------------------------------------

    private static void events(JsonNode recorded, Results results) {
        Map<String, List<EventToRegister>> events = sandbox().events();
        Map<String, JsonNode> byPlugin = new HashMap<>();
        for (JsonNode each : recorded.path("plugins")) {
            byPlugin.put(each.path("plugin").asText(), each.path("events"));
        }
        results.replay(
                "plugins",
                () -> differences(
                        Trees.array(byPlugin.keySet().stream().sorted().toList()),
                        Trees.array(events.keySet().stream().sorted().toList())));
        byPlugin.forEach((plugin, want) -> results.replay(plugin, () -> {
            ArrayNode got = Trees.array();
            for (EventToRegister each : events.getOrDefault(plugin, List.of())) {
                ObjectNode event = got.addObject();
                event.put("resource", each.event().resource().toString());
                event.set("actions", Trees.array(Actions.names(each.event().actions())));
                event.put("hint", each.hint() != null);
            }
            return differences(sorted(want), sorted(got));
        }));
    }

    /** The order of actions and of events has no meaning. */
    private static ArrayNode sorted(JsonNode events) {
        List<ObjectNode> sorted = new ArrayList<>();
        for (ObjectNode event : Trees.objects(events.deepCopy())) {
            event.set(
                    "actions",
                    Trees.array(
                            Trees.texts(event.path("actions")).stream().sorted().toList()));
            sorted.add(event);
        }
        sorted.sort(Comparator.comparing(
                event -> event.path("resource").asText() + event.path("actions") + event.path("hint")));
        return Trees.array().addAll(sorted);
    }

    private static void hints(JsonNode group, Results results) {
        SchedulerSandbox sandbox = sandbox();
        SchedulerObjects.put(group.path("cluster"), sandbox);
        for (JsonNode each : group.path("cases")) {
            results.replay(each.path("name").asText(), () -> {
                String kind = each.path("resource").asText();
                ArrayNode got = Trees.array();
                sandbox.hints(
                                SchedulerObjects.pod(each.path("pod")),
                                SchedulerObjects.object(each.path("old"), kind),
                                SchedulerObjects.object(each.path("new"), kind))
                        .forEach(hinted -> {
                            ObjectNode entry = got.addObject();
                            entry.put(
                                    "event",
                                    hinted.event().resource() + "/"
                                            + Actions.names(hinted.event().actions())
                                                    .get(0));
                            ObjectNode answers = entry.putObject("hints");
                            hinted.hints().forEach(answers::put);
                        });
                return differences(each.path("events"), got);
            });
        }
    }

    // -- arithmetic --------------------------------------------------------------------------------------------------

    private static void feasibleNodes(JsonNode table, Results results) {
        results.replay(table.path("name").asText(), () -> {
            int percentage = table.path("percentageOfNodesToScore").asInt();
            ArrayNode got = Trees.array();
            table.path("nodes").forEach(nodes -> got.add(SchedulerSandbox.nodesToFind(percentage, nodes.asInt())));
            return differences(table.path("find"), got);
        });
    }

    private static void backoff(JsonNode table, Results results) {
        results.replay(table.path("name").asText(), () -> {
            Duration initial =
                    Duration.ofSeconds(table.path("podInitialBackoffSeconds").asLong());
            Duration max = Duration.ofSeconds(table.path("podMaxBackoffSeconds").asLong());
            ArrayNode got = Trees.array();
            for (int i = 0; i < table.path("seconds").size(); i++) {
                got.add(SchedulerSandbox.backoff(initial, max, i).toSeconds());
            }
            return differences(table.path("seconds"), got);
        });
    }

    private static void nodeOrder(JsonNode sequence, Results results) {
        results.replay(sequence.path("name").asText(), () -> {
            SchedulerSandbox sandbox = sandbox();
            List<String> differences = new ArrayList<>();
            for (JsonNode step : sequence.path("steps")) {
                if (step.has("remove")) {
                    sandbox.remove(node(step.path("remove").asText(), Trees.object()));
                } else {
                    JsonNode node = step.has("add") ? step.path("add") : step.path("update");
                    sandbox.put(node(node.path("name").asText(), node.path("labels")));
                }
                differences.addAll(differences(step.path("order"), Trees.array(sandbox.nodes())));
            }
            return differences;
        });
    }

    private static Node node(String name, JsonNode labels) {
        ObjectNode tree = Trees.object();
        ObjectNode metadata = tree.putObject("metadata");
        metadata.put("name", name);
        metadata.set("labels", labels);
        return Json.fromTree(tree, Node.class);
    }

    private static void sampling(JsonNode recorded, Results results) {
        results.replay(recorded.path("name").asText(), () -> {
            int percentage = recorded.path("percentageOfNodesToScore").asInt();
            SchedulerSandbox sandbox = new SchedulerSandbox(
                    Profile.named(Profile.DEFAULT_SCHEDULER_NAME).percentageOfNodesToScore(percentage), 1);
            for (int i = 0; i < recorded.path("nodes").asInt(); i++) {
                sandbox.put(sampled(recorded, i));
            }
            ArrayNode got = Trees.array();
            ArrayNode want = Trees.array();
            for (JsonNode step : recorded.path("steps")) {
                ObjectNode pod = Trees.object();
                pod.putObject("metadata").put("name", "p");
                if (step.has("nodeSelector")) {
                    pod.putObject("spec").set("nodeSelector", step.get("nodeSelector"));
                }
                SchedulerSandbox.Attempted attempted = sandbox.schedule(SchedulerObjects.pod(pod));
                ObjectNode entry = got.addObject();
                if (attempted.nodeName() != null) {
                    entry.put("evaluated", attempted.evaluated());
                    entry.put("feasible", attempted.feasible());
                } else {
                    entry.put("fits", false);
                }
                entry.put("nextStart", sandbox.nextStart());
                want.add(Trees.pick(step, List.of("evaluated", "feasible", "fits", "nextStart")));
            }
            return differences(want, got);
        });
    }

    private static Node sampled(JsonNode recorded, int i) {
        NodeBuilder node = new NodeBuilder(node("n" + i, Trees.object()))
                .editMetadata()
                .addToLabels(
                        "topology.kubernetes.io/zone",
                        "z" + recorded.path("zones").asText().charAt(i))
                .endMetadata();
        if (recorded.path("ssd").asText().charAt(i) == '1') {
            node.editMetadata().addToLabels("disk", "ssd").endMetadata();
        }
        return node.withNewStatus()
                .addToAllocatable("pods", new Quantity("110"))
                .endStatus()
                .build();
    }
}

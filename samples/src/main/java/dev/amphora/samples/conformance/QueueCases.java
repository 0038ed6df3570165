package dev.amphora.samples.conformance;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.scheduler.Profile;
import dev.amphora.scheduler.QueueSandbox;
import io.fabric8.kubernetes.api.model.Pod;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Replays sequences of operations on the scheduling queue. */
final class QueueCases {
    private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");
    private static final List<String> OUTCOME =
            List.of("active", "backoff", "unschedulable", "inFlight", "backoffUntil", "popped", "attempts");

    private final QueueSandbox queue;
    private Instant now = START;

    private QueueCases() {
        queue = new QueueSandbox(Profile.named(Profile.DEFAULT_SCHEDULER_NAME), () -> now);
    }

    static void replay(JsonNode sequence, Results results) {
        results.replay(sequence.path("name").asText(), () -> new QueueCases().differences(sequence.path("steps")));
    }

    private List<String> differences(JsonNode steps) {
        List<String> differences = new ArrayList<>();
        for (int i = 0; i < steps.size() && differences.isEmpty(); i++) {
            JsonNode step = steps.get(i);
            now = START.plusMillis(step.path("at").asLong());
            ObjectNode got = Trees.object();
            run(step, got);
            QueueSandbox.Pools pools = queue.pools();
            got.set("active", names(pools.active()));
            got.set("backoff", names(pools.backoff()));
            got.set("unschedulable", names(pools.unschedulable()));
            if (!pools.inFlight().isEmpty()) {
                got.set("inFlight", names(pools.inFlight()));
            }
            if (!pools.backoffUntil().isEmpty()) {
                ObjectNode until = got.putObject("backoffUntil");
                pools.backoffUntil()
                        .forEach((pod, end) -> until.put(
                                name(pod), Duration.between(START, end).toMillis()));
            }
            differences.addAll(Comparison.of(
                    Trees.pick(step, OUTCOME),
                    got,
                    new Bindings(),
                    "steps[" + i + "] " + step.path("op").asText()));
        }
        return differences;
    }

    private void run(JsonNode step, ObjectNode got) {
        String op = step.path("op").asText();
        switch (op) {
            case "add" -> queue.add(SchedulerObjects.pod(step.path("pod")));
            case "pop" -> {
                Map.Entry<String, Integer> popped = queue.pop();
                got.put("popped", popped == null ? "" : name(popped.getKey()));
                got.put("attempts", popped == null ? 0 : popped.getValue());
            }
            case "fail" -> queue.fail(key(step.path("pod").asText()), Trees.texts(step.path("plugins")));
            case "done" -> queue.done(key(step.path("pod").asText()));
            case "delete" -> queue.delete(key(step.path("pod").asText()));
            case "flush" -> queue.flush();
            case "update" -> {
                Pod old = SchedulerObjects.pod(step.path("old"));
                queue.update(old, SchedulerObjects.pod(step.path("new")));
            }
            case "event" -> {
                String kind = step.path("resource").asText();
                queue.changed(
                        SchedulerObjects.object(step.path("old"), kind),
                        SchedulerObjects.object(step.path("new"), kind));
            }
            default -> throw new IllegalArgumentException("unknown operation: " + op);
        }
    }

    private static JsonNode names(List<String> keys) {
        return Trees.array(keys.stream().map(QueueCases::name).sorted().toList());
    }

    private static String name(String key) {
        return key.startsWith("default/") ? key.substring("default/".length()) : key;
    }

    private static String key(String name) {
        return name.indexOf('/') < 0 ? "default/" + name : name;
    }
}

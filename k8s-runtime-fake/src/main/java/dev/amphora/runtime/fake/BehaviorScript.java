package dev.amphora.runtime.fake;

import com.fasterxml.jackson.databind.JsonNode;
import dev.amphora.api.Json;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Behaviour written down in a pod's annotation, as JSON by container name ({@code *} for any):
 * {@code {"app": {"runFor": "2s", "exit": 1, "log": ["oops"]}}}. What it uses, for metrics, may change with time:
 * {@code {"app": {"uses": [{"cpu": "100m", "memory": "64Mi"}, {"from": "5m", "cpu": "900m"}]}}}.
 */
final class BehaviorScript {
    private BehaviorScript() {}

    /**
     * The behaviour that an annotation gives to a container, null if it says nothing of it.
     *
     * @throws IllegalArgumentException if it is not a script; the message says where
     */
    static @Nullable ContainerBehavior read(String annotation, String container) {
        JsonNode all;
        try {
            all = Json.read(annotation.getBytes(StandardCharsets.UTF_8));
        } catch (UncheckedIOException e) {
            throw new IllegalArgumentException(
                    "annotation " + FakeRuntime.BEHAVIOR_ANNOTATION + " is not JSON: " + e.getMessage(), e);
        }
        JsonNode script = all.has(container) ? all.get(container) : all.get("*");
        return script == null ? null : behavior(script, container);
    }

    private static ContainerBehavior behavior(JsonNode script, String at) {
        ContainerBehavior behavior = ContainerBehavior.runs();
        if (script.has("exit")) {
            behavior = ContainerBehavior.exits(script.get("exit").asInt());
        } else if (script.has("runFor")) {
            behavior = ContainerBehavior.exits(0);
        }
        JsonNode then = null;
        List<String> unknown = new ArrayList<>();
        for (Map.Entry<String, JsonNode> field : script.properties()) {
            JsonNode value = field.getValue();
            switch (field.getKey()) {
                case "exit" -> {}
                case "runFor" -> behavior = behavior.after(duration(value, at));
                case "startDelay" -> behavior = behavior.startsAfter(duration(value, at));
                case "reason" -> behavior = behavior.because(value.asText());
                case "message" -> behavior = behavior.leaving(value.asText());
                case "log" -> behavior = behavior.logs(texts(value));
                case "oom" -> behavior = value.asBoolean() ? behavior.because("OOMKilled") : behavior;
                case "stopDelay" ->
                    behavior = behavior.stopsAfter(
                            duration(value, at), script.path("stopExit").asInt());
                case "stopExit" -> {
                    if (!script.has("stopDelay")) {
                        behavior = behavior.stopsAfter(Duration.ZERO, value.asInt());
                    }
                }
                case "ignoresStop" -> behavior = value.asBoolean() ? behavior.ignoresStop() : behavior;
                case "createErrors" -> behavior = behavior.failsToCreate(texts(value));
                case "startErrors" -> behavior = behavior.failsToStart(texts(value));
                case "probesPassAfter" -> behavior = behavior.probesPassAfter(duration(value, at));
                case "refusesUnknownPorts" -> behavior = value.asBoolean() ? behavior.refusesUnknownPorts() : behavior;
                case "answers" -> {
                    for (Map.Entry<String, JsonNode> port : value.properties()) {
                        behavior = behavior.answers(Integer.parseInt(port.getKey()), numbers(port.getValue()));
                    }
                }
                case "exec" -> {
                    for (Map.Entry<String, JsonNode> command : value.properties()) {
                        behavior = behavior.exec(command.getKey(), answers(command.getValue(), at));
                    }
                }
                case "uses" -> behavior = uses(behavior, value, at);
                case "then" -> then = value;
                default -> unknown.add(field.getKey());
            }
        }
        if (!unknown.isEmpty()) {
            throw new IllegalArgumentException("behavior of container " + at + ": unknown fields " + unknown);
        }
        return then == null ? behavior : behavior.then(behavior(then, at));
    }

    /** One amount for ever, or several, each from a time after the start on; what one doesn't say stays as it was. */
    private static ContainerBehavior uses(ContainerBehavior behavior, JsonNode uses, String at) {
        ContainerBehavior using = behavior;
        String cpu = "0";
        String memory = "0";
        for (JsonNode each : uses.isArray() ? uses : List.of(uses)) {
            cpu = each.path("cpu").asText(cpu);
            memory = each.path("memory").asText(memory);
            try {
                using = using.usesFrom(each.has("from") ? duration(each.get("from"), at) : Duration.ZERO, cpu, memory);
            } catch (NumberFormatException e) {
                throw new IllegalArgumentException("behavior of container " + at + ": not an amount: " + each, e);
            }
        }
        return using;
    }

    private static ContainerBehavior.ExecAnswer[] answers(JsonNode list, String at) {
        List<ContainerBehavior.ExecAnswer> answers = new ArrayList<>();
        for (JsonNode answer : list) {
            answers.add(new ContainerBehavior.ExecAnswer(
                    answer.path("exit").asInt(),
                    answer.path("stdout").asText(),
                    answer.path("stderr").asText(),
                    answer.has("delay") ? duration(answer.get("delay"), at) : Duration.ZERO,
                    answer.has("failure") ? answer.get("failure").asText() : null));
        }
        return answers.toArray(ContainerBehavior.ExecAnswer[]::new);
    }

    private static String[] texts(JsonNode list) {
        List<String> texts = new ArrayList<>();
        if (list.isArray()) {
            list.forEach(text -> texts.add(text.asText()));
        } else {
            texts.add(list.asText());
        }
        return texts.toArray(String[]::new);
    }

    private static Integer[] numbers(JsonNode list) {
        List<Integer> numbers = new ArrayList<>();
        list.forEach(number -> numbers.add(number.asInt()));
        return numbers.toArray(Integer[]::new);
    }

    /** Seconds as a number, or a text such as {@code 150ms}, {@code 2s}, {@code 5m}, {@code 1h}. */
    private static Duration duration(JsonNode value, String at) {
        if (value.isNumber()) {
            return Duration.ofNanos(Math.round(value.asDouble() * 1e9));
        }
        String text = value.asText().toLowerCase(Locale.ROOT);
        try {
            return Duration.parse(
                    text.endsWith("ms")
                            ? "pt" + Double.parseDouble(text.substring(0, text.length() - 2)) / 1000 + "s"
                            : "pt" + text);
        } catch (RuntimeException e) {
            throw new IllegalArgumentException("behavior of container " + at + ": not a duration: " + value, e);
        }
    }
}

package dev.amphora.samples.conformance;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * A recorded scenario: what was done step by step, and how the cluster came to rest after each.
 *
 * @param document as it was recorded
 */
record ControllerScenario(JsonNode document) {
    private static final String MINUTE = "nextMinute+1s";
    private static final double USUAL_QUIET = 1.05;
    private static final int LEAST = 2;

    static ControllerScenario read(Path file) {
        return new ControllerScenario(VectorFiles.read(file));
    }

    String name() {
        return document.path("name").asText();
    }

    /** Whether nodes may fall silent in it: the set-up {@code nodes}. */
    boolean watchesNodes() {
        return document.path("setup").asText().equals("nodes");
    }

    /** Whether a resource metrics API is there. */
    boolean hasMetrics() {
        return steps().stream()
                .flatMap(step -> Trees.objects(step.path("do")).stream())
                .anyMatch(stimulus -> stimulus.has("metrics"));
    }

    /** Whether no stateful set makes its pods side by side. */
    boolean ordinalsInTurn() {
        return steps().stream()
                .flatMap(step -> Trees.objects(step.path("do")).stream())
                .noneMatch(stimulus -> Trees.at(stimulus, "create", "spec", "podManagementPolicy")
                        .asText()
                        .equals("Parallel"));
    }

    List<? extends JsonNode> steps() {
        return Trees.objects(document.path("steps"));
    }

    /**
     * How long a step lasts: whole seconds, in which all happens that is due in the step and nothing that is due later.
     *
     * @param patience from 0, until all is due, to 1, for as long as it took
     */
    Duration lasting(JsonNode step, Instant start, double patience) {
        JsonNode advance = step.path("advance");
        if (advance.asText().equals(MINUTE)) {
            // The recorder took a while to look at what had come of it before it went on.
            Instant end = start.truncatedTo(ChronoUnit.MINUTES).plus(Duration.ofSeconds(72));
            return Duration.between(start, end);
        }
        double quiet = document.path("quiet").asDouble(USUAL_QUIET);
        double passed = step.path("elapsed").asDouble(LEAST);
        double due = Math.floor(advance.asDouble()) + 1;
        double waits = advance.asDouble() == 0 ? 1 : patience;
        double longer = Math.floor(Math.max(0, passed - due) * waits);
        double whole = Math.max(due + longer, Math.max(LEAST, Math.ceil(quiet)));
        return Duration.ofSeconds((long) whole);
    }

    /** The kinds that are compared, with the members that any object of the kind shows. */
    Map<String, Set<String>> shown() {
        Map<String, Set<String>> shown = new TreeMap<>();
        for (JsonNode step : steps()) {
            for (JsonNode object : Trees.at(step, "then", "objects")) {
                Set<String> members = shown.computeIfAbsent(object.path("kind").asText(), kind -> new TreeSet<>());
                Trees.members(object).forEach(member -> {
                    members.add(member.getKey());
                    Trees.members(member.getValue())
                            .forEach(inner -> members.add(member.getKey() + "." + inner.getKey()));
                });
                members.add("name=" + object.path("name").asText());
            }
        }
        return shown;
    }

    /** The kinds whose writes are compared. */
    Set<String> written() {
        Set<String> kinds = new TreeSet<>(shown().keySet());
        for (JsonNode step : steps()) {
            for (String member : List.of("writes", "writesUnordered")) {
                Trees.at(step, "then", member)
                        .forEach(line -> kinds.add(line.asText().split(" ")[1]));
            }
        }
        kinds.removeAll(List.of("ServiceAccount", "Endpoints", "Secret", "Service"));
        return kinds;
    }
}

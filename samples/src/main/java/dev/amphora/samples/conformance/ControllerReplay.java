package dev.amphora.samples.conformance;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** One scenario, replayed in a control plane of its own. */
final class ControllerReplay {
    private static final Duration REST = Duration.ofMillis(250);
    /** How often all paces are tried, each time with other orders of what happens at once. */
    private static final int ROUNDS = 4;

    private final ControllerScenario scenario;
    private final ControllerBed bed;
    private final boolean patient;
    private final ControllerNames names;
    private final ControllerStimuli stimuli;
    private final List<String> differences = new ArrayList<>();

    private ControllerReplay(ControllerScenario scenario, ControllerBed bed, boolean patient) {
        this.patient = patient;
        this.scenario = scenario;
        this.bed = bed;
        this.names = new ControllerNames(bed);
        this.stimuli = new ControllerStimuli(bed, names);
    }

    /**
     * What is otherwise than recorded; nothing if all is as it should be. A recording shows one course of many: how far a controller
     * has come when the next call arrives is chance. So the scenario is played at several paces until it takes the recorded course; the
     * differences are those of the pace with the fewest.
     *
     * @param seed what the order of concurrent work follows from
     */
    static List<String> differences(ControllerScenario scenario, long seed) {
        List<String> fewest = null;
        long course = seed;
        for (int round = 0; round < ROUNDS; round++) {
            for (ControllerPace pace : ControllerPace.ALL) {
                List<String> differences = differences(scenario, course++, pace);
                if (differences.isEmpty()) {
                    return differences;
                }
                if (fewest == null || differences.size() < fewest.size()) {
                    fewest = differences;
                }
            }
        }
        return fewest == null ? List.of() : fewest;
    }

    private static List<String> differences(ControllerScenario scenario, long seed, ControllerPace pace) {
        try (ControllerBed bed = new ControllerBed(seed, pace, scenario.watchesNodes(), scenario.hasMetrics())) {
            ControllerReplay replay = new ControllerReplay(scenario, bed, pace.patient());
            replay.run();
            bed.kernel().failures().forEach(failure -> replay.differences.add("a task failed: " + failure));
            return replay.differences;
        }
    }

    private void run() {
        ControllerProjection projection = new ControllerProjection(scenario.shown());
        ControllerWrites writes =
                new ControllerWrites(scenario.written(), projection.showsRootCa(), scenario.ordinalsInTurn(), names);
        ControllerEvents events = new ControllerEvents(names, scenario.name().startsWith("volume/"));
        bed.takeChanges().forEach(events::skip);
        int number = 0;
        for (JsonNode step : scenario.steps()) {
            String where = "step " + number++ + ": ";
            Instant start = bed.kernel().instant();
            names.begin(start);
            stimuli.apply(step.path("do")).forEach(problem -> differences.add(where + problem));
            Duration length = scenario.lasting(step, start, patient)
                    .minus(Duration.between(start, bed.kernel().instant()));
            bed.kernel().advance(length.minus(REST));
            List<ControllerBed.Change> changes = bed.takeChanges();
            changes.forEach(names::learn);
            JsonNode then = step.path("then");
            for (String problem : objects(projection, then)) {
                differences.add(where + problem);
            }
            for (String problem : writes.differences(changes, then)) {
                differences.add(where + problem);
            }
            for (String problem : events.differences(changes, then)) {
                differences.add(where + problem);
            }
            bed.kernel().advance(REST);
        }
        events.left().forEach(problem -> differences.add("at the end: " + problem));
    }

    private List<String> objects(ControllerProjection projection, JsonNode then) {
        List<JsonNode> expected = new ArrayList<>();
        for (JsonNode object : then.path("objects")) {
            ObjectNode single = object.deepCopy();
            JsonNode count = single.remove("count");
            for (int i = 0; i < (count == null ? 1 : count.asInt()); i++) {
                expected.add(projection.normal(single));
            }
        }
        List<JsonNode> found = new ArrayList<>();
        for (String kind : projection.kinds()) {
            for (ObjectNode object : bed.list(kind)) {
                ObjectNode projected = projection.of(object);
                if (projected != null) {
                    found.add(projection.normal(names.canonical(projected)));
                }
            }
        }
        List<JsonNode> missing = new ArrayList<>();
        for (JsonNode object : expected) {
            if (!ControllerMatch.remove(object, found)) {
                missing.add(object);
            }
        }
        return tell(missing, found);
    }

    /** Tells what is missing and what is there instead, an object beside the one of its kind and name. */
    private static List<String> tell(List<JsonNode> missing, List<JsonNode> found) {
        List<String> told = new ArrayList<>();
        Map<String, Integer> lines = new LinkedHashMap<>();
        for (JsonNode object : missing) {
            JsonNode twin = null;
            for (JsonNode candidate : found) {
                if (candidate.path("kind").equals(object.path("kind"))
                        && candidate.path("name").equals(object.path("name"))) {
                    twin = candidate;
                    break;
                }
            }
            if (twin == null) {
                lines.merge("missing " + object, 1, Integer::sum);
            } else {
                found.remove(twin);
                lines.merge(title(object) + ControllerMatch.difference("", object, twin), 1, Integer::sum);
            }
        }
        found.forEach(object -> lines.merge("unexpected " + object, 1, Integer::sum));
        lines.forEach((line, count) -> told.add(count == 1 ? line : line + " (x" + count + ")"));
        return told;
    }

    private static String title(JsonNode object) {
        return object.path("kind").asText() + "/" + object.path("name").asText() + ": ";
    }
}

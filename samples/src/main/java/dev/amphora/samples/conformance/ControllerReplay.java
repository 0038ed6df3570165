package dev.amphora.samples.conformance;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/** One scenario, replayed in a control plane of its own. */
final class ControllerReplay {
    private static final Duration REST = Duration.ofMillis(250);

    private final ControllerScenario scenario;
    private final ControllerBed bed;
    private final ControllerNames names;
    private final ControllerSight sight;
    private final ControllerStimuli stimuli;
    private final List<String> differences = new ArrayList<>();

    private ControllerReplay(ControllerScenario scenario, ControllerBed bed) {
        this.scenario = scenario;
        this.bed = bed;
        this.names = new ControllerNames(bed);
        this.sight = new ControllerSight(scenario);
        this.stimuli = new ControllerStimuli(bed, names, sight);
    }

    /**
     * What is otherwise than recorded; nothing if all is as it should be.
     *
     * @param seed what the order of concurrent work follows from
     */
    static List<String> differences(ControllerScenario scenario, long seed) {
        return new ControllerCourse(scenario, seed).differences();
    }

    /** Plays a scenario until a step goes otherwise than recorded. */
    static ControllerCourse.Outcome play(ControllerScenario scenario, IntFunction<ControllerCourse.Turn> turns) {
        try (ControllerBed bed = new ControllerBed(turns.apply(0), scenario.watchesNodes(), scenario.hasMetrics())) {
            ControllerReplay replay = new ControllerReplay(scenario, bed);
            int step = replay.run(turns);
            bed.kernel().failures().forEach(failure -> replay.differences.add("a task failed: " + failure));
            return new ControllerCourse.Outcome(step, replay.differences);
        }
    }

    /** Returns the step at which it ended. */
    private int run(IntFunction<ControllerCourse.Turn> turns) {
        ControllerProjection projection = new ControllerProjection(scenario.shown());
        ControllerWrites writes = new ControllerWrites(
                scenario.written(), projection.showsRootCa(), scenario.ordinalsInTurn(), names, sight);
        ControllerEvents events = new ControllerEvents(names, scenario.name().startsWith("volume/"));
        bed.takeChanges().forEach(events::skip);
        int number = 0;
        for (JsonNode step : scenario.steps()) {
            String where = "step " + number + ": ";
            ControllerCourse.Turn turn = turns.apply(number);
            bed.take(turn);
            Instant start = bed.kernel().instant();
            names.begin(start);
            sight.begin(number);
            stimuli.apply(step.path("do")).forEach(problem -> differences.add(where + problem));
            Duration length = scenario.lasting(step, start, turn.pace().patience())
                    .minus(Duration.between(start, bed.kernel().instant()));
            bed.kernel().advance(length.minus(REST));
            List<ControllerBed.Change> changes = bed.takeChanges();
            changes.forEach(names::learn);
            JsonNode then = step.path("then");
            objects(projection, then, changes).forEach(problem -> differences.add(where + problem));
            writes.differences(changes, then).forEach(problem -> differences.add(where + problem));
            events.differences(changes, then).forEach(problem -> differences.add(where + problem));
            if (!differences.isEmpty()) {
                return number;
            }
            bed.kernel().advance(REST);
            number++;
        }
        JsonNode last = scenario.steps().get(number - 1).path("then");
        events.left(last).forEach(problem -> differences.add("at the end: " + problem));
        return number;
    }

    private List<String> objects(ControllerProjection projection, JsonNode then, List<ControllerBed.Change> changes) {
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
                JsonNode projected = shown(projection, object);
                if (projected != null
                        && !sight.isUnseen(
                                kind, Trees.at(object, "metadata", "name").asText())) {
                    found.add(projected);
                }
            }
        }
        List<JsonNode> missing = new ArrayList<>();
        for (JsonNode object : expected) {
            if (!ControllerMatch.remove(object, found)) {
                missing.add(object);
            }
        }
        sight.overlook(changes, pod -> Optional.ofNullable(shown(projection, pod)), missing, found);
        return tell(missing, found);
    }

    private @Nullable JsonNode shown(ControllerProjection projection, ObjectNode object) {
        ObjectNode projected = projection.of(object);
        return projected == null ? null : projection.normal(names.canonical(projected));
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

package dev.amphora.samples.conformance;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What the recorder overlooked for a while. It looks at each kind through a watch of its own, and at times an object reached it late: then
 * the creation is told in a later step than the one whose stimulus made the object, and until then it is neither shown nor touched.
 */
final class ControllerSight {
    /** By "kind name": the step in which it was made and the one that tells of it. */
    private final Map<String, Late> late = new LinkedHashMap<>();

    private int now;

    private record Late(int made, int seen) {}

    ControllerSight(ControllerScenario scenario) {
        List<? extends JsonNode> steps = scenario.steps();
        for (int i = 0; i < steps.size(); i++) {
            for (JsonNode stimulus : steps.get(i).path("do")) {
                JsonNode object = stimulus.path("create");
                String name = Trees.at(object, "metadata", "name").asText();
                if (name.isEmpty() || stimulus.has("namespace")) {
                    continue;
                }
                String key = key(object.path("kind").asText(), name);
                int seen = i;
                while (seen < steps.size() && !tells(steps.get(seen), "create " + key)) {
                    seen++;
                }
                if (seen > i && seen < steps.size() && tellsAny(steps.get(i))) {
                    late.putIfAbsent(key, new Late(i, seen));
                }
            }
        }
    }

    private static String key(String kind, String name) {
        return kind + " " + name;
    }

    private static boolean tellsAny(JsonNode step) {
        return step.path("then").has("writes") || step.path("then").has("writesUnordered");
    }

    private static boolean tells(JsonNode step, String line) {
        for (String member : List.of("writes", "writesUnordered")) {
            for (JsonNode each : Trees.at(step, "then", member)) {
                if (each.asText().equals(line)) {
                    return true;
                }
            }
        }
        return false;
    }

    /** A step begins. */
    void begin(int step) {
        now = step;
    }

    /** Whether an object is there but not seen yet. */
    boolean isUnseen(String kind, String name) {
        Late one = late.get(key(kind, name));
        return one != null && now >= one.made && now < one.seen;
    }

    /** Puts the lines that tell of creations into the steps in which they are seen. */
    void delay(List<String> writes) {
        late.forEach((key, one) -> {
            if (now == one.made) {
                writes.remove("create " + key);
            } else if (now == one.seen) {
                writes.add(0, "create " + key);
            }
        });
    }
}

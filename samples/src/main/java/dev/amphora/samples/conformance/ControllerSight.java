package dev.amphora.samples.conformance;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * What the recorder overlooked for a while. It looks at each kind through a watch of its own, and at times an object reached it late: then
 * the creation is told in a later step than the one whose stimulus made the object, and until then it is neither shown nor touched. Or a
 * pod is shown as it was before its kubelet's latest report, which the controllers have seen already; then the next act may do it again.
 */
final class ControllerSight {
    /** By "kind name": the step in which it was made and the one that tells of it. */
    private final Map<String, Late> late = new LinkedHashMap<>();

    /** The pods that the step before showed as they no longer were, by name. */
    private final Map<String, ObjectNode> outdated = new LinkedHashMap<>();

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

    /** The pods that were last shown as they no longer are. */
    List<ObjectNode> outdated() {
        return List.copyOf(outdated.values());
    }

    /**
     * Takes out of what is missing and of what is there instead the pods that are shown as they were before a report of their kubelet.
     *
     * @param changes of this step
     * @param shown what is shown of a pod in some form; nothing if it isn't one of the scenario's
     */
    void overlook(
            List<ControllerBed.Change> changes,
            Function<ObjectNode, Optional<JsonNode>> shown,
            List<JsonNode> missing,
            List<JsonNode> found) {
        outdated.clear();
        for (int i = changes.size() - 1; i >= 0; i--) {
            ObjectNode before = changes.get(i).before();
            ObjectNode after = changes.get(i).after();
            if (before == null || after == null || !isReport(before, after)) {
                continue;
            }
            JsonNode earlier = shown.apply(before).orElse(null);
            if (earlier == null) {
                continue;
            }
            takeNamed(earlier.path("name"), found, missing, earlier).ifPresent(twin -> {
                found.remove(twin);
                outdated.put(Trees.at(before, "metadata", "name").asText(), before);
            });
        }
    }

    /** Finds what is there under a name whose earlier form is missing, and takes that from the missing. */
    private static Optional<JsonNode> takeNamed(
            JsonNode name, List<JsonNode> found, List<JsonNode> missing, JsonNode earlier) {
        Optional<JsonNode> twin = found.stream()
                .filter(each -> each.path("kind").asText().equals("Pod")
                        && each.path("name").equals(name))
                .findFirst();
        if (twin.isPresent()) {
            for (Iterator<JsonNode> each = missing.iterator(); each.hasNext(); ) {
                if (ControllerMatch.remove(each.next(), new ArrayList<>(List.of(earlier)))) {
                    each.remove();
                    return twin;
                }
            }
        }
        return Optional.empty();
    }

    /** Whether a change is one that only a kubelet makes: of a pod's node, of its phase, or of whether its containers are ready. */
    private static boolean isReport(ObjectNode before, ObjectNode after) {
        return after.path("kind").asText().equals("Pod")
                && before.path("metadata").has("deletionTimestamp")
                        == after.path("metadata").has("deletionTimestamp")
                && (!Trees.at(before, "spec", "nodeName").equals(Trees.at(after, "spec", "nodeName"))
                        || !Trees.at(before, "status", "phase").equals(Trees.at(after, "status", "phase"))
                        || !Trees.at(before, "status", "containerStatuses")
                                .equals(Trees.at(after, "status", "containerStatuses")));
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

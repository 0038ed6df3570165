package dev.amphora.samples.conformance;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** The Events of a step, as recordings of controllers tell them. */
final class ControllerEvents {
    private static final Set<String> LEFT_OUT = Set.of("RegisteredNode", "RemovingNode", "CIDRAssignmentFailed");
    private static final String COMBINED = "(combined from similar events): ";
    private static final int ANY = -1;

    private final ControllerNames names;
    private final boolean tellsProvisioning;
    /** Those that are told a step before the recording tells them: Events are written when there is time. */
    private final Map<String, Integer> early = new TreeMap<>();
    /** Those that the step before has told any number of times: one more may come late. */
    private final Set<String> often = new TreeSet<>();

    /** Whether these may be more than the recording tells at all. */
    private boolean excused;

    /** How often each Event has been told, by its uid. */
    private final Map<String, Integer> told = new HashMap<>();

    /** @param tellsProvisioning whether failures to provision volumes are told */
    ControllerEvents(ControllerNames names, boolean tellsProvisioning) {
        this.names = names;
        this.tellsProvisioning = tellsProvisioning;
    }

    /** What happened before the first step is not told. */
    void skip(ControllerBed.Change change) {
        occurrences(change);
    }

    /** What was told otherwise than recorded. */
    List<String> differences(List<ControllerBed.Change> changes, JsonNode then) {
        Map<String, Integer> found = new TreeMap<>();
        for (ControllerBed.Change change : changes) {
            int count = occurrences(change);
            ObjectNode event = change.after();
            if (count > 0 && event != null && isTold(event.path("reason").asText())) {
                found.merge(names.canonical(title(event)), count, Integer::sum);
            }
        }
        boolean unstable = then.path("eventsUnstable").asBoolean();
        List<String> differences = new ArrayList<>();
        Set<String> oftenBefore = Set.copyOf(often);
        often.clear();
        for (JsonNode event : then.path("events")) {
            String title = String.join(
                    " | ",
                    event.path("kind").asText() + " " + event.path("name").asText(),
                    event.path("type").asText() + " " + event.path("reason").asText(),
                    event.path("message").asText(),
                    event.path("source").asText());
            int wanted = event.path("count").asInt(ANY);
            String match = match(title, found);
            Integer counted = match == null ? null : found.remove(match);
            int count = counted == null ? 0 : counted;
            String before = match(title, early);
            int missing = wanted == ANY ? (count == 0 ? 1 : 0) : wanted - count;
            if (wanted == ANY && before != null) {
                early.remove(before);
                missing = 0;
            } else if (missing > 0 && before != null) {
                int taken = Math.min(missing, early.getOrDefault(before, 0));
                early.merge(before, -taken, Integer::sum);
                missing -= taken;
            }
            if (missing > 0 && unstable && found.remove(combined(title)) != null) {
                // which of several that are made at once is told last, and so combined, is chance
                continue;
            }
            if (wanted == ANY) {
                often.add(title);
            }
            if (missing > 0 && wanted == ANY && oftenBefore.contains(title)) {
                continue;
            }
            if (missing > 0 && (count == 0 || !unstable)) {
                differences.add("event missing: " + title + " (" + missing + " of " + wanted + ")");
            } else if (missing < 0) {
                found.put(title, -missing);
            }
        }
        early.values().removeIf(left -> left <= 0);
        if (!excused && !unstable) {
            early.forEach((title, count) -> differences.add("event unexpected before: " + title + " (x" + count + ")"));
        }
        early.clear();
        early.putAll(found);
        excused = unstable;
        return differences;
    }

    /**
     * Those that no step has told in the end. After the last step nobody looked any more, so Events of the writes that it tells may be
     * missing in it.
     */
    List<String> left(JsonNode last) {
        List<String> left = new ArrayList<>();
        if (excused) {
            return left;
        }
        early.forEach((title, count) -> {
            if (count > ofWrites(title, last)) {
                left.add("event unexpected: " + title + " (x" + count + ")");
            }
        });
        return left;
    }

    /** How many of the writes of a step an Event can be about. */
    private static int ofWrites(String title, JsonNode then) {
        String write = title.contains(" SuccessfulDelete ")
                ? "delete Pod "
                : title.contains(" SuccessfulCreate ")
                        ? "create Pod "
                        : title.contains(" ScalingReplicaSet ") ? "scale ReplicaSet " : null;
        int found = 0;
        for (JsonNode line : then.path(then.has("writes") ? "writes" : "writesUnordered")) {
            found += write != null && line.asText().startsWith(write) ? ControllerWrites.times(line.asText()) : 0;
        }
        return found;
    }

    private boolean isTold(String reason) {
        return !LEFT_OUT.contains(reason) && (tellsProvisioning || !reason.equals("ProvisioningFailed"));
    }

    private static @Nullable String match(String title, Map<String, Integer> found) {
        if (found.containsKey(title)) {
            return title;
        }
        return found.keySet().stream()
                .filter(each -> ControllerMatch.matches(title, each))
                .findFirst()
                .orElse(null);
    }

    /** The title of an Event that was joined with similar ones before it. */
    private static String combined(String title) {
        String[] parts = title.split(" \\| ", 4);
        parts[2] = COMBINED + parts[2];
        return String.join(" | ", parts);
    }

    /** How often an Event has occurred anew. */
    private int occurrences(ControllerBed.Change change) {
        ObjectNode event = change.after();
        if (event == null || !change.kind().equals("Event")) {
            return 0;
        }
        int count = Math.max(
                1, event.path("count").asInt(Trees.at(event, "series", "count").asInt(1)));
        Integer before = told.put(Trees.at(event, "metadata", "uid").asText(), count);
        return before == null ? count : count - before;
    }

    private static String title(JsonNode event) {
        JsonNode about = event.has("regarding") ? event.path("regarding") : event.path("involvedObject");
        String source = Trees.at(event, "source", "component").asText();
        return String.join(
                " | ",
                about.path("kind").asText() + " " + about.path("name").asText(),
                event.path("type").asText() + " " + event.path("reason").asText(),
                event.path("message").asText(event.path("note").asText()),
                source.isEmpty() ? event.path("reportingComponent").asText() : source);
    }
}

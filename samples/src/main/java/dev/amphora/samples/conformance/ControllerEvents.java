package dev.amphora.samples.conformance;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The Events of a step, as recordings of controllers tell them. */
final class ControllerEvents {
    private static final Set<String> LEFT_OUT = Set.of("RegisteredNode", "RemovingNode", "CIDRAssignmentFailed");
    private static final int ANY = -1;

    private final ControllerNames names;
    /** How often each Event has been told, by its uid. */
    private final Map<String, Integer> told = new HashMap<>();

    ControllerEvents(ControllerNames names) {
        this.names = names;
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
            if (count > 0
                    && event != null
                    && !LEFT_OUT.contains(event.path("reason").asText())) {
                found.merge(names.canonical(title(event)), count, Integer::sum);
            }
        }
        boolean unstable = then.path("eventsUnstable").asBoolean();
        List<String> differences = new ArrayList<>();
        for (JsonNode event : then.path("events")) {
            String title = String.join(
                    " | ",
                    event.path("kind").asText() + " " + event.path("name").asText(),
                    event.path("type").asText() + " " + event.path("reason").asText(),
                    event.path("message").asText(),
                    event.path("source").asText());
            int wanted = event.path("count").asInt(ANY);
            String match = match(title, found);
            Integer count = match == null ? null : found.remove(match);
            if (count == null) {
                differences.add("event missing: " + title + " (x" + wanted + ")");
            } else if (wanted != ANY && count != wanted && !unstable) {
                differences.add("event " + count + " times, recorded " + wanted + ": " + title);
            }
        }
        if (!unstable) {
            found.forEach((title, count) -> differences.add("event unexpected: " + title + " (x" + count + ")"));
        }
        return differences;
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

package dev.amphora.samples.conformance;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import dev.amphora.scheduler.Profile;
import dev.amphora.scheduler.SchedulerSandbox;
import java.util.List;
import java.util.Map;

/** Compares the default profile: which plugins there are at each extension point, in order, with which weights. */
final class SchedulerDefaultsCases {
    /** Extension points of an alpha feature, which is off by default. */
    private static final List<String> NOT_HERE = List.of("placementGenerate", "placementScore");

    private SchedulerDefaultsCases() {}

    static void replay(JsonNode recorded, Results results) {
        Map<String, List<SchedulerSandbox.Enabled>> points =
                new SchedulerSandbox(Profile.named(Profile.DEFAULT_SCHEDULER_NAME), 1).extensionPoints();
        for (Map.Entry<String, JsonNode> each : Trees.members(recorded.path("extensionPoints"))) {
            String point = each.getKey();
            if (NOT_HERE.contains(point)) {
                continue;
            }
            results.replay("extensionPoints." + point, () -> {
                ArrayNode got = Trees.array();
                for (SchedulerSandbox.Enabled plugin : points.getOrDefault(point, List.of())) {
                    if (point.equals("score")) {
                        got.addObject().put("name", plugin.name()).put("weight", plugin.weight());
                    } else {
                        got.add(plugin.name());
                    }
                }
                return Comparison.of(each.getValue(), got, new Bindings(), point);
            });
        }
    }
}

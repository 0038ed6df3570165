package dev.amphora.samples.conformance;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.Json;
import dev.amphora.scheduler.Profile;
import dev.amphora.scheduler.SchedulerConfiguration;
import dev.amphora.scheduler.SchedulerSandbox;
import dev.amphora.scheduler.plugins.DefaultPlugins;
import java.util.List;
import java.util.Map;

/** Compares the default configuration: its times, and of its profile the plugins at each extension point, in order, their weights and arguments. */
final class SchedulerDefaultsCases {
    /** Extension points of an alpha feature, which is off by default. */
    private static final List<String> NOT_HERE = List.of("placementGenerate", "placementScore");

    private SchedulerDefaultsCases() {}

    static void replay(JsonNode recorded, Results results) {
        replayPoints(recorded, results);
        JsonNode configuration = recorded.path("configuration");
        JsonNode profile = configuration.path("profiles").path(0);
        String header = "apiVersion: %s\nkind: %s\n"
                .formatted(
                        configuration.path("apiVersion").asText(),
                        configuration.path("kind").asText());
        results.replay("configuration", () -> {
            SchedulerConfiguration read = SchedulerConfiguration.read(header);
            ObjectNode got = Json.object();
            got.put("podInitialBackoffSeconds", read.podInitialBackoff().toSeconds());
            got.put("podMaxBackoffSeconds", read.podMaxBackoff().toSeconds());
            got.put("schedulerName", read.profiles().get(0).schedulerName());
            ObjectNode wanted = Json.object();
            List.of("podInitialBackoffSeconds", "podMaxBackoffSeconds")
                    .forEach(field -> wanted.set(field, configuration.path(field)));
            wanted.set("schedulerName", profile.path("schedulerName"));
            return Comparison.of(wanted, got, new Bindings(), "configuration");
        });
        results.replay("multiPoint", () -> {
            ArrayNode got = Trees.array();
            DefaultPlugins.all()
                    .forEach(
                            plugin -> got.addObject().put("name", plugin.name()).put("weight", plugin.weight()));
            return Comparison.of(
                    profile.path("plugins").path("multiPoint").path("enabled"), got, new Bindings(), "multiPoint");
        });
        Map<String, JsonNode> arguments =
                Profile.named(Profile.DEFAULT_SCHEDULER_NAME).arguments();
        results.replay("pluginConfig", () -> {
            ArrayNode wanted = Trees.array();
            profile.path("pluginConfig").forEach(each -> wanted.add(each.path("name")));
            ArrayNode got = Trees.array();
            arguments.keySet().stream().sorted().forEach(got::add);
            return Comparison.of(wanted, got, new Bindings(), "pluginConfig");
        });
        for (JsonNode each : profile.path("pluginConfig")) {
            String name = each.path("name").asText();
            results.replay("pluginConfig." + name, () -> {
                ObjectNode got = Json.object()
                        .put("apiVersion", configuration.path("apiVersion").asText())
                        .put("kind", name + "Args");
                JsonNode own = arguments.get(name);
                if (own instanceof ObjectNode object) {
                    got.setAll(object);
                }
                return Comparison.of(each.path("args"), got, new Bindings(), name);
            });
        }
    }

    private static void replayPoints(JsonNode recorded, Results results) {
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

package dev.amphora.scheduler;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.Json;
import dev.amphora.scheduler.extender.ExtenderConfiguration;
import dev.amphora.scheduler.framework.PluginFactory;
import dev.amphora.scheduler.framework.SchedulerExtender;
import dev.amphora.scheduler.plugins.DefaultPlugins;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import org.yaml.snakeyaml.error.YAMLException;

/**
 * A {@code KubeSchedulerConfiguration} of {@code kubescheduler.config.k8s.io/v1}, as kube-scheduler reads it from a file.
 *
 * @param profiles at least one
 * @param extenders asked for the pods of all profiles
 * @param podInitialBackoff after the first failure
 * @param podMaxBackoff to which it grows
 */
public record SchedulerConfiguration(
        List<Profile> profiles, List<SchedulerExtender> extenders, Duration podInitialBackoff, Duration podMaxBackoff) {
    static final String VERSION = "kubescheduler.config.k8s.io/v1";
    private static final String KIND = "KubeSchedulerConfiguration";
    static final List<String> POINTS = List.of(
            "preEnqueue",
            "queueSort",
            "preFilter",
            "filter",
            "postFilter",
            "preScore",
            "score",
            "reserve",
            "permit",
            "preBind",
            "bind",
            "postBind");

    /** A configuration of the default plugins. */
    public static SchedulerConfiguration read(String text) {
        return read(text, Map.of());
    }

    /**
     * A configuration.
     *
     * @param text YAML or JSON
     * @param others plugins by name, besides the default ones
     * @throws IllegalArgumentException if it is not such a configuration, something in it makes no sense, or it names a plugin that isn't known; in
     *     kube-scheduler's words where it has some
     */
    public static SchedulerConfiguration read(String text, Map<String, PluginFactory> others) {
        JsonNode tree;
        try {
            LoaderOptions options = new LoaderOptions();
            options.setAllowDuplicateKeys(false);
            tree = Json.mapper().valueToTree(new Yaml(new SafeConstructor(options)).<Object>load(text));
        } catch (YAMLException e) {
            throw new IllegalArgumentException("not YAML: " + e.getMessage(), e);
        }
        if (!tree.path("apiVersion").asText().equals(VERSION)
                || !tree.path("kind").asText().equals(KIND)) {
            throw new IllegalArgumentException("not a " + KIND + " of " + VERSION + ": "
                    + tree.path("apiVersion").asText() + ", "
                    + tree.path("kind").asText());
        }
        ConfigurationRules.check(tree);
        List<Profile> profiles = new ArrayList<>();
        for (JsonNode profile : tree.path("profiles")) {
            profiles.add(new Reader(profile, others)
                    .profile(tree.path("percentageOfNodesToScore").asInt(0)));
        }
        if (profiles.isEmpty()) {
            profiles.add(Profile.named(Profile.DEFAULT_SCHEDULER_NAME)
                    .percentageOfNodesToScore(
                            tree.path("percentageOfNodesToScore").asInt(0)));
        }
        return new SchedulerConfiguration(
                List.copyOf(profiles),
                ExtenderConfiguration.read(tree.path("extenders")),
                Duration.ofSeconds(tree.path("podInitialBackoffSeconds").asLong(1)),
                Duration.ofSeconds(tree.path("podMaxBackoffSeconds").asLong(10)));
    }

    /** Reads one profile. */
    private static final class Reader {
        private final JsonNode profile;
        private final Map<String, PluginFactory> others;
        private final Map<String, JsonNode> args = new HashMap<>();
        private final List<Profile.Entry> entries = new ArrayList<>();

        Reader(JsonNode profile, Map<String, PluginFactory> others) {
            this.profile = profile;
            this.others = others;
            for (JsonNode each : profile.path("pluginConfig")) {
                args.put(each.path("name").asText(), withoutHeader(each.path("args")));
            }
        }

        /** Arguments say themselves of which kind they are. */
        private static JsonNode withoutHeader(JsonNode args) {
            if (!(args instanceof ObjectNode)) {
                return Json.object();
            }
            ObjectNode own = args.deepCopy();
            own.remove(List.of("apiVersion", "kind"));
            return own;
        }

        Profile profile(int percentage) {
            multiPoint(rule("multiPoint", profile.path("plugins").path("multiPoint")));
            Map<String, Profile.PointRule> rules = new LinkedHashMap<>();
            for (String point : POINTS) {
                Profile.PointRule rule = rule(point, profile.path("plugins").path(point));
                rules.put(point, rule);
                rule.enabled().keySet().forEach(name -> {
                    if (entries.stream().noneMatch(entry -> entry.name().equals(name))) {
                        entries.add(entry(name, 0, false));
                    }
                });
            }
            String name = profile.path("schedulerName").asText(Profile.DEFAULT_SCHEDULER_NAME);
            return Profile.configured(
                    name,
                    entries,
                    rules,
                    profile.path("percentageOfNodesToScore").asInt(percentage));
        }

        /** The default plugins in their places, unless they are left out; then what else is enabled. */
        private void multiPoint(Profile.PointRule rule) {
            Set<String> placed = new HashSet<>();
            for (DefaultPlugins.Default plugin : DefaultPlugins.all()) {
                if (!rule.leavesOut(plugin.name())) {
                    // one that is named takes all from there: without a weight it has 1, whatever it has by default
                    Integer weight = rule.enabled().get(plugin.name());
                    entries.add(entry(plugin.name(), weight == null ? plugin.weight() : weight, true));
                    placed.add(plugin.name());
                }
            }
            rule.enabled().forEach((name, weight) -> {
                if (!placed.contains(name)) {
                    entries.add(entry(name, weight, true));
                }
            });
        }

        private Profile.Entry entry(String name, int weight, boolean everywhere) {
            return new Profile.Entry(name, factory(name), weight, args.getOrDefault(name, Json.object()), everywhere);
        }

        private PluginFactory factory(String name) {
            PluginFactory other = others.get(name);
            if (other != null) {
                return other;
            }
            for (DefaultPlugins.Default plugin : DefaultPlugins.all()) {
                if (plugin.name().equals(name)) {
                    return plugin.factory();
                }
            }
            for (DefaultPlugins.Default plugin : DefaultPlugins.others()) {
                if (plugin.name().equals(name)) {
                    return plugin.factory();
                }
            }
            throw new IllegalArgumentException("plugin \"" + name + "\" does not exist");
        }

        private static Profile.PointRule rule(String name, JsonNode point) {
            if (point.isMissingNode() || point.isNull()) {
                return Profile.PointRule.NONE;
            }
            Map<String, Integer> enabled = new LinkedHashMap<>();
            for (JsonNode each : point.path("enabled")) {
                String plugin = each.path("name").asText();
                if (enabled.put(plugin, each.path("weight").asInt(0)) != null) {
                    throw new IllegalArgumentException(
                            "plugin \"" + plugin + "\" already registered as \"" + name + "\"");
                }
            }
            Set<String> disabled = new HashSet<>();
            point.path("disabled")
                    .forEach(each -> disabled.add(each.path("name").asText()));
            return new Profile.PointRule(enabled, disabled);
        }
    }
}

package dev.amphora.scheduler;

import com.fasterxml.jackson.databind.JsonNode;
import dev.amphora.api.Json;
import dev.amphora.scheduler.framework.Plugin;
import dev.amphora.scheduler.framework.PluginFactory;
import dev.amphora.scheduler.plugins.DefaultPlugins;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;

/**
 * A set of plugins under a scheduler's name: pods choose it by {@code spec.schedulerName}. Immutable.
 *
 * <p>Starts from the default plugins of the reference in their order and with their weights; each step gives another profile.
 */
public final class Profile {
    /** The name that pods carry unless they say otherwise. */
    public static final String DEFAULT_SCHEDULER_NAME = "default-scheduler";

    private final String schedulerName;
    private final List<Entry> entries;
    private final Map<String, Set<Class<? extends Plugin>>> disabledPoints;
    private final int percentageOfNodesToScore;
    private final Map<String, PointRule> rules;

    /** A plugin's place in the profile. */
    record Entry(String name, PluginFactory factory, int weight, JsonNode args, boolean everywhere) {
        /** A plugin at every extension point that it implements. */
        Entry(String name, PluginFactory factory, int weight, JsonNode args) {
            this(name, factory, weight, args, true);
        }
    }

    /**
     * What a configuration says of one extension point.
     *
     * @param enabled plugins with their weights, 0 for 1; they come in this order
     * @param disabled plugins that are left out; {@code *} for all
     */
    record PointRule(Map<String, Integer> enabled, Set<String> disabled) {
        static final PointRule NONE = new PointRule(Map.of(), Set.of());

        boolean leavesOut(String name) {
            return disabled.contains("*") || disabled.contains(name);
        }
    }

    private Profile(
            String schedulerName,
            List<Entry> entries,
            Map<String, Set<Class<? extends Plugin>>> disabledPoints,
            int percentageOfNodesToScore,
            Map<String, PointRule> rules) {
        this.rules = rules;
        this.schedulerName = schedulerName;
        this.entries = entries;
        this.disabledPoints = disabledPoints;
        this.percentageOfNodesToScore = percentageOfNodesToScore;
    }

    /** The default plugins under a name. */
    public static Profile named(String schedulerName) {
        List<Entry> entries = new ArrayList<>();
        for (DefaultPlugins.Default plugin : DefaultPlugins.all()) {
            entries.add(new Entry(plugin.name(), plugin.factory(), plugin.weight(), Json.object()));
        }
        return new Profile(schedulerName, List.copyOf(entries), Map.of(), 0, Map.of());
    }

    /** No plugins under a name; a queue sort plugin and a bind plugin must be added. */
    public static Profile bare(String schedulerName) {
        return new Profile(schedulerName, List.of(), Map.of(), 0, Map.of());
    }

    /** With a plugin at the end, at every extension point that it implements; or in the place of the one with the same name. */
    public Profile with(String name, int weight, PluginFactory factory) {
        Entry added = new Entry(name, factory, weight, Json.object());
        List<Entry> changed = new ArrayList<>(entries);
        int index = indexOf(name);
        if (index < 0) {
            changed.add(added);
        } else {
            changed.set(index, added);
        }
        return new Profile(schedulerName, List.copyOf(changed), disabledPoints, percentageOfNodesToScore, rules);
    }

    /** With a plugin that needs nothing of the scheduler. */
    public Profile with(Plugin plugin, int weight) {
        return with(plugin.name(), weight, (args, handle) -> plugin);
    }

    /**
     * Without a plugin.
     *
     * @throws IllegalArgumentException if there is none with that name
     */
    public Profile without(String name) {
        List<Entry> changed = new ArrayList<>(entries);
        changed.remove(requireIndex(name));
        return new Profile(schedulerName, List.copyOf(changed), disabledPoints, percentageOfNodesToScore, rules);
    }

    /** Without a plugin at one extension point, such as {@code ScorePlugin.class}. */
    public Profile without(String name, Class<? extends Plugin> point) {
        requireIndex(name);
        Map<String, Set<Class<? extends Plugin>>> changed = new HashMap<>(disabledPoints);
        Set<Class<? extends Plugin>> points = new HashSet<>(changed.getOrDefault(name, Set.of()));
        points.add(point);
        changed.put(name, points);
        return new Profile(schedulerName, entries, changed, percentageOfNodesToScore, rules);
    }

    /** With another weight for a plugin's score. */
    public Profile weight(String name, int weight) {
        return change(name, entry -> new Entry(entry.name, entry.factory, weight, entry.args, entry.everywhere));
    }

    /** With arguments for a plugin, as {@code pluginConfig} of a KubeSchedulerConfiguration has them. */
    public Profile args(String name, JsonNode args) {
        return change(name, entry -> new Entry(entry.name, entry.factory, entry.weight, args, entry.everywhere));
    }

    /**
     * With a share of the nodes after which the search for feasible ones may stop.
     *
     * @param percentage from 1 to 100; 0 to let it depend on the number of nodes
     */
    public Profile percentageOfNodesToScore(int percentage) {
        if (percentage < 0 || percentage > 100) {
            throw new IllegalArgumentException("percentageOfNodesToScore: " + percentage + " is not from 0 to 100");
        }
        return new Profile(schedulerName, entries, disabledPoints, percentage, rules);
    }

    private Profile change(String name, UnaryOperator<Entry> change) {
        List<Entry> changed = new ArrayList<>(entries);
        int index = requireIndex(name);
        changed.set(index, change.apply(changed.get(index)));
        return new Profile(schedulerName, List.copyOf(changed), disabledPoints, percentageOfNodesToScore, rules);
    }

    private int requireIndex(String name) {
        int index = indexOf(name);
        if (index < 0) {
            throw new IllegalArgumentException("profile " + schedulerName + " has no plugin " + name);
        }
        return index;
    }

    private int indexOf(String name) {
        for (int i = 0; i < entries.size(); i++) {
            if (entries.get(i).name.equals(name)) {
                return i;
            }
        }
        return -1;
    }

    /** The name by which pods choose this profile. */
    public String schedulerName() {
        return schedulerName;
    }

    List<Entry> entries() {
        return entries;
    }

    int percentageOfNodesToScore() {
        return percentageOfNodesToScore;
    }

    /**
     * The arguments of the default plugins that take any, by the plugins' names: as configured, with the reference's values for what isn't. Those
     * of other plugins are theirs to know.
     */
    public Map<String, JsonNode> arguments() {
        Map<String, JsonNode> arguments = new LinkedHashMap<>();
        for (DefaultPlugins.Default plugin : DefaultPlugins.all()) {
            int index = indexOf(plugin.name());
            UnaryOperator<JsonNode> defaulted = plugin.arguments();
            if (index >= 0 && defaulted != null && entries.get(index).factory.equals(plugin.factory())) {
                arguments.put(plugin.name(), defaulted.apply(entries.get(index).args));
            }
        }
        return arguments;
    }

    /** A profile as a configuration has it. */
    static Profile configured(String schedulerName, List<Entry> entries, Map<String, PointRule> rules, int percentage) {
        return new Profile(schedulerName, List.copyOf(entries), Map.of(), percentage, rules);
    }

    /** What is said of an extension point, by its name in a configuration. */
    PointRule rule(String point) {
        return rules.getOrDefault(point, PointRule.NONE);
    }

    boolean isDisabled(String name, Class<? extends Plugin> point) {
        return disabledPoints.getOrDefault(name, Set.of()).contains(point);
    }
}

package dev.amphora.scheduler;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.scheduler.framework.BindPlugin;
import dev.amphora.scheduler.framework.FilterPlugin;
import dev.amphora.scheduler.framework.Handle;
import dev.amphora.scheduler.framework.PermitPlugin;
import dev.amphora.scheduler.framework.Plugin;
import dev.amphora.scheduler.framework.PostBindPlugin;
import dev.amphora.scheduler.framework.PostFilterPlugin;
import dev.amphora.scheduler.framework.PreBindPlugin;
import dev.amphora.scheduler.framework.PreEnqueuePlugin;
import dev.amphora.scheduler.framework.PreFilterPlugin;
import dev.amphora.scheduler.framework.PreScorePlugin;
import dev.amphora.scheduler.framework.QueueSortPlugin;
import dev.amphora.scheduler.framework.ReservePlugin;
import dev.amphora.scheduler.framework.ScorePlugin;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The plugins that a profile asks for, with their arguments and weights, and which of them it has at each extension point. */
final class ProfilePlugins {
    private static final List<Class<? extends Plugin>> POINTS = List.of(
            PreEnqueuePlugin.class,
            QueueSortPlugin.class,
            PreFilterPlugin.class,
            FilterPlugin.class,
            PostFilterPlugin.class,
            PreScorePlugin.class,
            ScorePlugin.class,
            ReservePlugin.class,
            PermitPlugin.class,
            PreBindPlugin.class,
            BindPlugin.class,
            PostBindPlugin.class);

    private final Profile profile;
    private final List<Plugin> plugins = new ArrayList<>();
    private final Map<String, Integer> weights = new HashMap<>();

    /**
     * Makes the plugins.
     *
     * @param handle what they are given
     * @param ignoredResources those that extenders take care of
     */
    ProfilePlugins(Profile profile, Handle handle, Set<String> ignoredResources) {
        this.profile = profile;
        for (Profile.Entry entry : profile.entries()) {
            Plugin plugin = create(entry, ignoredResources, handle);
            if (!plugin.name().equals(entry.name())) {
                throw new IllegalArgumentException(
                        "plugin " + plugin.name() + " is configured under the name " + entry.name());
            }
            plugins.add(plugin);
            Integer weight = profile.rule("score").enabled().get(entry.name());
            weights.put(entry.name(), weight == null ? entry.weight() : weight);
        }
        int sorting = at(QueueSortPlugin.class).size();
        if (sorting != 1) {
            throw new IllegalArgumentException(
                    "a profile needs one queue sort plugin, " + profile.schedulerName() + " has " + sorting);
        }
        if (at(BindPlugin.class).isEmpty()) {
            throw new IllegalArgumentException(
                    "a profile needs a bind plugin, " + profile.schedulerName() + " has none");
        }
    }

    private static Plugin create(Profile.Entry entry, Set<String> ignoredResources, Handle handle) {
        try {
            return entry.factory().create(args(entry, ignoredResources), handle);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("initializing plugin \"" + entry.name() + "\": " + e.getMessage(), e);
        }
    }

    /** A plugin's arguments; NodeResourcesFit leaves alone what extenders take care of. */
    private static JsonNode args(Profile.Entry entry, Set<String> ignored) {
        if (ignored.isEmpty() || !entry.name().equals("NodeResourcesFit")) {
            return entry.args();
        }
        ObjectNode args = entry.args().deepCopy();
        ignored.forEach(args.withArray("ignoredResources")::add);
        return args;
    }

    private static String name(Class<? extends Plugin> point) {
        return point.getSimpleName().replace("Plugin", "");
    }

    /** The name of an extension point in a configuration. */
    private static String configured(Class<? extends Plugin> point) {
        String name = name(point);
        return Character.toLowerCase(name.charAt(0)) + name.substring(1);
    }

    /**
     * The plugins at an extension point: first those that a configuration names there in place of what holds everywhere, then the others that hold
     * everywhere, last those that it names only there. If it leaves out all that hold everywhere, those that it names, in its order.
     */
    <P extends Plugin> List<P> at(Class<P> point) {
        String name = name(point);
        Profile.PointRule rule = profile.rule(configured(point));
        boolean none = rule.disabled().contains("*");
        List<P> first = new ArrayList<>();
        List<P> last = new ArrayList<>();
        rule.enabled().keySet().forEach(each -> {
            for (int i = 0; i < plugins.size(); i++) {
                Plugin plugin = plugins.get(i);
                if (plugin.name().equals(each) && !point.isInstance(plugin)) {
                    throw new IllegalArgumentException("plugin \"" + each + "\" does not extend " + name + " plugin");
                }
                if (plugin.name().equals(each)) {
                    boolean replaces = profile.entries().get(i).everywhere()
                            && !rule.disabled().contains(each);
                    (none || replaces ? first : last).add(point.cast(plugin));
                }
            }
        });
        List<P> enabled = new ArrayList<>(first);
        for (int i = 0; i < plugins.size(); i++) {
            Plugin plugin = plugins.get(i);
            if (point.isInstance(plugin)
                    && profile.entries().get(i).everywhere()
                    && !rule.enabled().containsKey(plugin.name())
                    && !rule.leavesOut(plugin.name())
                    && !profile.isDisabled(plugin.name(), point)) {
                enabled.add(point.cast(plugin));
            }
        }
        enabled.addAll(last);
        return List.copyOf(enabled);
    }

    /** All of them, in the profile's order. */
    List<Plugin> all() {
        return plugins;
    }

    /** The plugins at each extension point, by the point's name in a configuration. */
    Map<String, List<? extends Plugin>> points() {
        Map<String, List<? extends Plugin>> points = new LinkedHashMap<>();
        POINTS.forEach(point -> points.put(configured(point), at(point)));
        return points;
    }

    int weight(String plugin) {
        Integer weight = weights.get(plugin);
        return weight == null || weight == 0 ? 1 : weight;
    }
}

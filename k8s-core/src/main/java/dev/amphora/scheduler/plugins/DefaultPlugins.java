package dev.amphora.scheduler.plugins;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.FieldError;
import dev.amphora.api.Json;
import dev.amphora.scheduler.framework.Handle;
import dev.amphora.scheduler.framework.Plugin;
import dev.amphora.scheduler.framework.PluginFactory;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** The plugins of the default profile in the order of the reference, with its weights. */
public final class DefaultPlugins {
    private static final List<Default> ALL = List.of(
            new Default("SchedulingGates", 0, (args, handle) -> new SchedulingGates()),
            new Default("PrioritySort", 0, (args, handle) -> new PrioritySort()),
            new Default("NodeUnschedulable", 0, (args, handle) -> new NodeUnschedulable()),
            new Default("NodeName", 0, (args, handle) -> new NodeName()),
            new Default("TaintToleration", 3, (args, handle) -> new TaintToleration()),
            withArgs("NodeAffinity", 2, NodeAffinity.Args.class, args -> args, NodeAffinity::new),
            new Default("NodePorts", 0, (args, handle) -> new NodePorts()),
            withArgs(
                    "NodeResourcesFit",
                    1,
                    NodeResourcesFit.Args.class,
                    NodeResourcesFit.Args::defaulted,
                    NodeResourcesFit::new),
            new Default("VolumeRestrictions", 0, (args, handle) -> new VolumeRestrictions(handle)),
            new Default("NodeVolumeLimits", 0, (args, handle) -> new NodeVolumeLimits(handle)),
            withArgs("VolumeBinding", 0, VolumeBinding.Args.class, VolumeBinding.Args::defaulted, VolumeBinding::new),
            new Default("VolumeZone", 0, (args, handle) -> new VolumeZone(handle)),
            withArgs(
                    "PodTopologySpread",
                    2,
                    PodTopologySpread.Args.class,
                    PodTopologySpread.Args::defaulted,
                    PodTopologySpread::new),
            withArgs(
                    "InterPodAffinity",
                    2,
                    InterPodAffinity.Args.class,
                    InterPodAffinity.Args::defaulted,
                    InterPodAffinity::new),
            withArgs(
                    "DynamicResources",
                    2,
                    DynamicResources.Args.class,
                    DynamicResources.Args::defaulted,
                    DynamicResources::new),
            withArgs(
                    "DefaultPreemption",
                    0,
                    DefaultPreemption.Args.class,
                    DefaultPreemption.Args::defaulted,
                    DefaultPreemption::new),
            withArgs(
                    "NodeResourcesBalancedAllocation",
                    1,
                    NodeResourcesBalancedAllocation.Args.class,
                    NodeResourcesBalancedAllocation.Args::defaulted,
                    NodeResourcesBalancedAllocation::new),
            new Default("ImageLocality", 1, (args, handle) -> new ImageLocality(handle)),
            new Default("DefaultBinder", 0, (args, handle) -> new DefaultBinder(handle)),
            new Default("NodeDeclaredFeatures", 0, (args, handle) -> new NodeDeclaredFeatures()));

    /**
     * A plugin of the default profile.
     *
     * @param name its name
     * @param weight of its score; 0 if it has none
     * @param factory makes it
     * @param arguments gives the arguments that it takes, with the reference's values for what isn't configured; null if it takes none
     */
    public record Default(String name, int weight, PluginFactory factory, @Nullable UnaryOperator<JsonNode> arguments) {
        Default(String name, int weight, PluginFactory factory) {
            this(name, weight, factory, null);
        }
    }

    /** Plugins that are there but not in the default profile. */
    private static final List<Default> OTHERS = List.of(new Default(Coscheduling.NAME, 0, Coscheduling.factory()));

    private DefaultPlugins() {}

    private static <A> Default withArgs(
            String name,
            int weight,
            Class<A> type,
            UnaryOperator<A> defaulted,
            BiFunction<A, Handle, Plugin> constructor) {
        PluginFactory factory = PluginFactory.withArgs(type, constructor);
        PluginFactory careful = (args, handle) -> {
            List<String> errors = ArgumentRules.validate(name, args, "").stream()
                    .map(error -> error.field() + ": " + error.message())
                    .toList();
            if (!errors.isEmpty()) {
                throw new IllegalArgumentException(FieldError.aggregate(errors));
            }
            return factory.create(args, handle);
        };
        return new Default(name, weight, careful, args -> {
            ObjectNode given = Json.toTree(defaulted.apply(Json.fromTree(args, type)));
            return given.retain(given.properties().stream()
                    .filter(each -> !each.getValue().isNull() && !isEmpty(each.getValue()))
                    .map(Map.Entry::getKey)
                    .toList());
        });
    }

    private static boolean isEmpty(JsonNode value) {
        return value.isContainerNode() && value.isEmpty();
    }

    /** Whether it is known here which arguments a plugin takes. */
    public static boolean hasArguments(String plugin) {
        return ArgumentRules.areKnown(plugin);
    }

    /** The paths of those arguments that a plugin doesn't take. */
    public static List<String> unknownArguments(String plugin, JsonNode args) {
        return ArgumentRules.unknownFields(plugin, args);
    }

    /**
     * What is wrong with a plugin's arguments, in the reference's words.
     *
     * @param path of the arguments, with a dot at its end unless it is empty
     */
    public static List<FieldError> validate(String plugin, JsonNode args, String path) {
        return ArgumentRules.validate(plugin, args, path);
    }

    /** Those that a configuration may name besides. */
    public static List<Default> others() {
        return OTHERS;
    }

    /** Whether a plugin is one of those here, whose Filter doesn't fail about a node that is as it should be. */
    public static boolean isOurs(Plugin plugin) {
        return plugin.getClass().getPackage() == DefaultPlugins.class.getPackage();
    }

    /** All of them, in order. */
    public static List<Default> all() {
        return ALL;
    }
}

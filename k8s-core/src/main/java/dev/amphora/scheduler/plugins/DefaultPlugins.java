package dev.amphora.scheduler.plugins;

import dev.amphora.scheduler.framework.PluginFactory;
import java.util.List;

/** The plugins of the default profile in the order of the reference, with its weights. */
public final class DefaultPlugins {
    private static final List<Default> ALL = List.of(
            new Default("SchedulingGates", 0, (args, handle) -> new SchedulingGates()),
            new Default("PrioritySort", 0, (args, handle) -> new PrioritySort()),
            new Default("NodeUnschedulable", 0, (args, handle) -> new NodeUnschedulable()),
            new Default("NodeName", 0, (args, handle) -> new NodeName()),
            new Default("TaintToleration", 3, (args, handle) -> new TaintToleration()),
            new Default("NodeAffinity", 2, PluginFactory.withArgs(NodeAffinity.Args.class, NodeAffinity::new)),
            new Default("NodePorts", 0, (args, handle) -> new NodePorts()),
            new Default(
                    "NodeResourcesFit", 1, PluginFactory.withArgs(NodeResourcesFit.Args.class, NodeResourcesFit::new)),
            new Default("VolumeRestrictions", 0, (args, handle) -> new VolumeRestrictions(handle)),
            new Default("NodeVolumeLimits", 0, (args, handle) -> new NodeVolumeLimits(handle)),
            new Default("VolumeBinding", 0, PluginFactory.withArgs(VolumeBinding.Args.class, VolumeBinding::new)),
            new Default("VolumeZone", 0, (args, handle) -> new VolumeZone(handle)),
            new Default(
                    "PodTopologySpread",
                    2,
                    PluginFactory.withArgs(PodTopologySpread.Args.class, PodTopologySpread::new)),
            new Default(
                    "InterPodAffinity", 2, PluginFactory.withArgs(InterPodAffinity.Args.class, InterPodAffinity::new)),
            new Default("DynamicResources", 2, (args, handle) -> new DynamicResources(handle)),
            new Default(
                    "DefaultPreemption",
                    0,
                    PluginFactory.withArgs(DefaultPreemption.Args.class, DefaultPreemption::new)),
            new Default(
                    "NodeResourcesBalancedAllocation",
                    1,
                    PluginFactory.withArgs(
                            NodeResourcesBalancedAllocation.Args.class, NodeResourcesBalancedAllocation::new)),
            new Default("ImageLocality", 1, (args, handle) -> new ImageLocality(handle)),
            new Default("DefaultBinder", 0, (args, handle) -> new DefaultBinder(handle)),
            new Default("NodeDeclaredFeatures", 0, (args, handle) -> new NodeDeclaredFeatures()));

    /**
     * A plugin of the default profile.
     *
     * @param name its name
     * @param weight of its score; 0 if it has none
     * @param factory makes it
     */
    public record Default(String name, int weight, PluginFactory factory) {}

    /** Plugins that are there but not in the default profile. */
    private static final List<Default> OTHERS = List.of(new Default(Coscheduling.NAME, 0, Coscheduling.factory()));

    private DefaultPlugins() {}

    /** Those that a configuration may name besides. */
    public static List<Default> others() {
        return OTHERS;
    }

    /** All of them, in order. */
    public static List<Default> all() {
        return ALL;
    }
}

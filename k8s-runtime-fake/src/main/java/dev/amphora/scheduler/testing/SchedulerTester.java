package dev.amphora.scheduler.testing;

import com.fasterxml.jackson.databind.JsonNode;
import dev.amphora.scheduler.Explanation;
import dev.amphora.scheduler.Profile;
import dev.amphora.scheduler.SchedulerConfiguration;
import dev.amphora.scheduler.SchedulerSandbox;
import dev.amphora.scheduler.framework.Plugin;
import dev.amphora.scheduler.framework.PluginFactory;
import dev.amphora.scheduler.framework.QueueSortPlugin;
import dev.amphora.scheduler.framework.SchedulerExtender;
import dev.amphora.scheduler.plugins.DefaultPlugins;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Pod;
import java.util.Collection;
import java.util.List;
import java.util.function.IntFunction;

/**
 * A profile's plugins and a cluster put down by hand, in which pods are tried one cycle at a time.
 *
 * <pre>{@code
 * SchedulerTester tester = SchedulerTester.with(new PreferWarmNodes(), 5)
 *         .put(node("cold"))
 *         .put(node("warm").label("example.dev/warm", ""));
 * assertThat(tester.schedule(pod("p"))).choseNode("warm").scored("PreferWarmNodes", "warm", 100);
 * }</pre>
 *
 * <p>The same steps give the same answers. Not safe for concurrent use. A plugin that calls the API server can't be tried here beyond Score;
 * a running {@code Cluster} on a simulated kernel can.
 */
public final class SchedulerTester {
    private static final long SEED = 1;

    private final SchedulerSandbox sandbox;

    private SchedulerTester(Profile profile, Collection<? extends SchedulerExtender> extenders) {
        sandbox = new SchedulerSandbox(profile, extenders, SEED);
    }

    /** The default plugins and an extender. */
    public static SchedulerTester with(SchedulerExtender extender) {
        return new SchedulerTester(Profile.named(Profile.DEFAULT_SCHEDULER_NAME), List.of(extender));
    }

    /** The default plugins and one more, with a weight for its score. */
    public static SchedulerTester with(Plugin plugin, int weight) {
        return of(Profile.named(Profile.DEFAULT_SCHEDULER_NAME).with(plugin, weight));
    }

    /** A plugin by itself: all verdicts and scores are its own. */
    public static SchedulerTester alone(Plugin plugin) {
        Profile bare = plugin instanceof QueueSortPlugin ? bare().without("PrioritySort") : bare();
        return of(bare.with(plugin, 1));
    }

    /**
     * A plugin that takes arguments or uses its handle, by itself.
     *
     * @param name the plugin's name
     * @param args as {@code pluginConfig} of a KubeSchedulerConfiguration has them
     */
    public static SchedulerTester alone(String name, PluginFactory factory, JsonNode args) {
        return of(bare().with(name, 1, factory).args(name, args));
    }

    /** The plugins of a profile. */
    public static SchedulerTester of(Profile profile) {
        return new SchedulerTester(profile, List.of());
    }

    /** The plugins of a configuration's first profile, and its extenders. */
    public static SchedulerTester of(SchedulerConfiguration configuration) {
        return new SchedulerTester(configuration.profiles().get(0), configuration.extenders());
    }

    /** What no profile does without. */
    private static Profile bare() {
        Profile profile = Profile.bare(Profile.DEFAULT_SCHEDULER_NAME);
        for (DefaultPlugins.Default each : DefaultPlugins.all()) {
            if (each.name().equals("PrioritySort") || each.name().equals("DefaultBinder")) {
                profile = profile.with(each.name(), 1, each.factory());
            }
        }
        return profile;
    }

    // -- the cluster -------------------------------------------------------------------------------------------------

    /** With a node, in place of the one with the same name. */
    public SchedulerTester put(TestNode node) {
        return put(node.build());
    }

    /** With a pod that {@linkplain TestPod#on runs on a node} or is {@linkplain TestPod#nominatedTo nominated} to one. */
    public SchedulerTester put(TestPod pod) {
        return put(pod.build());
    }

    /** With an object of any kind, in place of the one with the same name. */
    public SchedulerTester put(HasMetadata object) {
        sandbox.put(object);
        return this;
    }

    /** With so many nodes, each made from its number, which begins with 1. */
    public SchedulerTester nodes(int count, IntFunction<TestNode> node) {
        for (int i = 1; i <= count; i++) {
            put(node.apply(i));
        }
        return this;
    }

    /** With nodes {@code node-1}, {@code node-2} and so on that are all alike. */
    public SchedulerTester nodes(int count) {
        return nodes(count, number -> TestNode.node("node-" + number));
    }

    /** Without an object. */
    public SchedulerTester remove(HasMetadata object) {
        sandbox.remove(object);
        return this;
    }

    // -- questions ---------------------------------------------------------------------------------------------------

    /** Tries a pod, and asks each plugin about each node. The pod isn't placed. */
    public Cycle schedule(TestPod pod) {
        return schedule(pod.build());
    }

    /** Tries a pod, and asks each plugin about each node. The pod isn't placed. */
    public Cycle schedule(Pod pod) {
        Explanation explanation = sandbox.explain(pod);
        return new Cycle(pod, sandbox.nodes(), explanation, sandbox.schedule(pod));
    }

    /** The same, and the pod runs on the node that was found. */
    public Cycle place(TestPod pod) {
        Pod built = pod.build();
        Cycle cycle = schedule(built);
        if (cycle.nodeName() != null) {
            sandbox.place(built, cycle.nodeName());
        }
        return cycle;
    }

    /** What it means for a waiting pod that an object appears. The cluster must be as it is then; putting the object is up to the test. */
    public Wakeup added(HasMetadata object, TestPod waiting) {
        return new Wakeup(sandbox, waiting.build(), null, object);
    }

    /** What it means for a waiting pod that an object changes, which may be the pod itself. */
    public Wakeup changed(HasMetadata before, HasMetadata after, TestPod waiting) {
        return new Wakeup(sandbox, waiting.build(), before, after);
    }

    /** What it means for a waiting pod that an object goes. */
    public Wakeup deleted(HasMetadata object, TestPod waiting) {
        return new Wakeup(sandbox, waiting.build(), object, null);
    }

    /** For what isn't offered here: the sandbox that holds the cluster. */
    public SchedulerSandbox sandbox() {
        return sandbox;
    }
}

package dev.amphora.tck;

import com.fasterxml.jackson.databind.JsonNode;
import dev.amphora.scheduler.Profile;
import dev.amphora.scheduler.SchedulerSandbox;
import dev.amphora.scheduler.framework.CycleState;
import dev.amphora.scheduler.framework.FilterPlugin;
import dev.amphora.scheduler.framework.Handle;
import dev.amphora.scheduler.framework.NodeInfo;
import dev.amphora.scheduler.framework.Plugin;
import dev.amphora.scheduler.framework.PluginFactory;
import dev.amphora.scheduler.framework.PodInfo;
import dev.amphora.scheduler.framework.PreEnqueuePlugin;
import dev.amphora.scheduler.framework.PreFilterPlugin;
import dev.amphora.scheduler.framework.PreScorePlugin;
import dev.amphora.scheduler.framework.QueueSortPlugin;
import dev.amphora.scheduler.framework.ScorePlugin;
import dev.amphora.scheduler.framework.Status;
import dev.amphora.scheduler.plugins.DefaultPlugins;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** One instance of a plugin in a cluster of its own, asked directly. */
final class PluginInCluster {
    private static final long SEED = 1;

    private final SchedulerSandbox sandbox;
    private final Plugin plugin;
    private final Handle handle;

    /**
     * Makes the plugin.
     *
     * @param kind see {@link #kind}
     */
    PluginInCluster(Kind kind, PluginFactory factory, JsonNode args, PluginFacts facts) {
        Created created = new Created();
        Profile bare = kind.sorts() ? bare().without("PrioritySort") : bare();
        Profile profile = bare.with(kind.name(), 1, (own, handed) -> created.keep(factory.create(own, handed), handed))
                .args(kind.name(), args);
        sandbox = new SchedulerSandbox(profile, SEED);
        plugin = Objects.requireNonNull(created.plugin);
        handle = Objects.requireNonNull(created.handle);
        facts.nodes().forEach(sandbox::put);
        facts.running().forEach(sandbox::put);
        facts.others().forEach(sandbox::put);
    }

    /** Catches a plugin while a profile makes it. */
    private static final class Created {
        @Nullable Plugin plugin;

        @Nullable Handle handle;

        Plugin keep(Plugin made, Handle handed) {
            plugin = made;
            handle = handed;
            return made;
        }
    }

    /**
     * What must be known to configure a plugin, and only an instance tells.
     *
     * @param sorts whether it orders the queue, which only one plugin of a profile does
     */
    record Kind(String name, boolean sorts) {}

    static Kind kind(PluginFactory factory, JsonNode args) {
        Created created = new Created();
        PluginFactory sort = factory("PrioritySort");
        Profile profile = bare().with("PrioritySort", 1, (none, handle) -> {
            created.keep(factory.create(args, handle), handle);
            return sort.create(none, handle);
        });
        new SchedulerSandbox(profile, SEED);
        Plugin made = Objects.requireNonNull(created.plugin);
        return new Kind(made.name(), made instanceof QueueSortPlugin);
    }

    /** What no profile does without. */
    private static Profile bare() {
        return Profile.bare(Profile.DEFAULT_SCHEDULER_NAME)
                .with("PrioritySort", 1, factory("PrioritySort"))
                .with("DefaultBinder", 1, factory("DefaultBinder"));
    }

    private static PluginFactory factory(String name) {
        return DefaultPlugins.all().stream()
                .filter(each -> each.name().equals(name))
                .findFirst()
                .orElseThrow()
                .factory();
    }

    Plugin plugin() {
        return plugin;
    }

    SchedulerSandbox sandbox() {
        return sandbox;
    }

    void put(HasMetadata object) {
        sandbox.put(object);
    }

    void remove(HasMetadata object) {
        sandbox.remove(object);
    }

    /** The nodes as they are now. */
    List<NodeInfo> nodes() {
        sandbox.nodes(); // brings the snapshot up to date
        return handle.snapshot().nodes();
    }

    @Nullable NodeInfo node(Node node) {
        String name = node.getMetadata().getName();
        return nodes().stream()
                .filter(each -> each.name().equals(name))
                .findFirst()
                .orElse(null);
    }

    /** Begins a cycle for a pod, in the cluster as it is now. */
    Asked ask(Pod pod) {
        return new Asked(PodInfo.of(pod));
    }

    /** One cycle: what the plugin says of a pod. */
    final class Asked {
        final PodInfo pod;
        final CycleState state = new CycleState();
        private final List<NodeInfo> nodes;
        private final @Nullable Status heldBack;
        final PreFilterPlugin.Result preFilter;

        Asked(PodInfo pod) {
            this.pod = pod;
            this.nodes = nodes();
            Status enqueue = plugin instanceof PreEnqueuePlugin enqueuing
                    ? answered("PreEnqueue", enqueuing.preEnqueue(pod))
                    : Status.success();
            this.heldBack = enqueue.isSuccess() ? null : enqueue;
            this.preFilter = plugin instanceof PreFilterPlugin preFiltering
                    ? preFiltering.preFilter(state, pod, nodes)
                    : PreFilterPlugin.Result.success();
            answered("PreFilter", preFilter.status());
        }

        /** What the plugin says of a node, by all of its means. */
        Status verdict(NodeInfo node) {
            return verdict(state, node);
        }

        Status verdict(CycleState cycle, NodeInfo node) {
            if (heldBack != null) {
                return heldBack;
            }
            if (preFilter.status().isRejected()) {
                return preFilter.status();
            }
            if (preFilter.nodeNames() != null && !preFilter.nodeNames().contains(node.name())) {
                return Status.unresolvable("not among the nodes that PreFilter names");
            }
            if (preFilter.status().isSkip() || !(plugin instanceof FilterPlugin filtering)) {
                return Status.success();
            }
            Status status = answered("Filter", filtering.filter(cycle, pod, node));
            if (status.isSkip()) {
                throw new AssertionError("Filter says Skip of " + node + ", which only PreFilter may");
            }
            return status;
        }

        /** What it says of nodes, in their order. */
        Map<String, Status> verdicts(List<NodeInfo> of) {
            Map<String, Status> all = new LinkedHashMap<>();
            of.forEach(node -> all.put(node.name(), verdict(node)));
            return all;
        }

        Map<String, Status> verdicts() {
            return verdicts(nodes);
        }

        List<NodeInfo> feasible() {
            return nodes.stream().filter(node -> verdict(node).isSuccess()).toList();
        }

        /** Scores nodes; null if there is nothing to score. */
        @Nullable Scored score(List<NodeInfo> of) {
            if (!(plugin instanceof ScorePlugin scoring) || of.isEmpty()) {
                return null;
            }
            if (plugin instanceof PreScorePlugin preScoring) {
                Status status = preScoring.preScore(state, pod, of);
                if (status.isSkip()) {
                    return null;
                }
                if (!status.isSuccess()) {
                    throw new AssertionError("PreScore says " + status.code() + ": " + status.message());
                }
            }
            long[] raw = new long[of.size()];
            for (int i = 0; i < raw.length; i++) {
                raw[i] = scoring.score(state, pod, of.get(i));
            }
            long[] normalized = raw.clone();
            scoring.normalize(state, pod, of, normalized);
            return new Scored(byName(of, raw), byName(of, normalized));
        }

        private static Map<String, Long> byName(List<NodeInfo> nodes, long[] scores) {
            Map<String, Long> all = new LinkedHashMap<>();
            for (int i = 0; i < scores.length; i++) {
                all.put(nodes.get(i).name(), scores[i]);
            }
            return all;
        }
    }

    /** Scores by node. */
    record Scored(Map<String, Long> raw, Map<String, Long> normalized) {}

    /** All that the plugin says of a pod: a text to compare. */
    String answers(Pod pod) {
        Asked asked = ask(pod);
        List<String> lines = new ArrayList<>();
        asked.verdicts().forEach((node, status) -> lines.add(node + ": " + said(status)));
        lines.add("scores: " + asked.score(asked.feasible()));
        return String.join("\n", lines);
    }

    static String said(Status status) {
        return status.isSuccess() ? "yes" : status.code() + " " + status.reasons();
    }

    private static Status answered(String point, Status status) {
        if (status.code() == Status.Code.ERROR || status.code() == Status.Code.WAIT) {
            throw new AssertionError(point + " says " + status.code() + ": " + status.message());
        }
        return status;
    }
}

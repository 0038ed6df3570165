package dev.amphora.scheduler;

import dev.amphora.scheduler.framework.CycleState;
import dev.amphora.scheduler.framework.FilterPlugin;
import dev.amphora.scheduler.framework.NodeInfo;
import dev.amphora.scheduler.framework.NodeSnapshot;
import dev.amphora.scheduler.framework.PodInfo;
import dev.amphora.scheduler.framework.PostFilterPlugin;
import dev.amphora.scheduler.framework.PreEnqueuePlugin;
import dev.amphora.scheduler.framework.PreFilterPlugin;
import dev.amphora.scheduler.framework.Status;
import dev.amphora.scheduler.plugins.DefaultPreemption;
import dev.amphora.scheduler.plugins.PreemptionPlan;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Asks every plugin about a pod and every node, one by one and without any short cut, and changes nothing. Works on the snapshot as it
 * stands; belongs to the scheduler's actor.
 */
final class Explainer {
    private final Framework framework;
    private final PodInfo pod;
    private final CycleState state = new CycleState();
    private final Map<String, Map<String, Status>> filter = new LinkedHashMap<>();
    private final Map<String, Status> withNominated = new LinkedHashMap<>();
    private final List<NodeInfo> feasible = new ArrayList<>();
    private final List<Explanation.Scores> scores = new ArrayList<>();
    private final Diagnosis diagnosis = new Diagnosis();
    private Explanation.PreFilter preFilter = Explanation.PreFilter.NONE;
    private long[] total = new long[0];
    private @Nullable String message;
    private @Nullable PreemptionPlan preemption;
    private PostFilterPlugin.@Nullable Result postFilter;

    private Explainer(Framework framework, PodInfo pod) {
        this.framework = framework;
        this.pod = pod;
    }

    static Explanation explain(Framework framework, PodInfo pod) {
        Explainer explainer = new Explainer(framework, pod);
        List<Status> heldBack = explainer.heldBack();
        Status error = heldBack.isEmpty() ? explainer.run() : null;
        return explainer.result(heldBack, error);
    }

    private List<Status> heldBack() {
        List<Status> refusals = new ArrayList<>();
        for (PreEnqueuePlugin plugin : framework.preEnqueuePlugins()) {
            Status status = plugin.preEnqueue(pod);
            if (!status.isSuccess()) {
                refusals.add(status.withPlugin(plugin.name()));
            }
        }
        return refusals;
    }

    /** Works everything out; what it returns is what is broken. */
    private @Nullable Status run() {
        NodeSnapshot snapshot = framework.snapshot();
        Framework.PreFilterOutcome outcome = preFilter(snapshot);
        if (snapshot.nodes().isEmpty()) {
            return Status.unresolvable("no nodes available to schedule pods");
        }
        if (!outcome.status().isSuccess()) {
            if (!outcome.status().isRejected()) {
                return outcome.status();
            }
            diagnosis.nodes.setAbsent(outcome.status());
            diagnosis.preFilterMessage = outcome.status().message();
            diagnosis.unschedulablePlugins.addAll(outcome.narrowing());
            diagnosis.blame(outcome.status());
            giveUp(snapshot);
            return null;
        }
        List<NodeInfo> nodes = snapshot.nodes();
        if (outcome.nodeNames() != null) {
            nodes = nodes.stream()
                    .filter(node -> outcome.nodeNames().contains(node.name()))
                    .toList();
            diagnosis.unschedulablePlugins.addAll(outcome.narrowing());
            diagnosis.nodes.setAbsent(Status.unresolvable(
                    "node(s) didn't satisfy plugin(s) [" + String.join(" ", outcome.narrowing()) + "]"));
        }
        Status error = filter(nodes);
        if (error == null) {
            error = askExtenders();
        }
        if (error != null) {
            return error;
        }
        if (feasible.isEmpty()) {
            giveUp(snapshot);
            return null;
        }
        return score();
    }

    private Framework.PreFilterOutcome preFilter(NodeSnapshot snapshot) {
        List<String> ran = new ArrayList<>();
        List<Status> rejecting = new ArrayList<>();
        Map<String, Set<String>> names = new TreeMap<>();
        CycleState alone = new CycleState();
        for (PreFilterPlugin plugin : framework.preFilterPlugins()) {
            PreFilterPlugin.Result result = Framework.runPreFilter(plugin, alone, pod, snapshot.nodes());
            if (result.status().isSuccess()) {
                ran.add(plugin.name());
                if (result.nodeNames() != null) {
                    names.put(plugin.name(), result.nodeNames());
                }
            } else if (!result.status().isSkip()) {
                rejecting.add(result.status().withPlugin(plugin.name()));
            }
        }
        Framework.PreFilterOutcome outcome = framework.runPreFilter(state, pod);
        Set<String> narrowed = null;
        for (Set<String> each : names.values()) {
            if (narrowed == null) {
                narrowed = new TreeSet<>(each);
            } else {
                narrowed.retainAll(each);
            }
        }
        List<String> left = null;
        if (narrowed != null) {
            left = new ArrayList<>();
            for (NodeInfo node : snapshot.nodes()) {
                if (narrowed.contains(node.name())) {
                    left.add(node.name());
                }
            }
        }
        preFilter = new Explanation.PreFilter(ran, rejecting, names, left, outcome.status());
        return outcome;
    }

    private @Nullable Status filter(List<NodeInfo> nodes) {
        List<FilterPlugin> plugins = framework.filterPlugins();
        Map<String, Status> first = new LinkedHashMap<>();
        for (int i = 0; i < plugins.size(); i++) {
            FilterPlugin plugin = plugins.get(i);
            if (framework.skipsFilter(state, i)) {
                continue;
            }
            Map<String, Status> refusals = new LinkedHashMap<>();
            for (NodeInfo node : nodes) {
                Status status = framework.runFilter(state, pod, node, i);
                if (!status.isSuccess()) {
                    refusals.put(node.name(), status);
                    first.putIfAbsent(node.name(), status);
                }
            }
            if (!refusals.isEmpty()) {
                filter.put(plugin.name(), refusals);
            }
        }
        for (NodeInfo node : nodes) {
            Status status = first.get(node.name());
            Status counted = framework.filterWithNominatedPods(state, pod, node);
            if (!counted.isSuccess() && !counted.equals(status)) {
                withNominated.put(node.name(), counted);
            }
            if (counted.isSuccess()) {
                feasible.add(node);
            } else if (counted.isRejected()) {
                diagnosis.nodes.put(node.name(), counted);
                diagnosis.blame(counted);
            } else {
                return counted;
            }
        }
        return null;
    }

    /** What extenders say of nodes stands with what plugins say, under their names. */
    private @Nullable Status askExtenders() {
        if (feasible.isEmpty() || !framework.askedExtenders().filter()) {
            return null;
        }
        Extenders.Filtered answer = framework.askedExtenders().filter(pod, feasible, (extender, asked, left, said) -> {
            Map<String, Status> refusals = new LinkedHashMap<>();
            for (NodeInfo node : asked) {
                if (!left.contains(node)) {
                    Status silent = Status.unresolvable().withPlugin(extender.name());
                    refusals.put(node.name(), said.getOrDefault(node.name(), silent));
                }
            }
            if (!refusals.isEmpty()) {
                filter.computeIfAbsent(extender.name(), name -> new LinkedHashMap<>())
                        .putAll(refusals);
            }
        });
        if (answer.error() != null) {
            return answer.error();
        }
        if (answer.nodes().size() != feasible.size()) {
            diagnosis.unschedulablePlugins.add(Extenders.NAME);
        }
        diagnosis.nodes.putAll(answer.refusals());
        feasible.clear();
        feasible.addAll(answer.nodes());
        return null;
    }

    private @Nullable Status score() {
        Status status = framework.runPreScore(state, pod, feasible);
        if (!status.isSuccess()) {
            return status;
        }
        total = new long[feasible.size()];
        status = framework.runScore(
                state,
                pod,
                feasible,
                total,
                (plugin, raw, normalized) -> scores.add(new Explanation.Scores(
                        plugin.name(), framework.weight(plugin.name()), listOf(raw), listOf(normalized))));
        if (!status.isSuccess()) {
            return status;
        }
        framework.askedExtenders().prioritize(pod, feasible, total, (extender, priorities) -> {
            List<Long> raw = listOf(priorities);
            scores.add(new Explanation.Scores(
                    extender.name(),
                    Math.toIntExact(extender.weight()),
                    raw,
                    raw.stream().map(Extenders::scaled).toList()));
        });
        return null;
    }

    private static List<Long> listOf(long[] numbers) {
        return Arrays.stream(numbers).boxed().toList();
    }

    /** Nothing fits: what follows from that. */
    private void giveUp(NodeSnapshot snapshot) {
        for (PostFilterPlugin plugin : framework.postFilterPlugins()) {
            if (plugin instanceof DefaultPreemption preempting) {
                preemption = preempting.plan(state, pod, diagnosis.nodes);
            }
        }
        PostFilterPlugin.Result result = framework.rehearsePostFilter(state, pod, diagnosis.nodes);
        postFilter = result;
        diagnosis.postFilterMessage = result.status().message();
        message = diagnosis.message(snapshot.nodes().size());
    }

    private Explanation result(List<Status> heldBack, @Nullable Status error) {
        List<String> names = feasible.stream().map(NodeInfo::name).toList();
        List<String> top = new ArrayList<>();
        long max = Arrays.stream(total).max().orElse(0);
        for (int i = 0; i < total.length && error == null; i++) {
            if (total[i] == max) {
                top.add(names.get(i));
            }
        }
        String nominated = pod.nominatedNodeName();
        List<NodeInfo> all = framework.snapshot().nodes();
        return new Explanation(
                heldBack,
                preFilter,
                filter,
                withNominated,
                names,
                List.copyOf(scores),
                listOf(total),
                top,
                names.contains(nominated) ? nominated : null,
                diagnosis.unschedulablePlugins,
                diagnosis.pendingPlugins,
                message,
                preemption,
                postFilter == null ? null : postFilter.nominatedNode(),
                postFilter == null ? null : postFilter.status(),
                error,
                pod.key(),
                all.stream().map(NodeInfo::name).toList(),
                PodScheduling.numFeasibleNodesToFind(framework.percentageOfNodesToScore(), all.size()));
    }
}

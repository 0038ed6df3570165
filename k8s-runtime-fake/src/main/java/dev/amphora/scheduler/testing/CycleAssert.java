package dev.amphora.scheduler.testing;

import dev.amphora.scheduler.Explanation;
import dev.amphora.scheduler.framework.PodInfo;
import dev.amphora.scheduler.framework.Status;
import dev.amphora.scheduler.plugins.PreemptionPlan;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.assertj.core.api.AbstractAssert;
import org.jspecify.annotations.Nullable;

/**
 * Assertions about one scheduling cycle. A failure tells what was found of every node. Each throws {@link AssertionError} and, where the cluster
 * has no such node, {@link IllegalArgumentException}.
 */
public final class CycleAssert extends AbstractAssert<CycleAssert, Cycle> {
    CycleAssert(Cycle actual) {
        super(actual, CycleAssert.class);
    }

    // -- the outcome -------------------------------------------------------------------------------------------------

    /** The pod goes to a node. */
    public CycleAssert choseNode(String node) {
        return choseOneOf(node);
    }

    /** The pod goes to one of these nodes, among which chance decides. */
    public CycleAssert choseOneOf(String... nodes) {
        requireNodes(nodes);
        return check(List.of(nodes).contains(actual.nodeName()), "the pod to go to " + String.join(" or ", nodes));
    }

    /** No node can run the pod. */
    public CycleAssert choseNoNode() {
        return check(actual.nodeName() == null, "no node for the pod");
    }

    /** No node can run the pod, and this is what its user reads, such as {@code 0/3 nodes are available: ...}. */
    public CycleAssert choseNoNode(String message) {
        choseNoNode();
        return check(message.equals(actual.message()), "the message \"" + message + "\"");
    }

    /** A PreEnqueue plugin holds the pod back. */
    public CycleAssert heldBackBy(String plugin) {
        return check(
                actual.explanation().heldBack().stream().anyMatch(status -> plugin.equals(status.plugin())),
                "the pod to be held back by " + plugin);
    }

    /** PostFilter makes room on a node by the eviction of pods, named in any order. */
    public CycleAssert preempts(String node, String... victims) {
        requireNodes(node);
        check(node.equals(actual.nominatedNode()), "room to be made on " + node);
        PreemptionPlan plan = actual.explanation().preemption();
        Set<String> found = new TreeSet<>();
        if (plan != null) {
            for (PreemptionPlan.Option option : plan.options()) {
                if (option.nodeName().equals(node)) {
                    option.victims().stream().map(PodInfo::name).forEach(found::add);
                }
            }
        }
        return check(
                found.equals(new TreeSet<>(List.of(victims))),
                "the victims " + Arrays.toString(victims) + " on " + node + ", not " + found);
    }

    /** The outcome of PostFilter. */
    public CycleAssert postFilter(Status.Code code) {
        Status status = actual.explanation().postFilter();
        return check(
                status != null && status.code() == code,
                "the outcome " + code + " of PostFilter, not "
                        + (status == null ? "that it isn't asked" : status.code() + " \"" + status.message() + "\""));
    }

    // -- verdicts ----------------------------------------------------------------------------------------------------

    /** These nodes can run the pod, and no others. */
    public CycleAssert hasFeasible(String... nodes) {
        requireNodes(nodes);
        return check(
                new TreeSet<>(actual.explanation().feasible()).equals(new TreeSet<>(List.of(nodes))),
                "only these nodes to be feasible: " + Arrays.toString(nodes));
    }

    /** A plugin turns a node down, be it at PreFilter or Filter. Others may as well. */
    public CycleAssert rejected(String plugin, String node) {
        requireNodes(node);
        return check(actual.refusal(plugin, node) != null, plugin + " to turn " + node + " down");
    }

    /** A plugin turns a node down, for these reasons. */
    public CycleAssert rejected(String plugin, String node, String... reasons) {
        rejected(plugin, node);
        Status status = actual.refusal(plugin, node);
        return check(
                status != null && status.reasons().equals(List.of(reasons)),
                plugin + " to turn " + node + " down because of " + Arrays.toString(reasons));
    }

    /** A plugin turns a node down for good: taking pods off it won't help. */
    public CycleAssert rejectedForGood(String plugin, String node) {
        rejected(plugin, node);
        Status status = actual.refusal(plugin, node);
        return check(
                status != null && status.code() == Status.Code.UNSCHEDULABLE_AND_UNRESOLVABLE,
                plugin + " to say " + Status.Code.UNSCHEDULABLE_AND_UNRESOLVABLE + " of " + node);
    }

    /** A plugin has nothing against a node. Others may have. */
    public CycleAssert admitted(String plugin, String node) {
        requireNodes(node);
        return check(actual.refusal(plugin, node) == null, plugin + " to admit " + node);
    }

    // -- scores ------------------------------------------------------------------------------------------------------

    /** What a plugin gives a feasible node, after normalisation: 0 to 100. */
    public CycleAssert scored(String plugin, String node, long score) {
        return compare(plugin + "'s score of " + node, score(plugin, node, Part.NORMALIZED), score);
    }

    /** What a plugin gives a feasible node before normalisation. */
    public CycleAssert scoredRaw(String plugin, String node, long score) {
        return compare(plugin + "'s raw score of " + node, score(plugin, node, Part.RAW), score);
    }

    /** What a plugin adds to a feasible node's total: the normalised score times its weight. */
    public CycleAssert scoredWeighted(String plugin, String node, long score) {
        return compare(plugin + "'s weighted score of " + node, score(plugin, node, Part.WEIGHTED), score);
    }

    /** A plugin has nothing to score for this pod. */
    public CycleAssert didNotScore(String plugin) {
        return check(actual.scores(plugin) == null, plugin + " not to score");
    }

    /** The sum of all weighted scores of a feasible node. */
    public CycleAssert totalled(String node, long total) {
        requireNodes(node);
        int index = actual.explanation().feasible().indexOf(node);
        boolean known = index >= 0 && index < actual.explanation().total().size();
        return compare(
                "the total of " + node, known ? actual.explanation().total().get(index) : null, total);
    }

    private enum Part {
        RAW,
        NORMALIZED,
        WEIGHTED
    }

    private @Nullable Long score(String plugin, String node, Part part) {
        requireNodes(node);
        Explanation.Scores scores = actual.scores(plugin);
        int index = actual.explanation().feasible().indexOf(node);
        if (scores == null || index < 0) {
            return null;
        }
        return switch (part) {
            case RAW -> scores.raw().get(index);
            case NORMALIZED -> scores.normalized().get(index);
            case WEIGHTED -> scores.normalized().get(index) * scores.weight();
        };
    }

    private CycleAssert compare(String what, @Nullable Long found, long wanted) {
        return check(
                found != null && found == wanted,
                what + " to be " + wanted + ", not " + (found == null ? "without a score" : found));
    }

    private CycleAssert check(boolean holds, String wanted) {
        if (!holds) {
            failWithMessage("Expected %s.%nFound: %s", wanted, actual);
        }
        return this;
    }

    private void requireNodes(String... nodes) {
        for (String node : nodes) {
            if (!actual.nodes().contains(node)) {
                throw new IllegalArgumentException("there is no node " + node + " among " + actual.nodes());
            }
        }
    }
}

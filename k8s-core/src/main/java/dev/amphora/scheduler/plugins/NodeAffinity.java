package dev.amphora.scheduler.plugins;

import dev.amphora.scheduler.framework.Actions;
import dev.amphora.scheduler.framework.CycleState;
import dev.amphora.scheduler.framework.EnqueueExtensions;
import dev.amphora.scheduler.framework.EventResource;
import dev.amphora.scheduler.framework.EventToRegister;
import dev.amphora.scheduler.framework.FilterPlugin;
import dev.amphora.scheduler.framework.Handle;
import dev.amphora.scheduler.framework.NodeInfo;
import dev.amphora.scheduler.framework.NodeLocal;
import dev.amphora.scheduler.framework.NodeMatcher;
import dev.amphora.scheduler.framework.PodInfo;
import dev.amphora.scheduler.framework.PreFilterPlugin;
import dev.amphora.scheduler.framework.PreScorePlugin;
import dev.amphora.scheduler.framework.QueueingHint.Answer;
import dev.amphora.scheduler.framework.ScorePlugin;
import dev.amphora.scheduler.framework.Status;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.NodeSelector;
import io.fabric8.kubernetes.api.model.NodeSelectorRequirement;
import io.fabric8.kubernetes.api.model.NodeSelectorTerm;
import io.fabric8.kubernetes.api.model.PreferredSchedulingTerm;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** Holds pods to the nodes that their node selector and required node affinity mean, and follows their preferences. */
public final class NodeAffinity
        implements NodeLocal, PreFilterPlugin, FilterPlugin, PreScorePlugin, ScorePlugin, EnqueueExtensions {
    private static final Status NO_MATCH = Status.unresolvable("node(s) didn't match Pod's node affinity/selector")
            .withPlugin("NodeAffinity");
    private static final Status NO_ADDED_MATCH = Status.unresolvable(
                    "node(s) didn't match scheduler-enforced node affinity")
            .withPlugin("NodeAffinity");
    private static final CycleState.Key<Preferences> PREFERENCES = new CycleState.Key<>(Preferences.class);

    private final @Nullable NodeMatcher addedRequired;
    private final Preferences addedPreferred;

    /**
     * The plugin's arguments.
     *
     * @param addedAffinity what every pod of the profile must and should meet besides its own affinity, null for nothing
     */
    public record Args(io.fabric8.kubernetes.api.model.@Nullable NodeAffinity addedAffinity) {}

    private record Preference(NodeMatcher nodes, int weight) {}

    private record Preferences(List<Preference> terms) implements CycleState.State {
        static Preferences of(io.fabric8.kubernetes.api.model.@Nullable NodeAffinity affinity) {
            List<Preference> terms = new ArrayList<>();
            if (affinity != null) {
                for (PreferredSchedulingTerm term : affinity.getPreferredDuringSchedulingIgnoredDuringExecution()) {
                    NodeMatcher nodes = NodeMatcher.of(term.getPreference());
                    if (!nodes.isEmpty() && term.getWeight() != null && term.getWeight() != 0) {
                        terms.add(new Preference(nodes, term.getWeight()));
                    }
                }
            }
            return new Preferences(terms);
        }

        long score(NodeInfo node) {
            long score = 0;
            for (int i = 0; i < terms.size(); i++) {
                Preference term = terms.get(i);
                if (term.nodes.matches(node.labels(), node.name())) {
                    score += term.weight;
                }
            }
            return score;
        }

        @Override
        public Preferences copy() {
            return this;
        }
    }

    /**
     * The plugin for a profile.
     *
     * @param args its arguments
     * @param handle not used
     */
    public NodeAffinity(Args args, Handle handle) {
        io.fabric8.kubernetes.api.model.NodeAffinity added = args.addedAffinity();
        NodeSelector required = added == null ? null : added.getRequiredDuringSchedulingIgnoredDuringExecution();
        this.addedRequired = required == null ? null : NodeMatcher.of(required);
        this.addedPreferred = Preferences.of(added);
    }

    @Override
    public Result preFilter(CycleState state, PodInfo pod, List<NodeInfo> nodes) {
        if (addedRequired == null && !pod.selectsNodes()) {
            return Result.skip();
        }
        NodeSelector required = required(pod);
        if (required == null || required.getNodeSelectorTerms().isEmpty()) {
            return Result.success();
        }
        Set<String> names = new TreeSet<>();
        for (NodeSelectorTerm term : required.getNodeSelectorTerms()) {
            Set<String> ofTerm = null;
            for (NodeSelectorRequirement field : term.getMatchFields()) {
                if ("metadata.name".equals(field.getKey()) && "In".equals(field.getOperator())) {
                    if (ofTerm == null) {
                        ofTerm = new TreeSet<>(field.getValues());
                    } else {
                        ofTerm.retainAll(field.getValues());
                    }
                }
            }
            if (ofTerm == null) {
                return Result.success();
            }
            names.addAll(ofTerm);
        }
        return names.isEmpty() ? Result.of(Status.unresolvable("pod affinity terms conflict")) : Result.only(names);
    }

    private static @Nullable NodeSelector required(PodInfo pod) {
        io.fabric8.kubernetes.api.model.NodeAffinity affinity = own(pod);
        return affinity == null ? null : affinity.getRequiredDuringSchedulingIgnoredDuringExecution();
    }

    private static io.fabric8.kubernetes.api.model.@Nullable NodeAffinity own(PodInfo pod) {
        return pod.spec().getAffinity() == null
                ? null
                : pod.spec().getAffinity().getNodeAffinity();
    }

    @Override
    public Status filter(CycleState state, PodInfo pod, NodeInfo node) {
        if (addedRequired != null && !addedRequired.matches(node.labels(), node.name())) {
            return NO_ADDED_MATCH;
        }
        return pod.matchesNode(node) ? Status.success() : NO_MATCH;
    }

    @Override
    public Status preScore(CycleState state, PodInfo pod, List<NodeInfo> nodes) {
        io.fabric8.kubernetes.api.model.NodeAffinity affinity = own(pod);
        boolean none = affinity == null
                || affinity.getPreferredDuringSchedulingIgnoredDuringExecution().isEmpty();
        if (none && addedPreferred.terms.isEmpty()) {
            return Status.skip();
        }
        Preferences preferences = Preferences.of(affinity);
        for (int i = 0; i < preferences.terms.size(); i++) {
            String error = preferences.terms.get(i).nodes.error();
            if (error != null) {
                return Status.error("[" + i + "]." + error);
            }
        }
        state.put(PREFERENCES, preferences);
        return Status.success();
    }

    @Override
    public long score(CycleState state, PodInfo pod, NodeInfo node) {
        return addedPreferred.score(node) + state.require(PREFERENCES).score(node);
    }

    @Override
    public void normalize(CycleState state, PodInfo pod, List<NodeInfo> nodes, long[] scores) {
        ScorePlugin.stretch(scores, false);
    }

    @Override
    public List<EventToRegister> eventsToRegister() {
        return List.of(EventToRegister.judged(
                EventResource.NODE, Actions.ADD | Actions.UPDATE_NODE_LABEL, this::afterNodeChange));
    }

    private Answer afterNodeChange(PodInfo pod, @Nullable HasMetadata before, @Nullable HasMetadata after) {
        NodeInfo old = Hints.node(before);
        NodeInfo now = Hints.node(after);
        if (now == null || !fits(pod, now)) {
            String error = now == null || (addedRequired != null && !addedRequired.matches(now.labels(), now.name()))
                    ? null
                    : pod.nodeAffinityError();
            if (error != null) {
                throw new IllegalStateException(error);
            }
            return Answer.SKIP;
        }
        return Answer.queueIf(old == null || !fits(pod, old));
    }

    private boolean fits(PodInfo pod, NodeInfo node) {
        return (addedRequired == null || addedRequired.matches(node.labels(), node.name())) && pod.matchesNode(node);
    }
}

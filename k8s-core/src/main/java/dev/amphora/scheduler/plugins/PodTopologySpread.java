package dev.amphora.scheduler.plugins;

import dev.amphora.scheduler.framework.Actions;
import dev.amphora.scheduler.framework.ColumnScorePlugin;
import dev.amphora.scheduler.framework.CycleState;
import dev.amphora.scheduler.framework.DomainChanges;
import dev.amphora.scheduler.framework.DomainLocal;
import dev.amphora.scheduler.framework.EnqueueExtensions;
import dev.amphora.scheduler.framework.EventResource;
import dev.amphora.scheduler.framework.EventToRegister;
import dev.amphora.scheduler.framework.FilterPlugin;
import dev.amphora.scheduler.framework.Handle;
import dev.amphora.scheduler.framework.NodeInfo;
import dev.amphora.scheduler.framework.NodeSelection;
import dev.amphora.scheduler.framework.PodChanges;
import dev.amphora.scheduler.framework.PodInfo;
import dev.amphora.scheduler.framework.PreFilterPlugin;
import dev.amphora.scheduler.framework.PreScorePlugin;
import dev.amphora.scheduler.framework.QueueingHint.Answer;
import dev.amphora.scheduler.framework.Status;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.TopologySpreadConstraint;
import io.fabric8.kubernetes.api.model.TopologySpreadConstraintBuilder;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Spreads pods over failure domains (KEP-895), by their own constraints or by those of the profile. */
public final class PodTopologySpread
        implements DomainLocal, PreFilterPlugin, FilterPlugin, PreScorePlugin, ColumnScorePlugin, EnqueueExtensions {
    private static final String HOSTNAME = "kubernetes.io/hostname";
    private static final String ZONE = "topology.kubernetes.io/zone";
    private static final Status LABEL_MISSING = Status.unresolvable(
                    "node(s) didn't match pod topology spread constraints (missing required label)")
            .withPlugin("PodTopologySpread");
    private static final Status SKEWED = Status.unschedulable("node(s) didn't match pod topology spread constraints")
            .withPlugin("PodTopologySpread");
    private static final CycleState.Key<Counts> COUNTS = new CycleState.Key<>(Counts.class);
    private static final CycleState.Key<Scoring> SCORING = new CycleState.Key<>(Scoring.class);
    private static final List<TopologySpreadConstraint> SYSTEM_DEFAULTS =
            List.of(systemDefault(HOSTNAME, 3), systemDefault(ZONE, 5));

    private final Handle handle;
    private final SpreadDefaults defaults;
    private final boolean systemDefaulted;

    /**
     * The plugin's arguments.
     *
     * @param defaultConstraints for pods without any, if {@code defaultingType} is {@code List}
     * @param defaultingType {@code System} or {@code List}; null for {@code System}
     */
    public record Args(@Nullable List<TopologySpreadConstraint> defaultConstraints, @Nullable String defaultingType) {
        /** These, with the reference's values for what isn't given. */
        Args defaulted() {
            return new Args(defaultConstraints, defaultingType == null ? "System" : defaultingType);
        }
    }

    private static TopologySpreadConstraint systemDefault(String key, int maxSkew) {
        return new TopologySpreadConstraintBuilder()
                .withTopologyKey(key)
                .withMaxSkew(maxSkew)
                .withWhenUnsatisfiable(SpreadConstraint.SOFT)
                .build();
    }

    /** The plugin for a profile. */
    public PodTopologySpread(Args args, Handle handle) {
        this.handle = handle;
        this.systemDefaulted = !"List".equals(args.defaultingType());
        List<TopologySpreadConstraint> listed =
                args.defaultConstraints() == null ? List.of() : args.defaultConstraints();
        this.defaults = new SpreadDefaults(systemDefaulted ? SYSTEM_DEFAULTS : listed, handle);
    }

    private List<SpreadConstraint> constraints(PodInfo pod, String action) {
        List<TopologySpreadConstraint> own = pod.spec().getTopologySpreadConstraints();
        return own.isEmpty() ? defaults.of(pod, action) : SpreadConstraint.of(pod, own, action);
    }

    /** How many pods count in each domain of each hard constraint. */
    private static final class Counts implements CycleState.State {
        final List<SpreadConstraint> constraints;
        final List<DomainCounts> domains;
        /** Null in a dry run. */
        @Nullable DomainChanges changes = new DomainChanges();

        Counts(List<SpreadConstraint> constraints) {
            this.constraints = constraints;
            this.domains = new ArrayList<>(constraints.size());
            constraints.forEach(each -> domains.add(new DomainCounts()));
        }

        private Counts(Counts counts) {
            this.constraints = counts.constraints;
            this.domains = counts.domains.stream().map(DomainCounts::copy).toList();
            this.changes = null;
        }

        /** What the emptiest domain has. */
        int min(int index) {
            DomainCounts counts = domains.get(index);
            return counts.size() < constraints.get(index).minDomains() ? 0 : counts.min();
        }

        void add(int index, String domain, int delta) {
            int before = min(index);
            domains.get(index).add(domain, delta);
            if (changes != null) {
                if (min(index) == before) {
                    changes.add(constraints.get(index).topologyKey(), domain);
                } else {
                    // how full a domain may be follows from the emptiest
                    changes = new DomainChanges();
                }
            }
        }

        @Override
        public Counts copy() {
            return new Counts(this);
        }
    }

    @Override
    public Result preFilter(CycleState state, PodInfo pod, List<NodeInfo> nodes) {
        List<SpreadConstraint> hard = constraints(pod, SpreadConstraint.HARD);
        if (hard.isEmpty()) {
            return Result.skip();
        }
        Counts counts = counts(state, pod, nodes, hard);
        state.put(COUNTS, counts);
        return Result.success();
    }

    /** Counts the pods in each domain, or brings an earlier count for a pod like this one up to date. */
    private static Counts counts(CycleState state, PodInfo pod, List<NodeInfo> nodes, List<SpreadConstraint> hard) {
        PodChanges kept = state.get(PodChanges.KEY);
        PodChanges.Update<Counts> update = kept == null ? null : kept.take(Counts.class);
        if (kept != null && update != null && update.value().constraints.equals(hard)) {
            Counts counts = update.value();
            for (PodChanges.Change change : update.changes()) {
                for (int i = 0; i < hard.size(); i++) {
                    SpreadConstraint constraint = hard.get(i);
                    if (constraint.counts(pod, change.pod())
                            && SpreadConstraint.allApply(hard, change.node().labels())
                            && constraint.counts(pod, change.node())) {
                        counts.add(i, domain(change.node(), constraint.topologyKey()), change.delta());
                    }
                }
            }
            kept.keep(Counts.class, counts);
            return counts;
        }
        Counts counts = new Counts(hard);
        for (int n = 0; n < nodes.size(); n++) {
            NodeInfo node = nodes.get(n);
            if (!SpreadConstraint.allApply(hard, node.labels())) {
                continue;
            }
            for (int i = 0; i < hard.size(); i++) {
                SpreadConstraint constraint = hard.get(i);
                if (constraint.counts(pod, node)) {
                    counts.add(i, domain(node, constraint.topologyKey()), constraint.count(pod, node));
                }
            }
        }
        if (kept != null) {
            kept.keep(Counts.class, counts);
        }
        return counts;
    }

    @Override
    public boolean tracksPods() {
        return true;
    }

    @Override
    public Status addPod(CycleState state, PodInfo pod, PodInfo added, NodeInfo node) {
        return track(state, pod, added, node, 1);
    }

    @Override
    public Status removePod(CycleState state, PodInfo pod, PodInfo removed, NodeInfo node) {
        return track(state, pod, removed, node, -1);
    }

    private static Status track(CycleState state, PodInfo pod, PodInfo other, NodeInfo node, int delta) {
        Counts counts = state.require(COUNTS);
        if (other.namespace().equals(pod.namespace()) && SpreadConstraint.allApply(counts.constraints, node.labels())) {
            for (int i = 0; i < counts.constraints.size(); i++) {
                SpreadConstraint constraint = counts.constraints.get(i);
                if (constraint.selector().matches(other.labels()) && constraint.counts(pod, node)) {
                    counts.add(i, domain(node, constraint.topologyKey()), delta);
                }
            }
        }
        return Status.success();
    }

    @Override
    public Status filter(CycleState state, PodInfo pod, NodeInfo node) {
        Counts counts = state.require(COUNTS);
        for (int i = 0; i < counts.constraints.size(); i++) {
            SpreadConstraint constraint = counts.constraints.get(i);
            String domain = node.labels().get(constraint.topologyKey());
            if (domain == null) {
                return LABEL_MISSING;
            }
            int self = constraint.selector().matches(pod.labels()) ? 1 : 0;
            int matching = counts.domains.get(i).get(domain);
            if ((long) matching + self - counts.min(i) > constraint.maxSkew()) {
                return SKEWED;
            }
        }
        return Status.success();
    }

    @Override
    public List<String> filterKeys(CycleState state, PodInfo pod) {
        return state.require(COUNTS).constraints.stream()
                .map(SpreadConstraint::topologyKey)
                .distinct()
                .toList();
    }

    @Override
    public @Nullable DomainChanges filterChanges(CycleState state, PodInfo pod) {
        return state.require(COUNTS).changes;
    }

    /** What the soft constraints score by. */
    private static final class Scoring implements CycleState.State {
        final List<SpreadConstraint> constraints;
        final List<Map<String, Integer>> domains = new ArrayList<>();
        final double[] weights;
        final Set<String> ignored = new HashSet<>();

        Scoring(List<SpreadConstraint> constraints) {
            this.constraints = constraints;
            this.weights = new double[constraints.size()];
            for (int i = 0; i < constraints.size(); i++) {
                domains.add(new HashMap<>());
            }
        }

        @Override
        public Scoring copy() {
            return this;
        }
    }

    @Override
    public Status preScore(CycleState state, PodInfo pod, List<NodeInfo> nodes) {
        List<SpreadConstraint> soft = constraints(pod, SpreadConstraint.SOFT);
        if (soft.isEmpty()) {
            return Status.skip();
        }
        boolean needsAll = !pod.spec().getTopologySpreadConstraints().isEmpty() || !systemDefaulted;
        PodChanges kept = state.get(PodChanges.KEY);
        if (kept != null && nodes instanceof NodeSelection selection) {
            SpreadScores scores = SpreadScores.of(kept, pod, soft, needsAll, selection, handle.snapshot());
            scores.begin(selection);
            state.put(SpreadScores.KEY, scores);
            return Status.success();
        }
        Scoring scoring = new Scoring(soft);
        for (int n = 0; n < nodes.size(); n++) {
            NodeInfo node = nodes.get(n);
            if (needsAll && !SpreadConstraint.allApply(soft, node.labels())) {
                scoring.ignored.add(node.name());
                continue;
            }
            for (int i = 0; i < soft.size(); i++) {
                if (!soft.get(i).isByHost()) {
                    scoring.domains.get(i).putIfAbsent(domain(node, soft.get(i).topologyKey()), 0);
                }
            }
        }
        for (int i = 0; i < soft.size(); i++) {
            int size = soft.get(i).isByHost()
                    ? nodes.size() - scoring.ignored.size()
                    : scoring.domains.get(i).size();
            scoring.weights[i] = Math.log(size + 2.0);
        }
        countSoft(scoring, pod, needsAll);
        state.put(SCORING, scoring);
        return Status.success();
    }

    /** Counts the pods in each domain that a feasible node is in; those on nodes are counted where nodes are scored. */
    private void countSoft(Scoring scoring, PodInfo pod, boolean needsAll) {
        for (NodeInfo node : handle.snapshot().nodes()) {
            if (needsAll && !SpreadConstraint.allApply(scoring.constraints, node.labels())) {
                continue;
            }
            for (int i = 0; i < scoring.constraints.size(); i++) {
                SpreadConstraint constraint = scoring.constraints.get(i);
                if (!constraint.isByHost() && constraint.counts(pod, node)) {
                    int count = constraint.count(pod, node);
                    scoring.domains
                            .get(i)
                            .computeIfPresent(domain(node, constraint.topologyKey()), (domain, sum) -> sum + count);
                }
            }
        }
    }

    private static String domain(NodeInfo node, String key) {
        String value = node.labels().get(key);
        return value == null ? "" : value;
    }

    @Override
    public void scoreAll(CycleState state, PodInfo pod, NodeSelection nodes, long[] scores) {
        SpreadScores known = state.require(SpreadScores.KEY);
        for (int n = 0; n < scores.length; n++) {
            scores[n] = known.score(nodes.place(n));
        }
    }

    @Override
    public long score(CycleState state, PodInfo pod, NodeInfo node) {
        SpreadScores known = state.get(SpreadScores.KEY);
        if (known != null) {
            return known.score(handle.snapshot().indexOf(node.name()));
        }
        Scoring scoring = state.require(SCORING);
        if (scoring.ignored.contains(node.name())) {
            return 0;
        }
        double score = 0;
        for (int i = 0; i < scoring.constraints.size(); i++) {
            SpreadConstraint constraint = scoring.constraints.get(i);
            String domain = node.labels().get(constraint.topologyKey());
            if (domain != null) {
                int count = constraint.isByHost()
                        ? constraint.count(pod, node)
                        : scoring.domains.get(i).getOrDefault(domain, 0);
                score += count * scoring.weights[i] + (constraint.maxSkew() - 1);
            }
        }
        return Math.round(score);
    }

    @Override
    public void normalize(CycleState state, PodInfo pod, List<NodeInfo> nodes, long[] scores) {
        BitSet ignored = ignored(state, nodes);
        long min = Long.MAX_VALUE;
        long max = 0;
        for (int i = 0; i < scores.length; i++) {
            if (!ignored.get(i)) {
                min = Math.min(min, scores[i]);
                max = Math.max(max, scores[i]);
            }
        }
        for (int i = 0; i < scores.length; i++) {
            if (ignored.get(i)) {
                scores[i] = 0;
            } else {
                scores[i] = max == 0 ? MAX_SCORE : MAX_SCORE * (max + min - scores[i]) / max;
            }
        }
    }

    private static BitSet ignored(CycleState state, List<NodeInfo> nodes) {
        BitSet ignored = new BitSet(nodes.size());
        SpreadScores known = state.get(SpreadScores.KEY);
        for (int i = 0; i < nodes.size(); i++) {
            ignored.set(
                    i,
                    known != null && nodes instanceof NodeSelection selection
                            ? known.isIgnored(selection.place(i))
                            : state.require(SCORING)
                                    .ignored
                                    .contains(nodes.get(i).name()));
        }
        return ignored;
    }

    @Override
    public List<EventToRegister> eventsToRegister() {
        return List.of(
                EventToRegister.judged(
                        EventResource.POD,
                        Actions.ADD | Actions.DELETE | Actions.UPDATE_POD_LABEL | Actions.UPDATE_POD_TOLERATION,
                        this::afterPodChange),
                EventToRegister.judged(
                        EventResource.NODE,
                        Actions.ADD | Actions.DELETE | Actions.UPDATE_NODE_LABEL | Actions.UPDATE_NODE_TAINT,
                        this::afterNodeChange));
    }

    private Answer afterPodChange(PodInfo pod, @Nullable HasMetadata before, @Nullable HasMetadata after) {
        PodInfo old = Hints.pod(before);
        PodInfo now = Hints.pod(after);
        boolean tolerates = Hints.isSame(pod, after)
                && old != null
                && now != null
                && !old.tolerations().equals(now.tolerations());
        if ((old != null && !isInvolved(old, pod)) || (now != null && !isInvolved(now, pod))) {
            return Answer.SKIP;
        }
        for (SpreadConstraint constraint : constraints(pod, SpreadConstraint.HARD)) {
            boolean counted = old != null && constraint.selector().matches(old.labels());
            boolean counts = now != null && constraint.selector().matches(now.labels());
            if (counted != counts || (tolerates && constraint.honorsTaints())) {
                return Answer.QUEUE;
            }
        }
        return Answer.SKIP;
    }

    /** Whether another pod may count, be it as one that is nominated, or is the pod itself. */
    private static boolean isInvolved(PodInfo other, PodInfo pod) {
        return other.uid().equals(pod.uid())
                || (Hints.hadRoom(other) && other.namespace().equals(pod.namespace()));
    }

    private Answer afterNodeChange(PodInfo pod, @Nullable HasMetadata before, @Nullable HasMetadata after) {
        List<SpreadConstraint> hard = constraints(pod, SpreadConstraint.HARD);
        NodeInfo old = Hints.node(before);
        NodeInfo now = Hints.node(after);
        boolean matched = old != null && SpreadConstraint.allApply(hard, old.labels());
        boolean matches = now != null && SpreadConstraint.allApply(hard, now.labels());
        if (old == null || now == null) {
            return Answer.queueIf(matched || matches);
        }
        return Answer.queueIf(matched != matches
                || (matches && (isElsewhere(hard, old, now) || !old.taints().equals(now.taints()))));
    }

    private static boolean isElsewhere(List<SpreadConstraint> constraints, NodeInfo old, NodeInfo now) {
        for (SpreadConstraint constraint : constraints) {
            if (!domain(old, constraint.topologyKey()).equals(domain(now, constraint.topologyKey()))) {
                return true;
            }
        }
        return false;
    }
}

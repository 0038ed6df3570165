package dev.amphora.scheduler.plugins;

import dev.amphora.scheduler.framework.Actions;
import dev.amphora.scheduler.framework.AffinityTerm;
import dev.amphora.scheduler.framework.ColumnScorePlugin;
import dev.amphora.scheduler.framework.CycleState;
import dev.amphora.scheduler.framework.DomainChanges;
import dev.amphora.scheduler.framework.DomainLocal;
import dev.amphora.scheduler.framework.EnqueueExtensions;
import dev.amphora.scheduler.framework.EventResource;
import dev.amphora.scheduler.framework.EventToRegister;
import dev.amphora.scheduler.framework.FilterPlugin;
import dev.amphora.scheduler.framework.Handle;
import dev.amphora.scheduler.framework.LabelMatcher;
import dev.amphora.scheduler.framework.Lister;
import dev.amphora.scheduler.framework.NodeInfo;
import dev.amphora.scheduler.framework.NodeSelection;
import dev.amphora.scheduler.framework.PodChanges;
import dev.amphora.scheduler.framework.PodInfo;
import dev.amphora.scheduler.framework.PreFilterPlugin;
import dev.amphora.scheduler.framework.PreScorePlugin;
import dev.amphora.scheduler.framework.QueueingHint.Answer;
import dev.amphora.scheduler.framework.Status;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Namespace;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** Places pods near or away from other pods, as they wish themselves and as the others wish. */
public final class InterPodAffinity
        implements DomainLocal, PreFilterPlugin, FilterPlugin, PreScorePlugin, ColumnScorePlugin, EnqueueExtensions {
    private static final Status NO_AFFINITY =
            Status.unresolvable("node(s) didn't match pod affinity rules").withPlugin("InterPodAffinity");
    private static final Status ANTI_AFFINITY =
            Status.unschedulable("node(s) didn't match pod anti-affinity rules").withPlugin("InterPodAffinity");
    private static final Status ANTI_AFFINITY_OF_OTHERS = Status.unschedulable(
                    "node(s) didn't satisfy existing pods anti-affinity rules")
            .withPlugin("InterPodAffinity");
    private static final CycleState.Key<Matches> MATCHES = new CycleState.Key<>(Matches.class);
    private static final int MAX_RESOLVED = 1_000;
    private static final CycleState.Key<Scoring> SCORING = new CycleState.Key<>(Scoring.class);

    private final Handle handle;
    private final Lister<Namespace> namespaces;
    private final int hardPodAffinityWeight;
    private final boolean ignorePreferredTermsOfExistingPods;
    private final Map<AffinityTerm, AffinityTerm> resolvedTerms = new HashMap<>();
    private @Nullable Object resolvedVersion;

    /**
     * The plugin's arguments.
     *
     * @param hardPodAffinityWeight how much the required affinity of running pods counts as a preference for pods that they mean, from
     *     0 to 100; null for 1
     * @param ignorePreferredTermsOfExistingPods whether pods without preferences of their own don't care for those of running pods
     */
    public record Args(@Nullable Integer hardPodAffinityWeight, @Nullable Boolean ignorePreferredTermsOfExistingPods) {
        /** These, with the reference's values for what isn't given. */
        Args defaulted() {
            return new Args(
                    hardPodAffinityWeight == null ? 1 : hardPodAffinityWeight,
                    Boolean.TRUE.equals(ignorePreferredTermsOfExistingPods));
        }
    }

    /** The plugin for a profile. */
    public InterPodAffinity(Args args, Handle handle) {
        this.handle = handle;
        this.namespaces = handle.lister(Namespace.class);
        Args given = args.defaulted();
        this.hardPodAffinityWeight = Objects.requireNonNull(given.hardPodAffinityWeight());
        this.ignorePreferredTermsOfExistingPods = Boolean.TRUE.equals(given.ignorePreferredTermsOfExistingPods());
    }

    // -- terms -------------------------------------------------------------------------------------------------------

    /** The pod's own terms with namespaces in place of namespace selectors. */
    private List<AffinityTerm> resolved(List<AffinityTerm> terms) {
        if (terms.isEmpty()) {
            return terms;
        }
        List<AffinityTerm> resolved = new ArrayList<>(terms.size());
        for (AffinityTerm term : terms) {
            resolved.add(resolved(term));
        }
        return resolved;
    }

    private AffinityTerm resolved(AffinityTerm term) {
        LabelMatcher selector = term.namespaceSelector();
        if (selector.isEverything() || selector.isNothing()) {
            return term;
        }
        Object version = namespaces.version();
        if (!version.equals(resolvedVersion) || resolvedTerms.size() > MAX_RESOLVED) {
            resolvedTerms.clear();
            resolvedVersion = version;
        }
        return resolvedTerms.computeIfAbsent(term, this::resolvedNow);
    }

    private AffinityTerm resolvedNow(AffinityTerm term) {
        LabelMatcher selector = term.namespaceSelector();
        Set<String> names = new TreeSet<>(term.namespaces());
        for (Namespace namespace : namespaces.list(null)) {
            if (selector.matches(labels(namespace))) {
                names.add(namespace.getMetadata().getName());
            }
        }
        return new AffinityTerm(names, LabelMatcher.NOTHING, term.selector(), term.topologyKey(), term.weight());
    }

    private Map<String, String> namespaceLabels(PodInfo pod) {
        Namespace namespace = namespaces.get(null, pod.namespace());
        return namespace == null ? Map.of() : labels(namespace);
    }

    private static Map<String, String> labels(Namespace namespace) {
        Map<String, String> labels = namespace.getMetadata().getLabels();
        return labels == null ? Map.of() : labels;
    }

    private static boolean matchesAll(List<AffinityTerm> terms, PodInfo pod) {
        if (terms.isEmpty()) {
            return false;
        }
        for (int i = 0; i < terms.size(); i++) {
            if (!terms.get(i).matches(pod, Map.of())) {
                return false;
            }
        }
        return true;
    }

    // -- filter ------------------------------------------------------------------------------------------------------

    /** How many running pods match, by topology. */
    private static final class Matches implements CycleState.State {
        final PodInfo pod;
        final Map<String, String> namespaceLabels;
        final List<AffinityTerm> affinity;
        final List<AffinityTerm> antiAffinity;
        TopologyCounts othersAntiAffinity = new TopologyCounts();
        TopologyCounts affinityCounts = new TopologyCounts();
        TopologyCounts antiAffinityCounts = new TopologyCounts();
        /** Null in a dry run. */
        @Nullable DomainChanges changes = new DomainChanges();

        Matches(
                PodInfo pod,
                Map<String, String> namespaceLabels,
                List<AffinityTerm> affinity,
                List<AffinityTerm> antiAffinity) {
            this.pod = pod;
            this.namespaceLabels = namespaceLabels;
            this.affinity = affinity;
            this.antiAffinity = antiAffinity;
        }

        /** Whether this counts for a pod with these terms. */
        boolean isAbout(Map<String, String> labels, List<AffinityTerm> near, List<AffinityTerm> far) {
            return namespaceLabels.equals(labels) && affinity.equals(near) && antiAffinity.equals(far);
        }

        void countOthersAntiAffinity(PodInfo other, NodeInfo node, int delta) {
            List<AffinityTerm> terms = other.requiredAntiAffinity();
            for (int i = 0; i < terms.size(); i++) {
                AffinityTerm term = terms.get(i);
                if (term.matches(pod, namespaceLabels)) {
                    add(othersAntiAffinity, node, term.topologyKey(), delta);
                }
            }
        }

        void countOwn(PodInfo other, NodeInfo node, int delta) {
            if (matchesAll(affinity, other)) {
                boolean wasEmpty = affinityCounts.isEmpty();
                for (int i = 0; i < affinity.size(); i++) {
                    add(affinityCounts, node, affinity.get(i).topologyKey(), delta);
                }
                if (changes != null && wasEmpty != affinityCounts.isEmpty()) {
                    // the first of a group may go anywhere, the next may not
                    changes = new DomainChanges();
                }
            }
            for (int i = 0; i < antiAffinity.size(); i++) {
                AffinityTerm term = antiAffinity.get(i);
                if (term.matches(other, Map.of())) {
                    add(antiAffinityCounts, node, term.topologyKey(), delta);
                }
            }
        }

        private void add(TopologyCounts counts, NodeInfo node, String key, int delta) {
            counts.add(node.labels(), key, delta);
            String value = changes == null ? null : node.labels().get(key);
            if (changes != null && value != null) {
                changes.add(key, value);
            }
        }

        @Override
        public Matches copy() {
            Matches copy = new Matches(pod, namespaceLabels, affinity, antiAffinity);
            copy.othersAntiAffinity = othersAntiAffinity.copy();
            copy.affinityCounts = affinityCounts.copy();
            copy.antiAffinityCounts = antiAffinityCounts.copy();
            copy.changes = null;
            return copy;
        }
    }

    @Override
    public Result preFilter(CycleState state, PodInfo pod, List<NodeInfo> nodes) {
        if (pod.affinityError() != null) {
            return Result.of(Status.unresolvable("parsing pod: " + pod.affinityError()));
        }
        List<NodeInfo> wary = handle.snapshot().nodesWithRequiredAntiAffinityPods();
        boolean own =
                !pod.requiredAffinity().isEmpty() || !pod.requiredAntiAffinity().isEmpty();
        if (!own && wary.isEmpty()) {
            return Result.skip();
        }
        Matches matches = matches(state, pod, nodes, wary, own);
        if (!own && matches.othersAntiAffinity.isEmpty()) {
            return Result.skip();
        }
        state.put(MATCHES, matches);
        return Result.success();
    }

    /** Counts what runs, or brings an earlier count for a pod like this one up to date. */
    private Matches matches(CycleState state, PodInfo pod, List<NodeInfo> nodes, List<NodeInfo> wary, boolean own) {
        Map<String, String> namespaceLabels = namespaceLabels(pod);
        List<AffinityTerm> near = resolved(pod.requiredAffinity());
        List<AffinityTerm> far = resolved(pod.requiredAntiAffinity());
        PodChanges kept = state.get(PodChanges.KEY);
        PodChanges.Update<Matches> update = kept == null ? null : kept.take(Matches.class);
        if (kept != null && update != null && update.value().isAbout(namespaceLabels, near, far)) {
            Matches matches = update.value();
            for (PodChanges.Change change : update.changes()) {
                matches.countOthersAntiAffinity(change.pod(), change.node(), change.delta());
                if (own) {
                    matches.countOwn(change.pod(), change.node(), change.delta());
                }
            }
            kept.keep(Matches.class, matches);
            return matches;
        }
        Matches matches = new Matches(pod, namespaceLabels, near, far);
        for (int n = 0; n < wary.size(); n++) {
            NodeInfo node = wary.get(n);
            List<PodInfo> others = node.requiredAntiAffinityPods();
            for (int i = 0; i < others.size(); i++) {
                matches.countOthersAntiAffinity(others.get(i), node, 1);
            }
        }
        if (own) {
            for (int n = 0; n < nodes.size(); n++) {
                NodeInfo node = nodes.get(n);
                List<PodInfo> others = node.pods();
                for (int i = 0; i < others.size(); i++) {
                    matches.countOwn(others.get(i), node, 1);
                }
            }
        }
        if (kept != null) {
            kept.keep(Matches.class, matches);
        }
        return matches;
    }

    @Override
    public boolean tracksPods() {
        return true;
    }

    @Override
    public Status addPod(CycleState state, PodInfo pod, PodInfo added, NodeInfo node) {
        return track(state, added, node, 1);
    }

    @Override
    public Status removePod(CycleState state, PodInfo pod, PodInfo removed, NodeInfo node) {
        return track(state, removed, node, -1);
    }

    private static Status track(CycleState state, PodInfo other, NodeInfo node, int delta) {
        Matches matches = state.require(MATCHES);
        matches.countOthersAntiAffinity(other, node, delta);
        matches.countOwn(other, node, delta);
        return Status.success();
    }

    @Override
    public Status filter(CycleState state, PodInfo pod, NodeInfo node) {
        Matches matches = state.require(MATCHES);
        if (!isNearEnough(matches, node)) {
            return NO_AFFINITY;
        }
        if (!matches.antiAffinityCounts.isEmpty()) {
            for (int i = 0; i < matches.antiAffinity.size(); i++) {
                String key = matches.antiAffinity.get(i).topologyKey();
                String value = node.labels().get(key);
                if (value != null && matches.antiAffinityCounts.get(key, value) > 0) {
                    return ANTI_AFFINITY;
                }
            }
        }
        return matches.othersAntiAffinity.anyPositive(node.labels()) ? ANTI_AFFINITY_OF_OTHERS : Status.success();
    }

    @Override
    public List<String> filterKeys(CycleState state, PodInfo pod) {
        Matches matches = state.require(MATCHES);
        Set<String> keys = new TreeSet<>(matches.othersAntiAffinity.keys());
        matches.affinity.forEach(term -> keys.add(term.topologyKey()));
        matches.antiAffinity.forEach(term -> keys.add(term.topologyKey()));
        return List.copyOf(keys);
    }

    @Override
    public @Nullable DomainChanges filterChanges(CycleState state, PodInfo pod) {
        return state.require(MATCHES).changes;
    }

    private static boolean isNearEnough(Matches matches, NodeInfo node) {
        boolean found = true;
        for (int i = 0; i < matches.affinity.size(); i++) {
            String key = matches.affinity.get(i).topologyKey();
            String value = node.labels().get(key);
            if (value == null) {
                return false;
            }
            found &= matches.affinityCounts.get(key, value) > 0;
        }
        // the first of a group of pods that want to be together may go anywhere
        return found || (matches.affinityCounts.isEmpty() && matchesAll(matches.affinity, matches.pod));
    }

    // -- score -------------------------------------------------------------------------------------------------------

    private record Scoring(
            TopologyCounts scores, List<AffinityTerm> near, List<AffinityTerm> far, Map<String, String> namespaceLabels)
            implements CycleState.State {
        @Override
        public Scoring copy() {
            return this;
        }
    }

    @Override
    public Status preScore(CycleState state, PodInfo pod, List<NodeInfo> nodes) {
        boolean own = !pod.preferredAffinity().isEmpty()
                || !pod.preferredAntiAffinity().isEmpty();
        if (ignorePreferredTermsOfExistingPods && !own) {
            return Status.skip();
        }
        List<NodeInfo> relevant =
                own ? handle.snapshot().nodes() : handle.snapshot().nodesWithAffinityPods();
        if (relevant.isEmpty()) {
            return Status.skip();
        }
        List<AffinityTerm> near = resolved(pod.preferredAffinity());
        List<AffinityTerm> far = resolved(pod.preferredAntiAffinity());
        Map<String, String> namespaceLabels = namespaceLabels(pod);
        Scoring scoring =
                scoring(state, pod, relevant, own, new Scoring(new TopologyCounts(), near, far, namespaceLabels));
        if (scoring.scores.isEmpty()) {
            return Status.skip();
        }
        state.put(SCORING, scoring);
        return Status.success();
    }

    /** Adds up what speaks for each domain, or brings an earlier sum for a pod like this one up to date. */
    private Scoring scoring(CycleState state, PodInfo pod, List<NodeInfo> relevant, boolean own, Scoring empty) {
        PodChanges kept = state.get(PodChanges.KEY);
        PodChanges.Update<Scoring> update = kept == null ? null : kept.take(Scoring.class);
        Scoring scoring = empty;
        if (update != null
                && update.value().near.equals(empty.near)
                && update.value().far.equals(empty.far)
                && update.value().namespaceLabels.equals(empty.namespaceLabels)) {
            scoring = update.value();
            for (PodChanges.Change change : update.changes()) {
                count(scoring, pod, change.pod(), change.node(), change.delta());
            }
        } else {
            for (int n = 0; n < relevant.size(); n++) {
                NodeInfo node = relevant.get(n);
                List<PodInfo> others = own ? node.pods() : node.affinityPods();
                for (int i = 0; i < others.size(); i++) {
                    count(scoring, pod, others.get(i), node, 1);
                }
            }
        }
        if (kept != null) {
            kept.keep(Scoring.class, scoring);
        }
        return scoring;
    }

    private void count(Scoring scoring, PodInfo pod, PodInfo other, NodeInfo node, int sign) {
        Map<String, String> labels = node.labels();
        count(scoring.scores, scoring.near, other, Map.of(), labels, sign);
        count(scoring.scores, scoring.far, other, Map.of(), labels, -sign);
        if (other.hasPodAffinity()) {
            countRequired(scoring.scores, other.requiredAffinity(), pod, scoring.namespaceLabels, labels, sign);
            count(scoring.scores, other.preferredAffinity(), pod, scoring.namespaceLabels, labels, sign);
            count(scoring.scores, other.preferredAntiAffinity(), pod, scoring.namespaceLabels, labels, -sign);
        }
    }

    private static void count(
            TopologyCounts scores,
            List<AffinityTerm> terms,
            PodInfo pod,
            Map<String, String> namespaceLabels,
            Map<String, String> nodeLabels,
            int sign) {
        for (int i = 0; i < terms.size(); i++) {
            AffinityTerm term = terms.get(i);
            if (term.matches(pod, namespaceLabels)) {
                scores.score(nodeLabels, term.topologyKey(), (long) sign * term.weight());
            }
        }
    }

    private void countRequired(
            TopologyCounts scores,
            List<AffinityTerm> terms,
            PodInfo pod,
            Map<String, String> namespaceLabels,
            Map<String, String> nodeLabels,
            int sign) {
        if (hardPodAffinityWeight == 0) {
            return;
        }
        for (int i = 0; i < terms.size(); i++) {
            AffinityTerm term = terms.get(i);
            if (term.matches(pod, namespaceLabels)) {
                scores.score(nodeLabels, term.topologyKey(), (long) sign * hardPodAffinityWeight);
            }
        }
    }

    @Override
    public long score(CycleState state, PodInfo pod, NodeInfo node) {
        return state.require(SCORING).scores.sum(node.labels());
    }

    @Override
    public void scoreAll(CycleState state, PodInfo pod, NodeSelection nodes, long[] scores) {
        state.require(SCORING).scores.sums(nodes, scores);
    }

    @Override
    public void normalize(CycleState state, PodInfo pod, List<NodeInfo> nodes, long[] scores) {
        long min = Long.MAX_VALUE;
        long max = Long.MIN_VALUE;
        for (long score : scores) {
            min = Math.min(min, score);
            max = Math.max(max, score);
        }
        long range = max - min;
        for (int i = 0; i < scores.length; i++) {
            scores[i] = range > 0 ? (long) (MAX_SCORE * ((double) (scores[i] - min) / (double) range)) : 0;
        }
    }

    // -- hints -------------------------------------------------------------------------------------------------------

    @Override
    public List<EventToRegister> eventsToRegister() {
        return List.of(
                EventToRegister.judged(
                        EventResource.POD,
                        Actions.ADD | Actions.DELETE | Actions.UPDATE_POD_LABEL,
                        this::afterPodChange),
                EventToRegister.judged(
                        EventResource.NODE, Actions.ADD | Actions.UPDATE_NODE_LABEL, this::afterNodeChange));
    }

    private Answer afterPodChange(PodInfo pod, @Nullable HasMetadata before, @Nullable HasMetadata after) {
        PodInfo old = Hints.pod(before);
        PodInfo now = Hints.pod(after);
        if (now != null && now.uid().equals(pod.uid())) {
            return Answer.QUEUE;
        }
        if ((old != null && !Hints.hadRoom(old)) || (now != null && !Hints.hadRoom(now))) {
            // where it has no node, a pod is near to no other
            return Answer.SKIP;
        }
        List<AffinityTerm> near = resolved(pod.requiredAffinity());
        List<AffinityTerm> far = resolved(pod.requiredAntiAffinity());
        boolean wasNear = old != null && matchesAll(near, old);
        boolean isNear = now != null && matchesAll(near, now);
        boolean wasFar = old != null && matchesAll(far, old);
        boolean isFar = now != null && matchesAll(far, now);
        boolean keptAway = old != null && now == null && matchesAll(resolved(old.requiredAntiAffinity()), pod);
        return Answer.queueIf((!wasNear && isNear) || (wasFar && !isFar) || keptAway);
    }

    private Answer afterNodeChange(PodInfo pod, @Nullable HasMetadata before, @Nullable HasMetadata after) {
        NodeInfo old = Hints.node(before);
        NodeInfo now = Hints.node(after);
        if (now == null) {
            return Answer.SKIP;
        }
        for (AffinityTerm term : pod.requiredAffinity()) {
            String was = old == null ? null : old.labels().get(term.topologyKey());
            String is = now.labels().get(term.topologyKey());
            if (is != null && !is.equals(was)) {
                return Answer.QUEUE;
            }
        }
        for (AffinityTerm term : pod.requiredAntiAffinity()) {
            String was = old == null ? null : old.labels().get(term.topologyKey());
            String is = now.labels().get(term.topologyKey());
            if ((old == null && is != null) || (was != null && !was.equals(is))) {
                return Answer.QUEUE;
            }
        }
        return Answer.SKIP;
    }
}

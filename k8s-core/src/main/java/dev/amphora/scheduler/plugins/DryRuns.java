package dev.amphora.scheduler.plugins;

import dev.amphora.api.FieldError;
import dev.amphora.scheduler.framework.CycleState;
import dev.amphora.scheduler.framework.Handle;
import dev.amphora.scheduler.framework.NodeInfo;
import dev.amphora.scheduler.framework.NodeSnapshot;
import dev.amphora.scheduler.framework.NodeStatuses;
import dev.amphora.scheduler.framework.PodChanges;
import dev.amphora.scheduler.framework.PodInfo;
import dev.amphora.scheduler.framework.Status;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.ObjIntConsumer;
import org.jspecify.annotations.Nullable;

/**
 * What comes of taking pods off nodes, for pods that are alike and have the same priority, under the same budgets. Where what happens on
 * one node does not depend on others it is remembered until the node or the pods nominated to it change.
 *
 * <p>What there is to compare is numbered, so that a run over hundreds of nodes that are known reads one number of each. Belongs to the
 * scheduler's actor.
 */
final class DryRuns {
    private static final Status NOT_HELPFUL =
            Status.unresolvable("Preemption is not helpful for scheduling").withPlugin("DefaultPreemption");
    private static final int UNKNOWN = 0;
    private static final int MAX_NUMBERS = 10_000;

    private final int priority;
    private final List<DisruptionBudget> protecting;
    private final PodChanges.@Nullable NodeReader changes;
    /** By the nodes' places: positive is the number of the harm that a candidate does, negative that of why it doesn't help. */
    private final int[] outcomes;

    private final @Nullable Candidate[] candidates;
    private final Numbers<Candidate.Harm> harms = new Numbers<>();
    private final Numbers<Status> answers = new Numbers<>();

    /** Nodes on which something has failed, which is no answer to remember. */
    private final List<Integer> failed = new ArrayList<>();

    private BitSet tried = new BitSet();
    private final int[] found;
    private int foundCount;
    private int best;
    private int bestHarm;

    /** Things that are equal have the same number, from 1 on. */
    private static final class Numbers<T> {
        private final Map<T, Integer> numbers = new HashMap<>();
        private final List<T> things = new ArrayList<>();

        int of(T thing) {
            Integer known = numbers.get(thing);
            if (known == null) {
                things.add(thing);
                known = things.size();
                numbers.put(thing, known);
            }
            return known;
        }

        T get(int number) {
            return things.get(number - 1);
        }

        int size() {
            return things.size();
        }
    }

    private DryRuns(
            int priority, List<DisruptionBudget> protecting, int nodes, PodChanges.@Nullable NodeReader changes) {
        this.priority = priority;
        this.protecting = protecting;
        this.changes = changes;
        this.outcomes = new int[nodes];
        this.candidates = new Candidate[nodes];
        this.found = new int[nodes];
    }

    /**
     * Tries nodes, one after the other, until enough candidates are found and one of them harms no disruption budget.
     *
     * @param potential the places of nodes on which taking pods off might help; not to be changed afterwards
     * @param offset how many of them are left for the end
     * @param protecting the disruption budgets; the same list as long as they are the same
     */
    static DryRuns of(
            Handle handle,
            CycleState state,
            PodInfo pod,
            BitSet potential,
            int offset,
            int enough,
            List<DisruptionBudget> protecting) {
        NodeSnapshot snapshot = handle.snapshot();
        PodChanges kept = state.get(PodChanges.KEY);
        boolean keeps = kept != null && handle.filtersByNode(state, pod);
        DryRuns runs = keeps ? known(Objects.requireNonNull(kept), pod, protecting, snapshot) : null;
        if (runs == null) {
            runs = new DryRuns(
                    pod.priority(),
                    protecting,
                    snapshot.nodes().size(),
                    keeps ? Objects.requireNonNull(kept).nodes() : null);
        }
        String nominated = handle.nominatedNode(pod);
        int own = nominated.isEmpty() ? -1 : snapshot.indexOf(nominated);
        // what comes of its own node is not that of others
        runs.forget(own);
        runs.run(handle, state, pod, potential, offset, enough);
        if (own >= 0) {
            runs.failed.add(own);
        }
        if (keeps) {
            Objects.requireNonNull(kept).keep(DryRuns.class, runs);
        }
        return runs;
    }

    private static @Nullable DryRuns known(
            PodChanges kept, PodInfo pod, List<DisruptionBudget> protecting, NodeSnapshot snapshot) {
        PodChanges.Update<DryRuns> update = kept.take(DryRuns.class);
        return update != null && update.value().holds(pod.priority(), protecting, snapshot) ? update.value() : null;
    }

    /** Forgets what no longer holds; false if nothing does. */
    @SuppressWarnings("ReferenceEquality")
    private boolean holds(int otherPriority, List<DisruptionBudget> budgets, NodeSnapshot snapshot) {
        if (changes == null
                || priority != otherPriority
                || protecting != budgets
                || harms.size() + answers.size() > MAX_NUMBERS
                || !changes.read(snapshot, this::forget)
                || outcomes.length != snapshot.nodes().size()) {
            return false;
        }
        failed.forEach(this::forget);
        failed.clear();
        return true;
    }

    private void forget(int place) {
        if (place >= 0) {
            outcomes[place] = UNKNOWN;
            candidates[place] = null;
        }
    }

    private void run(Handle handle, CycleState state, PodInfo pod, BitSet potential, int offset, int enough) {
        tried = potential;
        foundCount = 0;
        best = -1;
        bestHarm = UNKNOWN;
        long[] words = potential.toLongArray();
        int first = nth(words, offset);
        if (first >= 0) {
            Round round = new Round(handle, state, pod, enough);
            if (!round.tryFrom(words, first, words.length * Long.SIZE)) {
                round.tryFrom(words, 0, first);
            }
        }
    }

    /** One look at many nodes. */
    private final class Round {
        private final List<NodeInfo> nodes;
        private final Handle handle;
        private final CycleState state;
        private final PodInfo pod;
        private final int enough;
        private boolean anyHarmless;

        Round(Handle handle, CycleState state, PodInfo pod, int enough) {
            this.nodes = handle.snapshot().nodes();
            this.handle = handle;
            this.state = state;
            this.pod = pod;
            this.enough = enough;
        }

        /** Tries nodes, from a place to another one, which is left out; true if no more are needed. */
        boolean tryFrom(long[] words, int from, int to) {
            int last = UNKNOWN;
            boolean harmless = false;
            int lastWord = (to - 1) / Long.SIZE;
            for (int i = from / Long.SIZE; i <= lastWord && from < to; i++) {
                long word =
                        words[i] & (i == from / Long.SIZE ? -1L << from : -1L) & (i == lastWord ? -1L >>> -to : -1L);
                for (; word != 0; word &= word - 1) {
                    int place = i * Long.SIZE + Long.numberOfTrailingZeros(word);
                    int outcome = outcomes[place];
                    if (outcome == UNKNOWN) {
                        outcome = tryOn(nodes.get(place), place, handle, state, pod);
                    }
                    if (outcome < 0) {
                        continue;
                    }
                    found[foundCount++] = place;
                    if (outcome != last) {
                        last = outcome;
                        harmless = harms.get(outcome).violations() == 0;
                        take(place, outcome);
                    }
                    anyHarmless |= harmless;
                    if (anyHarmless && foundCount >= enough) {
                        return true;
                    }
                }
            }
            return false;
        }

        /** The first of those that do the least harm is the best. */
        private void take(int place, int outcome) {
            if (best < 0 || (outcome != bestHarm && harms.get(outcome).compareTo(harms.get(bestHarm)) < 0)) {
                best = place;
                bestHarm = outcome;
            }
        }
    }

    private int tryOn(NodeInfo node, int place, Handle handle, CycleState state, PodInfo pod) {
        Victims victims = new Victims(handle, state, pod, node, protecting);
        Status status = victims.select();
        if (status.isSuccess()) {
            Candidate candidate = new Candidate(node, victims.chosen(), victims.violations());
            candidates[place] = candidate;
            outcomes[place] = harms.of(candidate.harm());
        } else {
            outcomes[place] = -answers.of(status);
            if (!status.isRejected()) {
                failed.add(place);
            }
        }
        return outcomes[place];
    }

    /** The place of one of the nodes, counted from 0. */
    private static int nth(long[] words, int number) {
        int left = number;
        for (int i = 0; i < words.length; i++) {
            long word = words[i];
            int count = Long.bitCount(word);
            if (left < count) {
                for (; left > 0; left--) {
                    word &= word - 1;
                }
                return i * Long.SIZE + Long.numberOfTrailingZeros(word);
            }
            left -= count;
        }
        return -1;
    }

    /** Whether no node helps. */
    boolean isInVain() {
        return foundCount == 0;
    }

    /** The first of the candidates that do the least harm. There must be one. */
    Candidate best() {
        return Objects.requireNonNull(candidates[best]);
    }

    /** The candidates: those that harm no disruption budget, then the others. */
    List<Candidate> candidates() {
        List<Candidate> harmless = new ArrayList<>();
        List<Candidate> violating = new ArrayList<>();
        for (int i = 0; i < foundCount; i++) {
            Candidate candidate = Objects.requireNonNull(candidates[found[i]]);
            (candidate.violations() == 0 ? harmless : violating).add(candidate);
        }
        harmless.addAll(violating);
        return harmless;
    }

    /** What went wrong on nodes, as a whole; empty if nothing did. */
    String failures() {
        Set<String> messages = new LinkedHashSet<>();
        for (int place : failed) {
            if (outcomes[place] < 0 && answers.get(-outcomes[place]).code() == Status.Code.ERROR) {
                messages.add(answers.get(-outcomes[place]).message());
            }
        }
        return FieldError.aggregate(messages);
    }

    /** Why it doesn't help on nodes, provided that all were tried. Holds as long as the cycle. */
    NodeStatuses unhelpful(NodeSnapshot snapshot) {
        NodeStatuses nodes = new NodeStatuses(NOT_HELPFUL);
        nodes.keep(new Unhelpful(), snapshot, 0);
        return nodes;
    }

    private final class Unhelpful implements NodeStatuses.ByPlace {
        private final int[] counts = new int[answers.size() + 1];
        private final int size;

        Unhelpful() {
            for (int place = tried.nextSetBit(0); place >= 0; place = tried.nextSetBit(place + 1)) {
                if (outcomes[place] < 0) {
                    counts[-outcomes[place]]++;
                }
            }
            size = Arrays.stream(counts).sum();
        }

        @Override
        public @Nullable Status at(int place) {
            return tried.get(place) && outcomes[place] < 0 ? answers.get(-outcomes[place]) : null;
        }

        @Override
        public int size() {
            return size;
        }

        @Override
        public void forEachAnswer(ObjIntConsumer<Status> visitor) {
            for (int number = 1; number < counts.length; number++) {
                if (counts[number] > 0) {
                    visitor.accept(answers.get(number), counts[number]);
                }
            }
        }

        @Override
        public BitSet placesWith(Status.Code code) {
            BitSet places = new BitSet();
            for (int place = tried.nextSetBit(0); place >= 0; place = tried.nextSetBit(place + 1)) {
                if (outcomes[place] < 0 && answers.get(-outcomes[place]).code() == code) {
                    places.set(place);
                }
            }
            return places;
        }
    }
}

package dev.amphora.scheduler;

import dev.amphora.scheduler.framework.CycleState;
import dev.amphora.scheduler.framework.DomainChanges;
import dev.amphora.scheduler.framework.DomainLocal;
import dev.amphora.scheduler.framework.FilterPlugin;
import dev.amphora.scheduler.framework.NodeInfo;
import dev.amphora.scheduler.framework.NodeLocal;
import dev.amphora.scheduler.framework.NodeSnapshot;
import dev.amphora.scheduler.framework.NodeStatuses;
import dev.amphora.scheduler.framework.PodChanges;
import dev.amphora.scheduler.framework.PodInfo;
import dev.amphora.scheduler.framework.PodSignature;
import dev.amphora.scheduler.framework.ScorePlugin;
import dev.amphora.scheduler.framework.Shortlisting;
import dev.amphora.scheduler.framework.Status;
import dev.amphora.scheduler.plugins.DefaultPlugins;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.ObjIntConsumer;
import org.jspecify.annotations.Nullable;

/**
 * What plugins have said of each node for pods that are alike and have the same priority. An answer of a {@link NodeLocal} plugin holds as long as the node and the
 * pods nominated to it stay the same, one of a {@link DomainLocal} plugin as long as the plugin says so. Belongs to the scheduler's actor.
 */
final class PodClass implements NodeStatuses.ByPlace {
    /** The first Filter plugin that refuses a node, where none does. */
    static final int NONE = Integer.MAX_VALUE;

    /** A plugin may name amounts that are new each time. */
    private static final int MAX_ALIKE = 10_000;

    /** Pods that share a class. */
    record Key(PodSignature signature, int priority) {}

    final PodChanges changes;
    private final SchedulerCache cache;
    private final Map<Status, Answer> answers = new HashMap<>();
    private int version = -1;
    private int nodes;
    private long place;
    private long nomination;
    /** Plugins from this one on may be asked whether or not a node is refused by a local one behind it. */
    private int limit = NONE;

    private final BitSet open = new BitSet();
    private final BitSet unknown = new BitSet();
    private final BitSet crowded = new BitSet();
    private final BitSet unscored = new BitSet();
    /** Nodes that no plugin refuses that was asked, and that need not be asked again. */
    private final BitSet passing = new BitSet();

    /** Nodes that are known to be refused, though nobody has said why: neither open nor closed. */
    private final BitSet unasked = new BitSet();

    private @Nullable Asking asking;

    /** Nodes that are not open, and that taking pods off might help. */
    private final BitSet helpful = new BitSet();

    private int closed;
    private int[] refusedBy = new int[0];
    private @Nullable Answer[] refusals = new Answer[0];
    private long[][] scores = new long[0][];
    private boolean[] localFilters = new boolean[0];
    private boolean[] localScores = new boolean[0];
    private final Map<Integer, DomainAnswers> domainAnswers = new HashMap<>();

    /** What is said against nodes, and of how many of those that are not open. */
    private static final class Answer {
        final Status status;
        int nodes;

        Answer(Status status) {
            this.status = status;
        }
    }

    /** With whom nodes are looked at in this cycle. */
    private record Asking(Framework framework, CycleState state, PodInfo pod, NodeSnapshot snapshot) {}

    PodClass(SchedulerCache cache, Nominations nominations) {
        this.cache = cache;
        this.changes = new PodChanges(new ClassLog(cache, nominations));
    }

    /** Begins a cycle after PreFilter: forgets what no longer holds. */
    void begin(Framework framework, CycleState state, PodInfo pod, NodeSnapshot snapshot) {
        List<FilterPlugin> plugins = framework.filterPlugins();
        boolean[] local = new boolean[plugins.size()];
        int first = NONE;
        for (int i = 0; i < local.length; i++) {
            if (!framework.skipsFilter(state, i)) {
                local[i] = plugins.get(i) instanceof NodeLocal plugin && plugin.isNodeLocal(state, pod);
                first = local[i] ? first : Math.min(first, i);
            }
        }
        List<Integer> places = cache.places().since(place);
        List<String> names = framework.nominations().log().since(nomination);
        boolean fresh = false;
        if (version != cache.version() || nodes != snapshot.nodes().size() || places == null) {
            restart(framework, snapshot.nodes().size());
            fresh = true;
        } else {
            boolean full = answers.size() > MAX_ALIKE;
            if (full || !Arrays.equals(local, localFilters) || limit != first || names == null) {
                openAll();
                fresh = true;
            } else {
                for (int i = 0; i < names.size(); i++) {
                    forget(snapshot.indexOf(names.get(i)));
                }
            }
            for (int i = 0; i < places.size(); i++) {
                forget(places.get(i));
                unscored.set(places.get(i));
            }
        }
        place = cache.places().position();
        nomination = framework.nominations().log().position();
        localFilters = local;
        limit = first;
        if (fresh) {
            leaveOut(framework, state, pod, snapshot);
        }
        asking = unasked.isEmpty() ? null : new Asking(framework, state, pod, snapshot);
    }

    /** Leaves out the nodes that a plugin is known to refuse, unless others that may fail come before it. */
    private void leaveOut(Framework framework, CycleState state, PodInfo pod, NodeSnapshot snapshot) {
        List<FilterPlugin> plugins = framework.filterPlugins();
        for (int i = 0; i < localFilters.length; i++) {
            if (localFilters[i] && i < limit && plugins.get(i) instanceof Shortlisting plugin) {
                BitSet few = plugin.shortlist(state, pod, snapshot);
                if (few != null) {
                    unasked.set(0, nodes);
                    unasked.andNot(few);
                    framework.nominations().nodes().forEach(name -> {
                        int index = snapshot.indexOf(name);
                        if (index >= 0) {
                            unasked.clear(index);
                        }
                    });
                    open.andNot(unasked);
                    return;
                }
            }
            if (!framework.skipsFilter(state, i) && !DefaultPlugins.isOurs(plugins.get(i))) {
                return;
            }
        }
    }

    /** Looks at the nodes that were left out. */
    void askRest() {
        Asking with = asking;
        if (with == null) {
            return;
        }
        for (int place = unasked.nextSetBit(0); place >= 0; place = unasked.nextSetBit(place + 1)) {
            open.set(place);
            look(with.framework, with.state, with.pod, with.snapshot.nodes().get(place), place, false);
        }
        unasked.clear();
        asking = null;
    }

    private void restart(Framework framework, int count) {
        version = cache.version();
        nodes = count;
        refusedBy = new int[nodes];
        refusals = new Answer[nodes];
        scores = new long[framework.scorePlugins().size()][];
        crowded.clear();
        open.clear();
        unknown.clear();
        openAll();
        unscored.clear();
        unscored.set(0, nodes);
    }

    /** Has all nodes looked at again. */
    private void openAll() {
        open.set(0, nodes);
        unknown.set(0, nodes);
        passing.clear();
        helpful.clear();
        unasked.clear();
        answers.clear();
        closed = 0;
    }

    /** Has a node looked at again. */
    void forget(int index) {
        if (index >= 0) {
            if (unasked.get(index)) {
                unasked.clear(index);
                open.set(index);
            } else if (!open.get(index)) {
                reopen(index);
            }
            unknown.set(index);
            passing.clear(index);
        }
    }

    private void reopen(int index) {
        Answer answer = Objects.requireNonNull(refusals[index]);
        if (--answer.nodes == 0) {
            answers.remove(answer.status, answer);
        }
        open.set(index);
        helpful.clear(index);
        closed--;
    }

    private void close(int index) {
        Answer answer = Objects.requireNonNull(refusals[index]);
        answer.nodes++;
        open.clear(index);
        helpful.set(index, answer.status.code() == Status.Code.UNSCHEDULABLE);
        closed++;
    }

    /**
     * The next node that is not known to be refused by plugins whose word is final.
     *
     * @return -1 if there is none
     */
    int nextOpen(int index) {
        return open.nextSetBit(index);
    }

    /** The end of the run of such nodes that one of them belongs to. */
    int endOfOpen(int index) {
        return open.nextClearBit(index);
    }

    /** Whether a node is known to pass all local plugins. */
    boolean isPassing(int index) {
        return passing.get(index);
    }

    boolean isOpen(int index) {
        return open.get(index);
    }

    /**
     * Asks about an open node what is not known yet. Afterwards it may not be open any more.
     *
     * @param own whether the pod itself is nominated to the node
     * @return whether it has to be asked whole, because of pods that are nominated to it
     */
    boolean look(Framework framework, CycleState state, PodInfo pod, NodeInfo node, int index, boolean own) {
        if (!unknown.get(index)) {
            return crowded.get(index);
        }
        boolean nominated = Framework.isCrowdedBy(framework.nominations().on(node.name()), pod);
        crowded.clear(index);
        passing.clear(index);
        if (nominated && (own || limit != NONE)) {
            crowded.set(index, true);
            unknown.set(index, own);
            return true;
        }
        refusedBy[index] = NONE;
        if (nominated) {
            note(framework.filterWithNominatedPods(state, pod, node), 0, index);
        } else {
            for (int i = 0; i < localFilters.length && refusedBy[index] == NONE; i++) {
                if (localFilters[i]) {
                    note(framework.runFilter(state, pod, node, i), i, index);
                }
            }
        }
        // a failure is no answer to remember, and what the pod's own nomination changes holds for this pod only
        boolean failed = refusedBy[index] != NONE && !refusal(index).isRejected();
        unknown.set(index, failed || own);
        if (!failed && !own && refusedBy[index] < limit) {
            close(index);
        }
        passing.set(index, !own && refusedBy[index] == NONE);
        return false;
    }

    private void note(Status status, int plugin, int index) {
        if (!status.isSuccess()) {
            refusedBy[index] = plugin;
            refusals[index] = answers.computeIfAbsent(status, Answer::new);
        }
    }

    /** The index of the first local Filter plugin that refuses a node; {@link #NONE} if none does. */
    int refusedBy(int index) {
        return refusedBy[index];
    }

    /** What the plugin said that refuses a node. */
    Status refusal(int index) {
        Answer refusal = refusals[index];
        return refusal == null ? Status.success() : refusal.status;
    }

    /** What a local Filter plugin has said against a node; null if none refuses it. */
    @Nullable Status localRefusal(int index) {
        return refusedBy[index] == NONE ? null : refusal(index);
    }

    @Override
    public @Nullable Status at(int place) {
        return open.get(place) ? null : refusal(place);
    }

    @Override
    public int size() {
        return closed;
    }

    @Override
    public void forEachAnswer(ObjIntConsumer<Status> visitor) {
        for (Answer answer : answers.values()) {
            if (answer.nodes > 0) {
                visitor.accept(answer.status, answer.nodes);
            }
        }
    }

    @Override
    public BitSet placesWith(Status.Code code) {
        BitSet found = new BitSet();
        if (code == Status.Code.UNSCHEDULABLE) {
            found.or(helpful);
        } else {
            for (int place = open.nextClearBit(0); place < nodes; place = open.nextClearBit(place + 1)) {
                if (refusal(place).code() == code) {
                    found.set(place);
                }
            }
        }
        return found;
    }

    boolean isLocalFilter(int plugin) {
        return localFilters[plugin];
    }

    /** What a Filter plugin has said by label values; null if it has to be asked about each node. */
    @Nullable DomainAnswers answers(Framework framework, CycleState state, PodInfo pod, int plugin, Domains domains) {
        if (!(framework.filterPlugins().get(plugin) instanceof DomainLocal byDomain)) {
            return null;
        }
        List<String> keys = byDomain.filterKeys(state, pod);
        if (keys == null) {
            return null;
        }
        DomainChanges since = byDomain.filterChanges(state, pod);
        Domains.Table table = domains.of(keys);
        DomainAnswers known = domainAnswers.get(plugin);
        if (known != null && known.catchUp(table, since)) {
            return known;
        }
        if (since == null && !table.isCoarse()) {
            return null;
        }
        DomainAnswers fresh = new DomainAnswers(table, since);
        domainAnswers.put(plugin, fresh);
        return fresh;
    }

    /** Says after PreScore which Score plugins are local. */
    void beginScores(Framework framework, CycleState state, PodInfo pod) {
        List<ScorePlugin> plugins = framework.scorePlugins();
        boolean[] local = new boolean[plugins.size()];
        for (int i = 0; i < local.length; i++) {
            local[i] = !framework.skipsScore(state, i)
                    && plugins.get(i) instanceof NodeLocal plugin
                    && plugin.isNodeLocal(state, pod);
        }
        boolean same = Arrays.equals(local, localScores);
        localScores = local;
        for (int i = 0; i < local.length; i++) {
            if (local[i] && scores[i] == null) {
                scores[i] = new long[nodes];
                same = false;
            }
        }
        if (!same) {
            unscored.set(0, nodes);
        }
    }

    /** The scores of one Score plugin by the nodes' places; null if it isn't local. */
    long @Nullable [] scores(int plugin) {
        return localScores[plugin] ? scores[plugin] : null;
    }

    /** Whether the local Score plugins have not scored a node. */
    boolean isUnscored(int index) {
        return unscored.get(index);
    }

    /** Has the local Score plugins score a node. */
    void score(List<ScorePlugin> plugins, CycleState state, PodInfo pod, NodeInfo node, int index) {
        for (int i = 0; i < localScores.length; i++) {
            if (localScores[i]) {
                scores[i][index] = plugins.get(i).score(state, pod, node);
            }
        }
        unscored.clear(index);
    }
}

package dev.amphora.scheduler;

import dev.amphora.scheduler.ExtensionPointTimes.Point;
import dev.amphora.scheduler.framework.CycleState;
import dev.amphora.scheduler.framework.NodeInfo;
import dev.amphora.scheduler.framework.NodeSelection;
import dev.amphora.scheduler.framework.NodeSnapshot;
import dev.amphora.scheduler.framework.PodChanges;
import dev.amphora.scheduler.framework.PodInfo;
import dev.amphora.scheduler.framework.PodSignature;
import dev.amphora.scheduler.framework.Status;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Finds a node for one pod: filters nodes until enough are found, scores these, takes the best.
 *
 * <p>The search begins where the last one ended, so that all nodes have their turn. Among equals the seed decides. Belongs to the
 * scheduler's actor.
 */
final class PodScheduling {
    private static final int MIN_FEASIBLE_NODES = 100;
    private static final int MIN_PERCENTAGE = 5;
    private static final int MAX_CLASSES = 48;

    private final RandomGenerator chance;
    private final List<NodeInfo> asked = new ArrayList<>();
    private List<NodeInfo> feasible = asked;
    private final @Nullable SchedulerCache cache;
    private final Map<PodClass.Key, PodClass> classes = new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<PodClass.Key, PodClass> eldest) {
            return size() > MAX_CLASSES;
        }
    };
    private final NodeSearch search = new NodeSearch();
    private long[] totals = new long[0];
    private int nextStartNodeIndex;
    private int evaluated;

    /** Remembers nothing from one pod to the next. */
    PodScheduling(RandomGenerator chance) {
        this(chance, null);
    }

    /**
     * Remembers what plugins said for pods that are alike.
     *
     * @param cache whose snapshot is looked at; null to remember nothing
     */
    PodScheduling(RandomGenerator chance, @Nullable SchedulerCache cache) {
        this.chance = chance;
        this.cache = cache;
    }

    private @Nullable PodClass classOf(Framework framework, PodInfo pod) {
        PodSignature signature = cache == null ? null : pod.signature();
        return cache == null || signature == null
                ? null
                : classes.computeIfAbsent(
                        new PodClass.Key(signature, pod.priority()),
                        alike -> new PodClass(cache, framework.nominations()));
    }

    /**
     * What became of a pod.
     *
     * @param nodeName the chosen node, null if there is none
     * @param evaluated how many nodes were looked at
     * @param feasible how many of them can run the pod
     * @param diagnosis why there is no node; null if there is one
     * @param error what is broken; null if nothing is
     */
    record Result(
            @Nullable String nodeName,
            int evaluated,
            int feasible,
            @Nullable Diagnosis diagnosis,
            @Nullable Status error) {}

    int nextStartNodeIndex() {
        return nextStartNodeIndex;
    }

    /** Begins the next search at a place. */
    void startAt(int nodeIndex) {
        nextStartNodeIndex = nodeIndex;
    }

    /** The nodes found feasible by the last search, in the order in which they were found. */
    List<NodeInfo> feasible() {
        return feasible;
    }

    /** Their weighted scores; older ones if they were not scored because there was just one. */
    long[] totals() {
        return totals;
    }

    Result schedule(Framework framework, CycleState state, PodInfo pod) {
        NodeSnapshot snapshot = framework.snapshot();
        asked.clear();
        feasible = asked;
        framework.times().nextCycle();
        if (snapshot.nodes().isEmpty()) {
            return failed(Status.unresolvable("no nodes available to schedule pods"));
        }
        Diagnosis diagnosis = new Diagnosis();
        PodClass known = classOf(framework, pod);
        if (known != null) {
            state.put(PodChanges.KEY, known.changes);
        }
        Status error = findFeasible(framework, state, pod, snapshot, diagnosis, known);
        if (error != null) {
            return failed(error);
        }
        int found = feasible.size();
        if (found == 0) {
            return new Result(null, evaluated, 0, diagnosis, null);
        }
        if (found == 1) {
            return new Result(feasible.get(0).name(), evaluated, 1, null, null);
        }
        Instant began = framework.times().begin();
        Status status = framework.runPreScore(state, pod, feasible);
        framework.times().end(Point.PreScore, began, status.code());
        totals = new long[found];
        if (status.isSuccess()) {
            began = framework.times().begin();
            if (known != null && feasible instanceof NodeSelection selection) {
                known.beginScores(framework, state, pod);
                status = framework.runScore(state, pod, selection, totals, known);
            } else {
                status = framework.runScore(state, pod, feasible, totals, null);
            }
            framework.askedExtenders().prioritize(pod, feasible, totals, null);
            framework.times().end(Point.Score, began, status.code());
        }
        return status.isSuccess()
                ? new Result(feasible.get(best(totals)).name(), evaluated, found, null, null)
                : failed(status);
    }

    private static Result failed(Status error) {
        return new Result(null, 0, 0, null, error);
    }

    private @Nullable Status findFeasible(
            Framework framework,
            CycleState state,
            PodInfo pod,
            NodeSnapshot snapshot,
            Diagnosis diagnosis,
            @Nullable PodClass known) {
        evaluated = 0;
        Instant began = framework.times().begin();
        Framework.PreFilterOutcome outcome = framework.runPreFilter(state, pod);
        framework.times().end(Point.PreFilter, began, outcome.status().code());
        if (!outcome.status().isSuccess()) {
            if (!outcome.status().isRejected()) {
                return outcome.status();
            }
            diagnosis.nodes.setAbsent(outcome.status());
            diagnosis.preFilterMessage = outcome.status().message();
            diagnosis.unschedulablePlugins.addAll(outcome.narrowing());
            diagnosis.blame(outcome.status());
            return null;
        }
        String nominated = pod.nominatedNodeName();
        boolean tried = false;
        if (!nominated.isEmpty()) {
            NodeInfo node = snapshot.node(nominated);
            if (node != null) {
                // an error here is left to the full search
                Status failure = filter(framework, state, pod, List.of(node), diagnosis);
                if (failure == null) {
                    failure = askExtenders(framework.askedExtenders(), pod, diagnosis, () -> {});
                }
                if (failure == null && !feasible.isEmpty()) {
                    evaluated = 1;
                    return null;
                }
                asked.clear();
                tried = diagnosis.nodes.size() > 0;
                diagnosis.nodes.clear();
            }
        }
        List<NodeInfo> nodes = snapshot.nodes();
        if (outcome.nodeNames() != null) {
            diagnosis.unschedulablePlugins.addAll(outcome.narrowing());
            nodes = new ArrayList<>();
            for (String name : outcome.nodeNames()) {
                NodeInfo node = snapshot.node(name);
                if (node != null) {
                    nodes.add(node);
                }
            }
            diagnosis.nodes.setAbsent(Status.unresolvable(
                    "node(s) didn't satisfy plugin(s) [" + String.join(" ", outcome.narrowing()) + "]"));
        }
        Status error;
        int start = nextStartNodeIndex % snapshot.nodes().size();
        began = framework.times().begin();
        if (known != null && cache != null && outcome.nodeNames() == null) {
            known.begin(framework, state, pod, snapshot);
            int needed = needed(framework, nodes.size());
            error = search.run(
                    framework,
                    state,
                    pod,
                    snapshot,
                    known,
                    needed,
                    start,
                    cache.log().restarts());
            feasible = search.feasible();
            evaluated = search.evaluated();
            if (error == null && feasible.isEmpty()) {
                search.diagnose(known, diagnosis);
            }
        } else {
            error = filter(framework, state, pod, nodes, diagnosis);
            evaluated = asked.size() + diagnosis.nodes.size();
        }
        framework.times().end(Point.Filter, began, error != null ? error.code() : Status.Code.SUCCESS);
        if (tried && !hadItsTurn(nodes, snapshot, nominated, evaluated)) {
            // as in the reference, what was said of it counts
            evaluated++;
        }
        nextStartNodeIndex = (nextStartNodeIndex + evaluated) % snapshot.nodes().size();
        return error != null
                ? error
                : askExtenders(framework.askedExtenders(), pod, diagnosis, () -> {
                    if (known != null && feasible instanceof NodeSelection) {
                        // it was not said why nodes are refused, as long as others were not
                        search.diagnose(known, diagnosis);
                    }
                });
    }

    /** Whether a node is among those that have had their turn. */
    @SuppressWarnings("ReferenceEquality")
    private boolean hadItsTurn(List<NodeInfo> nodes, NodeSnapshot snapshot, String name, int turns) {
        int place = snapshot.indexOf(name);
        if (nodes != snapshot.nodes()) {
            place = nodes.indexOf(snapshot.node(name));
        }
        return place >= 0 && Math.floorMod(place - nextStartNodeIndex, nodes.size()) < turns;
    }

    /**
     * Leaves those of the feasible nodes that no extender turns down, in the extenders' order.
     *
     * @param explain says why plugins turned other nodes down, if none is left
     */
    private @Nullable Status askExtenders(Extenders extenders, PodInfo pod, Diagnosis diagnosis, Runnable explain) {
        if (feasible.isEmpty() || !extenders.filter()) {
            return null;
        }
        Extenders.Filtered answer = extenders.filter(pod, feasible, null);
        if (answer.error() != null) {
            return answer.error();
        }
        if (answer.nodes().size() != feasible.size()) {
            diagnosis.unschedulablePlugins.add(Extenders.NAME);
        }
        if (answer.nodes().isEmpty()) {
            explain.run();
            diagnosis.nodes.putAll(answer.refusals());
        }
        if (feasible instanceof NodeSelection) {
            search.retain(answer.nodes());
            feasible = search.feasible();
        } else {
            asked.clear();
            asked.addAll(answer.nodes());
        }
        return null;
    }

    private static int needed(Framework framework, int all) {
        return framework.comparesNodes() ? numFeasibleNodesToFind(framework.percentageOfNodesToScore(), all) : 1;
    }

    /** Looks at nodes until one more than is needed is found feasible; that one doesn't count. */
    private @Nullable Status filter(
            Framework framework, CycleState state, PodInfo pod, List<NodeInfo> nodes, Diagnosis diagnosis) {
        int all = nodes.size();
        int needed = needed(framework, all);
        for (int i = 0; i < all; i++) {
            NodeInfo node = nodes.get((nextStartNodeIndex + i) % all);
            Status status = framework.filterWithNominatedPods(state, pod, node);
            if (status.isSuccess()) {
                if (asked.size() == needed) {
                    break;
                }
                asked.add(node);
            } else if (status.isRejected()) {
                diagnosis.nodes.put(node, status);
                diagnosis.blame(status);
            } else {
                return status;
            }
        }
        return null;
    }

    private int best(long[] totals) {
        long max = totals[0];
        int ties = 1;
        for (int i = 1; i < totals.length; i++) {
            if (totals[i] > max) {
                max = totals[i];
                ties = 1;
            } else if (totals[i] == max) {
                ties++;
            }
        }
        int skip = ties == 1 ? 0 : chance.nextInt(ties);
        for (int i = 0; ; i++) {
            if (totals[i] == max && skip-- == 0) {
                return i;
            }
        }
    }

    /**
     * After how many feasible nodes the search stops.
     *
     * @param percentage of the nodes; 0 for a share that shrinks from 50 % as nodes get more, down to 5 %
     * @param allNodes how many nodes there are
     */
    static int numFeasibleNodesToFind(int percentage, int allNodes) {
        if (allNodes < MIN_FEASIBLE_NODES) {
            return allNodes;
        }
        int share = percentage == 0 ? Math.max(50 - allNodes / 125, MIN_PERCENTAGE) : percentage;
        int count = (int) ((long) allNodes * share / 100);
        return Math.max(count, MIN_FEASIBLE_NODES);
    }
}

package dev.amphora.scheduler.plugins;

import dev.amphora.kernel.MetricFamily.Series;
import dev.amphora.scheduler.framework.Actions;
import dev.amphora.scheduler.framework.CycleState;
import dev.amphora.scheduler.framework.EnqueueExtensions;
import dev.amphora.scheduler.framework.EventResource;
import dev.amphora.scheduler.framework.EventToRegister;
import dev.amphora.scheduler.framework.Handle;
import dev.amphora.scheduler.framework.Lister;
import dev.amphora.scheduler.framework.NodeInfo;
import dev.amphora.scheduler.framework.NodeSnapshot;
import dev.amphora.scheduler.framework.NodeStatuses;
import dev.amphora.scheduler.framework.PodInfo;
import dev.amphora.scheduler.framework.PostFilterPlugin;
import dev.amphora.scheduler.framework.QueueingHint.Answer;
import dev.amphora.scheduler.framework.ReleasingPlugin;
import dev.amphora.scheduler.framework.Status;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.PodCondition;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudget;
import java.util.BitSet;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes room for a pod by deleting pods of lower priority.
 *
 * <p>Looks at nodes from a random one on until enough candidates are found, takes the one that does the least harm, nominates the pod to
 * it, and deletes the victims beside the scheduling cycle (KEP-4832). Until that is done the pod is held back.
 */
public final class DefaultPreemption implements PostFilterPlugin, ReleasingPlugin, EnqueueExtensions {
    private static final Logger log = LoggerFactory.getLogger(DefaultPreemption.class);
    private static final Status PREEMPTING =
            Status.unresolvable("waiting for the preemption for this pod to be finished");

    private static final CycleState.Key<PreemptionPlan.Option> CHOSEN =
            new CycleState.Key<>(PreemptionPlan.Option.class);

    private final Handle handle;
    private final Lister<PodDisruptionBudget> budgets;
    private final int minCandidateNodesPercentage;
    private final int minCandidateNodesAbsolute;
    private final Evictions evictions;
    private final Series attempts;
    private final Series victimCounts;
    private @Nullable Object budgetsVersion;
    private List<DisruptionBudget> protecting = List.of();

    /**
     * The plugin's arguments.
     *
     * @param minCandidateNodesPercentage how many candidates are enough, in percent of the nodes that come into question; null for 10
     * @param minCandidateNodesAbsolute how many are enough at least; null for 100
     */
    public record Args(@Nullable Integer minCandidateNodesPercentage, @Nullable Integer minCandidateNodesAbsolute) {
        /** These, with the reference's values for what isn't given. */
        Args defaulted() {
            return new Args(
                    minCandidateNodesPercentage == null ? 10 : minCandidateNodesPercentage,
                    minCandidateNodesAbsolute == null ? 100 : minCandidateNodesAbsolute);
        }
    }

    /** The plugin for a profile. */
    public DefaultPreemption(Args args, Handle handle) {
        this.handle = handle;
        this.evictions = new Evictions(handle);
        this.budgets = handle.lister(PodDisruptionBudget.class);
        this.attempts = handle.meters()
                .counter("scheduler_preemption_attempts_total", "[STABLE] Attempts to make room for a pod.")
                .series();
        this.victimCounts = handle.meters()
                .histogram(
                        "scheduler_preemption_victims",
                        "[STABLE] How many pods had to go for another.",
                        new double[] {1, 2, 4, 8, 16, 32, 64})
                .series();
        Args given = args.defaulted();
        this.minCandidateNodesPercentage = Objects.requireNonNull(given.minCandidateNodesPercentage());
        this.minCandidateNodesAbsolute = Objects.requireNonNull(given.minCandidateNodesAbsolute());
    }

    @Override
    public Status preEnqueue(PodInfo pod) {
        return evictions.areUnderWayFor(pod) ? PREEMPTING : Status.success();
    }

    @Override
    public Collection<String> released(@Nullable HasMetadata about) {
        return evictions.released(about);
    }

    @Override
    public Result postFilter(CycleState state, PodInfo pod, NodeStatuses statuses) {
        attempts.add(1);
        return run(state, pod, statuses, true);
    }

    @Override
    public Result rehearse(CycleState state, PodInfo pod, NodeStatuses statuses) {
        return run(state, pod, statuses, false);
    }

    private Result run(CycleState state, PodInfo pod, NodeStatuses statuses, boolean evict) {
        String ineligible = whyNotEligible(pod, statuses);
        if (ineligible != null) {
            return Result.of(Status.unschedulable("preemption: " + ineligible));
        }
        BitSet potential = potential(statuses);
        int size = potential.cardinality();
        int enough = Math.min(size, Math.max(size * minCandidateNodesPercentage / 100, minCandidateNodesAbsolute));
        int offset = size == 0 ? 0 : handle.random().nextInt(size);
        DryRuns runs = DryRuns.of(handle, state, pod, potential, offset, enough, protecting());
        if (runs.isInVain()) {
            String broken = runs.failures();
            if (!broken.isEmpty()) {
                return Result.of(Status.error("preemption: " + broken));
            }
            NodeSnapshot snapshot = handle.snapshot();
            return Result.clear(Status.unschedulable("preemption: "
                    + message(runs.unhelpful(snapshot), snapshot.nodes().size())));
        }
        Candidate chosen = runs.best();
        if (PreemptionExtenders.haveASay(handle, pod)) {
            List<Candidate> left;
            try {
                left = PreemptionExtenders.ask(handle, pod, runs.candidates());
            } catch (RuntimeException e) {
                return Result.of(Status.error("preemption: " + e.getMessage()));
            }
            if (left.isEmpty()) {
                return Result.of(Status.unschedulable("preemption: no candidate node for preemption"));
            }
            chosen = Candidate.leastHarm(left).get(0);
        }
        state.put(CHOSEN, chosen.option());
        log.debug(
                "Pod {} preempts {} on node {}",
                pod,
                chosen.victims(),
                chosen.node().name());
        if (evict && evictions.begin(pod, chosen)) {
            victimCounts.observe(chosen.victims().size());
        }
        return Result.nominate(chosen.node().name());
    }

    /** Whom a pod preempts, or would preempt, and where, as {@link #postFilter} or {@link #rehearse} has just decided; null if nobody. */
    public static PreemptionPlan.@Nullable Option chosen(CycleState state) {
        return state.get(CHOSEN);
    }

    private static String message(NodeStatuses nodes, int all) {
        List<String> lines = nodes.histogram(all);
        String text = "0/" + all + " nodes are available:";
        return lines.isEmpty() ? text : text + " " + String.join(", ", lines) + ".";
    }

    /** Why a pod may not preempt; null if it may. */
    @Nullable String whyNotEligible(PodInfo pod, NodeStatuses statuses) {
        if ("Never".equals(pod.spec().getPreemptionPolicy())) {
            return "not eligible due to preemptionPolicy=Never.";
        }
        String nominated = pod.nominatedNodeName();
        if (nominated.isEmpty() || statuses.get(nominated).code() == Status.Code.UNSCHEDULABLE_AND_UNRESOLVABLE) {
            return null;
        }
        NodeInfo node = handle.snapshot().node(nominated);
        if (node != null) {
            for (PodInfo other : node.pods()) {
                if (other.priority() < pod.priority() && isBeingPreempted(other)) {
                    return "not eligible due to a terminating pod on the nominated node.";
                }
            }
        }
        return null;
    }

    private static boolean isBeingPreempted(PodInfo pod) {
        if (pod.isTerminating() && pod.pod().getStatus() != null) {
            for (PodCondition condition : pod.pod().getStatus().getConditions()) {
                if ("DisruptionTarget".equals(condition.getType())) {
                    return "True".equals(condition.getStatus())
                            && "PreemptionByScheduler".equals(condition.getReason());
                }
            }
        }
        return false;
    }

    /** What preemption could do for a pod that no node can run, tried on all nodes. Changes nothing. */
    public PreemptionPlan plan(CycleState state, PodInfo pod, NodeStatuses statuses) {
        BitSet potential = potential(statuses);
        NodeSnapshot snapshot = handle.snapshot();
        List<NodeInfo> nodes = snapshot.nodes();
        List<String> names =
                potential.stream().mapToObj(place -> nodes.get(place).name()).toList();
        String ineligible = whyNotEligible(pod, statuses);
        if (ineligible != null || potential.isEmpty()) {
            return new PreemptionPlan(names, ineligible, List.of(), new NodeStatuses(Status.unresolvable()), List.of());
        }
        DryRuns runs = DryRuns.of(handle, state, pod, potential, 0, Integer.MAX_VALUE, protecting());
        List<Candidate> candidates;
        try {
            candidates = PreemptionExtenders.ask(handle, pod, runs.candidates());
        } catch (RuntimeException e) {
            // PostFilter tells of it
            candidates = List.of();
        }
        return new PreemptionPlan(
                names,
                null,
                candidates.stream().map(Candidate::option).toList(),
                runs.unhelpful(snapshot),
                Candidate.leastHarm(candidates).stream()
                        .map(each -> each.node().name())
                        .toList());
    }

    /** The nodes on which taking pods off might help, by their places in the snapshot. */
    private BitSet potential(NodeStatuses statuses) {
        NodeSnapshot snapshot = handle.snapshot();
        if (statuses.absent().code() != Status.Code.UNSCHEDULABLE) {
            return statuses.placesWith(Status.Code.UNSCHEDULABLE, snapshot);
        }
        BitSet potential = new BitSet();
        List<NodeInfo> nodes = snapshot.nodes();
        for (int place = 0; place < nodes.size(); place++) {
            if (statuses.get(nodes.get(place).name()).code() == Status.Code.UNSCHEDULABLE) {
                potential.set(place);
            }
        }
        return potential;
    }

    /** The disruption budgets; the same list as long as they are the same. */
    private List<DisruptionBudget> protecting() {
        Object version = budgets.version();
        if (!version.equals(budgetsVersion)) {
            budgetsVersion = version;
            protecting = budgets.list(null).stream().map(DisruptionBudget::of).toList();
        }
        return protecting;
    }

    /**
     * The deletion of a pod makes a pod that is held back here be looked at again, but doesn't by itself call for another attempt: that is
     * for the plugins that have turned it down. Unless it is what the pod was held back for.
     */
    @Override
    public List<EventToRegister> eventsToRegister() {
        return List.of(EventToRegister.judged(
                EventResource.POD,
                Actions.DELETE,
                (pod, before, after) -> evictions.hasJustReleased(pod) ? Answer.QUEUE : Answer.SKIP));
    }
}

package dev.amphora.scheduler.plugins;

import dev.amphora.scheduler.framework.CycleState;
import dev.amphora.scheduler.framework.Handle;
import dev.amphora.scheduler.framework.NodeInfo;
import dev.amphora.scheduler.framework.PodInfo;
import dev.amphora.scheduler.framework.Status;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A dry run on one node: which pods have to go so that another fits.
 *
 * <p>Takes all pods of lower priority off, and puts back as many as possible, the important ones first, and before all others those whose
 * disruption budget would be violated.
 */
final class Victims {
    private static final Status NONE = Status.unresolvable("No preemption victims found for incoming pod");

    private final Handle handle;
    private final CycleState state;
    private final PodInfo pod;
    private final List<DisruptionBudget> budgets;
    private final List<PodInfo> chosen = new ArrayList<>();
    private NodeInfo node;
    private int violations;

    Victims(Handle handle, CycleState state, PodInfo pod, NodeInfo node, List<DisruptionBudget> budgets) {
        this.handle = handle;
        this.state = state.copy();
        this.pod = pod;
        this.node = node;
        this.budgets = budgets;
    }

    /** The pods that have to go, the most important first. */
    List<PodInfo> chosen() {
        return chosen;
    }

    /** How many of them are protected by a disruption budget that has nothing left. */
    int violations() {
        return violations;
    }

    /** Chooses; anything but success says why this node doesn't help. */
    Status select() {
        List<PodInfo> potential = new ArrayList<>();
        for (PodInfo other : node.pods()) {
            if (other.priority() < pod.priority()) {
                potential.add(other);
            }
        }
        if (potential.isEmpty()) {
            return NONE;
        }
        for (PodInfo other : potential) {
            Status status = remove(other);
            if (!status.isSuccess()) {
                return status;
            }
        }
        Status alone = handle.filterWithNominatedPods(state, pod, node);
        if (!alone.isSuccess()) {
            return alone;
        }
        potential.sort(Victims::byImportance);
        List<PodInfo> violating = new ArrayList<>();
        List<PodInfo> harmless = new ArrayList<>();
        divide(potential, violating, harmless);
        for (PodInfo other : violating) {
            Status status = reprieve(other);
            if (status.code() == Status.Code.ERROR) {
                return status;
            }
            violations += status.isSuccess() ? 0 : 1;
        }
        for (PodInfo other : harmless) {
            Status status = reprieve(other);
            if (status.code() == Status.Code.ERROR) {
                return status;
            }
        }
        if (!violating.isEmpty() && !harmless.isEmpty()) {
            chosen.sort(Victims::byImportance);
        }
        return chosen.isEmpty()
                ? Status.error("expected at least one victim pod on node \"" + node.name() + "\"")
                : Status.success();
    }

    private Status remove(PodInfo other) {
        node = node.minus(other);
        return handle.preFilterRemovePod(state, pod, other, node);
    }

    /** Puts a pod back if the other still fits. */
    private Status reprieve(PodInfo other) {
        node = node.plus(other);
        Status added = handle.preFilterAddPod(state, pod, other, node);
        if (!added.isSuccess()) {
            return added;
        }
        Status fits = handle.filterWithNominatedPods(state, pod, node);
        if (!fits.isSuccess()) {
            Status removed = remove(other);
            if (!removed.isSuccess()) {
                return removed;
            }
            chosen.add(other);
        }
        return fits;
    }

    private void divide(List<PodInfo> pods, List<PodInfo> violating, List<PodInfo> harmless) {
        int[] left = new int[budgets.size()];
        for (int i = 0; i < left.length; i++) {
            left[i] = budgets.get(i).allowed();
        }
        for (PodInfo other : pods) {
            boolean violated = false;
            for (int i = 0; i < left.length; i++) {
                if (budgets.get(i).protects(other)) {
                    left[i]--;
                    violated |= left[i] < 0;
                }
            }
            (violated ? violating : harmless).add(other);
        }
    }

    /** Higher priority first, then the one that has run longer; one that has not started counts as started now. */
    static int byImportance(PodInfo a, PodInfo b) {
        int byPriority = Integer.compare(b.priority(), a.priority());
        return byPriority != 0
                ? byPriority
                : Comparator.nullsLast(Comparator.<String>naturalOrder()).compare(startTime(a), startTime(b));
    }

    static @Nullable String startTime(PodInfo pod) {
        return pod.pod().getStatus() == null ? null : pod.pod().getStatus().getStartTime();
    }
}

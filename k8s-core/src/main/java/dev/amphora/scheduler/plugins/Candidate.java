package dev.amphora.scheduler.plugins;

import dev.amphora.scheduler.framework.NodeInfo;
import dev.amphora.scheduler.framework.PodInfo;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A node on which preemption helps. Immutable. */
final class Candidate {
    /** Makes priorities positive before they are added up, so that fewer victims weigh less. */
    private static final long PRIORITY_OFFSET = 1L << 31;

    private static final Comparator<@Nullable String> LATEST_FIRST =
            Comparator.nullsLast(Comparator.<String>naturalOrder()).reversed();

    private final NodeInfo node;
    private final List<PodInfo> victims;
    private final int violations;
    private final int highestPriority;
    private final long sumOfPriorities;
    private final @Nullable String earliestStart;

    /**
     * A candidate.
     *
     * @param node the node
     * @param victims who has to go, the most important first; at least one
     * @param violations how many of them are protected by a disruption budget that has nothing left
     */
    Candidate(NodeInfo node, List<PodInfo> victims, int violations) {
        this.node = node;
        this.victims = List.copyOf(victims);
        this.violations = violations;
        this.highestPriority = victims.get(0).priority();
        long sum = 0;
        String earliest = null;
        for (PodInfo victim : victims) {
            sum += victim.priority() + PRIORITY_OFFSET;
            String start = victim.priority() == highestPriority ? Victims.startTime(victim) : null;
            if (start != null && (earliest == null || start.compareTo(earliest) < 0)) {
                earliest = start;
            }
        }
        this.sumOfPriorities = sum;
        this.earliestStart = earliest;
    }

    NodeInfo node() {
        return node;
    }

    List<PodInfo> victims() {
        return victims;
    }

    int violations() {
        return violations;
    }

    /** Those that do the least harm, in the order given; one unless the rules leave the choice open. */
    static List<Candidate> leastHarm(List<Candidate> candidates) {
        List<Candidate> best = new ArrayList<>();
        for (Candidate candidate : candidates) {
            int order = best.isEmpty() ? 0 : byHarm(candidate, best.get(0));
            if (order < 0) {
                best.clear();
            }
            if (order <= 0) {
                best.add(candidate);
            }
        }
        return best;
    }

    private static int byHarm(Candidate a, Candidate b) {
        if (a.violations != b.violations) {
            return Integer.compare(a.violations, b.violations);
        }
        if (a.highestPriority != b.highestPriority) {
            return Integer.compare(a.highestPriority, b.highestPriority);
        }
        if (a.sumOfPriorities != b.sumOfPriorities) {
            return Long.compare(a.sumOfPriorities, b.sumOfPriorities);
        }
        if (a.victims.size() != b.victims.size()) {
            return Integer.compare(a.victims.size(), b.victims.size());
        }
        // of the most important victims the one that started first counts; null is now
        return LATEST_FIRST.compare(a.earliestStart, b.earliestStart);
    }

    PreemptionPlan.Option option() {
        return new PreemptionPlan.Option(node.name(), victims, violations);
    }
}

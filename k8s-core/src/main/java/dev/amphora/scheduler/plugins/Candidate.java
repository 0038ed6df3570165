package dev.amphora.scheduler.plugins;

import dev.amphora.scheduler.framework.NodeInfo;
import dev.amphora.scheduler.framework.PodInfo;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A node on which preemption helps.
 *
 * @param node the node
 * @param victims who has to go, the most important first
 * @param violations how many of them are protected by a disruption budget that has nothing left
 */
record Candidate(NodeInfo node, List<PodInfo> victims, int violations) {
    /** Makes priorities positive before they are added up, so that fewer victims weigh less. */
    private static final long PRIORITY_OFFSET = 1L << 31;

    private static final Comparator<Candidate> BY_HARM = Comparator.comparingInt(Candidate::violations)
            .thenComparingInt(Candidate::highestPriority)
            .thenComparingLong(Candidate::sumOfPriorities)
            .thenComparingInt(candidate -> candidate.victims.size())
            .thenComparing(
                    Candidate::earliestStart,
                    Comparator.nullsLast(Comparator.<String>naturalOrder()).reversed());

    /** Those that do the least harm, in the order given; one unless the rules leave the choice open. */
    static List<Candidate> leastHarm(List<Candidate> candidates) {
        List<Candidate> best = new ArrayList<>();
        for (Candidate candidate : candidates) {
            int order = best.isEmpty() ? 0 : BY_HARM.compare(candidate, best.get(0));
            if (order < 0) {
                best.clear();
            }
            if (order <= 0) {
                best.add(candidate);
            }
        }
        return best;
    }

    PreemptionPlan.Option option() {
        return new PreemptionPlan.Option(node.name(), victims, violations);
    }

    private int highestPriority() {
        return victims.get(0).priority();
    }

    private long sumOfPriorities() {
        long sum = 0;
        for (PodInfo victim : victims) {
            sum += victim.priority() + PRIORITY_OFFSET;
        }
        return sum;
    }

    /** When the first of the most important victims started; null if that is now. */
    private @Nullable String earliestStart() {
        String earliest = null;
        for (PodInfo victim : victims) {
            if (victim.priority() == highestPriority()) {
                String start = Victims.startTime(victim);
                if (start != null && (earliest == null || start.compareTo(earliest) < 0)) {
                    earliest = start;
                }
            }
        }
        return earliest;
    }
}

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
    private final Harm harm;

    /**
     * What is lost with the victims; the least comes first.
     *
     * @param violations how many of them are protected by a disruption budget that has nothing left
     * @param highestPriority that of the most important one
     * @param sumOfPriorities of all, made positive
     * @param victims how many they are
     * @param earliestStart of the most important ones, that of the one that started first; null is now
     */
    record Harm(int violations, int highestPriority, long sumOfPriorities, int victims, @Nullable String earliestStart)
            implements Comparable<Harm> {
        @Override
        public int compareTo(Harm other) {
            if (violations != other.violations) {
                return Integer.compare(violations, other.violations);
            }
            if (highestPriority != other.highestPriority) {
                return Integer.compare(highestPriority, other.highestPriority);
            }
            if (sumOfPriorities != other.sumOfPriorities) {
                return Long.compare(sumOfPriorities, other.sumOfPriorities);
            }
            if (victims != other.victims) {
                return Integer.compare(victims, other.victims);
            }
            return LATEST_FIRST.compare(earliestStart, other.earliestStart);
        }
    }

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
        int highestPriority = victims.get(0).priority();
        long sum = 0;
        String earliest = null;
        for (PodInfo victim : victims) {
            sum += victim.priority() + PRIORITY_OFFSET;
            String start = victim.priority() == highestPriority ? Victims.startTime(victim) : null;
            if (start != null && (earliest == null || start.compareTo(earliest) < 0)) {
                earliest = start;
            }
        }
        this.harm = new Harm(violations, highestPriority, sum, victims.size(), earliest);
    }

    NodeInfo node() {
        return node;
    }

    List<PodInfo> victims() {
        return victims;
    }

    int violations() {
        return harm.violations();
    }

    Harm harm() {
        return harm;
    }

    /** Those that do the least harm, in the order given; one unless the rules leave the choice open. */
    static List<Candidate> leastHarm(List<Candidate> candidates) {
        List<Candidate> best = new ArrayList<>();
        for (Candidate candidate : candidates) {
            int order = best.isEmpty() ? 0 : candidate.harm.compareTo(best.get(0).harm);
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
        return new PreemptionPlan.Option(node.name(), victims, harm.violations());
    }
}

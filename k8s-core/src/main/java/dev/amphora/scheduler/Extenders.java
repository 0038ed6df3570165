package dev.amphora.scheduler;

import dev.amphora.api.FieldError;
import dev.amphora.scheduler.framework.NodeInfo;
import dev.amphora.scheduler.framework.PodInfo;
import dev.amphora.scheduler.framework.SchedulerExtender;
import dev.amphora.scheduler.framework.SchedulerExtender.ManagedResource;
import dev.amphora.scheduler.framework.SchedulerExtender.Verb;
import dev.amphora.scheduler.framework.ScorePlugin;
import dev.amphora.scheduler.framework.Status;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A scheduler's extenders, and how they are asked. Belongs to the scheduler's actor, except for {@link #bind}. */
final class Extenders {
    /** What turned a pod down, for the queue, when an extender did. */
    static final String NAME = "Extender";

    private static final Logger log = LoggerFactory.getLogger(Extenders.class);
    private static final long SCALE = ScorePlugin.MAX_SCORE / SchedulerExtender.MAX_PRIORITY;

    private final List<SchedulerExtender> all;
    private final Consumer<List<Runnable>> sideBySide;
    private final boolean filter;
    private final boolean prioritize;

    /**
     * Extenders.
     *
     * @param all in the order in which they are asked
     * @param sideBySide runs tasks that may wait for something outside, and waits for all of them
     */
    Extenders(List<SchedulerExtender> all, Consumer<List<Runnable>> sideBySide) {
        this.all = all;
        this.sideBySide = sideBySide;
        this.filter = all.stream().anyMatch(each -> each.verbs().contains(Verb.FILTER));
        this.prioritize = all.stream().anyMatch(each -> each.verbs().contains(Verb.PRIORITIZE));
    }

    /**
     * The order in which extenders are asked: those that may be ignored last.
     *
     * @throws IllegalArgumentException if several of them bind pods
     */
    static List<SchedulerExtender> inOrder(Collection<? extends SchedulerExtender> extenders) {
        long binders = extenders.stream()
                .filter(each -> each.verbs().contains(Verb.BIND))
                .count();
        if (binders > 1) {
            throw new IllegalArgumentException("only one extender can implement bind, found " + binders);
        }
        return extenders.stream()
                .sorted(Comparator.comparing(SchedulerExtender::isIgnorable))
                .map(SchedulerExtender.class::cast)
                .toList();
    }

    boolean isEmpty() {
        return all.isEmpty();
    }

    List<SchedulerExtender> list() {
        return all;
    }

    /** Whether any of them may turn nodes down. */
    boolean filter() {
        return filter;
    }

    /** Whether more than one node has to be found, so that they can choose. */
    boolean compareNodes() {
        return filter || prioritize;
    }

    /** The extended resources that NodeResourcesFit leaves to them. */
    Set<String> ignoredResources() {
        Set<String> ignored = new LinkedHashSet<>();
        for (SchedulerExtender extender : all) {
            for (ManagedResource resource : extender.managedResources()) {
                if (resource.ignoredByScheduler()) {
                    ignored.add(resource.name());
                }
            }
        }
        return ignored;
    }

    // -- filter ------------------------------------------------------------------------------------------------------

    /**
     * What became of nodes.
     *
     * @param nodes those that are left, in order
     * @param refusals why others are not, as far as extenders said so
     * @param error what is broken; null if nothing is
     */
    record Filtered(List<NodeInfo> nodes, Map<String, Status> refusals, @Nullable Status error) {}

    /** Receives what one extender said of nodes. */
    interface FilterListener {
        /**
         * An extender has answered.
         *
         * @param asked the nodes it was asked about
         * @param left those of them that it lets pass
         * @param refusals what it said of others
         */
        void filtered(
                SchedulerExtender extender, List<NodeInfo> asked, List<NodeInfo> left, Map<String, Status> refusals);
    }

    /**
     * Asks one after the other which nodes can run a pod, until none is left.
     *
     * @param nodes those that no plugin turns down
     */
    Filtered filter(PodInfo pod, List<NodeInfo> nodes, @Nullable FilterListener listener) {
        List<NodeInfo> left = List.copyOf(nodes);
        Map<String, Status> refusals = new LinkedHashMap<>();
        for (SchedulerExtender extender : all) {
            if (left.isEmpty()) {
                break;
            }
            if (!extender.verbs().contains(Verb.FILTER) || !extender.isInterestedIn(pod)) {
                continue;
            }
            List<NodeInfo> passed;
            Map<String, Status> refused = new LinkedHashMap<>();
            try {
                SchedulerExtender.Filtered answer = extender.filter(pod, left);
                passed = select(extender, left, answer.nodeNames());
                answer.failedForGood()
                        .forEach((name, why) ->
                                refused.put(name, Status.unresolvable(why).withPlugin(extender.name())));
                answer.failed()
                        .forEach((name, why) -> refused.putIfAbsent(
                                name, Status.unschedulable(why).withPlugin(extender.name())));
            } catch (RuntimeException e) {
                if (extender.isIgnorable()) {
                    log.debug("Extender {} failed and is ignored: {}", extender.name(), e.getMessage());
                    continue;
                }
                return new Filtered(left, refusals, Status.error(String.valueOf(e.getMessage())));
            }
            if (listener != null) {
                listener.filtered(extender, left, passed, refused);
            }
            refusals.putAll(refused);
            left = passed;
        }
        return new Filtered(left, refusals, null);
    }

    private static List<NodeInfo> select(SchedulerExtender extender, List<NodeInfo> nodes, List<String> names) {
        Map<String, NodeInfo> byName = new HashMap<>(nodes.size() * 2);
        nodes.forEach(node -> byName.put(node.name(), node));
        Set<NodeInfo> selected = new LinkedHashSet<>();
        for (String name : names) {
            NodeInfo node = byName.get(name);
            if (node == null) {
                throw new IllegalStateException(
                        "extender %s claims a filtered node %s which is not found in the input node list"
                                .formatted(FieldError.quoted(extender.name()), FieldError.quoted(name)));
            }
            selected.add(node);
        }
        return List.copyOf(selected);
    }

    // -- prioritize --------------------------------------------------------------------------------------------------

    /** Receives one extender's priorities of nodes. */
    interface PriorityListener {
        void prioritized(SchedulerExtender extender, long[] priorities);
    }

    /** Asks all side by side how well nodes suit a pod, and adds what they say to the nodes' scores. Who fails adds nothing. */
    void prioritize(PodInfo pod, List<NodeInfo> nodes, long[] totals, @Nullable PriorityListener listener) {
        if (!prioritize) {
            return;
        }
        List<SchedulerExtender> asked = all.stream()
                .filter(each -> each.verbs().contains(Verb.PRIORITIZE) && each.isInterestedIn(pod))
                .toList();
        long[][] answers = new long[asked.size()][];
        List<Runnable> tasks = new ArrayList<>();
        for (int i = 0; i < answers.length; i++) {
            int place = i;
            tasks.add(() -> answers[place] = priorities(asked.get(place), pod, nodes));
        }
        sideBySide.accept(tasks);
        for (int i = 0; i < answers.length; i++) {
            SchedulerExtender extender = asked.get(i);
            if (answers[i].length == 0) {
                continue;
            }
            for (int n = 0; n < totals.length; n++) {
                totals[n] += scaled(answers[i][n]) * extender.weight();
            }
            if (listener != null) {
                listener.prioritized(extender, answers[i]);
            }
        }
    }

    /** A priority as a score. */
    static long scaled(long priority) {
        return priority * SCALE;
    }

    /** One extender's priorities in the order of the nodes; none if it fails. */
    private static long[] priorities(SchedulerExtender extender, PodInfo pod, List<NodeInfo> nodes) {
        try {
            Map<String, Long> byName = extender.prioritize(pod, nodes);
            long[] priorities = new long[nodes.size()];
            for (int n = 0; n < priorities.length; n++) {
                priorities[n] = byName.getOrDefault(nodes.get(n).name(), 0L);
            }
            return priorities;
        } catch (RuntimeException e) {
            log.debug("Extender {} gave no priorities for pod {}", extender.name(), pod, e);
            return new long[0];
        }
    }

    // -- bind --------------------------------------------------------------------------------------------------------

    /** Has a pod bound by the extender that does that; null if none has. */
    @Nullable Status bind(PodInfo pod, String nodeName) {
        for (SchedulerExtender extender : all) {
            if (!extender.verbs().contains(Verb.BIND) || !extender.isInterestedIn(pod)) {
                continue;
            }
            try {
                extender.bind(pod, nodeName);
                return Status.success();
            } catch (RuntimeException e) {
                if (!extender.isIgnorable()) {
                    return Status.error(String.valueOf(e.getMessage()));
                }
                log.debug("Extender {} failed to bind pod {} and is ignored: {}", extender.name(), pod, e.getMessage());
            }
        }
        return null;
    }
}

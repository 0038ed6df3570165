package dev.amphora.scheduler;

import dev.amphora.scheduler.framework.NodeInfo;
import dev.amphora.scheduler.framework.NodeSnapshot;
import dev.amphora.scheduler.framework.PodInfo;
import dev.amphora.scheduler.framework.SchedulerExtender;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** An extender whose answers follow from the names and numbers of nodes and pods, with all that an extender may do. */
record RandomExtender(boolean isIgnorable, long seed) implements SchedulerExtender {
    static final String NO = "the extender says no";

    private int lot(String name, PodInfo pod, int of) {
        return Math.floorMod((name + pod.labels().get("color")).hashCode() + (int) seed, of);
    }

    private static void failForSome(PodInfo pod) {
        if (pod.uid().hashCode() % 9 == 0) {
            throw new IllegalStateException("the extender is down");
        }
    }

    @Override
    public Set<Verb> verbs() {
        return EnumSet.of(Verb.FILTER, Verb.PRIORITIZE, Verb.PREEMPT);
    }

    @Override
    public long weight() {
        return isIgnorable ? 1 : 3;
    }

    @Override
    public boolean isInterestedIn(PodInfo pod) {
        return pod.priority() != 1 || isIgnorable;
    }

    @Override
    public Filtered filter(PodInfo pod, List<NodeInfo> nodes) {
        failForSome(pod);
        List<String> left = new ArrayList<>();
        Map<String, String> failed = new LinkedHashMap<>();
        Map<String, String> failedForGood = new LinkedHashMap<>();
        if (pod.uid().hashCode() % 5 == 1) {
            // all that were found, which in a large cluster are not all that there are
            nodes.forEach(node -> failed.put(node.name(), NO));
            return new Filtered(left, failed, failedForGood);
        }
        for (NodeInfo node : nodes) {
            switch (lot(node.name(), pod, "red".equals(pod.labels().get("color")) ? 4 : 12)) {
                case 0 -> failed.put(node.name(), NO);
                case 1 -> failedForGood.put(node.name(), NO);
                case 2 -> {}
                case 3 -> {
                    if (node.pods().size() > 2) {
                        failed.put(node.name(), NO);
                    } else {
                        left.add(node.name());
                    }
                }
                default -> left.add(node.name());
            }
        }
        if (seed % 3 == 0) {
            Collections.reverse(left);
        }
        return new Filtered(left, failed, failedForGood);
    }

    @Override
    public Map<String, Long> prioritize(PodInfo pod, List<NodeInfo> nodes) {
        failForSome(pod);
        Map<String, Long> priorities = new LinkedHashMap<>();
        for (NodeInfo node : nodes) {
            priorities.put(node.name(), (long) lot(node.name(), pod, MAX_PRIORITY + 1));
        }
        return priorities;
    }

    @Override
    public Map<String, Victims> preempt(PodInfo pod, Map<String, Victims> candidates, NodeSnapshot nodes) {
        failForSome(pod);
        Map<String, Victims> left = new LinkedHashMap<>(candidates);
        left.keySet().removeIf(name -> lot(name, pod, 3) == 0);
        return left;
    }
}

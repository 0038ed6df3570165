package dev.amphora.scheduler;

import com.google.common.collect.ImmutableList;
import dev.amphora.scheduler.framework.PodInfo;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Which waiting pods have a node on which room has been made for them. The list of a node never changes: another nomination makes another
 * list, so that what was found out about a node with its nominated pods holds as long as both are the same objects. Belongs to the
 * scheduler's actor.
 */
final class Nominations {
    private static final int MAX_CHANGES = 4096;

    private final Map<String, String> nodeByUid = new HashMap<>();
    private final Map<String, List<PodInfo>> podsByNode = new HashMap<>();
    private final List<String> changed = new ArrayList<>();
    private long forgotten;

    /** Notes a pod's nomination, in place of any other that it had. An empty name withdraws it. */
    void put(PodInfo pod, String nodeName) {
        remove(pod.uid());
        if (!nodeName.isEmpty()) {
            nodeByUid.put(pod.uid(), nodeName);
            List<PodInfo> pods = new ArrayList<>(on(nodeName));
            pods.add(pod);
            set(nodeName, pods);
        }
    }

    /** Withdraws a pod's nomination. */
    void remove(String uid) {
        String nodeName = nodeByUid.remove(uid);
        if (nodeName != null) {
            List<PodInfo> pods = new ArrayList<>(on(nodeName));
            pods.removeIf(pod -> pod.uid().equals(uid));
            set(nodeName, pods);
        }
    }

    private void set(String nodeName, List<PodInfo> pods) {
        if (pods.isEmpty()) {
            podsByNode.remove(nodeName);
        } else {
            podsByNode.put(nodeName, ImmutableList.copyOf(pods));
        }
        if (changed.size() == MAX_CHANGES) {
            forgotten += changed.size();
            changed.clear();
        }
        changed.add(nodeName);
    }

    /**
     * Follows a waiting pod's update. A nomination that only the scheduler knows of yet outlives an update that is older than it.
     */
    void update(@Nullable PodInfo before, PodInfo after) {
        boolean silent = after.nominatedNodeName().isEmpty()
                && (before == null || before.nominatedNodeName().isEmpty());
        put(after, silent ? nodeOf(after.uid()) : after.nominatedNodeName());
    }

    /** The node that a pod is nominated to, empty if there is none. */
    String nodeOf(String uid) {
        String nodeName = nodeByUid.get(uid);
        return nodeName == null ? "" : nodeName;
    }

    /** The pods that are nominated to a node, in the order of their nomination. */
    List<PodInfo> on(String nodeName) {
        List<PodInfo> pods = podsByNode.get(nodeName);
        return pods == null ? List.of() : pods;
    }

    boolean isEmpty() {
        return nodeByUid.isEmpty();
    }

    /** The nodes that pods are nominated to. */
    Set<String> nodes() {
        return podsByNode.keySet();
    }

    /** How many changes there have been. */
    long changes() {
        return forgotten + changed.size();
    }

    /** The nodes whose nominations have changed since there were so many changes; null if that is too long ago. */
    @Nullable List<String> changedSince(long changes) {
        return changes < forgotten ? null : changed.subList((int) (changes - forgotten), changed.size());
    }
}

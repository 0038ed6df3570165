package dev.amphora.scheduler;

import dev.amphora.scheduler.framework.PodInfo;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Which waiting pods have a node on which room has been made for them. Belongs to the scheduler's actor. */
final class Nominations {
    private final Map<String, String> nodeByUid = new HashMap<>();
    private final Map<String, List<PodInfo>> podsByNode = new HashMap<>();

    /** Notes a pod's nomination, in place of any other that it had. An empty name withdraws it. */
    void put(PodInfo pod, String nodeName) {
        remove(pod.uid());
        if (!nodeName.isEmpty()) {
            nodeByUid.put(pod.uid(), nodeName);
            podsByNode.computeIfAbsent(nodeName, name -> new ArrayList<>()).add(pod);
        }
    }

    /** Withdraws a pod's nomination. */
    void remove(String uid) {
        String nodeName = nodeByUid.remove(uid);
        if (nodeName != null) {
            List<PodInfo> pods = podsByNode.get(nodeName);
            if (pods != null) {
                pods.removeIf(pod -> pod.uid().equals(uid));
                if (pods.isEmpty()) {
                    podsByNode.remove(nodeName);
                }
            }
        }
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
}

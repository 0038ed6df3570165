package dev.amphora.scheduler;

import dev.amphora.scheduler.framework.PodInfo;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Which waiting pods have a node on which room has been made for them. The list of a node never changes: another nomination makes another
 * list, so that what was found out about a node with its nominated pods holds as long as both are the same objects. Belongs to the
 * scheduler's actor.
 */
final class Nominations {
    private final Map<String, String> nodeByUid = new HashMap<>();
    private final Map<String, List<PodInfo>> podsByNode = new HashMap<>();
    private final ChangeLog<String> log = new ChangeLog<>();

    /** The same nominations, to be changed apart. */
    Nominations copy() {
        Nominations copy = new Nominations();
        podsByNode.forEach((node, pods) -> pods.forEach(pod -> copy.put(pod, node)));
        return copy;
    }

    /** Notes a pod's nomination, in place of any other that it had. An empty name withdraws it. */
    void put(PodInfo pod, String nodeName) {
        remove(pod.uid());
        if (!nodeName.isEmpty()) {
            nodeByUid.put(pod.uid(), nodeName);
            List<PodInfo> pods = new ArrayList<>(on(nodeName));
            pods.add(pod);
            podsByNode.put(nodeName, List.copyOf(pods));
            log.add(nodeName);
        }
    }

    /** Withdraws a pod's nomination. */
    void remove(String uid) {
        String nodeName = nodeByUid.remove(uid);
        if (nodeName != null) {
            List<PodInfo> pods =
                    on(nodeName).stream().filter(pod -> !pod.uid().equals(uid)).toList();
            if (pods.isEmpty()) {
                podsByNode.remove(nodeName);
            } else {
                podsByNode.put(nodeName, pods);
            }
            log.add(nodeName);
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

    /** The nodes whose nominated pods have changed, by name. */
    ChangeLog<String> log() {
        return log;
    }

    /** The pods that are nominated to a node, in the order of their nomination; another list whenever these change. */
    List<PodInfo> on(String nodeName) {
        if (podsByNode.isEmpty()) {
            return List.of();
        }
        List<PodInfo> pods = podsByNode.get(nodeName);
        return pods == null ? List.of() : pods;
    }

    /** The nodes to which any pods are nominated. */
    Collection<String> nodes() {
        return podsByNode.keySet();
    }

    boolean isEmpty() {
        return nodeByUid.isEmpty();
    }
}

package dev.amphora.scheduler;

import dev.amphora.scheduler.framework.NodeInfo;
import dev.amphora.scheduler.framework.PodInfo;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The pods nominated to each node by the node's place in the snapshot, for searches that look at all nodes. Follows {@link Nominations} by
 * what has changed. Belongs to the scheduler's actor.
 */
final class NominationTable {
    private final Map<String, Integer> places = new HashMap<>();
    private final List<@Nullable List<PodInfo>> byPlace = new ArrayList<>();
    private int version = -1;
    private long seen;

    /** Brings the table up to date. */
    void follow(Nominations nominations, List<NodeInfo> nodes, int nodesVersion) {
        List<String> changed =
                version == nodesVersion && byPlace.size() == nodes.size() ? nominations.changedSince(seen) : null;
        if (changed == null) {
            version = nodesVersion;
            places.clear();
            byPlace.clear();
            for (NodeInfo node : nodes) {
                places.put(node.name(), byPlace.size());
                byPlace.add(null);
            }
            take(nominations, nominations.nodes());
        } else {
            take(nominations, changed);
        }
        seen = nominations.changes();
    }

    private void take(Nominations nominations, Collection<String> nodes) {
        for (String node : nodes) {
            Integer place = places.get(node);
            if (place != null) {
                List<PodInfo> pods = nominations.on(node);
                byPlace.set(place, pods.isEmpty() ? null : pods);
            }
        }
    }

    /** The pods that are nominated to a node; null if there are none. */
    @Nullable List<PodInfo> at(int place) {
        return byPlace.get(place);
    }
}

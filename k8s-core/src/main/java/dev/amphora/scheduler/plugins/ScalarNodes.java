package dev.amphora.scheduler.plugins;

import dev.amphora.scheduler.framework.NodeInfo;
import dev.amphora.scheduler.framework.NodeSnapshot;
import dev.amphora.scheduler.framework.PodChanges;
import dev.amphora.scheduler.framework.Resources;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Which nodes have any of a scalar resource, kept up to date as nodes change. Belongs to the scheduler's actor. */
final class ScalarNodes {
    private static final BitSet NONE = new BitSet();

    private final Map<String, BitSet> places = new HashMap<>();
    private PodChanges.@Nullable NodeReader reader;
    private Resources[] known = new Resources[0];

    /** Takes in what has changed. */
    void catchUp(NodeSnapshot snapshot, PodChanges changes) {
        List<NodeInfo> nodes = snapshot.nodes();
        if (reader == null) {
            reader = changes.nodes();
        } else if (reader.read(snapshot, place -> put(place, nodes.get(place))) && known.length == nodes.size()) {
            return;
        }
        places.clear();
        known = new Resources[nodes.size()];
        for (int place = 0; place < known.length; place++) {
            put(place, nodes.get(place));
        }
    }

    private void put(int place, NodeInfo node) {
        Resources before = place < known.length ? known[place] : null;
        Resources now = node.allocatable();
        if (before == now || place >= known.length) {
            return;
        }
        known[place] = now;
        for (int i = 0; before != null && i < before.scalarCount(); i++) {
            BitSet old = places.get(before.scalarName(i));
            if (old != null) {
                old.clear(place);
                if (old.isEmpty()) {
                    places.remove(before.scalarName(i));
                }
            }
        }
        for (int i = 0; i < now.scalarCount(); i++) {
            if (now.scalarAmount(i) > 0) {
                places.computeIfAbsent(now.scalarName(i), name -> new BitSet()).set(place);
            }
        }
    }

    /** The places of the nodes that have any of a resource. */
    BitSet with(String resource) {
        return places.getOrDefault(resource, NONE);
    }
}

package dev.amphora.scheduler;

import dev.amphora.scheduler.framework.NodeInfo;
import dev.amphora.scheduler.framework.NodeStatuses;
import dev.amphora.scheduler.framework.Status;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** Why no node can run a pod. */
final class Diagnosis {
    final NodeStatuses nodes = new NodeStatuses(Status.unresolvable());
    final Set<String> unschedulablePlugins = new TreeSet<>();
    final Set<String> pendingPlugins = new TreeSet<>();
    String preFilterMessage = "";
    String postFilterMessage = "";

    /** Notes why a node is refused whose place in the snapshot is known. */
    void refuse(NodeInfo node, int place, Status status) {
        nodes.put(node, place, status);
        blame(status);
    }

    void blame(Status status) {
        blame(status.plugin(), status.code());
    }

    private void blame(@Nullable String plugin, Status.Code code) {
        if (plugin != null) {
            (code == Status.Code.PENDING ? pendingPlugins : unschedulablePlugins).add(plugin);
        }
    }

    /**
     * The text for the user, such as {@code 0/5 nodes are available: 3 Insufficient cpu, 2 node(s) had untolerated taint(s).}
     *
     * @param allNodes how many nodes there are
     */
    String message(int allNodes) {
        StringBuilder text = new StringBuilder("0/").append(allNodes).append(" nodes are available:");
        if (!preFilterMessage.isEmpty()) {
            text.append(' ').append(preFilterMessage).append('.');
        } else {
            String reasons = histogram(nodes, allNodes);
            if (!reasons.isEmpty()) {
                text.append(' ').append(reasons).append('.');
            }
        }
        if (!postFilterMessage.isEmpty()) {
            text.append(' ').append(postFilterMessage);
        }
        return text.toString();
    }

    /** How many nodes gave each reason, sorted as whole strings. */
    static String histogram(NodeStatuses nodes, int allNodes) {
        return String.join(", ", nodes.histogram(allNodes));
    }
}

package dev.amphora.scheduler;

import dev.amphora.scheduler.framework.NodeInfo;
import dev.amphora.scheduler.framework.PodChanges;
import dev.amphora.scheduler.framework.PodInfo;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Which pods have lately come to nodes or left them. Belongs to the scheduler's actor. */
final class PodLog {
    private final ChangeLog<PodChanges.Change> changes = new ChangeLog<>();
    private long restarts;

    void add(PodInfo pod, NodeInfo node, int delta) {
        changes.add(new PodChanges.Change(pod, node, delta));
    }

    /** Nodes have come, gone or changed: nothing that was worked out before is of use. */
    void restart() {
        changes.restart();
        restarts++;
    }

    /** How often nodes have come, gone or changed. */
    long restarts() {
        return restarts;
    }

    long position() {
        return changes.position();
    }

    @Nullable List<PodChanges.Change> since(long position) {
        return changes.since(position);
    }
}

package dev.amphora.scheduler;

import dev.amphora.scheduler.framework.NodeInfo;
import dev.amphora.scheduler.framework.PodChanges;
import dev.amphora.scheduler.framework.PodInfo;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Which pods have lately come to nodes or left them. Belongs to the scheduler's actor. */
final class PodLog implements PodChanges.Log {
    private static final int KEPT = 8192;

    private final List<PodChanges.Change> changes = new ArrayList<>();
    private long first;
    private long restarts;

    void add(PodInfo pod, NodeInfo node, int delta) {
        if (changes.size() == 2 * KEPT) {
            changes.subList(0, KEPT).clear();
            first += KEPT;
        }
        changes.add(new PodChanges.Change(pod, node, delta));
    }

    /** Nodes have come, gone or changed: nothing that was worked out before is of use. */
    void restart() {
        first += changes.size() + 1;
        changes.clear();
        restarts++;
    }

    /** How often nodes have come, gone or changed. */
    long restarts() {
        return restarts;
    }

    @Override
    public long position() {
        return first + changes.size();
    }

    @Override
    public @Nullable List<PodChanges.Change> since(long position) {
        return position < first ? null : changes.subList((int) (position - first), changes.size());
    }
}

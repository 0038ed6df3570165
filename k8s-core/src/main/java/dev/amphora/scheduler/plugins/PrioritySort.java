package dev.amphora.scheduler.plugins;

import dev.amphora.scheduler.framework.QueueSortPlugin;
import dev.amphora.scheduler.framework.QueuedPodInfo;

/** Tries pods of higher priority first, and among equals the one that was queued first. */
public final class PrioritySort implements QueueSortPlugin {
    @Override
    public int compare(QueuedPodInfo a, QueuedPodInfo b) {
        int byPriority = Integer.compare(b.podInfo().priority(), a.podInfo().priority());
        return byPriority != 0 ? byPriority : a.queuedAt().compareTo(b.queuedAt());
    }
}

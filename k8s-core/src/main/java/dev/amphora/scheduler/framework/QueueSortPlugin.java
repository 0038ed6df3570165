package dev.amphora.scheduler.framework;

/** Orders the pods that wait. Exactly one is enabled, the same in all profiles. */
public interface QueueSortPlugin extends Plugin {
    /** Negative if {@code a} is to be tried before {@code b}; zero leaves the order to the queue. Must be a total preorder. */
    int compare(QueuedPodInfo a, QueuedPodInfo b);
}

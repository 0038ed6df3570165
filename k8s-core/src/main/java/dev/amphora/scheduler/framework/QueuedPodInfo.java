package dev.amphora.scheduler.framework;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** A pod that waits to be scheduled. */
public interface QueuedPodInfo {
    /** The pod, as last seen. */
    PodInfo podInfo();

    /** When it was last put into the queue. */
    Instant queuedAt();

    /** When it was first tried, null if it never was. */
    @Nullable Instant firstTriedAt();

    /** How often it has been tried. */
    int attempts();
}

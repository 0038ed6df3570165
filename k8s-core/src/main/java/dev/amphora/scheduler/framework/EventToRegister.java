package dev.amphora.scheduler.framework;

import org.jspecify.annotations.Nullable;

/**
 * A kind of change that may help pods that a plugin has turned down.
 *
 * @param event the change
 * @param hint says of a particular change whether it helps a particular pod; null if it always does
 */
public record EventToRegister(ClusterEvent event, @Nullable QueueingHint hint) {
    /** A change that always helps. */
    public static EventToRegister always(EventResource resource, int actions) {
        return new EventToRegister(new ClusterEvent(resource, actions), null);
    }

    /** A change that a hint judges. */
    public static EventToRegister judged(EventResource resource, int actions, QueueingHint hint) {
        return new EventToRegister(new ClusterEvent(resource, actions), hint);
    }
}

package dev.amphora.scheduler.framework;

/**
 * A kind of change in the cluster.
 *
 * @param resource what changes
 * @param actions how, as bits of {@link Actions}
 */
public record ClusterEvent(EventResource resource, int actions) {
    /** Anything at all, such as that time has passed. */
    public static final ClusterEvent WILDCARD = new ClusterEvent(EventResource.ANY, Actions.ALL);

    /** Whether this is {@link #WILDCARD}. */
    public boolean isWildcard() {
        return resource == EventResource.ANY && actions == Actions.ALL;
    }

    /** Whether this event, as a registration, is concerned by another that has happened. */
    public boolean matches(ClusterEvent incoming) {
        return isWildcard()
                || (resource.matches(incoming.resource)
                        && (actions & incoming.actions) != 0
                        && incoming.actions <= actions);
    }
}

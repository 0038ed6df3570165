package dev.amphora.scheduler.framework;

/** Decides whether a pod may wait to be scheduled at all. Called before a pod enters the active queue; must be cheap. */
public interface PreEnqueuePlugin extends Plugin {
    /**
     * Lets a pod in or holds it back. A pod that is held back is looked at again when an event happens that this plugin has
     * {@linkplain EnqueueExtensions registered}, or when it is itself updated.
     */
    Status preEnqueue(PodInfo pod);
}

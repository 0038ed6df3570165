package dev.amphora.scheduler.framework;

/** Hears that a pod has been bound. */
public interface PostBindPlugin extends Plugin {
    /** The pod has been bound. */
    void postBind(CycleState state, PodInfo pod, String nodeName);
}

package dev.amphora.scheduler.framework;

import java.util.List;

/** A pod that {@link PermitPlugin}s make wait. Safe to use from any task. */
public interface WaitingPod {
    /** The pod. */
    PodInfo pod();

    /** The node it has been given. */
    String nodeName();

    /** The plugins that have not allowed it yet. */
    List<String> pendingPlugins();

    /** Allows it in the name of a plugin; it goes on when all have. */
    void allow(String plugin);

    /** Turns it down in the name of a plugin. */
    void reject(String plugin, String reason);
}

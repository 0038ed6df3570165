package dev.amphora.scheduler.plugins;

import dev.amphora.scheduler.framework.NodeInfo;
import dev.amphora.scheduler.framework.PodInfo;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import org.jspecify.annotations.Nullable;

/** What several queueing hints ask. */
final class Hints {
    private Hints() {}

    /** Whether an object is the waiting pod itself. */
    static boolean isSame(PodInfo pod, @Nullable HasMetadata object) {
        return object instanceof Pod && pod.uid().equals(object.getMetadata().getUid());
    }

    /** A node alone, without its pods. */
    static @Nullable NodeInfo node(@Nullable HasMetadata object) {
        return object instanceof Node node ? NodeInfo.of(node) : null;
    }

    /** A pod, null if the object is none. */
    static @Nullable PodInfo pod(@Nullable HasMetadata object) {
        return object instanceof Pod pod ? PodInfo.of(pod) : null;
    }

    /** Whether a pod that has gone had a node, be it that it was only nominated to it, and so stood in the way of others. */
    static boolean hadRoom(PodInfo gone) {
        return !gone.nodeName().isEmpty() || !gone.nominatedNodeName().isEmpty();
    }
}

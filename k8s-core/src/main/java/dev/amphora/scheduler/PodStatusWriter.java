package dev.amphora.scheduler;

import dev.amphora.api.StatusException;
import dev.amphora.client.Client;
import dev.amphora.kernel.Actor;
import dev.amphora.kernel.Kernel;
import dev.amphora.scheduler.framework.PodInfo;
import dev.amphora.scheduler.framework.PodStatusPatch;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes into the status of pods how their scheduling goes, beside the scheduling cycle and in order. What has not been written yet when
 * there is more to say of a pod, or when it is bound, never is: it would come late and be taken for the latest.
 */
final class PodStatusWriter implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(PodStatusWriter.class);

    private final Kernel kernel;
    private final Client client;
    private final Actor actor;
    /** What is still to be written, by the uids of the pods. */
    private final Map<String, PodStatusPatch> waiting = new ConcurrentHashMap<>();
    /** The uid of the pod whose status is being written; empty if none is. */
    private volatile String writing = "";

    PodStatusWriter(Kernel kernel, Client client) {
        this.kernel = kernel;
        this.client = client;
        this.actor = kernel.actor("scheduler/status");
    }

    @Override
    public void close() {
        actor.close();
    }

    void execute(Runnable task) {
        actor.execute(task);
    }

    /** Shows the node that a pod is on its way to. */
    void nominate(PodInfo pod, String nodeName) {
        write(pod, new PodStatusPatch(pod).nominatedNode(nodeName));
    }

    /**
     * Says that a pod has not been scheduled. Writes nothing that is there already.
     *
     * @param nominated null leaves the nominated node alone, empty clears it
     */
    void unscheduled(PodInfo pod, String reason, String message, @Nullable String nominated) {
        PodStatusPatch patch =
                new PodStatusPatch(pod).condition("PodScheduled", "False", reason, message, kernel.instant());
        write(pod, nominated == null ? patch : patch.nominatedNode(nominated));
    }

    private void write(PodInfo pod, PodStatusPatch patch) {
        if (patch.isEmpty()) {
            return;
        }
        if (waiting.put(pod.uid(), patch) == null) {
            actor.execute(() -> writeLatest(pod));
        }
    }

    private void writeLatest(PodInfo pod) {
        writing = pod.uid();
        PodStatusPatch latest = waiting.remove(pod.uid());
        try {
            if (latest != null) {
                latest.write(client);
            }
        } catch (StatusException e) {
            log.debug("The status of pod {} could not be written: {}", pod, e.getMessage());
        } finally {
            writing = "";
        }
    }

    /**
     * Leaves unwritten what is still to be written of a pod. May be called from anywhere.
     *
     * @return whether something may be being written of it at this moment, which is over when tasks are executed that come now
     */
    boolean withdraw(PodInfo pod) {
        waiting.remove(pod.uid());
        return writing.equals(pod.uid());
    }
}

package dev.amphora.scheduler;

import dev.amphora.api.StatusException;
import dev.amphora.client.Client;
import dev.amphora.kernel.Actor;
import dev.amphora.kernel.Kernel;
import dev.amphora.scheduler.framework.PodInfo;
import dev.amphora.scheduler.framework.PodStatusPatch;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Writes into the status of pods how their scheduling goes, beside the scheduling cycle and in order. */
final class PodStatusWriter implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(PodStatusWriter.class);

    private final Kernel kernel;
    private final Client client;
    private final Actor actor;

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
        actor.execute(() -> {
            try {
                patch.write(client);
            } catch (StatusException e) {
                log.debug("The status of pod {} could not be written: {}", pod, e.getMessage());
            }
        });
    }
}

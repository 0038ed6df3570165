package dev.amphora.rest;

import dev.amphora.api.StatusException;
import java.time.Instant;
import java.util.concurrent.Flow;
import org.jspecify.annotations.Nullable;

/** The API server's way to the kubelets, for what clients ask of running containers. Given by whoever starts the nodes. */
public interface NodeConnections {

    /**
     * A container's log as text.
     *
     * @param nodeName the node that runs the pod
     * @param namespace the pod's namespace
     * @param pod the pod's name
     * @param container one of the pod's containers
     * @param options what to read of it
     * @return pieces of the log in order; with {@code follow} it goes on until the container ends or the subscriber cancels
     * @throws StatusException if the node is not connected, or has no such container or none with a log
     */
    Flow.Publisher<byte[]> log(String nodeName, String namespace, String pod, String container, LogOptions options);

    /**
     * What to read of a log, with the meanings of the API's {@code PodLogOptions}.
     *
     * @param follow whether to go on with what is yet to be written
     * @param previous whether the container's last ended instance is meant
     * @param since only what was written since; null for all
     * @param timestamps whether each line begins with its time
     * @param tailLines only so many lines from the end; null for all
     * @param limitBytes only so many bytes; null for all
     */
    record LogOptions(
            boolean follow,
            boolean previous,
            @Nullable Instant since,
            boolean timestamps,
            @Nullable Long tailLines,
            @Nullable Long limitBytes) {}

    /** No node is connected. */
    static NodeConnections none() {
        return (nodeName, namespace, pod, container, options) -> {
            throw StatusException.internalError("no connection to node \"" + nodeName + "\"");
        };
    }
}

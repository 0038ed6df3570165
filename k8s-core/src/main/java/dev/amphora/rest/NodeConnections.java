package dev.amphora.rest;

import dev.amphora.api.StatusException;
import dev.amphora.stream.Session;
import dev.amphora.stream.Streams;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;
import org.jspecify.annotations.Nullable;

/** The API server's way to the kubelets, for what clients ask of running containers. Given by whoever starts the nodes. */
public interface NodeConnections {

    /** Whether a node's kubelet is connected; of others, only that there are none. */
    boolean reaches(String nodeName);

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
     * Finds a running container to run a command in.
     *
     * @param streams which of the command's streams the client has
     * @return completes with what runs it; exceptionally with a {@link StatusException} if the node is not connected, or no such container
     *     runs
     */
    CompletionStage<Session.Starter> exec(
            String nodeName, String namespace, String pod, String container, List<String> command, Streams streams);

    /**
     * Finds a running container whose own streams a client wants to join.
     *
     * @param streams which of them the client has; whether they are a terminal is the container's to say
     * @return completes as {@link #exec} does
     */
    CompletionStage<Session.Starter> attach(
            String nodeName, String namespace, String pod, String container, Streams streams);

    /**
     * Finds a running pod whose ports a client wants to reach.
     *
     * @return completes with what connects to them; exceptionally with a {@link StatusException} if the node is not connected, or no such
     *     pod runs
     */
    CompletionStage<Session.Dialer> portForward(String nodeName, String namespace, String pod);

    /**
     * Asks a node's kubelet for one of its pages, such as {@code /healthz} or {@code /pods}.
     *
     * @param path with its query
     * @return completes with its answer, also if it has no such page; exceptionally with a {@link StatusException} if the node is not
     *     connected
     */
    CompletionStage<Page> page(String nodeName, String method, String path);

    /** What a kubelet answers. */
    record Page(int status, String contentType, byte[] body) {}

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
        return new NodeConnections() {
            @Override
            public boolean reaches(String nodeName) {
                return false;
            }

            @Override
            public Flow.Publisher<byte[]> log(
                    String nodeName, String namespace, String pod, String container, LogOptions options) {
                throw unconnected(nodeName);
            }

            @Override
            public CompletionStage<Session.Starter> exec(
                    String nodeName,
                    String namespace,
                    String pod,
                    String container,
                    List<String> command,
                    Streams streams) {
                throw unconnected(nodeName);
            }

            @Override
            public CompletionStage<Session.Starter> attach(
                    String nodeName, String namespace, String pod, String container, Streams streams) {
                throw unconnected(nodeName);
            }

            @Override
            public CompletionStage<Session.Dialer> portForward(String nodeName, String namespace, String pod) {
                throw unconnected(nodeName);
            }

            @Override
            public CompletionStage<Page> page(String nodeName, String method, String path) {
                throw unconnected(nodeName);
            }
        };
    }

    /** What is thrown where a node is not connected. */
    static StatusException unconnected(String nodeName) {
        return StatusException.internalError("no connection to node \"" + nodeName + "\"");
    }
}

package dev.amphora.kubelet;

import dev.amphora.kernel.Kernel;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * How the kubelet's network probes and hooks reach a container. Commands go through {@link ContainerRuntime#exec} instead.
 *
 * <p>Calls return at once. A stage completes exceptionally only if the probe could not be made at all; a refused connection or a
 * timeout is an {@link Answer} with an error.
 */
public interface ProbeTransport {

    /**
     * Whom to ask.
     *
     * @param podUid the pod
     * @param containerName the container that the probe belongs to
     * @param host an address or name, usually the pod's address
     * @param port 1 to 65535
     */
    record Target(String podUid, String containerName, String host, int port) {}

    /** A header of an HTTP probe. */
    record Header(String name, String value) {}

    /**
     * What came of it.
     *
     * @param code the HTTP status, or the gRPC health status; 0 for a TCP connection
     * @param body the beginning of an HTTP answer's body
     * @param location where an HTTP redirect leads, empty for none
     * @param error why there is no answer, such as {@code dial tcp 10.0.0.1:80: connect: connection refused}; null if there is
     */
    record Answer(int code, String body, String location, @Nullable String error) {
        /** An answer without an error. */
        public static Answer of(int code, String body) {
            return new Answer(code, body, "", null);
        }

        /** No answer. */
        public static Answer failed(String error) {
            return new Answer(0, "", "", error);
        }
    }

    /** Probes through sockets of this machine. */
    static ProbeTransport sockets(Kernel kernel) {
        return new SocketProbes(kernel);
    }

    /** Connects and closes. */
    CompletionStage<Answer> tcp(Target target, Duration timeout);

    /**
     * Sends a GET and reads the answer, without following redirects.
     *
     * @param https whether over TLS, with any certificate
     * @param path path and query
     * @param headers in order
     */
    CompletionStage<Answer> http(Target target, boolean https, String path, List<Header> headers, Duration timeout);

    /**
     * Asks the gRPC health service.
     *
     * @param service the name to ask about, empty for the server as a whole
     * @return with the code of {@code grpc.health.v1.HealthCheckResponse.ServingStatus}: 1 is serving
     */
    CompletionStage<Answer> grpc(Target target, String service, Duration timeout);
}

package dev.amphora;

import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableSet;
import com.google.common.net.HostAndPort;
import dev.amphora.api.remote.DialFailure;
import dev.amphora.api.remote.Trust;
import dev.amphora.kernel.Kernel;
import dev.amphora.kernel.SimulatedKernel;
import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * The ports of the loopback address at which the reference's scheduler and controller manager tell of their health, and at which its API
 * server asks for the component statuses, whatever these were told to listen at.
 *
 * @param kernel whose threads ask; a simulated one has no network
 * @param askAll whether those are asked too that run in this process and listen nowhere
 */
record ComponentPorts(Kernel kernel, boolean askAll) {
    private static final String HOST = "127.0.0.1";
    private static final Duration PATIENCE = Duration.ofSeconds(20);
    private static final ImmutableMap<String, Integer> PORTS =
            ImmutableMap.of("controller-manager", 10257, "scheduler", 10259);

    /** The components that are asked by a port. */
    static final ImmutableSet<String> NAMES = PORTS.keySet();

    /** What is wrong with a component; empty if it says that it is healthy. */
    Optional<String> ask(String name) {
        return ask(HostAndPort.fromParts(HOST, PORTS.getOrDefault(name, 0)));
    }

    Optional<String> ask(HostAndPort address) {
        String url = "https://" + address + "/healthz";
        return kernel.await(answer(url)
                .handle((answer, failure) -> failure == null ? problem(answer) : problem(url, address, failure)));
    }

    private CompletionStage<HttpResponse<Void>> answer(String url) {
        if (kernel instanceof SimulatedKernel) {
            return CompletableFuture.failedStage(new ConnectException("a simulation has no network"));
        }
        try {
            return HttpClient.newBuilder()
                    .version(HttpClient.Version.HTTP_1_1)
                    .connectTimeout(PATIENCE)
                    .executor(kernel.blocking())
                    .sslContext(Trust.context("", true, HOST, null))
                    .build()
                    .sendAsync(
                            HttpRequest.newBuilder(URI.create(url))
                                    .timeout(PATIENCE)
                                    .build(),
                            HttpResponse.BodyHandlers.discarding());
        } catch (IOException e) {
            return CompletableFuture.failedStage(e);
        }
    }

    private static Optional<String> problem(HttpResponse<Void> answer) {
        return answer.statusCode() < 400
                ? Optional.empty()
                : Optional.of("HTTP probe failed with statuscode: " + answer.statusCode());
    }

    private static Optional<String> problem(String url, HostAndPort address, Throwable failure) {
        return Optional.of("Get \"%s\": %s".formatted(url, DialFailure.reason(failure, address)));
    }
}

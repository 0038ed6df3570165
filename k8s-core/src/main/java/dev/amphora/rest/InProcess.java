package dev.amphora.rest;

import dev.amphora.kernel.Kernel;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.http.HttpClient;

/**
 * The fabric8 client without a socket: its requests go straight into a {@link RestApi}, on the caller's own thread, and are answered
 * exactly as requests over the network are.
 */
public final class InProcess {
    /** How long opening a connection to a container may take; nothing else has a limit here. */
    private static final int REQUEST_TIMEOUT_MILLIS = 60_000;

    private static final String NOWHERE = "http://kubernetes.default.svc";

    private InProcess() {}

    /**
     * A client that acts as the {@linkplain RestApi.Builder#inProcessUser user for callers in this process}.
     *
     * @param kernel gives the threads for informers and watches
     * @param api answers
     * @return a client; close it in the end
     */
    public static KubernetesClient client(Kernel kernel, RestApi api) {
        Config config = new ConfigBuilder(Config.empty())
                .withMasterUrl(NOWHERE)
                .withNamespace("default")
                .withRequestTimeout(REQUEST_TIMEOUT_MILLIS)
                .withRequestRetryBackoffLimit(0)
                .build();
        return new KubernetesClientBuilder()
                .withConfig(config)
                .withHttpClientFactory(transport(api))
                .withTaskExecutor(kernel.blocking())
                .build();
    }

    /** The transport alone, for a client that is configured otherwise. */
    public static HttpClient.Factory transport(RestApi api) {
        return new InProcessClient.Factory(api);
    }
}

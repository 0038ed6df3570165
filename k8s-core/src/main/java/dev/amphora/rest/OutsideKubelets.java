package dev.amphora.rest;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.common.cache.Cache;
import com.google.common.cache.CacheBuilder;
import com.google.common.net.HostAndPort;
import com.google.common.util.concurrent.UncheckedExecutionException;
import dev.amphora.api.StatusException;
import dev.amphora.api.remote.Trust;
import dev.amphora.kernel.Kernel;
import dev.amphora.rest.tls.KeyCertificate;
import dev.amphora.stream.ByteSink;
import dev.amphora.stream.SocketLink;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.http.HttpClient;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import javax.net.ssl.SSLContext;

/** Kubelets of other processes, each at the address and port that its node's status tells. */
final class OutsideKubelets {
    private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(30);
    private static final int KUBELET_PORT = 10250;
    private static final int MOST_WAYS = 256;
    /** Where any certificate counts, one way leads to all of them. */
    private static final String ANY = "";

    private final Kernel kernel;
    private final KubeletAccess access;
    /** By the name that a kubelet's certificate must be for. */
    private final Cache<String, Way> ways =
            CacheBuilder.newBuilder().maximumSize(MOST_WAYS).build();

    private record Way(SSLContext tls, HttpClient http) {}

    OutsideKubelets(Kernel kernel, KubeletAccess access) {
        this.kernel = kernel;
        this.access = access;
    }

    /**
     * The kubelet of a node.
     *
     * @param anyCertificate whether it may be whoever it says it is, though there is an authority for kubelets
     * @throws StatusException if the node has no address of a type that is wanted
     */
    OutsideKubelet of(JsonNode node, boolean anyCertificate) {
        String host = address(node);
        int port = node.path("status")
                .path("daemonEndpoints")
                .path("kubeletEndpoint")
                .path("Port")
                .asInt(0);
        boolean insecure = anyCertificate || access.authorityPem().isEmpty();
        Way way;
        try {
            way = ways.get(insecure ? ANY : host, () -> way(host, insecure));
        } catch (ExecutionException | UncheckedExecutionException e) {
            Throwable cause = e.getCause() == null ? e : e.getCause();
            throw StatusException.internalError(String.valueOf(cause.getMessage()));
        }
        HostAndPort address = HostAndPort.fromParts(host, port == 0 ? KUBELET_PORT : port);
        return new OutsideKubelet(address, way.http, received -> connect(way, address, received));
    }

    private CompletionStage<ByteSink> connect(Way way, HostAndPort address, ByteSink received) {
        return SocketLink.connectSecurely(
                way.tls.getSocketFactory(),
                address.getHost(),
                new InetSocketAddress(address.getHost(), address.getPort()),
                CONNECT_TIMEOUT,
                received,
                kernel.blocking());
    }

    private Way way(String host, boolean insecure) {
        KeyCertificate client = access.client();
        String authorities =
                Base64.getEncoder().encodeToString(access.authorityPem().getBytes(UTF_8));
        try {
            SSLContext tls = Trust.context(authorities, insecure, host, client == null ? null : client.shown());
            HttpClient http = HttpClient.newBuilder()
                    .version(HttpClient.Version.HTTP_1_1)
                    .followRedirects(HttpClient.Redirect.NEVER)
                    .connectTimeout(CONNECT_TIMEOUT)
                    .executor(kernel.blocking())
                    .sslContext(tls)
                    .build();
            return new Way(tls, http);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private String address(JsonNode node) {
        JsonNode addresses = node.path("status").path("addresses");
        for (String type : access.addressTypes()) {
            for (JsonNode each : addresses) {
                if (each.path("type").asText().equals(type)) {
                    return each.path("address").asText();
                }
            }
        }
        List<String> known = new ArrayList<>();
        addresses.forEach(each -> known.add("{%s %s}"
                .formatted(each.path("type").asText(), each.path("address").asText())));
        throw StatusException.of(
                500,
                "",
                "no preferred addresses found; known addresses: [%s]".formatted(String.join(" ", known)),
                null);
    }
}

package dev.amphora.apiserver.outside;

import com.google.common.cache.Cache;
import com.google.common.cache.CacheBuilder;
import com.google.common.collect.ImmutableListMultimap;
import com.google.common.net.HostAndPort;
import dev.amphora.api.remote.DialFailure;
import dev.amphora.api.remote.Trust;
import dev.amphora.apiserver.access.ObjectReader;
import dev.amphora.apiserver.outside.LocalServer.Reply;
import dev.amphora.apiserver.outside.LocalServer.Request;
import dev.amphora.kernel.Kernel;
import dev.amphora.kernel.SimulatedKernel;
import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;
import java.util.function.Supplier;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import org.jspecify.annotations.Nullable;

/**
 * Asks other servers by their Services: over HTTPS, or within this process where a {@link LocalServer} stands for one. No thread waits for
 * an answer, nor for the pieces of its body. Under simulation nobody but local servers answers. Safe for concurrent use.
 */
public final class RemoteServers {
    private static final Duration CONNECT_PATIENCE = Duration.ofSeconds(30);
    private static final int MOST_CLIENTS = 64;
    /** What concerns one connection alone, and what the client of the platform sets itself. */
    private static final Set<String> OWN_HEADERS =
            Set.of("connection", "content-length", "expect", "host", "http2-settings", "transfer-encoding", "upgrade");

    private final Kernel kernel;
    private final ObjectReader objects;
    private final LocalServers local;
    private final Supplier<KeyManager @Nullable []> shown;
    private final Cache<RemoteServer, Secured> clients =
            CacheBuilder.newBuilder().maximumSize(MOST_CLIENTS).build();

    /** What speaks to one server, made when it is first asked. */
    private record Secured(SSLContext tls, HttpClient client) {}

    /**
     * The way to other servers.
     *
     * @param local who answers within this process
     * @param shown what to show to servers that ask who calls, made when it is first needed; null for nothing
     */
    public RemoteServers(
            Kernel kernel, ObjectReader objects, LocalServers local, Supplier<KeyManager @Nullable []> shown) {
        this.kernel = kernel;
        this.objects = objects;
        this.local = local;
        this.shown = shown;
    }

    /** Whether a server is one of this process. */
    public boolean isLocal(RemoteServer server) {
        return local.service(server.route().namespace(), server.route().name()).isPresent();
    }

    /**
     * Where a server listens now.
     *
     * @throws IOException if that can't be said
     */
    public HostAndPort address(RemoteServer server) throws IOException {
        return isLocal(server)
                ? HostAndPort.fromParts(server.route().host(), server.route().port())
                : server.route().resolve(objects, kernel.random());
    }

    /**
     * The means to speak TLS with a server.
     *
     * @throws IOException if what it is trusted by can't be read
     */
    public SSLContext tls(RemoteServer server) throws IOException {
        return secured(server).tls;
    }

    /**
     * Asks.
     *
     * @param address as {@link #address} has said
     * @param patience until the answer's head must have come
     * @return completes with the answer; exceptionally if there is none: see {@link DialFailure}
     */
    public CompletionStage<Reply> ask(RemoteServer server, HostAndPort address, Request request, Duration patience) {
        LocalServer here =
                local.service(server.route().namespace(), server.route().name()).orElse(null);
        try {
            if (here != null) {
                return CompletableFuture.completedFuture(here.answer(request));
            }
            if (kernel instanceof SimulatedKernel) {
                throw new ConnectException("a simulation has no network");
            }
            return secured(server)
                    .client
                    .sendAsync(
                            request(URI.create("https://" + address + request.target()), request, patience),
                            BodyHandlers.ofPublisher())
                    .thenApply(RemoteServers::reply);
        } catch (IOException | RuntimeException e) {
            return CompletableFuture.failedStage(e);
        }
    }

    static HttpRequest request(URI target, Request request, Duration patience) {
        HttpRequest.Builder builder = HttpRequest.newBuilder(target)
                .timeout(patience)
                .method(
                        request.method(),
                        request.body().length == 0
                                ? HttpRequest.BodyPublishers.noBody()
                                : HttpRequest.BodyPublishers.ofByteArray(request.body()));
        request.headers().forEach((name, value) -> {
            if (!OWN_HEADERS.contains(name)) {
                builder.header(name, value);
            }
        });
        return builder.build();
    }

    static Reply reply(HttpResponse<Flow.Publisher<List<ByteBuffer>>> answer) {
        ImmutableListMultimap.Builder<String, String> headers = ImmutableListMultimap.builder();
        for (Map.Entry<String, List<String>> header : answer.headers().map().entrySet()) {
            if (!header.getKey().startsWith(":")) {
                headers.putAll(header.getKey(), header.getValue());
            }
        }
        return new Reply(answer.statusCode(), headers.build(), answer.body());
    }

    private Secured secured(RemoteServer server) throws IOException {
        Secured known = clients.getIfPresent(server);
        if (known != null) {
            return known;
        }
        synchronized (clients) {
            Secured made = clients.getIfPresent(server);
            if (made == null) {
                made = make(server);
                clients.put(server, made);
            }
            return made;
        }
    }

    private Secured make(RemoteServer server) throws IOException {
        String host = server.route().host();
        SSLContext tls = Trust.context(server.authorities(), server.insecure(), host, shown.get());
        SSLParameters parameters = tls.getDefaultSSLParameters();
        parameters.setServerNames(List.of(new SNIHostName(host)));
        HttpClient client = HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .followRedirects(HttpClient.Redirect.NEVER)
                .connectTimeout(CONNECT_PATIENCE)
                .executor(kernel.blocking())
                .sslContext(tls)
                .sslParameters(parameters)
                .build();
        return new Secured(tls, client);
    }
}

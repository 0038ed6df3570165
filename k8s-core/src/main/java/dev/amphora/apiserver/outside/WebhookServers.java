package dev.amphora.apiserver.outside;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.cache.Cache;
import com.google.common.cache.CacheBuilder;
import com.google.common.collect.ImmutableListMultimap;
import com.google.common.net.HostAndPort;
import dev.amphora.api.FieldError;
import dev.amphora.api.Json;
import dev.amphora.api.remote.DialFailure;
import dev.amphora.api.remote.Trust;
import dev.amphora.apiserver.outside.LocalServer.Reply;
import dev.amphora.apiserver.outside.LocalServer.Request;
import dev.amphora.apiserver.schema.JsonSyntax;
import dev.amphora.kernel.Actor;
import dev.amphora.kernel.Kernel;
import dev.amphora.kernel.SimulatedKernel;
import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.HttpTimeoutException;
import java.nio.charset.StandardCharsets;
import java.security.cert.CertificateException;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * Calls webhooks: posts a review and takes in the answer, over HTTPS or within this process where a {@link LocalServer} stands for the
 * webhook's Service or host. Under simulation nobody but local servers answers. Safe for concurrent use.
 */
public final class WebhookServers {
    private static final ImmutableListMultimap<String, String> HEADERS = ImmutableListMultimap.of(
            "content-type",
            "application/json",
            "accept",
            "application/json, */*",
            "user-agent",
            "kube-apiserver-admission");
    private static final int LONGEST_ANSWER = 8 << 20;
    private static final int MOST_CLIENTS = 64;
    private static final String TYPE_META =
            "struct { APIVersion string \"json:\\\"apiVersion,omitempty\\\"\"; Kind string \"json:\\\"kind,omitempty\\\"\" }";
    private static final String LATE = "context deadline exceeded";

    private final Kernel kernel;
    private final RemoteServers services;
    private final LocalServers local;
    private final Cache<String, HttpClient> clients =
            CacheBuilder.newBuilder().maximumSize(MOST_CLIENTS).build();
    private @Nullable Actor clock;

    /**
     * The way to webhooks.
     *
     * @param services the way to those that are behind Services
     * @param local who answers within this process
     */
    public WebhookServers(Kernel kernel, RemoteServers services, LocalServers local) {
        this.kernel = kernel;
        this.services = services;
        this.local = local;
    }

    /** A call that has begun. */
    public final class Pending {
        private final String url;
        private final HostAndPort address;
        private final CompletableFuture<Answer> answer;

        private Pending(String url, HostAndPort address, CompletableFuture<Answer> answer) {
            this.url = url;
            this.address = address;
            this.answer = answer;
        }

        /**
         * Waits for the answer.
         *
         * @return the JSON object that the webhook sent with a status of success
         * @throws WebhookProblem if there is none
         */
        public ObjectNode await() throws WebhookProblem {
            Answer got;
            try {
                got = kernel.await(answer);
            } catch (CompletionException e) {
                Throwable cause = DialFailure.cause(e);
                String why = cause instanceof HttpTimeoutException ? LATE : DialFailure.reason(cause, address);
                throw new WebhookProblem("Post %s: %s".formatted(FieldError.quoted(url), why));
            }
            return got.read();
        }
    }

    /** What came, as a whole. */
    private record Answer(int status, String contentType, byte[] body) {
        ObjectNode read() throws WebhookProblem {
            if (status < 200 || status > 206) {
                throw new WebhookProblem(refusal());
            }
            if (body.length == 0) {
                throw new WebhookProblem(
                        "0-length response with status code: %d and content type: %s".formatted(status, contentType));
            }
            if (JsonSyntax.error(body).isPresent() || !(Json.read(body) instanceof ObjectNode tree)) {
                throw new WebhookProblem(
                        "couldn't get version/kind; json parse error: json: cannot unmarshal string into Go"
                                + " value of type " + TYPE_META);
            }
            return tree;
        }

        /** What the body says, if it is a Status. */
        private String refusal() {
            if (JsonSyntax.error(body).isEmpty()) {
                JsonNode tree = Json.read(body);
                if (tree.path("kind").asText("Status").equals("Status")
                        && tree.isObject()
                        && !tree.path("status").asText().equals("Success")) {
                    return tree.path("message").asText("");
                }
            }
            boolean text = contentType.isEmpty()
                    || contentType.toLowerCase(Locale.ROOT).startsWith("text/");
            String said = text ? new String(body, StandardCharsets.UTF_8).strip() : "unknown";
            return switch (status) {
                case 400 -> "the server rejected our request for an unknown reason";
                case 401 -> "the server has asked for the client to provide credentials";
                case 403, 415 -> said;
                case 404 -> "the server could not find the requested resource";
                case 405 -> "the server does not allow this method on the requested resource";
                case 406 ->
                    said.isEmpty() || said.equals("unknown")
                            ? "the server was unable to respond with a content type that the client supports"
                            : said;
                case 409 -> "the server reported a conflict";
                case 422 -> "the server rejected our request due to an error in our request";
                case 429 -> "the server has received too many requests and has asked us to try again later";
                case 503 -> "the server is currently unable to handle the request";
                case 504 ->
                    "the server was unable to return a response in the time allotted, but may still be processing the request";
                default ->
                    status >= 500
                            ? "an error on the server (%s) has prevented the request from succeeding"
                                    .formatted(FieldError.quoted(said))
                            : "the server responded with the status code %d but did not return more information"
                                    .formatted(status);
            };
        }
    }

    /**
     * Posts a review.
     *
     * @param patience how long the answer may take as a whole, in full seconds
     */
    public Pending post(WebhookServer server, JsonNode review, Duration patience) {
        String query = "timeout=" + patience.toSeconds() + "s";
        String url = server.url() + "?" + query;
        String path = server.url().getRawPath();
        Request request = new Request(
                "POST", (path == null || path.isEmpty() ? "/" : path) + "?" + query, HEADERS, Json.write(review));
        HostAndPort named = HostAndPort.fromParts(server.host(), server.port());
        CompletableFuture<Answer> answer = new CompletableFuture<>();
        HostAndPort address = named;
        try {
            RemoteServer service =
                    server.route() == null ? null : new RemoteServer(server.route(), server.authorities(), false);
            address = service == null ? named : services.address(service);
            HostAndPort reached = address;
            Actor.Timer timer =
                    clock().schedule(patience, () -> answer.completeExceptionally(new HttpTimeoutException(LATE)));
            answer.whenComplete((got, failure) -> timer.cancel());
            begin(server, service, reached, request, patience).whenComplete((got, failure) -> {
                if (failure != null && DialFailure.reason(failure, reached).equals("EOF") && !answer.isDone()) {
                    // The connection had been idle and was closed meanwhile.
                    begin(server, service, reached, request, patience)
                            .whenComplete((second, again) -> finish(answer, second, again));
                } else {
                    finish(answer, got, failure);
                }
            });
        } catch (IOException e) {
            answer.completeExceptionally(e);
        }
        return new Pending(url, address, answer);
    }

    private static void finish(CompletableFuture<Answer> answer, @Nullable Answer got, @Nullable Throwable failure) {
        if (got != null) {
            answer.complete(got);
        } else {
            answer.completeExceptionally(failure == null ? new IOException("no answer") : DialFailure.cause(failure));
        }
    }

    private CompletionStage<Answer> begin(
            WebhookServer server,
            @Nullable RemoteServer service,
            HostAndPort address,
            Request request,
            Duration patience) {
        CompletionStage<Reply> reply = service == null
                ? ask(server, address, request, patience)
                : services.ask(service, address, request, patience);
        return reply.thenCompose(head -> BodyCollector.collect(head.body(), LONGEST_ANSWER)
                .thenApply(body -> new Answer(head.status(), text(head.header("Content-Type")), body)));
    }

    private static String text(@Nullable String header) {
        return header == null ? "" : header;
    }

    private CompletionStage<Reply> ask(WebhookServer server, HostAndPort address, Request request, Duration patience) {
        LocalServer here = local.url(server.url()).orElse(null);
        try {
            if (here != null && !local.trusts(server.url(), server.authorities())) {
                throw new SSLException(new CertificateException("signed by somebody else"));
            }
            if (here != null) {
                return CompletableFuture.completedFuture(here.answer(request));
            }
            if (kernel instanceof SimulatedKernel) {
                throw new ConnectException("a simulation has no network");
            }
            URI target = URI.create("https://" + address + request.target());
            return client(server)
                    .sendAsync(RemoteServers.request(target, request, patience), BodyHandlers.ofPublisher())
                    .thenApply(RemoteServers::reply);
        } catch (IOException | RuntimeException e) {
            return CompletableFuture.failedStage(e);
        }
    }

    private HttpClient client(WebhookServer server) throws IOException {
        String key = server.host() + " " + server.authorities();
        HttpClient known = clients.getIfPresent(key);
        if (known != null) {
            return known;
        }
        synchronized (clients) {
            HttpClient made = clients.getIfPresent(key);
            if (made == null) {
                made = HttpClient.newBuilder()
                        .version(HttpClient.Version.HTTP_1_1)
                        .followRedirects(HttpClient.Redirect.NEVER)
                        .executor(kernel.blocking())
                        .sslContext(Trust.context(server.authorities(), false, server.host(), null))
                        .build();
                clients.put(key, made);
            }
            return made;
        }
    }

    private synchronized Actor clock() {
        if (clock == null) {
            clock = kernel.actor("webhooks");
        }
        return clock;
    }
}

package dev.amphora.scheduler.extender;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.common.net.HostAndPort;
import dev.amphora.api.FieldError;
import dev.amphora.api.Json;
import dev.amphora.api.remote.DialFailure;
import dev.amphora.client.Client;
import dev.amphora.kernel.Kernel;
import dev.amphora.kernel.SimulatedKernel;
import dev.amphora.scheduler.framework.NodeInfo;
import dev.amphora.scheduler.framework.NodeSnapshot;
import dev.amphora.scheduler.framework.PodInfo;
import dev.amphora.scheduler.framework.SchedulerExtender;
import java.io.UncheckedIOException;
import java.net.ConnectException;
import java.net.SocketException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;

/**
 * An extender that is another process, asked over HTTP as kube-scheduler asks it: a POST of JSON to its URL and a verb (types of {@code
 * k8s.io/kube-scheduler/extender/v1}). A call waits for the answer in the caller's thread. Not for simulations, which have no network.
 */
public final class HttpExtender implements SchedulerExtender {
    private static final Duration DEFAULT_TIMEOUT = Duration.ofSeconds(5);

    /** In bytes: 15,000 nodes of 10 KB each, sent back whole, fit. */
    private static final int LONGEST_ANSWER = 256 << 20;

    private final String urlPrefix;
    private final Map<Verb, String> paths;
    private final long weight;
    private final boolean ignorable;
    private final boolean namesOnly;
    private final List<ManagedResource> managedResources;
    private final @Nullable Duration timeout;
    private final SSLContext tls;
    private final @Nullable Kernel kernel;
    private @Nullable HttpClient client;

    private HttpExtender(Builder builder) {
        this.urlPrefix = builder.urlPrefix;
        this.paths = Map.copyOf(builder.paths);
        this.weight = builder.weight;
        this.ignorable = builder.ignorable;
        this.namesOnly = builder.nodeCacheCapable;
        this.managedResources = List.copyOf(builder.managedResources);
        this.timeout = builder.timeout.isNegative() ? null : builder.timeout;
        this.tls = builder.tls.context(host(builder.urlPrefix), builder.https);
        this.kernel = null;
    }

    private HttpExtender(HttpExtender settings, Kernel kernel) {
        this.urlPrefix = settings.urlPrefix;
        this.paths = settings.paths;
        this.weight = settings.weight;
        this.ignorable = settings.ignorable;
        this.namesOnly = settings.namesOnly;
        this.managedResources = settings.managedResources;
        this.timeout = settings.timeout;
        this.tls = settings.tls;
        this.kernel = kernel;
    }

    private static @Nullable String host(String url) {
        try {
            return URI.create(url).getHost();
        } catch (IllegalArgumentException e) {
            // calls will tell
            return null;
        }
    }

    /** An extender at a URL, which does nothing yet. */
    public static Builder at(String urlPrefix) {
        return new Builder(urlPrefix);
    }

    /** The URL. */
    @Override
    public String name() {
        return urlPrefix;
    }

    @Override
    public Set<Verb> verbs() {
        return paths.keySet();
    }

    @Override
    public long weight() {
        return weight;
    }

    @Override
    public boolean isIgnorable() {
        return ignorable;
    }

    @Override
    public List<ManagedResource> managedResources() {
        return managedResources;
    }

    @Override
    public SchedulerExtender begin(Kernel schedulers, Client schedulersClient) {
        return new HttpExtender(this, schedulers);
    }

    @Override
    public Filtered filter(PodInfo pod, List<NodeInfo> nodes) {
        return ExtenderWire.filtered(send(Verb.FILTER, ExtenderWire.args(pod, nodes, namesOnly)), namesOnly);
    }

    @Override
    public Map<String, Long> prioritize(PodInfo pod, List<NodeInfo> nodes) {
        return ExtenderWire.priorities(send(Verb.PRIORITIZE, ExtenderWire.args(pod, nodes, namesOnly)));
    }

    @Override
    public Map<String, Victims> preempt(PodInfo pod, Map<String, Victims> candidates, NodeSnapshot nodes) {
        JsonNode result = send(Verb.PREEMPT, ExtenderWire.preemption(pod, candidates, namesOnly));
        return ExtenderWire.victims(result, nodes, urlPrefix);
    }

    @Override
    public void bind(PodInfo pod, String nodeName) {
        ExtenderWire.refuse(send(Verb.BIND, ExtenderWire.binding(pod, nodeName)));
    }

    private JsonNode send(Verb verb, JsonNode args) {
        String path = paths.get(verb);
        String url = urlPrefix.replaceFirst("/+$", "") + "/" + path;
        HttpResponse<byte[]> response = post(url, Json.write(args), verb != Verb.BIND);
        if (response.statusCode() != 200) {
            throw new IllegalStateException(
                    "failed %s with extender at URL %s, code %d".formatted(path, url, response.statusCode()));
        }
        if (response.body().length == 0) {
            throw new IllegalStateException("EOF");
        }
        try {
            return Json.read(response.body());
        } catch (UncheckedIOException e) {
            throw new IllegalStateException("the answer of " + url + " is not JSON: " + e.getMessage(), e);
        }
    }

    /**
     * Posts a body.
     *
     * @param again whether to do it once more if the connection breaks off, for it may have been an idle one that was closed meanwhile
     */
    private HttpResponse<byte[]> post(String url, byte[] body, boolean again) {
        if (kernel instanceof SimulatedKernel) {
            throw failure(url, "a simulation has no network", null);
        }
        HttpRequest request;
        HostAndPort address;
        try {
            URI uri = URI.create(url);
            int port = uri.getScheme().equals("https") ? 443 : 80;
            address = HostAndPort.fromString(uri.getAuthority()).withDefaultPort(port);
            request = HttpRequest.newBuilder(uri)
                    .header("Content-Type", "application/json")
                    .POST(HttpRequest.BodyPublishers.ofByteArray(body))
                    .build();
        } catch (IllegalArgumentException | NullPointerException e) {
            throw failure(url, "not a URL to call", e);
        }
        CompletableFuture<HttpResponse<byte[]>> answer = client().sendAsync(request, BoundedBody.of(LONGEST_ANSWER));
        try {
            return timeout == null ? answer.get() : answer.get(timeout.toNanos(), TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
            answer.cancel(true);
            throw failure(url, DialFailure.reason(new HttpTimeoutException(""), address), e);
        } catch (ExecutionException e) {
            Throwable cause = e.getCause() == null ? e : e.getCause();
            String why = DialFailure.reason(cause, address);
            boolean isCutOff =
                    why.equals("EOF") || (cause instanceof SocketException && !(cause instanceof ConnectException));
            if (again && isCutOff) {
                return post(url, body, false);
            }
            throw failure(url, why, e);
        } catch (InterruptedException e) {
            answer.cancel(true);
            Thread.currentThread().interrupt();
            throw failure(url, "interrupted", e);
        }
    }

    private static IllegalStateException failure(String url, String why, @Nullable Throwable cause) {
        return new IllegalStateException("Post " + FieldError.quoted(url) + ": " + why, cause);
    }

    private synchronized HttpClient client() {
        if (client == null) {
            HttpClient.Builder made = HttpClient.newBuilder()
                    .version(HttpClient.Version.HTTP_1_1)
                    .followRedirects(HttpClient.Redirect.NORMAL)
                    .sslContext(tls);
            if (kernel != null) {
                made.executor(kernel.blocking());
            }
            client = made.build();
        }
        return client;
    }

    @Override
    public String toString() {
        return "HttpExtender[" + urlPrefix + "]";
    }

    /** Says what an extender does. Each verb is what its URL ends with; one that isn't given is not asked for. */
    public static final class Builder {
        private final String urlPrefix;
        private final Map<Verb, String> paths = new EnumMap<>(Verb.class);
        private final List<ManagedResource> managedResources = new ArrayList<>();
        private long weight = 1;
        private boolean https;
        private ExtenderTls tls = ExtenderTls.NONE;
        private Duration timeout = DEFAULT_TIMEOUT;
        private boolean nodeCacheCapable;
        private boolean ignorable;

        private Builder(String urlPrefix) {
            this.urlPrefix = urlPrefix;
        }

        /** Asks which nodes can run a pod. */
        public Builder filter(String verb) {
            return path(Verb.FILTER, verb);
        }

        /** Asks how well nodes suit a pod, and multiplies that with a positive weight. */
        public Builder prioritize(String verb, long byWeight) {
            if (byWeight <= 0) {
                throw new IllegalArgumentException("weight: " + byWeight + " is not positive");
            }
            weight = byWeight;
            return path(Verb.PRIORITIZE, verb);
        }

        /** Asks whom to preempt. */
        public Builder preempt(String verb) {
            return path(Verb.PREEMPT, verb);
        }

        /** Has pods bound. */
        public Builder bind(String verb) {
            return path(Verb.BIND, verb);
        }

        private Builder path(Verb verb, String path) {
            if (!path.isEmpty()) {
                paths.put(verb, path);
            }
            return this;
        }

        /** Without authorities in its {@link #tls}, takes any certificate. Whether TLS is spoken follows from the URL. */
        public Builder enableHttps() {
            https = true;
            return this;
        }

        /** How to speak TLS. */
        public Builder tls(ExtenderTls value) {
            tls = value;
            return this;
        }

        /** How long an answer may take; 5 s unless set, any time if negative. */
        public Builder timeout(Duration value) {
            timeout = value.isZero() ? DEFAULT_TIMEOUT : value;
            return this;
        }

        /** Tells only the names of nodes and the uids of victims: the extender knows them. */
        public Builder nodeCacheCapable() {
            nodeCacheCapable = true;
            return this;
        }

        /** Takes an extended resource into the extender's care; then it is asked only about pods that have to do with one of these. */
        public Builder manages(String resource, boolean ignoredByScheduler) {
            managedResources.add(new ManagedResource(resource, ignoredByScheduler));
            return this;
        }

        /** Schedules pods without it when it fails. */
        public Builder ignorable() {
            ignorable = true;
            return this;
        }

        /**
         * The extender.
         *
         * @throws IllegalArgumentException if its TLS settings make no sense
         */
        public HttpExtender build() {
            return new HttpExtender(this);
        }
    }
}

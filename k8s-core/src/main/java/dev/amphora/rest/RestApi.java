package dev.amphora.rest;

import com.google.common.cache.Cache;
import com.google.common.cache.CacheBuilder;
import com.google.common.collect.ImmutableList;
import dev.amphora.api.StatusException;
import dev.amphora.apiserver.ApiServer;
import dev.amphora.apiserver.RemoteGroup;
import dev.amphora.apiserver.access.Credentials;
import dev.amphora.apiserver.access.User;
import dev.amphora.apiserver.audit.AuditPolicy;
import dev.amphora.apiserver.audit.AuditSink;
import dev.amphora.apiserver.flow.FlowControl;
import dev.amphora.apiserver.flow.FlowTicket;
import dev.amphora.apiserver.outside.RemoteServer;
import dev.amphora.kernel.Actor;
import dev.amphora.kernel.Kernel;
import dev.amphora.rest.HttpCall.BodyTooLargeException;
import dev.amphora.rest.tls.CertificateAuthority;
import dev.amphora.rest.tls.ClientCertificates;
import java.nio.charset.StandardCharsets;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Answers every request, whatever carries it: says who asks, reads the body, finds the way, and turns what the API server says into
 * bytes.
 *
 * <p>Requests run on the threads that carry them; those that may take long or wait, on the kernel's for blocking work where the thread
 * serves others too. A watch holds none.
 */
public final class RestApi {
    private static final Logger log = LoggerFactory.getLogger(RestApi.class);

    /** How large a request's body may be, in bytes. */
    static final int LARGEST_BODY = 3 << 20;

    private static final String BEARER = "bearer";
    /** Who shows credentials that nobody knows. */
    private static final User NOBODY = new User("", "", List.of(), Map.of());

    private static final byte[] NOTHING = new byte[0];
    private static final Set<String> METHODS_WITHOUT_BODY = Set.of("GET", "HEAD", "OPTIONS");

    final Kernel kernel;
    final ApiServer apiServer;
    final Health health;
    final NodeConnections nodes;
    final Upstream upstream;
    private final @Nullable OutsideKubelets outsideKubelets;
    final User inProcessUser;
    final FlowControl flow;
    final Audit audit;
    final Discovery discovery;
    final String releaseName;
    final Pages pages;
    final Metrics metrics = new Metrics();
    /** By user, the way in which it has last acted as somebody else. */
    private final Cache<String, String> impersonated =
            CacheBuilder.newBuilder().maximumSize(1024).build();

    private final ClientCertificates clients;
    private final ImmutableList<X509Certificate> authorities;
    private final @Nullable RequestHeaders requestHeaders;
    private final boolean anonymous;
    private @Nullable Actor timers;
    /** How many requests each other server is still to answer. */
    private final Map<RemoteServer, AtomicInteger> waiting = new ConcurrentHashMap<>();

    private RestApi(Builder builder) {
        kernel = builder.kernel;
        apiServer = builder.apiServer;
        health = builder.health;
        nodes = builder.nodes;
        upstream = new Upstream(kernel);
        outsideKubelets = builder.kubelets == null ? null : new OutsideKubelets(kernel, builder.kubelets);
        inProcessUser = builder.inProcessUser;
        audit = new Audit(builder.listeners);
        flow = new FlowControl(kernel, apiServer.flowSource(), builder.mostReading + builder.mostWriting);
        discovery = new Discovery(apiServer, kernel);
        releaseName = builder.releaseName;
        pages = new Pages(this);
        clients = new ClientCertificates(builder.kernel, builder.clientAuthorities);
        authorities = ImmutableList.<X509Certificate>builder()
                .addAll(builder.clientAuthorities)
                .addAll(
                        builder.frontProxies == null
                                ? List.of()
                                : RequestHeaders.authorities(builder.frontProxies.authority()))
                .build();
        requestHeaders = builder.frontProxies == null ? null : new RequestHeaders(builder.kernel, builder.frontProxies);
        anonymous = builder.anonymous;
    }

    /** The HTTP face of an API server, to be completed. */
    public static Builder builder(Kernel kernel, ApiServer apiServer) {
        return new Builder(kernel, apiServer);
    }

    /** Answers one request. Never throws. */
    void handle(HttpCall call) {
        Exchange exchange = new Exchange(this, call);
        if (call.holdsUpOthers() && !exchange.isQuick()) {
            kernel.blocking().execute(() -> handle(call, exchange));
        } else {
            handle(call, exchange);
        }
    }

    private void handle(HttpCall call, Exchange exchange) {
        try {
            User user = authenticate(call, exchange.path());
            if (user == null) {
                metrics.notAuthenticated();
                exchange.authenticated(NOBODY);
                exchange.audit(NOBODY);
                exchange.refuse(StatusException.unauthorized());
                return;
            }
            metrics.authenticated(user.name());
            User acting;
            try {
                acting = Impersonation.of(
                        call, user, () -> exchange.attributes(user), exchange::authorize, impersonated);
            } catch (StatusException e) {
                exchange.authenticated(user);
                exchange.audit(user);
                exchange.refuse(e, true);
                return;
            }
            exchange.authenticated(acting);
            exchange.audit(user);
            exchange.classify(flow);
            if (METHODS_WITHOUT_BODY.contains(call.method())) {
                enter(exchange, NOTHING);
                return;
            }
        } catch (Throwable t) {
            failed(exchange, t);
            return;
        }
        CompletableFuture<byte[]> body = call.body(LARGEST_BODY).toCompletableFuture();
        if (body.isDone()) {
            run(exchange, body);
        } else {
            body.whenComplete((bytes, failure) -> kernel.blocking().execute(() -> run(exchange, body)));
        }
    }

    private void run(Exchange exchange, CompletableFuture<byte[]> body) {
        try {
            enter(exchange, body.join());
        } catch (CompletionException e) {
            if (e.getCause() instanceof BodyTooLargeException tooLarge) {
                exchange.refuse(StatusException.of(
                        413, "RequestEntityTooLarge", "Request entity too large: " + tooLarge.getMessage(), null));
            } else if (body.isCompletedExceptionally()) {
                log.debug("A body broke off: {} {}", exchange.method(), exchange.path(), e);
                exchange.refuse(StatusException.badRequest("the body of the request could not be read"));
            } else {
                failed(exchange, e);
            }
        } catch (Throwable t) {
            failed(exchange, t);
        }
    }

    /**
     * Lets a request in when its turn comes. Its body is there already, so that one who sends slowly takes no seat from others; a watch
     * gives its seat back once it has begun.
     */
    private void enter(Exchange exchange, byte[] body) {
        FlowTicket ticket = exchange.ticket();
        if (ticket == null) {
            exchange.run(body);
        } else if (flow.enter(ticket, 1, () -> runIn(exchange, body, ticket), exchange::tooMany)) {
            runIn(exchange, body, ticket);
        }
    }

    private void runIn(Exchange exchange, byte[] body, FlowTicket ticket) {
        try {
            exchange.run(body);
        } catch (Throwable t) {
            failed(exchange, t);
        } finally {
            flow.end(ticket);
        }
    }

    /** Does something later, unless it is called off. */
    Actor.Timer after(Duration delay, Runnable task) {
        Actor clock;
        synchronized (this) {
            clock = timers;
            if (clock == null) {
                clock = kernel.actor("time limits of requests");
                timers = clock;
            }
        }
        return clock.schedule(delay, task);
    }

    /**
     * The kubelet of a node that is in another process; null if it is in this one, or can't be reached from here.
     *
     * @param anyCertificate whether any certificate counts for this once
     */
    @Nullable OutsideKubelet outside(String nodeName, boolean anyCertificate) {
        OutsideKubelets kubelets = outsideKubelets;
        if (kubelets == null || nodes.reaches(nodeName)) {
            return null;
        }
        return apiServer
                .objects()
                .get("", "nodes", "", nodeName)
                .map(node -> kubelets.of(node, anyCertificate))
                .orElse(null);
    }

    /** How many requests a server is still to answer; for all to count up and down. */
    AtomicInteger waitingFor(RemoteServer server) {
        return waiting.computeIfAbsent(server, s -> new AtomicInteger());
    }

    /** What another server is said to serve; null for what is served here, or nowhere. */
    @Nullable RemoteGroup remote(String group, String version) {
        for (RemoteGroup each : apiServer.remoteGroups()) {
            if (each.group().equals(group) && each.version().equals(version)) {
                return each;
            }
        }
        return null;
    }

    private void failed(Exchange exchange, Throwable t) {
        if (t instanceof StatusException status) {
            exchange.refuse(status);
        } else if (t instanceof StackOverflowError) {
            log.warn("A request held what is nested too deeply: {} {}", exchange.method(), exchange.path());
            exchange.refuse(StatusException.badRequest("exceeded max depth"));
        } else {
            log.error("A request failed: {} {}", exchange.method(), exchange.path(), t);
            exchange.refuse(StatusException.internalError(String.valueOf(t.getMessage())));
        }
    }

    /** Who asks; null if the credentials are wrong or needed. */
    private @Nullable User authenticate(HttpCall call, String path) {
        if (call.inProcess()) {
            return inProcessUser;
        }
        X509Certificate certificate = call.clientCertificate();
        if (certificate != null && requestHeaders != null) {
            Optional<User> told = requestHeaders.user(call, certificate);
            if (told.isPresent()) {
                return told.get();
            }
        }
        Credentials credentials = credentials(call, certificate);
        if (credentials == null) {
            return null;
        }
        return apiServer
                .authenticate(credentials)
                .filter(user -> anonymous || isOpen(path) || !user.equals(User.anonymous()))
                .orElse(null);
    }

    /** What the caller shows; null if it is a certificate that this server's authority did not issue, and nothing else. */
    private @Nullable Credentials credentials(HttpCall call, @Nullable X509Certificate certificate) {
        String token = bearerToken(call);
        if (certificate == null) {
            return token == null ? Credentials.none() : Credentials.token(token);
        }
        return clients.check(certificate)
                .map(client -> new Credentials(token, client.commonName(), client.organizations()))
                .orElse(token == null ? null : Credentials.token(token));
    }

    /** Who vouches for clients and proxies: told to clients that have several certificates to choose from. */
    List<X509Certificate> authorities() {
        return authorities;
    }

    /** Whether a path is answered without credentials: health and version. */
    static boolean isOpen(String path) {
        return path.equals("/version")
                || path.equals("/version/")
                || path.equals("/healthz")
                || path.equals("/livez")
                || path.equals("/readyz")
                || path.startsWith("/healthz/")
                || path.startsWith("/livez/")
                || path.startsWith("/readyz/");
    }

    private static @Nullable String bearerToken(HttpCall call) {
        String header = call.header("Authorization");
        if (header != null) {
            String text = header.strip();
            int space = text.indexOf(' ');
            return space == BEARER.length() && text.regionMatches(true, 0, BEARER, 0, space)
                    ? text.substring(space).strip()
                    : null;
        }
        return call.wantsWebSocket() ? subprotocolToken(call) : null;
    }

    /** The token that a browser sends as one of several subprotocols; what doesn't fit is a token that nobody knows. */
    private static @Nullable String subprotocolToken(HttpCall call) {
        List<String> tokens = call.words("Sec-WebSocket-Protocol").stream()
                .filter(protocol -> protocol.startsWith(HttpCall.TOKEN_PROTOCOL))
                .toList();
        if (tokens.isEmpty()) {
            return null;
        }
        if (tokens.size() > 1 || call.offeredProtocols().isEmpty()) {
            return "";
        }
        try {
            byte[] token = Base64.getUrlDecoder().decode(tokens.get(0).substring(HttpCall.TOKEN_PROTOCOL.length()));
            return new String(token, StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            return "";
        }
    }

    /** Collects what the HTTP face needs besides the API server. */
    public static final class Builder {
        private final Kernel kernel;
        private final ApiServer apiServer;
        private final List<X509Certificate> clientAuthorities = new ArrayList<>();
        private @Nullable FrontProxyTrust frontProxies;
        private boolean anonymous;
        private Health health = new Health();
        private NodeConnections nodes = NodeConnections.none();
        private @Nullable KubeletAccess kubelets;
        private final List<Audit.Listener> listeners = new ArrayList<>();
        private int mostReading = 400;
        private int mostWriting = 200;
        private String releaseName = Version.NAME;
        private User inProcessUser = User.of("kubernetes-admin", User.MASTERS);

        private Builder(Kernel kernel, ApiServer apiServer) {
            this.kernel = kernel;
            this.apiServer = apiServer;
        }

        /** Whose client certificates count; by default nobody's. */
        public Builder clientAuthority(CertificateAuthority value) {
            clientAuthorities.add(value.own().certificate());
            return this;
        }

        /** Further authorities whose client certificates count, as PEM. */
        public Builder clientAuthorities(String pem) {
            clientAuthorities.addAll(RequestHeaders.authorities(pem));
            return this;
        }

        /** Which proxies may say by headers who asks; by default none. */
        public Builder frontProxies(FrontProxyTrust trust) {
            frontProxies = trust;
            return this;
        }

        /**
         * Whether requests without credentials go on as {@code system:anonymous} for the authorizer to judge. If not, the default, they
         * see health and version only. Leave it off where the authorizer lets everything pass.
         */
        public Builder anonymous(boolean value) {
            anonymous = value;
            return this;
        }

        /** The health pages; by default such that always pass. */
        public Builder health(Health value) {
            health = value;
            return this;
        }

        /** The way to the nodes; by default there is none. */
        public Builder nodes(NodeConnections value) {
            nodes = value;
            return this;
        }

        /** The way to kubelets outside the process; by default there is none. */
        public Builder kubelets(KubeletAccess access) {
            kubelets = access;
            return this;
        }

        /** Who callers in this process are; by default a cluster administrator. */
        public Builder inProcessUser(User value) {
            inProcessUser = value;
            return this;
        }

        /** Has somebody told of requests, as far as a policy says. May be called several times. */
        public Builder audit(AuditPolicy policy, AuditSink sink) {
            listeners.add(new Audit.Listener(policy, sink));
            return this;
        }

        /**
         * How many requests may go at once, which priority levels share; by default 400 and 200.
         *
         * @param reading for reads
         * @param writing for writes; only the sum of both counts, which must be positive
         */
        public Builder inFlight(int reading, int writing) {
            mostReading = reading;
            mostWriting = writing;
            return this;
        }

        /** What {@code /version} says as {@code gitVersion}; by default {@code v1.36.3+amphora}. */
        public Builder releaseName(String name) {
            releaseName = name;
            return this;
        }

        /** The finished face. */
        public RestApi build() {
            return new RestApi(this);
        }
    }
}

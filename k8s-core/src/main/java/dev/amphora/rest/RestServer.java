package dev.amphora.rest;

import dev.amphora.kernel.Kernel;
import dev.amphora.rest.tls.KeyCertificate;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedKeyManager;
import javax.net.ssl.X509ExtendedTrustManager;
import org.eclipse.jetty.alpn.server.ALPNServerConnectionFactory;
import org.eclipse.jetty.http.UriCompliance;
import org.eclipse.jetty.http2.WindowRateControl;
import org.eclipse.jetty.http2.server.HTTP2ServerConnectionFactory;
import org.eclipse.jetty.io.ArrayByteBufferPool;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.server.Connector;
import org.eclipse.jetty.server.DetectorConnectionFactory;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.SecureRequestCustomizer;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.server.SslConnectionFactory;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.ssl.SslContextFactory;
import org.jspecify.annotations.Nullable;

/**
 * Listens on a socket: HTTP/1.1 and HTTP/2 over TLS, with WebSockets. Watches and other long answers hold no thread.
 *
 * <p>Clients may show a certificate. The handshake accepts any; whether it stands for a user is for the {@link RestApi} to say, so that
 * a client with a wrong one gets an answer that says so.
 */
public final class RestServer implements AutoCloseable {
    private static final int LARGEST_HEADERS = 64 << 10;
    private static final int STREAMS_PER_CONNECTION = 250;
    /** How many resets, pings and the like a connection of HTTP/2 bears in a second. A client that opens twice the streams loses those alone. */
    private static final int MOST_ODDITIES = 2 * STREAMS_PER_CONNECTION;

    /** Most requests are answered on these threads. */
    private static final int SELECTORS = Math.min(8, Runtime.getRuntime().availableProcessors());

    private static final Duration IDLE_CONNECTION = Duration.ofMinutes(3);

    private final Server server;
    private final ServerConnector connector;

    private RestServer(Server server, ServerConnector connector) {
        this.server = server;
        this.connector = connector;
    }

    /**
     * Starts to listen.
     *
     * @param kernel gives threads and time
     * @param api answers
     * @param address where to listen; port 0 for any free one
     * @param serving the certificate shown to clients
     * @return the running server; close it in the end
     * @throws UncheckedIOException if the address can't be bound
     */
    public static RestServer start(Kernel kernel, RestApi api, InetSocketAddress address, KeyCertificate serving) {
        Server server =
                new Server(new KernelThreads.Pool(kernel), new KernelThreads.Timers(kernel), new ArrayByteBufferPool());
        HttpConfiguration configuration = configuration();
        HttpConnectionFactory http1 = new HttpConnectionFactory(configuration);
        HTTP2ServerConnectionFactory http2 = new HTTP2ServerConnectionFactory(configuration);
        http2.setMaxConcurrentStreams(STREAMS_PER_CONNECTION);
        http2.setStreamIdleTimeout(0);
        http2.setRateControlFactory(new WindowRateControl.Factory(MOST_ODDITIES));
        ALPNServerConnectionFactory alpn = new ALPNServerConnectionFactory();
        alpn.setDefaultProtocol(http1.getProtocol());
        SslConnectionFactory tls = new SslConnectionFactory(tls(serving, api.authorities()), alpn.getProtocol());
        ServerConnector connector =
                new ServerConnector(server, null, null, null, 0, SELECTORS, new TlsOnly(tls), tls, alpn, http2, http1);
        connector.setHost(address.getAddress().isAnyLocalAddress() ? null : address.getHostString());
        connector.setPort(address.getPort());
        connector.setIdleTimeout(IDLE_CONNECTION.toMillis());
        server.addConnector(connector);
        JettyWebSockets webSockets = new JettyWebSockets(server);
        server.setHandler(new Handler.Abstract.NonBlocking() {
            @Override
            public boolean handle(Request request, Response response, Callback callback) {
                api.handle(new JettyCall(request, response, callback, webSockets));
                return true;
            }
        });
        server.setErrorHandler((request, response, callback) -> {
            callback.succeeded();
            return true;
        });
        try {
            server.start();
        } catch (Exception e) {
            stop(server);
            throw new UncheckedIOException(
                    "cannot serve at " + address, e instanceof IOException io ? io : new IOException(e));
        }
        return new RestServer(server, connector);
    }

    /** The port it listens on. */
    public int port() {
        return connector.getLocalPort();
    }

    /** Stops to listen and breaks every connection. Idempotent. */
    @Override
    public void close() {
        stop(server);
    }

    private static void stop(Server server) {
        try {
            server.stop();
        } catch (Exception e) {
            throw new IllegalStateException("the server did not stop", e);
        }
    }

    private static HttpConfiguration configuration() {
        HttpConfiguration configuration = new HttpConfiguration();
        configuration.setSendServerVersion(false);
        configuration.setSendDateHeader(true);
        configuration.setRequestHeaderSize(LARGEST_HEADERS);
        configuration.setResponseHeaderSize(LARGEST_HEADERS);
        configuration.setUriCompliance(UriCompliance.UNSAFE);
        configuration.addCustomizer(new SecureRequestCustomizer(false));
        return configuration;
    }

    private static SslContextFactory.Server tls(KeyCertificate serving, List<X509Certificate> clientAuthorities) {
        try {
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(
                    new KeyManager[] {new OneKey(serving)},
                    new TrustManager[] {new AnyClient(clientAuthorities)},
                    null);
            SslContextFactory.Server factory = new SslContextFactory.Server();
            factory.setSslContext(context);
            factory.setWantClientAuth(true);
            // Whatever the platform would still allow.
            factory.setIncludeProtocols("TLSv1.3", "TLSv1.2");
            factory.setSniRequired(false);
            return factory;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("cannot set up TLS", e);
        }
    }

    /** Tells a client that speaks plain HTTP that it should not. */
    private static final class TlsOnly extends DetectorConnectionFactory {
        private static final byte[] REFUSAL =
                "HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n"
                        .getBytes(StandardCharsets.US_ASCII);

        TlsOnly(SslConnectionFactory tls) {
            super(tls);
        }

        @Override
        protected void nextProtocol(Connector connector, EndPoint endPoint, ByteBuffer read) {
            endPoint.write(Callback.from(endPoint::close), ByteBuffer.wrap(REFUSAL));
        }
    }

    /** Shows the one certificate to everybody. */
    private static final class OneKey extends X509ExtendedKeyManager {
        private static final String ALIAS = "serving";
        private final KeyCertificate serving;

        OneKey(KeyCertificate serving) {
            this.serving = serving;
        }

        @Override
        public String[] getClientAliases(String keyType, Principal[] issuers) {
            return new String[0];
        }

        @Override
        public @Nullable String chooseClientAlias(String[] keyType, Principal[] issuers, Socket socket) {
            return null;
        }

        @Override
        public String @Nullable [] getServerAliases(String keyType, Principal[] issuers) {
            return fits(keyType) ? new String[] {ALIAS} : null;
        }

        @Override
        public @Nullable String chooseServerAlias(String keyType, Principal[] issuers, Socket socket) {
            return fits(keyType) ? ALIAS : null;
        }

        @Override
        public @Nullable String chooseEngineServerAlias(String keyType, Principal[] issuers, SSLEngine engine) {
            return fits(keyType) ? ALIAS : null;
        }

        private boolean fits(String keyType) {
            return serving.key().getAlgorithm().equals(keyType);
        }

        @Override
        public X509Certificate[] getCertificateChain(String alias) {
            return new X509Certificate[] {serving.certificate()};
        }

        @Override
        public PrivateKey getPrivateKey(String alias) {
            return serving.key();
        }
    }

    /** Lets every client pass the handshake. */
    private static final class AnyClient extends X509ExtendedTrustManager {
        private final List<X509Certificate> authorities;

        AnyClient(List<X509Certificate> authorities) {
            this.authorities = authorities;
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String authType) {}

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String authType, Socket socket) {}

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String authType, SSLEngine engine) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String authType) throws CertificateException {
            throw new CertificateException("not a client");
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String authType, Socket socket)
                throws CertificateException {
            checkServerTrusted(chain, authType);
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
                throws CertificateException {
            checkServerTrusted(chain, authType);
        }

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return authorities.toArray(new X509Certificate[0]);
        }
    }
}

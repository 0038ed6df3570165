package dev.amphora.scheduler.extender;

import com.fasterxml.jackson.databind.JsonNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsParameters;
import com.sun.net.httpserver.HttpsServer;
import dev.amphora.api.Json;
import dev.amphora.api.remote.ShownCertificate;
import dev.amphora.rest.tls.CertificateAuthority;
import dev.amphora.rest.tls.KeyCertificate;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Function;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;

/** An extender as another process would be: answers what a test says, and keeps what it was asked. */
final class ExtenderServer implements AutoCloseable {
    final List<String> paths = new CopyOnWriteArrayList<>();
    final List<JsonNode> bodies = new CopyOnWriteArrayList<>();
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final HttpServer server;
    private volatile Function<JsonNode, String> answer = body -> "{}";
    private volatile int status = 200;

    private ExtenderServer(HttpServer server) {
        this.server = server;
        server.createContext("/", this::handle);
        server.setExecutor(threads);
        server.start();
    }

    static ExtenderServer http() throws IOException {
        return new ExtenderServer(HttpServer.create(address(), 0));
    }

    /**
     * One that speaks TLS.
     *
     * @param clients who must have signed the certificate of who calls; null for nobody
     */
    static ExtenderServer https(KeyCertificate serving, @Nullable CertificateAuthority clients)
            throws IOException, GeneralSecurityException {
        SSLContext context = SSLContext.getInstance("TLS");
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        KeyStore trusted = KeyStore.getInstance("PKCS12");
        trusted.load(null, null);
        if (clients != null) {
            trusted.setCertificateEntry(
                    "clients",
                    CertificateFactory.getInstance("X.509")
                            .generateCertificate(new ByteArrayInputStream(
                                    clients.certificatePem().getBytes(StandardCharsets.UTF_8))));
        }
        trust.init(trusted);
        context.init(
                ShownCertificate.of(serving.key(), serving.certificate()),
                clients == null ? null : trust.getTrustManagers(),
                null);
        HttpsServer server = HttpsServer.create(address(), 0);
        server.setHttpsConfigurator(new HttpsConfigurator(context) {
            @Override
            public void configure(HttpsParameters parameters) {
                var tls = context.getDefaultSSLParameters();
                tls.setNeedClientAuth(clients != null);
                parameters.setSSLParameters(tls);
            }
        });
        return new ExtenderServer(server);
    }

    private static InetSocketAddress address() {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    }

    int port() {
        return server.getAddress().getPort();
    }

    ExtenderServer answers(Function<JsonNode, String> with) {
        answer = with;
        return this;
    }

    ExtenderServer answers(int code, String text) {
        status = code;
        return answers(body -> text);
    }

    private void handle(HttpExchange exchange) throws IOException {
        try (exchange) {
            JsonNode body = Json.read(exchange.getRequestBody().readAllBytes());
            paths.add(exchange.getRequestMethod() + " " + exchange.getRequestURI() + " "
                    + exchange.getRequestHeaders().getFirst("Content-Type"));
            bodies.add(body);
            byte[] text = answer.apply(body).getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(status, text.length == 0 ? -1 : text.length);
            exchange.getResponseBody().write(text);
        }
    }

    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
    }
}

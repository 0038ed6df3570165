package dev.amphora.samples.conformance;

import com.sun.net.httpserver.HttpHandler;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import dev.amphora.kernel.Kernel;
import dev.amphora.rest.tls.CertificateAuthority;
import dev.amphora.rest.tls.KeyCertificate;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.util.List;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;

/** A small HTTPS server on the loopback address, with an authority of its own to vouch for it. */
public final class LoopbackHttps implements AutoCloseable {
    private static final char[] NO_PASSWORD = new char[0];

    private final HttpsServer server;
    private final String authorityPem;

    private LoopbackHttps(HttpsServer server, String authorityPem) {
        this.server = server;
        this.authorityPem = authorityPem;
    }

    /** Starts one on a free port. */
    public static LoopbackHttps start(Kernel kernel, HttpHandler handler) {
        InetAddress loopback = InetAddress.getLoopbackAddress();
        CertificateAuthority authority = CertificateAuthority.generate(kernel);
        KeyCertificate serving = authority.server("127.0.0.1", List.of("localhost"), List.of(loopback));
        try {
            HttpsServer server = HttpsServer.create(new InetSocketAddress(loopback, 0), 0);
            server.setHttpsConfigurator(new HttpsConfigurator(context(serving)));
            server.createContext("/", handler);
            server.setExecutor(kernel.blocking());
            server.start();
            return new LoopbackHttps(server, authority.certificatePem());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static SSLContext context(KeyCertificate serving) throws IOException {
        try {
            KeyStore keys = KeyStore.getInstance("PKCS12");
            keys.load(null, NO_PASSWORD);
            keys.setKeyEntry("serving", serving.key(), NO_PASSWORD, new Certificate[] {serving.certificate()});
            KeyManagerFactory managers = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
            managers.init(keys, NO_PASSWORD);
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(managers.getKeyManagers(), null, null);
            return context;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("no TLS", e);
        }
    }

    /** Where it listens. */
    public int port() {
        return server.getAddress().getPort();
    }

    /** The certificate of the authority. */
    public String authorityPem() {
        return authorityPem;
    }

    @Override
    public void close() {
        server.stop(0);
    }
}

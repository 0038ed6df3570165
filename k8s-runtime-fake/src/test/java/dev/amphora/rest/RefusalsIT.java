package dev.amphora.rest;

import dev.amphora.api.Json;
import dev.amphora.rest.tls.CertificateAuthority;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.security.KeyStore;
import java.util.List;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/** The same over a socket. */
class RefusalsIT extends RefusalsTest {
    private RestServer rest;
    private HttpClient http;

    @Override
    void open() throws Exception {
        CertificateAuthority authority = CertificateAuthority.generate(kernel);
        rest = RestServer.start(
                kernel,
                RestApi.builder(kernel, server.apiServer).build(),
                new InetSocketAddress("127.0.0.1", 0),
                authority.server("kube-apiserver", List.of(), List.of(InetAddress.getByName("127.0.0.1"))));
        KeyStore trusted = KeyStore.getInstance(KeyStore.getDefaultType());
        trusted.load(null, null);
        trusted.setCertificateEntry("ca", authority.own().certificate());
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(trusted);
        SSLContext tls = SSLContext.getInstance("TLS");
        tls.init(null, trust.getTrustManagers(), null);
        http = HttpClient.newBuilder().sslContext(tls).build();
    }

    @Override
    void close() {
        rest.close();
    }

    @Override
    Answer send(String method, String path, String contentType, String body) throws Exception {
        HttpRequest request = HttpRequest.newBuilder(URI.create("https://127.0.0.1:" + rest.port() + path))
                .header("Authorization", "Bearer admin")
                .header("Content-Type", contentType)
                .method(method, BodyPublishers.ofString(body))
                .build();
        HttpResponse<byte[]> response = http.send(request, BodyHandlers.ofByteArray());
        return new Answer(response.statusCode(), Json.read(response.body()));
    }
}

package dev.amphora.security;

import static org.assertj.core.api.Assertions.assertThat;

import dev.amphora.rest.tls.CertificateAuthority;
import dev.amphora.rest.tls.KeyCertificate;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.URI;
import java.nio.ByteBuffer;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What can be tried below the level of requests: old TLS, certificates of other makings, bodies with two lengths, paths that mean something else. */
class WireIT {
    private static final String SECRET = "/api/v1/namespaces/a/secrets/gold";
    private static final int ALERT = 0x15;
    private static World world;

    @BeforeAll
    static void start() {
        world = new World();
        world.grant("bob", "b", "maps", World.rule("", "configmaps", "get,list,watch,delete,deletecollection"));
        world.make(
                "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings",
                """
                {"metadata":{"name":"certified"},"roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"ClusterRole","name":"cluster-admin"},
                 "subjects":[{"apiGroup":"rbac.authorization.k8s.io","kind":"User","name":"certified"}]}""");
    }

    @AfterAll
    static void end() {
        world.close();
    }

    // ---- TLS --------------------------------------------------------------------------------------------------------

    /** A greeting that offers nothing newer than a version. */
    private static byte[] hello(int version, int... ciphers) {
        ByteBuffer body = ByteBuffer.allocate(512);
        body.putShort((short) version).put(new byte[32]).put((byte) 0);
        body.putShort((short) (ciphers.length * 2));
        for (int cipher : ciphers) {
            body.putShort((short) cipher);
        }
        body.put((byte) 1).put((byte) 0);
        // curves, point formats and signature algorithms, so that nothing else is missing
        byte[] extensions = {
            0, 10, 0, 6, 0, 4, 0, 23, 0, 24, 0, 11, 0, 2, 1, 0, 0, 13, 0, 10, 0, 8, 4, 3, 4, 1, 2, 3, 2, 1
        };
        body.putShort((short) extensions.length).put(extensions);
        int length = body.position();
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.writeBytes(new byte[] {0x16, 3, 1, (byte) (length + 4 >> 8), (byte) (length + 4)});
        out.writeBytes(new byte[] {1, 0, (byte) (length >> 8), (byte) length});
        out.write(body.array(), 0, length);
        return out.toByteArray();
    }

    /** The first byte of the answer to a greeting: the sort of record; negative if there is none. */
    private static int greet(byte[] hello) throws IOException {
        URI url = URI.create(world.cluster.endpoint().orElseThrow().url());
        try (Socket socket = new Socket(url.getHost(), url.getPort())) {
            socket.setSoTimeout(60_000);
            socket.getOutputStream().write(hello);
            InputStream in = socket.getInputStream();
            return in.read();
        } catch (java.net.SocketException e) {
            return -1;
        }
    }

    private static final int[] USUAL = {0xc02b, 0xc02c, 0xc009, 0xc00a, 0xc013, 0xc014, 0x2f, 0x35};

    @ParameterizedTest
    @ValueSource(ints = {0x0300, 0x0301, 0x0302})
    void tlsBelowTheSecondMinorVersionIsRefused(int version) throws IOException {
        assertThat(greet(hello(0x0303, USUAL))).as("TLS 1.2").isEqualTo(0x16);
        assertThat(greet(hello(version, USUAL))).isIn(ALERT, -1);
    }

    @Test
    void ciphersThatHideNothingAreRefused() throws IOException {
        assertThat(greet(hello(0x0303, 0x0000, 0x0001, 0x0002, 0xc006, 0xc010)))
                .as("none")
                .isIn(ALERT, -1);
        assertThat(greet(hello(0x0303, 0x0004, 0x0005, 0xc007, 0xc011)))
                .as("RC4")
                .isIn(ALERT, -1);
        assertThat(greet(hello(0x0303, 0x0003, 0x0006, 0x0008, 0x000a, 0xc008)))
                .as("export and DES")
                .isIn(ALERT, -1);
        assertThat(greet(hello(0x0303, 0x0018, 0x0034, 0xc018))).as("anonymous").isIn(ALERT, -1);
    }

    // ---- certificates -----------------------------------------------------------------------------------------------

    private static KeyManager[] shown(KeyCertificate certificate) throws Exception {
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        store.setKeyEntry("c", certificate.key(), new char[0], new X509Certificate[] {certificate.certificate()});
        KeyManagerFactory factory = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        factory.init(store, new char[0]);
        return factory.getKeyManagers();
    }

    private static Wire.Answer asHolder(KeyCertificate certificate, String token) throws Exception {
        try (Wire wire = Wire.open(world, shown(certificate))) {
            return wire.ask("GET", SECRET, token, "", "");
        }
    }

    @Test
    void onlyCertificatesOfTheClustersAuthorityCount() throws Exception {
        CertificateAuthority own = CertificateAuthority.in(InstantSource.system(), world.certificates);
        assertThat(asHolder(own.client("certified", List.of()), "").body()).contains(World.TREASURE);

        CertificateAuthority other = CertificateAuthority.generate(InstantSource.system());
        assertThat(other.own().certificate().getSubjectX500Principal())
                .as("it looks the same")
                .isEqualTo(own.own().certificate().getSubjectX500Principal());
        InstantSource past = InstantSource.offset(InstantSource.system(), Duration.ofDays(-800));
        InstantSource future = InstantSource.offset(InstantSource.system(), Duration.ofDays(300));
        List<String> wrong = new ArrayList<>();
        for (Map.Entry<String, KeyCertificate> each : Map.of(
                        "another authority's", other.client("certified", List.of("system:masters")),
                        "signed by itself", other.own(),
                        "expired",
                                CertificateAuthority.of(past, own.own()).client("certified", List.of("system:masters")),
                        "not valid yet",
                                CertificateAuthority.of(future, own.own())
                                        .client("certified", List.of("system:masters")),
                        "a server's", own.server("certified", List.of(), List.of()),
                        "without a name", own.client("", List.of("system:masters")),
                        "of the front proxy",
                                CertificateAuthority.in(
                                                InstantSource.system(), world.certificates.resolve("front-proxy"))
                                        .client("front-proxy-client", List.of("system:masters")))
                .entrySet()) {
            Wire.Answer answer = asHolder(each.getValue(), "");
            if (answer.status() != 401 && answer.status() != 403
                    || answer.body().contains(World.TREASURE)) {
                wrong.add(each.getKey() + ": " + answer.status() + " " + answer.body());
            }
        }
        assertThat(wrong).isEmpty();
        assertThat(asHolder(other.client("certified", List.of()), "alice").status())
                .as("beside a token")
                .isEqualTo(403);
        assertThat(asHolder(own.client("carol", List.of()), "").status()).isEqualTo(403);
    }

    @Test
    void whoIsNoProxySpeaksForNobody() throws Exception {
        CertificateAuthority own = CertificateAuthority.in(InstantSource.system(), world.certificates);
        for (String name : List.of("front-proxy-client", "carol")) {
            try (Wire wire = Wire.open(world, shown(own.client(name, List.of())))) {
                Wire.Answer answer = wire.ask(
                        "GET",
                        "GET " + SECRET
                                + " HTTP/1.1\r\nHost: x\r\nX-Remote-User: admin\r\nX-Remote-Group: system:masters\r\n\r\n");
                assertThat(answer.status()).as(name).isEqualTo(403);
                assertThat(answer.body()).contains(name);
            }
        }
    }

    // ---- requests ---------------------------------------------------------------------------------------------------

    @Test
    void bodiesWithTwoLengthsAndHeadersThatAreNoneAreRefused() throws Exception {
        Map<String, String> before = world.everything();
        String start =
                "POST /api/v1/namespaces/a/configmaps HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer admin\r\nContent-Type: application/json\r\n";
        String body = "{\"metadata\":{\"name\":\"smuggled\"}}";
        String hidden =
                "0\r\n\r\nDELETE /api/v1/namespaces/a/configmaps/map HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer admin\r\n\r\n";
        int length = body.length();
        for (String request : List.of(
                start + "Content-Length: " + length + "\r\nContent-Length: " + (length - 1) + "\r\n\r\n" + body,
                start + "Content-Length: " + length + ", " + (length - 1) + "\r\n\r\n" + body,
                start + "Content-Length: +" + length + "\r\n\r\n" + body,
                start + "Content-Length: -1\r\n\r\n" + body,
                start + "Content-Length: 0x20\r\n\r\n" + body,
                start + "Content-Length: 99999999999999999999\r\n\r\n" + body,
                start + "Content-Length: " + hidden.length() + "\r\nTransfer-Encoding: chunked\r\n\r\n" + hidden,
                start + "Transfer-Encoding: chunked\r\nContent-Length: " + hidden.length() + "\r\n\r\n" + hidden,
                start + "Transfer-Encoding: xchunked\r\n\r\n" + hidden,
                start + "Transfer-Encoding: chunked, identity\r\n\r\n" + hidden,
                start + "Transfer-Encoding: identity, chunked\r\nContent-Length: 3\r\n\r\n" + hidden,
                start + "Transfer-Encoding : chunked\r\n\r\n" + hidden,
                start + "Transfer-Encoding: chunked\r\n\r\nZZ\r\n" + body,
                start + "Transfer-Encoding: chunked\r\n\r\n-1\r\n" + body,
                start + "Content-Length : " + length + "\r\n\r\n" + body,
                start + "X: a\r\n b\r\nContent-Length: " + length + "\r\n\r\n" + body,
                start + "X\u0000: a\r\nContent-Length: " + length + "\r\n\r\n" + body,
                start + "X: a\u0000b\r\nContent-Length: " + length + "\r\n\r\n" + body,
                start + ": a\r\nContent-Length: " + length + "\r\n\r\n" + body,
                start + "Host: y\r\nContent-Length: " + length + "\r\n\r\n" + body,
                start.replace("HTTP/1.1", "HTTP/1.9") + "Content-Length: " + length + "\r\n\r\n" + body,
                start.replace("HTTP/1.1", "HTTP/1.1 x") + "Content-Length: " + length + "\r\n\r\n" + body)) {
            try (Wire wire = Wire.open(world)) {
                int status = status(wire, request);
                assertThat(status)
                        .as(request.substring(start.length() - 10))
                        .satisfiesAnyOf(
                                code -> assertThat(code).isBetween(400, 505),
                                code -> assertThat(code).as("closed").isZero());
            }
        }
        Map<String, String> after = world.everything();
        assertThat(after.keySet()).contains("/registry/configmaps/a/map");
        assertThat(after).isEqualTo(before);
    }

    private static int status(Wire wire, String request) {
        try {
            return wire.ask("POST", request).status();
        } catch (IOException e) {
            return 0;
        }
    }

    @Test
    void noPathLeadsRoundTheRules() throws Exception {
        Map<String, String> before = world.everything();
        List<String> paths = new ArrayList<>();
        for (String tail : List.of(
                "../../a/secrets/gold",
                "%2e%2e/%2e%2e/a/secrets/gold",
                "%2e%2e%2f%2e%2e%2fa%2fsecrets%2fgold",
                "..%2f..%2fa%2fsecrets%2fgold",
                "..;/..;/a/secrets/gold",
                "..%5c..%5ca%5csecrets%5cgold",
                "%252e%252e/%252e%252e/a/secrets/gold",
                ".%2e/.%2e/a/secrets/gold",
                "..%00/../a/secrets/gold",
                "..%c0%af../a/secrets/gold",
                "map/../../../a/secrets/gold",
                "map%2f..%2f..%2f..%2fa%2fsecrets%2fgold",
                "map;/../../../a/secrets/gold",
                "map%3f/../../../a/secrets/gold",
                "map%23/../../../a/secrets/gold")) {
            paths.add("/api/v1/namespaces/b/configmaps/" + tail);
        }
        paths.addAll(List.of(
                "//api/v1/namespaces/a/secrets/gold",
                "/api//v1/namespaces/a/secrets/gold",
                "/api/v1//namespaces/a/secrets/gold",
                "/api/v1/namespaces//a/secrets/gold",
                "/api/v1/namespaces/a//secrets/gold",
                "/api/v1/namespaces/a/secrets//gold",
                "/api/v1/namespaces/a/secrets/gold/",
                "/api/v1/namespaces/a/secrets;x=y/gold",
                "/api/v1/namespaces/a/secrets/gold;x=y",
                "/api/v1;x/namespaces/a/secrets/gold",
                "/API/v1/namespaces/a/secrets/gold",
                "/api/V1/namespaces/a/Secrets/gold",
                "/healthz/../api/v1/namespaces/a/secrets/gold",
                "/healthz/%2e%2e/api/v1/namespaces/a/secrets/gold",
                "/healthz;/../api/v1/namespaces/a/secrets/gold",
                "/healthz%2f..%2fapi%2fv1%2fnamespaces%2fa%2fsecrets%2fgold",
                "/version/../api/v1/namespaces/a/secrets/gold",
                "/apis/../api/v1/namespaces/a/secrets/gold",
                "/./api/v1/namespaces/a/secrets/gold",
                "/api/./v1/namespaces/a/secrets/gold",
                "/%61pi/v1/namespaces/a/secrets/gold",
                "/api%2fv1%2fnamespaces%2fa%2fsecrets%2fgold",
                "/api/v1%2fnamespaces/a/secrets/gold",
                "/api/v1/namespaces/a/%73ecrets/gold",
                "/api/v1/namespaces/a/secrets%2fgold",
                "/api/v1/namespaces/a/secrets%20/gold",
                "/api/v1/namespaces/a/secrets%00/gold",
                "/api/v1/namespaces/b%2f..%2fa/secrets/gold",
                "/api/v1/namespaces/b/../a/secrets/gold",
                "/api/v1/watch/namespaces/a/secrets/gold",
                "/api/v1/watch/namespaces/a/secrets",
                "/api/v1/watch/secrets",
                "/api/v1/proxy/namespaces/a/secrets/gold",
                "/api/v1/proxy/../namespaces/a/secrets/gold",
                "/api/v1/redirect/namespaces/a/secrets/gold",
                "/apis/apps/v1/namespaces/b/configmaps/../../../../../../api/v1/namespaces/a/secrets/gold",
                "https://localhost/api/v1/namespaces/a/secrets/gold",
                "http://user@localhost/api/v1/namespaces/a/secrets/gold",
                "*",
                "/api/v1/namespaces/b/configmaps?continue=..%2F..%2Fa%2Fsecrets",
                "/api/v1/namespaces/b/configmaps?namespace=a",
                "/api/v1/namespaces/b/configmaps?fieldSelector=metadata.namespace%3Da",
                "/api/v1/namespaces/b/configmaps/map?namespace=a&resource=secrets&name=gold",
                "/api/v1/namespaces/%62%2f..%2fa/configmaps"));
        List<String> got = new ArrayList<>();
        for (String path : paths) {
            for (String method : List.of("GET", "DELETE")) {
                for (String token : List.of("bob", "")) {
                    if (method.equals("DELETE") && path.indexOf('?') > 0) {
                        continue;
                    }
                    try (Wire wire = Wire.open(world)) {
                        Wire.Answer answer = wire.ask(method, path, token, "", "");
                        boolean passed = answer.status() < 300 && path.indexOf('?') < 0;
                        if (answer.body().contains(World.TREASURE) || passed) {
                            got.add("%s %s as %s: %d".formatted(method, path, token, answer.status()));
                        }
                    } catch (IOException e) {
                        // closed without an answer
                    }
                }
            }
        }
        assertThat(got).isEmpty();
        assertThat(world.everything()).isEqualTo(before);
    }

    @Test
    void aBrowsersTokenCountsOnlyBesideAnotherSubprotocol() throws Exception {
        String maps = "/api/v1/namespaces/b/configmaps?watch=1";
        String known = "base64url.bearer.authorization.k8s.io." + Forger.encoded("bob");
        for (Map.Entry<String, Integer> each : Map.of(
                        known + ", binary.k8s.io",
                        101,
                        known,
                        401,
                        "base64url.bearer.authorization.k8s.io." + Forger.encoded("nobody") + ", binary.k8s.io",
                        401,
                        "base64url.bearer.authorization.k8s.io.!!!, binary.k8s.io",
                        401,
                        known + ", " + known + ", binary.k8s.io",
                        401,
                        "base64url.bearer.authorization.k8s.io." + Forger.encoded("alice") + ", binary.k8s.io",
                        403)
                .entrySet()) {
            try (Wire wire = Wire.open(world)) {
                Wire.Answer answer = wire.ask(
                        "GET",
                        "GET " + maps
                                + " HTTP/1.1\r\nHost: localhost\r\nOrigin: https://localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                                + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: "
                                + each.getKey() + "\r\n\r\n");
                assertThat(answer.status()).as(each.getKey()).isEqualTo(each.getValue());
                assertThat(answer.head()).as("the token stays here").doesNotContain("bearer");
            }
        }
        try (Wire wire = Wire.open(world)) {
            assertThat(wire.ask(
                                    "GET",
                                    "GET /api/v1/namespaces/b/configmaps HTTP/1.1\r\nHost: localhost\r\nSec-WebSocket-Protocol: "
                                            + known + ", binary.k8s.io\r\n\r\n")
                            .status())
                    .as("without an upgrade it is no token")
                    .isEqualTo(403);
        }
    }

    @Test
    void whoMayOnlyLookAtAConnectionMayNotMakeOne() throws Exception {
        world.grant("carol", "a", "looks", World.rule("", "pods/exec,pods/attach,pods/portforward", "get"));
        world.make(
                "/api/v1/namespaces/a/pods",
                "{\"metadata\":{\"name\":\"p\"},\"spec\":{\"containers\":[{\"name\":\"c\",\"image\":\"i\"}]}}");
        for (String subresource : List.of("exec", "attach", "portforward")) {
            try (Wire wire = Wire.open(world)) {
                Wire.Answer answer = wire.ask(
                        "GET",
                        "GET /api/v1/namespaces/a/pods/p/" + subresource
                                + "?command=id&stdout=1&ports=80 HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer carol\r\nConnection: Upgrade\r\n"
                                + "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                                + "Sec-WebSocket-Protocol: v4.channel.k8s.io\r\n\r\n");
                assertThat(answer.status()).as(subresource).isEqualTo(403);
            }
        }
    }
}

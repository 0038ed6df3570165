package dev.amphora.security;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import dev.amphora.security.World.Answer;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The server connects nobody to what is not in the cluster, whatever the objects say that he may write. */
class ProxyingIT {
    private static final AtomicInteger reached = new AtomicInteger();
    private static World world;
    private static HttpServer inner;
    private static int port;

    @BeforeAll
    static void start() throws Exception {
        inner = HttpServer.create(new InetSocketAddress(InetAddress.getByName("0.0.0.0"), 0), 0);
        port = inner.getAddress().getPort();
        inner.createContext("/", exchange -> {
            reached.incrementAndGet();
            exchange.sendResponseHeaders(200, -1);
            exchange.close();
        });
        inner.start();
        world = new World();
        world.make(
                "/api/v1/namespaces/a/pods",
                "{\"metadata\":{\"name\":\"p\"},\"spec\":{\"containers\":[{\"name\":\"c\",\"image\":\"i\"}]}}");
        world.grant("alice", "a", "proxies", World.rule("", "pods/proxy,services/proxy,pods/status", "*"));
        world.grant("alice", "", "proxies", World.rule("", "nodes/proxy", "*"));
        world.make(
                "/api/v1/namespaces/a/services",
                "{\"metadata\":{\"name\":\"s\"},\"spec\":{\"ports\":[{\"port\":80}]}}");
    }

    @AfterAll
    static void end() {
        inner.stop(0);
        world.close();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "169.254.169.254",
                "127.0.0.1",
                "127.1.2.3",
                "0.0.0.0",
                "224.0.0.1",
                "255.255.255.255",
                "::1",
                "fe80::1",
                "::ffff:169.254.169.254",
                "::ffff:127.0.0.1"
            })
    void aPodsAddressMustBeAPods(String address) {
        world.send(
                "alice",
                "PATCH",
                "/api/v1/namespaces/a/pods/p/status",
                "{\"status\":{\"podIP\":\"%1$s\",\"podIPs\":[{\"ip\":\"%1$s\"}]}}".formatted(address),
                "Content-Type",
                "application/merge-patch+json");
        for (String name : new String[] {"p:" + port, "http:p:" + port, "https:p:" + port}) {
            Answer answer = world.send("alice", "GET", "/api/v1/namespaces/a/pods/" + name + "/proxy/latest/", "");
            assertThat(answer.status()).as(answer.body()).isEqualTo(400);
            assertThat(answer.message()).isEqualTo("address not allowed");
        }
        assertThat(reached).hasValue(0);
    }

    @Test
    void aServicesEndpointsMustBePods() {
        for (String target : new String[] {
            "",
            ",\"targetRef\":{\"kind\":\"Pod\",\"namespace\":\"a\",\"name\":\"p\"}",
            ",\"targetRef\":{\"kind\":\"Pod\",\"namespace\":\"b\",\"name\":\"p\"}",
            ",\"targetRef\":{\"kind\":\"Pod\",\"namespace\":\"a\",\"name\":\"none\"}"
        }) {
            Answer made = world.send(
                    "admin",
                    "POST",
                    "/api/v1/namespaces/a/endpoints",
                    "{\"metadata\":{\"name\":\"s\"},\"subsets\":[{\"addresses\":[{\"ip\":\"127.128.0.9\"%s}],\"ports\":[{\"port\":%d}]}]}"
                            .formatted(target, port));
            assertThat(made.status()).as(made.body()).isEqualTo(201);
            Answer answer = world.send("alice", "GET", "/api/v1/namespaces/a/services/s/proxy/", "");
            assertThat(answer.status()).as(answer.body()).isEqualTo(503);
            world.send("admin", "DELETE", "/api/v1/namespaces/a/endpoints/s", "");
        }
        for (String address : new String[] {"169.254.169.254", "127.0.0.1", "224.0.0.1"}) {
            assertThat(world.send(
                                    "admin",
                                    "POST",
                                    "/api/v1/namespaces/a/endpoints",
                                    "{\"metadata\":{\"name\":\"s\"},\"subsets\":[{\"addresses\":[{\"ip\":\"%s\"}],\"ports\":[{\"port\":80}]}]}"
                                            .formatted(address))
                            .status())
                    .as(address)
                    .isEqualTo(422);
        }
        assertThat(reached).hasValue(0);
    }

    @ParameterizedTest
    @ValueSource(strings = {"169.254.169.254", "0.0.0.0", "224.0.0.1", "metadata.google.internal", "fe80::1"})
    void aNodesAddressMustBeAMachines(String address) {
        world.send(
                "admin",
                "PATCH",
                "/api/v1/nodes/node-2/status",
                "{\"status\":{\"addresses\":[{\"type\":\"InternalIP\",\"address\":\"%s\"}]}}".formatted(address),
                "Content-Type",
                "application/merge-patch+json");
        Answer answer = world.send("alice", "GET", "/api/v1/nodes/node-2:" + port + "/proxy/latest/", "");
        assertThat(answer.status()).as(answer.body()).isEqualTo(400);
        assertThat(reached).hasValue(0);
    }

    @Test
    void namesThatAreNoneAreRefused() {
        for (String name :
                new String[] {"http:169.254.169.254:80", "169.254.169.254", "a:b:c:d", "file:p:80", "p:99999"}) {
            assertThat(world.send("alice", "GET", "/api/v1/namespaces/a/pods/" + name + "/proxy/", "")
                            .status())
                    .as(name)
                    .isIn(400, 404, 503);
        }
        assertThat(reached).hasValue(0);
    }
}

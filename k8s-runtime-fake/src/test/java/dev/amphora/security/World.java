package dev.amphora.security;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.amphora.ApiOptions;
import dev.amphora.Cluster;
import dev.amphora.api.Json;
import dev.amphora.apiserver.access.TokenOptions;
import dev.amphora.rest.LocalConnection;
import dev.amphora.store.Store;
import dev.amphora.store.memory.MemoryStore;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * A cluster in which nobody writes but the test: an API server with all that guards it, without controllers, scheduler and nodes. Whoever
 * shows the token {@code NAME} is the user of that name.
 */
final class World implements AutoCloseable {
    static final String JSON = "application/json";
    /** Stands in every secret; whoever reads it has got too far. */
    static final String TREASURE = "dHJlYXN1cmU=";

    private static final List<String> USERS = List.of("alice", "bob", "carol", "dave", "eve");
    private static final int PATIENCE_SECONDS = 60;

    final MemoryStore store = new MemoryStore();
    final Cluster cluster;
    /** Where the cluster's authority is. */
    final Path certificates = directory();

    private final LocalConnection connection;

    /** What came of a request. */
    record Answer(int status, String body) {
        JsonNode json() {
            return Json.read(body.getBytes(StandardCharsets.UTF_8));
        }

        String message() {
            return json().path("message").asText();
        }
    }

    World() {
        this(TokenOptions.defaults());
    }

    World(TokenOptions serviceAccountTokens, String... plugins) {
        StringBuilder tokens = new StringBuilder("admin,admin,1,system:masters\n");
        USERS.forEach(user -> tokens.append("%1$s,%1$s,uid-%1$s,dev\n".formatted(user)));
        tokens.append("node-1,system:node:node-1,n1,system:nodes\n");
        cluster = Cluster.builder()
                .store(store)
                .noControllers()
                .noScheduler()
                .api(ApiOptions.defaults()
                        .withTokens(tokens.toString())
                        .withServiceAccountTokens(serviceAccountTokens)
                        .withAdmission(
                                Stream.concat(Stream.of("NodeRestriction"), Stream.of(plugins))
                                        .toList(),
                                List.of("ServiceAccount")))
                .serve(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), certificates)
                .start();
        connection = cluster.connection();
        for (String namespace : List.of("a", "b")) {
            make("/api/v1/namespaces", "{\"metadata\":{\"name\":\"%s\"}}".formatted(namespace));
            make("/api/v1/namespaces/" + namespace + "/serviceaccounts", "{\"metadata\":{\"name\":\"default\"}}");
            make(
                    "/api/v1/namespaces/" + namespace + "/secrets",
                    "{\"metadata\":{\"name\":\"gold\"},\"data\":{\"k\":\"%s\"}}".formatted(TREASURE));
            make("/api/v1/namespaces/" + namespace + "/configmaps", "{\"metadata\":{\"name\":\"map\"}}");
            make("/api/v1/namespaces/" + namespace + "/configmaps", "{\"metadata\":{\"name\":\"other\"}}");
        }
        make("/api/v1/nodes", "{\"metadata\":{\"name\":\"node-1\"}}");
        make("/api/v1/nodes", "{\"metadata\":{\"name\":\"node-2\"}}");
    }

    private static Path directory() {
        try {
            return Files.createTempDirectory("security");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Sends a request as the owner of a token; headers follow as names and values. */
    Answer send(String token, String method, String target, String body, String... headers) {
        List<Map.Entry<String, String>> all = new ArrayList<>();
        boolean typed = false;
        for (int i = 0; i < headers.length; i += 2) {
            all.add(Map.entry(headers[i], headers[i + 1]));
            typed |= headers[i].equals("Content-Type");
        }
        if (!token.isEmpty()) {
            all.add(Map.entry("Authorization", "Bearer " + token));
        }
        if (!typed && !body.isEmpty()) {
            all.add(Map.entry("Content-Type", JSON));
        }
        CompletableFuture<Answer> answer = new CompletableFuture<>();
        connection.send(method, target, all, body.getBytes(StandardCharsets.UTF_8), new LocalConnection.Listener() {
            private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            private int code;

            @Override
            public void onHead(int status, List<Map.Entry<String, String>> given) {
                code = status;
            }

            @Override
            public void onBytes(byte[] piece) {
                bytes.writeBytes(piece);
            }

            @Override
            public void onEnd() {
                answer.complete(new Answer(code, bytes.toString(StandardCharsets.UTF_8)));
            }
        });
        try {
            return answer.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        } catch (Exception e) {
            throw new AssertionError(method + " " + target + " was not answered", e);
        }
    }

    /** Makes an object as the administrator. */
    JsonNode make(String path, String body) {
        Answer answer = send("admin", "POST", path, body);
        assertThat(answer.status()).as("POST %s: %s", path, answer.body()).isEqualTo(201);
        return answer.json();
    }

    /** Grants rules, a JSON list, to a user in a namespace; in all and for what has none if that is empty. */
    void grant(String user, String namespace, String name, String rules) {
        String base =
                "/apis/rbac.authorization.k8s.io/v1/" + (namespace.isEmpty() ? "" : "namespaces/" + namespace + "/");
        make(
                base + (namespace.isEmpty() ? "clusterroles" : "roles"),
                "{\"metadata\":{\"name\":\"%s\"},\"rules\":%s}".formatted(name, rules));
        make(
                base + (namespace.isEmpty() ? "clusterrolebindings" : "rolebindings"),
                """
                {"metadata":{"name":"%1$s-%2$s"},"roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"%3$s","name":"%1$s"},
                 "subjects":[{"apiGroup":"rbac.authorization.k8s.io","kind":"User","name":"%2$s"}]}"""
                        .formatted(name, user, namespace.isEmpty() ? "ClusterRole" : "Role"));
    }

    /** A rule over resources of one group. */
    static String rule(String group, String resources, String verbs) {
        return "[{\"apiGroups\":[\"%s\"],\"resources\":%s,\"verbs\":%s}]"
                .formatted(group, list(resources), list(verbs));
    }

    private static String list(String words) {
        return "[\"" + words.replace(",", "\",\"") + "\"]";
    }

    /** A token of a service account, for what the request's specification says. */
    String token(String namespace, String account, String spec) {
        JsonNode request = make(
                "/api/v1/namespaces/%s/serviceaccounts/%s/token".formatted(namespace, account),
                "{\"apiVersion\":\"authentication.k8s.io/v1\",\"kind\":\"TokenRequest\",\"spec\":%s}".formatted(spec));
        return request.path("status").path("token").asText();
    }

    /** All that is stored. */
    Map<String, String> everything() {
        Map<String, String> all = new TreeMap<>();
        for (Store.Entry entry : store.range("/", null, 0, 0).entries()) {
            all.put(entry.key(), entry.modRevision() + " " + Base64.getEncoder().encodeToString(entry.value()));
        }
        return all;
    }

    @Override
    public void close() {
        cluster.close();
        try (Stream<Path> files = Files.walk(certificates)) {
            files.sorted(Comparator.reverseOrder())
                    .forEach(file -> file.toFile().delete());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}

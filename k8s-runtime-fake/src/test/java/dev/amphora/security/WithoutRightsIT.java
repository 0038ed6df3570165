package dev.amphora.security;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Every method on everything that discovery tells of, over HTTPS, by somebody who may nothing, by somebody whose only right lies elsewhere,
 * and by nobody: 403, and the store stays as it is.
 */
class WithoutRightsIT {
    private static final int CONNECTIONS = 16;
    private static final List<String> METHODS = List.of("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD");
    private static final List<String> PATCHES = List.of(
            "application/json-patch+json",
            "application/merge-patch+json",
            "application/strategic-merge-patch+json",
            "application/apply-patch+yaml");
    /** What everybody who is known may ask about himself, which writes nothing. */
    private static final List<String> OF_ONESELF = List.of(
            "POST /apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
            "POST /apis/authorization.k8s.io/v1/selfsubjectrulesreviews",
            "POST /apis/authentication.k8s.io/v1/selfsubjectreviews");

    private static final List<String> PAGES = List.of(
            "/metrics",
            "/metrics/slis",
            "/debug/pprof/",
            "/debug/pprof/heap",
            "/debug/store/compact",
            "/flagz",
            "/statusz",
            "/logs",
            "/logs/",
            "/",
            "/.well-known/openid-configuration",
            "/openid/v1/jwks",
            "/healthz/etcd",
            "/no/such/page");

    private record Attempt(String method, String target, String contentType) {
        String body() {
            return method.equals("GET") || method.equals("HEAD")
                    ? ""
                    : contentType.contains("json-patch")
                            ? "[{\"op\":\"add\",\"path\":\"/metadata/labels\",\"value\":{\"x\":\"y\"}}]"
                            : "{\"metadata\":{\"name\":\"tried\",\"labels\":{\"x\":\"y\"}}}";
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"alice", "bob", ""})
    void everythingIsForbiddenAndChangesNothing(String who) throws Exception {
        try (World world = new World()) {
            world.grant("bob", "b", "reader", World.rule("", "configmaps", "get,list,watch"));
            List<Attempt> attempts = attempts(world, who.isEmpty());
            Map<String, String> before = world.everything();

            List<String> wrong = new ArrayList<>(run(world, who, attempts));

            assertThat(wrong).as("of %d attempts", attempts.size()).isEmpty();
            assertThat(attempts).hasSizeGreaterThan(2000);
            assertThat(world.everything()).isEqualTo(before);
        }
    }

    /** Each method on each resource, its objects and their subresources, in a namespace and across all; and pages. */
    private static List<Attempt> attempts(World world, boolean anonymous) {
        List<Attempt> all = new ArrayList<>();
        List<String> versions = new ArrayList<>(List.of("/api/v1"));
        for (JsonNode group : world.send("admin", "GET", "/apis", "").json().path("groups")) {
            group.path("versions")
                    .forEach(version ->
                            versions.add("/apis/" + version.path("groupVersion").asText()));
        }
        for (String version : versions) {
            for (JsonNode resource :
                    world.send("admin", "GET", version, "").json().path("resources")) {
                String[] parts = resource.path("name").asText().split("/", 2);
                String subresource = parts.length > 1 ? "/" + parts[1] : "";
                boolean namespaced = resource.path("namespaced").asBoolean();
                // Looked at, so that what is written late is there before anything is tried.
                if (subresource.isEmpty() && resource.path("verbs").toString().contains("\"list\"")) {
                    world.send("admin", "GET", version + "/" + parts[0], "");
                }
                String base = version + (namespaced ? "/namespaces/a/" : "/") + parts[0];
                String existing = existing(parts[0]);
                if (subresource.isEmpty()) {
                    add(all, base);
                    add(all, version + "/" + parts[0]);
                    all.add(new Attempt("GET", base + "?watch=1", World.JSON));
                    all.add(new Attempt("GET", version + "/watch/" + parts[0], World.JSON));
                    all.add(new Attempt("GET", base + "?fieldSelector=metadata.name%3D" + existing, World.JSON));
                    all.add(new Attempt("DELETE", base + "?dryRun=All", World.JSON));
                }
                add(all, base + "/" + existing + subresource);
                if (subresource.equals("/proxy")) {
                    add(all, base + "/" + existing + subresource + "/metrics?x=1");
                    add(all, base + "/https:" + existing + ":443" + subresource + "/");
                }
            }
        }
        if (!anonymous) {
            PAGES.forEach(page -> add(all, page));
        } else {
            for (String page : List.of("/api", "/apis", "/apis/apps", "/api/v1", "/openapi/v2", "/openapi/v3")) {
                add(all, page);
            }
        }
        return all;
    }

    /** The name of an object that is there, where the world has one. */
    private static String existing(String resource) {
        return switch (resource) {
            case "namespaces" -> "a";
            case "nodes" -> "node-1";
            case "secrets" -> "gold";
            case "configmaps" -> "map";
            case "serviceaccounts" -> "default";
            case "clusterroles", "clusterrolebindings" -> "cluster-admin";
            case "priorityclasses" -> "system-node-critical";
            case "flowschemas", "prioritylevelconfigurations" -> "exempt";
            case "apiservices" -> "v1.apps";
            default -> "some";
        };
    }

    private static void add(List<Attempt> all, String target) {
        for (String method : METHODS) {
            if (method.equals("PATCH")) {
                PATCHES.forEach(type -> all.add(new Attempt(method, target, type)));
            } else {
                all.add(new Attempt(method, target, World.JSON));
            }
        }
    }

    /** Tries all over several connections; what was not refused as it must be. */
    private static Queue<String> run(World world, String who, List<Attempt> attempts) throws Exception {
        Queue<Attempt> left = new ConcurrentLinkedQueue<>(attempts);
        Queue<String> wrong = new ConcurrentLinkedQueue<>();
        ExecutorService threads = Executors.newFixedThreadPool(CONNECTIONS);
        for (int i = 0; i < CONNECTIONS; i++) {
            threads.execute(() -> {
                try {
                    work(world, who, left, wrong);
                } catch (IOException | RuntimeException e) {
                    wrong.add("a connection broke: " + e);
                }
            });
        }
        threads.shutdown();
        assertThat(threads.awaitTermination(5, TimeUnit.MINUTES)).isTrue();
        return wrong;
    }

    private static void work(World world, String who, Queue<Attempt> left, Queue<String> wrong) throws IOException {
        Wire wire = Wire.open(world);
        try {
            for (Attempt attempt = left.poll(); attempt != null; attempt = left.poll()) {
                Wire.Answer answer = wire.ask(attempt.method, attempt.target, who, attempt.contentType, attempt.body());
                String tried = attempt.method + " " + attempt.target;
                boolean own = !who.isEmpty() && OF_ONESELF.stream().anyMatch(tried::startsWith);
                if (answer.status() != 403 && !own) {
                    wrong.add(tried + " (" + attempt.contentType + "): " + answer.status());
                }
                if (answer.last()) {
                    wire.close();
                    wire = Wire.open(world);
                }
            }
        } finally {
            wire.close();
        }
    }

    @Test
    void whoIsUnknownIsToldSoWhereverHeGoes() throws Exception {
        try (World world = new World();
                Wire wire = Wire.open(world)) {
            Queue<String> targets = new ArrayDeque<>(List.of(
                    "/api/v1/namespaces/a/secrets",
                    "/healthz",
                    "/version",
                    "/apis",
                    "/openapi/v3",
                    "/api/v1/namespaces/a/pods/x/exec?command=id"));
            for (String target : targets) {
                assertThat(wire.ask("GET", target, "nobody-knows-this", "", "").status())
                        .as(target)
                        .isEqualTo(401);
            }
        }
    }
}

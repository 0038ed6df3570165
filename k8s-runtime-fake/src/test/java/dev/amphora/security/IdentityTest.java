package dev.amphora.security;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.Json;
import dev.amphora.rest.tls.CertificateAuthority;
import dev.amphora.security.World.Answer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Nobody becomes somebody else: by tokens of any making, by acting as others, by the headers of proxies, as a node, or by a certificate. */
class IdentityTest {
    private static final String SECRET = "/api/v1/namespaces/a/secrets/gold";
    private static final String ACCOUNTS = "/api/v1/namespaces/a/serviceaccounts";
    private static final String HEAD = "{\"alg\":\"RS256\"}";

    private static final Forger forger = new Forger();
    private static World world;

    @BeforeAll
    static void start() {
        world = new World(forger.options());
        world.make(ACCOUNTS, "{\"metadata\":{\"name\":\"reader\"}}");
        world.make(
                "/apis/rbac.authorization.k8s.io/v1/namespaces/a/rolebindings",
                """
                {"metadata":{"name":"reader"},"roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"ClusterRole","name":"cluster-admin"},
                 "subjects":[{"kind":"ServiceAccount","name":"reader","namespace":"a"}]}""");
    }

    @AfterAll
    static void end() {
        world.close();
    }

    private static void unknown(String what, String token) {
        Answer answer = world.send(token, "GET", SECRET, "");
        assertThat(answer.status()).as("%s: %s", what, answer.body()).isEqualTo(401);
        assertThat(answer.body()).doesNotContain(World.TREASURE);
    }

    /** The claims of a token that counts, changed. */
    private static String claims(Consumer<ObjectNode> change) {
        String token = world.token("a", "reader", "{}");
        String[] parts = token.split("\\.");
        ObjectNode claims = (ObjectNode) Json.read(Base64.getUrlDecoder().decode(parts[1]));
        change.accept(claims);
        return new String(Json.write(claims), StandardCharsets.UTF_8);
    }

    // ---- tokens -----------------------------------------------------------------------------------------------------

    @Test
    void theForgersOwnTokenCountsSoThatTheOthersAreRefusedForWhatTheySay() {
        assertThat(world.send(forger.signed(HEAD, claims(c -> {})), "GET", SECRET, "")
                        .status())
                .isEqualTo(200);
    }

    @Test
    void tokensOfTheWrongTimeAudienceOrIssuerDoNotCount() {
        long now = world.cluster.kernel().instant().getEpochSecond();
        unknown("expired", forger.signed(HEAD, claims(c -> c.put("exp", now - 3600))));
        unknown("without an end", forger.signed(HEAD, claims(c -> c.remove("exp"))));
        unknown("with an end that is no number", forger.signed(HEAD, claims(c -> c.put("exp", "never"))));
        unknown("not yet", forger.signed(HEAD, claims(c -> c.put("nbf", now + 3600))));
        unknown("foreign issuer", forger.signed(HEAD, claims(c -> c.put("iss", "https://elsewhere"))));
        unknown("no issuer", forger.signed(HEAD, claims(c -> c.remove("iss"))));
        unknown("foreign audience", forger.signed(HEAD, claims(c -> c.putArray("aud")
                .add("vault"))));
        unknown("requested for others", world.token("a", "reader", "{\"audiences\":[\"vault\"]}"));
    }

    @Test
    void tokensOfNobodyDoNotCount() {
        Consumer<Consumer<ObjectNode>> own = change -> unknown("changed", forger.signed(HEAD, claims(c -> {
            change.accept((ObjectNode) c.path("kubernetes.io"));
        })));
        own.accept(c -> ((ObjectNode) c.path("serviceaccount")).put("uid", "other"));
        own.accept(c -> ((ObjectNode) c.path("serviceaccount")).put("name", "nobody"));
        own.accept(c -> c.put("namespace", "b"));
        own.accept(c -> c.remove("serviceaccount"));
        own.accept(c -> c.putObject("pod").put("name", "none").put("uid", "1"));
        own.accept(c -> c.putObject("secret").put("name", "gold").put("uid", "1"));
        own.accept(c -> c.putObject("node").put("name", "none").put("uid", "1"));
        unknown("no claims of this kind", forger.signed(HEAD, claims(c -> c.remove("kubernetes.io"))));
        unknown("no object", forger.signed(HEAD, "[]"));
    }

    @Test
    void signaturesOfOtherMakingsDoNotCount() {
        String claims = claims(c -> {});
        String token = forger.signed(HEAD, claims);
        String signature = token.substring(token.lastIndexOf('.') + 1);
        for (String alg : List.of("none", "None", "NONE", "", "HS256", "ES256", "RS384", "RS512", "PS256", "rs256")) {
            String head = "{\"alg\":\"%s\"}".formatted(alg);
            unknown("alg " + alg + " unsigned", Forger.unsigned(head, claims) + ".");
            unknown("alg " + alg + " with another's signature", Forger.unsigned(head, claims) + "." + signature);
        }
        String keyed = "{\"alg\":\"HS256\"}";
        unknown(
                "keyed by the public key",
                Forger.keyed(keyed, claims, forger.publicPem().getBytes(StandardCharsets.US_ASCII)));
        unknown("keyed by its bytes", Forger.keyed(keyed, claims, forger.publicBytes()));
        unknown("keyed, said to be RSA", Forger.keyed(HEAD, claims, forger.publicBytes()));
        unknown("another key", new Forger().signed(HEAD, claims));
        unknown(
                "a key of its own in the head",
                new Forger()
                        .signed(
                                "{\"alg\":\"RS256\",\"jku\":\"https://x\",\"jwk\":{\"kty\":\"RSA\"},\"kid\":\"../../x\"}",
                                claims));
        unknown("changed claims", Forger.unsigned(HEAD, claims(c -> c.put("x", 1))) + "." + signature);
        unknown("no signature", Forger.unsigned(HEAD, claims));
        unknown("four parts", token + ".x");
        unknown("empty parts", "..");
        unknown("no head", forger.signed("", claims));
        unknown("spaces", "  " + token.substring(0, 20) + " " + token.substring(20));
    }

    @Test
    void tokensEndWithWhatTheyAreBoundTo() {
        world.make(ACCOUNTS, "{\"metadata\":{\"name\":\"mortal\"}}");
        world.make(
                "/apis/rbac.authorization.k8s.io/v1/namespaces/a/rolebindings",
                """
                {"metadata":{"name":"mortal"},"roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"ClusterRole","name":"cluster-admin"},
                 "subjects":[{"kind":"ServiceAccount","name":"mortal","namespace":"a"}]}""");
        JsonNode secret = world.make("/api/v1/namespaces/a/secrets", "{\"metadata\":{\"name\":\"bound\"},\"data\":{}}");
        JsonNode pod = world.make(
                "/api/v1/namespaces/a/pods",
                "{\"metadata\":{\"name\":\"bound\"},\"spec\":{\"serviceAccountName\":\"mortal\",\"containers\":[{\"name\":\"c\",\"image\":\"i\"}]}}");
        String reference =
                "{\"boundObjectRef\":{\"apiVersion\":\"v1\",\"kind\":\"%s\",\"name\":\"bound\",\"uid\":\"%s\"}}";
        String ofSecret = world.token(
                "a",
                "mortal",
                reference.formatted("Secret", secret.at("/metadata/uid").asText()));
        String ofPod = world.token(
                "a",
                "mortal",
                reference.formatted("Pod", pod.at("/metadata/uid").asText()));
        String used = world.token("a", "mortal", "{}");
        String unused = world.token("a", "mortal", "{}");
        assertThat(world.send(used, "GET", SECRET, "").status()).isEqualTo(200);
        assertThat(world.send(
                                "admin",
                                "POST",
                                ACCOUNTS + "/mortal/token",
                                request(reference.formatted("Pod", "another")))
                        .status())
                .as("bound to a pod of the past")
                .isIn(404, 409);

        world.send("admin", "DELETE", "/api/v1/namespaces/a/secrets/bound", "");
        world.send("admin", "DELETE", "/api/v1/namespaces/a/pods/bound?gracePeriodSeconds=0", "");
        unknown("of a deleted secret", ofSecret);
        unknown("of a deleted pod", ofPod);
        world.send("admin", "DELETE", ACCOUNTS + "/mortal", "");
        unknown("of a deleted account", unused);
        world.make(ACCOUNTS, "{\"metadata\":{\"name\":\"mortal\"}}");
        unknown("of the account's predecessor", unused);
    }

    private static String request(String spec) {
        return "{\"apiVersion\":\"authentication.k8s.io/v1\",\"kind\":\"TokenRequest\",\"spec\":" + spec + "}";
    }

    @Test
    void tokensAreForWhoMayAskForThem() {
        try (World other = new World()) {
            for (String user : List.of("alice", "bob", "carol")) {
                other.grant(
                        user,
                        "a",
                        "for-" + user,
                        switch (user) {
                            case "alice" -> World.rule("", "serviceaccounts", "get,create,update,patch,list");
                            case "bob" ->
                                "[{\"apiGroups\":[\"\"],\"resources\":[\"serviceaccounts/token\"],\"resourceNames\":[\"other\"],\"verbs\":[\"create\"]}]";
                            default -> World.rule("", "serviceaccounts/token", "get,list,update,patch");
                        });
                Map<String, String> before = other.everything();
                for (String target : List.of("/a/serviceaccounts/default/token", "/b/serviceaccounts/default/token")) {
                    assertThat(other.send(user, "POST", "/api/v1/namespaces" + target, request("{}"))
                                    .status())
                            .as(user + target)
                            .isEqualTo(403);
                }
                assertThat(other.send(
                                        user,
                                        "POST",
                                        "/apis/authentication.k8s.io/v1/tokenreviews",
                                        "{\"spec\":{\"token\":\"admin\"}}")
                                .status())
                        .isEqualTo(403);
                assertThat(other.everything()).isEqualTo(before);
            }
        }
    }

    // ---- acting as others -------------------------------------------------------------------------------------------

    @Test
    void actingAsOthersNeedsTheRightToEachPart() {
        try (World other = new World()) {
            other.grant(
                    "alice",
                    "",
                    "as-bob",
                    "[{\"apiGroups\":[\"\"],\"resources\":[\"users\"],\"resourceNames\":[\"bob\"],\"verbs\":[\"impersonate\"]}]");
            other.grant("carol", "", "as-group", World.rule("", "groups", "impersonate"));
            List<String[]> attempts = List.of(
                    new String[] {"Impersonate-User", "admin"},
                    new String[] {"Impersonate-User", "system:admin", "Impersonate-Group", "system:masters"},
                    new String[] {"Impersonate-User", "bob", "Impersonate-Group", "system:masters"},
                    new String[] {"impersonate-user", "bob", "IMPERSONATE-GROUP", "system:masters"},
                    new String[] {"Impersonate-User", "bob", "Impersonate-Uid", "1"},
                    new String[] {"Impersonate-User", "bob", "Impersonate-Extra-Scopes", "all"},
                    new String[] {
                        "Impersonate-User", "bob", "Impersonate-User", "admin", "Impersonate-Group", "system:masters"
                    },
                    new String[] {"Impersonate-User", "system:serviceaccount:kube-system:default"},
                    new String[] {"Impersonate-User", "system:node:node-1"},
                    new String[] {"Impersonate-User", "system:kube-controller-manager"},
                    new String[] {"Impersonate-Group", "system:masters"},
                    new String[] {"Impersonate-Uid", "1"},
                    new String[] {"Impersonate-Extra-Scopes", "all"},
                    new String[] {"Impersonate-User", "", "Impersonate-Group", "system:masters"});
            for (String user : List.of("alice", "carol", "dave", "")) {
                for (String[] headers : attempts) {
                    Answer answer = other.send(user, "GET", SECRET, "", headers);
                    assertThat(answer.status())
                            .as("%s as %s: %s", user, List.of(headers), answer.body())
                            .isIn(400, 403);
                    assertThat(answer.body()).doesNotContain(World.TREASURE);
                }
            }
            Answer allowed = other.send(
                    "alice",
                    "POST",
                    "/apis/authentication.k8s.io/v1/selfsubjectreviews",
                    "{}",
                    "Impersonate-User",
                    "bob");
            assertThat(allowed.json().at("/status/userInfo/username").asText()).isEqualTo("bob");
            assertThat(allowed.json().at("/status/userInfo/groups").toString()).isEqualTo("[\"system:authenticated\"]");
        }
    }

    @Test
    void headersOfProxiesAndOverridesMeanNothing() {
        List<String[]> attempts = List.of(
                new String[] {"X-Remote-User", "admin", "X-Remote-Group", "system:masters"},
                new String[] {"X-Remote-User", "system:admin", "X-Remote-Groups", "system:masters"},
                new String[] {"X-Forwarded-User", "admin", "X-Forwarded-Groups", "system:masters"},
                new String[] {"X-Authenticated-User", "admin"},
                new String[] {"X-WEBAUTH-USER", "admin"},
                new String[] {"Remote-User", "admin"},
                new String[] {"X-Original-URL", "/healthz"},
                new String[] {"X-Rewrite-URL", "/healthz"},
                new String[] {"X-Ssl-Client-Cert", "admin", "Ssl-Client-Subject-Dn", "CN=admin,O=system:masters"},
                new String[] {"Cookie", "token=admin; Authorization=Bearer admin"},
                new String[] {"Proxy-Authorization", "Bearer admin"},
                new String[] {"Authorization", "Basic YWRtaW46YWRtaW4="},
                new String[] {"Authorization", "admin"},
                new String[] {"Authorization", "Token admin"});
        for (String user : List.of("alice", "")) {
            for (String[] headers : attempts) {
                if (!user.isEmpty() && headers[0].equals("Authorization")) {
                    continue;
                }
                Answer answer = world.send(user, "GET", SECRET, "", headers);
                assertThat(answer.status()).as(user + List.of(headers)).isIn(401, 403);
            }
        }
        world.grant("dave", "a", "map-poster", World.rule("", "configmaps", "get,create"));
        Map<String, String> before = world.everything();
        for (String header : List.of("X-HTTP-Method-Override", "X-Method-Override", "X-HTTP-Method")) {
            for (String method : List.of("DELETE", "PUT", "PATCH")) {
                world.send("dave", "GET", "/api/v1/namespaces/a/configmaps/map", "", header, method);
                world.send("dave", "POST", "/api/v1/namespaces/a/configmaps/map", "{}", header, method);
                world.send("dave", "POST", "/api/v1/namespaces/a/configmaps/map?_method=" + method, "{}");
            }
        }
        assertThat(world.everything()).isEqualTo(before);
        assertThat(world.send("alice", "GET", "/api/v1/namespaces/a/secrets/gold?access_token=admin&token=admin", "")
                        .status())
                .isEqualTo(403);
    }

    // ---- nodes ------------------------------------------------------------------------------------------------------

    @Test
    void aNodeKeepsToItself() {
        try (World other = new World()) {
            String pods = "/api/v1/namespaces/a/pods";
            JsonNode pod = other.make(
                    pods,
                    "{\"metadata\":{\"name\":\"theirs\"},\"spec\":{\"nodeName\":\"node-2\",\"serviceAccountName\":\"default\",\"containers\":[{\"name\":\"c\",\"image\":\"i\"}]}}");
            Map<String, String> before = other.everything();
            List<String> got = new ArrayList<>();
            for (String attempt : List.of(
                    "GET " + SECRET,
                    "GET /api/v1/namespaces/a/secrets",
                    "GET /api/v1/secrets",
                    "GET /api/v1/secrets?watch=1",
                    "GET /api/v1/namespaces/a/secrets?fieldSelector=metadata.name%3Dgold",
                    "GET /api/v1/namespaces/a/configmaps/map",
                    "GET /api/v1/nodes/node-2",
                    "GET /api/v1/nodes",
                    "GET /api/v1/pods",
                    "DELETE /api/v1/nodes/node-2",
                    "DELETE /api/v1/nodes/node-1",
                    "DELETE " + pods + "/theirs",
                    "POST " + pods + "/theirs/eviction {\"metadata\":{\"name\":\"theirs\"}}",
                    "POST " + pods
                            + " {\"metadata\":{\"name\":\"n\"},\"spec\":{\"nodeName\":\"node-1\",\"containers\":[{\"name\":\"c\",\"image\":\"i\"}]}}",
                    "POST " + pods
                            + " {\"metadata\":{\"name\":\"n\",\"annotations\":{\"kubernetes.io/config.mirror\":\"x\"}},\"spec\":{\"nodeName\":\"node-2\",\"containers\":[{\"name\":\"c\",\"image\":\"i\"}]}}",
                    "POST " + pods
                            + "/theirs/binding {\"metadata\":{\"name\":\"theirs\"},\"target\":{\"kind\":\"Node\",\"name\":\"node-1\"}}",
                    "POST " + pods + "/theirs/exec?command=id",
                    "POST " + ACCOUNTS + "/default/token {\"spec\":{}}",
                    "POST " + ACCOUNTS
                            + "/default/token {\"spec\":{\"boundObjectRef\":{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"name\":\"theirs\",\"uid\":\"%s\"}}}"
                                    .formatted(pod.at("/metadata/uid").asText()),
                    "POST /api/v1/nodes {\"metadata\":{\"name\":\"node-3\"}}",
                    "PUT /api/v1/nodes/node-2/status {\"metadata\":{\"name\":\"node-2\"}}",
                    "PATCH /api/v1/nodes/node-2 {\"metadata\":{\"labels\":{\"x\":\"y\"}}}",
                    "PATCH /api/v1/nodes/node-1 {\"metadata\":{\"labels\":{\"node-restriction.kubernetes.io/x\":\"y\"}}}",
                    "PATCH /api/v1/nodes/node-1 {\"metadata\":{\"labels\":{\"kubernetes.io/secret-role\":\"y\"}}}",
                    "PATCH /api/v1/nodes/node-1 {\"spec\":{\"taints\":[{\"key\":\"k\",\"effect\":\"NoSchedule\"}]}}",
                    "PATCH /api/v1/nodes/node-1 {\"metadata\":{\"ownerReferences\":[{\"apiVersion\":\"v1\",\"kind\":\"Node\",\"name\":\"node-2\",\"uid\":\"1\"}]}}",
                    "PATCH " + pods + "/theirs/status {\"status\":{\"phase\":\"Failed\"}}",
                    "PATCH " + pods + "/theirs {\"metadata\":{\"labels\":{\"x\":\"y\"}}}",
                    "POST /apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases {\"metadata\":{\"name\":\"node-2\"}}",
                    "POST /apis/coordination.k8s.io/v1/namespaces/kube-system/leases {\"metadata\":{\"name\":\"node-1\"}}",
                    "POST /apis/storage.k8s.io/v1/csinodes {\"metadata\":{\"name\":\"node-2\"},\"spec\":{\"drivers\":[]}}",
                    "POST /apis/rbac.authorization.k8s.io/v1/clusterroles {\"metadata\":{\"name\":\"n\"}}")) {
                String[] parts = attempt.split(" ", 3);
                Answer answer = other.send(
                        "node-1",
                        parts[0],
                        parts[1],
                        parts.length > 2 ? parts[2] : "",
                        "Content-Type",
                        parts[0].equals("PATCH") ? "application/strategic-merge-patch+json" : World.JSON);
                if (answer.status() != 403) {
                    got.add(attempt + ": " + answer.status() + " " + answer.body());
                }
            }
            assertThat(got).isEmpty();
            assertThat(other.everything()).isEqualTo(before);
        }
    }

    // ---- certificates -----------------------------------------------------------------------------------------------

    @Test
    void requestsForCertificatesAreDecidedByWhoMay() {
        try (World other = new World()) {
            String requests = "/apis/certificates.k8s.io/v1/certificatesigningrequests";
            other.grant(
                    "alice", "", "asks", World.rule("certificates.k8s.io", "certificatesigningrequests", "create,get"));
            other.grant(
                    "bob",
                    "",
                    "decides-without-signers",
                    World.rule(
                            "certificates.k8s.io",
                            "certificatesigningrequests/approval,certificatesigningrequests/status,certificatesigningrequests",
                            "get,update,patch"));
            String body =
                    """
                    {"apiVersion":"certificates.k8s.io/v1","kind":"CertificateSigningRequest","metadata":{"name":"%s"},
                     "spec":{"request":"%s","signerName":"kubernetes.io/kube-apiserver-client","usages":["client auth"],
                      "username":"admin","uid":"1","groups":["system:masters"],"extra":{"x":["y"]}},
                     "status":{"certificate":"eA==","conditions":[{"type":"Approved","status":"True","reason":"x"}]}}""";
            String request = CertificateRequests.pem("alice", "dev");
            Answer made = other.send("alice", "POST", requests, body.formatted("mine", request));
            assertThat(made.status()).as(made.body()).isEqualTo(201);
            assertThat(made.json().at("/spec/username").asText()).isEqualTo("alice");
            assertThat(made.json().at("/spec/groups").toString()).doesNotContain("masters");
            assertThat(made.json().path("spec").has("extra")).isFalse();
            assertThat(made.json().path("status").size()).isZero();

            Map<String, String> before = other.everything();
            assertThat(other.send(
                                    "alice",
                                    "POST",
                                    requests,
                                    body.formatted("root", CertificateRequests.pem("root", "system:masters")))
                            .status())
                    .isEqualTo(403);
            String approved = made.body()
                    .replace(
                            "\"status\":{}",
                            "\"status\":{\"conditions\":[{\"type\":\"Approved\",\"status\":\"True\",\"reason\":\"x\"}]}");
            String certificate = CertificateAuthority.generate(other.cluster.kernel())
                    .client("alice", List.of())
                    .certificatePem();
            String signed = made.body()
                    .replace(
                            "\"status\":{}",
                            "\"status\":{\"certificate\":\"%s\"}"
                                    .formatted(Base64.getEncoder()
                                            .encodeToString(certificate.getBytes(StandardCharsets.US_ASCII))));
            assertThat(approved).contains("Approved");
            for (String user : List.of("alice", "bob")) {
                assertThat(other.send(user, "PUT", requests + "/mine/approval", approved)
                                .status())
                        .as(user)
                        .isEqualTo(403);
                assertThat(other.send(user, "PUT", requests + "/mine/status", signed)
                                .status())
                        .as(user)
                        .isEqualTo(403);
            }
            other.send("bob", "PUT", requests + "/mine", approved);
            assertThat(other.send("admin", "GET", requests + "/mine", "")
                            .json()
                            .path("status")
                            .size())
                    .isZero();
            assertThat(other.everything()).isEqualTo(before);
        }
    }
}

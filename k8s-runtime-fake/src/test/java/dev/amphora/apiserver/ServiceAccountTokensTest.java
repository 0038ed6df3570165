package dev.amphora.apiserver;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.Json;
import dev.amphora.apiserver.access.Credentials;
import dev.amphora.apiserver.access.TokenOptions;
import dev.amphora.apiserver.access.User;
import dev.amphora.kernel.SimulatedKernel;
import dev.amphora.store.memory.MemoryStore;
import java.nio.charset.StandardCharsets;
import java.security.KeyPairGenerator;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Tokens of service accounts: whose they are, for whom, and for how long. */
class ServiceAccountTokensTest {
    /** The bytes before the key itself, in the newer form of a key of this size. */
    private static final int HEAD = 26;

    private static final String KEY = olderForm(newKey());

    private final SimulatedKernel kernel = new SimulatedKernel(1);
    private final MemoryStore store = new MemoryStore(kernel);
    private ApiServer server = start(KEY);

    private ApiServer start(String key) {
        return ApiServer.builder(kernel, store)
                .tokens(new TokenOptions(List.of("https://issuer"), List.of(), key, List.of(), ""))
                .build()
                .start();
    }

    @AfterEach
    void close() {
        server.close();
        store.close();
        kernel.close();
    }

    @Test
    void nameTheirAccountAndWhatTheyAreBoundTo() {
        make("serviceaccounts", "robot");
        make("secrets", "s");
        String token = token("{'boundObjectRef':{'kind':'Secret','apiVersion':'v1','name':'s'}}");

        User user = who(token).orElseThrow();

        assertThat(user.name()).isEqualTo("system:serviceaccount:default:robot");
        assertThat(user.groups())
                .containsExactly("system:serviceaccounts", "system:serviceaccounts:default", "system:authenticated");
        assertThat(user.extra()).containsOnlyKeys("authentication.kubernetes.io/credential-id");
        assertThat(part(token, 0).path("alg").asText()).isEqualTo("RS256");
        assertThat(part(token, 0).path("kid"))
                .isEqualTo(server.tokenKeys().path("keys").path(0).path("kid"));
        assertThat(part(token, 1)
                        .path("kubernetes.io")
                        .path("secret")
                        .path("name")
                        .asText())
                .isEqualTo("s");
    }

    @Test
    void countForTheirAudienceOnly() {
        make("serviceaccounts", "robot");
        String token = token("{'audiences':['vault']}");

        assertThat(who(token)).isEmpty();
        assertThat(server.check(token, List.of("vault", "x")).audiences()).containsExactly("vault");
        assertThat(server.check(token, List.of("x")).problem())
                .isEqualTo("token audiences [\"vault\"] is invalid for the target audiences [\"x\"]");
    }

    @Test
    void endWithTheirTimeAndWithWhatTheyAreBoundTo() {
        make("serviceaccounts", "robot");
        make("secrets", "s");
        String timed = token("{'expirationSeconds':600}");
        String bound = token("{'boundObjectRef':{'kind':'Secret','apiVersion':'v1','name':'s'}}");
        assertThat(who(bound)).isPresent();

        call(Verb.DELETE, "secrets", "s", "", null);
        assertThat(who(bound)).as("what was true lately is not asked again").isPresent();
        kernel.advance(Duration.ofSeconds(11));
        assertThat(server.check(bound, List.of()).problem()).isEqualTo("service account token has been invalidated");

        assertThat(who(timed)).isPresent();
        kernel.advance(Duration.ofMinutes(12));
        assertThat(server.check(timed, List.of()).problem()).isEqualTo("service account token has expired");
    }

    @Test
    void areRefusedWhenSomebodyElseHasWrittenThem() {
        make("serviceaccounts", "robot");
        String token = token("{}");
        String[] parts = token.split("\\.");
        ObjectNode claims = part(token, 1);
        claims.put("sub", "system:serviceaccount:kube-system:robot");
        String forged = parts[0] + "." + encode(claims) + "." + parts[2];
        ObjectNode head = Json.object().put("alg", "none");

        assertThat(who(token)).isPresent();
        assertThat(who(forged)).isEmpty();
        assertThat(who(encode(head) + "." + parts[1] + ".")).isEmpty();
        assertThat(who("nonsense")).isEmpty();
    }

    @Test
    void outliveTheServerIfItsKeyDoes() {
        make("serviceaccounts", "robot");
        String token = token("{}");

        server.close();
        server = start(KEY);
        assertThat(who(token)).isPresent();

        server.close();
        server = start("");
        assertThat(who(token)).isEmpty();
        assertThat(who(token("{}"))).isPresent();
    }

    private static byte[] newKey() {
        try {
            KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
            generator.initialize(1024);
            return generator.generateKeyPair().getPrivate().getEncoded();
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    private static String olderForm(byte[] key) {
        byte[] bare = Arrays.copyOfRange(key, HEAD, key.length);
        return "-----BEGIN RSA PRIVATE KEY-----\n" + Base64.getMimeEncoder().encodeToString(bare)
                + "\n-----END RSA PRIVATE KEY-----\n";
    }

    private Optional<User> who(String token) {
        return server.authenticate(Credentials.token(token));
    }

    private String token(String spec) {
        ObjectNode body =
                Json.object().put("apiVersion", "authentication.k8s.io/v1").put("kind", "TokenRequest");
        body.set("spec", Json.read(spec.replace('\'', '"').getBytes(StandardCharsets.UTF_8)));
        return call(Verb.CREATE, "serviceaccounts", "robot", "token", body)
                .path("status")
                .path("token")
                .asText();
    }

    private static ObjectNode part(String token, int index) {
        return (ObjectNode) Json.read(Base64.getUrlDecoder().decode(token.split("\\.")[index]));
    }

    private static String encode(ObjectNode part) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(Json.write(part));
    }

    private void make(String plural, String name) {
        ObjectNode body = Json.object();
        body.putObject("metadata").put("name", name);
        call(Verb.CREATE, plural, "", "", body);
    }

    private ObjectNode call(Verb verb, String plural, String name, String subresource, @Nullable ObjectNode body) {
        ApiResult result = server.handle(new ApiRequest(
                new User("admin", "", List.of(User.MASTERS), Map.of()),
                "test",
                verb,
                "",
                "v1",
                plural,
                "default",
                name,
                subresource,
                RequestOptions.none(),
                body == null ? null : Body.of(body)));
        return result.object() == null ? Json.object() : result.object().tree();
    }
}

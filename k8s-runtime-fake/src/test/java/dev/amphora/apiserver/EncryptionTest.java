package dev.amphora.apiserver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.amphora.api.ResourceType;
import dev.amphora.api.StatusException;
import dev.amphora.apiserver.access.User;
import dev.amphora.apiserver.encryption.EncryptionConfiguration;
import dev.amphora.client.Client;
import dev.amphora.client.DeleteOptions;
import dev.amphora.client.InProcessClient;
import dev.amphora.client.ListOptions;
import dev.amphora.client.Watcher;
import dev.amphora.kernel.SimulatedKernel;
import dev.amphora.store.memory.MemoryStore;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What the store holds when some resources are encrypted, and how keys are rotated. */
class EncryptionTest {
    private static final ResourceType<Secret> SECRETS = ResourceType.of(Secret.class);
    private static final String ONE = "{aesgcm: {keys: [{name: one, secret: AAAAAAAAAAAAAAAAAAAAAA==}]}}";
    private static final String TWO = "{aescbc: {keys: [{name: two, secret: AQEBAQEBAQEBAQEBAQEBAQ==}]}}";

    private final SimulatedKernel kernel = new SimulatedKernel(1);
    private final MemoryStore store = new MemoryStore(kernel);
    private final List<ApiServer> servers = new ArrayList<>();

    /** A new server on the same store. */
    private Client started(@Nullable String providers) {
        servers.forEach(ApiServer::close);
        ApiServer.Builder builder = ApiServer.builder(kernel, store);
        if (providers != null) {
            builder.encryption(EncryptionConfiguration.parse(
                    "{apiVersion: apiserver.config.k8s.io/v1, kind: EncryptionConfiguration, resources: [{resources: [secrets],"
                            + " providers: [" + providers + "]}]}"));
        }
        ApiServer server = builder.build().start();
        servers.add(server);
        return new InProcessClient(server, User.of("admin", User.MASTERS), "test");
    }

    @AfterEach
    void close() {
        servers.forEach(ApiServer::close);
        store.close();
        kernel.close();
    }

    @Test
    void nobodyReadsInTheStoreWhatIsEncrypted() {
        Client client = started(ONE);
        List<String> seen = new ArrayList<>();
        client.watch(SECRETS, "default", ListOptions.all(), new Watcher<Secret>() {
            @Override
            public void onEvent(EventType type, Secret object) {
                seen.add(type + " " + object.getStringData() + object.getData());
            }

            @Override
            public void onBookmark(String resourceVersion) {}

            @Override
            public void onClose(@Nullable StatusException error) {}
        });
        client.create(secret("s", "b3Blbg=="));
        client.create(new ConfigMapBuilder()
                .withNewMetadata()
                .withNamespace("default")
                .withName("c")
                .endMetadata()
                .addToData("k", "plain to see")
                .build());
        kernel.runReady();

        assertThat(stored("secrets/default/s"))
                .startsWith("k8s:enc:aesgcm:v1:one:")
                .doesNotContain("b3Blbg==", "\"s\"");
        assertThat(stored("configmaps/default/c")).contains("plain to see");
        assertThat(client.get(SECRETS, "default", "s").getData()).containsEntry("k", "b3Blbg==");
        assertThat(client.list(SECRETS, "default", ListOptions.all()).items()).hasSize(1);
        client.delete(SECRETS, "default", "s", DeleteOptions.defaults());
        kernel.runReady();
        assertThat(seen).hasSize(2).allMatch(event -> event.contains("b3Blbg=="));
    }

    @Test
    void keysAreRotatedByWritingEverythingAgain() {
        started(null).create(secret("s", "b3Blbg=="));
        assertThat(stored("secrets/default/s")).contains("b3Blbg==");

        Client client = started(ONE + ", {identity: {}}");
        client.update(client.get(SECRETS, "default", "s"));
        assertThat(stored("secrets/default/s")).startsWith("k8s:enc:aesgcm:v1:one:");

        client = started(TWO + ", " + ONE);
        Secret read = client.get(SECRETS, "default", "s");
        assertThat(read.getData()).containsEntry("k", "b3Blbg==");
        Secret again = client.update(read);
        assertThat(stored("secrets/default/s")).startsWith("k8s:enc:aescbc:v1:two:");
        assertThat(client.update(again).getMetadata().getResourceVersion())
                .isEqualTo(again.getMetadata().getResourceVersion());

        client = started(TWO);
        assertThat(client.get(SECRETS, "default", "s").getData()).containsEntry("k", "b3Blbg==");

        client = started("{identity: {}}, " + TWO);
        client.update(client.get(SECRETS, "default", "s"));
        assertThat(stored("secrets/default/s")).contains("b3Blbg==");
    }

    @Test
    void withoutTheKeyNothingIsRead() {
        started(ONE).create(secret("s", "b3Blbg=="));
        Client client = started(TWO);

        assertThatThrownBy(() -> client.get(SECRETS, "default", "s")).hasMessageContaining("unable to transform key");
        assertThat(client.list(ResourceType.of(ConfigMap.class), null, ListOptions.all()))
                .isNotNull();
    }

    private String stored(String key) {
        return new String(store.get("/registry/" + key).entry().orElseThrow().value(), StandardCharsets.ISO_8859_1);
    }

    private static Secret secret(String name, String value) {
        return new SecretBuilder()
                .withNewMetadata()
                .withNamespace("default")
                .withName(name)
                .endMetadata()
                .addToData("k", value)
                .build();
    }
}

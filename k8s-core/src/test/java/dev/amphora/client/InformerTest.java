package dev.amphora.client;

import static org.assertj.core.api.Assertions.assertThat;

import dev.amphora.api.StatusException;
import dev.amphora.kernel.Actor;
import dev.amphora.kernel.SimulatedKernel;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class InformerTest {
    private final SimulatedKernel kernel = new SimulatedKernel(7);
    private final ScriptedClient client = new ScriptedClient();
    private final Informers informers = new Informers(client, kernel);
    private final List<String> heard = new ArrayList<>();
    private final Actor listener = kernel.actor("listener");

    private final InformerHandler<ConfigMap> handler = new InformerHandler<>() {
        @Override
        public void onAdd(ConfigMap object) {
            heard.add("add " + object.getMetadata().getName());
        }

        @Override
        public void onUpdate(ConfigMap old, ConfigMap object) {
            heard.add("update " + object.getMetadata().getName() + " "
                    + old.getMetadata().getResourceVersion() + "->"
                    + object.getMetadata().getResourceVersion());
        }

        @Override
        public void onDelete(ConfigMap last) {
            heard.add("delete " + last.getMetadata().getName());
        }
    };

    @Test
    void listsOnceAndThenFollows() {
        client.create(map("ns", "a"));
        Informer<ConfigMap> informer = informers.of(ConfigMap.class);
        Informer<ConfigMap>.Registration registration = informer.addHandler(listener, handler);
        assertThat(informer.hasSynced()).isFalse();
        kernel.runReady();

        assertThat(informer.hasSynced()).isTrue();
        assertThat(registration.hasSynced()).isTrue();
        client.create(map("ns", "b"));
        client.update(map("ns", "b"));
        client.delete(informer.type(), "ns", "a", DeleteOptions.defaults());
        kernel.runReady();

        assertThat(heard).containsExactly("add a", "add b", "update b 102->103", "delete a");
        assertThat(informer.list())
                .extracting(each -> each.getMetadata().getName())
                .containsExactly("b");
        assertThat(informer.lastSyncResourceVersion()).isEqualTo("104");
        assertThat(client.calls).containsOnlyOnce("list configmaps");
    }

    @Test
    void isSharedByAllWhoAskForTheSame() {
        assertThat(informers.of(ConfigMap.class)).isSameAs(informers.of(ConfigMap.class));
        assertThat(informers.of(ConfigMap.class))
                .isNotSameAs(informers.of(dev.amphora.api.ResourceType.of(ConfigMap.class), "ns", ListOptions.all()));
    }

    @Test
    void resumesFromTheLastRevisionSeenAfterACut() {
        Informer<ConfigMap> informer = informers.of(ConfigMap.class);
        kernel.runReady();
        client.create(map("ns", "a"));
        kernel.runReady();
        client.cut(null);
        kernel.runReady();

        assertThat(client.calls).endsWith("watch configmaps from 101");
        assertThat(client.calls).filteredOn("list configmaps"::equals).hasSize(1);
        assertThat(informer.size()).isEqualTo(1);
    }

    @Test
    void listsAgainWhenTheServerHasForgottenTheRevisionAndTellsTheDifference() {
        client.create(map("ns", "kept"));
        client.create(map("ns", "gone"));
        client.create(map("ns", "replaced"));
        Informer<ConfigMap> informer = informers.of(ConfigMap.class);
        informer.addHandler(listener, handler);
        kernel.runReady();
        heard.clear();

        List<ScriptedClient.Open<?>> watches = client.mute();
        client.delete(informer.type(), "ns", "gone", DeleteOptions.defaults());
        client.delete(informer.type(), "ns", "replaced", DeleteOptions.defaults());
        client.create(map("ns", "replaced"));
        client.create(map("ns", "new"));
        watches.forEach(watch -> watch.watcher().onClose(StatusException.expired("too old resource version")));
        kernel.advance(Duration.ofMillis(700));
        assertThat(heard).as("backs off first").isEmpty();
        kernel.advance(Duration.ofSeconds(1));

        assertThat(heard).containsExactly("delete gone", "add new", "delete replaced", "add replaced");
    }

    @Test
    void keepsTryingWithGrowingDelaysWhileTheServerRefuses() {
        client.refusal = call -> StatusException.of(503, "ServiceUnavailable", "no", null);
        Informer<ConfigMap> informer = informers.of(ConfigMap.class);
        kernel.advance(Duration.ofMinutes(1));
        assertThat(client.calls).hasSizeBetween(4, 8);
        client.refusal = call -> null;
        kernel.advance(Duration.ofMinutes(1));
        assertThat(informer.hasSynced()).isTrue();
    }

    @Test
    @DisplayName("MACH-8: knows which revisions it has seen, by events and by bookmarks")
    void tellsWhenARevisionHasBeenSeen() {
        Informer<ConfigMap> informer = informers.of(ConfigMap.class);
        kernel.runReady();
        informer.whenSeen("101", listener, () -> heard.add("seen 101"));
        informer.whenSeen("150", listener, () -> heard.add("seen 150"));
        assertThat(informer.hasSeen("101")).isFalse();
        client.create(map("ns", "a"));
        kernel.runReady();
        assertThat(informer.hasSeen("101")).isTrue();
        assertThat(heard).containsExactly("seen 101");
        client.watches.get(0).watcher().onBookmark("150");
        kernel.runReady();
        assertThat(heard).containsExactly("seen 101", "seen 150");
    }

    @Test
    void indexesByFunction() {
        Informer<ConfigMap> informer = informers.of(ConfigMap.class);
        client.create(labelled("ns", "a", "red"));
        kernel.runReady();
        informer.addIndex(
                "colour", each -> List.of(each.getMetadata().getLabels().get("colour")));
        client.create(labelled("ns", "b", "red"));
        client.update(labelled("ns", "a", "blue"));
        kernel.runReady();
        assertThat(informer.byIndex("colour", "red"))
                .extracting(each -> each.getMetadata().getName())
                .containsExactly("b");
        assertThat(informer.byIndex("colour", "blue")).hasSize(1);
        assertThat(informer.byIndex("colour", "green")).isEmpty();
    }

    @Test
    void tellsUnderWhichIndexKeysSomethingHasChanged() {
        Informer<ConfigMap> informer = informers.of(ConfigMap.class);
        informer.addIndex(
                "colour", each -> List.of(each.getMetadata().getLabels().get("colour")));
        client.create(labelled("ns", "a", "red"));
        kernel.runReady();
        long position = informer.indexPosition("colour");
        assertThat(informer.indexChanges("colour", position)).isEmpty();

        client.create(labelled("ns", "b", "green"));
        client.update(labelled("ns", "a", "blue"));
        kernel.runReady();

        assertThat(informer.indexChanges("colour", position)).containsExactlyInAnyOrder("green", "red", "blue");
        assertThat(informer.indexChanges("colour", informer.indexPosition("colour")))
                .isEmpty();
    }

    @Test
    void aLateHandlerHearsOfWhatIsThereAndAClosedOneOfNothing() {
        client.create(map("ns", "a"));
        Informer<ConfigMap> informer = informers.of(ConfigMap.class);
        kernel.runReady();
        Informer<ConfigMap>.Registration registration = informer.addHandler(listener, handler);
        kernel.runReady();
        assertThat(heard).containsExactly("add a");
        client.create(map("ns", "b"));
        registration.close();
        kernel.runReady();
        assertThat(heard).containsExactly("add a");
    }

    @Test
    void closingEndsWatchesAndCalls() {
        Informer<ConfigMap> informer = informers.of(ConfigMap.class);
        informer.addHandler(listener, handler);
        kernel.runReady();
        client.create(map("ns", "a"));
        informers.close();
        kernel.runReady();
        assertThat(heard).isEmpty();
        assertThat(client.watches).isEmpty();
    }

    private static ConfigMap map(String namespace, String name) {
        return labelled(namespace, name, "none");
    }

    private static ConfigMap labelled(String namespace, String name, String colour) {
        return new ConfigMapBuilder()
                .withNewMetadata()
                .withNamespace(namespace)
                .withName(name)
                .addToLabels("colour", colour)
                .endMetadata()
                .build();
    }
}

package dev.amphora.store.memory;

import static org.assertj.core.api.Assertions.assertThat;

import dev.amphora.store.Store.Entry;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class KeyTreeTest {
    private static final Comparator<String> BY_BYTES =
            (a, b) -> Arrays.compareUnsigned(a.getBytes(StandardCharsets.UTF_8), b.getBytes(StandardCharsets.UTF_8));

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5})
    void isASortedMapWhoseOldVersionsStay(long seed) {
        Random random = new Random(seed);
        TreeMap<String, Entry> model = new TreeMap<>(BY_BYTES);
        KeyTree tree = KeyTree.EMPTY;
        List<KeyTree> versions = new ArrayList<>();
        List<List<Entry>> contents = new ArrayList<>();
        for (int step = 1; step <= 4000; step++) {
            String key = "/" + random.nextInt(3) + "/" + random.nextInt(300);
            if (random.nextInt(5) < 3) {
                Entry entry = new Entry(key, new byte[0], step, step, 1);
                model.put(key, entry);
                tree = tree.with(KeyTree.bytes(key), entry);
            } else {
                model.remove(key);
                tree = tree.without(KeyTree.bytes(key));
            }
            assertThat(tree.size()).isEqualTo(model.size());
            assertThat(tree.get(KeyTree.bytes(key))).isEqualTo(model.get(key));
            if (step % 200 == 0) {
                versions.add(tree);
                contents.add(List.copyOf(model.values()));
            }
        }
        for (int i = 0; i < versions.size(); i++) {
            assertThat(all(versions.get(i), "/")).isEqualTo(contents.get(i));
        }
        assertThat(all(tree, "/1"))
                .isEqualTo(List.copyOf(model.subMap("/1", "/2").values()));
        assertThat(tree.rank(KeyTree.bytes("/1"))).isEqualTo(model.headMap("/1").size());
    }

    @Test
    void staysShallowWhenKeysComeInOrder() {
        KeyTree tree = KeyTree.EMPTY;
        int keys = 100_000;
        for (int i = 0; i < keys; i++) {
            String key = String.format("/%06d", i);
            tree = tree.with(KeyTree.bytes(key), new Entry(key, new byte[0], i, i, 1));
        }
        for (int i = 0; i < keys - 10; i++) {
            tree = tree.without(KeyTree.bytes(String.format("/%06d", i)));
        }
        assertThat(all(tree, "/")).hasSize(10).isSortedAccordingTo(Comparator.comparing(Entry::key));
    }

    @Test
    void ordersKeysByTheirBytesNotTheirChars() {
        String highBmp = "/\uFF5E";
        String supplementary = "/\uD83D\uDE00";
        KeyTree tree = KeyTree.EMPTY;
        for (String key : List.of(supplementary, highBmp)) {
            tree = tree.with(KeyTree.bytes(key), new Entry(key, new byte[0], 1, 1, 1));
        }
        assertThat(supplementary).isLessThan(highBmp);
        assertThat(all(tree, "/")).extracting(Entry::key).containsExactly(highBmp, supplementary);
    }

    private static List<Entry> all(KeyTree tree, String prefix) {
        List<Entry> entries = new ArrayList<>();
        tree.collect(KeyTree.bytes(prefix), KeyTree.endOf(prefix), Integer.MAX_VALUE, entries);
        return entries;
    }
}

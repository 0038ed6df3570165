package dev.amphora.api;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What was made of trees, remembered for some that came last: most objects are like another one in most of their parts. What is
 * remembered is shared and read-only. Thread-safe.
 *
 * @param <T> what is made
 */
final class RecentTrees<T> {
    private static final int SIZE = 256;
    private static final int DEPTH = 3;

    private final AtomicReferenceArray<@Nullable Made<T>> recent = new AtomicReferenceArray<>(SIZE);
    /** By the node itself, which saves looking at what is in it. */
    private final NodeMemory<T> byNode = new NodeMemory<>();

    private final String apart;
    private final Function<JsonNode, T> function;

    /**
     * Nothing yet.
     *
     * @param apart a member of the trees that doesn't count; empty for none
     * @param function gives the same for the same tree, always
     */
    RecentTrees(String apart, Function<JsonNode, T> function) {
        this.apart = apart;
        this.function = function;
    }

    private record Made<T>(JsonNode from, T value) {}

    T of(JsonNode tree) {
        int place = NodeMemory.place(tree);
        T known = byNode.of(place, tree);
        if (known == null) {
            NodeMemory.Known<T> latest = byNode.latest(place);
            known = latest != null && Trees.shareAllBut(latest.of(), tree, apart) ? latest.value() : likely(tree);
            byNode.remember(place, tree, known);
        }
        return known;
    }

    /** What was made of a tree that is the same, though perhaps not the same node. */
    private T likely(JsonNode tree) {
        int hash = Trees.hashBut(tree, DEPTH, apart);
        int place = (hash ^ hash >>> 8 ^ hash >>> 16) & SIZE - 1;
        Made<T> made = recent.getPlain(place);
        if (made == null || !same(made.from, tree)) {
            made = new Made<>(tree, function.apply(tree));
            recent.setPlain(place, made);
        }
        return made.value;
    }

    private boolean same(JsonNode one, JsonNode other) {
        return !apart.isEmpty() && one instanceof ObjectNode here && other instanceof ObjectNode there
                ? Trees.sameBut(here, there, apart)
                : Trees.same(one, other);
    }
}

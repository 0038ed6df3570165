package dev.amphora.apiserver;

import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Those who watch one resource, found by the changes that may concern them: a change costs as much as there are watchers of its object, its
 * namespace, the whole resource, or the node that a pod is or was on; other watchers, such as the kubelets of other nodes, aren't looked at.
 * The reference keeps the same index. Guarded by the {@link StoreFeed}'s lock.
 */
final class Watchers {
    private static final String NODE = "spec.nodeName";

    private final String prefix;
    private final Anchor whole;
    private final Map<Anchor, Set<CacheWatcher>> byAnchor = new LinkedHashMap<>();
    private final Map<CacheWatcher, Anchor> anchors = new LinkedHashMap<>();
    private int ofNodes;
    /** How many watch a part of the resource by its keys. */
    private int ofParts;

    /**
     * Nobody yet.
     *
     * @param prefix of the resource's keys
     */
    Watchers(String prefix) {
        this.prefix = prefix;
        this.whole = Anchor.key(prefix);
    }

    /**
     * What every object that a watcher selects has in common.
     *
     * @param node whether it is the node, else how the key begins
     * @param value the node or the beginning
     */
    private record Anchor(boolean node, String value) {
        static Anchor of(WatchFilter filter) {
            String node = filter.fields().required(NODE);
            return node == null ? key(filter.prefix()) : new Anchor(true, node);
        }

        static Anchor key(String beginning) {
            return new Anchor(false, beginning);
        }
    }

    void add(CacheWatcher watcher) {
        Anchor anchor = Anchor.of(watcher.filter());
        if (anchors.put(watcher, anchor) == null) {
            byAnchor.computeIfAbsent(anchor, key -> new LinkedHashSet<>()).add(watcher);
            count(anchor, 1);
        }
    }

    private void count(Anchor anchor, int number) {
        if (anchor.node) {
            ofNodes += number;
        } else if (!anchor.value.equals(prefix)) {
            ofParts += number;
        }
    }

    void remove(CacheWatcher watcher) {
        Anchor anchor = anchors.remove(watcher);
        if (anchor == null) {
            return;
        }
        byAnchor.computeIfPresent(anchor, (key, all) -> {
            all.remove(watcher);
            return all.isEmpty() ? null : all;
        });
        count(anchor, -1);
    }

    /** Offers a change to all whom it may concern, and says how many they are. */
    int offer(Change change) {
        String key = change.key();
        int offered = offer(change, whole);
        if (ofParts > 0) {
            int slash = key.indexOf('/', prefix.length());
            if (slash >= 0) {
                offered += offer(change, Anchor.key(key.substring(0, slash + 1)));
            }
            offered += offer(change, Anchor.key(key));
        }
        if (ofNodes > 0) {
            String now = node(change.object());
            String before = node(change.previous());
            if (now != null) {
                offered += offer(change, new Anchor(true, now));
            }
            if (before != null && !before.equals(now)) {
                offered += offer(change, new Anchor(true, before));
            }
        }
        return offered;
    }

    private int offer(Change change, Anchor anchor) {
        Set<CacheWatcher> concerned = byAnchor.get(anchor);
        if (concerned == null) {
            return 0;
        }
        concerned.forEach(watcher -> watcher.offer(change));
        return concerned.size();
    }

    /** The node that an object names, empty if none; null if there is no object. */
    private static @Nullable String node(@Nullable VersionedObject object) {
        return object == null
                ? null
                : object.tree().path("spec").path("nodeName").asText("");
    }

    /** All of them, who are then no longer here. */
    List<CacheWatcher> clear() {
        List<CacheWatcher> all = List.copyOf(anchors.keySet());
        anchors.clear();
        byAnchor.clear();
        ofNodes = 0;
        ofParts = 0;
        return all;
    }
}

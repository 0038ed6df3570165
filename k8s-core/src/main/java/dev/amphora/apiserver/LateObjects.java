package dev.amphora.apiserver;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * What every cluster has and few look at. It is written when somebody first looks at its resource, so that a start does not wait for
 * it; whoever looks, finds it. Safe for concurrent use.
 */
final class LateObjects {
    private final Map<String, Entry> entries = new ConcurrentHashMap<>();
    private volatile boolean open;

    /** Objects of one resource that are written late. */
    interface Source {
        /** Whether there is something to write; asked at every look, so it must be fast. */
        boolean isDue();

        /** Writes what is missing. What it looks up meanwhile does not lead back here. */
        void write();
    }

    private record Entry(String group, Source source) {}

    /** Has objects of a resource written late. One source for a resource, and no two resources with the same plural. */
    void add(String group, String plural, Source source) {
        entries.put(plural, new Entry(group, source));
    }

    /** From now on what is looked at is written first. */
    void open() {
        open = true;
    }

    /** Somebody looks at a resource. */
    void look(String group, String plural) {
        if (!open) {
            return;
        }
        Entry entry = entries.get(plural);
        if (entry == null || !entry.group.equals(group) || Thread.holdsLock(entry.source) || !entry.source.isDue()) {
            return;
        }
        synchronized (entry.source) {
            if (entry.source.isDue()) {
                entry.source.write();
            }
        }
    }
}

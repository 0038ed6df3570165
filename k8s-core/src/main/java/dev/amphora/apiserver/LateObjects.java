package dev.amphora.apiserver;

import com.google.common.collect.ImmutableList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * What every cluster has and few look at. It is written when somebody first looks at its resource, so that a start does not wait for
 * it; whoever looks, finds it. Safe for concurrent use.
 */
final class LateObjects {
    private final Map<String, ImmutableList<Entry>> entries = new ConcurrentHashMap<>();
    private volatile boolean open;

    /** Objects of one resource that are written late. */
    interface Source {
        /** Whether there is something to write; asked at every look, so it must be fast. */
        boolean isDue();

        /** Writes what is missing. What it looks up meanwhile does not lead back here. */
        void write();
    }

    private record Entry(String group, String namespace, Source source) {}

    /** Has objects of a resource written late. A plural may be that of several resources. */
    void add(String group, String plural, Source source) {
        add(group, plural, "", source);
    }

    /** The same for objects that are all in one namespace. */
    void add(String group, String plural, String namespace, Source source) {
        Entry entry = new Entry(group, namespace, source);
        entries.merge(plural, ImmutableList.of(entry), (before, more) -> ImmutableList.<Entry>builder()
                .addAll(before)
                .addAll(more)
                .build());
    }

    /** From now on what is looked at is written first. */
    void open() {
        open = true;
    }

    /** Somebody looks at a resource everywhere. */
    void look(String group, String plural) {
        look(group, plural, "");
    }

    /** Somebody looks at a resource in a namespace; empty for everywhere. */
    void look(String group, String plural, String namespace) {
        if (!open) {
            return;
        }
        List<Entry> known = entries.get(plural);
        if (known != null) {
            known.forEach(entry -> look(entry, group, namespace));
        }
    }

    private static void look(Entry entry, String group, String namespace) {
        if (!entry.group.equals(group)
                || !entry.namespace.isEmpty() && !namespace.isEmpty() && !entry.namespace.equals(namespace)) {
            return;
        }
        if (Thread.holdsLock(entry.source) || !entry.source.isDue()) {
            return;
        }
        synchronized (entry.source) {
            if (entry.source.isDue()) {
                entry.source.write();
            }
        }
    }
}

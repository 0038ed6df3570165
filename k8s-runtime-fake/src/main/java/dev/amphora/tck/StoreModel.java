package dev.amphora.tck;

import dev.amphora.store.Store.Entry;
import dev.amphora.store.Store.Event;
import dev.amphora.store.Store.Swap;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The contract in its plainest form: a sorted map, a copy of it for each revision, a list of events. */
final class StoreModel {
    static final Comparator<String> BY_BYTES =
            (a, b) -> Arrays.compareUnsigned(a.getBytes(StandardCharsets.UTF_8), b.getBytes(StandardCharsets.UTF_8));

    private final long first;
    private final TreeMap<String, Entry> now = new TreeMap<>(BY_BYTES);
    private final List<TreeMap<String, Entry>> states = new ArrayList<>();
    private final List<Event> events = new ArrayList<>();

    StoreModel(long revision) {
        first = revision;
        states.add(new TreeMap<>(now));
    }

    long revision() {
        return first + events.size();
    }

    @Nullable Entry get(String key) {
        return now.get(key);
    }

    List<Event> events(String prefix, long fromRevision) {
        return events.stream()
                .filter(event -> event.revision() >= fromRevision && event.key().startsWith(prefix))
                .toList();
    }

    List<Entry> range(String prefix, @Nullable String startAfter, long revision) {
        return states.get((int) (revision - first)).values().stream()
                .filter(entry -> entry.key().startsWith(prefix))
                .filter(entry -> startAfter == null || BY_BYTES.compare(entry.key(), startAfter) > 0)
                .toList();
    }

    Swap put(String key, byte[] value, long expected) {
        Entry found = now.get(key);
        if ((found == null ? 0 : found.modRevision()) != expected) {
            return new Swap(false, revision(), found);
        }
        long revision = revision() + 1;
        Entry entry = new Entry(
                key,
                value,
                found == null ? revision : found.createRevision(),
                revision,
                found == null ? 1 : found.version() + 1);
        now.put(key, entry);
        commit(new Event(Event.Type.PUT, key, entry, found, revision));
        return new Swap(true, revision, entry);
    }

    Swap delete(String key, long expected) {
        Entry found = now.get(key);
        if (found == null || found.modRevision() != expected) {
            return new Swap(false, revision(), found);
        }
        long revision = revision() + 1;
        now.remove(key);
        commit(new Event(Event.Type.DELETE, key, null, found, revision));
        return new Swap(true, revision, found);
    }

    private void commit(Event event) {
        events.add(event);
        states.add(new TreeMap<>(now));
    }
}

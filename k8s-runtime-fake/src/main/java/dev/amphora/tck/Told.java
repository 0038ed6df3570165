package dev.amphora.tck;

import dev.amphora.store.Store.Entry;
import dev.amphora.store.Store.Event;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Entries and events as text, for comparisons that look at the bytes of the values. */
final class Told {
    private Told() {}

    static String entry(@Nullable Entry entry) {
        if (entry == null) {
            return "none";
        }
        String value = entry.value().length > 100
                ? entry.value().length + " bytes"
                : new String(entry.value(), StandardCharsets.ISO_8859_1);
        return entry.key() + "=" + value + " created@" + entry.createRevision() + " modified@" + entry.modRevision()
                + " v" + entry.version();
    }

    static List<String> entries(List<Entry> entries) {
        return entries.stream().map(Told::entry).toList();
    }

    static String event(Event event) {
        return event.type() + "@" + event.revision() + " " + event.key() + " [" + entry(event.previous()) + "] -> ["
                + entry(event.entry()) + "]";
    }

    /** The last few of many events. */
    static String lastOf(List<Event> events) {
        int size = events.size();
        return size + ", last " + events(events.subList(Math.max(0, size - 3), size));
    }

    static List<String> events(List<Event> events) {
        return events.stream().map(Told::event).toList();
    }
}

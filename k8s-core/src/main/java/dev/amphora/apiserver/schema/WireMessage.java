package dev.amphora.apiserver.schema;

import com.google.common.collect.ImmutableSortedMap;
import com.google.common.primitives.ImmutableIntArray;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** The fields of a message by number. A number stands for a field, or for an embedded message whose fields JSON has in line. */
final class WireMessage {
    private static final Map<TypeSchema, WireMessage> KNOWN = new ConcurrentHashMap<>();

    private final ImmutableSortedMap<Integer, Entry> entries;

    private WireMessage(Map<Integer, Entry> entries) {
        this.entries = ImmutableSortedMap.copyOf(entries);
    }

    /**
     * What a number stands for: one of the two is there.
     *
     * @param field a field of the object
     * @param embedded a message that holds further fields of the same object
     */
    record Entry(@Nullable FieldSchema field, @Nullable WireMessage embedded) {}

    static WireMessage of(TypeSchema type) {
        WireMessage known = KNOWN.get(type);
        if (known == null) {
            known = build(type);
            KNOWN.put(type, known);
        }
        return known;
    }

    private static WireMessage build(TypeSchema type) {
        Node root = new Node();
        for (FieldSchema field : type.fields().values()) {
            ImmutableIntArray path = field.protoPath();
            if (path.isEmpty()) {
                continue;
            }
            Node node = root;
            for (int i = 0; i < path.length() - 1; i++) {
                node = node.embedded.computeIfAbsent(path.get(i), n -> new Node());
            }
            node.fields.put(path.get(path.length() - 1), field);
        }
        return root.build();
    }

    private static final class Node {
        final Map<Integer, FieldSchema> fields = new TreeMap<>();
        final Map<Integer, Node> embedded = new TreeMap<>();

        WireMessage build() {
            Map<Integer, Entry> entries = new TreeMap<>();
            fields.forEach((number, field) -> entries.put(number, new Entry(field, null)));
            embedded.forEach((number, node) -> entries.put(number, new Entry(null, node.build())));
            return new WireMessage(entries);
        }
    }

    Map<Integer, Entry> entries() {
        return entries;
    }

    @Nullable Entry entry(int number) {
        return entries.get(number);
    }

    /** Whether a list travels as a message of its own that holds the elements. */
    static boolean isWrappedList(String goType) {
        return goType.endsWith(".Verbs") || goType.endsWith(".ExtraValue");
    }

    /** The Go type of a map's values, as far as it matters on the wire. */
    static String mapValueType(String goType) {
        return goType.startsWith("map[") ? goType.substring(goType.indexOf(']') + 1) : "";
    }
}

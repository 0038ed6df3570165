package dev.amphora.rest;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.core.util.Separators;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectWriter;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.Json;
import dev.amphora.apiserver.Listing;
import dev.amphora.apiserver.VersionedObject;
import dev.amphora.apiserver.schema.ProtobufCodec;
import dev.amphora.apiserver.schema.SchemaCatalogue;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Turns trees, objects and lists into the bytes of a format. */
final class Answers {
    private static final ObjectWriter PRETTY = Json.mapper().writer(new GoPrettyPrinter());
    private static final ProtobufCodec PROTOBUF = new ProtobufCodec(SchemaCatalogue.builtIn());
    private static final byte[] ITEMS_END = "]}\n".getBytes(StandardCharsets.US_ASCII);

    private Answers() {}

    /** A tree. */
    static byte[] write(JsonNode tree, Accept.Format format, boolean pretty) {
        return switch (format) {
            case JSON -> pretty ? pretty(tree) : withLineFeed(Json.write(tree));
            case YAML -> YamlWriter.write(tree);
            case PROTOBUF -> PROTOBUF.encode(tree);
        };
    }

    /** An object, from the bytes that it shares with everyone else where the format allows. */
    static byte[] write(VersionedObject object, Accept.Format format, boolean pretty) {
        return format == Accept.Format.JSON && !pretty
                ? withLineFeed(object.bytes())
                : write(object.tree(), format, pretty);
    }

    /**
     * A list.
     *
     * @param bareItems whether the items leave out kind and version, as those of built-in kinds do
     */
    static byte[] write(Listing list, boolean bareItems, Accept.Format format, boolean pretty) {
        if (format != Accept.Format.JSON || pretty) {
            return write(tree(list, bareItems), format, pretty);
        }
        // Lists of custom kinds are maps in the reference, whose members go out in alphabetical order.
        ObjectNode head = Json.object();
        ObjectNode tail = Json.object();
        if (bareItems) {
            head.put("kind", list.kind());
        } else {
            tail.put("kind", list.kind());
        }
        head.put("apiVersion", list.apiVersion());
        (bareItems ? head : tail).set("metadata", metadata(list, bareItems));
        byte[] start = Json.write(head);
        ByteArrayOutputStream out = new ByteArrayOutputStream(
                start.length + 16 + 1024 * list.items().size());
        out.write(start, 0, start.length - 1);
        out.writeBytes(",\"items\":[".getBytes(StandardCharsets.US_ASCII));
        boolean first = true;
        for (VersionedObject item : list.items()) {
            if (!first) {
                out.write(',');
            }
            first = false;
            if (bareItems) {
                writeBare(item, out);
            } else {
                out.writeBytes(item.bytes());
            }
        }
        if (bareItems) {
            out.writeBytes(ITEMS_END);
        } else {
            out.writeBytes("],".getBytes(StandardCharsets.US_ASCII));
            byte[] end = Json.write(tail);
            out.write(end, 1, end.length - 1);
            out.write('\n');
        }
        return out.toByteArray();
    }

    /** The event of a watch: one JSON document without a line feed, or one frame. */
    static byte[] event(String type, byte[] object, Accept.Format format) {
        if (format == Accept.Format.PROTOBUF) {
            return PROTOBUF.encodeWatchEvent(type, object);
        }
        byte[] start = ("{\"type\":\"" + type + "\",\"object\":").getBytes(StandardCharsets.US_ASCII);
        byte[] event = Arrays.copyOf(start, start.length + object.length + 1);
        System.arraycopy(object, 0, event, start.length, object.length);
        event[event.length - 1] = '}';
        return event;
    }

    /** The whole list as a tree. */
    static ObjectNode tree(Listing list, boolean bareItems) {
        if (bareItems) {
            return list.tree();
        }
        ObjectNode tree = Json.object();
        tree.put("kind", list.kind());
        tree.put("apiVersion", list.apiVersion());
        tree.set("metadata", metadata(list, false));
        var items = tree.putArray("items");
        list.items().forEach(item -> items.add(item.tree()));
        return tree;
    }

    /** Lists of custom resources say that nothing follows, where others say nothing. */
    private static ObjectNode metadata(Listing list, boolean bareItems) {
        ObjectNode metadata = list.metadata();
        if (!bareItems && !metadata.has("continue")) {
            metadata.put("continue", "");
        }
        return metadata;
    }

    /** An item without kind and version, cut from its own bytes when they come first there. */
    private static void writeBare(VersionedObject item, ByteArrayOutputStream out) {
        byte[] bytes = item.bytes();
        ObjectNode tree = item.tree();
        byte[] prefix = ("{\"kind\":\"" + tree.path("kind").asText() + "\",\"apiVersion\":\""
                        + tree.path("apiVersion").asText() + "\",")
                .getBytes(StandardCharsets.UTF_8);
        if (bytes.length > prefix.length && Arrays.equals(bytes, 0, prefix.length, prefix, 0, prefix.length)) {
            out.write('{');
            out.write(bytes, prefix.length, bytes.length - prefix.length);
            return;
        }
        ObjectNode bare = Json.object();
        bare.setAll(tree);
        bare.remove("kind");
        bare.remove("apiVersion");
        out.writeBytes(Json.write(bare));
    }

    private static byte[] withLineFeed(byte[] json) {
        byte[] line = Arrays.copyOf(json, json.length + 1);
        line[json.length] = '\n';
        return line;
    }

    private static byte[] pretty(JsonNode tree) {
        try {
            return PRETTY.writeValueAsBytes(tree);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Two spaces, line feeds, no space before a colon, empty objects and arrays closed at once: as Go indents. */
    private static final class GoPrettyPrinter extends DefaultPrettyPrinter {
        private static final long serialVersionUID = 1L;
        private static final DefaultIndenter LINES = new DefaultIndenter("  ", "\n");

        GoPrettyPrinter() {
            super(Separators.createDefaultInstance()
                    .withObjectFieldValueSpacing(Separators.Spacing.AFTER)
                    .withObjectEmptySeparator("")
                    .withArrayEmptySeparator(""));
            indentArraysWith(LINES);
            indentObjectsWith(LINES);
        }

        private GoPrettyPrinter(GoPrettyPrinter base) {
            super(base);
        }

        @Override
        public DefaultPrettyPrinter createInstance() {
            return new GoPrettyPrinter(this);
        }

        @Override
        public void writeObjectFieldValueSeparator(JsonGenerator generator) throws IOException {
            generator.writeRaw(": ");
        }
    }
}

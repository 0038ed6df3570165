package dev.amphora.api;

import com.fasterxml.jackson.annotation.JsonSetter;
import com.fasterxml.jackson.annotation.Nulls;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.SerializableString;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.io.CharacterEscapes;
import com.fasterxml.jackson.core.io.SerializedString;
import com.fasterxml.jackson.databind.BeanDescription;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationConfig;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.ser.BeanPropertyWriter;
import com.fasterxml.jackson.databind.ser.BeanSerializerModifier;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The one place where JSON trees, bytes and typed objects turn into each other.
 *
 * <p>Trees are Jackson's {@link JsonNode}; typed objects are the fabric8 model's.
 */
public final class Json {
    /** How deep a document may nest. */
    public static final int MAX_DEPTH = 10_000;

    private static final ObjectMapper TREES = new ObjectMapper();

    static {
        TREES.getFactory()
                .setStreamReadConstraints(StreamReadConstraints.builder()
                        .maxNestingDepth(MAX_DEPTH)
                        .build())
                .setCharacterEscapes(new GoEscapes());
    }

    private Json() {}

    /** A mapper for trees and bytes. Not to be reconfigured. */
    public static ObjectMapper mapper() {
        return TREES;
    }

    /** A new empty object. */
    public static ObjectNode object() {
        return TREES.createObjectNode();
    }

    /**
     * Reads a tree.
     *
     * @throws UncheckedIOException if the bytes are not JSON
     */
    public static JsonNode read(byte[] bytes) {
        try {
            return TREES.readTree(bytes);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * Reads an object that is read-only below its first members and those of its metadata: there it shares parts with others.
     *
     * @throws UncheckedIOException if the bytes are not JSON
     */
    public static ObjectNode readShared(byte[] bytes) {
        ObjectNode read = PartReader.read(bytes);
        return read == null ? (ObjectNode) read(bytes) : read;
    }

    /** Writes a tree. */
    public static byte[] write(JsonNode tree) {
        return TreeText.write(tree, Json::generated);
    }

    /**
     * Writes a tree that has come from another one.
     *
     * @param old not changed any more; its nodes that are in the tree at the same place may have been written before, for another tree
     */
    public static byte[] write(JsonNode tree, ObjectNode old) {
        return TreeText.write(tree, old, Json::generated);
    }

    private static byte[] generated(Object value) {
        try {
            return TREES.writeValueAsBytes(value);
        } catch (JsonProcessingException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Whether two trees are the same value. Whole numbers are compared by value, however they are held. */
    public static boolean same(JsonNode one, JsonNode other) {
        return one.equals(Json::compareScalars, other);
    }

    /** Escapes what Go's encoder escapes, so that bytes are the same: controls in lower case, and what means something in HTML. */
    private static final class GoEscapes extends CharacterEscapes {
        private static final long serialVersionUID = 1L;
        private static final int LINE_SEPARATOR = 0x2028;
        private static final int PARAGRAPH_SEPARATOR = 0x2029;

        private final int[] ascii = standardAsciiEscapesForJSON();

        GoEscapes() {
            for (int c = 0; c < ascii.length; c++) {
                if (ascii[c] == ESCAPE_STANDARD || c == '<' || c == '>' || c == '&') {
                    ascii[c] = ESCAPE_CUSTOM;
                }
            }
        }

        @Override
        public int[] getEscapeCodesForAscii() {
            return ascii;
        }

        @Override
        public @Nullable SerializableString getEscapeSequence(int c) {
            return c < ascii.length || c == LINE_SEPARATOR || c == PARAGRAPH_SEPARATOR
                    ? new SerializedString("\\u%04x".formatted(c))
                    : null;
        }
    }

    private static int compareScalars(JsonNode one, JsonNode other) {
        if (one.isIntegralNumber() && other.isIntegralNumber()) {
            return one.bigIntegerValue().compareTo(other.bigIntegerValue());
        }
        return one.equals(other) ? 0 : 1;
    }

    /** A typed object as a tree. */
    public static ObjectNode toTree(Object object) {
        if (object instanceof Pod pod) {
            try {
                return PodWriter.write(pod);
            } catch (TreeMaker.Unfit e) {
                return general(object);
            }
        }
        return general(object);
    }

    /** A typed object as a tree, whatever its class. */
    static ObjectNode general(Object object) {
        return toTree(Typed.MAPPER, object);
    }

    /**
     * A typed object as a tree without its spec and its {@code managedFields}: as much as it takes to write its status.
     *
     * @param object of a kind that is built in
     */
    public static ObjectNode toStatusTree(HasMetadata object) {
        return toTree(TypedStatus.MAPPER, object);
    }

    private static ObjectNode toTree(ObjectMapper mapper, Object object) {
        TreeMaker maker = new TreeMaker(mapper);
        try {
            mapper.writeValue(maker, object);
            return (ObjectNode) maker.made();
        } catch (TreeMaker.Unfit | IOException e) {
            // a serializer failed, or wrote what the maker refuses; the general way tells
            return mapper.valueToTree(object);
        }
    }

    /**
     * A tree as a typed object.
     *
     * @param <T> the class
     * @param tree what to read
     * @param type the class
     * @throws IllegalArgumentException if the tree doesn't fit the class
     */
    public static <T> T fromTree(JsonNode tree, Class<T> type) {
        try {
            return Typed.MAPPER.treeToValue(tree, type);
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException(e);
        }
    }

    /**
     * A tree as a typed object that is read-only, parts of which may be shared with other such objects.
     *
     * @param <T> the class
     * @param tree what to read; not changed any more
     * @param type the class
     * @throws IllegalArgumentException if the tree doesn't fit the class
     */
    public static <T> T sharedFromTree(JsonNode tree, Class<T> type) {
        if (type == Pod.class) {
            Pod pod = PodReader.read(tree);
            if (pod != null) {
                return type.cast(pod);
            }
        }
        return fromTree(tree, type);
    }

    /**
     * A deep copy of a typed object, free to be modified.
     *
     * @param <T> the class
     * @param object what to copy
     */
    @SuppressWarnings("unchecked")
    public static <T> T copy(T object) {
        return (T) fromTree(toTree(object), object.getClass());
    }

    /** A text between quotation marks, escaped as error messages show it (Go's {@code %q}). */
    public static String quote(String text) {
        StringBuilder quoted = new StringBuilder(text.length() + 2).append('"');
        text.codePoints().forEach(c -> {
            switch (c) {
                case '"' -> quoted.append("\\\"");
                case '\\' -> quoted.append("\\\\");
                case '\n' -> quoted.append("\\n");
                case '\r' -> quoted.append("\\r");
                case '\t' -> quoted.append("\\t");
                case 7 -> quoted.append("\\a");
                case '\b' -> quoted.append("\\b");
                case '\f' -> quoted.append("\\f");
                case 11 -> quoted.append("\\v");
                default -> {
                    if (c < ' ' || c == 0x7F) {
                        quoted.append("\\x%02x".formatted(c));
                    } else if (Character.isISOControl(c) || !Character.isDefined(c)) {
                        quoted.append((c > 0xFFFF ? "\\U%08x" : "\\u%04x").formatted(c));
                    } else {
                        quoted.appendCodePoint(c);
                    }
                }
            }
        });
        return quoted.append('"').toString();
    }

    /**
     * Gets ready to read and write some classes, which takes a while the first time; for a thread that has nothing else to do.
     *
     * @param types classes of the model
     */
    public static void warmUp(List<? extends Class<?>> types) {
        for (Class<?> type : types) {
            toTree(fromTree(object(), type));
        }
    }

    /** The mapper of the fabric8 model, loaded when the first typed object is. */
    private static final class Typed {
        static final ObjectMapper MAPPER = create();

        private static ObjectMapper create() {
            ObjectMapper mapper = new ObjectMapper();
            new KubernetesSerialization(mapper, false);
            mapper.registerModule(OwnedFields.module());
            // The reference writes null for an absent list or map; the model's own code expects none.
            JsonSetter.Value empty = JsonSetter.Value.forValueNulls(Nulls.AS_EMPTY);
            mapper.configOverride(List.class).setSetterInfo(empty);
            mapper.configOverride(Map.class).setSetterInfo(empty);
            return mapper;
        }
    }

    /** The same, but for what a write of the status doesn't need. */
    private static final class TypedStatus extends BeanSerializerModifier {
        private static final long serialVersionUID = 1L;

        static final ObjectMapper MAPPER = create();

        private static ObjectMapper create() {
            ObjectMapper mapper = Typed.MAPPER.copy();
            return mapper.setSerializerFactory(mapper.getSerializerFactory().withSerializerModifier(new TypedStatus()));
        }

        @Override
        public List<BeanPropertyWriter> changeProperties(
                SerializationConfig config, BeanDescription bean, List<BeanPropertyWriter> properties) {
            if (HasMetadata.class.isAssignableFrom(bean.getBeanClass())) {
                properties.removeIf(property -> property.getName().equals("spec"));
            } else if (bean.getBeanClass() == ObjectMeta.class) {
                properties.removeIf(property -> property.getName().equals("managedFields"));
            }
            return properties;
        }
    }

    /** The same value, the members of all its objects in the order of their names. */
    public static JsonNode sorted(JsonNode value) {
        if (value.isArray()) {
            ArrayNode array = mapper().createArrayNode();
            value.forEach(item -> array.add(sorted(item)));
            return array;
        }
        if (!value.isObject()) {
            return value;
        }
        ObjectNode object = object();
        TreeMap<String, JsonNode> members = new TreeMap<>();
        value.properties().forEach(member -> members.put(member.getKey(), member.getValue()));
        members.forEach((name, member) -> object.set(name, sorted(member)));
        return object;
    }
}

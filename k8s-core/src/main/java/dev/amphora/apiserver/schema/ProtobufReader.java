package dev.amphora.apiserver.schema;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.BooleanNode;
import com.fasterxml.jackson.databind.node.DoubleNode;
import com.fasterxml.jackson.databind.node.IntNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.LongNode;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import com.google.common.io.BaseEncoding;
import com.google.protobuf.CodedInputStream;
import com.google.protobuf.WireFormat;
import java.io.IOException;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Reads one message into a tree, guided by the type's field numbers. Fields that the type doesn't have are skipped. */
final class ProtobufReader {
    private static final int MAX_DEPTH = 500;
    private static final double LARGEST_EXACT = 1L << 53;

    private final CodedInputStream in;
    /** Reads an object that is embedded with its own envelope. */
    private final Function<byte[], JsonNode> embedded;

    private int depth;

    ProtobufReader(CodedInputStream in, Function<byte[], JsonNode> embedded) {
        this.in = in;
        this.embedded = embedded;
    }

    ObjectNode object(TypeSchema type) throws IOException {
        ObjectNode result = JsonNodeFactory.instance.objectNode();
        fields(WireMessage.of(type), result);
        return result;
    }

    private void fields(WireMessage message, ObjectNode result) throws IOException {
        if (++depth > MAX_DEPTH) {
            throw new DecodeException("exceeded max depth");
        }
        for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
            WireMessage.Entry entry = message.entry(WireFormat.getTagFieldNumber(tag));
            if (entry == null) {
                in.skipField(tag);
            } else if (entry.embedded() != null) {
                int limit = in.pushLimit(in.readRawVarint32());
                fields(entry.embedded(), result);
                in.popLimit(limit);
            } else if (entry.field() != null) {
                field(entry.field(), tag, result);
            }
        }
        depth--;
    }

    private void field(FieldSchema field, int tag, ObjectNode result) throws IOException {
        TypeSchema type = field.type();
        if (type.kind() == TypeSchema.Kind.LIST && !WireMessage.isWrappedList(field.goType())) {
            ArrayNode list = result.withArrayProperty(field.name());
            if (WireFormat.getTagWireType(tag) == WireFormat.WIRETYPE_LENGTH_DELIMITED && isVarint(type.element())) {
                int limit = in.pushLimit(in.readRawVarint32());
                while (!in.isAtEnd()) {
                    list.add(value(type.element(), ""));
                }
                in.popLimit(limit);
            } else {
                list.add(value(type.element(), ""));
            }
        } else if (type.kind() == TypeSchema.Kind.MAP) {
            mapEntry(result.withObjectProperty(field.name()), type, WireMessage.mapValueType(field.goType()));
        } else {
            JsonNode value = value(type, field.goType());
            if (!value.isNull()) {
                result.set(field.name(), value);
            }
        }
    }

    private static boolean isVarint(TypeSchema type) {
        return type.kind() == TypeSchema.Kind.INT32
                || type.kind() == TypeSchema.Kind.INT64
                || type.kind() == TypeSchema.Kind.BOOLEAN;
    }

    private void mapEntry(ObjectNode map, TypeSchema type, String valueType) throws IOException {
        int limit = in.pushLimit(in.readRawVarint32());
        String key = "";
        JsonNode value = null;
        for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
            switch (WireFormat.getTagFieldNumber(tag)) {
                case 1:
                    key = in.readString();
                    break;
                case 2:
                    value = value(type.element(), valueType);
                    break;
                default:
                    in.skipField(tag);
            }
        }
        in.popLimit(limit);
        map.set(key, value == null ? Decoder.zero(type.element()) : value);
    }

    private JsonNode value(TypeSchema type, String goType) throws IOException {
        switch (type.kind()) {
            case STRING:
                return TextNode.valueOf(in.readString());
            case BYTES:
                return TextNode.valueOf(BaseEncoding.base64().encode(in.readByteArray()));
            case BOOLEAN:
                return BooleanNode.valueOf(in.readBool());
            case INT32:
                return IntNode.valueOf(in.readInt32());
            case INT64:
                return integer(in.readInt64());
            case NUMBER:
                return number(in.readDouble());
            default:
                int limit = in.pushLimit(in.readRawVarint32());
                JsonNode value = message(type, goType);
                in.popLimit(limit);
                return value;
        }
    }

    /** A whole number has no fraction in JSON. */
    private static JsonNode number(double value) {
        return value == Math.rint(value) && Math.abs(value) < LARGEST_EXACT
                ? integer((long) value)
                : DoubleNode.valueOf(value);
    }

    private static JsonNode integer(long value) {
        return value == (int) value ? IntNode.valueOf((int) value) : LongNode.valueOf(value);
    }

    private JsonNode message(TypeSchema type, String goType) throws IOException {
        switch (type.kind()) {
            case OBJECT:
                return object(type);
            case LIST:
                return wrappedList(type, goType);
            case QUANTITY: {
                String text = new Scalars().text(1);
                return TextNode.valueOf(text.isEmpty() ? "0" : text);
            }
            case INT_OR_STRING: {
                Scalars scalars = new Scalars();
                String text = scalars.text(3);
                return scalars.number(1) == 1 ? TextNode.valueOf(text) : IntNode.valueOf((int) scalars.number(2));
            }
            case TIME:
            case MICRO_TIME: {
                if (in.isAtEnd()) {
                    return NullNode.instance;
                }
                Scalars scalars = new Scalars();
                return TextNode.valueOf(Times.write(
                        scalars.number(1), (int) scalars.number(2), type.kind() == TypeSchema.Kind.MICRO_TIME));
            }
            case SCHEMA_OR_LIST:
            case SCHEMA_OR_BOOLEAN:
            case SCHEMA_OR_STRINGS:
                return schemaOr(type);
            default:
                return raw();
        }
    }

    private JsonNode wrappedList(TypeSchema type, String goType) throws IOException {
        if (!WireMessage.isWrappedList(goType)) {
            throw new DecodeException("list of lists");
        }
        ArrayNode list = JsonNodeFactory.instance.arrayNode();
        for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
            if (WireFormat.getTagFieldNumber(tag) == 1) {
                list.add(value(type.element(), ""));
            } else {
                in.skipField(tag);
            }
        }
        return list;
    }

    private JsonNode schemaOr(TypeSchema type) throws IOException {
        int schemaNumber = type.kind() == TypeSchema.Kind.SCHEMA_OR_BOOLEAN ? 2 : 1;
        JsonNode schema = null;
        boolean allows = false;
        ArrayNode list = JsonNodeFactory.instance.arrayNode();
        for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
            int number = WireFormat.getTagFieldNumber(tag);
            if (number == schemaNumber) {
                schema = value(type.element(), "");
            } else if (type.kind() == TypeSchema.Kind.SCHEMA_OR_BOOLEAN && number == 1) {
                allows = in.readBool();
            } else if (type.kind() == TypeSchema.Kind.SCHEMA_OR_LIST && number == 2) {
                list.add(value(type.element(), ""));
            } else if (type.kind() == TypeSchema.Kind.SCHEMA_OR_STRINGS && number == 2) {
                list.add(in.readString());
            } else {
                in.skipField(tag);
            }
        }
        if (schema != null) {
            return schema;
        }
        return type.kind() == TypeSchema.Kind.SCHEMA_OR_BOOLEAN ? BooleanNode.valueOf(allows) : list;
    }

    private JsonNode raw() throws IOException {
        byte[] bytes = null;
        for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
            if (WireFormat.getTagFieldNumber(tag) == 1) {
                bytes = in.readByteArray();
            } else {
                in.skipField(tag);
            }
        }
        return bytes == null || bytes.length == 0 ? NullNode.instance : embedded.apply(bytes);
    }

    /** The members of a small message of scalars. */
    private final class Scalars {
        private final long[] numbers = new long[4];
        private final @Nullable String[] texts = new @Nullable String[4];

        Scalars() throws IOException {
            for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
                int number = WireFormat.getTagFieldNumber(tag);
                if (number >= numbers.length) {
                    in.skipField(tag);
                } else if (WireFormat.getTagWireType(tag) == WireFormat.WIRETYPE_VARINT) {
                    numbers[number] = in.readInt64();
                } else if (WireFormat.getTagWireType(tag) == WireFormat.WIRETYPE_LENGTH_DELIMITED) {
                    texts[number] = in.readString();
                } else {
                    in.skipField(tag);
                }
            }
        }

        long number(int field) {
            return numbers[field];
        }

        String text(int field) {
            String text = texts[field];
            return text == null ? "" : text;
        }
    }
}

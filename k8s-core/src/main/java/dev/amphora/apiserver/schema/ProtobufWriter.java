package dev.amphora.apiserver.schema;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.common.io.BaseEncoding;
import com.google.protobuf.ByteString;
import com.google.protobuf.CodedOutputStream;
import dev.amphora.api.Json;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/** Writes a tree as one message, guided by the type's field numbers, fields in the order of their numbers. */
final class ProtobufWriter {
    /** Most messages are small, and each has a buffer of its own. */
    private static final int BUFFER = 128;

    private ProtobufWriter() {}

    static ByteString object(JsonNode tree, TypeSchema type) {
        return message(out -> fields(out, tree, WireMessage.of(type)));
    }

    /** Something that writes the fields of a message. */
    interface Body {
        void write(CodedOutputStream out) throws IOException;
    }

    static ByteString message(Body body) {
        ByteString.Output bytes = ByteString.newOutput(BUFFER);
        CodedOutputStream out = CodedOutputStream.newInstance(bytes, BUFFER);
        try {
            body.write(out);
            out.flush();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteString();
    }

    private static void fields(CodedOutputStream out, JsonNode tree, WireMessage message) throws IOException {
        for (Map.Entry<Integer, WireMessage.Entry> entry : message.entries().entrySet()) {
            int number = entry.getKey();
            WireMessage embedded = entry.getValue().embedded();
            FieldSchema field = entry.getValue().field();
            if (embedded != null) {
                ByteString bytes = message(inner -> fields(inner, tree, embedded));
                if (!bytes.isEmpty()) {
                    out.writeBytes(number, bytes);
                }
            } else if (field != null) {
                JsonNode value = tree.get(field.name());
                if (value != null && !value.isNull()) {
                    field(out, number, value, field);
                }
            }
        }
    }

    private static void field(CodedOutputStream out, int number, JsonNode value, FieldSchema field) throws IOException {
        TypeSchema type = field.type();
        if (type.kind() == TypeSchema.Kind.LIST && !WireMessage.isWrappedList(field.goType())) {
            for (JsonNode item : value) {
                value(out, number, item, type.element());
            }
        } else if (type.kind() == TypeSchema.Kind.MAP) {
            List<String> keys = new ArrayList<>(value.size());
            value.fieldNames().forEachRemaining(keys::add);
            for (String key : new TreeSet<>(keys)) {
                out.writeBytes(number, message(entry -> {
                    entry.writeString(1, key);
                    value(entry, 2, value.get(key), type.element());
                }));
            }
        } else {
            value(out, number, value, type);
        }
    }

    private static void value(CodedOutputStream out, int number, JsonNode value, TypeSchema type) throws IOException {
        switch (type.kind()) {
            case STRING:
                out.writeString(number, value.asText());
                return;
            case BYTES:
                out.writeByteArray(number, value.isNull() ? new byte[0] : decodeBase64(value.asText()));
                return;
            case BOOLEAN:
                out.writeBool(number, value.asBoolean());
                return;
            case INT32:
                out.writeInt32(number, value.intValue());
                return;
            case INT64:
                out.writeInt64(number, value.longValue());
                return;
            case NUMBER:
                out.writeDouble(number, value.doubleValue());
                return;
            case OBJECT:
                out.writeBytes(number, object(value, type));
                return;
            default:
                out.writeBytes(number, message(inner -> special(inner, value, type)));
        }
    }

    private static byte[] decodeBase64(String text) {
        return BaseEncoding.base64().decode(text);
    }

    private static void special(CodedOutputStream out, JsonNode value, TypeSchema type) throws IOException {
        switch (type.kind()) {
            case LIST:
                for (JsonNode item : value) {
                    value(out, 1, item, type.element());
                }
                return;
            case QUANTITY:
                out.writeString(1, value.asText());
                return;
            case INT_OR_STRING:
                out.writeInt64(1, value.isTextual() ? 1 : 0);
                out.writeInt32(2, value.isTextual() ? 0 : value.intValue());
                out.writeString(3, value.isTextual() ? value.textValue() : "");
                return;
            case TIME:
            case MICRO_TIME: {
                if (!value.isTextual()) {
                    return;
                }
                OffsetDateTime time = Times.parse(value.textValue(), type.kind() == TypeSchema.Kind.MICRO_TIME);
                out.writeInt64(1, time.toEpochSecond());
                out.writeInt32(2, time.getNano());
                return;
            }
            case SCHEMA_OR_LIST:
            case SCHEMA_OR_BOOLEAN:
            case SCHEMA_OR_STRINGS:
                schemaOr(out, value, type);
                return;
            default:
                out.writeByteArray(1, Json.write(value));
        }
    }

    private static void schemaOr(CodedOutputStream out, JsonNode value, TypeSchema type) throws IOException {
        if (type.kind() == TypeSchema.Kind.SCHEMA_OR_BOOLEAN) {
            out.writeBool(1, value.isObject() || value.asBoolean());
            if (value.isObject()) {
                out.writeBytes(2, object(value, type.element()));
            }
            return;
        }
        if (value.isObject()) {
            out.writeBytes(1, object(value, type.element()));
        }
        if (value.isArray()) {
            for (JsonNode item : value) {
                if (type.kind() == TypeSchema.Kind.SCHEMA_OR_STRINGS) {
                    out.writeString(2, item.asText());
                } else {
                    out.writeBytes(2, object(item, type.element()));
                }
            }
        }
    }
}

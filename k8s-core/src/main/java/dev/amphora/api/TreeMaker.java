package dev.amphora.api;

import com.fasterxml.jackson.core.Base64Variant;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.ObjectCodec;
import com.fasterxml.jackson.core.SerializableString;
import com.fasterxml.jackson.core.base.GeneratorBase;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/**
 * Takes what a serializer writes and makes a tree of it at once, where the library's own way goes through a buffer of tokens. Values
 * that a tree may hold in several forms are refused with {@link Unfit}.
 */
final class TreeMaker extends GeneratorBase {
    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

    private final Deque<JsonNode> open = new ArrayDeque<>();
    private @Nullable JsonNode container;
    private @Nullable String name;
    private @Nullable JsonNode root;

    /** Something was written whose node can't be told. */
    static final class Unfit extends RuntimeException {
        private static final long serialVersionUID = 1L;

        Unfit() {
            super("", null, false, false);
        }
    }

    TreeMaker(ObjectCodec codec) {
        super(JsonGenerator.Feature.collectDefaults(), codec);
    }

    /** The tree. */
    JsonNode made() {
        if (root == null || container != null) {
            throw new Unfit();
        }
        return root;
    }

    private void add(JsonNode node) {
        JsonNode into = container;
        if (into == null) {
            root = node;
        } else if (name != null && into instanceof ObjectNode object) {
            object.set(name, node);
            name = null;
        } else if (into instanceof ArrayNode array) {
            array.add(node);
        } else {
            throw new Unfit();
        }
    }

    private void begin(JsonNode node) {
        add(node);
        if (container != null) {
            open.push(container);
        }
        container = node;
    }

    private void end() {
        container = open.poll();
    }

    @Override
    public void writeStartArray() {
        begin(NODES.arrayNode());
    }

    @Override
    public void writeEndArray() {
        end();
    }

    @Override
    public void writeStartObject() {
        begin(NODES.objectNode());
    }

    @Override
    public void writeEndObject() {
        end();
    }

    @Override
    public void writeFieldName(String text) {
        name = text;
    }

    @Override
    public void writeFieldName(SerializableString text) {
        name = text.getValue();
    }

    @Override
    public void writeString(@Nullable String text) {
        add(text == null ? NODES.nullNode() : NODES.textNode(text));
    }

    @Override
    public void writeString(SerializableString text) {
        writeString(text.getValue());
    }

    @Override
    public void writeString(char[] buffer, int offset, int size) {
        writeString(new String(buffer, offset, size));
    }

    @Override
    public void writeNumber(int number) {
        add(NODES.numberNode(number));
    }

    @Override
    public void writeNumber(long number) {
        add(NODES.numberNode(number));
    }

    @Override
    public void writeBoolean(boolean value) {
        add(NODES.booleanNode(value));
    }

    @Override
    public void writeNull() {
        add(NODES.nullNode());
    }

    @Override
    public void writeNumber(BigInteger number) {
        throw new Unfit();
    }

    @Override
    public void writeNumber(double number) {
        throw new Unfit();
    }

    @Override
    public void writeNumber(float number) {
        throw new Unfit();
    }

    @Override
    public void writeNumber(BigDecimal number) {
        throw new Unfit();
    }

    @Override
    public void writeNumber(String number) {
        throw new Unfit();
    }

    @Override
    public void writeRawUTF8String(byte[] buffer, int offset, int size) {
        throw new Unfit();
    }

    @Override
    public void writeUTF8String(byte[] buffer, int offset, int size) {
        throw new Unfit();
    }

    @Override
    public void writeRaw(String text) {
        throw new Unfit();
    }

    @Override
    public void writeRaw(String text, int offset, int size) {
        throw new Unfit();
    }

    @Override
    public void writeRaw(char[] text, int offset, int size) {
        throw new Unfit();
    }

    @Override
    public void writeRaw(char c) {
        throw new Unfit();
    }

    @Override
    public void writeBinary(Base64Variant variant, byte[] data, int offset, int size) {
        throw new Unfit();
    }

    @Override
    public void writeEmbeddedObject(Object object) {
        throw new Unfit();
    }

    @Override
    public void flush() {}

    @Override
    protected void _releaseBuffers() {}

    @Override
    protected void _verifyValueWrite(String what) {}
}

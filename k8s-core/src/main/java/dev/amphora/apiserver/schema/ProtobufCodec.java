package dev.amphora.apiserver.schema;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.base.Splitter;
import com.google.protobuf.ByteString;
import com.google.protobuf.CodedInputStream;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.WireFormat;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;

/**
 * The binary form of objects, {@code application/vnd.kubernetes.protobuf}: four magic bytes, then an envelope with version, kind
 * and the message. Only built-in kinds have it. Thread-safe.
 */
public final class ProtobufCodec {
    private static final ByteString MAGIC = ByteString.copyFrom(new byte[] {'k', '8', 's', 0});

    private final SchemaCatalogue catalogue;

    /** A codec for the built-in kinds of a catalogue. */
    public ProtobufCodec(SchemaCatalogue catalogue) {
        this.catalogue = catalogue;
    }

    /**
     * An object before its message is read.
     *
     * @param apiVersion as the envelope has it; may be empty
     * @param kind as the envelope has it; may be empty
     * @param message the object itself
     */
    record Envelope(String apiVersion, String kind, ByteString message) {}

    /** Whether objects of a kind have a binary form. */
    public boolean supports(String apiVersion, String kind) {
        return type(apiVersion, kind).isPresent();
    }

    /**
     * Encodes an object that carries its version and kind.
     *
     * @throws IllegalArgumentException if its kind has no binary form
     */
    public byte[] encode(JsonNode object) {
        String apiVersion = object.path("apiVersion").asText();
        String kind = object.path("kind").asText();
        TypeSchema type = type(apiVersion, kind)
                .orElseThrow(() -> new IllegalArgumentException("no binary form of " + apiVersion + " " + kind));
        return envelope(apiVersion, kind, ProtobufWriter.object(object, type));
    }

    /** A message with what says of which kind it is. */
    static byte[] envelope(String apiVersion, String kind, ByteString message) {
        ByteString envelope = ProtobufWriter.message(out -> {
            out.writeBytes(1, ProtobufWriter.message(meta -> {
                meta.writeString(1, apiVersion);
                meta.writeString(2, kind);
            }));
            out.writeBytes(2, message);
            out.writeString(3, "");
            out.writeString(4, "");
        });
        return MAGIC.concat(envelope).toByteArray();
    }

    /**
     * One frame of a watch: a length in four bytes, then an event without an envelope, whose object has one.
     *
     * @param eventType such as {@code ADDED}
     * @param object an encoded object
     */
    public byte[] encodeWatchEvent(String eventType, byte[] object) {
        ByteString event = ProtobufWriter.message(out -> {
            out.writeString(1, eventType);
            out.writeBytes(2, ProtobufWriter.message(raw -> raw.writeByteArray(1, object)));
        });
        ByteBuffer frame = ByteBuffer.allocate(4 + event.size()).putInt(event.size());
        event.copyTo(frame);
        return frame.array();
    }

    /**
     * Decodes an object of a built-in kind.
     *
     * @return the object with its version and kind
     * @throws DecodeException if the bytes are no such object
     */
    public ObjectNode decode(byte[] bytes) {
        Envelope envelope = open(bytes);
        TypeSchema type = type(envelope.apiVersion(), envelope.kind())
                .orElseThrow(() -> new DecodeException(
                        "no kind \"%s\" in version \"%s\"".formatted(envelope.kind(), envelope.apiVersion())));
        ObjectNode result = JsonNodeFactory.instance.objectNode();
        result.put("kind", envelope.kind());
        result.put("apiVersion", envelope.apiVersion());
        result.setAll(message(envelope.message(), type));
        return result;
    }

    /** The tree of a message, before it is fitted to its type. */
    ObjectNode message(ByteString message, TypeSchema type) {
        try {
            return new ProtobufReader(message.newCodedInput(), this::embedded).object(type);
        } catch (IOException e) {
            throw failure(e);
        }
    }

    static Envelope open(byte[] bytes) {
        ByteString all = ByteString.copyFrom(bytes);
        if (!all.startsWith(MAGIC)) {
            throw new DecodeException(
                    "provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]");
        }
        if (all.size() == MAGIC.size()) {
            throw new DecodeException("empty body");
        }
        String apiVersion = "";
        String kind = "";
        ByteString message = ByteString.EMPTY;
        try {
            CodedInputStream in = all.substring(MAGIC.size()).newCodedInput();
            for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
                switch (WireFormat.getTagFieldNumber(tag)) {
                    case 1: {
                        int limit = in.pushLimit(in.readRawVarint32());
                        for (int inner = in.readTag(); inner != 0; inner = in.readTag()) {
                            switch (WireFormat.getTagFieldNumber(inner)) {
                                case 1:
                                    apiVersion = in.readString();
                                    break;
                                case 2:
                                    kind = in.readString();
                                    break;
                                default:
                                    in.skipField(inner);
                            }
                        }
                        in.popLimit(limit);
                        break;
                    }
                    case 2:
                        message = in.readBytes();
                        break;
                    default:
                        in.skipField(tag);
                }
            }
        } catch (IOException e) {
            throw failure(e);
        }
        return new Envelope(apiVersion, kind, message);
    }

    private JsonNode embedded(byte[] bytes) {
        return ByteString.copyFrom(bytes).startsWith(MAGIC) ? decode(bytes) : JsonText.parse(bytes);
    }

    private Optional<TypeSchema> type(String apiVersion, String kind) {
        List<String> parts = Splitter.on('/').limit(2).splitToList(apiVersion);
        String group = parts.size() == 2 ? parts.get(0) : "";
        return catalogue.findType(group, parts.get(parts.size() - 1), kind).filter(type -> !type.name()
                .isEmpty());
    }

    private static DecodeException failure(IOException e) {
        if (!(e instanceof InvalidProtocolBufferException)) {
            throw new UncheckedIOException(e);
        }
        return new DecodeException("unexpected EOF");
    }
}

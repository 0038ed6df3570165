package dev.amphora.apiserver;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.Json;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

/**
 * How an object lies in the store: as it goes out, but without a resource version, which is the store's revision. So the bytes for a client
 * are those of the store with one member put in.
 */
final class StoredForm {
    private static final byte[] KIND = bytes("{\"kind\":");
    private static final byte[] API_VERSION = bytes(",\"apiVersion\":");
    private static final byte[] METADATA = bytes(",\"metadata\":{");
    private static final byte[] UID = bytes("\"uid\":");
    private static final List<byte[]> BEFORE =
            List.of(bytes("\"name\":"), bytes("\"generateName\":"), bytes("\"namespace\":"), bytes("\"selfLink\":"));

    private StoredForm() {}

    /** The bytes to be stored of an object, whose resource version must have been taken out. */
    static byte[] of(ObjectNode object) {
        return Json.write(MemberOrder.toRead(object));
    }

    /**
     * The same for a change of an object.
     *
     * @param old what is stored; shares nodes with the object where nothing has changed
     */
    static byte[] of(ObjectNode object, ObjectNode old) {
        return Json.write(MemberOrder.toRead(object), old);
    }

    /**
     * The bytes that go out.
     *
     * @param stored as the store keeps them
     * @param revision to become the resource version
     * @return a new array; empty if the stored members are in another order and have to be read to be sorted
     */
    static byte[] withRevision(byte[] stored, long revision) {
        int at = afterUid(stored);
        if (at < 0) {
            return new byte[0];
        }
        byte[] member = bytes(",\"resourceVersion\":\"" + revision + '"');
        byte[] out = Arrays.copyOf(stored, stored.length + member.length);
        System.arraycopy(member, 0, out, at, member.length);
        System.arraycopy(stored, at, out, at + member.length, stored.length - at);
        return out;
    }

    /** Where the member after {@code metadata.uid} begins; -1 if the members before it aren't those that are written by {@link #of}. */
    private static int afterUid(byte[] json) {
        int at = text(json, literal(json, 0, KIND));
        at = text(json, literal(json, at, API_VERSION));
        at = literal(json, at, METADATA);
        for (byte[] member : BEFORE) {
            int value = literal(json, at, member);
            if (value >= 0) {
                at = literal(json, text(json, value), new byte[] {','});
            }
        }
        return text(json, literal(json, at, UID));
    }

    /** The end of a literal that begins somewhere, -1 if it doesn't. */
    private static int literal(byte[] json, int begin, byte[] literal) {
        int end = begin + literal.length;
        return begin >= 0 && end <= json.length && Arrays.equals(json, begin, end, literal, 0, literal.length)
                ? end
                : -1;
    }

    /** The end of a quoted text that begins somewhere, -1 if there is none. */
    private static int text(byte[] json, int begin) {
        if (begin < 0 || begin >= json.length || json[begin] != '"') {
            return -1;
        }
        for (int i = begin + 1; i < json.length; i++) {
            if (json[i] == '\\') {
                i++;
            } else if (json[i] == '"') {
                return i + 1;
            }
        }
        return -1;
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}

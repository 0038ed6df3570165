package dev.amphora.api.pki;

import java.io.ByteArrayOutputStream;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/** Writes the distinguished encoding rules of ASN.1 (X.690), as far as certificates and keys need them. */
public final class Der {
    private static final DateTimeFormatter UTC_TIME =
            DateTimeFormatter.ofPattern("yyMMddHHmmss'Z'", Locale.ROOT).withZone(ZoneOffset.UTC);
    private static final DateTimeFormatter GENERALIZED_TIME =
            DateTimeFormatter.ofPattern("yyyyMMddHHmmss'Z'", Locale.ROOT).withZone(ZoneOffset.UTC);
    private static final Instant UTC_TIME_ENDS = Instant.parse("2050-01-01T00:00:00Z");

    private Der() {}

    /** A sequence of whole elements. */
    public static byte[] sequence(byte[]... parts) {
        return tagged(0x30, concat(parts));
    }

    /** A set of whole elements. */
    public static byte[] set(byte[]... parts) {
        return tagged(0x31, concat(parts));
    }

    /** A number. */
    public static byte[] integer(BigInteger value) {
        return tagged(0x02, value.toByteArray());
    }

    /** A number. */
    public static byte[] integer(long value) {
        return integer(BigInteger.valueOf(value));
    }

    /** A truth value. */
    public static byte[] bool(boolean value) {
        return tagged(0x01, new byte[] {(byte) (value ? 0xff : 0)});
    }

    /** A text. */
    public static byte[] utf8(String text) {
        return tagged(0x0c, text.getBytes(StandardCharsets.UTF_8));
    }

    /** A string of octets. */
    public static byte[] octets(byte[] content) {
        return tagged(0x04, content);
    }

    /** A bit string of whole octets. */
    public static byte[] bits(byte[] content) {
        return bits(content, 0);
    }

    /** A bit string whose last bits count for nothing. */
    public static byte[] bits(byte[] content, int unused) {
        return tagged(0x03, concat(new byte[] {(byte) unused}, content));
    }

    /** The absent value. */
    public static byte[] nothing() {
        return tagged(0x05);
    }

    /** A time, to the second. */
    public static byte[] time(Instant instant) {
        return instant.isBefore(UTC_TIME_ENDS)
                ? tagged(0x17, UTC_TIME.format(instant).getBytes(StandardCharsets.US_ASCII))
                : tagged(0x18, GENERALIZED_TIME.format(instant).getBytes(StandardCharsets.US_ASCII));
    }

    /** An object identifier, given with dots. */
    public static byte[] oid(String dotted) {
        String[] arcs = dotted.split("\\.", -1);
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        base128(out, Integer.parseInt(arcs[0]) * 40 + Integer.parseInt(arcs[1]));
        for (int i = 2; i < arcs.length; i++) {
            base128(out, Integer.parseInt(arcs[i]));
        }
        return tagged(0x06, out.toByteArray());
    }

    /** {@code [number] EXPLICIT}. */
    public static byte[] explicit(int number, byte[] content) {
        return tagged(0xa0 | number, content);
    }

    /** {@code [number] IMPLICIT} over a primitive type. */
    public static byte[] implicit(int number, byte[] content) {
        return tagged(0x80 | number, content);
    }

    private static void base128(ByteArrayOutputStream out, int value) {
        for (int shift = 28; shift > 0; shift -= 7) {
            if (value >>> shift != 0) {
                out.write(0x80 | (value >>> shift & 0x7f));
            }
        }
        out.write(value & 0x7f);
    }

    private static byte[] tagged(int tag, byte... content) {
        ByteArrayOutputStream out = new ByteArrayOutputStream(content.length + 6);
        out.write(tag);
        if (content.length < 0x80) {
            out.write(content.length);
        } else {
            byte[] length = BigInteger.valueOf(content.length).toByteArray();
            int skip = length[0] == 0 ? 1 : 0;
            out.write(0x80 | (length.length - skip));
            out.write(length, skip, length.length - skip);
        }
        out.writeBytes(content);
        return out.toByteArray();
    }

    private static byte[] concat(byte[]... parts) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            out.writeBytes(part);
        }
        return out.toByteArray();
    }
}

package dev.amphora.api.pki;

import java.util.Arrays;

/** Goes through the elements of a DER encoding, one after the other. */
public final class DerReader {
    private final byte[] bytes;
    private int position;

    /** A reader of elements that follow each other. */
    public DerReader(byte[] bytes) {
        this.bytes = bytes;
    }

    /** Whether there is another element. */
    public boolean more() {
        return position < bytes.length;
    }

    /** The tag of the next element. */
    public int tag() {
        return bytes[position] & 0xff;
    }

    /** The content of the next element, to be gone through. */
    public DerReader enter() {
        return new DerReader(content());
    }

    /** The next element with its tag and length. */
    public byte[] whole() {
        int start = position;
        content();
        return Arrays.copyOfRange(bytes, start, position);
    }

    /**
     * The content of the next element.
     *
     * @throws IllegalArgumentException if it ends after the encoding does
     */
    public byte[] content() {
        if (position + 2 > bytes.length) {
            throw new IllegalArgumentException("an element ends too late");
        }
        int length = bytes[position + 1] & 0xff;
        position += 2;
        if (length >= 0x80) {
            int octets = length & 0x7f;
            if (octets > 4 || position + octets > bytes.length) {
                throw new IllegalArgumentException("an element ends too late");
            }
            length = 0;
            for (int i = 0; i < octets; i++) {
                length = length << 8 | bytes[position++] & 0xff;
            }
        }
        if (length < 0 || length > bytes.length - position) {
            throw new IllegalArgumentException("an element ends too late");
        }
        position += length;
        return Arrays.copyOfRange(bytes, position - length, position);
    }

    /** The content of the next element as an object identifier with dots. */
    public String oid() {
        byte[] content = content();
        StringBuilder text = new StringBuilder();
        long value = 0;
        for (byte octet : content) {
            value = value << 7 | octet & 0x7f;
            if ((octet & 0x80) == 0) {
                if (text.length() == 0) {
                    long first = Math.min(value / 40, 2);
                    text.append(first).append('.').append(value - 40 * first);
                } else {
                    text.append('.').append(value);
                }
                value = 0;
            }
        }
        return text.toString();
    }
}

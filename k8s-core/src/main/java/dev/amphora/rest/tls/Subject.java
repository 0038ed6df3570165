package dev.amphora.rest.tls;

import java.nio.charset.StandardCharsets;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Reads the names in a certificate's subject. */
public final class Subject {
    private static final byte[] COMMON_NAME = Der.oid("2.5.4.3");
    private static final byte[] ORGANIZATION = Der.oid("2.5.4.10");

    private Subject() {}

    /** The common name; null if there is none. Of several the last counts. */
    public static @Nullable String commonName(X509Certificate certificate) {
        List<String> names = values(certificate, COMMON_NAME);
        return names.isEmpty() ? null : names.get(names.size() - 1);
    }

    /** The organizations in their order. */
    public static List<String> organizations(X509Certificate certificate) {
        return values(certificate, ORGANIZATION);
    }

    /** Walks SEQUENCE OF SET OF SEQUENCE { type, value }. */
    private static List<String> values(X509Certificate certificate, byte[] type) {
        List<String> values = new ArrayList<>();
        Reader names = new Reader(certificate.getSubjectX500Principal().getEncoded()).enter();
        while (names.more()) {
            Reader set = names.enter();
            while (set.more()) {
                Reader pair = set.enter();
                if (Arrays.equals(pair.whole(), type)) {
                    values.add(new String(pair.content(), StandardCharsets.UTF_8));
                }
            }
        }
        return values;
    }

    /** Goes through the elements of an encoding that the platform has checked already. */
    private static final class Reader {
        private final byte[] bytes;
        private int position;

        Reader(byte[] bytes) {
            this.bytes = bytes;
        }

        boolean more() {
            return position < bytes.length;
        }

        /** The content of the next element, to be gone through. */
        Reader enter() {
            return new Reader(content());
        }

        /** The next element with its tag and length. */
        byte[] whole() {
            int start = position;
            content();
            return Arrays.copyOfRange(bytes, start, position);
        }

        byte[] content() {
            int length = bytes[position + 1] & 0xff;
            position += 2;
            if (length >= 0x80) {
                int octets = length & 0x7f;
                length = 0;
                for (int i = 0; i < octets; i++) {
                    length = length << 8 | bytes[position++] & 0xff;
                }
            }
            position += length;
            return Arrays.copyOfRange(bytes, position - length, position);
        }
    }
}

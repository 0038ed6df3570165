package dev.amphora.api.pki;

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
        return commonName(certificate.getSubjectX500Principal().getEncoded());
    }

    /** The organizations in their order. */
    public static List<String> organizations(X509Certificate certificate) {
        return organizations(certificate.getSubjectX500Principal().getEncoded());
    }

    static @Nullable String commonName(byte[] subject) {
        List<String> names = values(subject, COMMON_NAME);
        return names.isEmpty() ? null : names.get(names.size() - 1);
    }

    /** The organizations of an encoded name in their order. */
    public static List<String> organizations(byte[] subject) {
        return values(subject, ORGANIZATION);
    }

    /** Whether a subject says nothing but common names and organizations. */
    public static boolean isPlain(byte[] subject) {
        DerReader names = new DerReader(subject).enter();
        while (names.more()) {
            DerReader set = names.enter();
            while (set.more()) {
                byte[] type = set.enter().whole();
                if (!Arrays.equals(type, COMMON_NAME) && !Arrays.equals(type, ORGANIZATION)) {
                    return false;
                }
            }
        }
        return true;
    }

    /** Walks SEQUENCE OF SET OF SEQUENCE { type, value }. */
    private static List<String> values(byte[] subject, byte[] type) {
        List<String> values = new ArrayList<>();
        DerReader names = new DerReader(subject).enter();
        while (names.more()) {
            DerReader set = names.enter();
            while (set.more()) {
                DerReader pair = set.enter();
                if (Arrays.equals(pair.whole(), type)) {
                    values.add(new String(pair.content(), StandardCharsets.UTF_8));
                }
            }
        }
        return values;
    }
}

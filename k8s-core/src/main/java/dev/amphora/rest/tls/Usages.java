package dev.amphora.rest.tls;

import com.google.common.collect.ImmutableMap;
import dev.amphora.api.pki.Der;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** What a key may be used for, by the words of the certificates API. */
final class Usages {
    private static final String EXTENDED = "1.3.6.1.5.5.7.3.";

    /** The bits of the key usage extension, the first one highest. */
    private static final Map<String, Integer> BITS = ImmutableMap.<String, Integer>builder()
            .put("signing", 0)
            .put("digital signature", 0)
            .put("content commitment", 1)
            .put("key encipherment", 2)
            .put("data encipherment", 3)
            .put("key agreement", 4)
            .put("cert sign", 5)
            .put("crl sign", 6)
            .put("encipher only", 7)
            .put("decipher only", 8)
            .build();

    private static final Map<String, String> PURPOSES = ImmutableMap.<String, String>builder()
            .put("any", "2.5.29.37.0")
            .put("server auth", EXTENDED + 1)
            .put("client auth", EXTENDED + 2)
            .put("code signing", EXTENDED + 3)
            .put("email protection", EXTENDED + 4)
            .put("s/mime", EXTENDED + 4)
            .put("ipsec end system", EXTENDED + 5)
            .put("ipsec tunnel", EXTENDED + 6)
            .put("ipsec user", EXTENDED + 7)
            .put("timestamping", EXTENDED + 8)
            .put("ocsp signing", EXTENDED + 9)
            .put("microsoft sgc", "1.3.6.1.4.1.311.10.3.3")
            .put("netscape sgc", "2.16.840.1.113730.4.1")
            .build();

    private Usages() {}

    /** The key usages as a bit string; empty if there are none. */
    static byte[] bits(List<String> usages) {
        int bits = 0;
        for (String usage : usages) {
            Integer bit = BITS.get(usage);
            if (bit != null) {
                bits |= 0x8000 >>> bit;
            }
        }
        if (bits == 0) {
            return new byte[0];
        }
        byte[] content =
                (bits & 0xff) == 0 ? new byte[] {(byte) (bits >>> 8)} : new byte[] {(byte) (bits >>> 8), (byte) bits};
        int last = content[content.length - 1] & 0xff;
        return Der.bits(content, Integer.numberOfTrailingZeros(last));
    }

    /** The extended usages in the order given, each once. */
    static List<byte[]> purposes(List<String> usages) {
        List<String> oids = new ArrayList<>();
        for (String usage : usages) {
            String oid = PURPOSES.get(usage);
            if (oid != null && !oids.contains(oid)) {
                oids.add(oid);
            }
        }
        return oids.stream().map(Der::oid).toList();
    }
}

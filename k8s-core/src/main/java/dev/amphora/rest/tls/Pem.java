package dev.amphora.rest.tls;

import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Base64 between two lines that say what it is (RFC 7468). */
final class Pem {
    private static final Base64.Encoder LINES = Base64.getMimeEncoder(64, "\n".getBytes(StandardCharsets.US_ASCII));
    private static final Pattern BLOCK =
            Pattern.compile("-----BEGIN ([A-Z0-9 ]+)-----\\s*([A-Za-z0-9+/=\\s]+)-----END \\1-----");

    private Pem() {}

    static String write(String label, byte[] content) {
        return "-----BEGIN " + label + "-----\n" + LINES.encodeToString(content) + "\n-----END " + label + "-----\n";
    }

    /**
     * The first block with one of these labels.
     *
     * @return null if there is none
     */
    static @Nullable Block find(String text, String... labels) {
        Matcher matcher = BLOCK.matcher(text);
        while (matcher.find()) {
            for (String label : labels) {
                if (label.equals(matcher.group(1))) {
                    return new Block(label, Base64.getMimeDecoder().decode(matcher.group(2)));
                }
            }
        }
        return null;
    }

    record Block(String label, byte[] content) {}
}

package dev.amphora.api.pki;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Base64 between two lines that say what it is (RFC 7468). */
public final class Pem {
    private static final Base64.Encoder LINES = Base64.getMimeEncoder(64, "\n".getBytes(StandardCharsets.US_ASCII));
    private static final Pattern BLOCK =
            Pattern.compile("-----BEGIN ([A-Z0-9 ]+)-----\\s*([A-Za-z0-9+/=\\s]+)-----END \\1-----");

    private Pem() {}

    /** Writes a block. */
    public static String write(String label, byte[] content) {
        return "-----BEGIN " + label + "-----\n" + LINES.encodeToString(content) + "\n-----END " + label + "-----\n";
    }

    /**
     * The first block with one of these labels.
     *
     * @return null if there is none
     */
    public static @Nullable Block find(String text, String... labels) {
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

    /** The blocks of a text, in their order. */
    public static List<Block> all(String text) {
        List<Block> blocks = new ArrayList<>();
        Matcher matcher = BLOCK.matcher(text);
        while (matcher.find()) {
            blocks.add(new Block(matcher.group(1), Base64.getMimeDecoder().decode(matcher.group(2))));
        }
        return blocks;
    }

    /**
     * A block.
     *
     * @param label what it is, such as {@code CERTIFICATE}
     * @param content what it holds
     */
    public record Block(String label, byte[] content) {}
}

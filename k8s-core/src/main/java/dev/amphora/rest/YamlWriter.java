package dev.amphora.rest;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.Iterator;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;

/** Writes a tree as YAML the way the reference does: block style, keys sorted, strings quoted only where they must be. */
final class YamlWriter {
    /** Texts that a YAML 1.1 reader would not take for strings. */
    private static final Pattern OTHER_TYPES = Pattern.compile(
            "|~|null|Null|NULL|y|Y|n|N|yes|Yes|YES|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF|<<"
                    + "|[-+]?0b[01_]+|[-+]?0x[0-9a-fA-F_]+|0o?[0-7_]+|[-+]?[0-9][0-9_]*"
                    + "|[-+]?(\\.[0-9][0-9_]*|[0-9][0-9_]*(\\.[0-9_]*)?)([eE][-+]?[0-9]+)?"
                    + "|[-+]?\\.(inf|Inf|INF)|\\.(nan|NaN|NAN)"
                    + "|[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\\.[0-9_]*)?"
                    + "|\\d{4}-\\d\\d?-\\d\\d?([Tt \\t].*)?");

    private static final int WIDTH = 80;
    private static final int LONGEST_SIMPLE_KEY = 128;
    private static final char BYTE_ORDER_MARK = 0xfeff;
    private static final String FIRST_INDICATORS = "#,[]{}&*!|>'\"%@`";

    private final StringBuilder out = new StringBuilder();

    private YamlWriter() {}

    static byte[] write(JsonNode tree) {
        YamlWriter writer = new YamlWriter();
        if (isBlock(tree)) {
            writer.block(tree, 0, false);
        } else {
            writer.scalar(tree, 0);
        }
        return writer.out.toString().getBytes(StandardCharsets.UTF_8);
    }

    private static boolean isBlock(JsonNode node) {
        return node.isContainerNode() && !node.isEmpty();
    }

    private void block(JsonNode node, int indent, boolean begun) {
        if (node.isObject()) {
            boolean first = begun;
            for (Map.Entry<String, JsonNode> field : sorted(node).entrySet()) {
                indent(first ? 0 : indent);
                first = false;
                if (isSimpleKey(field.getKey())) {
                    string(field.getKey(), indent, false);
                    out.append(':');
                    value(field.getValue(), indent);
                } else {
                    out.append("? ");
                    string(field.getKey(), indent, true);
                    out.append('\n');
                    indent(indent);
                    out.append(": ");
                    nested(field.getValue(), indent);
                }
            }
        } else {
            boolean first = begun;
            for (JsonNode element : node) {
                indent(first ? 0 : indent);
                first = false;
                out.append("- ");
                nested(element, indent);
            }
        }
    }

    /** A value that begins in the line of its indicator. */
    private void nested(JsonNode node, int indent) {
        if (isBlock(node)) {
            block(node, indent + 1, true);
        } else {
            scalar(node, indent);
        }
    }

    /** Whether a key may stand before its colon without more ado. */
    private static boolean isSimpleKey(String key) {
        return key.codePoints().noneMatch(YamlWriter::isBreak)
                && key.getBytes(StandardCharsets.UTF_8).length <= LONGEST_SIMPLE_KEY;
    }

    private void indent(int levels) {
        out.append("  ".repeat(levels));
    }

    private void value(JsonNode node, int indent) {
        if (isBlock(node)) {
            out.append('\n');
            block(node, node.isArray() ? indent : indent + 1, false);
        } else {
            out.append(' ');
            scalar(node, indent);
        }
    }

    private void scalar(JsonNode node, int indent) {
        if (node.isContainerNode()) {
            out.append(node.isArray() ? "[]" : "{}");
        } else if (node.isTextual()) {
            string(node.textValue(), indent, true);
        } else {
            out.append(node.asText());
        }
        out.append('\n');
    }

    /** Writes a string; as a literal block if it has several lines and may be one. */
    private void string(String text, int indent, boolean mayBreak) {
        if (text.isEmpty()) {
            out.append("\"\"");
            return;
        }
        Shape shape = Shape.of(text);
        if (text.indexOf('\n') >= 0) {
            if (mayBreak && shape.literal) {
                literal(text, indent);
            } else {
                doubleQuoted(text, indent, mayBreak);
            }
        } else if (OTHER_TYPES.matcher(text).matches() || !shape.plain && !shape.singleQuoted) {
            doubleQuoted(text, indent, mayBreak);
        } else if (!shape.plain) {
            out.append('\'');
            folded(text.replace("'", "''"), indent, mayBreak);
            out.append('\'');
        } else {
            folded(text, indent, mayBreak);
        }
    }

    /**
     * The styles in which a text may be written; double quotes are always possible.
     *
     * @param plain without quotes
     * @param singleQuoted in single quotes
     * @param literal as a block of lines
     */
    private record Shape(boolean plain, boolean singleQuoted, boolean literal) {
        static Shape of(String text) {
            boolean special = false;
            boolean breaks = false;
            boolean spaceThenBreak = false;
            boolean breakThenSpace = false;
            boolean indicators = text.startsWith("---") || text.startsWith("...");
            int last = -1;
            for (int i = 0; i < text.length(); ) {
                int c = text.codePointAt(i);
                int end = i + Character.charCount(c);
                boolean blankFollows = end == text.length() || isBlank(text.charAt(end));
                indicators |= i == 0
                        ? FIRST_INDICATORS.indexOf(c) >= 0 || (c == '-' || c == '?' || c == ':') && blankFollows
                        : c == ':' && blankFollows || c == '#' && (isBlank(last) || isBreak(last));
                special |= !isPrintable(c);
                breaks |= isBreak(c);
                spaceThenBreak |= last == ' ' && isBreak(c);
                breakThenSpace |= isBreak(last) && c == ' ';
                last = c;
                i = end;
            }
            boolean spaceOutside = text.charAt(0) == ' ' || last == ' ';
            boolean quoted = !special && !spaceThenBreak;
            return new Shape(
                    quoted && !breaks && !indicators && !spaceOutside,
                    quoted && !breakThenSpace,
                    quoted && last != ' ' && (last == '\n' || !isBreak(last)));
        }
    }

    private static boolean isBlank(int c) {
        return c == ' ' || c == '\t';
    }

    private static boolean isBreak(int c) {
        return c == '\n' || c == '\r' || c == 0x85 || c == 0x2028 || c == 0x2029;
    }

    /** What goes out as it is; the writer that this one follows knows no characters beyond the basic plane. */
    private static boolean isPrintable(int c) {
        return c == '\n'
                || c >= 0x20 && c <= 0x7e
                || c >= 0xa0 && c < 0xd800
                || c >= 0xe000 && c <= 0xfffd && c != BYTE_ORDER_MARK;
    }

    private void literal(String text, int indent) {
        out.append('|');
        if (text.charAt(0) == ' ' || isBreak(text.charAt(0))) {
            out.append('2');
        }
        int length = text.length();
        if (!isBreak(text.charAt(length - 1))) {
            out.append('-');
        } else if (length == 1 || isBreak(text.charAt(length - 2))) {
            out.append('+');
        }
        out.append('\n');
        boolean atStart = true;
        for (int i = 0; i < length; i++) {
            char c = text.charAt(i);
            if (!isBreak(c) && atStart) {
                out.append("  ".repeat(indent + 1));
            }
            atStart = isBreak(c);
            // The line feed after the last line is written by whoever writes the next.
            if (i < length - 1 || c != '\n') {
                out.append(c);
            }
        }
    }

    /** Writes a text, going to the next line at the first single space after the 80th column. */
    private void folded(String text, int indent, boolean mayBreak) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (mayBreak && isSingleSpace(text, i) && text.charAt(i + 1) != ' ' && column() > WIDTH) {
                nextLine(indent);
            } else {
                out.append(c);
                if (isBreak(c) && i < text.length() - 1 && !isBreak(text.charAt(i + 1))) {
                    out.append("  ".repeat(indent + 1));
                }
            }
        }
    }

    private void nextLine(int indent) {
        out.append('\n').append("  ".repeat(indent + 1));
    }

    /** A space within the text, the first of those that follow each other. */
    private static boolean isSingleSpace(String text, int i) {
        return text.charAt(i) == ' ' && i > 0 && i < text.length() - 1 && text.charAt(i - 1) != ' ';
    }

    private int column() {
        int start = out.lastIndexOf("\n") + 1;
        return out.codePointCount(start, out.length());
    }

    private void doubleQuoted(String text, int indent, boolean mayBreak) {
        boolean asIs = text.isEmpty() || text.charAt(0) != BYTE_ORDER_MARK;
        out.append('"');
        for (int i = 0; i < text.length(); i++) {
            int c = text.codePointAt(i);
            if (mayBreak && c == ' ' && isSingleSpace(text, i) && column() > WIDTH) {
                nextLine(indent);
                if (text.charAt(i + 1) == ' ') {
                    out.append('\\');
                }
            } else if (asIs && isPrintable(c) && !isBreak(c) && c != '"' && c != '\\') {
                out.appendCodePoint(c);
            } else {
                escape(c);
                i += Character.charCount(c) - 1;
            }
        }
        out.append('"');
    }

    private void escape(int c) {
        out.append('\\');
        switch (c) {
            case 0 -> out.append('0');
            case 0x07 -> out.append('a');
            case '\b' -> out.append('b');
            case '\t' -> out.append('t');
            case '\n' -> out.append('n');
            case 0x0b -> out.append('v');
            case '\f' -> out.append('f');
            case '\r' -> out.append('r');
            case 0x1b -> out.append('e');
            case '"' -> out.append('"');
            case '\\' -> out.append('\\');
            case 0x85 -> out.append('N');
            case 0xa0 -> out.append('_');
            case 0x2028 -> out.append('L');
            case 0x2029 -> out.append('P');
            default ->
                out.append(
                        c <= 0xff ? "x%02X".formatted(c) : c <= 0xffff ? "u%04X".formatted(c) : "U%08X".formatted(c));
        }
    }

    private static Map<String, JsonNode> sorted(JsonNode object) {
        Map<String, JsonNode> fields = new TreeMap<>(YamlKeyOrder.INSTANCE);
        for (Iterator<Map.Entry<String, JsonNode>> all = object.fields(); all.hasNext(); ) {
            Map.Entry<String, JsonNode> field = all.next();
            fields.put(field.getKey(), field.getValue());
        }
        return Collections.unmodifiableMap(fields);
    }
}

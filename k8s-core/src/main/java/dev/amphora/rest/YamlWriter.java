package dev.amphora.rest;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
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
    private static final String INDICATORS = "-?:,[]{}#&*!|>'\"%@`";

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
                string(field.getKey(), indent, false);
                out.append(':');
                value(field.getValue(), indent);
            }
        } else {
            boolean first = begun;
            for (JsonNode element : node) {
                indent(first ? 0 : indent);
                first = false;
                out.append("- ");
                if (isBlock(element)) {
                    block(element, indent + 1, true);
                } else {
                    scalar(element, indent);
                }
            }
        }
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

    /** Writes a string; as a literal block if it may be one and has several lines. */
    private void string(String text, int indent, boolean blockAllowed) {
        if (blockAllowed && text.indexOf('\n') >= 0 && isLiteral(text)) {
            out.append('|');
            if (text.startsWith(" ") || text.startsWith("\n")) {
                out.append('2');
            }
            if (!text.endsWith("\n")) {
                out.append('-');
            } else if (text.endsWith("\n\n") || text.equals("\n")) {
                out.append('+');
            }
            List<String> lines = new ArrayList<>(List.of(text.split("\n", -1)));
            if (lines.get(lines.size() - 1).isEmpty()) {
                lines.remove(lines.size() - 1);
            }
            for (String line : lines) {
                out.append('\n');
                if (!line.isEmpty()) {
                    out.append("  ".repeat(indent + 1)).append(line);
                }
            }
            return;
        }
        if (OTHER_TYPES.matcher(text).matches() || needsEscapes(text)) {
            doubleQuoted(text, indent, blockAllowed);
        } else if (needsQuotes(text)) {
            out.append('\'');
            folded(text.replace("'", "''"), indent, blockAllowed);
            out.append('\'');
        } else {
            folded(text, indent, blockAllowed);
        }
    }

    /** Writes a text, going to the next line at the first single space after the 80th column. */
    private void folded(String text, int indent, boolean mayBreak) {
        int column = column();
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (mayBreak && column > WIDTH && isSingleSpace(text, i)) {
                out.append('\n').append("  ".repeat(indent + 1));
                column = 2 * (indent + 1);
            } else {
                out.append(c);
                column++;
            }
        }
    }

    private static boolean isSingleSpace(String text, int i) {
        return text.charAt(i) == ' '
                && i > 0
                && i < text.length() - 1
                && text.charAt(i - 1) != ' '
                && text.charAt(i + 1) != ' ';
    }

    private int column() {
        return out.length() - 1 - out.lastIndexOf("\n");
    }

    private static boolean isLiteral(String text) {
        return text.chars().allMatch(c -> c == '\n' || c == '\t' || c >= 0x20 && c != 0x7f)
                && text.lines().noneMatch(line -> line.endsWith(" "));
    }

    private static boolean needsEscapes(String text) {
        return text.chars()
                .anyMatch(c -> c < 0x20 || c == 0x7f || c == 0x85 || c == 0xfeff || c == 0x2028 || c == 0x2029);
    }

    private static boolean needsQuotes(String text) {
        char first = text.charAt(0);
        if (first == ' ' || text.endsWith(" ") || text.endsWith(":") || text.contains(": ") || text.contains(" #")) {
            return true;
        }
        if (INDICATORS.indexOf(first) >= 0) {
            boolean plainAfterAll =
                    (first == '-' || first == '?' || first == ':') && text.length() > 1 && text.charAt(1) != ' ';
            return !plainAfterAll || text.startsWith("---");
        }
        return text.startsWith("...");
    }

    private void doubleQuoted(String text, int indent, boolean mayBreak) {
        out.append('"');
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (mayBreak && isSingleSpace(text, i) && column() > WIDTH) {
                out.append('\n').append("  ".repeat(indent + 1));
                continue;
            }
            switch (c) {
                case '"' -> out.append("\\\"");
                case '\\' -> out.append("\\\\");
                case '\n' -> out.append("\\n");
                case '\r' -> out.append("\\r");
                case '\t' -> out.append("\\t");
                case 0 -> out.append("\\0");
                default -> {
                    if (c < 0x20 || c == 0x7f) {
                        out.append("\\x%02X".formatted((int) c));
                    } else if (c == 0x85) {
                        out.append("\\N");
                    } else if (c == 0xfeff || c == 0x2028 || c == 0x2029) {
                        out.append("\\u%04X".formatted((int) c));
                    } else {
                        out.append(c);
                    }
                }
            }
        }
        out.append('"');
    }

    private static Map<String, JsonNode> sorted(JsonNode object) {
        Map<String, JsonNode> fields = new TreeMap<>();
        for (Iterator<Map.Entry<String, JsonNode>> all = object.fields(); all.hasNext(); ) {
            Map.Entry<String, JsonNode> field = all.next();
            fields.put(field.getKey(), field.getValue());
        }
        return Collections.unmodifiableMap(fields);
    }
}

package dev.amphora.apiserver.strategy;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.common.base.Splitter;
import java.util.List;
import java.util.Map;

/**
 * What differs between two states of a structure, as the reference adds it to the refusal of a change: a unified diff of their JSON, in
 * the form that {@link GoForm} gives them.
 */
final class SpecDiff {
    private static final int CONTEXT = 3;

    private SpecDiff() {}

    /**
     * The difference.
     *
     * @param type the definition's name, such as {@code core.v1.PodSpec}
     * @return lines, each with its end; empty if both look the same
     */
    static String of(JsonNode before, JsonNode now, String type) {
        return ofForms(GoForm.of(before, type), GoForm.of(now, type));
    }

    /** The difference of structures that are in the reference's form already. */
    static String ofForms(JsonNode before, JsonNode now) {
        return UnifiedDiff.of(lines(before), lines(now), CONTEXT);
    }

    private static List<String> lines(JsonNode form) {
        StringBuilder text = new StringBuilder();
        print(form, 0, text);
        return Splitter.on('\n').splitToList(text);
    }

    private static void print(JsonNode value, int depth, StringBuilder text) {
        if (value.isObject() && !value.isEmpty()) {
            text.append('{');
            String separator = "";
            for (Map.Entry<String, JsonNode> field : value.properties()) {
                next(text.append(separator), depth + 1);
                quote(field.getKey(), text);
                text.append(": ");
                print(field.getValue(), depth + 1, text);
                separator = ",";
            }
            next(text, depth);
            text.append('}');
        } else if (value.isArray() && !value.isEmpty()) {
            text.append('[');
            String separator = "";
            for (JsonNode element : value) {
                next(text.append(separator), depth + 1);
                print(element, depth + 1, text);
                separator = ",";
            }
            next(text, depth);
            text.append(']');
        } else if (value.isTextual()) {
            quote(value.textValue(), text);
        } else {
            text.append(value);
        }
    }

    private static void next(StringBuilder text, int depth) {
        text.append('\n').append(" ".repeat(depth));
    }

    /** Text as the reference's language writes it, which spares those who put it into a page. */
    private static void quote(String value, StringBuilder text) {
        text.append('"');
        value.chars().forEach(c -> {
            switch (c) {
                case '"', '\\' -> text.append('\\').append((char) c);
                case '\n' -> text.append("\\n");
                case '\r' -> text.append("\\r");
                case '\t' -> text.append("\\t");
                case '\b' -> text.append("\\b");
                case '\f' -> text.append("\\f");
                default -> {
                    if (c < ' ' || c == '<' || c == '>' || c == '&' || c == 0x2028 || c == 0x2029) {
                        text.append("\\u%04x".formatted(c));
                    } else {
                        text.append((char) c);
                    }
                }
            }
        });
        text.append('"');
    }
}

package dev.amphora.apiserver;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.BigIntegerNode;
import com.fasterxml.jackson.databind.node.DoubleNode;
import com.fasterxml.jackson.databind.node.IntNode;
import com.fasterxml.jackson.databind.node.LongNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.Json;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A copy of a tree that a caller in process has given: its nodes are those that reading the tree's text would have made, without writing
 * the text.
 */
final class CallerTree {
    /** A character takes at most so many bytes in JSON, escaped. */
    private static final int WIDEST = 6;

    private static final int LONGEST_NUMBER = 32;

    private long left;

    private CallerTree(long limit) {
        left = limit;
    }

    /**
     * The copy.
     *
     * @param limit how many bytes the text may take
     * @return empty if only the text can tell whether it is too long, or what it says
     */
    static Optional<JsonNode> copy(JsonNode tree, long limit) {
        CallerTree reading = new CallerTree(limit);
        JsonNode copy = reading.read(tree);
        return reading.left < 0 ? Optional.empty() : Optional.ofNullable(copy);
    }

    private @Nullable JsonNode read(JsonNode node) {
        left -= 2;
        if (left < 0) {
            return null;
        }
        switch (node.getNodeType()) {
            case OBJECT -> {
                ObjectNode copy = Json.object();
                for (var member : node.properties()) {
                    left -= (long) WIDEST * member.getKey().length() + 4;
                    JsonNode value = read(member.getValue());
                    if (value == null) {
                        return null;
                    }
                    copy.set(member.getKey(), value);
                }
                return copy;
            }
            case ARRAY -> {
                ArrayNode copy = Json.mapper().createArrayNode();
                for (JsonNode item : node) {
                    JsonNode value = read(item);
                    if (value == null) {
                        return null;
                    }
                    copy.add(value);
                }
                return copy;
            }
            case STRING -> {
                left -= (long) WIDEST * node.textValue().length();
                return node;
            }
            case NUMBER -> {
                left -= LONGEST_NUMBER;
                return number(node);
            }
            case BOOLEAN, NULL -> {
                left -= WIDEST;
                return node;
            }
            default -> {
                return null;
            }
        }
    }

    private static @Nullable JsonNode number(JsonNode node) {
        if (node.isIntegralNumber()) {
            if (node.canConvertToInt()) {
                return node instanceof IntNode ? node : IntNode.valueOf(node.intValue());
            }
            if (node.canConvertToLong()) {
                return node instanceof LongNode ? node : LongNode.valueOf(node.longValue());
            }
            return node instanceof BigIntegerNode && node.bigIntegerValue().bitLength() < 96 ? node : null;
        }
        return node instanceof DoubleNode && Double.isFinite(node.doubleValue()) ? node : null;
    }
}

package dev.amphora.apiserver.cel;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.BigIntegerNode;
import com.fasterxml.jackson.databind.node.BooleanNode;
import com.fasterxml.jackson.databind.node.DoubleNode;
import com.fasterxml.jackson.databind.node.LongNode;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import com.google.common.primitives.UnsignedLong;
import dev.amphora.api.Json;
import dev.cel.common.values.CelByteString;
import dev.cel.common.values.NullValue;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What expressions see of things, and what becomes of what they make. */
public final class Values {
    private static final Set<String> TIMES = Set.of("creationTimestamp", "deletionTimestamp");

    private Values() {}

    /** A tree as a value whose type is open; null as the null of the language. */
    public static Object of(@Nullable JsonNode tree) {
        if (tree == null || tree.isNull() || tree.isMissingNode()) {
            return NullValue.NULL_VALUE;
        }
        if (tree.isObject()) {
            Map<String, Object> map = new LinkedHashMap<>();
            tree.properties().forEach(each -> map.put(each.getKey(), of(each.getValue())));
            return map;
        }
        if (tree.isArray()) {
            List<Object> list = new ArrayList<>(tree.size());
            tree.forEach(each -> list.add(of(each)));
            return list;
        }
        if (tree.isTextual()) {
            return tree.textValue();
        }
        if (tree.isBoolean()) {
            return tree.booleanValue();
        }
        return tree.isIntegralNumber() ? (Object) tree.longValue() : (Object) tree.doubleValue();
    }

    /** A namespace; its times are times. */
    public static Object namespace(@Nullable ObjectNode namespace) {
        Object value = of(namespace);
        if (namespace != null && value instanceof Map<?, ?> map && map.get("metadata") instanceof Map<?, ?> metadata) {
            Map<String, Object> all = new LinkedHashMap<>();
            metadata.forEach((name, each) -> all.put(
                    name.equals("uid") ? "UID" : String.valueOf(name),
                    TIMES.contains(String.valueOf(name))
                            ? OffsetDateTime.parse(String.valueOf(each)).toInstant()
                            : each));
            Map<String, Object> whole = new LinkedHashMap<>();
            map.forEach((name, each) -> whole.put(String.valueOf(name), each));
            whole.put("metadata", all);
            return whole;
        }
        return value;
    }

    /** Who is asked what anybody may do: {@code authorizer}. */
    public static Object authorizer(AccessCheck check) {
        return new AccessFunctions.Asked(check, AccessQuestion.NOTHING);
    }

    /** Who is asked what may be done with some resource: {@code authorizer.requestResource}. */
    public static Object resourceCheck(AccessCheck check, AccessQuestion about) {
        return new AccessFunctions.Asked(check, about);
    }

    /**
     * The variables of a policy: each is computed when it is first asked for, and once.
     *
     * @param variables the expressions, each of which may use those before it
     * @param names the other names that they may use
     * @param meter is charged with what they cost
     */
    public static Object variables(Map<String, Expression> variables, Map<String, Object> names, CostMeter meter) {
        return new LazyVariables(variables, names, meter);
    }

    /** Text that a value is; empty if it is something else. */
    public static Optional<String> text(Object value) {
        return value instanceof String text ? Optional.of(text) : Optional.empty();
    }

    /** Whether a value is null. */
    public static boolean isNull(Object value) {
        return value == NullValue.NULL_VALUE;
    }

    /**
     * A value as a tree.
     *
     * @throws CelFailure if it has no form in JSON
     */
    public static JsonNode tree(Object value) {
        if (value instanceof Map<?, ?> map) {
            ObjectNode object = Json.object();
            map.forEach((name, each) -> object.set(String.valueOf(name), tree(each)));
            return object;
        }
        if (value instanceof List<?> list) {
            ArrayNode array = Json.mapper().createArrayNode();
            list.forEach(each -> array.add(tree(each)));
            return array;
        }
        if (value instanceof Optional<?> optional) {
            return optional.isEmpty() ? NullNode.getInstance() : tree(optional.get());
        }
        return scalar(value);
    }

    private static JsonNode scalar(Object value) {
        if (value instanceof String text) {
            return TextNode.valueOf(text);
        }
        if (value instanceof Boolean flag) {
            return BooleanNode.valueOf(flag);
        }
        if (value instanceof Long number) {
            return LongNode.valueOf(number);
        }
        if (value instanceof UnsignedLong number) {
            return BigIntegerNode.valueOf(number.bigIntegerValue());
        }
        if (value instanceof Double number) {
            return DoubleNode.valueOf(number);
        }
        if (value instanceof Instant time) {
            return TextNode.valueOf(CelNames.time(time));
        }
        if (value instanceof Duration duration) {
            return TextNode.valueOf(CelNames.duration(duration));
        }
        if (value instanceof CelByteString bytes) {
            return TextNode.valueOf(Base64.getEncoder().encodeToString(bytes.toByteArray()));
        }
        if (isNull(value)) {
            return NullNode.getInstance();
        }
        throw new CelFailure("unsupported conversion to JSON");
    }

    /**
     * Whether objects that a mutation made stand where their types belong, such as an {@code Object.spec} at {@code spec}.
     *
     * @throws CelFailure if one does not
     */
    public static void checkTypes(Object made) {
        if (made instanceof MadeObject object) {
            checkTypes(object, object.type());
        }
    }

    /**
     * Whether the value of an operation of a patch is made of objects that stand where their types belong.
     *
     * @throws CelFailure if it is not
     */
    public static void checkPatch(Object operation) {
        if (operation instanceof MadeObject made && made.get("value") instanceof MadeObject value) {
            checkTypes(value, value.type());
        }
    }

    private static void checkTypes(Object value, String type) {
        if (value instanceof MadeObject object) {
            if (!object.type().equals(type)) {
                throw new CelFailure(
                        "type mismatch: unexpected type name \"%s\", expected \"%s\", which matches field name path from root Object type"
                                .formatted(object.type(), type));
            }
            object.forEach((name, each) -> checkTypes(each, type + "." + name));
        } else if (value instanceof List<?> list) {
            list.forEach(each -> checkTypes(each, type));
        } else if (value instanceof Map<?, ?> map) {
            map.values().forEach(each -> checkTypes(each, type));
        }
    }
}

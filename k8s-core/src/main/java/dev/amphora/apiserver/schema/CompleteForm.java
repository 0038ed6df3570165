package dev.amphora.apiserver.schema;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Map;

/**
 * The form in which objects are stored and answered: the fields that the reference writes even when they are absent, such as an
 * empty {@code status}, are filled in, in declaration order.
 */
public final class CompleteForm {
    private CompleteForm() {}

    /**
     * A decoded object with everything that is always written. Objects of custom kinds are returned as they are.
     *
     * @param object as {@link Decoder} gives it, possibly defaulted since; not changed
     * @param type the type of the object
     */
    public static ObjectNode of(ObjectNode object, TypeSchema type) {
        return type.name().isEmpty() ? object : complete(object, type);
    }

    private static ObjectNode complete(ObjectNode object, TypeSchema type) {
        ObjectNode result = JsonNodeFactory.instance.objectNode();
        int copied = 0;
        for (FieldSchema field : type.fields().values()) {
            JsonNode value = object.get(field.name());
            if (value != null) {
                copied++;
                result.set(field.name(), value(value, field.type()));
            } else if (isAlwaysWritten(field)) {
                result.set(field.name(), zero(field));
            }
        }
        if (copied < object.size()) {
            for (Map.Entry<String, JsonNode> entry : object.properties()) {
                if (!type.fields().containsKey(entry.getKey())) {
                    result.set(entry.getKey(), entry.getValue());
                }
            }
        }
        return result;
    }

    /**
     * Makes empty lists that are always written null, as they come back from the binary form in which all kinds are stored but
     * those of the API machinery itself.
     *
     * @param object in complete form; changed
     */
    public static void forgetEmpty(ObjectNode object, TypeSchema type) {
        if (!type.name().startsWith("io.k8s.api.")) {
            return;
        }
        for (Map.Entry<String, JsonNode> member : object.properties()) {
            FieldSchema field = type.fields().get(member.getKey());
            if (field == null) {
                continue;
            }
            JsonNode value = member.getValue();
            TypeSchema inner = field.type();
            if (value.isArray() && value.isEmpty() && inner.kind() == TypeSchema.Kind.LIST && !field.omitEmpty()) {
                member.setValue(JsonNodeFactory.instance.nullNode());
            } else if (value instanceof ObjectNode child && inner.kind() == TypeSchema.Kind.OBJECT) {
                forgetEmpty(child, inner);
            } else if (value.isArray() && inner.kind() == TypeSchema.Kind.LIST) {
                for (JsonNode element : value) {
                    if (element instanceof ObjectNode child && inner.element().kind() == TypeSchema.Kind.OBJECT) {
                        forgetEmpty(child, inner.element());
                    }
                }
            }
        }
    }

    private static JsonNode value(JsonNode value, TypeSchema type) {
        if (value.isObject() && type.kind() == TypeSchema.Kind.OBJECT) {
            return complete((ObjectNode) value, type);
        }
        if (value.isArray() && type.kind() == TypeSchema.Kind.LIST && holdsObjects(type.element())) {
            ArrayNode result = JsonNodeFactory.instance.arrayNode(value.size());
            value.forEach(item -> result.add(value(item, type.element())));
            return result;
        }
        if (value.isObject() && type.kind() == TypeSchema.Kind.MAP && holdsObjects(type.element())) {
            ObjectNode result = JsonNodeFactory.instance.objectNode();
            value.properties().forEach(e -> result.set(e.getKey(), value(e.getValue(), type.element())));
            return result;
        }
        return value;
    }

    private static boolean holdsObjects(TypeSchema type) {
        return type.kind() == TypeSchema.Kind.OBJECT
                || type.kind() == TypeSchema.Kind.LIST
                || type.kind() == TypeSchema.Kind.MAP;
    }

    private static boolean isAlwaysWritten(FieldSchema field) {
        if (field.goType().isEmpty() || field.omitZero()) {
            return false;
        }
        if (!field.omitEmpty()) {
            return true;
        }
        // A structure is never empty, whatever its tag says.
        switch (field.type().kind()) {
            case OBJECT:
            case TIME:
            case MICRO_TIME:
            case QUANTITY:
            case INT_OR_STRING:
            case RAW_OBJECT:
                return !field.pointer();
            default:
                return false;
        }
    }

    private static JsonNode zero(FieldSchema field) {
        if (field.pointer()) {
            return JsonNodeFactory.instance.nullNode();
        }
        return field.type().kind() == TypeSchema.Kind.OBJECT
                ? complete(JsonNodeFactory.instance.objectNode(), field.type())
                : Decoder.zero(field.type());
    }
}

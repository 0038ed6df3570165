package dev.amphora.apiserver.schema;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

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
        return type.name().isEmpty() ? object : complete(object, type, false);
    }

    /**
     * The same for an object that nobody needs any more: what is in complete form already becomes part of the result, or is the result.
     *
     * @param object may be shared with the result
     */
    public static ObjectNode ofOwn(ObjectNode object, TypeSchema type) {
        return type.name().isEmpty() ? object : complete(object, type, true);
    }

    /**
     * The same for a change of an object that is in complete form: what it has in common with that isn't looked at.
     *
     * @param object may be shared with the result
     * @param old shares nodes with the object where nothing has changed
     */
    public static ObjectNode ofChanged(ObjectNode object, ObjectNode old, TypeSchema type) {
        return type.name().isEmpty() ? object : inOrder(object, old, type, true);
    }

    private static ObjectNode complete(ObjectNode object, TypeSchema type, boolean own) {
        return own && isComplete(object, type) ? object : inOrder(object, null, type, own);
    }

    /** An object with what is always written, its members in their order; what it shares with one in complete form is left as it is. */
    private static ObjectNode inOrder(ObjectNode object, @Nullable ObjectNode old, TypeSchema type, boolean own) {
        FieldOrder order = type.order();
        List<FieldSchema> fields = order.fields();
        @Nullable JsonNode[] values = new JsonNode[fields.size()];
        int known = 0;
        for (Map.Entry<String, JsonNode> entry : object.properties()) {
            int place = order.place(entry.getKey());
            if (place >= 0) {
                values[place] = entry.getValue();
                known++;
            }
        }
        Map<String, JsonNode> members = new LinkedHashMap<>(2 * object.size() + 4);
        for (int i = 0; i < values.length; i++) {
            JsonNode value = values[i];
            FieldSchema field = fields.get(i);
            if (value != null) {
                JsonNode before = old == null ? null : old.get(field.name());
                members.put(
                        field.name(), before == null ? value(value, field.type(), own) : changed(value, before, field));
            } else if (field.alwaysWritten()) {
                members.put(field.name(), zero(field));
            }
        }
        if (known < object.size()) {
            for (Map.Entry<String, JsonNode> entry : object.properties()) {
                if (order.place(entry.getKey()) < 0) {
                    members.put(entry.getKey(), entry.getValue());
                }
            }
        }
        return new ObjectNode(JsonNodeFactory.instance, members);
    }

    private static JsonNode changed(JsonNode value, JsonNode before, FieldSchema field) {
        if (value == before) {
            return value;
        }
        return value instanceof ObjectNode now
                        && before instanceof ObjectNode old
                        && field.type().kind() == TypeSchema.Kind.OBJECT
                ? inOrder(now, old, field.type(), true)
                : value(value, field.type(), true);
    }

    /** Whether nothing is missing and everything is in its place. */
    private static boolean isComplete(ObjectNode object, TypeSchema type) {
        List<FieldSchema> fields = type.order().fields();
        int next = 0;
        boolean unknown = false;
        for (Map.Entry<String, JsonNode> entry : object.properties()) {
            int found = unknown ? -1 : find(fields, next, entry.getKey());
            if (found >= 0) {
                if (!isCompleteValue(entry.getValue(), fields.get(found).type())) {
                    return false;
                }
                next = found + 1;
            } else if (type.order().place(entry.getKey()) >= 0 || !noneWritten(fields, next)) {
                return false;
            } else {
                unknown = true;
            }
        }
        return noneWritten(fields, next);
    }

    /** Where a field is at or after a place; -1 if it isn't, or one before it is missing. */
    private static int find(List<FieldSchema> fields, int from, String name) {
        for (int i = from; i < fields.size(); i++) {
            FieldSchema field = fields.get(i);
            if (field.name().equals(name)) {
                return i;
            }
            if (field.alwaysWritten()) {
                return -1;
            }
        }
        return -1;
    }

    private static boolean noneWritten(List<FieldSchema> fields, int from) {
        for (int i = from; i < fields.size(); i++) {
            if (fields.get(i).alwaysWritten()) {
                return false;
            }
        }
        return true;
    }

    private static boolean isCompleteValue(JsonNode value, TypeSchema type) {
        if (value instanceof ObjectNode object && type.kind() == TypeSchema.Kind.OBJECT) {
            return isComplete(object, type);
        }
        boolean goesOn = value.isArray() && type.kind() == TypeSchema.Kind.LIST
                || value.isObject() && type.kind() == TypeSchema.Kind.MAP;
        if (goesOn && holdsObjects(type.element())) {
            for (JsonNode each : value) {
                if (!isCompleteValue(each, type.element())) {
                    return false;
                }
            }
        }
        return true;
    }

    /**
     * Makes empty lists that are always written null, as they come back from the binary form in which all kinds are stored but
     * those of the API machinery itself.
     *
     * @param object in complete form; changed
     */
    public static void forgetEmpty(ObjectNode object, TypeSchema type) {
        forgetEmpty(object, null, type);
    }

    /**
     * The same for a change of an object.
     *
     * @param old what it shares with this one directly is left as it is; null for nothing
     */
    public static void forgetEmpty(ObjectNode object, @Nullable ObjectNode old, TypeSchema type) {
        if (!type.name().startsWith("io.k8s.api.")) {
            return;
        }
        for (Map.Entry<String, JsonNode> member : object.properties()) {
            FieldSchema field = type.fields().get(member.getKey());
            if (field == null) {
                continue;
            }
            JsonNode value = member.getValue();
            if (old != null && value == old.get(member.getKey())) {
                continue;
            }
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

    private static JsonNode value(JsonNode value, TypeSchema type, boolean own) {
        if (value.isObject() && type.kind() == TypeSchema.Kind.OBJECT) {
            return complete((ObjectNode) value, type, own);
        }
        if (value.isArray() && type.kind() == TypeSchema.Kind.LIST && holdsObjects(type.element())) {
            ArrayNode result = JsonNodeFactory.instance.arrayNode(value.size());
            value.forEach(item -> result.add(value(item, type.element(), own)));
            return result;
        }
        if (value.isObject() && type.kind() == TypeSchema.Kind.MAP && holdsObjects(type.element())) {
            ObjectNode result = JsonNodeFactory.instance.objectNode();
            value.properties().forEach(e -> result.set(e.getKey(), value(e.getValue(), type.element(), own)));
            return result;
        }
        return value;
    }

    private static boolean holdsObjects(TypeSchema type) {
        return type.kind() == TypeSchema.Kind.OBJECT
                || type.kind() == TypeSchema.Kind.LIST
                || type.kind() == TypeSchema.Kind.MAP;
    }

    private static JsonNode zero(FieldSchema field) {
        if (field.pointer()) {
            return JsonNodeFactory.instance.nullNode();
        }
        return field.type().kind() == TypeSchema.Kind.OBJECT
                ? complete(JsonNodeFactory.instance.objectNode(), field.type(), false)
                : Decoder.zero(field.type());
    }
}

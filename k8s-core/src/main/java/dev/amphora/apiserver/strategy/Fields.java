package dev.amphora.apiserver.strategy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.BooleanNode;
import com.fasterxml.jackson.databind.node.IntNode;
import com.fasterxml.jackson.databind.node.LongNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.TextNode;
import dev.amphora.api.FieldError;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A place in an object, by which rules read values and say what is wrong with them: {@code spec.at("replicas").atLeast(0)}.
 *
 * <p>All places of one object share one list of errors. What isn't given reads as nothing: empty text, zero, no elements.
 */
final class Fields {
    private static final int FIELD = -1;
    private static final int KEY = -2;

    /** The place that this one is in; null for the root. Paths are put together only for errors. */
    private final @Nullable Fields parent;

    /** The step from there: a field's name, or a key; empty for an element. */
    private final String step;

    /** The element's place in its list, {@link #FIELD} or {@link #KEY}. */
    private final int index;

    private final JsonNode value;
    private final List<FieldError> errors;

    private Fields(@Nullable Fields parent, String step, int index, JsonNode value, List<FieldError> errors) {
        this.parent = parent;
        this.step = step;
        this.index = index;
        this.value = value;
        this.errors = errors;
    }

    /** The root of an object, without errors so far. */
    static Fields of(JsonNode object) {
        return new Fields(null, "", FIELD, object, new ArrayList<>());
    }

    /** The same place with errors of its own, to try a rule. */
    Fields apart() {
        return new Fields(parent, step, index, value, new ArrayList<>());
    }

    /** What was found wrong so far, anywhere in the object. */
    List<FieldError> errors() {
        return errors;
    }

    /** Adds what was found wrong elsewhere. */
    void add(List<FieldError> more) {
        errors.addAll(more);
    }

    // Places

    /** A field of this object. */
    Fields at(String name) {
        return new Fields(this, name, FIELD, value.path(name), errors);
    }

    /** A field further down. */
    Fields at(String first, String... more) {
        Fields place = at(first);
        for (String name : more) {
            place = place.at(name);
        }
        return place;
    }

    /** An element of this list. */
    Fields at(int element) {
        return new Fields(this, "", element, value.path(element), errors);
    }

    /** An entry of this map. */
    Fields key(String key) {
        return new Fields(this, key, KEY, value.path(key), errors);
    }

    /** This place with another value, such as the old one. */
    Fields with(JsonNode other) {
        return new Fields(parent, step, index, other, errors);
    }

    /** The elements of this list; none if it isn't given. */
    List<Fields> elements() {
        if (!value.isArray() || value.isEmpty()) {
            return List.of();
        }
        List<Fields> elements = new ArrayList<>(value.size());
        for (int i = 0; i < value.size(); i++) {
            elements.add(at(i));
        }
        return elements;
    }

    /** The keys of this map in their order; none if it isn't given. */
    List<String> keys() {
        if (!value.isObject() || value.isEmpty()) {
            return List.of();
        }
        List<String> keys = new ArrayList<>(value.size());
        value.fieldNames().forEachRemaining(keys::add);
        return keys;
    }

    // Values

    String path() {
        if (parent == null) {
            return "";
        }
        StringBuilder path = new StringBuilder(64);
        write(path);
        return path.toString();
    }

    private void write(StringBuilder path) {
        if (parent == null) {
            return;
        }
        parent.write(path);
        if (index == FIELD) {
            path.append(path.length() == 0 ? "" : ".").append(step);
        } else if (index == KEY) {
            path.append('[').append(step).append(']');
        } else {
            path.append('[').append(index).append(']');
        }
    }

    JsonNode value() {
        return value;
    }

    /** Whether anything stands here. */
    boolean given() {
        return !value.isMissingNode() && !value.isNull();
    }

    boolean has(String name) {
        return value.hasNonNull(name);
    }

    boolean isEmpty() {
        return !given() || (value.isTextual() ? value.asText().isEmpty() : value.isContainerNode() && value.isEmpty());
    }

    String text() {
        return value.asText("");
    }

    long number() {
        return value.asLong();
    }

    boolean flag() {
        return value.asBoolean();
    }

    int size() {
        return value.size();
    }

    boolean is(String text) {
        return value.isTextual() && value.textValue().equals(text);
    }

    // Errors

    void required() {
        errors.add(FieldError.required(path()));
    }

    void required(String detail) {
        errors.add(FieldError.required(path(), detail));
    }

    void invalid(String detail) {
        invalid(shown(), detail);
    }

    void invalid(JsonNode shown, String detail) {
        errors.add(FieldError.invalid(path(), shown, detail));
    }

    void invalid(String shown, String detail) {
        errors.add(FieldError.invalid(path(), shown, detail));
    }

    void unsupported(List<String> supported) {
        errors.add(FieldError.unsupported(path(), shown(), supported));
    }

    void duplicate() {
        duplicate(shown());
    }

    void duplicate(JsonNode shown) {
        errors.add(FieldError.duplicate(path(), shown));
    }

    void notFound(String shown) {
        errors.add(FieldError.notFound(path(), TextNode.valueOf(shown)));
    }

    void notFound(String shown, String detail) {
        FieldError plain = FieldError.notFound(path(), TextNode.valueOf(shown));
        errors.add(new FieldError(plain.type(), path(), plain.message() + ": " + detail));
    }

    void forbidden(String detail) {
        errors.add(FieldError.forbidden(path(), detail));
    }

    void tooLong(int maximum) {
        errors.add(FieldError.tooLong(path(), maximum));
    }

    /** Something went wrong while looking at what stands here. */
    void internal(String detail) {
        errors.add(FieldError.internal(path(), detail));
    }

    void tooMany(int maximum) {
        errors.add(FieldError.tooMany(path(), value.size(), maximum));
    }

    /** What stands here as errors show it; nothing shows as empty text. */
    private JsonNode shown() {
        return value.isMissingNode() || value instanceof MissingNode ? TextNode.valueOf("") : value;
    }

    // Rules that many fields share

    /** Text must be given; says whether it is. */
    boolean requireText() {
        if (isEmpty()) {
            required();
            return false;
        }
        return true;
    }

    /** Text must be given; says whether it is. */
    boolean requireText(String detail) {
        if (isEmpty()) {
            required(detail);
            return false;
        }
        return true;
    }

    /** Each text that a check of {@link Names} has against the value is an error. */
    void check(Function<String, List<String>> names) {
        check(text(), names);
    }

    /** Each text that a check has against some text is an error here. */
    void check(String text, Function<String, List<String>> names) {
        names.apply(text).forEach(detail -> invalid(text, detail));
    }

    /** A number that is zero if not given must not be negative. */
    void notNegative() {
        if (number() < 0) {
            invalid("must be greater than or equal to 0");
        }
    }

    /** A number, zero if not given, must be above zero. */
    void positive() {
        if (number() <= 0) {
            invalid(LongNode.valueOf(number()), "must be greater than zero");
        }
    }

    /** A number, zero if not given, must lie in a range. */
    void between(long low, long high) {
        if (number() < low || number() > high) {
            invalid(LongNode.valueOf(number()), "must be between %d and %d, inclusive".formatted(low, high));
        }
    }

    /** The value must be one of several; says whether it is. */
    boolean oneOf(String... supported) {
        return oneOf(List.of(supported));
    }

    /** The value must be one of several; says whether it is. */
    boolean oneOf(List<String> supported) {
        if (!supported.contains(text())) {
            errors.add(FieldError.unsupported(path(), TextNode.valueOf(text()), supported));
            return false;
        }
        return true;
    }

    /** The value must be as it was. */
    void immutable(JsonNode old) {
        if (!Strategies.same(value, old)) {
            invalid(given() ? GoValues.shown(value) : zeroOf(old), "field is immutable");
        }
    }

    /** How the absence of a value reads where another one of its type stood. */
    private static JsonNode zeroOf(JsonNode other) {
        if (other.isTextual()) {
            return TextNode.valueOf("");
        }
        if (other.isBoolean()) {
            return BooleanNode.FALSE;
        }
        return other.isNumber() ? IntNode.valueOf(0) : NullNode.getInstance();
    }
}

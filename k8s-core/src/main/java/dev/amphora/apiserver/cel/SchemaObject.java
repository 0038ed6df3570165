package dev.amphora.apiserver.cel;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cel.common.types.CelType;
import dev.cel.common.values.StructValue;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** An object whose fields a schema names; each is turned into a value when it is asked for. Not for concurrent use. */
@SuppressWarnings("Immutable") // What it stands for is not changed while a rule looks at it.
final class SchemaObject extends StructValue<String, Object> {
    private final SchemaType type;
    private final JsonNode object;
    private final Map<String, Object> values = new HashMap<>();

    SchemaObject(SchemaType type, JsonNode object) {
        this.type = type;
        this.object = object;
    }

    @Override
    public Object value() {
        return this;
    }

    @Override
    public boolean isZeroValue() {
        return object.isEmpty();
    }

    @Override
    public CelType celType() {
        return type.type();
    }

    @Override
    public Object select(String name) {
        return find(name).orElseThrow(() -> new CelProblem("no such key: " + name));
    }

    @Override
    public Optional<Object> find(String name) {
        Object known = values.get(name);
        if (known == null) {
            String given = type.given(name);
            JsonNode value = given == null ? null : object.get(given);
            SchemaType field = type.field(name);
            if (value == null || value.isNull() || field == null) {
                return Optional.empty();
            }
            known = field.value(value);
            values.put(name, known);
        }
        return Optional.of(known);
    }

    /** All fields that it has. */
    Map<String, Object> fields() {
        Map<String, Object> all = new LinkedHashMap<>();
        object.fieldNames().forEachRemaining(given -> {
            String name = type.escaped(given);
            if (name != null) {
                find(name).ifPresent(value -> all.put(name, value));
            }
        });
        return all;
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof SchemaObject second && ListRelations.equal(this, second);
    }

    @Override
    public int hashCode() {
        return fields().keySet().hashCode();
    }
}

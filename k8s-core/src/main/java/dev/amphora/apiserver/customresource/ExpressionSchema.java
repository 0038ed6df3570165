package dev.amphora.apiserver.customresource;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import dev.amphora.api.FieldError;
import dev.amphora.apiserver.cel.CostMeter;
import dev.amphora.apiserver.cel.SchemaType;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The rules of a schema, each at its place. Only places at or above a rule are here. */
final class ExpressionSchema {
    private final @Nullable SchemaType type;
    private final Structural schema;
    private final ImmutableList<ExpressionRule> rules;
    private final ImmutableMap<String, ExpressionSchema> properties;
    private final @Nullable ExpressionSchema items;
    private final @Nullable ExpressionSchema additional;

    private ExpressionSchema(Structural schema, boolean root) {
        this.schema = schema;
        CompiledRules compiled = schema.source().path(ExpressionRules.KEYWORD).isEmpty()
                ? null
                : CompiledRules.of(schema.source(), root);
        type = compiled == null ? null : compiled.type();
        rules = compiled == null ? ImmutableList.of() : compiled.rules();
        ImmutableMap.Builder<String, ExpressionSchema> below = ImmutableMap.builder();
        schema.properties().forEach((field, property) -> {
            if (hasRules(property.source())) {
                below.put(field, new ExpressionSchema(property, false));
            }
        });
        properties = below.buildOrThrow();
        items = child(schema.items());
        additional = child(schema.additional());
    }

    private static @Nullable ExpressionSchema child(@Nullable Structural schema) {
        return schema == null || !hasRules(schema.source()) ? null : new ExpressionSchema(schema, false);
    }

    /** Whether there are rules anywhere in a schema. */
    static boolean hasRules(JsonNode schema) {
        return schema.findValue(ExpressionRules.KEYWORD) != null;
    }

    /**
     * The rules of a schema that has some.
     *
     * @param root whether it is that of whole objects
     */
    static ExpressionSchema of(Structural schema, boolean root) {
        return new ExpressionSchema(schema, root);
    }

    /**
     * Applies the rules.
     *
     * @param old the value before, null if there was none
     * @param errors receives what is wrong
     * @param excused receives what is wrong as it was before, which is not held against a change
     */
    void check(JsonNode value, @Nullable JsonNode old, List<FieldError> errors, List<FieldError> excused) {
        new Run(errors, excused).check(this, value, old, "", false);
    }

    /** The rules applied to one object, as far as what they cost together allows. */
    private static final class Run {
        private static final String EXHAUSTED =
                "validation failed due to running out of cost budget, no further validation rules will be run";

        private final List<FieldError> errors;
        private final List<FieldError> excused;
        private final CostMeter meter = new CostMeter();
        private boolean stopped;

        Run(List<FieldError> errors, List<FieldError> excused) {
            this.errors = errors;
            this.excused = excused;
        }

        void check(ExpressionSchema place, JsonNode value, @Nullable JsonNode old, String path, boolean unchanged) {
            if (value.isNull() || stopped) {
                return;
            }
            boolean same = unchanged || old != null && old.equals(value);
            SchemaType known = place.type;
            if (known != null) {
                rules(place, known, value, old, path, same);
            }
            ExpressionSchema items = place.items;
            if (value.isArray() && items != null) {
                for (int i = 0; i < value.size(); i++) {
                    JsonNode before = old == null ? null : Correlation.item(old, value.get(i), place.schema);
                    check(items, value.get(i), before, path + "[" + i + "]", same);
                }
            }
            if (value.isObject()) {
                for (Map.Entry<String, JsonNode> field : value.properties()) {
                    field(place, field.getKey(), field.getValue(), old, path, same);
                }
            }
        }

        private void rules(
                ExpressionSchema place,
                SchemaType type,
                JsonNode value,
                @Nullable JsonNode old,
                String path,
                boolean same) {
            for (ExpressionRule rule : place.rules) {
                if (meter.isExhausted()) {
                    errors.add(FieldError.invalid(ValueResult.shown(path), type.jsonType(), EXHAUSTED));
                    stopped = true;
                    return;
                }
                boolean forgiving = same && !rule.usesOld();
                rule.check(value, old, type, path, meter).ifPresent(error -> (forgiving ? excused : errors).add(error));
            }
        }

        private void field(
                ExpressionSchema place,
                String name,
                JsonNode value,
                @Nullable JsonNode old,
                String path,
                boolean same) {
            ExpressionSchema property = place.properties.get(name);
            JsonNode before = old == null ? null : old.get(name);
            if (property != null) {
                check(property, value, before, path.isEmpty() ? name : path + "." + name, same);
            } else if (place.additional != null && !place.schema.properties().containsKey(name)) {
                check(place.additional, value, before, path + "[" + name + "]", same);
            }
        }
    }
}

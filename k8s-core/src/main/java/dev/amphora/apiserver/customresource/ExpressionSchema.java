package dev.amphora.apiserver.customresource;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import dev.amphora.api.FieldError;
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
        JsonNode sources = schema.source().path("x-kubernetes-validations");
        type = sources.isEmpty() ? null : SchemaType.of(schema.source(), root, ExpressionRule.SELF);
        ImmutableList.Builder<ExpressionRule> all = ImmutableList.builder();
        if (type != null) {
            for (JsonNode source : sources) {
                all.add(ExpressionRule.of(source, type));
            }
        }
        rules = all.build();
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
        return schema.findValue("x-kubernetes-validations") != null;
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
    void check(
            JsonNode value,
            @Nullable JsonNode old,
            String path,
            boolean unchanged,
            List<FieldError> errors,
            List<FieldError> excused) {
        if (value.isNull()) {
            return;
        }
        boolean same = unchanged || old != null && old.equals(value);
        SchemaType known = type;
        if (known != null) {
            for (ExpressionRule rule : rules) {
                boolean forgiving = same && !rule.usesOld();
                rule.check(value, old, known, path).ifPresent(error -> (forgiving ? excused : errors).add(error));
            }
        }
        ExpressionSchema below = items;
        if (value.isArray() && below != null) {
            for (int i = 0; i < value.size(); i++) {
                JsonNode before = old == null ? null : Correlation.item(old, value.get(i), schema);
                below.check(value.get(i), before, path + "[" + i + "]", same, errors, excused);
            }
        }
        if (value.isObject()) {
            for (Map.Entry<String, JsonNode> field : value.properties()) {
                String name = field.getKey();
                ExpressionSchema property = properties.get(name);
                JsonNode before = old == null ? null : old.get(name);
                if (property != null) {
                    String place = path.isEmpty() ? name : path + "." + name;
                    property.check(field.getValue(), before, place, same, errors, excused);
                } else if (additional != null && !schema.properties().containsKey(name)) {
                    additional.check(field.getValue(), before, path + "[" + name + "]", same, errors, excused);
                }
            }
        }
    }
}

package dev.amphora.apiserver.customresource;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.common.cache.Cache;
import com.google.common.cache.CacheBuilder;
import com.google.common.collect.ImmutableList;
import dev.amphora.apiserver.cel.SchemaType;
import org.jspecify.annotations.Nullable;

/**
 * The rules at one place of a schema, compiled. Compiling is dear, and the same schema comes more than once: when its definition is
 * checked, when the first object comes, and whenever the definition is written again. So what was compiled is kept while memory allows.
 * Immutable.
 */
final class CompiledRules {
    private static final int MOST = 4_000;
    private static final Cache<Place, CompiledRules> KNOWN =
            CacheBuilder.newBuilder().maximumSize(MOST).softValues().build();

    private final @Nullable SchemaType type;
    private final ImmutableList<ExpressionRule> rules;

    private CompiledRules(JsonNode schema, boolean root) {
        type = SchemaType.of(schema, root, ExpressionRule.SELF);
        ImmutableList.Builder<ExpressionRule> all = ImmutableList.builder();
        if (type != null) {
            for (JsonNode source : schema.path(ExpressionRules.KEYWORD)) {
                all.add(ExpressionRule.of(source, type));
            }
        }
        rules = all.build();
    }

    private record Place(JsonNode schema, boolean root) {}

    /**
     * The rules that stand at the top of a schema.
     *
     * @param root whether the schema is that of whole objects
     */
    static CompiledRules of(JsonNode schema, boolean root) {
        Place place = new Place(schema, root);
        CompiledRules known = KNOWN.getIfPresent(place);
        if (known == null) {
            known = new CompiledRules(schema, root);
            KNOWN.put(place, known);
        }
        return known;
    }

    /** The type of the values; null if it can't be told of in expressions. */
    @Nullable SchemaType type() {
        return type;
    }

    /** In the order of the schema; none if there is no type. */
    ImmutableList<ExpressionRule> rules() {
        return rules;
    }
}

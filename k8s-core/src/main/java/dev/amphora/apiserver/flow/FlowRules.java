package dev.amphora.apiserver.flow;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.collect.ImmutableList;
import dev.amphora.apiserver.access.AccessRequest;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/** Flow schemas in the order in which they are asked, each with its priority level. Immutable but for what the levels count. */
final class FlowRules {
    private static final String REST = "catch-all";
    private static final int USUAL_PRECEDENCE = 1000;

    private final ImmutableList<Schema> schemas;
    private final ImmutableList<PriorityLevel> levels;
    private final Schema rest;

    private FlowRules(List<Schema> schemas, List<PriorityLevel> levels, Schema rest) {
        this.schemas = ImmutableList.copyOf(schemas);
        this.levels = ImmutableList.copyOf(levels);
        this.rest = rest;
    }

    /**
     * A flow schema.
     *
     * @param distinguisher what tells flows apart: {@code ByUser}, {@code ByNamespace}, or empty if there is one flow only
     */
    record Schema(
            String name,
            String uid,
            int precedence,
            String distinguisher,
            ImmutableList<SubjectRule> rules,
            PriorityLevel level,
            FlowMeter meter) {
        boolean matches(AccessRequest request) {
            for (SubjectRule rule : rules) {
                if (rule.matches(request)) {
                    return true;
                }
            }
            return false;
        }
    }

    /**
     * Reads the objects.
     *
     * @param levels PriorityLevelConfigurations
     * @param schemas FlowSchemas; those whose level is missing don't count
     * @param seats how many requests may go at once in all
     * @param before whose levels go on, those that have gone only while somebody waits there; null for none
     * @param counters gives what counts the requests that are let in, by level and schema
     */
    static FlowRules of(
            List<ObjectNode> levels,
            List<ObjectNode> schemas,
            int seats,
            @Nullable FlowRules before,
            BiFunction<String, String, FlowMeter> counters) {
        long shares = 0;
        for (ObjectNode level : levels) {
            shares += shares(level);
        }
        Map<String, PriorityLevel> byName = new HashMap<>();
        List<PriorityLevel> all = new ArrayList<>();
        for (ObjectNode tree : levels) {
            String name = name(tree);
            PriorityLevel known = before == null ? null : before.level(name);
            PriorityLevel level = known == null ? new PriorityLevel(name) : known;
            level.configure(tree, shares == 0 ? 0 : (int) Math.ceil((double) seats * shares(tree) / shares), seats);
            byName.put(name, level);
            all.add(level);
        }
        if (before != null) {
            for (PriorityLevel level : before.levels) {
                if (!byName.containsKey(level.name()) && level.waiting() > 0) {
                    all.add(level);
                }
            }
        }
        List<Schema> found = new ArrayList<>();
        for (ObjectNode tree : schemas) {
            JsonNode spec = tree.path("spec");
            PriorityLevel level = byName.get(
                    spec.path("priorityLevelConfiguration").path("name").asText());
            if (level != null) {
                found.add(new Schema(
                        name(tree),
                        tree.path("metadata").path("uid").asText(),
                        spec.path("matchingPrecedence").asInt(USUAL_PRECEDENCE),
                        spec.path("distinguisherMethod").path("type").asText(),
                        SubjectRule.all(spec.path("rules")),
                        level,
                        counters.apply(level.name(), name(tree))));
            }
        }
        found.sort(Comparator.comparingInt(Schema::precedence).thenComparing(Schema::name));
        Schema rest = found.stream()
                .filter(schema -> schema.name().equals(REST))
                .findFirst()
                .orElseGet(() -> new Schema(
                        REST,
                        "",
                        Integer.MAX_VALUE,
                        "",
                        ImmutableList.of(),
                        lastResort(all, seats),
                        counters.apply(REST, REST)));
        return new FlowRules(found, all, rest);
    }

    /** Somebody has deleted what must be there: the level of the same name, or one that lets everything pass. */
    private static PriorityLevel lastResort(List<PriorityLevel> levels, int seats) {
        for (PriorityLevel level : levels) {
            if (level.name().equals(REST)) {
                return level;
            }
        }
        PriorityLevel open = new PriorityLevel(REST);
        open.exempt(seats);
        levels.add(open);
        return open;
    }

    /** The schema of a request: the first that matches, or that for the rest. */
    Schema of(AccessRequest request) {
        for (Schema schema : schemas) {
            if (schema.matches(request)) {
                return schema;
            }
        }
        return rest;
    }

    ImmutableList<PriorityLevel> levels() {
        return levels;
    }

    private @Nullable PriorityLevel level(String name) {
        for (PriorityLevel level : levels) {
            if (level.name().equals(name)) {
                return level;
            }
        }
        return null;
    }

    private static String name(ObjectNode tree) {
        return tree.path("metadata").path("name").asText();
    }

    private static long shares(ObjectNode level) {
        JsonNode spec = level.path("spec");
        return spec.path("type").asText().equals("Exempt")
                ? spec.path("exempt").path("nominalConcurrencyShares").asLong()
                : spec.path("limited").path("nominalConcurrencyShares").asLong();
    }
}

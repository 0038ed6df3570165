package dev.amphora.apiserver.strategy;

import static dev.amphora.apiserver.strategy.Strategies.setDefault;

import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.collect.ImmutableMap;

/** Priority classes. */
final class PriorityClassStrategy extends KindStrategy {
    private static final long HIGHEST = 1_000_000_000;
    private static final ImmutableMap<String, Long> SYSTEM =
            ImmutableMap.of("system-cluster-critical", 2 * HIGHEST, "system-node-critical", 2 * HIGHEST + 1000);

    PriorityClassStrategy() {
        super(Trait.GENERATION);
    }

    @Override
    public void setDefaults(ObjectNode object) {
        setDefault(object, "preemptionPolicy", "PreemptLowerPriority");
    }

    @Override
    void rules(Fields priority) {
        String name = priority.at("metadata", "name").text();
        if (name.startsWith("system-")) {
            Long expected = SYSTEM.get(name);
            if (expected == null) {
                priority.at("metadata", "name")
                        .forbidden(
                                "priority class names with 'system-' prefix are reserved for system use only. error: "
                                        + name + " is not a known system priority class");
            } else if (expected != priority.at("value").number()) {
                priority.at("metadata", "name")
                        .forbidden(
                                "priority class names with 'system-' prefix are reserved for system use only. error: value"
                                        + " of %s PriorityClass must be %d".formatted(name, expected));
            }
        } else if (priority.at("value").number() > HIGHEST) {
            priority.at("value").forbidden("maximum allowed value of a user defined priority is " + HIGHEST);
        }
        if (priority.has("preemptionPolicy")) {
            priority.at("preemptionPolicy").oneOf("PreemptLowerPriority", "Never");
        }
    }

    /** The first generation stays. */
    @Override
    public void prepareForUpdate(ObjectNode object, ObjectNode old) {
        Strategies.setGeneration(object, old, false);
    }

    @Override
    void updateRules(Fields priority, ObjectNode old) {
        metadataUpdate(priority, old);
        long value = priority.at("value").number();
        if (value != old.path("value").asLong()) {
            priority.at("value").forbidden("may not be changed in an update.");
        }
        priority.at("preemptionPolicy").immutable(old.path("preemptionPolicy"));
    }
}

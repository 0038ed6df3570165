package dev.amphora.apiserver.strategy;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.FieldError;
import dev.amphora.api.Json;
import java.util.List;

/** Walks objects through a kind's strategy as the pipeline does; JSON with single quotes for brevity. */
final class Kinds {
    private Kinds() {}

    static ObjectNode tree(String json) {
        return (ObjectNode) Json.read(json.replace('\'', '"').getBytes(UTF_8));
    }

    /** The object as it would be stored, but for what the pipeline itself sets. */
    static ObjectNode created(String group, String plural, String json) {
        ObjectNode object = tree(json);
        Strategy strategy = StrategyRegistry.strategy(group, plural);
        strategy.setDefaults(object);
        strategy.prepareForCreate(object);
        return object;
    }

    /** What is wrong with a new object, as texts. */
    static List<String> errors(String group, String plural, String json) {
        ObjectNode object = created(group, plural, json);
        return texts(StrategyRegistry.strategy(group, plural).validate(object));
    }

    /** What is wrong with a change, as texts. */
    static List<String> updateErrors(String group, String plural, String before, String after) {
        Strategy strategy = StrategyRegistry.strategy(group, plural);
        ObjectNode old = created(group, plural, before);
        Strategies.metadata(old).put("resourceVersion", "1").put("generation", 1);
        ObjectNode object = tree(after);
        strategy.setDefaults(object);
        Strategies.metadata(object).put("resourceVersion", "1").put("generation", 1);
        strategy.prepareForUpdate(object, old);
        return texts(strategy.validateUpdate(object, old));
    }

    static List<String> warnings(String group, String plural, String json) {
        ObjectNode object = created(group, plural, json);
        return StrategyRegistry.strategy(group, plural).warnings(object);
    }

    static List<String> texts(List<FieldError> errors) {
        return errors.stream().map(FieldError::text).toList();
    }
}

package dev.amphora.samples.conformance;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Lines with {@code self}: the schema of one property and a rule on it. Many share a definition, each on a property of its own, but for
 * those whose definition is to be refused.
 */
final class CelCases implements Cases {
    private static final int AT_A_TIME = 30;
    private static final Pattern PROPERTY = Pattern.compile("properties\\[spec\\]\\.properties\\[(\\w+)\\]");
    /** What a refusal is about that names no property. */
    private static final String THE_WHOLE = "";

    @Override
    public void replay(File file, List<ObjectNode> cases, Results results) {
        Map<String, ObjectNode> accepted = new LinkedHashMap<>();
        for (ObjectNode each : cases) {
            if (Trees.at(each, "answer", "definitionRefused").isMissingNode()) {
                accepted.put("e" + accepted.size(), each);
            } else {
                results.replay(each.path("name").asText(), () -> refusal(file.server(), each));
            }
        }
        List<String> properties = new ArrayList<>(accepted.keySet());
        for (int i = 0; i < properties.size(); i += AT_A_TIME) {
            LinkedHashMap<String, ObjectNode> part = new LinkedHashMap<>();
            properties
                    .subList(i, Math.min(properties.size(), i + AT_A_TIME))
                    .forEach(property -> part.put(property, accepted.get(property)));
            dropRefused(file.server(), part, results);
            evaluate(file, "Celeval" + i / AT_A_TIME, part, results);
        }
    }

    private static List<String> refusal(Server server, ObjectNode each) {
        Map<String, ArrayNode> refused = refusals(server, Map.of("v", each));
        ArrayNode got = refused.getOrDefault("v", refused.get(THE_WHOLE));
        return got == null
                ? List.of("the definition was accepted")
                : Comparison.of(
                        Trees.at(each, "answer", "definitionRefused"), got, new Bindings(), "definitionRefused");
    }

    /** Tells of those whose definition is refused against expectation, and leaves the others. */
    private static void dropRefused(Server server, Map<String, ObjectNode> part, Results results) {
        while (!part.isEmpty()) {
            Map<String, ArrayNode> refused = refusals(server, part);
            if (refused.isEmpty()) {
                return;
            }
            boolean whole = refused.size() == 1 && refused.containsKey(THE_WHOLE);
            boolean dropped = false;
            for (Map.Entry<String, ObjectNode> each : List.copyOf(part.entrySet())) {
                ArrayNode why = refused.get(whole ? THE_WHOLE : each.getKey());
                if (why != null) {
                    part.remove(each.getKey());
                    String name = each.getValue().path("name").asText();
                    results.replayed(name, List.of("the definition was refused: " + Trees.brief(why)));
                    dropped = true;
                }
            }
            if (!dropped) {
                throw new IllegalStateException("the definition was refused for other reasons: " + refused);
            }
        }
    }

    private static void evaluate(File file, String kind, Map<String, ObjectNode> part, Results results) {
        if (part.isEmpty()) {
            return;
        }
        Definitions definitions = Definitions.make(file.server(), file.pace(), Map.of(kind, schema(part)));
        ObjectNode given = Trees.object();
        ObjectNode spec = given.putObject("spec");
        part.forEach((property, each) -> spec.set(property, each.get("value")));
        Response response =
                file.server().post(Definitions.collectionOf(kind) + "?dryRun=All", Definitions.object(kind, given));
        Map<String, ArrayNode> found = new LinkedHashMap<>();
        if (response.status() >= 400) {
            for (JsonNode cause : Trees.at(response.body(), "details", "causes")) {
                found.computeIfAbsent(cause.path("field").asText(), field -> Trees.array())
                        .add(reasonAndMessage(cause));
            }
        }
        part.forEach((property, each) -> {
            ArrayNode errors = found.get("spec." + property);
            ObjectNode got = errors == null
                    ? Trees.object().put("valid", true)
                    : Trees.object().set("errors", errors);
            results.replayed(
                    each.path("name").asText(), Comparison.of(each.get("answer"), got, new Bindings(), "answer"));
        });
        definitions.remove();
    }

    private static ObjectNode schema(Map<String, ObjectNode> part) {
        ObjectNode schema = Trees.object().put("type", "object");
        ObjectNode spec = schema.putObject("properties").putObject("spec").put("type", "object");
        ObjectNode properties = spec.putObject("properties");
        part.forEach((property, each) -> {
            ObjectNode self = ((ObjectNode) each.get("self")).deepCopy();
            ObjectNode rule = Trees.object();
            if (each.has("messageExpression")) {
                rule.put("rule", "false").set("messageExpression", each.get("messageExpression"));
            } else {
                rule.set("rule", each.get("rule"));
            }
            self.putArray("x-kubernetes-validations").add(rule);
            properties.set(property, self);
        });
        return schema;
    }

    /** The causes for which a definition is refused, by property. */
    private static Map<String, ArrayNode> refusals(Server server, Map<String, ObjectNode> part) {
        Map<String, ArrayNode> refusals = new LinkedHashMap<>();
        Response response =
                server.post(Definitions.PATH + "?dryRun=All", Definitions.definition("Celeval", schema(part)));
        if (response.status() == 201) {
            return refusals;
        }
        JsonNode causes = Trees.at(response.body(), "details", "causes");
        if (causes.isEmpty()) {
            ObjectNode whole = Trees.object().put("field", "");
            whole.set("message", AnswerCheck.orNull(response.body().get("message")));
            causes = Trees.array().add(whole);
        }
        for (JsonNode cause : causes) {
            Matcher matcher = PROPERTY.matcher(cause.path("field").asText());
            refusals.computeIfAbsent(matcher.find() ? matcher.group(1) : THE_WHOLE, property -> Trees.array())
                    .add(reasonAndMessage(cause));
        }
        return refusals;
    }

    private static ObjectNode reasonAndMessage(JsonNode cause) {
        ObjectNode both = Trees.object();
        both.set("reason", AnswerCheck.orNull(cause.get("reason")));
        both.set("message", AnswerCheck.orNull(cause.get("message")));
        return both;
    }
}

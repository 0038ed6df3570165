package dev.amphora.apiserver.policy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.Json;
import dev.amphora.apiserver.cel.Expression;
import dev.amphora.apiserver.cel.ExpressionScope;
import dev.amphora.apiserver.cel.SchemaType;
import dev.amphora.apiserver.schema.FieldSchema;
import dev.amphora.apiserver.schema.ResourceInfo;
import dev.amphora.apiserver.schema.SchemaCatalogue;
import dev.amphora.apiserver.schema.TypeSchema;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** Whether the expressions of a validating policy fit the kinds that it names. Kinds behind a wildcard are not looked at. */
public final class TypeChecks {
    private static final int MOST_KINDS = 10;
    private static final String NOT_COMPILED = "compilation failed: ";

    private TypeChecks() {}

    /**
     * What is doubtful about a policy.
     *
     * @param policy a ValidatingAdmissionPolicy
     * @param catalogue the kinds that are served now
     * @return as {@code status.typeChecking.expressionWarnings} has it
     */
    public static ArrayNode warnings(JsonNode policy, SchemaCatalogue catalogue) {
        JsonNode spec = policy.path("spec");
        Map<String, ExpressionScope> scopes = scopes(spec, catalogue);
        ArrayNode warnings = Json.mapper().createArrayNode();
        int index = 0;
        for (JsonNode validation : spec.path("validations")) {
            String place = "spec.validations[%d].".formatted(index++);
            check(
                    warnings,
                    scopes,
                    place + "expression",
                    validation.path("expression").asText(""));
            String message = validation.path("messageExpression").asText("");
            if (!message.isEmpty()) {
                check(warnings, scopes, place + "messageExpression", message);
            }
        }
        return warnings;
    }

    private static void check(
            ArrayNode warnings, Map<String, ExpressionScope> scopes, String place, String expression) {
        List<String> texts = new ArrayList<>();
        scopes.forEach((kind, scope) -> {
            String problem = scope.compile(expression).problem();
            if (problem.startsWith(NOT_COMPILED)) {
                texts.add(kind + ": " + problem.substring(NOT_COMPILED.length()) + "\n");
            }
        });
        if (!texts.isEmpty()) {
            warnings.addObject().put("fieldRef", place).put("warning", String.join("\n", texts));
        }
    }

    /** What expressions see of each kind that the policy names. */
    private static Map<String, ExpressionScope> scopes(JsonNode spec, SchemaCatalogue catalogue) {
        Map<String, ResourceInfo> kinds = new TreeMap<>();
        for (JsonNode rule : spec.path("matchConstraints").path("resourceRules")) {
            for (String group : plain(rule.path("apiGroups"))) {
                for (String version : plain(rule.path("apiVersions"))) {
                    for (String resource : plain(rule.path("resources"))) {
                        catalogue
                                .resource(group, version, resource)
                                .ifPresent(found -> kinds.put(group + " " + version + " " + found.kind(), found));
                    }
                }
            }
        }
        List<ResourceInfo> sorted = new ArrayList<>(kinds.values());
        sorted.sort(Comparator.comparing(ResourceInfo::group)
                .thenComparing(ResourceInfo::version)
                .thenComparing(ResourceInfo::kind));
        Map<String, ExpressionScope> scopes = new LinkedHashMap<>();
        for (ResourceInfo each : sorted.subList(0, Math.min(MOST_KINDS, sorted.size()))) {
            SchemaType type = catalogue
                    .findType(each.group(), each.version(), each.kind())
                    .map(found -> SchemaType.of(schema(found, new HashSet<>()), false, each.kind()))
                    .orElse(null);
            if (type != null) {
                scopes.put(each.group() + "/" + each.version() + ", Kind=" + each.kind(), scope(spec, type));
            }
        }
        return scopes;
    }

    private static ExpressionScope scope(JsonNode spec, SchemaType type) {
        ExpressionScope scope = ExpressionScope.ofRequests(spec.hasNonNull("paramKind"), type);
        for (JsonNode variable : spec.path("variables")) {
            Expression value = scope.compile(variable.path("expression").asText(""));
            scope = scope.with(variable.path("name").asText(""), value);
        }
        return scope;
    }

    /** The members of a list that name one thing. */
    private static List<String> plain(JsonNode list) {
        List<String> names = new ArrayList<>();
        for (JsonNode each : list) {
            String name = each.asText();
            if (!name.contains("*") && !name.contains("/")) {
                names.add(name);
            }
        }
        return names;
    }

    /** A type as a schema for expressions. Of a type within itself nothing is told. */
    private static ObjectNode schema(TypeSchema type, Set<String> outer) {
        ObjectNode schema = Json.object();
        switch (type.kind()) {
            case OBJECT -> object(schema.put("type", "object"), type, outer);
            case MAP -> schema.put("type", "object").set("additionalProperties", schema(type.element(), outer));
            case LIST -> schema.put("type", "array").set("items", schema(type.element(), outer));
            case STRING -> schema.put("type", "string");
            case BYTES -> schema.put("type", "string").put("format", "byte");
            case TIME, MICRO_TIME -> schema.put("type", "string").put("format", "date-time");
            case BOOLEAN -> schema.put("type", "boolean");
            case INT32, INT64 -> schema.put("type", "integer");
            case NUMBER -> schema.put("type", "number");
            case INT_OR_STRING, QUANTITY -> schema.put("x-kubernetes-int-or-string", true);
            default -> schema.put("type", "object").put("x-kubernetes-preserve-unknown-fields", true);
        }
        return schema;
    }

    private static void object(ObjectNode schema, TypeSchema type, Set<String> outer) {
        boolean named = !type.name().isEmpty();
        if (type.fields().isEmpty() || named && !outer.add(type.name())) {
            schema.put("x-kubernetes-preserve-unknown-fields", true);
            return;
        }
        ObjectNode properties = schema.putObject("properties");
        for (FieldSchema field : type.fields().values()) {
            properties.set(field.name(), schema(field.type(), outer));
        }
        if (named) {
            outer.remove(type.name());
        }
    }
}

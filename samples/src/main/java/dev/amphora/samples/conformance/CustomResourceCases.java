package dev.amphora.samples.conformance;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Cases about custom resource definitions and the objects of one definition each. */
final class CustomResourceCases {
    private static final int AT_A_TIME = 40;
    private static final String DRY_RUN = "?dryRun=All";
    private static final Duration FOR_CHANGED_SCHEMAS = Duration.ofMillis(500);

    private CustomResourceCases() {}

    /** Lines with {@code crd}: a definition that is posted as a dry run. */
    static void definitions(Cases.File file, List<ObjectNode> cases, Results results) {
        for (ObjectNode each : cases) {
            results.replay(each.path("name").asText(), () -> {
                String path = Definitions.PATH + DRY_RUN + strict(each);
                return compared(each, file.server().post(path, each.get("crd")));
            });
        }
    }

    private static String strict(JsonNode each) {
        return each.path("fieldValidation").asText().equals("Strict") ? "&fieldValidation=Strict" : "";
    }

    private static List<String> compared(JsonNode each, Response response) {
        boolean anyOrder = each.path("causeOrder").asText().equals("any");
        return AnswerCheck.ofObject(each.get("answer"), response, anyOrder);
    }

    /** Lines with {@code kind} and {@code schema}: an object of that kind is created, or stored and then updated or read. */
    static void objects(Cases.File file, List<ObjectNode> cases, Results results) {
        Map<String, List<ObjectNode>> byKind = new LinkedHashMap<>();
        cases.forEach(each -> byKind.computeIfAbsent(each.path("kind").asText(), kind -> new ArrayList<>())
                .add(each));
        List<Map.Entry<String, List<ObjectNode>>> kinds = new ArrayList<>(byKind.entrySet());
        for (int i = 0; i < kinds.size(); i += AT_A_TIME) {
            Map<String, JsonNode> schemas = new LinkedHashMap<>();
            List<ObjectNode> here = new ArrayList<>();
            kinds.subList(i, Math.min(kinds.size(), i + AT_A_TIME)).forEach(kind -> {
                ObjectNode first = kind.getValue().get(0);
                schemas.put(
                        kind.getKey(),
                        first.path("schemaWhenStored").isEmpty() ? first.get("schema") : first.get("schemaWhenStored"));
                here.addAll(kind.getValue());
            });
            Definitions definitions = Definitions.make(file.server(), file.pace(), schemas);
            objects(file, here, definitions, results);
            definitions.remove();
        }
    }

    private static void objects(Cases.File file, List<ObjectNode> cases, Definitions definitions, Results results) {
        Map<String, String> notStored = storeUnderFirstSchemas(file, cases, definitions);
        for (ObjectNode each : cases) {
            String name = each.path("name").asText();
            Response refusal = definitions.refused().get(each.path("kind").asText());
            boolean toBeRefused = each.path("definition").asBoolean();
            if (toBeRefused || refusal != null) {
                results.replay(
                        name,
                        () -> refusal == null
                                ? List.of("the definition was accepted")
                                : toBeRefused
                                        ? compared(each, refusal)
                                        : List.of("the definition was refused: " + refusal.brief()));
            } else if (notStored.containsKey(name)) {
                results.replayed(name, List.of(notStored.get(name)));
            } else {
                results.replay(name, () -> object(file.server(), each));
            }
        }
    }

    /** Stores what cases store under the first schema, and changes that; why some could not be stored, by case. */
    private static Map<String, String> storeUnderFirstSchemas(
            Cases.File file, List<ObjectNode> cases, Definitions definitions) {
        Server server = file.server();
        Map<String, String> notStored = new HashMap<>();
        boolean any = false;
        for (ObjectNode each : cases) {
            String kind = each.path("kind").asText();
            any |= each.has("schemaWhenStored");
            if (each.has("schemaWhenStored") && !definitions.refused().containsKey(kind)) {
                store(server, each, kind)
                        .forEach(why -> notStored.put(each.path("name").asText(), why));
                ObjectNode change =
                        Trees.object().put("op", "replace").put("path", "/spec/versions/0/schema/openAPIV3Schema");
                change.set("value", each.get("schema"));
                server.call(
                        "PATCH", Definitions.pathOf(kind), Trees.array().add(change), "application/json-patch+json");
            }
        }
        file.pace().pause(any ? FOR_CHANGED_SCHEMAS : Duration.ZERO);
        return notStored;
    }

    private static List<String> store(Server server, JsonNode each, String kind) {
        Response stored = server.post(Definitions.collectionOf(kind), Definitions.object(kind, each.path("old")));
        return stored.status() == 201 ? List.of() : List.of("old: " + stored.status() + " " + stored.brief());
    }

    private static List<String> object(Server server, JsonNode each) {
        String kind = each.path("kind").asText();
        String collection = Definitions.collectionOf(kind);
        if (each.has("create")) {
            ObjectNode object = Definitions.object(kind, each.get("create"));
            return compared(each, server.post(collection + DRY_RUN + strict(each), object));
        }
        if (!each.has("schemaWhenStored")) {
            List<String> why = store(server, each, kind);
            if (!why.isEmpty()) {
                return why;
            }
        }
        String path = collection + "/c";
        Response answer = server.get(path);
        if (each.has("update")) {
            ObjectNode object = Definitions.object(kind, each.get("update"));
            ((ObjectNode) object.get("metadata"))
                    .set("resourceVersion", Trees.at(answer.body(), "metadata", "resourceVersion"));
            answer = server.call("PUT", path, object, "application/json");
        }
        List<String> differences = compared(each, answer);
        server.call("DELETE", path);
        return differences;
    }
}

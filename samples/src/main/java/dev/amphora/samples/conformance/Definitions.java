package dev.amphora.samples.conformance;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Custom resource definitions: how cases make them, and when they have taken effect. */
final class Definitions {
    static final String GROUP = "cases.example.com";
    static final String PATH = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";

    private static final Duration FOR_EFFECT = Duration.ofSeconds(12);
    private static final Duration LOOK = Duration.ofMillis(30);

    private final Server server;
    private final Cleaner cleaner;
    private final Map<String, Response> refused = new HashMap<>();

    private Definitions(Server server, Pace pace) {
        this.server = server;
        this.cleaner = new Cleaner(server, pace);
    }

    /** Defines some resources at a time, as the server delays creations in the first seconds after a resource became established. */
    static Definitions make(Server server, Pace pace, Map<String, JsonNode> schemaByKind) {
        Definitions definitions = new Definitions(server, pace);
        ObjectNode any = Trees.object().put("type", "object");
        server.post(PATH, definition("Keep", any)); // keeps the group registered
        schemaByKind.forEach(definitions::make);
        awaitEffect(server, pace, definitions.cleaner.made());
        return definitions;
    }

    private void make(String kind, JsonNode schema) {
        String path = pathOf(kind);
        Response made = server.post(PATH, definition(kind, schema));
        if (made.status() == 409) {
            cleaner.remove(path);
            made = server.post(PATH, definition(kind, schema));
        }
        if (made.status() == 201) {
            cleaner.add(path);
        } else {
            refused.put(kind, made);
        }
    }

    /** The answers to those that were not accepted, by kind. */
    Map<String, Response> refused() {
        return refused;
    }

    void remove() {
        cleaner.clean();
    }

    static String pathOf(String kind) {
        return PATH + "/" + plural(kind) + "." + GROUP;
    }

    /** Where the objects of a kind are, in the namespace {@code default}. */
    static String collectionOf(String kind) {
        return "/apis/" + GROUP + "/v1/namespaces/default/" + plural(kind);
    }

    private static String plural(String kind) {
        return kind.toLowerCase(Locale.ROOT) + "s";
    }

    static ObjectNode definition(String kind, JsonNode schema) {
        ObjectNode version =
                Trees.object().put("name", "v1").put("served", true).put("storage", true);
        version.putObject("schema").set("openAPIV3Schema", schema);
        return definition(kind, GROUP, version);
    }

    static ObjectNode definition(String kind, String group, ObjectNode version) {
        String plural = plural(kind);
        ObjectNode definition =
                Trees.object().put("apiVersion", "apiextensions.k8s.io/v1").put("kind", "CustomResourceDefinition");
        definition.putObject("metadata").put("name", plural + "." + group);
        ObjectNode spec = definition.putObject("spec").put("group", group).put("scope", "Namespaced");
        spec.putObject("names")
                .put("plural", plural)
                .put("singular", plural.substring(0, plural.length() - 1))
                .put("kind", kind)
                .put("listKind", kind + "List");
        spec.putArray("versions").add(version);
        return definition;
    }

    /** An object of a kind, with what a case gives it. */
    static ObjectNode object(String kind, JsonNode given) {
        ObjectNode object = Trees.object().put("apiVersion", GROUP + "/v1").put("kind", kind);
        ObjectNode metadata = object.putObject("metadata").put("name", "c");
        Trees.members(given.path("metadata")).forEach(member -> metadata.set(member.getKey(), member.getValue()));
        for (Map.Entry<String, JsonNode> member : Trees.members(given)) {
            if (!member.getKey().equals("metadata")) {
                object.set(member.getKey(), member.getValue());
            }
        }
        return object;
    }

    /** Waits until the definitions among these paths are established and served, or their names are refused. */
    static void awaitEffect(Server server, Pace pace, List<String> paths) {
        for (String path : paths) {
            if (path.contains("/customresourcedefinitions/")) {
                Instant end = pace.now().plus(FOR_EFFECT);
                while (!settled(server, path) && pace.now().isBefore(end)) {
                    pace.pause(LOOK);
                }
            }
        }
    }

    private static boolean settled(Server server, String path) {
        Response response = server.get(path);
        JsonNode definition = response.body();
        Map<String, String> conditions = new HashMap<>();
        for (JsonNode condition : Trees.at(definition, "status", "conditions")) {
            conditions.put(
                    condition.path("type").asText(), condition.path("status").asText());
        }
        if (response.status() == 404 || "False".equals(conditions.get("NamesAccepted"))) {
            return true;
        }
        if (!"True".equals(conditions.get("Established"))) {
            return false;
        }
        for (JsonNode version : Trees.at(definition, "spec", "versions")) {
            if (version.path("served").asBoolean()) {
                JsonNode spec = definition.path("spec");
                int status = server.get("/apis/%s/%s/%s"
                                .formatted(
                                        spec.path("group").asText(),
                                        version.path("name").asText(),
                                        Trees.at(spec, "names", "plural").asText()))
                        .status();
                return status != 404 && status != 429 && status != 503;
            }
        }
        return true;
    }
}

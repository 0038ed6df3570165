package dev.amphora.samples.conformance;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** Replays files that hold one document: discovery, OpenAPI, metrics, the bootstrap policy, field labels. */
final class Documents {
    private static final String AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
    private static final Set<String> BY_NAME = Set.of("bootstrap.json", "fieldlabels.json");
    private static final String DISCOVERY = "/discovery/";
    /** Custom resources that other cases have left are none of the recording's. */
    private static final String OF_TESTS = "example.com";

    private final Cases.File file;
    private final Server server;
    private final JsonNode doc;
    private final Results results;
    private final String name;
    private final String base;
    private final Bindings bindings = new Bindings();

    private Documents(Cases.File file, JsonNode doc, Results results) {
        this.file = file;
        this.server = file.server();
        this.doc = doc;
        this.results = results;
        String path = file.path().toString().replace('\\', '/');
        int from = path.lastIndexOf(DISCOVERY);
        this.name = from < 0 ? path : path.substring(from + DISCOVERY.length());
        this.base = name.substring(name.lastIndexOf('/') + 1);
    }

    /** Whether a file holds a document. */
    static boolean is(Path file) {
        String path = file.toString().replace('\\', '/');
        return path.contains(DISCOVERY) || BY_NAME.contains(String.valueOf(file.getFileName()));
    }

    static void replay(Cases.File file, JsonNode doc, Results results) {
        Documents documents = new Documents(file, doc, results);
        try {
            documents.replay();
        } catch (RuntimeException e) {
            results.replayed(documents.name, List.of(e.getClass().getSimpleName() + ": " + e.getMessage()));
        }
    }

    private void replay() {
        if (base.equals("bootstrap.json")) {
            bootstrap();
        } else if (base.equals("fieldlabels.json")) {
            FieldLabels.replay(file, doc, results);
        } else if (name.equals("version.json")) {
            Set<String> ofTheBuild =
                    Set.of("gitCommit", "gitTreeState", "buildDate", "goVersion", "compiler", "platform");
            UnaryOperator<JsonNode> kept = tree -> ((ObjectNode) tree.deepCopy()).without(ofTheBuild);
            whole(kept.apply(doc), kept.apply(fetch("/version")), "body");
        } else if (name.equals("api.json")
                || name.equals("apis.json")
                || name.startsWith("groups/")
                || name.startsWith("resources/")) {
            JsonNode got = fetch("/" + base.replace(".json", "").replace('_', '/'));
            dropOfTests(got.path("groups"), "name");
            whole(doc, got, "body");
        } else if (name.startsWith("aggregated/")) {
            JsonNode got = fetch("/" + base.substring(0, base.indexOf('_')), AGGREGATED)
                    .body();
            dropOfTests(got.path("items"), "metadata", "name");
            whole(doc, got, "body");
        } else if (name.equals("root.json")) {
            List<String> paths = new ArrayList<>(Trees.texts(fetch("/").path("paths")));
            paths.removeIf(path -> path.contains(OF_TESTS));
            whole(doc, Trees.object().set("paths", Trees.array(paths)), "body");
        } else if (name.equals("metrics.json")) {
            MetricFamilies.replay(fetch("/metrics", "text/plain").text(), doc, results);
        } else if (name.startsWith("openapi-v2/")) {
            openApiV2();
        } else if (name.startsWith("openapi-v3/")) {
            openApiV3();
        } else {
            results.replayed(name, List.of("unknown document"));
        }
    }

    private JsonNode fetch(String path) {
        return fetch(path, "application/json").body();
    }

    private Response fetch(String path, String accept) {
        Response response = server.call(
                Trees.object().put("method", "GET").put("path", path).put("accept", accept));
        if (response.status() != 200) {
            throw new IllegalStateException("GET " + path + ": " + response.status());
        }
        return response;
    }

    private void whole(JsonNode want, JsonNode got, String at) {
        results.replayed(name, Comparison.of(want, got, bindings, at));
    }

    private static void dropOfTests(JsonNode list, String... nameOf) {
        if (list instanceof ArrayNode array) {
            for (int i = array.size() - 1; i >= 0; i--) {
                if (Trees.at(array.get(i), nameOf).asText().contains(OF_TESTS)) {
                    array.remove(i);
                }
            }
        }
    }

    /** One result for each member of the recording, and one for those that are too many. */
    private void perMember(JsonNode want, JsonNode got, String what) {
        for (Map.Entry<String, JsonNode> member : Trees.members(want)) {
            String key = member.getKey();
            List<String> differences =
                    got.has(key) ? Comparison.of(member.getValue(), got.get(key), bindings, key) : List.of("missing");
            results.replayed(what + " " + key, differences);
        }
        Set<String> others = new TreeSet<>();
        got.fieldNames().forEachRemaining(others::add);
        want.fieldNames().forEachRemaining(others::remove);
        results.replayed(
                what + " (others)",
                others.stream().map(other -> "not expected: " + other).toList());
    }

    private void openApiV2() {
        JsonNode got = fetch("/openapi/v2");
        switch (base) {
            case "index.json" -> {
                Set<String> definitions = new TreeSet<>();
                got.path("definitions").fieldNames().forEachRemaining(definitions::add);
                definitions.removeIf(Documents::isOfTests);
                whole(doc.path("definitions"), Trees.array(definitions), "definitions");
            }
            case "extensions.json" -> perMember(doc, digests(got.path("definitions"), OpenApiDigest::extensions), name);
            case "paths.json" -> perMember(doc, digests(got.path("paths"), OpenApiDigest::v2), name);
            default -> whole(doc, Shapes.withoutDescriptions(orEmpty(got.get("parameters"))), "parameters");
        }
    }

    private static boolean isOfTests(String name) {
        return name.contains(OF_TESTS) || name.startsWith("com.example");
    }

    private static JsonNode orEmpty(@Nullable JsonNode node) {
        return node == null ? Trees.object() : node;
    }

    private static ObjectNode digests(JsonNode members, UnaryOperator<JsonNode> digest) {
        ObjectNode digests = Trees.object();
        for (Map.Entry<String, JsonNode> member : Trees.members(members)) {
            if (!isOfTests(member.getKey())) {
                digests.set(member.getKey(), digest.apply(member.getValue()));
            }
        }
        return digests;
    }

    private void openApiV3() {
        if (base.equals("index.json")) {
            ObjectNode got = (ObjectNode) fetch("/openapi/v3");
            got.set("paths", digests(got.path("paths"), item -> item));
            whole(doc.path("body"), got, "body");
        } else if (name.contains("/groups/")) {
            openApiV3Group(fetch(doc.path("path").asText()));
        } else {
            openApiV3Schemas();
        }
    }

    private void openApiV3Group(JsonNode got) {
        ObjectNode parameters = Trees.object();
        for (Map.Entry<String, JsonNode> path : Trees.members(got.path("paths"))) {
            for (Map.Entry<String, JsonNode> member : Trees.members(path.getValue())) {
                JsonNode list = member.getKey().equals("parameters")
                        ? member.getValue()
                        : member.getValue().path("parameters");
                list.forEach(each -> parameters.set(OpenApiDigest.place(each), Shapes.withoutDescriptions(each)));
            }
        }
        ObjectNode top = got.deepCopy();
        top.remove(List.of("paths", "components"));
        Set<String> schemas = new TreeSet<>();
        Trees.at(got, "components", "schemas").fieldNames().forEachRemaining(schemas::add);
        ObjectNode parts = Trees.object();
        parts.set("topLevel", top);
        parts.set("securitySchemes", AnswerCheck.orNull(Trees.at(got, "components", "securitySchemes")));
        parts.set("schemas", Trees.array(schemas));
        parts.set("parameterSchemas", parameters);
        for (Map.Entry<String, JsonNode> part : Trees.members(parts)) {
            JsonNode want = AnswerCheck.orNull(doc.get(part.getKey()));
            results.replayed(name + " " + part.getKey(), Comparison.of(want, part.getValue(), bindings, part.getKey()));
        }
        perMember(doc.path("paths"), digests(got.path("paths"), OpenApiDigest::v3), name);
    }

    private void openApiV3Schemas() {
        ObjectNode schemas = Trees.object();
        ObjectNode differing = Trees.object();
        fetch("/openapi/v3").path("paths").fieldNames().forEachRemaining(path -> {
            if (isOfTests(path)) {
                return;
            }
            JsonNode group = fetch("/openapi/v3/" + path);
            for (Map.Entry<String, JsonNode> schema : Trees.members(Trees.at(group, "components", "schemas"))) {
                JsonNode own = Shapes.withoutDescriptions(schema.getValue());
                schemas.putIfAbsent(schema.getKey(), own);
                if (!schemas.get(schema.getKey()).equals(own)) {
                    differing.withObjectProperty(schema.getKey()).set(path, own);
                }
            }
        });
        perMember(doc, base.equals("schemas.json") ? schemas : differing, name);
    }

    /** The roles and bindings that the server makes at its start. */
    private void bootstrap() {
        Map<String, String> plurals = Map.of(
                "clusterRoles", "clusterroles",
                "clusterRoleBindings", "clusterrolebindings",
                "roles", "roles",
                "roleBindings", "rolebindings");
        for (String part : List.of("clusterRoles", "clusterRoleBindings", "roles", "roleBindings")) {
            ObjectNode got = Trees.object();
            for (JsonNode object : fetch("/apis/rbac.authorization.k8s.io/v1/" + plurals.get(part))
                    .path("items")) {
                JsonNode metadata = object.path("metadata");
                if (metadata.path("labels").has("kubernetes.io/bootstrapping")) {
                    ObjectNode kept = Trees.pick(metadata, List.of("name", "namespace", "labels", "annotations"));
                    kept.setAll(Trees.pick(object, List.of("aggregationRule", "rules", "roleRef", "subjects")));
                    got.set(key(metadata), kept);
                }
            }
            ObjectNode want = Trees.object();
            doc.path(part).forEach(object -> want.set(key(object), object));
            perMember(want, got, part);
        }
    }

    private static String key(JsonNode names) {
        return names.path("namespace").asText() + "/" + names.path("name").asText();
    }
}

package dev.amphora.samples.conformance;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;

/** Which labels a field selector may use, for each resource, one of them a custom one. */
final class FieldLabels {
    private static final String UNKNOWN = "fieldSelector=bogus.label%3Dx";

    private FieldLabels() {}

    static void replay(Cases.File file, JsonNode doc, Results results) {
        Cleaner cleaner = file.session().newCleaner();
        Response made = file.server().post(Definitions.PATH, widgets());
        cleaner.saw(Trees.object().put("method", "POST").put("path", Definitions.PATH), made);
        Definitions.awaitEffect(file.server(), file.pace(), cleaner.made());
        for (JsonNode resource : doc.path("resources")) {
            String name = "field labels of " + resource.path("groupVersion").asText() + " "
                    + resource.path("resource").asText();
            results.replay(name, () -> differences(file.server(), doc.path("probed"), resource));
        }
        cleaner.clean();
    }

    private static ObjectNode widgets() {
        ObjectNode version =
                Trees.object().put("name", "v1").put("served", true).put("storage", true);
        ObjectNode schema =
                version.putObject("schema").putObject("openAPIV3Schema").put("type", "object");
        ObjectNode spec = schema.putObject("properties").putObject("spec").put("type", "object");
        ObjectNode properties = spec.putObject("properties");
        properties.putObject("replicas").put("type", "integer");
        properties.putObject("type").put("type", "string");
        version.putArray("selectableFields")
                .add(Trees.object().put("jsonPath", ".spec.replicas"))
                .add(Trees.object().put("jsonPath", ".spec.type"));
        return Definitions.definition("Widget", "vectors.test", version);
    }

    private static List<String> differences(Server server, JsonNode probed, JsonNode resource) {
        String groupVersion = resource.path("groupVersion").asText();
        String plural = resource.path("resource").asText();
        String root = groupVersion.equals("v1") ? "/api/v1" : "/apis/" + groupVersion;
        String path = root + "/" + plural;
        Bindings none = new Bindings();
        TreeSet<String> supported = new TreeSet<>();
        for (String label : Trees.texts(probed)) {
            if (server.get(path + "?limit=1&fieldSelector=" + label + "%3Dx").status() == 200) {
                supported.add(label);
            }
        }
        TreeSet<String> wanted = new TreeSet<>(Trees.texts(resource.path("supported")));
        List<String> out =
                new ArrayList<>(Comparison.of(Trees.array(wanted), Trees.array(supported), none, "supported"));
        JsonNode unsupported = resource.path("unsupported");
        if (unsupported.path("status").asInt() != 200) {
            Response response = server.get(path + "?limit=1&" + UNKNOWN);
            ObjectNode got = Trees.object().put("status", response.status());
            got.set("body", response.body());
            out.addAll(Comparison.of(unsupported, got, none, "unsupported"));
        }
        String collection = resource.path("namespaced").asBoolean() ? root + "/namespaces/vectors/" + plural : path;
        out.addAll(refusal(resource, "watchUnsupported", server, "GET", path + "?watch=1&timeoutSeconds=1&" + UNKNOWN));
        out.addAll(refusal(resource, "deleteCollectionUnsupported", server, "DELETE", collection + "?" + UNKNOWN));
        return out;
    }

    private static List<String> refusal(JsonNode resource, String key, Server server, String method, String path) {
        if (!resource.has(key)) {
            return List.of();
        }
        Response response = server.call(method, path);
        ObjectNode got = Trees.object().put("status", response.status());
        got.set("message", AnswerCheck.orNull(response.body().get("message")));
        return Comparison.of(resource.get(key), got, new Bindings(), key);
    }
}

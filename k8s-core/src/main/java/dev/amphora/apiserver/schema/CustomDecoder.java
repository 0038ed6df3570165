package dev.amphora.apiserver.schema;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.apiserver.schema.JsonText.RepeatingObject;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Fits a custom object to its schema: drops fields that the schema doesn't name, and treats metadata like that of built-in kinds.
 * Values of a wrong type stay; they are for validation to name.
 */
final class CustomDecoder {
    private final List<String> repeated = new ArrayList<>();
    private final List<String> unknown = new ArrayList<>();

    private CustomDecoder() {}

    static Decoder.Result decode(JsonNode tree, BodyDecoder.Pruner pruner) {
        Decoder.checkDepth(tree);
        CustomDecoder decoder = new CustomDecoder();
        decoder.findRepeated(tree, "");
        ObjectNode result = JsonNodeFactory.instance.objectNode();
        ObjectNode rest = JsonNodeFactory.instance.objectNode();
        for (Map.Entry<String, JsonNode> entry : tree.properties()) {
            String name = entry.getKey();
            if (name.equals("apiVersion") || name.equals("kind")) {
                result.set(name, entry.getValue());
            } else if (name.equals("metadata")) {
                result.set(name, decoder.metadata(entry.getValue()));
            } else {
                rest.set(name, entry.getValue());
            }
        }
        ObjectNode pruned = rest.deepCopy();
        decoder.unknown(pruner.prune(pruned));
        result.setAll(pruned);
        List<String> errors = new ArrayList<>(decoder.repeated);
        errors.addAll(decoder.unknown);
        return new Decoder.Result(result, errors);
    }

    private JsonNode metadata(JsonNode node) {
        if (!node.isObject()) {
            return node;
        }
        TypeSchema type = BuiltInDefinitions.instance().definition("io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta");
        Decoder.Result result = Decoder.decode(node, type);
        for (String error : result.strictErrors()) {
            if (error.startsWith("unknown")) {
                unknown.add(error.replaceFirst("\"", "\"metadata."));
            }
        }
        return result.value();
    }

    private void unknown(List<String> paths) {
        paths.forEach(path -> unknown.add("unknown field \"" + path + "\""));
    }

    private void findRepeated(JsonNode node, String path) {
        if (node instanceof RepeatingObject) {
            for (RepeatingObject.Repeated r : ((RepeatingObject) node).repeated()) {
                repeated.add("duplicate field \"" + (path.isEmpty() ? "" : path + ".") + r.name() + "\"");
            }
        }
        if (node.isArray()) {
            for (int i = 0; i < node.size(); i++) {
                findRepeated(node.get(i), path + "[" + i + "]");
            }
        }
        for (Map.Entry<String, JsonNode> entry : node.properties()) {
            if (entry.getValue().isContainerNode()) {
                findRepeated(entry.getValue(), path.isEmpty() ? entry.getKey() : path + "." + entry.getKey());
            }
        }
    }
}

package dev.amphora.apiserver.schema;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.apiserver.schema.JsonText.RepeatingObject;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Fits a custom object to its schema: drops fields that the schema doesn't name, and treats metadata like that of built-in kinds.
 * Values of a wrong type stay; they are for validation to name.
 */
final class StructuralDecoder {
    private final List<String> repeated = new ArrayList<>();
    private final List<String> unknown = new ArrayList<>();

    private StructuralDecoder() {}

    static Decoder.Result decode(JsonNode tree, TypeSchema type) {
        Decoder.checkDepth(tree);
        StructuralDecoder decoder = new StructuralDecoder();
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
        JsonNode pruned = decoder.prune(rest, type, "");
        result.setAll((ObjectNode) pruned);
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

    private JsonNode prune(JsonNode node, TypeSchema type, String path) {
        if (node.isArray() && type.kind() == TypeSchema.Kind.LIST) {
            ArrayNode result = JsonNodeFactory.instance.arrayNode(node.size());
            for (int i = 0; i < node.size(); i++) {
                result.add(prune(node.get(i), type.element(), path + "[" + i + "]"));
            }
            return result;
        }
        if (!node.isObject() || type.kind() != TypeSchema.Kind.OBJECT && type.kind() != TypeSchema.Kind.MAP) {
            return node;
        }
        ObjectNode result = JsonNodeFactory.instance.objectNode();
        for (Map.Entry<String, JsonNode> entry : node.properties()) {
            String name = entry.getKey();
            String childPath = path.isEmpty() ? name : path + "." + name;
            TypeSchema child = child(type, name);
            if (child != null) {
                result.set(name, prune(entry.getValue(), child, childPath));
            } else if (type.preserveUnknownFields() || type.embeddedResource() && isObjectField(name)) {
                result.set(name, entry.getValue());
            } else {
                unknown.add("unknown field \"" + childPath + "\"");
            }
        }
        return result;
    }

    private static boolean isObjectField(String name) {
        return name.equals("apiVersion") || name.equals("kind") || name.equals("metadata");
    }

    private static @Nullable TypeSchema child(TypeSchema type, String name) {
        if (type.kind() == TypeSchema.Kind.MAP) {
            return type.element();
        }
        FieldSchema field = type.fields().get(name);
        return field == null ? null : field.type();
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

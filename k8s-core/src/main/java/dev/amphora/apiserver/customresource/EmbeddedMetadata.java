package dev.amphora.apiserver.customresource;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.base.Suppliers;
import dev.amphora.apiserver.schema.DecodeException;
import dev.amphora.apiserver.schema.Decoder;
import dev.amphora.apiserver.schema.SchemaCatalogue;
import dev.amphora.apiserver.schema.TypeSchema;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/** The metadata of whole objects inside of custom ones: fields that metadata doesn't have are dropped. */
final class EmbeddedMetadata {
    private static final String UNKNOWN = "unknown field \"";
    private static final Supplier<TypeSchema> TYPE = Suppliers.memoize(() -> SchemaCatalogue.builtIn()
            .definition("io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta")
            .orElseThrow());

    private EmbeddedMetadata() {}

    /**
     * Fits the metadata of embedded objects, in place.
     *
     * @param unknown receives the paths of what was dropped
     * @throws DecodeException if metadata has fields of a wrong type
     */
    static void fit(JsonNode value, Structural schema, String path, List<String> unknown) {
        if (value.isArray() && schema.items() != null) {
            for (int i = 0; i < value.size(); i++) {
                whole(value.get(i), schema.items(), path + "[" + i + "]", unknown);
            }
        } else if (value.isObject()) {
            for (Map.Entry<String, JsonNode> field : value.properties()) {
                Structural below = schema.field(field.getKey());
                if (below != null) {
                    String place = path.isEmpty() ? field.getKey() : path + "." + field.getKey();
                    whole(field.getValue(), below, place, unknown);
                }
            }
        }
    }

    private static void whole(JsonNode value, Structural schema, String path, List<String> unknown) {
        if (schema.embedded()
                && value instanceof ObjectNode object
                && object.path("metadata").isObject()) {
            Decoder.Result result = Decoder.decode(object.path("metadata"), TYPE.get());
            for (String error : result.strictErrors()) {
                if (error.startsWith(UNKNOWN)) {
                    unknown.add(path + ".metadata." + error.substring(UNKNOWN.length(), error.length() - 1));
                }
            }
            object.set("metadata", result.value());
        }
        fit(value, schema, path, unknown);
    }
}

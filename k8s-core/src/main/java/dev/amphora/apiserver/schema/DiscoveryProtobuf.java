package dev.amphora.apiserver.schema;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.protobuf.ByteString;
import com.google.protobuf.CodedOutputStream;
import java.io.IOException;

/** Writes aggregated discovery in its binary form, which no OpenAPI definition describes. */
public final class DiscoveryProtobuf {
    private DiscoveryProtobuf() {}

    /**
     * The document in the envelope that every object has.
     *
     * @param document an {@code APIGroupDiscoveryList}
     */
    public static byte[] encode(JsonNode document) {
        return ProtobufCodec.envelope(
                document.path("apiVersion").asText(), document.path("kind").asText(), ProtobufWriter.message(out -> {
                    out.writeBytes(1, ByteString.EMPTY);
                    for (JsonNode group : document.path("items")) {
                        out.writeBytes(2, ProtobufWriter.message(each -> group(each, group)));
                    }
                }));
    }

    private static void group(CodedOutputStream out, JsonNode group) throws IOException {
        out.writeBytes(1, ProtobufWriter.message(metadata -> {
            String name = group.path("metadata").path("name").asText();
            if (!name.isEmpty()) {
                metadata.writeString(1, name);
            }
        }));
        for (JsonNode version : group.path("versions")) {
            out.writeBytes(2, ProtobufWriter.message(each -> {
                text(each, 1, version, "version");
                for (JsonNode resource : version.path("resources")) {
                    each.writeBytes(2, ProtobufWriter.message(r -> resource(r, resource)));
                }
                text(each, 3, version, "freshness");
            }));
        }
    }

    private static void resource(CodedOutputStream out, JsonNode resource) throws IOException {
        text(out, 1, resource, "resource");
        kind(out, 2, resource.path("responseKind"));
        text(out, 3, resource, "scope");
        text(out, 4, resource, "singularResource");
        texts(out, 5, resource.path("verbs"));
        texts(out, 6, resource.path("shortNames"));
        texts(out, 7, resource.path("categories"));
        for (JsonNode subresource : resource.path("subresources")) {
            out.writeBytes(8, ProtobufWriter.message(each -> {
                text(each, 1, subresource, "subresource");
                kind(each, 2, subresource.path("responseKind"));
                texts(each, 4, subresource.path("verbs"));
            }));
        }
    }

    private static void kind(CodedOutputStream out, int number, JsonNode kind) throws IOException {
        out.writeBytes(number, ProtobufWriter.message(each -> {
            text(each, 1, kind, "group");
            text(each, 2, kind, "version");
            text(each, 3, kind, "kind");
        }));
    }

    private static void text(CodedOutputStream out, int number, JsonNode node, String name) throws IOException {
        out.writeString(number, node.path(name).asText());
    }

    private static void texts(CodedOutputStream out, int number, JsonNode values) throws IOException {
        for (JsonNode value : values) {
            out.writeString(number, value.asText());
        }
    }
}

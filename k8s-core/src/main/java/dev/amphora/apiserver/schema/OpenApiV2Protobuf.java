package dev.amphora.apiserver.schema;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.protobuf.ByteString;
import com.google.protobuf.CodedOutputStream;
import java.io.IOException;
import java.util.Map;

/** Writes an OpenAPI v2 document in the binary form that Go clients ask for, {@code com.github.proto-openapi.spec.v2}. */
final class OpenApiV2Protobuf {
    private static final String[] METHODS = {"get", "put", "post", "delete", "options", "head", "patch"};

    private OpenApiV2Protobuf() {}

    static byte[] write(JsonNode document) {
        return ProtobufWriter.message(out -> {
                    out.writeString(1, document.path("swagger").asText());
                    out.writeBytes(2, ProtobufWriter.message(info -> {
                        info.writeString(1, document.path("info").path("title").asText());
                        info.writeString(
                                2, document.path("info").path("version").asText());
                    }));
                    out.writeBytes(8, ProtobufWriter.message(paths -> {
                        for (Map.Entry<String, JsonNode> path :
                                document.path("paths").properties()) {
                            named(paths, 2, path.getKey(), ProtobufWriter.message(p -> path(p, path.getValue())));
                        }
                    }));
                    out.writeBytes(9, namedSchemas(document.path("definitions")));
                    out.writeBytes(10, ProtobufWriter.message(shared -> {
                        for (Map.Entry<String, JsonNode> parameter :
                                document.path("parameters").properties()) {
                            named(shared, 1, parameter.getKey(), parameter(parameter.getValue()));
                        }
                    }));
                    for (JsonNode requirement : document.path("security")) {
                        out.writeBytes(12, ProtobufWriter.message(each -> {
                            for (Map.Entry<String, JsonNode> scheme : requirement.properties()) {
                                named(each, 1, scheme.getKey(), ByteString.EMPTY);
                            }
                        }));
                    }
                    out.writeBytes(13, ProtobufWriter.message(schemes -> {
                        for (Map.Entry<String, JsonNode> scheme :
                                document.path("securityDefinitions").properties()) {
                            named(schemes, 1, scheme.getKey(), apiKey(scheme.getValue()));
                        }
                    }));
                })
                .toByteArray();
    }

    private static ByteString apiKey(JsonNode scheme) {
        return ProtobufWriter.message(item -> item.writeBytes(2, ProtobufWriter.message(key -> {
            text(key, 1, scheme.path("type"));
            text(key, 2, scheme.path("name"));
            text(key, 3, scheme.path("in"));
            text(key, 4, scheme.path("description"));
        })));
    }

    private static void named(CodedOutputStream out, int number, String name, ByteString value) throws IOException {
        out.writeBytes(number, ProtobufWriter.message(entry -> {
            entry.writeString(1, name);
            entry.writeBytes(2, value);
        }));
    }

    /** A value of any kind travels as YAML, which JSON is. */
    private static ByteString any(JsonNode value) {
        return ProtobufWriter.message(any -> any.writeString(2, value.toString() + "\n"));
    }

    private static void extensions(CodedOutputStream out, int number, JsonNode node) throws IOException {
        for (Map.Entry<String, JsonNode> member : node.properties()) {
            if (member.getKey().startsWith("x-")) {
                named(out, number, member.getKey(), any(member.getValue()));
            }
        }
    }

    private static void text(CodedOutputStream out, int number, JsonNode value) throws IOException {
        if (value.isTextual()) {
            out.writeString(number, value.textValue());
        }
    }

    private static void texts(CodedOutputStream out, int number, JsonNode values) throws IOException {
        for (JsonNode value : values) {
            out.writeString(number, value.asText());
        }
    }

    private static void path(CodedOutputStream out, JsonNode path) throws IOException {
        for (int i = 0; i < METHODS.length; i++) {
            JsonNode operation = path.path(METHODS[i]);
            if (operation.isObject()) {
                out.writeBytes(i + 2, ProtobufWriter.message(o -> operation(o, operation)));
            }
        }
        for (JsonNode parameter : path.path("parameters")) {
            out.writeBytes(9, parametersItem(parameter));
        }
    }

    private static void operation(CodedOutputStream out, JsonNode operation) throws IOException {
        texts(out, 1, operation.path("tags"));
        text(out, 5, operation.path("operationId"));
        texts(out, 6, operation.path("produces"));
        texts(out, 7, operation.path("consumes"));
        for (JsonNode parameter : operation.path("parameters")) {
            out.writeBytes(8, parametersItem(parameter));
        }
        out.writeBytes(9, ProtobufWriter.message(responses -> {
            for (Map.Entry<String, JsonNode> response :
                    operation.path("responses").properties()) {
                named(
                        responses,
                        1,
                        response.getKey(),
                        ProtobufWriter.message(value ->
                                value.writeBytes(1, ProtobufWriter.message(r -> response(r, response.getValue())))));
            }
        }));
        extensions(out, 13, operation);
    }

    private static void response(CodedOutputStream out, JsonNode response) throws IOException {
        text(out, 1, response.path("description"));
        if (response.path("schema").isObject()) {
            out.writeBytes(2, ProtobufWriter.message(item -> item.writeBytes(1, schema(response.path("schema")))));
        }
    }

    private static ByteString parametersItem(JsonNode parameter) {
        return ProtobufWriter.message(item -> {
            if (parameter.has("$ref")) {
                item.writeBytes(2, ProtobufWriter.message(reference -> text(reference, 1, parameter.path("$ref"))));
            } else {
                item.writeBytes(1, parameter(parameter));
            }
        });
    }

    private static ByteString parameter(JsonNode parameter) {
        return ProtobufWriter.message(out -> {
            String in = parameter.path("in").asText();
            if (in.equals("body")) {
                out.writeBytes(1, ProtobufWriter.message(body -> {
                    text(body, 2, parameter.path("name"));
                    text(body, 3, parameter.path("in"));
                    body.writeBool(4, parameter.path("required").asBoolean());
                    body.writeBytes(5, schema(parameter.path("schema")));
                }));
                return;
            }
            boolean path = in.equals("path");
            out.writeBytes(
                    2,
                    ProtobufWriter.message(other -> other.writeBytes(path ? 4 : 3, ProtobufWriter.message(p -> {
                        p.writeBool(1, parameter.path("required").asBoolean());
                        text(p, 2, parameter.path("in"));
                        text(p, 4, parameter.path("name"));
                        text(p, path ? 5 : 6, parameter.path("type"));
                        p.writeBool(
                                path ? 19 : 20, parameter.path("uniqueItems").asBoolean());
                    }))));
        });
    }

    private static ByteString namedSchemas(JsonNode schemas) {
        return ProtobufWriter.message(out -> {
            for (Map.Entry<String, JsonNode> schema : schemas.properties()) {
                named(out, 1, schema.getKey(), schema(schema.getValue()));
            }
        });
    }

    private static ByteString schema(JsonNode schema) {
        return ProtobufWriter.message(out -> {
            text(out, 1, schema.path("$ref"));
            text(out, 2, schema.path("format"));
            text(out, 4, schema.path("description"));
            if (schema.has("default")) {
                out.writeBytes(5, any(schema.path("default")));
            }
            texts(out, 19, schema.path("required"));
            for (JsonNode value : schema.path("enum")) {
                out.writeBytes(20, any(value));
            }
            JsonNode values = schema.path("additionalProperties");
            if (values.isObject()) {
                out.writeBytes(21, ProtobufWriter.message(item -> item.writeBytes(1, schema(values))));
            } else if (values.isBoolean()) {
                out.writeBytes(21, ProtobufWriter.message(item -> item.writeBool(2, values.booleanValue())));
            }
            if (schema.path("type").isTextual()) {
                out.writeBytes(22, ProtobufWriter.message(type -> text(type, 1, schema.path("type"))));
            }
            if (schema.path("items").isObject()) {
                out.writeBytes(23, ProtobufWriter.message(items -> items.writeBytes(1, schema(schema.path("items")))));
            }
            if (schema.path("properties").isObject()) {
                out.writeBytes(25, namedSchemas(schema.path("properties")));
            }
            extensions(out, 31, schema);
        });
    }
}

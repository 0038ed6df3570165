package dev.amphora.apiserver.schema;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.common.collect.ImmutableMap;
import com.google.protobuf.ByteString;
import com.google.protobuf.CodedOutputStream;
import java.io.IOException;
import java.util.Map;

/** Writes an OpenAPI v3 document in the binary form that Go clients may ask for, {@code com.github.proto-openapi.spec.v3}. */
final class OpenApiV3Protobuf {
    private static final ImmutableMap<String, Integer> METHODS =
            ImmutableMap.of("get", 4, "put", 5, "post", 6, "delete", 7, "options", 8, "head", 9, "patch", 10);
    private static final ImmutableMap<String, Integer> FLAGS =
            ImmutableMap.of("nullable", 1, "exclusiveMaximum", 12, "exclusiveMinimum", 14, "uniqueItems", 20);
    private static final ImmutableMap<String, Integer> AMOUNTS =
            ImmutableMap.of("multipleOf", 10, "maximum", 11, "minimum", 13);
    private static final ImmutableMap<String, Integer> COUNTS = ImmutableMap.of(
            "maxLength", 15, "minLength", 16, "maxItems", 18, "minItems", 19, "maxProperties", 21, "minProperties", 22);
    private static final ImmutableMap<String, Integer> CHOICES = ImmutableMap.of("allOf", 26, "oneOf", 27, "anyOf", 28);

    private OpenApiV3Protobuf() {}

    static byte[] write(JsonNode document) {
        return ProtobufWriter.message(out -> {
                    text(out, 1, document.path("openapi"));
                    out.writeBytes(2, ProtobufWriter.message(info -> {
                        text(info, 1, document.path("info").path("title"));
                        text(info, 6, document.path("info").path("version"));
                    }));
                    out.writeBytes(4, ProtobufWriter.message(paths -> {
                        for (Map.Entry<String, JsonNode> path :
                                document.path("paths").properties()) {
                            named(paths, 1, path.getKey(), ProtobufWriter.message(p -> path(p, path.getValue())));
                        }
                    }));
                    out.writeBytes(5, components(document.path("components")));
                })
                .toByteArray();
    }

    private static ByteString components(JsonNode components) {
        return ProtobufWriter.message(out -> {
            out.writeBytes(1, namedSchemas(components.path("schemas")));
            out.writeBytes(7, ProtobufWriter.message(schemes -> {
                for (Map.Entry<String, JsonNode> scheme :
                        components.path("securitySchemes").properties()) {
                    named(schemes, 1, scheme.getKey(), wrapped(1, ProtobufWriter.message(s -> {
                        text(s, 1, scheme.getValue().path("type"));
                        text(s, 2, scheme.getValue().path("description"));
                        text(s, 3, scheme.getValue().path("name"));
                        text(s, 4, scheme.getValue().path("in"));
                    })));
                }
            }));
        });
    }

    private static void named(CodedOutputStream out, int number, String name, ByteString value) throws IOException {
        out.writeBytes(number, ProtobufWriter.message(entry -> {
            entry.writeString(1, name);
            entry.writeBytes(2, value);
        }));
    }

    private static ByteString wrapped(int number, ByteString value) {
        return ProtobufWriter.message(out -> out.writeBytes(number, value));
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

    private static void path(CodedOutputStream out, JsonNode path) throws IOException {
        for (Map.Entry<String, Integer> method : METHODS.entrySet()) {
            JsonNode operation = path.path(method.getKey());
            if (operation.isObject()) {
                out.writeBytes(method.getValue(), ProtobufWriter.message(o -> operation(o, operation)));
            }
        }
        for (JsonNode parameter : path.path("parameters")) {
            out.writeBytes(13, parameter(parameter));
        }
    }

    private static void operation(CodedOutputStream out, JsonNode operation) throws IOException {
        for (JsonNode tag : operation.path("tags")) {
            out.writeString(1, tag.asText());
        }
        text(out, 5, operation.path("operationId"));
        for (JsonNode parameter : operation.path("parameters")) {
            out.writeBytes(6, parameter(parameter));
        }
        JsonNode body = operation.path("requestBody");
        if (body.isObject()) {
            out.writeBytes(7, wrapped(1, ProtobufWriter.message(b -> {
                b.writeBytes(2, content(body.path("content")));
                if (body.path("required").asBoolean()) {
                    b.writeBool(3, true);
                }
            })));
        }
        out.writeBytes(8, ProtobufWriter.message(responses -> {
            for (Map.Entry<String, JsonNode> response :
                    operation.path("responses").properties()) {
                named(responses, 2, response.getKey(), wrapped(1, ProtobufWriter.message(r -> {
                    text(r, 1, response.getValue().path("description"));
                    if (response.getValue().has("content")) {
                        r.writeBytes(3, content(response.getValue().path("content")));
                    }
                })));
            }
        }));
        extensions(out, 13, operation);
    }

    private static ByteString content(JsonNode content) {
        return ProtobufWriter.message(types -> {
            for (Map.Entry<String, JsonNode> type : content.properties()) {
                named(
                        types,
                        1,
                        type.getKey(),
                        wrapped(1, schemaOrReference(type.getValue().path("schema"))));
            }
        });
    }

    private static ByteString parameter(JsonNode parameter) {
        return wrapped(1, ProtobufWriter.message(out -> {
            text(out, 1, parameter.path("name"));
            text(out, 2, parameter.path("in"));
            text(out, 3, parameter.path("description"));
            if (parameter.path("required").asBoolean()) {
                out.writeBool(4, true);
            }
            out.writeBytes(10, schemaOrReference(parameter.path("schema")));
        }));
    }

    private static ByteString namedSchemas(JsonNode schemas) {
        return ProtobufWriter.message(out -> {
            for (Map.Entry<String, JsonNode> schema : schemas.properties()) {
                named(out, 1, schema.getKey(), schemaOrReference(schema.getValue()));
            }
        });
    }

    private static ByteString schemaOrReference(JsonNode schema) {
        return schema.has("$ref")
                ? wrapped(2, ProtobufWriter.message(reference -> text(reference, 1, schema.path("$ref"))))
                : wrapped(1, schema(schema));
    }

    private static ByteString schema(JsonNode schema) {
        return ProtobufWriter.message(out -> {
            for (Map.Entry<String, Integer> flag : FLAGS.entrySet()) {
                if (schema.path(flag.getKey()).asBoolean()) {
                    out.writeBool(flag.getValue(), true);
                }
            }
            for (Map.Entry<String, Integer> amount : AMOUNTS.entrySet()) {
                if (schema.path(amount.getKey()).isNumber()) {
                    out.writeDouble(
                            amount.getValue(), schema.path(amount.getKey()).doubleValue());
                }
            }
            for (Map.Entry<String, Integer> count : COUNTS.entrySet()) {
                if (schema.path(count.getKey()).isNumber()) {
                    out.writeInt64(count.getValue(), schema.path(count.getKey()).longValue());
                }
            }
            text(out, 9, schema.path("title"));
            text(out, 17, schema.path("pattern"));
            for (JsonNode required : schema.path("required")) {
                out.writeString(23, required.asText());
            }
            for (JsonNode value : schema.path("enum")) {
                out.writeBytes(24, any(value));
            }
            text(out, 25, schema.path("type"));
            for (Map.Entry<String, Integer> choice : CHOICES.entrySet()) {
                for (JsonNode each : schema.path(choice.getKey())) {
                    out.writeBytes(choice.getValue(), schemaOrReference(each));
                }
            }
            if (schema.path("not").isObject()) {
                out.writeBytes(29, schema(schema.path("not")));
            }
            nested(out, schema);
            text(out, 34, schema.path("description"));
            text(out, 35, schema.path("format"));
            extensions(out, 36, schema);
        });
    }

    private static void nested(CodedOutputStream out, JsonNode schema) throws IOException {
        if (schema.path("items").isObject()) {
            out.writeBytes(30, wrapped(1, schemaOrReference(schema.path("items"))));
        }
        if (schema.path("properties").isObject()) {
            out.writeBytes(31, namedSchemas(schema.path("properties")));
        }
        JsonNode values = schema.path("additionalProperties");
        if (values.isObject()) {
            out.writeBytes(32, wrapped(1, schemaOrReference(values)));
        } else if (values.isBoolean()) {
            out.writeBytes(32, ProtobufWriter.message(item -> item.writeBool(2, values.booleanValue())));
        }
        JsonNode fallback = schema.path("default");
        if (fallback.isValueNode() && !fallback.isNull()) {
            out.writeBytes(33, ProtobufWriter.message(value -> {
                if (fallback.isNumber()) {
                    value.writeDouble(1, fallback.doubleValue());
                } else if (fallback.isBoolean()) {
                    value.writeBool(2, fallback.booleanValue());
                } else {
                    value.writeString(3, fallback.asText());
                }
            }));
        }
    }
}

package dev.amphora.apiserver.schema;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.amphora.api.Json;
import dev.amphora.apiserver.schema.OpenApiPaths.Content;
import dev.amphora.apiserver.schema.OpenApiPaths.Operation;
import dev.amphora.apiserver.schema.OpenApiPaths.PathItem;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** The OpenAPI v3 document of one version of a group, or of one page that belongs to none. */
final class OpenApiV3 {
    private static final List<String> OBJECT_TYPES =
            List.of("application/json", "application/vnd.kubernetes.protobuf", "application/yaml");
    private static final List<String> STREAM_TYPES = List.of(
            "application/json",
            "application/json;stream=watch",
            "application/vnd.kubernetes.protobuf",
            "application/vnd.kubernetes.protobuf;stream=watch",
            "application/yaml");
    private static final List<String> CUSTOM_TYPES = List.of("application/json", "application/yaml");
    private static final List<String> LOG_TYPES =
            List.of("application/json", "application/vnd.kubernetes.protobuf", "application/yaml", "text/plain");
    private static final List<String> PATCH_TYPES = List.of(
            "application/apply-patch+yaml",
            "application/json-patch+json",
            "application/merge-patch+json",
            "application/strategic-merge-patch+json");
    private static final Set<String> BOOLEANS = new TreeSet<>(List.of(
            "allowWatchBookmarks",
            "follow",
            "force",
            "ignoreStoreReadErrorWithClusterBreakingPotential",
            "insecureSkipTLSVerifyBackend",
            "orphanDependents",
            "previous",
            "sendInitialEvents",
            "stderr",
            "stdin",
            "stdout",
            "timestamps",
            "tty",
            "watch"));
    private static final Set<String> INTEGERS = new TreeSet<>(List.of(
            "gracePeriodSeconds", "limit", "limitBytes", "ports", "sinceSeconds", "tailLines", "timeoutSeconds"));

    private final SchemaCatalogue catalogue;
    private final String group;
    private final String version;
    private final String tag;

    OpenApiV3(SchemaCatalogue catalogue, String group, String version, String tag) {
        this.catalogue = catalogue;
        this.group = group;
        this.version = version;
        this.tag = tag;
    }

    byte[] write(List<PathItem> items) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(1 << 16);
        try (JsonGenerator out = Json.mapper().createGenerator(bytes)) {
            out.writeStartObject();
            out.writeStringField("openapi", "3.0.0");
            out.writeObjectFieldStart("info");
            out.writeStringField("title", "Kubernetes");
            out.writeStringField("version", "1.36");
            out.writeEndObject();
            out.writeObjectFieldStart("paths");
            Set<String> roots = new TreeSet<>();
            for (PathItem item : items) {
                writePath(out, item, tag, roots);
            }
            out.writeEndObject();
            out.writeObjectFieldStart("components");
            out.writeObjectFieldStart("schemas");
            writeSchemas(out, group, version, roots);
            out.writeEndObject();
            out.writeObjectFieldStart("securitySchemes");
            out.writeObjectFieldStart("BearerToken");
            out.writeStringField("type", "apiKey");
            out.writeStringField("description", "Bearer Token authentication");
            out.writeStringField("name", "authorization");
            out.writeStringField("in", "header");
            out.writeEndObject();
            out.writeEndObject();
            out.writeEndObject();
            out.writeEndObject();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    private static void writePath(JsonGenerator out, PathItem item, String tag, Set<String> roots) throws IOException {
        out.writeObjectFieldStart(item.path());
        for (Operation operation : item.operations()) {
            out.writeObjectFieldStart(operation.method());
            out.writeArrayFieldStart("tags");
            out.writeString(tag);
            out.writeEndArray();
            out.writeStringField("operationId", operation.id());
            Set<String> own = OpenApiPaths.byName();
            own.addAll(operation.parameters());
            own.removeAll(item.parameters());
            writeParameters(out, own);
            writeBody(out, operation, roots);
            writeResponses(out, operation, roots);
            if (!operation.action().isEmpty()) {
                out.writeStringField("x-kubernetes-action", operation.action());
                out.writeFieldName("x-kubernetes-group-version-kind");
                writeKind(out, operation.group(), operation.version(), operation.kind());
            }
            out.writeEndObject();
        }
        writeParameters(out, item.parameters());
        out.writeEndObject();
    }

    private static void writeKind(JsonGenerator out, String group, String version, String kind) throws IOException {
        out.writeStartObject();
        out.writeStringField("group", group);
        out.writeStringField("kind", kind);
        out.writeStringField("version", version);
        out.writeEndObject();
    }

    private static void writeParameters(JsonGenerator out, Set<String> parameters) throws IOException {
        if (parameters.isEmpty()) {
            return;
        }
        out.writeArrayFieldStart("parameters");
        for (String parameter : parameters) {
            int colon = parameter.indexOf(':');
            String name = parameter.substring(colon + 1);
            out.writeStartObject();
            out.writeStringField("name", name);
            out.writeStringField("in", parameter.substring(0, colon));
            if (parameter.startsWith("path:")) {
                out.writeBooleanField("required", true);
            }
            out.writeObjectFieldStart("schema");
            out.writeStringField("type", parameterType(name));
            out.writeBooleanField("uniqueItems", true);
            out.writeEndObject();
            out.writeEndObject();
        }
        out.writeEndArray();
    }

    static String parameterType(String name) {
        return BOOLEANS.contains(name) ? "boolean" : INTEGERS.contains(name) ? "integer" : "string";
    }

    private static void writeBody(JsonGenerator out, Operation operation, Set<String> roots) throws IOException {
        String body = operation.body();
        if (body == null) {
            return;
        }
        roots.add(body);
        out.writeObjectFieldStart("requestBody");
        out.writeObjectFieldStart("content");
        for (String type : bodyTypes(operation)) {
            writeContent(out, type, body);
        }
        out.writeEndObject();
        if (!body.endsWith(".DeleteOptions")) {
            out.writeBooleanField("required", true);
        }
        out.writeEndObject();
    }

    private static void writeContent(JsonGenerator out, String mediaType, String definition) throws IOException {
        out.writeObjectFieldStart(mediaType);
        out.writeObjectFieldStart("schema");
        if (definition.equals("string")) {
            out.writeStringField("type", "string");
        } else {
            out.writeStringField("$ref", "#/components/schemas/" + definition);
        }
        out.writeEndObject();
        out.writeEndObject();
    }

    private static void writeResponses(JsonGenerator out, Operation operation, Set<String> roots) throws IOException {
        out.writeObjectFieldStart("responses");
        for (Map.Entry<Integer, String> response : operation.responses().entrySet()) {
            String definition = response.getValue();
            if (!definition.equals("string")) {
                roots.add(definition);
            }
            out.writeObjectFieldStart(response.getKey().toString());
            out.writeStringField("description", description(response.getKey()));
            out.writeObjectFieldStart("content");
            for (String type : types(operation)) {
                writeContent(out, type, definition);
            }
            out.writeEndObject();
            out.writeEndObject();
        }
        out.writeObjectFieldStart("401");
        out.writeStringField("description", "Unauthorized");
        out.writeEndObject();
        out.writeEndObject();
    }

    /** What a custom resource takes is said exactly: clients read here that it takes no strategic merge patch. */
    static List<String> bodyTypes(Operation operation) {
        boolean custom = operation.content() == Content.CUSTOM;
        if (operation.action().equals("patch")) {
            return custom ? PATCH_TYPES.subList(0, 3) : PATCH_TYPES;
        }
        return custom ? CUSTOM_TYPES : List.of("*/*");
    }

    static List<String> types(Operation operation) {
        switch (operation.content()) {
            case CUSTOM:
                return CUSTOM_TYPES;
            case STREAM:
                return STREAM_TYPES;
            case LOG:
                return LOG_TYPES;
            case ANY:
                return List.of("*/*");
            default:
                return plainTypes(operation.id());
        }
    }

    private static List<String> plainTypes(String id) {
        switch (id) {
            case "getCodeVersion":
            case "getServiceAccountIssuerOpenIDConfiguration":
                return List.of("application/json");
            case "getServiceAccountIssuerOpenIDKeyset":
                return List.of("application/jwk-set+json");
            default:
                return OBJECT_TYPES;
        }
    }

    static String description(int status) {
        return status == 200 ? "OK" : status == 201 ? "Created" : "Accepted";
    }

    /** Writes the definitions that others refer to, directly or not. */
    private void writeSchemas(JsonGenerator out, String group, String version, Set<String> roots) throws IOException {
        Map<String, String> custom = CustomDefinitions.of(catalogue, group, version);
        Map<String, String> reached = OpenApiDefinitions.reached(catalogue.definitions(), custom, roots);
        for (Map.Entry<String, String> schema : reached.entrySet()) {
            out.writeFieldName(schema.getKey());
            out.writeRawValue(withKinds(schema.getKey(), schema.getValue(), group, version));
        }
    }

    /** The two definitions that every group has as its own say so in each document. */
    private static String withKinds(String name, String schema, String group, String version) {
        if (!OpenApiDefinitions.isInEveryGroup(name)) {
            return schema;
        }
        String kind = name.substring(OpenApiPaths.META.length());
        String entry = "{\"group\":\"%s\",\"kind\":\"%s\",\"version\":\"%s\"}";
        String kinds =
                entry.formatted("", kind, "v1") + (group.isEmpty() ? "" : "," + entry.formatted(group, kind, version));
        return schema.substring(0, schema.length() - 1) + ",\"x-kubernetes-group-version-kind\":[" + kinds + "]}";
    }
}

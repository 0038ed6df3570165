package dev.amphora.apiserver.schema;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.base.Ascii;
import com.google.common.hash.Hashing;
import com.google.common.io.BaseEncoding;
import dev.amphora.api.Json;
import dev.amphora.apiserver.schema.OpenApiPaths.Content;
import dev.amphora.apiserver.schema.OpenApiPaths.Operation;
import dev.amphora.apiserver.schema.OpenApiPaths.PathItem;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The OpenAPI documents of a catalogue: of version 3 an index, and one document for each version of a group; of version 2 a single
 * one. Made when first asked for. Thread-safe.
 */
public final class OpenApiDocuments {
    /** The media type by which clients ask for {@link #v2Protobuf()}. */
    public static final String V2_PROTOBUF = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf";

    /** The media type under which {@link #v2Protobuf()} is answered: the one asked for is no valid media type. */
    public static final String V2_PROTOBUF_ANSWER = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";

    /** The media type by which clients ask for {@link #protobuf}. */
    public static final String V3_PROTOBUF = "application/com.github.proto-openapi.spec.v3@v1.0+protobuf";

    /** The media type under which {@link #protobuf} is answered. */
    public static final String V3_PROTOBUF_ANSWER = "application/com.github.proto-openapi.spec.v3.v1.0+protobuf";

    private static final List<String> OBJECT_TYPES =
            List.of("application/json", "application/vnd.kubernetes.protobuf", "application/yaml");
    private static final List<String> STREAM_TYPES = List.of(
            "application/json",
            "application/json;stream=watch",
            "application/vnd.kubernetes.protobuf",
            "application/vnd.kubernetes.protobuf;stream=watch",
            "application/yaml");
    private static final List<String> LOG_TYPES =
            List.of("application/json", "application/vnd.kubernetes.protobuf", "application/yaml", "text/plain");
    static final List<String> PATCH_TYPES = List.of(
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
    private static final String META = OpenApiPaths.META;
    private static final String OPENID_CONFIGURATION = ".well-known/openid-configuration";
    private static final String OPENID_KEYS = "openid/v1/jwks";

    private final SchemaCatalogue catalogue;
    private final Map<String, Document> documents = new ConcurrentHashMap<>();

    /** The documents of a catalogue. */
    public OpenApiDocuments(SchemaCatalogue catalogue) {
        this.catalogue = catalogue;
    }

    /**
     * A document.
     *
     * @param json its bytes, JSON but for the binary form of version 2; not to be changed
     * @param hash upper-case hexadecimal SHA-512 of the bytes: the {@code hash} parameter of its URL, and its ETag
     */
    public record Document(byte[] json, String hash) {
        static Document of(byte[] json) {
            byte[] digest = Hashing.sha512().hashBytes(json).asBytes();
            return new Document(json, BaseEncoding.base16().encode(digest));
        }
    }

    /** The answer to {@code /openapi/v3}: the path and hash of every document. Makes all of them. */
    public ObjectNode index() {
        ObjectNode document = JsonNodeFactory.instance.objectNode();
        ObjectNode paths = document.putObject("paths");
        for (String path : paths()) {
            document(path).ifPresent(found -> paths.putObject(path)
                    .put("serverRelativeURL", "/openapi/v3/" + path + "?hash=" + found.hash()));
        }
        return document;
    }

    /** The paths of all documents, such as {@code apis/apps/v1}, in order. */
    public Set<String> paths() {
        Set<String> paths = new TreeSet<>(List.of("api", "apis", "version", OPENID_CONFIGURATION, OPENID_KEYS));
        for (GroupInfo group : catalogue.groups()) {
            String base = group.name().isEmpty() ? "api" : "apis/" + group.name();
            paths.add(base);
            group.versions().forEach(version -> paths.add(base + "/" + version));
        }
        return paths;
    }

    /**
     * One document.
     *
     * @param path such as {@code api/v1}, {@code apis/apps}, {@code version}
     * @return empty if nothing is served there
     */
    public Optional<Document> document(String path) {
        if (!paths().contains(path)) {
            return Optional.empty();
        }
        Document known = documents.get(path);
        if (known == null) {
            known = Document.of(write(path));
            documents.put(path, known);
        }
        return Optional.of(known);
    }

    /** A document in the binary form of media type {@link #V3_PROTOBUF}, with the hash that it has in JSON. */
    public Document protobuf(String path, Document json) {
        return documents.computeIfAbsent(
                path + ".pb", key -> new Document(OpenApiV3Protobuf.write(Json.read(json.json())), json.hash()));
    }

    /** {@code /openapi/v2} in JSON: all groups in one document. */
    public Document v2() {
        return versionTwo("v2", false);
    }

    /** {@code /openapi/v2} in the binary form of media type {@link #V2_PROTOBUF}. */
    public Document v2Protobuf() {
        return versionTwo("v2.pb", true);
    }

    private Document versionTwo(String key, boolean binary) {
        Document known = documents.get(key);
        if (known == null) {
            Map<String, List<PathItem>> items = new TreeMap<>();
            for (String path : paths()) {
                items.computeIfAbsent(tag(path), t -> new ArrayList<>()).addAll(items(path));
            }
            ObjectNode document = OpenApiV2.document(catalogue, items);
            known = Document.of(binary ? OpenApiV2Protobuf.write(document) : Json.write(document));
            documents.put(key, known);
        }
        return known;
    }

    private byte[] write(String path) {
        boolean versioned = isVersioned(path);
        return build(versioned ? group(path) : "", versioned ? lastPart(path) : "", items(path), tag(path));
    }

    /** Whether a path is that of a version of a group, rather than of a group or something else. */
    private static boolean isVersioned(String path) {
        return path.startsWith("api/") || path.startsWith("apis/") && path.indexOf('/', 5) > 0;
    }

    private static String group(String path) {
        return path.startsWith("apis/") ? path.split("/", -1)[1] : "";
    }

    private static String lastPart(String path) {
        return path.substring(path.lastIndexOf('/') + 1);
    }

    private List<PathItem> items(String path) {
        if (isVersioned(path)) {
            return groupVersion(group(path), lastPart(path));
        }
        switch (path) {
            case "api":
                return single(path, "getCoreAPIVersions", META + "APIVersions");
            case "apis":
                return single(path, "getAPIVersions", META + "APIGroupList");
            case "version":
                return single(path, "getCodeVersion", "io.k8s.apimachinery.pkg.version.Info");
            case OPENID_CONFIGURATION:
                return single(path, "getServiceAccountIssuerOpenIDConfiguration", "string");
            case OPENID_KEYS:
                return single(path, "getServiceAccountIssuerOpenIDKeyset", "string");
            default:
                return single(path, "get" + OpenApiPaths.words(group(path)) + "APIGroup", META + "APIGroup");
        }
    }

    private static List<PathItem> single(String path, String id, String definition) {
        return List.of(new PathItem("/" + path + "/", Set.of(), List.of(discovery(id, definition))));
    }

    private static Operation discovery(String id, String definition) {
        return new Operation(
                "get", id, "", "", "", "", Set.of(), null, new TreeMap<>(Map.of(200, definition)), Content.OBJECT);
    }

    private List<PathItem> groupVersion(String group, String version) {
        List<PathItem> items = new ArrayList<>();
        String base = group.isEmpty() ? "/api/" + version + "/" : "/apis/" + group + "/" + version + "/";
        String id = "get"
                + OpenApiPaths.words(group)
                + Ascii.toUpperCase(version.substring(0, 1))
                + version.substring(1)
                + "APIResources";
        items.add(new PathItem(base, Set.of(), List.of(discovery(id, META + "APIResourceList"))));
        items.addAll(OpenApiPaths.of(catalogue, group, version));
        return items;
    }

    private static String tag(String path) {
        if (isVersioned(path)) {
            return tag(group(path), lastPart(path));
        }
        switch (path) {
            case "api":
                return "core";
            case OPENID_CONFIGURATION:
                return "WellKnown";
            case OPENID_KEYS:
                return "openid";
            default:
                return path.startsWith("apis/") ? tag(group(path), "") : path;
        }
    }

    private static String tag(String group, String version) {
        String stem = group.endsWith(".k8s.io") ? group.substring(0, group.length() - ".k8s.io".length()) : group;
        String words = group.isEmpty() ? "core" : stem.replace('.', '_');
        // The reference joins the words of a group in camel case.
        StringBuilder tag = new StringBuilder();
        boolean upper = false;
        for (char c : words.toCharArray()) {
            tag.append(upper ? Ascii.toUpperCase(c) : c == '_' ? "" : c);
            upper = c == '_';
        }
        return version.isEmpty() ? tag.toString() : tag + "_" + version;
    }

    private byte[] build(String group, String version, List<PathItem> items, String tag) {
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
        for (String type : operation.action().equals("patch") ? PATCH_TYPES : List.of("*/*")) {
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

    static List<String> types(Operation operation) {
        switch (operation.content()) {
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
        String kind = name.substring(META.length());
        String entry = "{\"group\":\"%s\",\"kind\":\"%s\",\"version\":\"%s\"}";
        String kinds =
                entry.formatted("", kind, "v1") + (group.isEmpty() ? "" : "," + entry.formatted(group, kind, version));
        return schema.substring(0, schema.length() - 1) + ",\"x-kubernetes-group-version-kind\":[" + kinds + "]}";
    }
}

package dev.amphora.apiserver.schema;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.base.Ascii;
import com.google.common.hash.HashCode;
import com.google.common.hash.Hasher;
import com.google.common.hash.Hashing;
import com.google.common.io.BaseEncoding;
import dev.amphora.api.Json;
import dev.amphora.apiserver.schema.OpenApiPaths.Content;
import dev.amphora.apiserver.schema.OpenApiPaths.Operation;
import dev.amphora.apiserver.schema.OpenApiPaths.PathItem;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.ref.SoftReference;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;

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

    private static final String META = OpenApiPaths.META;
    private static final String OPENID_CONFIGURATION = ".well-known/openid-configuration";
    private static final String OPENID_KEYS = "openid/v1/jwks";

    private static final String V2 = "v2";
    private static final String BINARY = ".pb";
    private static final String V2_BINARY = V2 + BINARY;

    private final SchemaCatalogue catalogue;
    private final Map<String, String> hashes = new ConcurrentHashMap<>();
    private final Map<String, SoftReference<byte[]>> documents = new ConcurrentHashMap<>();

    /** The documents of a catalogue. */
    public OpenApiDocuments(SchemaCatalogue catalogue) {
        this.catalogue = catalogue;
    }

    /**
     * A document.
     *
     * @param json its bytes, JSON but for the binary forms; not to be changed
     * @param hash upper-case hexadecimal SHA-512 of all that the bytes follow from: the {@code hash} parameter of its URL, and its ETag
     */
    public record Document(byte[] json, String hash) {}

    /**
     * The documents of another catalogue. What was made is kept where the two catalogues don't differ, so that one more custom
     * resource costs no more than its own group.
     */
    public OpenApiDocuments of(SchemaCatalogue other) {
        OpenApiDocuments result = new OpenApiDocuments(other);
        for (Map.Entry<String, String> known : hashes.entrySet()) {
            String path = known.getKey();
            if (isKept(other, path)) {
                result.hashes.put(path, known.getValue());
                for (String form : List.of(path, path + BINARY)) {
                    SoftReference<byte[]> bytes = documents.get(form);
                    if (bytes != null) {
                        result.documents.put(form, bytes);
                    }
                }
            }
        }
        return result;
    }

    private boolean isKept(SchemaCatalogue other, String path) {
        if (path.equals(V2) || path.equals(V2_BINARY)) {
            return false;
        }
        if (!isVersioned(path)) {
            return true;
        }
        List<ResourceInfo> resources = catalogue.resources(group(path), lastPart(path));
        return resources.equals(other.resources(group(path), lastPart(path)))
                && resources.stream().allMatch(each -> catalogue.customType(each) == other.customType(each));
    }

    /** The answer to {@code /openapi/v3}: the path and hash of every document. */
    public ObjectNode index() {
        ObjectNode document = JsonNodeFactory.instance.objectNode();
        ObjectNode paths = document.putObject("paths");
        for (String path : paths()) {
            paths.putObject(path).put("serverRelativeURL", "/openapi/v3/" + path + "?hash=" + hashOf(path));
        }
        return document;
    }

    /** The paths of all documents, such as {@code apis/apps/v1}, in order. */
    public Set<String> paths() {
        Set<String> paths = new TreeSet<>(List.of("api", "apis", "version", OPENID_CONFIGURATION, OPENID_KEYS));
        for (GroupInfo group : catalogue.groups()) {
            String base = group.name().isEmpty() ? "api" : "apis/" + group.name();
            if (isBuiltIn(group)) {
                paths.add(base);
            }
            group.versions().forEach(version -> paths.add(base + "/" + version));
        }
        return paths;
    }

    /** Groups of custom resources have no document but those of their versions. */
    private static boolean isBuiltIn(GroupInfo group) {
        return SchemaCatalogue.builtIn().groups().stream()
                .anyMatch(each -> each.name().equals(group.name()));
    }

    /**
     * The hash of a document, which may not be made yet.
     *
     * @param path such as {@code api/v1}, {@code apis/apps}, {@code version}
     * @return empty if nothing is served there
     */
    public Optional<String> hash(String path) {
        return paths().contains(path) ? Optional.of(hashOf(path)) : Optional.empty();
    }

    /**
     * One document.
     *
     * @param path such as {@code api/v1}, {@code apis/apps}, {@code version}
     * @return empty if nothing is served there
     */
    public Optional<Document> document(String path) {
        return hash(path).map(hash -> new Document(bytes(path, () -> write(path)), hash));
    }

    /** A document in the binary form of media type {@link #V3_PROTOBUF}, with the hash that it has in JSON. */
    public Document protobuf(String path, Document json) {
        return new Document(bytes(path + BINARY, () -> OpenApiV3Protobuf.write(Json.read(json.json()))), json.hash());
    }

    /** {@code /openapi/v2} in JSON: all groups in one document. */
    public Document v2() {
        return new Document(bytes(V2, () -> Json.write(versionTwo())), hashOf(V2));
    }

    /** {@code /openapi/v2} in the binary form of media type {@link #V2_PROTOBUF}. */
    public Document v2Protobuf() {
        return new Document(bytes(V2_BINARY, () -> OpenApiV2Protobuf.write(versionTwo())), hashOf(V2_BINARY));
    }

    /** The hash of {@link #v2()} or {@link #v2Protobuf()}, which may not be made yet. */
    public String v2Hash(boolean binary) {
        return hashOf(binary ? V2_BINARY : V2);
    }

    private ObjectNode versionTwo() {
        Map<String, List<PathItem>> items = new TreeMap<>();
        for (String path : paths()) {
            items.computeIfAbsent(tag(path), t -> new ArrayList<>()).addAll(items(path));
        }
        return OpenApiV2.document(catalogue, items);
    }

    /** The documents are large and seldom asked for twice: they give way when memory is short. */
    private byte[] bytes(String key, Supplier<byte[]> writer) {
        SoftReference<byte[]> known = documents.get(key);
        byte[] bytes = known == null ? null : known.get();
        if (bytes == null) {
            bytes = writer.get();
            documents.put(key, new SoftReference<>(bytes));
        }
        return bytes;
    }

    // ---- hashes: clients ask for those of all documents before they read one of them --------------------------------

    private String hashOf(String key) {
        String known = hashes.get(key);
        if (known == null) {
            Hasher hasher = Hashing.sha512().newHasher();
            hasher.putBytes(Edition.HASH.asBytes()).putUnencodedChars(key);
            if (key.startsWith(V2)) {
                paths().forEach(path -> hasher.putUnencodedChars(hashOf(path)));
            } else if (isVersioned(key)) {
                String group = group(key);
                String version = lastPart(key);
                catalogue.resources(group, version).forEach(each -> hasher.putUnencodedChars(each.toString()));
                CustomDefinitions.of(catalogue, group, version).values().forEach(hasher::putUnencodedChars);
            }
            known = BaseEncoding.base16().encode(hasher.hash().asBytes());
            hashes.put(key, known);
        }
        return known;
    }

    /** What documents of the same catalogue may differ by: the built-in definitions, their descriptions, and how they are written. */
    private static final class Edition {
        private static final List<Class<?>> WRITERS = List.of(
                OpenApiDocuments.class,
                OpenApiV3.class,
                OpenApiPaths.class,
                OpenApiParameters.class,
                OpenApiDefinitions.class,
                CustomDefinitions.class,
                Descriptions.class,
                OpenApiV2.class,
                OpenApiV2Protobuf.class,
                OpenApiV3Protobuf.class);

        static final HashCode HASH = hash();

        private static HashCode hash() {
            Hasher hasher = Hashing.sha512().newHasher();
            hasher.putBytes(resource("catalogue.gz")).putBytes(Descriptions.origin());
            WRITERS.forEach(each -> hasher.putBytes(resource(each.getSimpleName() + ".class")));
            return hasher.hash();
        }

        private static byte[] resource(String name) {
            try (InputStream in = Edition.class.getResourceAsStream(name)) {
                return in == null ? new byte[0] : in.readAllBytes();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    private byte[] write(String path) {
        boolean versioned = isVersioned(path);
        return new OpenApiV3(catalogue, versioned ? group(path) : "", versioned ? lastPart(path) : "", tag(path))
                .write(items(path));
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
        if (catalogue.resources(group, version).stream().anyMatch(each -> catalogue.customType(each) == null)) {
            items.add(new PathItem(base, Set.of(), List.of(discovery(id, META + "APIResourceList"))));
        }
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
        // The reference joins the words of a group in camel case.
        String words = OpenApiPaths.words(group);
        String tag = Ascii.toLowerCase(words.substring(0, 1)) + words.substring(1);
        return version.isEmpty() ? tag : tag + "_" + version;
    }
}

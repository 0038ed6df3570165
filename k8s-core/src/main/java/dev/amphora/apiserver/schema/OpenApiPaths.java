package dev.amphora.apiserver.schema;

import com.google.common.base.Ascii;
import com.google.common.base.CharMatcher;
import com.google.common.base.Splitter;
import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableSet;
import dev.amphora.apiserver.schema.ResourceInfo.Subresource;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** What can be called in one version of a group: paths, operations, parameters, and the definitions they take and return. */
final class OpenApiPaths {
    static final String META = "io.k8s.apimachinery.pkg.apis.meta.v1.";
    static final String STATUS = META + "Status";

    static final ImmutableList<String> LIST = ImmutableList.of(
            "query:allowWatchBookmarks",
            "query:continue",
            "query:fieldSelector",
            "query:labelSelector",
            "query:limit",
            "query:resourceVersion",
            "query:resourceVersionMatch",
            "query:sendInitialEvents",
            "query:shardSelector",
            "query:timeoutSeconds",
            "query:watch");
    static final ImmutableList<String> WRITE =
            ImmutableList.of("query:dryRun", "query:fieldManager", "query:fieldValidation");
    static final ImmutableList<String> DELETE = ImmutableList.of(
            "query:dryRun",
            "query:gracePeriodSeconds",
            "query:ignoreStoreReadErrorWithClusterBreakingPotential",
            "query:orphanDependents",
            "query:propagationPolicy");

    /** Kinds whose deletion answers with the object. */
    private static final ImmutableSet<String> DELETED_OBJECT_IS_RETURNED = ImmutableSet.of(
            "PersistentVolume",
            "PersistentVolumeClaim",
            "Pod",
            "PodTemplate",
            "ResourceQuota",
            "Service",
            "ServiceAccount",
            "CSIDriver",
            "CSINode",
            "StorageClass",
            "VolumeAttachment",
            "VolumeAttributesClass",
            "DeviceClass",
            "ResourceClaim",
            "ResourceClaimTemplate",
            "ResourceSlice");

    /** Parameters of subresources that are streams. */
    private static final Map<String, List<String>> STREAM_PARAMETERS = Map.of(
            "attach", List.of("query:container", "query:stderr", "query:stdin", "query:stdout", "query:tty"),
            "exec",
                    List.of(
                            "query:command",
                            "query:container",
                            "query:stderr",
                            "query:stdin",
                            "query:stdout",
                            "query:tty"),
            "portforward", List.of("query:ports"),
            "proxy", List.of("query:path"),
            "log",
                    List.of(
                            "query:container",
                            "query:follow",
                            "query:insecureSkipTLSVerifyBackend",
                            "query:limitBytes",
                            "query:previous",
                            "query:sinceSeconds",
                            "query:stream",
                            "query:tailLines",
                            "query:timestamps"));

    private static final Splitter WORDS = Splitter.on(CharMatcher.anyOf(".-")).omitEmptyStrings();
    private static final ImmutableSet<String> CONNECT = ImmutableSet.of("attach", "exec", "portforward", "proxy");

    private final SchemaCatalogue catalogue;
    private final String group;
    private final String version;
    private final Map<String, List<Operation>> paths = new TreeMap<>();

    private OpenApiPaths(SchemaCatalogue catalogue, String group, String version) {
        this.catalogue = catalogue;
        this.group = group;
        this.version = version;
    }

    /** What a response carries. */
    enum Content {
        OBJECT,
        CUSTOM,
        STREAM,
        LOG,
        ANY
    }

    /**
     * One operation.
     *
     * @param method lower case
     * @param parameters all of them, those that it shares with its neighbours included
     * @param body the definition that it takes; null for none
     * @param responses the definition by status; {@code string} is the scalar
     */
    record Operation(
            String method,
            String id,
            String action,
            String group,
            String version,
            String kind,
            Set<String> parameters,
            @Nullable String body,
            Map<Integer, String> responses,
            Content content) {}

    /**
     * A path.
     *
     * @param parameters what every operation of the path takes
     */
    record PathItem(String path, Set<String> parameters, List<Operation> operations) {}

    /** The paths in order. */
    static List<PathItem> of(SchemaCatalogue catalogue, String group, String version) {
        OpenApiPaths paths = new OpenApiPaths(catalogue, group, version);
        for (ResourceInfo resource : catalogue.resources(group, version)) {
            if (catalogue.customType(resource) == null) {
                paths.resource(resource);
            } else {
                new OpenApiCustomPaths(paths, resource).add();
            }
        }
        return paths.items();
    }

    private List<PathItem> items() {
        List<PathItem> result = new ArrayList<>();
        paths.forEach((path, operations) -> {
            Set<String> shared = byName();
            shared.addAll(operations.get(0).parameters());
            operations.forEach(o -> shared.retainAll(o.parameters()));
            result.add(new PathItem(path, shared, operations));
        });
        return result;
    }

    static Set<String> byName() {
        return new TreeSet<>(Comparator.comparing((String p) -> p.substring(p.indexOf(':') + 1))
                .thenComparing(Comparator.naturalOrder()));
    }

    String base() {
        return group.isEmpty() ? "/api/" + version : "/apis/" + group + "/" + version;
    }

    private void resource(ResourceInfo r) {
        String scope = r.namespaced() ? "/namespaces/{namespace}" : "";
        String all = base() + scope + "/" + r.plural();
        String one = all + "/{name}";
        String word = (r.namespaced() ? "Namespaced" : "") + r.kind();
        String type = definition(r);
        if (r.supports("list")) {
            String list = listDefinition(r);
            add(all, r, "get", "list", "list", word, LIST, null, Map.of(200, list), Content.STREAM);
            if (r.namespaced()) {
                add(
                        base() + "/" + r.plural(),
                        r,
                        "get",
                        "list",
                        "list",
                        r.kind() + "ForAllNamespaces",
                        LIST,
                        null,
                        Map.of(200, list),
                        Content.STREAM);
            }
        }
        if (r.supports("create")) {
            add(all, r, "post", "create", "post", word, WRITE, type, statuses(type, 200, 201, 202), Content.OBJECT);
        }
        if (r.supports("deletecollection")) {
            List<String> parameters = new ArrayList<>(LIST);
            parameters.removeAll(List.of("query:allowWatchBookmarks", "query:watch"));
            parameters.addAll(DELETE);
            add(
                    all,
                    r,
                    "delete",
                    "delete",
                    "deletecollection",
                    "Collection" + word,
                    parameters,
                    META + "DeleteOptions",
                    Map.of(200, STATUS),
                    Content.OBJECT);
        }
        if (r.supports("get")) {
            add(one, r, "get", "read", "get", word, List.of(), null, Map.of(200, type), Content.OBJECT);
        }
        if (r.supports("update")) {
            add(one, r, "put", "replace", "put", word, WRITE, type, statuses(type, 200, 201), Content.OBJECT);
        }
        if (r.supports("delete")) {
            String answer = DELETED_OBJECT_IS_RETURNED.contains(r.kind()) ? type : STATUS;
            add(
                    one,
                    r,
                    "delete",
                    "delete",
                    "delete",
                    word,
                    DELETE,
                    META + "DeleteOptions",
                    statuses(answer, 200, 202),
                    Content.OBJECT);
        }
        if (r.supports("patch")) {
            patch(one, r, word, r.group(), r.version(), r.kind(), type);
        }
        if (r.supports("watch")) {
            watches(r, word);
        }
        r.subresources().forEach(s -> subresource(r, s, one, word));
    }

    private void watches(ResourceInfo r, String word) {
        String scope = r.namespaced() ? "/namespaces/{namespace}" : "";
        String watch = base() + "/watch";
        Map<Integer, String> event = Map.of(200, META + "WatchEvent");
        String all = watch + scope + "/" + r.plural();
        add(all, r, "get", "watch", "watchlist", word + "List", LIST, null, event, Content.STREAM);
        add(all + "/{name}", r, "get", "watch", "watch", word, LIST, null, event, Content.STREAM);
        if (r.namespaced()) {
            add(
                    watch + "/" + r.plural(),
                    r,
                    "get",
                    "watch",
                    "watchlist",
                    r.kind() + "ListForAllNamespaces",
                    LIST,
                    null,
                    event,
                    Content.STREAM);
        }
    }

    private void subresource(ResourceInfo r, Subresource s, String one, String word) {
        String path = one + "/" + s.name();
        String name =
                word + Ascii.toUpperCase(s.name().substring(0, 1)) + s.name().substring(1);
        if (CONNECT.contains(s.name())) {
            connect(s, path, name);
            return;
        }
        if (s.name().equals("log")) {
            add(
                    path,
                    operation(
                            path,
                            "get",
                            "read",
                            "get",
                            name,
                            r.group(),
                            r.version(),
                            r.kind(),
                            STREAM_PARAMETERS.getOrDefault("log", List.of()),
                            null,
                            Map.of(200, "string"),
                            Content.LOG));
            return;
        }
        String type = s.group().equals(r.group())
                        && s.version().equals(r.version())
                        && s.kind().equals(r.kind())
                ? definition(r)
                : catalogue.type(s.group(), s.version(), s.kind()).name();
        if (s.verbs().contains("get")) {
            add(
                    path,
                    operation(
                            path,
                            "get",
                            "read",
                            "get",
                            name,
                            s.group(),
                            s.version(),
                            s.kind(),
                            List.of(),
                            null,
                            Map.of(200, type),
                            Content.OBJECT));
        }
        if (s.verbs().contains("create")) {
            add(
                    path,
                    operation(
                            path,
                            "post",
                            "create",
                            "post",
                            name,
                            s.group(),
                            s.version(),
                            s.kind(),
                            WRITE,
                            type,
                            statuses(type, 200, 201, 202),
                            Content.OBJECT));
        }
        if (s.verbs().contains("update")) {
            add(
                    path,
                    operation(
                            path,
                            "put",
                            "replace",
                            "put",
                            name,
                            s.group(),
                            s.version(),
                            s.kind(),
                            WRITE,
                            type,
                            statuses(type, 200, 201),
                            Content.OBJECT));
        }
        if (s.verbs().contains("patch")) {
            patch(path, r, name, s.group(), s.version(), s.kind(), type);
        }
    }

    private void connect(Subresource s, String path, String name) {
        List<String> methods = s.verbs().contains("update")
                ? List.of("get", "put", "post", "delete", "options", "head", "patch")
                : List.of("get", "post");
        List<String> parameters = STREAM_PARAMETERS.getOrDefault(s.name(), List.of());
        for (String method : methods) {
            String prefix = Ascii.toUpperCase(method.substring(0, 1)) + method.substring(1);
            add(path, connect(path, method, prefix + name, s, parameters));
            if (s.name().equals("proxy")) {
                String withPath = path + "/{path}";
                add(withPath, connect(withPath, method, prefix + name + "WithPath", s, parameters));
            }
        }
    }

    private Operation connect(String path, String method, String name, Subresource s, List<String> parameters) {
        Operation operation = operation(
                path,
                method,
                "connect",
                "connect",
                name,
                s.group(),
                s.version(),
                s.kind(),
                parameters,
                null,
                Map.of(200, "string"),
                Content.ANY);
        // The method comes after the version: connectCoreV1GetNamespacedPodExec.
        operation.parameters().remove("query:pretty");
        return operation;
    }

    private void patch(String path, ResourceInfo r, String name, String g, String v, String k, String type) {
        List<String> parameters = new ArrayList<>(WRITE);
        parameters.add("query:force");
        add(
                path,
                operation(
                        path,
                        "patch",
                        "patch",
                        "patch",
                        name,
                        g,
                        v,
                        k,
                        parameters,
                        META + "Patch",
                        statuses(type, 200, 201),
                        Content.OBJECT));
    }

    private void add(
            String path,
            ResourceInfo r,
            String method,
            String verb,
            String action,
            String name,
            List<String> parameters,
            @Nullable String body,
            Map<Integer, String> responses,
            Content content) {
        add(
                path,
                operation(
                        path,
                        method,
                        verb,
                        action,
                        name,
                        r.group(),
                        r.version(),
                        r.kind(),
                        parameters,
                        body,
                        responses,
                        content));
    }

    void add(String path, Operation operation) {
        paths.computeIfAbsent(path, p -> new ArrayList<>()).add(operation);
    }

    Operation operation(
            String path,
            String method,
            String verb,
            String action,
            String name,
            String kindGroup,
            String kindVersion,
            String kind,
            List<String> parameters,
            @Nullable String body,
            Map<Integer, String> responses,
            Content content) {
        Set<String> all = byName();
        all.addAll(parameters);
        all.add("query:pretty");
        for (String part : List.of("name", "namespace", "path")) {
            if (path.contains("{" + part + "}")) {
                all.add("path:" + part);
            }
        }
        String collection = name.startsWith("Collection") ? "Collection" : "";
        String id = verb + words() + collection + name.substring(collection.length());
        return new Operation(
                method, id, action, kindGroup, kindVersion, kind, all, body, new TreeMap<>(responses), content);
    }

    /** Group and version as they stand in the names of operations: {@code RbacAuthorizationV1}. */
    String words() {
        return words(group) + Ascii.toUpperCase(version.substring(0, 1)) + version.substring(1);
    }

    static String words(String group) {
        if (group.isEmpty()) {
            return "Core";
        }
        String stem = group.endsWith(".k8s.io") ? group.substring(0, group.length() - ".k8s.io".length()) : group;
        StringBuilder words = new StringBuilder();
        for (String part : WORDS.split(stem)) {
            words.append(Ascii.toUpperCase(part.substring(0, 1))).append(part.substring(1));
        }
        return words.toString();
    }

    static Map<Integer, String> statuses(String type, int... codes) {
        Map<Integer, String> result = new LinkedHashMap<>();
        for (int code : codes) {
            result.put(code, type);
        }
        return result;
    }

    String definition(ResourceInfo r) {
        String name = catalogue.type(r).name();
        return name.isEmpty() ? customDefinition(r, r.kind()) : name;
    }

    String listDefinition(ResourceInfo r) {
        return catalogue
                .findType(r.group(), r.version(), r.listKind())
                .map(TypeSchema::name)
                .filter(name -> !name.isEmpty())
                .orElseGet(() -> customDefinition(r, r.listKind()));
    }

    /** {@code com.example.v1.Widget} for the group {@code example.com}. */
    static String customDefinition(ResourceInfo r, String kind) {
        List<String> parts = new ArrayList<>(Splitter.on('.').splitToList(r.group()));
        Collections.reverse(parts);
        return String.join(".", parts) + "." + r.version() + "." + kind;
    }
}

package dev.amphora.rest;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.Json;
import dev.amphora.apiserver.schema.ProtobufCodec;
import dev.amphora.apiserver.schema.ResourceInfo;
import dev.amphora.apiserver.schema.SchemaCatalogue;
import dev.amphora.rest.Corpus.Sample;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Random;

/** Requests that no client would send, and some that one might. */
final class RandomRequests {
    private static final String JSON = "application/json";
    private static final String YAML = "application/yaml";
    private static final String PROTOBUF = "application/vnd.kubernetes.protobuf";
    private static final String PATCH = "application/%s-patch+json";

    /** What is only tried out, for it would get in the way of everything that follows. */
    private static final List<String> DRY_KINDS =
            List.of("MutatingWebhookConfiguration", "ValidatingWebhookConfiguration", "APIService", "Namespace");

    private static final List<String> PAGES = List.of(
            "/",
            "/api",
            "/apis",
            "/api/v1",
            "/apis/apps",
            "/apis/apps/v1",
            "/healthz",
            "/livez/ping",
            "/readyz?verbose",
            "/version",
            "/metrics",
            "/openapi/v2",
            "/openapi/v3",
            "/openapi/v3/api/v1",
            "/openapi/v3/apis/apps/v1?hash=x",
            "/logs",
            "/debug/pprof/",
            "/.well-known/openid-configuration",
            "/openid/v1/jwks",
            "/apis/nope",
            "/api/v2",
            "//api//v1");

    private static final List<String> ACCEPTS = List.of(
            JSON,
            YAML,
            PROTOBUF,
            "*/*",
            "application/json;as=Table;v=v1;g=meta.k8s.io,application/json",
            "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io",
            "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io",
            PROTOBUF + ";as=PartialObjectMetadata;v=v1;g=meta.k8s.io",
            PROTOBUF + ";as=PartialObjectMetadataList;v=v1;g=meta.k8s.io",
            PROTOBUF + ";stream=watch",
            "application/json;stream=watch",
            "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList",
            PROTOBUF + ";g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList",
            "application/com.github.proto-openapi.spec.v2@v1.0+protobuf",
            "text/html",
            ";;;=,,;q=x",
            "application/json;q=-1;pretty=1",
            "");

    private static final List<String> SELECTORS = List.of(
            "a=b",
            "a!=b",
            "a",
            "!a",
            "a in (b,c)",
            "a notin (b)",
            "a in ()",
            "a in (",
            "a>1",
            "a<x",
            "a==b,c!=d",
            ",",
            "=",
            "a=b=c",
            "metadata.name=w",
            "metadata.namespace!=fuzz",
            "spec.nodeName=",
            "status.phase=Running",
            "involvedObject.name=x",
            "spec.size=big",
            "a\\,b=c",
            "\\",
            "x/y/z=1",
            "(",
            "a in (b",
            "%");

    private static final List<String> RULES = List.of(
            "self",
            "self == self",
            "self.size() > 1",
            "size(self) < 10",
            "self.all(x, x != '')",
            "oldSelf == self",
            "has(self.spec)",
            "self.spec.replicas >= 0",
            "self.items.exists(i, i.name == 'x')",
            "self.map(x, x.map(y, y))",
            "1/0 == 1",
            "self +",
            "quantity('1Gi').isGreaterThan(quantity(self))",
            "url(self).getHost() == 'a'",
            "ip(self).family() == 4",
            "self.matches('(a+)+$')",
            "duration('1h') > duration(self)",
            "[1,2,3].exists(x, x == self)",
            "self['a'] == 'b'",
            "'a'.format([self])",
            "cidr('10.0.0.0/8').containsIP(self)",
            "self.split(',').size() < 3",
            "dyn(self) == 1",
            "self.__namespace__ == 'x'",
            "self.x?.y.orValue(1) == 1",
            "optional.of(self).hasValue()",
            "{'a': self}.a == 'b'",
            "self.find('[0-9]+') == ''",
            "self.sum() > 1",
            "isSorted(self)",
            "self.lowerAscii() == self",
            "type(self) == string",
            "string(self) + string(1)",
            "timestamp('x') == self",
            "self.all(x, self.all(y, self.all(z, x == y && y == z)))",
            "(((((((((((((((((((((1",
            "!!!!!!!!!!true",
            "-9223372036854775808 - 1 > self",
            "0x",
            "b'\\xff' == self",
            "\"\"\"",
            "'\\u0000'");

    private final Random random;
    private final RandomObjects objects;
    private final Mutations mutations;
    private final List<Sample> samples = Corpus.samples();
    private final ProtobufCodec protobuf = new ProtobufCodec(SchemaCatalogue.builtIn());
    private final ArrayDeque<String> tokens = new ArrayDeque<>();

    RandomRequests(Random random) {
        this.random = random;
        objects = new RandomObjects(random);
        mutations = new Mutations(random, objects);
    }

    /** Remembers the token of a list, for later requests to misuse. */
    void sawToken(String token) {
        tokens.addLast(token);
        if (tokens.size() > 20) {
            tokens.removeFirst();
        }
    }

    /** The next request. */
    DirectCall next() {
        Sample sample = objects.pick(samples);
        int kind = random.nextInt(100);
        if (kind < 28) {
            return write("POST", sample.path(), sample, object(sample));
        } else if (kind < 38) {
            return write("PUT", place(sample), sample, object(sample));
        } else if (kind < 66) {
            return patch(sample);
        } else if (kind < 82) {
            return read(sample);
        } else if (kind < 88) {
            return delete(sample);
        } else if (kind < 95) {
            return subresource(sample);
        }
        return page();
    }

    private ObjectNode object(Sample sample) {
        ObjectNode object = sample.object().deepCopy();
        ResourceInfo info = SchemaCatalogue.builtIn().resources().stream()
                .filter(r -> r.kind().equals(sample.kind()) && r.apiVersion().equals(sample.apiVersion()))
                .findFirst()
                .orElse(null);
        if (info != null && random.nextInt(6) == 0) {
            ObjectNode wild = objects.object(
                    info.apiVersion(), info.kind(), SchemaCatalogue.builtIn().type(info));
            if (random.nextBoolean()) {
                wild.set("metadata", object.path("metadata"));
            }
            object = wild;
        }
        if (random.nextInt(5) > 1) {
            mutations.damage(object);
        }
        if (sample.kind().equals("CustomResourceDefinition")) {
            schema(object);
        }
        return object;
    }

    /** Puts rules and shapes into the schema of a definition. */
    private void schema(ObjectNode definition) {
        JsonNode schema =
                definition.path("spec").path("versions").path(0).path("schema").path("openAPIV3Schema");
        for (int i = random.nextInt(4); i > 0; i--) {
            JsonNode at = schema;
            while (at.path("properties").size() > 0 && random.nextInt(3) > 0) {
                at = at.path("properties").path(0).isMissingNode()
                        ? at.path("properties").elements().next()
                        : at.path("properties").path(0);
            }
            if (!(at instanceof ObjectNode object)) {
                return;
            }
            switch (random.nextInt(6)) {
                case 0, 1 -> {
                    ArrayNode rules = object.putArray("x-kubernetes-validations");
                    rules.addObject().put("rule", objects.pick(RULES)).put("messageExpression", objects.pick(RULES));
                }
                case 2 ->
                    object.put(objects.pick(List.of("pattern", "format", "type", "title", "$ref")), mutations.text());
                case 3 ->
                    object.set(
                            objects.pick(List.of(
                                    "default", "enum", "example", "items", "allOf", "not", "additionalProperties")),
                            mutations.any(3));
                case 4 ->
                    object.put(
                            objects.pick(List.of("maxLength", "minItems", "multipleOf", "maximum", "maxProperties")),
                            random.nextInt(7) - 2);
                default ->
                    object.put(
                            objects.pick(List.of(
                                    "x-kubernetes-int-or-string",
                                    "x-kubernetes-preserve-unknown-fields",
                                    "x-kubernetes-embedded-resource",
                                    "nullable",
                                    "uniqueItems")),
                            random.nextBoolean());
            }
        }
    }

    private String place(Sample sample) {
        String name = random.nextInt(20) == 0 ? mutations.text() : sample.name();
        return sample.path() + "/" + (random.nextInt(40) == 0 ? name : escaped(name));
    }

    private static String escaped(String text) {
        return java.net.URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
    }

    private DirectCall write(String method, String path, Sample sample, ObjectNode object) {
        String type = random.nextInt(30) == 0 ? mutations.text() : objects.pick(List.of(JSON, JSON, YAML, PROTOBUF));
        byte[] bytes = Json.write(object);
        if (type.equals(YAML)) {
            bytes = YamlWriter.write(object);
        } else if (type.equals(PROTOBUF)) {
            bytes = encoded(sample, object);
        }
        return call(method, path + query(sample, false), type, mutations.damage(bytes));
    }

    /** The object, or the unharmed one if it can't be written in binary form. */
    private byte[] encoded(Sample sample, ObjectNode object) {
        for (ObjectNode tried : List.of(object, sample.object())) {
            try {
                return protobuf.encode(tried);
            } catch (RuntimeException e) {
                // the next will do
            }
        }
        return new byte[] {'k', '8', 's', 0, (byte) random.nextInt(), (byte) random.nextInt(), (byte) random.nextInt()};
    }

    private DirectCall patch(Sample sample) {
        String path = place(sample)
                + (random.nextInt(6) == 0
                        ? "/" + objects.pick(List.of("status", "scale", "resize", "ephemeralcontainers", "approval"))
                        : "");
        int kind = random.nextInt(4);
        if (kind == 0) {
            ArrayNode operations = Json.mapper().createArrayNode();
            for (int i = random.nextInt(4); i >= 0; i--) {
                ObjectNode operation = operations.addObject();
                operation.put(
                        "op",
                        random.nextInt(15) == 0
                                ? mutations.text()
                                : objects.pick(List.of("add", "remove", "replace", "move", "copy", "test")));
                operation.put("path", pointer(sample.object())).put("from", pointer(sample.object()));
                operation.set("value", mutations.any(2));
            }
            return call(
                    "PATCH",
                    path + query(sample, false),
                    PATCH.formatted("json"),
                    mutations.damage(Json.write(operations)));
        }
        ObjectNode body = object(sample);
        if (kind == 1) {
            return call(
                    "PATCH", path + query(sample, false), PATCH.formatted("merge"), mutations.damage(Json.write(body)));
        }
        if (kind == 2) {
            directives(body);
            return call(
                    "PATCH",
                    path + query(sample, false),
                    PATCH.formatted("strategic-merge"),
                    mutations.damage(Json.write(body)));
        }
        return call(
                "PATCH",
                path + query(sample, true),
                "application/apply-patch+yaml",
                mutations.damage(random.nextBoolean() ? Json.write(body) : YamlWriter.write(body)));
    }

    private void directives(JsonNode at) {
        if (at instanceof ObjectNode object) {
            object.properties().stream().toList().forEach(member -> {
                directives(member.getValue());
                if (random.nextInt(5) == 0) {
                    switch (random.nextInt(4)) {
                        case 0 ->
                            object.set(
                                    "$setElementOrder/" + member.getKey(),
                                    random.nextBoolean() && member.getValue().isArray()
                                            ? member.getValue().deepCopy()
                                            : mutations.any(2));
                        case 1 -> object.set("$deleteFromPrimitiveList/" + member.getKey(), mutations.any(2));
                        case 2 -> object.put("$patch", objects.pick(List.of("delete", "replace", "merge", "x")));
                        default ->
                            object.set(
                                    "$retainKeys",
                                    random.nextBoolean()
                                            ? mutations.any(2)
                                            : Json.mapper().createArrayNode().add(member.getKey()));
                    }
                }
            });
        } else {
            at.forEach(this::directives);
        }
    }

    private String pointer(JsonNode tree) {
        StringBuilder path = new StringBuilder();
        JsonNode at = tree;
        for (int i = random.nextInt(6); i >= 0; i--) {
            List<String> names = new java.util.ArrayList<>();
            at.fieldNames().forEachRemaining(names::add);
            String step = at.isArray()
                    ? objects.pick(List.of("0", "-", "1", "-1", "99999999999"))
                    : names.isEmpty() || random.nextInt(8) == 0 ? mutations.text() : objects.pick(names);
            path.append('/')
                    .append(step.replace("~", random.nextBoolean() ? "~0" : "~").replace("/", "~1"));
            at = at.isArray() ? at.path(0) : at.path(step);
        }
        return path.toString();
    }

    private DirectCall read(Sample sample) {
        String path = random.nextInt(3) == 0 ? place(sample) : sample.path();
        if (random.nextInt(12) == 0) {
            path = path.replaceFirst("/v\\d", "$0/watch");
        }
        if (random.nextInt(8) == 0) {
            path = new String(mutations.damage(path.getBytes(StandardCharsets.UTF_8)), StandardCharsets.ISO_8859_1);
        }
        return call(
                random.nextInt(12) == 0 ? objects.pick(List.of("HEAD", "OPTIONS", "TRACE", "get", "")) : "GET",
                path + readQuery(),
                JSON,
                new byte[0]);
    }

    private String readQuery() {
        StringBuilder query = new StringBuilder("?");
        for (int i = random.nextInt(4); i > 0; i--) {
            String value =
                    switch (random.nextInt(11)) {
                        case 0 -> "labelSelector=" + escaped(selector());
                        case 1 -> "fieldSelector=" + escaped(selector());
                        case 2 -> "resourceVersion=" + escaped(version());
                        case 3 -> "resourceVersionMatch=" + objects.pick(List.of("Exact", "NotOlderThan", "", "x"));
                        case 4 -> "limit=" + objects.pick(List.of("1", "0", "-1", "2", "x", "99999999999999999999"));
                        case 5 -> "continue=" + escaped(token());
                        case 6 -> "watch=" + objects.pick(List.of("true", "1", "0", "x", ""));
                        case 7 -> "allowWatchBookmarks=" + objects.pick(List.of("true", "x"));
                        case 8 -> "sendInitialEvents=" + objects.pick(List.of("true", "false", "x"));
                        case 9 ->
                            objects.pick(List.of(
                                    "timeoutSeconds=1",
                                    "timeoutSeconds=-1",
                                    "timeoutSeconds=x",
                                    "timeout=1s",
                                    "timeout=x",
                                    "pretty=true",
                                    "includeObject=None",
                                    "includeObject=x"));
                        default ->
                            new String(
                                    mutations.damage(("%zz=" + mutations.text()).getBytes(StandardCharsets.UTF_8)),
                                    StandardCharsets.ISO_8859_1);
                    };
            query.append(value).append('&');
        }
        return query.toString();
    }

    private String selector() {
        return random.nextInt(4) == 0
                ? mutations.text()
                : objects.pick(SELECTORS) + (random.nextInt(3) == 0 ? "," + objects.pick(SELECTORS) : "");
    }

    private String version() {
        return objects.pick(List.of(
                "0",
                "1",
                "",
                "x",
                "-1",
                "18446744073709551616",
                random.nextInt(20) == 0 ? "999999999" : "2",
                String.valueOf(random.nextInt(2000))));
    }

    private String token() {
        if (tokens.isEmpty() || random.nextInt(4) == 0) {
            return mutations.text();
        }
        String token = objects.pick(List.copyOf(tokens));
        return new String(mutations.damage(token.getBytes(StandardCharsets.UTF_8)), StandardCharsets.ISO_8859_1);
    }

    private DirectCall delete(Sample sample) {
        boolean whole = random.nextInt(4) == 0;
        ObjectNode options = Json.object().put("kind", "DeleteOptions").put("apiVersion", "v1");
        options.put("propagationPolicy", objects.pick(List.of("Background", "Orphan", "Foreground", "x")))
                .put("gracePeriodSeconds", random.nextInt(4) - 1);
        options.putObject("preconditions").put("resourceVersion", version());
        mutations.damage(options);
        byte[] body = random.nextBoolean() ? new byte[0] : mutations.damage(Json.write(options));
        return call("DELETE", (whole ? sample.path() : place(sample)) + query(sample, false), JSON, body);
    }

    private DirectCall subresource(Sample sample) {
        List<ResourceInfo> resources = SchemaCatalogue.builtIn().resources();
        ResourceInfo info = objects.pick(resources);
        if (info.subresources().isEmpty() || random.nextInt(5) == 0) {
            ObjectNode object = objects.object(
                    info.apiVersion(), info.kind(), SchemaCatalogue.builtIn().type(info));
            mutations.damage(object);
            String path = "/" + (info.group().isEmpty() ? "api" : "apis/" + info.group()) + "/" + info.version()
                    + (info.namespaced() ? "/namespaces/fuzz/" : "/") + info.plural();
            return call("POST", path + "?dryRun=All", JSON, mutations.damage(Json.write(object)));
        }
        ResourceInfo.Subresource sub = objects.pick(info.subresources());
        ObjectNode object = SchemaCatalogue.builtIn()
                .findType(sub.group(), sub.version(), sub.kind())
                .map(type -> objects.object(sub.apiVersion(), sub.kind(), type))
                .orElseGet(Json::object);
        if (random.nextBoolean()) {
            mutations.damage(object);
        }
        String name = samples.stream()
                .filter(s -> s.kind().equals(info.kind()))
                .findAny()
                .map(Sample::name)
                .orElse("x");
        String path = "/" + (info.group().isEmpty() ? "api" : "apis/" + info.group()) + "/" + info.version()
                + (info.namespaced() ? "/namespaces/fuzz/" : "/") + info.plural() + "/" + name + "/" + sub.name();
        return call(
                objects.pick(List.of("GET", "POST", "PUT", "PATCH", "DELETE")),
                path + query(sample, random.nextBoolean()),
                objects.pick(List.of(JSON, JSON, PATCH.formatted("merge"), "application/apply-patch+yaml")),
                mutations.damage(Json.write(object)));
    }

    private DirectCall page() {
        String path = objects.pick(PAGES);
        if (random.nextInt(3) == 0) {
            path = new String(
                    mutations.damage((path + mutations.text()).getBytes(StandardCharsets.UTF_8)),
                    StandardCharsets.ISO_8859_1);
        }
        return call(
                random.nextInt(5) == 0 ? objects.pick(List.of("POST", "PUT", "DELETE", "PATCH", "HEAD")) : "GET",
                path.startsWith("/") ? path : "/" + path,
                JSON,
                new byte[0]);
    }

    private String query(Sample sample, boolean apply) {
        StringBuilder query = new StringBuilder("?");
        if (DRY_KINDS.contains(sample.kind())) {
            query.append("dryRun=All&");
        }
        if (apply && random.nextInt(10) > 0) {
            query.append("fieldManager=m")
                    .append(random.nextInt(3))
                    .append("&force=")
                    .append(random.nextBoolean())
                    .append('&');
        }
        for (int i = random.nextInt(3); i > 0; i--) {
            query.append(objects.pick(List.of(
                            "dryRun=All",
                            "dryRun=x",
                            "fieldValidation=Strict",
                            "fieldValidation=Warn",
                            "fieldValidation=Ignore",
                            "fieldValidation=x",
                            "fieldManager=f",
                            "force=true",
                            "pretty=1",
                            "gracePeriodSeconds=0",
                            "gracePeriodSeconds=-7",
                            "propagationPolicy=Orphan",
                            "orphanDependents=true",
                            "labelSelector=a%20in%20(b)",
                            "fieldSelector=metadata.name%3Dw",
                            "timeout=3s",
                            "watch=1",
                            "resourceVersion=x",
                            "limit=x")))
                    .append('&');
        }
        if (random.nextInt(30) == 0) {
            query.append("fieldManager=").append(escaped(mutations.text())).append('&');
        }
        return query.toString();
    }

    private DirectCall call(String method, String target, String type, byte[] body) {
        DirectCall call = new DirectCall(method, target, body).with("Content-Type", type);
        int user = random.nextInt(60);
        if (user > 1) {
            call.with("Authorization", "Bearer " + (user == 2 ? mutations.text() : user == 3 ? "alice" : "admin"));
        }
        if (random.nextInt(3) == 0) {
            String accept = objects.pick(ACCEPTS);
            call.with("Accept", random.nextInt(10) == 0 ? accept + "," + mutations.text() : accept);
        }
        switch (random.nextInt(40)) {
            case 0 -> call.with("Impersonate-User", mutations.text());
            case 1 -> call.with("Impersonate-Group", mutations.text());
            case 2 -> call.with("Accept-Encoding", "gzip");
            case 3 -> call.with("If-None-Match", "\"" + mutations.text() + "\"");
            case 4 -> call.with("Audit-ID", mutations.text());
            case 5 -> call.with("User-Agent", mutations.text());
            case 6 ->
                call.with("Upgrade", "websocket").with("Connection", "Upgrade").with("Origin", mutations.text());
            case 7 -> call.with("Content-Type", "application/json; charset=" + mutations.text());
            case 8 ->
                call.with("X-Stream-Protocol-Version", "v4.channel.k8s.io")
                        .with("Upgrade", "SPDY/3.1")
                        .with("Connection", "Upgrade");
            case 9 -> call.with("If-Modified-Since", mutations.text());
            default -> {}
        }
        return call;
    }
}

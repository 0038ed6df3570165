package dev.amphora.rest;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.base.Ascii;
import com.google.common.hash.Hashing;
import dev.amphora.api.Json;
import dev.amphora.apiserver.ApiServer;
import dev.amphora.apiserver.RemoteGroup;
import dev.amphora.apiserver.schema.DiscoveryDocuments;
import dev.amphora.apiserver.schema.DiscoveryProtobuf;
import dev.amphora.apiserver.schema.GroupInfo;
import dev.amphora.apiserver.schema.OpenApiDocuments;
import dev.amphora.apiserver.schema.RemoteVersion;
import dev.amphora.apiserver.schema.SchemaCatalogue;
import dev.amphora.rest.Accept.As;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The pages that say what is served: groups, versions, resources and their schemas. What they hold follows from the catalogue and is
 * written once for each catalogue.
 */
final class Discovery {
    private static final String PRODUCED = "application/json, application/yaml, application/vnd.kubernetes.protobuf";
    private static final As AGGREGATED = new As("apidiscovery.k8s.io", "v2", "APIGroupDiscoveryList");
    private static final List<String> JSON_TYPES = List.of("*/*", "application/*", "application/json");
    private static final List<String> BINARY_TYPES =
            List.of(OpenApiDocuments.V2_PROTOBUF, OpenApiDocuments.V2_PROTOBUF_ANSWER);
    private static final List<String> V3_BINARY_TYPES =
            List.of(OpenApiDocuments.V3_PROTOBUF, OpenApiDocuments.V3_PROTOBUF_ANSWER);
    private static final String OPEN_API = "/openapi/v3/";
    private static final byte[] NOTHING = new byte[0];
    private static final DateTimeFormatter HTTP_DATE = DateTimeFormatter.ofPattern(
                    "EEE, dd MMM yyyy HH:mm:ss", Locale.ROOT)
            .withZone(ZoneOffset.UTC);

    private final ApiServer apiServer;
    private final InstantSource clock;
    private @Nullable Edition edition;

    Discovery(ApiServer apiServer, InstantSource clock) {
        this.apiServer = apiServer;
        this.clock = clock;
    }

    /**
     * What was written for one catalogue.
     *
     * @param since in whole seconds, later than that of the edition before, for it is by this time that a client asks
     *     whether there is a newer one: of several in a second, the later ones are ahead of the clock
     */
    private record Edition(
            SchemaCatalogue catalogue,
            List<RemoteGroup> remote,
            DiscoveryDocuments documents,
            OpenApiDocuments openApi,
            Instant since,
            Map<String, Page> pages) {}

    private record Page(byte[] bytes, String etag) {}

    /** One at a time, so that each is dated later than the one before. */
    private synchronized Edition edition() {
        SchemaCatalogue catalogue = apiServer.catalogue();
        List<RemoteGroup> remote = apiServer.remoteGroups();
        Edition known = edition;
        if (known == null || known.catalogue != catalogue || !known.remote.equals(remote)) {
            Instant since = clock.instant().truncatedTo(ChronoUnit.SECONDS);
            if (known != null && !since.isAfter(known.since)) {
                since = known.since.plusSeconds(1);
            }
            known = new Edition(
                    catalogue,
                    remote,
                    new DiscoveryDocuments(catalogue, elsewhere(remote), apiServer::groupPriority),
                    known == null ? new OpenApiDocuments(catalogue) : known.openApi.of(catalogue),
                    since,
                    new ConcurrentHashMap<>());
            edition = known;
        }
        return known;
    }

    private static List<RemoteVersion> elsewhere(List<RemoteGroup> remote) {
        return remote.stream()
                .map(each -> new RemoteVersion(
                        each.group(),
                        each.version(),
                        each.groupPriority(),
                        each.versionPriority(),
                        each.available(),
                        each.resources()))
                .toList();
    }

    /** Whose schemas a path leads to; null if they are not another server's. */
    @Nullable RemoteGroup schemaElsewhere(String path) {
        if (path.startsWith(OPEN_API)) {
            for (RemoteGroup each : apiServer.remoteGroups()) {
                if (each.schema() != null && path.endsWith(each.path()) && path.length() == pathLength(each)) {
                    return each;
                }
            }
        }
        return null;
    }

    private static int pathLength(RemoteGroup group) {
        return OPEN_API.length() - 1 + group.path().length();
    }

    // ---- groups and resources ---------------------------------------------------------------------------------------

    /** Answers a path below {@code /api} or {@code /apis} that names no resource. */
    HttpAnswer answer(Exchange exchange, ResourcePath target) {
        Edition current = edition();
        boolean core = !exchange.path().startsWith("/apis");
        boolean top = target.group().isEmpty() && target.version().isEmpty();
        boolean routed = core || !top;
        if (routed && !exchange.method().equals("GET")) {
            throw Exchange.methodNotAllowed();
        }
        if (!top && !core && !isServed(current, target.group())) {
            if (!target.version().isEmpty()
                    || current.documents.group(target.group()).isEmpty()) {
                return Pages.notFound();
            }
        }
        if ((core || !target.version().isEmpty()) && !Accept.routable(exchange.header("Accept"))) {
            throw Exchange.notRoutable(false);
        }
        if (top) {
            Accept aggregated = Accept.negotiateAs(exchange.header("Accept"), AGGREGATED);
            if (aggregated != null) {
                return aggregated(exchange, current, core, aggregated.format());
            }
        }
        Accept accept = Accept.negotiate(exchange.header("Accept"), Accept.Offer.PLAIN);
        if (accept == null) {
            throw Exchange.notAcceptable(PRODUCED);
        }
        ObjectNode document = legacy(exchange, current, core, target).orElse(null);
        if (document == null) {
            if (!core && !isBuiltIn(target.group())) {
                return Pages.notFound();
            }
            throw Exchange.noRoute();
        }
        if (accept.format() == Accept.Format.PROTOBUF) {
            document.put("apiVersion", "v1");
        }
        return new HttpAnswer(200, Answers.write(document, accept.format(), accept.pretty() || exchange.wantsPretty()))
                .with("Content-Type", accept.format().mediaType());
    }

    private static boolean isBuiltIn(String group) {
        return SchemaCatalogue.builtIn().groups().stream()
                .anyMatch(info -> info.name().equals(group));
    }

    private static boolean isServed(Edition current, String group) {
        return current.catalogue.groups().stream().anyMatch(info -> info.name().equals(group));
    }

    private static Optional<ObjectNode> legacy(Exchange exchange, Edition current, boolean core, ResourcePath target) {
        if (!target.version().isEmpty()) {
            return current.documents.resourceList(target.group(), target.version());
        }
        if (core) {
            return Optional.of(current.documents.coreVersions(exchange.authority()));
        }
        return target.group().isEmpty()
                ? Optional.of(current.documents.groupList())
                : current.documents.group(target.group());
    }

    private static HttpAnswer aggregated(Exchange exchange, Edition current, boolean core, Accept.Format format) {
        Page page = page(current, (core ? "api " : "apis ") + format, () -> {
            ObjectNode document = core ? current.documents.aggregatedCore() : current.documents.aggregatedGroups();
            return format == Accept.Format.PROTOBUF
                    ? DiscoveryProtobuf.encode(document)
                    : Answers.write(document, format, false);
        });
        boolean unchanged = page.etag.equals(exchange.header("If-None-Match"));
        HttpAnswer answer = new HttpAnswer(unchanged ? 304 : 200, unchanged ? NOTHING : page.bytes);
        if (!unchanged) {
            answer.with("Content-Type", format.mediaType() + ";" + DiscoveryDocuments.AGGREGATED_PARAMETERS);
        }
        return answer.with("Etag", page.etag).with("Cache-Control", "public").with("Vary", "Accept");
    }

    private static Page page(Edition current, String key, Supplier<byte[]> writer) {
        return current.pages.computeIfAbsent(key, k -> {
            byte[] bytes = writer.get();
            return new Page(
                    bytes,
                    '"' + Ascii.toUpperCase(Hashing.sha512().hashBytes(bytes).toString()) + '"');
        });
    }

    // ---- schemas ----------------------------------------------------------------------------------------------------

    /** Answers a path below {@code /openapi}. */
    HttpAnswer openApi(Exchange exchange, String rest) {
        Edition current = edition();
        if (rest.equals("v3")) {
            return openApiIndex(exchange, current);
        }
        if (rest.equals("v2")) {
            return openApiVersionTwo(exchange, current);
        }
        if (!rest.startsWith("v3/")) {
            return Pages.notFound();
        }
        String path = rest.substring(3);
        String hash = current.openApi.hash(path).orElse(null);
        if (hash == null) {
            return new HttpAnswer(404, NOTHING);
        }
        String accept = exchange.header("Accept");
        boolean binary = accept != null && Accept.takes(accept, V3_BINARY_TYPES);
        if (!binary && !Accept.takes(accept, JSON_TYPES)) {
            return new HttpAnswer(406, NOTHING).with("Vary", "Accept");
        }
        String etag = '"' + hash + '"';
        String wanted = exchange.query().getOrDefault("hash", List.of("")).get(0);
        boolean named = !wanted.isEmpty();
        if (named && !wanted.equals(hash)) {
            return new HttpAnswer(301, NOTHING)
                    .with("Content-Type", "application/json")
                    .with("Location", "/openapi/v3/" + path + "?hash=" + hash)
                    .with("Etag", etag)
                    .with("Vary", "Accept");
        }
        if (isUnchanged(exchange, etag, current.since)) {
            return new HttpAnswer(304, NOTHING).with("Etag", etag).with("Vary", "Accept");
        }
        OpenApiDocuments.Document document = current.openApi.document(path).orElseThrow();
        HttpAnswer answer = (binary
                        ? file(
                                current.openApi.protobuf(path, document).json(),
                                OpenApiDocuments.V3_PROTOBUF_ANSWER,
                                current.since)
                        : file(document.json(), "application/json", current.since))
                .with("Etag", etag)
                .with("Vary", "Accept");
        if (named) {
            answer.with("Cache-Control", "public, immutable")
                    .with("Expires", HTTP_DATE.format(clock.instant().plus(Duration.ofDays(365))) + " UTC");
        }
        return answer;
    }

    private static HttpAnswer openApiIndex(Exchange exchange, Edition current) {
        if (isUnmodified(exchange, current.since)) {
            return new HttpAnswer(304, NOTHING).with("Last-Modified", HTTP_DATE.format(current.since) + " GMT");
        }
        byte[] index = page(current, "openapi", () -> Json.write(index(current))).bytes;
        return file(index, "text/plain; charset=utf-8", current.since);
    }

    /** What the catalogue has schemas for, and what other servers have. */
    private static ObjectNode index(Edition current) {
        ObjectNode index = current.openApi.index();
        Map<String, JsonNode> paths = new TreeMap<>();
        index.path("paths").properties().forEach(path -> paths.put(path.getKey(), path.getValue()));
        for (RemoteGroup each : current.remote) {
            String key = each.path().substring(1);
            if (each.schema() == null) {
                paths.remove(key);
            } else {
                paths.put(key, Json.object().put("serverRelativeURL", each.schema()));
            }
        }
        index.putObject("paths").setAll(paths);
        return index;
    }

    private static HttpAnswer file(byte[] bytes, String type, Instant modified) {
        return new HttpAnswer(200, bytes)
                .with("Content-Type", type)
                .with("Content-Length", Integer.toString(bytes.length))
                .with("Accept-Ranges", "bytes")
                .with("Last-Modified", HTTP_DATE.format(modified) + " GMT");
    }

    private static HttpAnswer openApiVersionTwo(Exchange exchange, Edition current) {
        String accept = exchange.header("Accept");
        boolean binary = accept != null && Accept.takes(accept, BINARY_TYPES);
        if (!binary && !Accept.takes(accept, JSON_TYPES)) {
            return variesByEncoding(new HttpAnswer(406, NOTHING));
        }
        Supplier<byte[]> document = () -> (binary ? current.openApi.v2Protobuf() : current.openApi.v2()).json();
        String etag = '"' + current.openApi.v2Hash(binary) + '"';
        if (isUnchanged(exchange, etag, current.since)) {
            return variesByEncoding(new HttpAnswer(304, NOTHING).with("Etag", etag));
        }
        String type = binary ? OpenApiDocuments.V2_PROTOBUF_ANSWER : "application/json";
        if (exchange.takesGzip()) {
            byte[] compressed = page(current, "openapi/v2 " + type, () -> Exchange.gzip(document.get())).bytes;
            return variesByEncoding(new HttpAnswer(200, compressed)
                    .with("Content-Type", type)
                    .with("Content-Encoding", "gzip")
                    .with("Accept-Ranges", "bytes")
                    .with("Last-Modified", HTTP_DATE.format(current.since) + " GMT")
                    .with("Etag", etag));
        }
        return variesByEncoding(file(document.get(), type, current.since).with("Etag", etag));
    }

    private static HttpAnswer variesByEncoding(HttpAnswer answer) {
        return answer.with("Vary", "Accept-Encoding").with("Vary", "Accept");
    }

    private static boolean isUnchanged(Exchange exchange, String etag, Instant since) {
        String known = exchange.header("If-None-Match");
        if (known == null) {
            return isUnmodified(exchange, since);
        }
        for (String tag : known.split(",", -1)) {
            String one = tag.strip();
            if (one.equals("*") || one.equals(etag) || one.equals("W/" + etag)) {
                return true;
            }
        }
        return false;
    }

    private static boolean isUnmodified(Exchange exchange, Instant since) {
        return (HTTP_DATE.format(since) + " GMT").equals(exchange.header("If-Modified-Since"));
    }

    // ---- everything -------------------------------------------------------------------------------------------------

    /** The paths that {@code GET /} lists, sorted. */
    List<String> rootPaths(List<String> healthPaths) {
        List<String> paths = new ArrayList<>(healthPaths);
        paths.addAll(List.of(
                "/.well-known/openid-configuration",
                "/api",
                "/apis",
                "/apis/",
                "/flagz",
                "/metrics",
                "/metrics/slis",
                "/openapi/v2",
                "/openapi/v3",
                "/openapi/v3/",
                "/openid/v1/jwks",
                "/statusz",
                "/version"));
        for (RemoteGroup each : apiServer.remoteGroups()) {
            paths.add(each.path());
            paths.add("/apis/" + each.group());
        }
        for (GroupInfo group : apiServer.catalogue().groups()) {
            String root = group.name().isEmpty() ? "/api" : "/apis/" + group.name();
            if (!group.name().isEmpty()) {
                paths.add(root);
            }
            for (String version : group.versions()) {
                paths.add(root + "/" + version);
            }
        }
        return paths.stream().distinct().sorted().toList();
    }
}

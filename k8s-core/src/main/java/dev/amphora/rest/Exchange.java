package dev.amphora.rest;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableSet;
import dev.amphora.api.FieldError;
import dev.amphora.api.FieldSelector;
import dev.amphora.api.Names;
import dev.amphora.api.StatusException;
import dev.amphora.apiserver.ApiRequest;
import dev.amphora.apiserver.ApiResult;
import dev.amphora.apiserver.Body;
import dev.amphora.apiserver.RemoteGroup;
import dev.amphora.apiserver.RequestOptions;
import dev.amphora.apiserver.Verb;
import dev.amphora.apiserver.access.AccessRequest;
import dev.amphora.apiserver.access.Authorizer;
import dev.amphora.apiserver.access.User;
import dev.amphora.apiserver.flow.FlowControl;
import dev.amphora.apiserver.flow.FlowRefusal;
import dev.amphora.apiserver.flow.FlowTicket;
import dev.amphora.apiserver.schema.ResourceInfo;
import dev.amphora.apiserver.schema.SchemaCatalogue;
import io.fabric8.kubernetes.api.model.StatusDetails;
import io.fabric8.kubernetes.api.model.StatusDetailsBuilder;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.zip.GZIPOutputStream;
import org.jspecify.annotations.Nullable;

/** One request on its way: what it asks for, who asks, and how the answer is to look. */
final class Exchange {
    private static final Set<String> PATCH_TYPES = ImmutableSet.of(
            "application/json-patch+json",
            "application/merge-patch+json",
            "application/strategic-merge-patch+json",
            "application/apply-patch+yaml");
    private static final Set<String> CONNECTIONS = ImmutableSet.of("exec", "attach", "portforward", "proxy");
    private static final Map<String, Verb> OBJECT_VERBS = Map.of(
            "GET", Verb.GET, "POST", Verb.CREATE, "PUT", Verb.UPDATE, "PATCH", Verb.PATCH, "DELETE", Verb.DELETE);
    private static final Map<String, Verb> COLLECTION_VERBS =
            Map.of("GET", Verb.LIST, "POST", Verb.CREATE, "DELETE", Verb.DELETE_COLLECTION);
    private static final Pattern DURATION =
            Pattern.compile("[-+]?(([0-9]+\\.?[0-9]*|\\.[0-9]+)(ns|us|µs|μs|ms|s|m|h))+");
    private static final Pattern LEGACY_PROXY = Pattern.compile("^/(api|apis/[^/]+)/[^/]+/proxy/");
    /** Where requests are soon answered, as for the objects themselves. */
    private static final Set<String> QUICK = ImmutableSet.of("", "status", "scale", "binding");

    private static final int MOST_DIGITS = 5;
    /** Longer bodies take a while to read, in bytes. */
    private static final int QUICKLY_READ = 64 << 10;

    private static final int WORTH_COMPRESSING = 128 << 10;
    /** The fastest level that looks for matches well. */
    private static final int COMPRESSION = 4;

    /** What the reference lets everybody ask, whatever the authorizer says. */
    private static final List<String> ALWAYS_ALLOWED = List.of("/healthz", "/livez", "/readyz");

    private final RestApi api;
    private final HttpCall call;
    private final String path;
    private final Map<String, List<String>> query;
    private final @Nullable ResourcePath target;
    private final String auditId;
    private User user = User.anonymous();
    private @Nullable FlowTicket ticket;
    private @Nullable AuditTrail trail;
    private boolean longRunning;
    private List<String> warnings = List.of();
    private final Measure measure;

    Exchange(RestApi api, HttpCall call) {
        this.api = api;
        this.call = call;
        measure = new Measure(api.metrics, api.kernel, call.method());
        String unescaped = Query.unescapePath(call.path());
        path = unescaped == null ? call.path() : unescaped;
        target = ResourcePath.parse(path);
        query = Query.parse(call.query());
        String givenId = call.header("Audit-ID");
        auditId = givenId == null || givenId.isEmpty() ? api.kernel.newUid() : givenId;
    }

    String method() {
        return call.method();
    }

    /** The path without escapes. */
    String path() {
        return path;
    }

    /** Whether it can be answered by computing alone, and not for long: it concerns one object. */
    boolean isQuick() {
        if (target == null || target.resource().isEmpty() || !QUICK.contains(target.subresource())) {
            return false;
        }
        Verb verb = verb(target);
        if (verb == null || verb == Verb.LIST || verb == Verb.WATCH || verb == Verb.DELETE_COLLECTION) {
            return false;
        }
        return (verb == Verb.GET || bodyIsShort())
                && !target.group().equals("apiextensions.k8s.io")
                && api.apiServer.answersAtOnce(target.group(), target.version(), target.resource());
    }

    private boolean bodyIsShort() {
        String length = call.header("Content-Length");
        return length == null
                ? call.header("Transfer-Encoding") == null
                : isShort(length) && Integer.parseInt(length) <= QUICKLY_READ;
    }

    private static boolean isShort(String number) {
        for (int i = 0; i < number.length(); i++) {
            if (number.charAt(i) < '0' || number.charAt(i) > '9') {
                return false;
            }
        }
        return !number.isEmpty() && number.length() <= MOST_DIGITS;
    }

    void authenticated(User who) {
        user = who;
    }

    /** Finds the flow that the request shares a priority level with; what has no end of its own, other than a watch, has none. */
    void classify(FlowControl flow) {
        boolean endless = target == null || target.resource().isEmpty()
                ? path.startsWith("/debug/pprof/")
                : CONNECTIONS.contains(target.subresource())
                        || target.subresource().equals("log")
                        || path.contains("/proxy/");
        if (!endless) {
            ticket = flow.classify(wish());
        }
    }

    /** What is wanted, as it is judged. */
    private AccessRequest wish() {
        return target == null || target.resource().isEmpty()
                ? AccessRequest.ofPath(user, call.method().toLowerCase(Locale.ROOT), path)
                : access(target, verb(target));
    }

    /** Tells who wants to know that the request has come, and later what becomes of it. */
    void audit(User real) {
        trail = api.audit.isEmpty() ? null : api.audit.begin(api, call, auditId, wish(), real);
        if (trail != null) {
            measure.listen(trail);
        }
    }

    /** The place of the request in flow control; null if it has none. */
    @Nullable FlowTicket ticket() {
        return ticket;
    }

    String auditId() {
        return auditId;
    }

    /** Answers that there are too many requests. */
    void tooMany(FlowRefusal why) {
        answer(HttpAnswer.text(429, "Too many requests, please try again later.\n")
                .with("Retry-After", "1"));
    }

    /** Does what is asked and answers. */
    void run(byte[] body) {
        AuditTrail told = trail;
        if (told != null) {
            told.sent(body);
            told.authorized(api.apiServer.authorize(wish()));
        }
        checkTimeout();
        longRunning |= path.startsWith("/debug/pprof/")
                || path.contains("/proxy/") && LEGACY_PROXY.matcher(path).find();
        if (target != null && target.watch() && target.resource().isEmpty()) {
            measure.answered(500, 0);
            call.answer(HttpAnswer.text(
                            500,
                            "Internal Server Error: \"%s\": failed to create RequestInfo: unable to determine kind and namespace from url, %s\n"
                                    .formatted(path, path))
                    .with("Audit-Id", auditId));
            return;
        }
        if (target == null || target.resource().isEmpty()) {
            runPage(target, body);
        } else {
            runResource(target, body);
        }
    }

    /** The client's own time limit must be a duration; none is kept, for no request here takes long that isn't a watch. */
    private void checkTimeout() {
        if (!query.containsKey("timeout")) {
            return;
        }
        String timeout = query.getOrDefault("timeout", List.of("")).get(0);
        if (!timeout.isEmpty()
                && !timeout.equals("0")
                && !DURATION.matcher(timeout).matches()) {
            longRunning = true;
            String why = timeout.matches("[-+]?[0-9.]+") ? "missing unit in duration" : "invalid duration";
            throw StatusException.badRequest(
                    "invalid timeout specified in the request URL - time: %s \"%s\"".formatted(why, timeout));
        }
    }

    // ---- pages ------------------------------------------------------------------------------------------------------

    private void runPage(@Nullable ResourcePath target, byte[] body) {
        String verb = call.method().toLowerCase(Locale.ROOT);
        measure.of(path);
        if (!ALWAYS_ALLOWED.contains(path)) {
            authorize(AccessRequest.ofPath(user, verb, path));
        }
        RemoteGroup elsewhere =
                target == null ? api.discovery.schemaElsewhere(path) : api.remote(target.group(), target.version());
        if (elsewhere != null) {
            new RemoteAnswer(api, this, new MeasuredCall(call, measure), elsewhere, user, false).run(body);
            return;
        }
        if (target != null) {
            answer(api.discovery.answer(this, target));
            return;
        }
        answer(api.pages.answer(this));
    }

    // ---- resources --------------------------------------------------------------------------------------------------

    private void runResource(ResourcePath target, byte[] body) {
        Verb verb = verb(target);
        RemoteGroup elsewhere = api.remote(target.group(), target.version());
        if (elsewhere != null) {
            authorize(access(target, verb));
            boolean endless = verb == Verb.WATCH || !call.upgradeWish().isEmpty();
            longRunning |= endless;
            new RemoteAnswer(api, this, new MeasuredCall(call, measure), elsewhere, user, endless).run(body);
            return;
        }
        ResourceInfo resource = api.apiServer
                .resource(target.group(), target.version(), target.resource())
                .filter(info -> fits(info, target))
                .orElse(null);
        if (resource == null) {
            refuseUnknown(target, verb);
            return;
        }
        measure.of(target, verb, mediaType(), query, body.length);
        boolean builtIn = Representation.isBuiltIn(resource);
        List<String> deprecations = builtIn ? Deprecations.of(resource) : deprecation(resource);
        boolean connection =
                resource.group().isEmpty() && (CONNECTIONS.contains(target.subresource()) || isLog(resource, target));
        if (verb == Verb.WATCH && !target.watch() && !resource.supports("watch") && resource.supports("list")) {
            authorize(access(target, verb));
            warnings = deprecations;
            api.apiServer.handle(request(target, Verb.LIST, body));
            throw StatusException.of(
                    405,
                    "MethodNotAllowed",
                    "watch is not supported on resources of kind \"%s\"".formatted(resource.qualifiedName()),
                    new StatusDetailsBuilder()
                            .withGroup(resource.group())
                            .withKind(resource.plural())
                            .build());
        }
        if (!builtIn && nowhere(resource, target, verb)) {
            authorize(access(target, verb));
            answer(Pages.notFound());
            return;
        }
        if (builtIn && isNowhere(resource, target)) {
            authorize(access(target, verb));
            throw noRoute();
        }
        if (verb == null
                || !supports(resource, target, verb)
                        && (builtIn || !target.subresource().isEmpty())
                || target.namespace().isEmpty()
                        && resource.namespaced()
                        && !(isRead(verb) && target.name().isEmpty())) {
            authorize(access(target, verb));
            throw builtIn ? methodNotAllowed() : notSupported(resource);
        }
        if (!Accept.routable(call.header("Accept")) && !connection) {
            authorize(access(target, verb));
            throw notRoutable(verb == Verb.WATCH || verb == Verb.LIST);
        }
        if (!deprecations.isEmpty()) {
            // Who may not see the resource isn't told of it either.
            authorize(access(target, verb));
            warnings = deprecations;
        }
        if (verb == Verb.PATCH && !PATCH_TYPES.contains(patchType())) {
            authorize(access(target, verb));
            throw StatusException.of(415, "UnsupportedMediaType", "415: Unsupported Media Type", new StatusDetails());
        }
        if (verb == Verb.PATCH && mediaType().equals("application/strategic-merge-patch+json") && !builtIn) {
            authorize(access(target, verb));
            throw StatusException.of(
                    415,
                    "UnsupportedMediaType",
                    "the body of the request was in an unknown format - accepted media types include:"
                            + " application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml",
                    null);
        }
        List<String> noName = target.name().isEmpty() ? List.of() : Names.pathSegment(target.name());
        if (!noName.isEmpty()) {
            authorize(access(target, verb));
            throw StatusException.badRequest("Name parameter invalid: %s: %s"
                    .formatted(FieldError.quoted(target.name()), String.join(";", noName)));
        }
        ApiRequest request = request(target, verb, body);
        if (isLog(resource, target)) {
            longRunning = true;
            measure.runsLong();
            new PodLog(api, this, new MeasuredCall(call, measure), request, query).run();
            return;
        }
        if (connection) {
            longRunning = true;
            if (!target.subresource().equals("proxy")) {
                new PodConnect(api, this, new MeasuredCall(call, measure), request, query).run();
                return;
            }
            new ProxyAnswer(api, this, new MeasuredCall(call, measure), request).run(body);
            return;
        }
        Accept accept = Accept.negotiate(
                call.header("Accept"), builtIn ? Accept.Offer.RESOURCES : Accept.Offer.CUSTOM_RESOURCES);
        if (accept == null) {
            authorize(request.access());
            throw notAcceptable("application/json, application/yaml, application/vnd.kubernetes.protobuf");
        }
        if (verb == Verb.WATCH) {
            if (!accept.format().streams()) {
                authorize(request.access());
                throw notAcceptable("application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch");
            }
            Representation representation = representation(resource, accept, builtIn);
            try {
                representation.check();
            } catch (StatusException e) {
                authorize(request.access());
                throw e;
            }
            new WatchAnswer(api, this, call, request, representation).run();
            return;
        }
        AuditTrail told = trail;
        ApiResult result = told == null ? api.apiServer.handle(request) : api.apiServer.handle(request, told::annotate);
        if (!result.warnings().isEmpty()) {
            warnings = ImmutableList.<String>builder()
                    .addAll(warnings)
                    .addAll(result.warnings())
                    .build();
        }
        boolean pretty = accept.pretty() || wantsPretty();
        byte[] bytes = representation(resource, accept, builtIn).write(result, pretty);
        HttpAnswer answer = body(result.code(), bytes, accept.format(), verb == Verb.GET || verb == Verb.LIST);
        answer(answer);
    }

    private Representation representation(ResourceInfo resource, Accept accept, boolean builtIn) {
        return new Representation(resource, builtIn, accept, query, api.kernel, () -> printerColumns(resource));
    }

    /** The {@code additionalPrinterColumns} of a custom resource's version. */
    private JsonNode printerColumns(ResourceInfo resource) {
        Optional<ObjectNode> definition = api.apiServer
                .objects()
                .get("apiextensions.k8s.io", "customresourcedefinitions", "", resource.qualifiedName());
        if (definition.isPresent()) {
            for (JsonNode version : definition.get().path("spec").path("versions")) {
                if (version.path("name").asText().equals(resource.version())) {
                    return version.path("additionalPrinterColumns");
                }
            }
        }
        return MissingNode.getInstance();
    }

    private HttpAnswer body(int code, byte[] bytes, Accept.Format format, boolean compressible) {
        HttpAnswer answer = new HttpAnswer(code, bytes).with("Content-Type", format.mediaType());
        return compressible && bytes.length >= WORTH_COMPRESSING && takesGzip()
                ? gzipped(answer).with("Vary", "Accept-Encoding")
                : answer;
    }

    /** The same answer for a client that takes it compressed, or as it is. */
    HttpAnswer compressed(HttpAnswer answer) {
        return takesGzip() ? gzipped(answer).inChunks() : answer;
    }

    private static HttpAnswer gzipped(HttpAnswer answer) {
        return answer.withBody(gzip(answer.body())).with("Content-Encoding", "gzip");
    }

    private ApiRequest request(ResourcePath target, Verb verb, byte[] body) {
        Map<String, List<String>> parameters = query;
        if (target.watch() && !target.name().isEmpty()) {
            parameters = watchOfOne(target.name());
        }
        String userAgent = call.header("User-Agent");
        return new ApiRequest(
                user,
                userAgent == null ? "" : userAgent,
                verb,
                target.group(),
                target.version(),
                target.resource(),
                target.namespace(),
                target.watch() ? "" : target.name(),
                target.subresource(),
                RequestOptions.parse(parameters),
                body.length == 0 && (isRead(verb) || verb == Verb.DELETE || verb == Verb.DELETE_COLLECTION)
                        ? null
                        : Body.of(body, mediaType()));
    }

    /** The old way to watch one object; whoever names fields as well must name that object. */
    private Map<String, List<String>> watchOfOne(String name) {
        Map<String, List<String>> parameters = new LinkedHashMap<>(query);
        String fields = query.getOrDefault("fieldSelector", List.of("")).get(0);
        if (fields.isEmpty()) {
            parameters.put("fieldSelector", List.of("metadata.name=" + name));
            return parameters;
        }
        try {
            if (!name.equals(FieldSelector.parse(fields).required("metadata.name"))) {
                throw StatusException.badRequest("fieldSelector metadata.name doesn't match requested name");
            }
        } catch (IllegalArgumentException e) {
            throw StatusException.badRequest(String.valueOf(e.getMessage()));
        }
        return parameters;
    }

    /** What somebody wants to do, before it is known whether that can be done at all. */
    AccessRequest attributes(User who) {
        ResourcePath target = ResourcePath.parse(path);
        if (target == null || target.resource().isEmpty()) {
            return AccessRequest.ofPath(who, call.method().toLowerCase(Locale.ROOT), path);
        }
        AccessRequest access = access(target, verb(target));
        return new AccessRequest(
                who,
                access.verb(),
                access.group(),
                access.version(),
                access.resource(),
                access.subresource(),
                access.namespace(),
                access.name(),
                "");
    }

    private @Nullable Verb verb(ResourcePath target) {
        if (target.watch()) {
            return call.method().equals("GET") ? Verb.WATCH : null;
        }
        if (!target.name().isEmpty()) {
            return OBJECT_VERBS.get(call.method());
        }
        Verb verb = COLLECTION_VERBS.get(call.method());
        return verb == Verb.LIST && wantsWatch() ? Verb.WATCH : verb;
    }

    /** Any value but {@code 0} and {@code false} makes a watch. */
    private boolean wantsWatch() {
        List<String> values = query.get("watch");
        if (values == null) {
            return false;
        }
        String value = values.get(0).toLowerCase(Locale.ROOT);
        return !value.equals("0") && !value.equals("false");
    }

    private static boolean fits(ResourceInfo info, ResourcePath target) {
        if (target.inNamespace() && !info.namespaced()) {
            return false;
        }
        if (!target.inNamespace() && info.namespaced() && !target.name().isEmpty()) {
            return false;
        }
        if (target.subresource().isEmpty()) {
            return true;
        }
        return info.subresource(target.subresource()).isPresent()
                && (target.rest().isEmpty() || target.subresource().equals("proxy"))
                && !target.watch();
    }

    /** Whether a path of a built-in resource leads nowhere, whatever the method: objects that can't be named, what can't be watched. */
    private static boolean isNowhere(ResourceInfo resource, ResourcePath target) {
        if (target.watch()) {
            return !resource.supports("watch");
        }
        return !target.name().isEmpty()
                && target.subresource().isEmpty()
                && OBJECT_VERBS.values().stream()
                        .noneMatch(verb -> verb != Verb.CREATE && resource.supports(verb.word()));
    }

    /** A custom resource with namespaces is only read across them. */
    private static boolean nowhere(ResourceInfo resource, ResourcePath target, @Nullable Verb verb) {
        return resource.namespaced()
                && target.namespace().isEmpty()
                && !(verb != null && isRead(verb) && target.name().isEmpty());
    }

    private static boolean supports(ResourceInfo info, ResourcePath target, Verb verb) {
        return target.subresource().isEmpty()
                ? info.supports(verb.word())
                : info.subresource(target.subresource())
                        .filter(s -> s.verbs().contains(verb.word()))
                        .isPresent();
    }

    private static boolean isLog(ResourceInfo info, ResourcePath target) {
        return info.group().isEmpty()
                && info.plural().equals("pods")
                && target.subresource().equals("log");
    }

    private static boolean isRead(Verb verb) {
        return verb == Verb.GET || verb == Verb.LIST || verb == Verb.WATCH;
    }

    private AccessRequest access(ResourcePath asked, @Nullable Verb verb) {
        ResourcePath proxied =
                asked.resource().equals("proxy") ? ResourcePath.parse(path.replaceFirst("/proxy/", "/")) : null;
        ResourcePath target = proxied == null ? asked : proxied;
        String word = verb != null
                ? verb.word()
                : switch (call.method()) {
                    case "HEAD" -> target.name().isEmpty() ? "list" : "get";
                    case "PUT" -> "update";
                    case "PATCH" -> "patch";
                    default -> "";
                };
        return new AccessRequest(
                user,
                proxied == null ? word : "proxy",
                target.group(),
                target.version(),
                target.resource(),
                target.subresource(),
                target.namespace(),
                target.name(),
                "");
    }

    private List<String> deprecation(ResourceInfo resource) {
        String warning = api.apiServer.deprecationWarning(resource);
        return warning.isEmpty() ? List.of() : List.of(warning);
    }

    private void refuseUnknown(ResourcePath target, @Nullable Verb verb) {
        authorize(access(target, verb));
        SchemaCatalogue catalogue = api.apiServer.catalogue();
        boolean builtInGroup = SchemaCatalogue.builtIn().groups().stream()
                        .anyMatch(group -> group.name().equals(target.group()))
                && catalogue.groups().stream().anyMatch(group -> group.name().equals(target.group()));
        if (builtInGroup) {
            throw noRoute();
        }
        boolean lacksSubresource = catalogue
                .resource(target.group(), target.version(), target.resource())
                .filter(info -> !target.subresource().isEmpty()
                        && info.subresource(target.subresource()).isEmpty())
                .isPresent();
        if (lacksSubresource) {
            throw StatusException.notFound(target.group(), target.resource(), target.name());
        }
        answer(Pages.notFound());
    }

    /** The type of the body in lower case, without parameters; a text that is no type if it can't be read. */
    private String mediaType() {
        return MediaType.of(call.header("Content-Type"));
    }

    /** The type of a patch, which is compared letter by letter. */
    private String patchType() {
        String header = call.header("Content-Type");
        int semicolon = header == null ? -1 : header.indexOf(';');
        return header == null ? "" : (semicolon < 0 ? header : header.substring(0, semicolon)).strip();
    }

    /** Refuses what the user may not do. */
    void authorize(AccessRequest access) {
        Authorizer.Decision decision = api.apiServer.authorize(access);
        api.metrics.authorized(decision.allowed());
        if (decision.allowed()) {
            return;
        }
        String why = access.refusal() + (decision.reason().isEmpty() ? "" : ": " + decision.reason());
        if (access.isResource()) {
            throw StatusException.forbidden(access.group(), access.resource(), access.name(), why);
        }
        throw StatusException.of(403, "Forbidden", "forbidden: " + why, new StatusDetails());
    }

    // ---- errors -----------------------------------------------------------------------------------------------------

    static StatusException noRoute() {
        return StatusException.of(
                404, "NotFound", "the server could not find the requested resource", new StatusDetails());
    }

    static StatusException methodNotAllowed() {
        return StatusException.of(
                405,
                "MethodNotAllowed",
                "the server does not allow this method on the requested resource",
                new StatusDetails());
    }

    /** How custom resources say so. */
    private StatusException notSupported(ResourceInfo resource) {
        String word = access(Objects.requireNonNull(ResourcePath.parse(path)), OBJECT_VERBS.get(call.method()))
                .verb();
        StatusDetails details = new StatusDetails();
        details.setGroup(resource.group());
        details.setKind(resource.plural());
        return StatusException.of(
                405,
                "MethodNotAllowed",
                "%s is not supported on resources of kind \"%s\"".formatted(word, resource.qualifiedName()),
                details);
    }

    static StatusException notAcceptable(String types) {
        return StatusException.of(406, "NotAcceptable", "only the following media types are accepted: " + types, null);
    }

    static StatusException notRoutable(boolean watchable) {
        return StatusException.of(
                406,
                "NotAcceptable",
                "406: Not Acceptable\n\nAvailable representations: application/json, application/yaml,"
                        + " application/vnd.kubernetes.protobuf"
                        + (watchable
                                ? ", application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch"
                                : ""),
                new StatusDetails());
    }

    /** Answers with a {@code Status}. */
    void refuse(StatusException refusal) {
        refuse(refusal, refusal.code() == 403 && refusal.reason().equals("Forbidden"));
    }

    /**
     * Answers with a {@code Status}.
     *
     * @param guarded whether browsers are told to take the type for what it says
     */
    void refuse(StatusException refusal, boolean guarded) {
        AuditTrail told = trail;
        if (told != null) {
            told.refused(refusal);
        }
        warnings = ImmutableList.<String>builder()
                .addAll(warnings)
                .addAll(refusal.warnings())
                .build();
        Accept accept = Accept.negotiate(call.header("Accept"), Accept.Offer.PLAIN);
        Accept.Format format = accept == null ? Accept.Format.JSON : accept.format();
        boolean pretty = accept == null || accept.pretty() || wantsPretty();
        byte[] body = Answers.write(StatusTree.of(refusal.status()), format, pretty);
        HttpAnswer answer = new HttpAnswer(refusal.code(), body).with("Content-Type", format.mediaType());
        if (guarded) {
            answer.with("X-Content-Type-Options", "nosniff");
        }
        StatusDetails details = refusal.status().getDetails();
        if (details != null && details.getRetryAfterSeconds() != null && details.getRetryAfterSeconds() > 0) {
            answer.with("Retry-After", Integer.toString(details.getRetryAfterSeconds()));
        }
        answer(answer);
    }

    // ---- answers ----------------------------------------------------------------------------------------------------

    /** Sends an answer with the headers that all have. */
    void answer(HttpAnswer answer) {
        AuditTrail told = trail;
        if (told != null) {
            told.returned(answer);
        }
        measure.answered(answer.status(), answer.body().length);
        call.answer(head(answer));
    }

    /** What is measured of this request. */
    Measure measure() {
        return measure;
    }

    /** Adds the headers that all answers have. */
    HttpAnswer head(HttpAnswer answer) {
        answer.with("Audit-Id", auditId);
        if (answer.header("Cache-Control") == null) {
            answer.with("Cache-Control", "no-cache, private");
        }
        FlowTicket known = ticket;
        if (known != null && !longRunning) {
            answer.with("X-Kubernetes-Pf-Flowschema-Uid", known.schemaUid());
            answer.with("X-Kubernetes-Pf-Prioritylevel-Uid", known.levelUid());
        }
        for (String warning : warnings) {
            answer.with("Warning", "299 - \"" + warning.replace("\\", "\\\\").replace("\"", "\\\"") + "\"");
        }
        return answer;
    }

    @Nullable String header(String name) {
        return call.header(name);
    }

    String authority() {
        return call.authority();
    }

    Map<String, List<String>> query() {
        return query;
    }

    /** Whether the client asks for line breaks, or looks like somebody reading. */
    boolean wantsPretty() {
        List<String> values = query.get("pretty");
        if (values != null && !values.get(0).isEmpty()) {
            return Set.of("1", "t", "T", "true", "TRUE", "True").contains(values.get(0));
        }
        String userAgent = call.header("User-Agent");
        return userAgent != null
                && (userAgent.startsWith("curl")
                        || userAgent.startsWith("Wget")
                        || userAgent.startsWith("Mozilla/5.0"));
    }

    boolean takesGzip() {
        for (String header : call.headers("Accept-Encoding")) {
            for (String coding : header.split(",", -1)) {
                if (coding.strip().equals("gzip")) {
                    return true;
                }
            }
        }
        return false;
    }

    static byte[] gzip(byte[] bytes) {
        ByteArrayOutputStream out = new ByteArrayOutputStream(bytes.length / 8);
        try (GZIPOutputStream gzip = new GZIPOutputStream(out) {
            {
                def.setLevel(COMPRESSION);
            }
        }) {
            gzip.write(bytes);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return out.toByteArray();
    }
}

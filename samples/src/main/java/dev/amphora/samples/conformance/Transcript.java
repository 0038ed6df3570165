package dev.amphora.samples.conformance;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Replays one scenario, step by step. */
final class Transcript {
    private static final Set<String> WITH_NEW_DEFINITIONS_AWAITED = Set.of("reads", "patch");
    private static final List<String> KINDS = List.of(
            "request",
            "eventually",
            "watch",
            "events",
            "sleep",
            "pause",
            "hookCalls",
            "open",
            "compact",
            "webSocket",
            "tls",
            "plainHttpOnTheTlsPort");
    private static final Duration TO_FIT = Duration.ofSeconds(10);
    private static final Duration EVENTUALLY = Duration.ofSeconds(20);
    private static final Duration MOMENT = Duration.ofMillis(100);
    private static final Duration INTO_THE_SECOND = Duration.ofMillis(20);
    private static final Pattern HASH = Pattern.compile("hash=(\\w+)");

    private final Session session;
    private final Server server;
    private final String topic;
    private final Bindings bindings;
    private final Constants constants;
    private final JsonNode doc;
    private final @Nullable String namespace;
    private final @Nullable Webhooks webhooks;
    private final Map<String, Watch> watches = new LinkedHashMap<>();
    private final Cleaner cleaner;
    private final List<String> differences = new ArrayList<>();

    /** A scenario that begins with nothing known. */
    Transcript(Session session, JsonNode doc, String topic) {
        this(session, doc, topic, new Bindings(), null);
    }

    /**
     * A scenario that may go on where another one ended.
     *
     * @param bindings what placeholders mean already; grows
     * @param given the constants of the other one; null for constants of its own
     */
    Transcript(Session session, JsonNode doc, String topic, Bindings bindings, @Nullable Constants given) {
        this.session = session;
        this.server = session.server();
        this.topic = topic;
        this.bindings = bindings;
        this.cleaner = session.newCleaner();
        requireAtHand(doc);
        String text = doc.toString();
        Map<String, String> fixed = new HashMap<>();
        webhooks = webhooks(doc, text, fixed);
        boolean ownNamespace = given == null && text.contains("${ns}");
        namespace = ownNamespace ? session.newNamespace() : null;
        if (namespace != null) {
            fixed.put("ns", namespace);
        }
        if (text.contains("${name}")) {
            fixed.put("name", session.newName("n"));
        }
        constants = given == null ? session.constants(fixed) : given;
        this.doc = constants.apply(doc);
        if (webhooks != null) {
            webhooks.script(this.doc.path("webhooks"));
        }
    }

    private @Nullable Webhooks webhooks(JsonNode recording, String text, Map<String, String> fixed) {
        if (!text.contains("${hookHost}") && !text.contains("${caBundle}")) {
            return null;
        }
        if (!recording.has("webhooks")) {
            throw new SkipException("the answers of the webhook are not recorded");
        }
        Webhooks own = session.webhooks();
        fixed.put("hookHost", own.host());
        fixed.put("caBundle", own.caBundle());
        return own;
    }

    private void requireAtHand(JsonNode recording) {
        Options options = session.options();
        if (Trees.at(recording, "setup", "controllers").asBoolean() && !options.controllers()) {
            throw new SkipException("needs the controller manager (--controllers)");
        }
        for (JsonNode need : recording.path("needs")) {
            if (need.asText().equals("namespace-controller")
                    && !options.controllers()
                    && !options.namespaceController()) {
                throw new SkipException("needs the namespace controller (--namespace-controller)");
            }
        }
    }

    Constants constants() {
        return constants;
    }

    /** Does the steps and removes what they made. */
    List<String> run() {
        try {
            return steps();
        } finally {
            clean();
        }
    }

    /** Does the steps; every difference. */
    List<String> steps() {
        try {
            int number = 0;
            for (JsonNode step : doc.path("steps")) {
                number++;
                for (String difference : step(step)) {
                    differences.add("step " + number + " " + difference);
                }
            }
        } finally {
            watches.values().forEach(Watch::stop);
        }
        return differences;
    }

    /** Removes what the scenario made; what is in a namespace of its own at the end of everything. */
    void clean() {
        if (namespace != null) {
            cleaner.handOver(path -> path.contains("/namespaces/" + namespace), session.later());
        }
        cleaner.clean();
    }

    private List<String> step(JsonNode step) {
        String kind = KINDS.stream().filter(step::has).findFirst().orElse("");
        return switch (kind) {
            case "request" -> request(step);
            case "eventually" -> eventually(step);
            case "watch" -> watch(step);
            case "events" -> events(step);
            case "sleep" -> sleep(step.get("sleep").asDouble());
            case "pause" -> pause(step);
            case "hookCalls" -> hookCalls(step);
            case "open" -> open(step);
            case "compact" -> compact();
            case "webSocket" -> SocketSteps.webSocket(server, bindings.fill(step.get("webSocket")), step, bindings);
            case "tls" -> SocketSteps.tls(server, step.get("tls"), bindings);
            case "plainHttpOnTheTlsPort" ->
                SocketSteps.plainHttp(server, step.get("plainHttpOnTheTlsPort").asText(), bindings);
            default ->
                step.size() == 0 || (step.size() == 1 && step.has("note")) ? List.of() : List.of("of no known kind");
        };
    }

    private AnswerCheck check(JsonNode step) {
        JsonNode ignored = step.path("ignore").isEmpty() ? doc.path("ignore") : step.path("ignore");
        return session.check(topic, new HashSet<>(Trees.texts(ignored)));
    }

    /** The response of a step with how to compare it. */
    private ObjectNode wanted(JsonNode step) {
        ObjectNode want = Trees.object();
        Trees.members(step.get("response")).forEach(member -> want.set(member.getKey(), member.getValue()));
        if (want.path("body").has("kept")) {
            throw new SkipException("a body that was reduced (kept) is not compared");
        }
        if (doc.path("timed").asBoolean()) {
            want.put("timed", true);
        }
        if (step.path("unordered").isArray()) {
            want.set("unorderedParts", step.get("unordered"));
        } else if (step.path("unordered").asBoolean()) {
            want.put("unordered", true);
        }
        return want;
    }

    private List<String> request(JsonNode step) {
        if (doc.path("timed").asBoolean()) {
            awaitNextSecond();
        }
        if (step.has("client")) {
            return SocketSteps.curl(server, step, session.check(topic, Set.of()), bindings);
        }
        ObjectNode want = wanted(step);
        learnHash(step.get("request"));
        JsonNode request = bindings.fill(step.get("request"));
        String path = request.path("path").asText();
        AnswerCheck check = check(step);
        Response response = ask(request, want, check);
        cleaner.saw(request, response);
        if (WITH_NEW_DEFINITIONS_AWAITED.contains(topic)
                && path.contains("/customresourcedefinitions")
                && response.status() == 201) {
            Definitions.awaitEffect(server, session.pace(), cleaner.made());
        }
        String revision =
                Trees.at(response.body(), "metadata", "resourceVersion").asText();
        if (revision.matches("\\d{1,18}")) {
            bindings.sawRevision(Long.parseLong(revision));
        }
        List<String> found = new ArrayList<>(check.differences(want, response, bindings));
        if (step.has("token")) {
            found.addAll(AnswerCheck.tokenDifferences(step.get("token"), response.body(), bindings));
        }
        return prefixed(request.path("method").asText() + " " + path, found);
    }

    /** Every request of such a scenario in a second of its own, so that times tell them apart. */
    private void awaitNextSecond() {
        Instant now = session.pace().now();
        Instant next = now.truncatedTo(ChronoUnit.SECONDS).plusSeconds(1).plus(INTO_THE_SECOND);
        session.pace().pause(Duration.between(now, next));
    }

    /** The response; a GET is repeated for a while if it doesn't fit, as caches may take a change over a moment later. */
    private Response ask(JsonNode request, JsonNode want, AnswerCheck check) {
        boolean read = request.path("method").asText().equals("GET");
        boolean allGiven = want.path("headers").has("Date");
        Instant end = session.pace().now().plus(TO_FIT);
        while (true) {
            Response response = server.call(request, allGiven);
            if (!read
                    || check.differences(want, response, bindings.copy()).isEmpty()
                    || session.pace().now().isAfter(end)
                    || !session.patient(MOMENT)) {
                return response;
            }
        }
    }

    /** {@code ${hash}} in a first request is the one of the index of OpenAPI v3. */
    private void learnHash(JsonNode request) {
        String path = request.path("path").asText();
        if (!path.contains("${hash}") || bindings.knows("hash")) {
            return;
        }
        String name = Cleaner.withoutQuery(path).replace("/openapi/v3/", "");
        JsonNode index = server.get("/openapi/v3").body();
        Matcher matcher =
                HASH.matcher(Trees.at(index, "paths", name, "serverRelativeURL").asText());
        if (matcher.find()) {
            bindings.put("hash", matcher.group(1));
        }
    }

    private List<String> eventually(JsonNode step) {
        ObjectNode want = wanted(step);
        JsonNode request = bindings.fill(step.get("eventually"));
        AnswerCheck check = check(step);
        Instant end = session.pace().now().plus(EVENTUALLY);
        while (true) {
            Bindings trial = bindings.copy();
            List<String> found = check.differences(want, server.call(request), trial);
            if (found.isEmpty() || session.pace().now().isAfter(end)) {
                String path = request.path("path").asText();
                bindings.takeOver(trial);
                Definitions.awaitEffect(server, session.pace(), List.of(path));
                return prefixed("eventually " + path, found);
            }
            session.pace().pause(MOMENT.dividedBy(2));
        }
    }

    private List<String> watch(JsonNode step) {
        JsonNode spec = bindings.fill(step.get("watch"));
        Watch watch = new Watch(server, session.pace(), spec);
        watches.put(spec.path("id").asText(), watch);
        List<String> found = new ArrayList<>();
        if (spec.has("status") && spec.get("status").asInt() != watch.status()) {
            found.add("status: want %s, got %d".formatted(spec.get("status"), watch.status()));
        }
        found.addAll(session.check(topic, Set.of()).watchHeaderDifferences(spec, watch, bindings));
        return prefixed("watch " + spec.path("path").asText(), found);
    }

    private List<String> events(JsonNode step) {
        String id = step.path("events").asText();
        Watch watch = watches.get(id);
        if (watch == null) {
            return List.of("events " + id + ": there is no such watch");
        }
        List<JsonNode> want = new ArrayList<>();
        step.path("items").forEach(want::add);
        boolean closing = step.path("closed").asBoolean();
        // plain bookmarks come at times of the server's choosing
        boolean bookmarks = want.stream().anyMatch(Transcript::isPlainBookmark);
        boolean collapsed = step.path("collapsed").asBoolean();
        List<JsonNode> got = watch.take(want.size(), closing, items -> {
            List<JsonNode> counting = items.stream()
                    .filter(item -> bookmarks || !isPlainBookmark(item))
                    .toList();
            return collapsed
                    ? Shapes.collapsed(counting.stream()
                            .map(item -> Shapes.project(item, want))
                            .toList())
                    : counting;
        });
        if (AnswerCheck.leavesOutManagedFields(topic, step.path("items"))) {
            got = got.stream().map(Shapes::withoutManagedFields).toList();
        }
        for (List<JsonNode> side : List.of(want, got)) {
            side.forEach(Shapes::sortManagedFields);
            side.forEach(Shapes::sortConditions);
        }
        boolean partial = step.path("partial").asBoolean();
        if (step.path("anyOrder").asBoolean() || step.path("unordered").asBoolean()) {
            got = AnswerCheck.paired(want, got, bindings, partial);
        }
        JsonNode ignored = step.path("ignore").isEmpty() ? doc.path("ignore") : step.path("ignore");
        List<String> found = new ArrayList<>(Comparison.of(
                AnswerCheck.array(want),
                AnswerCheck.array(got),
                bindings,
                "events",
                new HashSet<>(Trees.texts(ignored)),
                partial));
        if (closing && !watch.closed()) {
            found.add("the watch should have been closed");
        }
        return prefixed("events " + id, found);
    }

    private static boolean isPlainBookmark(JsonNode event) {
        return event.path("type").asText().equals("BOOKMARK")
                && !event.toString().contains("initial-events-end");
    }

    private List<String> open(JsonNode step) {
        String id = step.path("open").asText();
        Watch watch = watches.get(id);
        boolean open = watch != null && !watch.closed();
        boolean want = step.path("value").asBoolean();
        return open == want ? List.of() : List.of("watch %s: open should be %s".formatted(id, want));
    }

    private List<String> sleep(double seconds) {
        session.pace().pause(seconds);
        return List.of();
    }

    private List<String> pause(JsonNode step) {
        double seconds = step.path("pause").asDouble();
        // No cache needs a second, but what is to be younger than something else does.
        session.pace().pause(seconds > 1 ? seconds : seconds * session.options().pauseFactor());
        if (step.path("why").asText().contains("Established")) {
            Definitions.awaitEffect(server, session.pace(), cleaner.made());
        }
        return List.of();
    }

    private List<String> hookCalls(JsonNode step) {
        List<JsonNode> want = new ArrayList<>();
        for (JsonNode item : step.path("items")) {
            ObjectNode call = Trees.object();
            Trees.members(item).forEach(member -> call.set(member.getKey(), member.getValue()));
            call.remove("answer");
            want.add(call);
        }
        List<JsonNode> got = webhooks == null ? List.of() : webhooks.take(want.size(), session.pace());
        if (!Shapes.showsManagedFields(step.path("items"))) {
            got = got.stream().map(Shapes::withoutManagedFields).toList();
        }
        want.forEach(Shapes::sortManagedFields);
        got.forEach(Shapes::sortManagedFields);
        return prefixed(
                "webhook calls", Comparison.of(AnswerCheck.array(want), AnswerCheck.array(got), bindings, "calls"));
    }

    private List<String> compact() {
        if (doc.path("name").asText().contains("/compaction/")) {
            // the newest revision is then one that was not seen before
            ObjectNode secret = Trees.object().put("apiVersion", "v1").put("kind", "Secret");
            secret.putObject("metadata").put("generateName", "bump-");
            server.post("/api/v1/namespaces/" + (namespace == null ? "default" : namespace) + "/secrets", secret);
        }
        session.target().compact();
        return List.of();
    }

    private static List<String> prefixed(String prefix, List<String> differences) {
        return differences.stream().map(each -> prefix + ": " + each).toList();
    }
}

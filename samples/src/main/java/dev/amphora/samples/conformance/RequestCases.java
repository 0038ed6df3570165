package dev.amphora.samples.conformance;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Lines with {@code request} and {@code response}. {@code before} or {@code create} are requests to be made first, {@code reads} are
 * compared as well, {@code after} are requests at the end. Dry runs that follow each other with the same preparation share it.
 */
final class RequestCases implements Cases {
    private static final int RETRIES_OF_FORBIDDEN = 20;
    private static final Duration RETRY = Duration.ofMillis(50);

    @Override
    public void replay(File file, List<ObjectNode> cases, Results results) {
        Replayer replayer = new Replayer(file);
        int line = 0;
        for (ObjectNode each : cases) {
            line++;
            String name = each.path("id").asText(Integer.toString(line));
            results.replay(name, () -> replayer.differences(each));
        }
        replayer.finish();
    }

    private static final class Replayer {
        private final File file;
        private final Server server;
        private final Cleaner cleaner;
        /** What has been prepared and is still there. */
        private @Nullable JsonNode prepared;

        Replayer(File file) {
            this.file = file;
            this.server = file.server();
            this.cleaner = file.session().newCleaner();
        }

        List<String> differences(ObjectNode recorded) {
            ObjectNode each = file.session().constants(Map.of()).apply(recorded);
            List<String> out = new ArrayList<>(prepare(each));
            ObjectNode request = (ObjectNode) each.get("request");
            if (file.topic().startsWith("defaults") && !request.has("contentType")) {
                request.put("contentType", "application/json");
            }
            ObjectNode want = (ObjectNode) each.get("response");
            Response response = call(request, want, each.has("before"));
            cleaner.saw(request, response);
            if (each.path("causeOrder").asText().equals("any")) {
                want.put("unordered", true);
            }
            Bindings bindings = new Bindings();
            AnswerCheck check = file.session().check(file.topic(), new HashSet<>(Trees.texts(each.path("ignore"))));
            out.addAll(check.differences(want, response, bindings));
            out.addAll(reads(each.path("reads"), bindings));
            each.path("after").forEach(after -> server.call(bindings.fill(after.get("request"))));
            if (each.path("create").isEmpty() && (!cleaner.isEmpty() || each.has("before"))) {
                finish();
            }
            return out;
        }

        private List<String> prepare(JsonNode each) {
            List<String> out = new ArrayList<>();
            JsonNode create = each.path("create");
            boolean dryRun = Trees.at(each, "request", "path").asText().contains("dryRun=All")
                    && !Trees.at(each, "request", "method").asText().equals("DELETE");
            if (!dryRun || !create.equals(prepared)) {
                finish();
                create.forEach(first -> out.addAll(make(first.has("request") ? first.get("request") : first)));
                Definitions.awaitEffect(server, file.pace(), cleaner.made());
                prepared = dryRun ? create : null;
            }
            each.path("before").forEach(before -> out.addAll(make(before.get("request"))));
            return out;
        }

        /** The answer; a refusal is asked for again until the server's caches know what was made before. */
        private Response call(JsonNode request, JsonNode want, boolean afterOthers) {
            Response response = server.call(request);
            for (int retry = 0; afterOthers && retry < RETRIES_OF_FORBIDDEN; retry++) {
                if (response.status() != 403 || want.path("status").asInt() == 403) {
                    break;
                }
                file.pace().pause(RETRY);
                response = server.call(request);
            }
            return response;
        }

        private List<String> reads(JsonNode reads, Bindings bindings) {
            List<String> out = new ArrayList<>();
            AnswerCheck check = file.session().check(file.topic(), java.util.Set.of());
            for (JsonNode read : reads) {
                JsonNode request = bindings.fill(read.get("request"));
                for (String difference : check.differences(read.get("response"), server.call(request), bindings)) {
                    out.add("read " + request.path("path").asText() + ": " + difference);
                }
            }
            return out;
        }

        private List<String> make(JsonNode request) {
            JsonNode typed = request;
            if (request.has("body") && !request.has("contentType")) {
                typed = ((ObjectNode) request.deepCopy()).put("contentType", "application/json");
            }
            Response response = server.call(typed);
            if (response.status() == 409 && request.path("method").asText().equals("POST")) {
                // left by something before
                String path = Cleaner.withoutQuery(request.path("path").asText());
                cleaner.remove(path + "/"
                        + Trees.at(request, "body", "metadata", "name").asText());
                response = server.call(typed);
            }
            cleaner.saw(request, response);
            return response.succeeded()
                    ? List.of()
                    : List.of("before: %s %s: %d %s"
                            .formatted(
                                    request.path("method").asText(),
                                    request.path("path").asText(),
                                    response.status(),
                                    response.brief()));
        }

        void finish() {
            cleaner.clean();
            prepared = null;
        }
    }
}

package dev.amphora.samples.conformance;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** Replays files against one server, each by the runner for its kind. */
final class Replay {
    private static final List<String> SET_UPS = List.of("_setup.json", "setup.json", "decisions-setup.json");
    private static final Set<Integer> DONE = Set.of(200, 201, 409);
    private static final String OBJECTS = "decisions-setup.json";
    private static final Duration FOR_ROLES = Duration.ofSeconds(1);
    /** How many folders above a file are looked at for set-up files, its own included. */
    private static final int LEVELS = 4;

    private final Session session;

    Replay(Session session) {
        this.session = session;
    }

    /** Whether a file is a recording of its own, and no set-up or fixture for others. */
    static boolean holdsCases(Path file) {
        String name = String.valueOf(file.getFileName());
        return !SET_UPS.contains(name) && !file.toString().replace('\\', '/').contains("/fixtures/");
    }

    /** Replays a file. */
    void replay(Path path, Results results) {
        Results wanted = new Wanted(path.toString(), results);
        try {
            setUp(path, wanted);
            Cases.File file = new Cases.File(session, path, VectorFiles.topic(path));
            if (path.toString().endsWith(".jsonl")) {
                List<ObjectNode> cases = VectorFiles.lines(path);
                if (!cases.isEmpty()) {
                    Cases.of(cases.get(0)).replay(file, cases, wanted);
                }
                return;
            }
            JsonNode doc = VectorFiles.read(path);
            if (doc.path("steps").isArray()) {
                wanted.replay(doc.path("name").asText(), () -> new Transcript(session, doc, file.topic()).run());
            } else if (Documents.is(path)) {
                Documents.replay(file, doc, wanted);
            }
        } catch (RuntimeException e) {
            wanted.replayed("all", List.of(e.getClass().getSimpleName() + ": " + e.getMessage()));
        }
    }

    /** Does the set-up files of the folder of a file and of the folders above it, once each. What exists is left as it is. */
    private void setUp(Path file, Results results) {
        Path folder = file.toAbsolutePath().normalize().getParent();
        for (int level = 0; level < LEVELS && folder != null; level++) {
            for (String name : SET_UPS) {
                Path setUp = folder.resolve(name);
                if (Files.exists(setUp) && session.begins(setUp)) {
                    List<String> refused = setUpBy(setUp);
                    if (!refused.isEmpty()) {
                        results.replayed("set-up " + setUp, refused);
                    }
                }
            }
            folder = folder.getParent();
        }
    }

    /** Does a set-up file; what was refused. */
    private List<String> setUpBy(Path setUp) {
        JsonNode doc = VectorFiles.read(setUp);
        Server server = session.server();
        List<JsonNode> steps = new ArrayList<>();
        doc.path("steps").forEach(steps::add);
        doc.path("requests").forEach(request -> steps.add(Trees.object().set("request", request)));
        boolean objects = String.valueOf(setUp.getFileName()).equals(OBJECTS);
        if (objects) {
            doc.forEach(object -> steps.add(creation(server, object)));
        }
        List<String> made = new ArrayList<>();
        List<String> refused = new ArrayList<>();
        for (JsonNode step : steps) {
            if (step.has("sleep")) {
                session.pace().pause(step.get("sleep").asDouble());
                continue;
            }
            ObjectNode request = step.get("request").deepCopy();
            if (!request.has("contentType")) {
                request.put("contentType", "application/json");
            }
            Response response = server.call(request);
            String path = Cleaner.withoutQuery(request.path("path").asText());
            if (!DONE.contains(response.status())) {
                refused.add("%s: %d %s".formatted(path, response.status(), response.brief()));
            }
            made.add(path + "/" + Trees.at(request, "body", "metadata", "name").asText());
        }
        Definitions.awaitEffect(server, session.pace(), made);
        if (objects && session.options().pauseFactor() > 0) {
            session.pace().pause(FOR_ROLES);
        }
        return refused;
    }

    private static JsonNode creation(Server server, JsonNode object) {
        ObjectNode request = Trees.object().put("method", "POST").put("path", server.collectionOf(object, null));
        request.set("body", object);
        return Trees.object().set("request", request);
    }

    /** Passes on what is wanted only. */
    private final class Wanted implements Results {
        private final String file;
        private final Results results;

        Wanted(String file, Results results) {
            this.file = file;
            this.results = results;
        }

        @Override
        public void replayed(String name, List<String> differences) {
            if (session.options().wants(file, name)) {
                results.replayed(name, differences);
            }
        }

        @Override
        public void skipped(String name, String reason) {
            if (session.options().wants(file, name)) {
                results.skipped(name, reason);
            }
        }
    }
}

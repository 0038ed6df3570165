package dev.amphora.samples.conformance;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Lines with {@code fixture}: a scenario that is run first, once, in a namespace of its own. */
final class FixtureCases implements Cases {

    /** What a fixture leaves to its cases. */
    private record Fixture(Bindings bindings, Constants constants, @Nullable Transcript transcript) {}

    @Override
    public void replay(File file, List<ObjectNode> cases, Results results) {
        Map<String, Fixture> fixtures = new HashMap<>();
        for (ObjectNode each : cases) {
            String name = each.path("fixture").asText("");
            Fixture fixture = fixtures.computeIfAbsent(name, unused -> fixture(file, name, results));
            results.replay(each.path("name").asText(), () -> differences(file, each, fixture));
        }
        fixtures.values().forEach(fixture -> {
            if (fixture.transcript != null) {
                fixture.transcript.clean();
            }
        });
    }

    private static Fixture fixture(File file, String name, Results results) {
        Bindings bindings = new Bindings();
        if (name.isEmpty() || name.equals("null")) {
            return new Fixture(bindings, file.session().constants(Map.of()), null);
        }
        JsonNode doc = VectorFiles.read(file.path().resolveSibling(name));
        Transcript transcript = new Transcript(file.session(), doc, file.topic(), bindings, null);
        List<String> differences = transcript.steps();
        if (!differences.isEmpty()) {
            results.replayed("fixture " + name, differences);
        }
        return new Fixture(bindings, transcript.constants(), transcript);
    }

    private static List<String> differences(File file, ObjectNode recorded, Fixture fixture) {
        ObjectNode doc = Trees.object();
        doc.set("name", recorded.path("name"));
        doc.putArray("steps").add(Trees.pick(recorded, List.of("request", "response")));
        return new Transcript(file.session(), doc, file.topic(), fixture.bindings, fixture.constants).run();
    }
}

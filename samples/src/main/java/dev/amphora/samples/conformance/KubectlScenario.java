package dev.amphora.samples.conformance;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.samples.conformance.KubectlCluster.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A recorded scenario: command lines of kubectl in a namespace of their own.
 *
 * @param doc the recording, with what is different for the client at hand
 */
record KubectlScenario(ObjectNode doc) {
    private static final int WAITING = 20;
    private static final List<String> OUTCOME = List.of("exit", "stdout", "stderr", "unordered");

    /**
     * The scenarios of some files.
     *
     * @param version of the client; where it isn't the recorded one, what was recorded to differ replaces the rest
     */
    static List<KubectlScenario> of(List<Path> files, String version) {
        List<KubectlScenario> scenarios = new ArrayList<>();
        for (Path file : files) {
            JsonNode doc = file.toString().endsWith(".json") ? VectorFiles.read(file) : Trees.object();
            if (doc.has("steps") && doc.has("namespace")) {
                KubectlScenario scenario = new KubectlScenario((ObjectNode) doc);
                if (!version.startsWith(doc.path("kubectl").asText() + ".")) {
                    scenario.apply(differing(file, scenario.name(), version));
                }
                scenarios.add(scenario);
            }
        }
        return scenarios;
    }

    private static JsonNode differing(Path file, String name, String version) {
        String[] parts = version.split("\\.", -1);
        Path other = file.resolveSibling("../../versions/" + parts[0] + "." + parts[1] + "/" + name + ".json")
                .normalize();
        return Files.exists(other) ? VectorFiles.read(other).path("differs") : Trees.array();
    }

    private void apply(JsonNode differing) {
        for (JsonNode each : differing) {
            ObjectNode step =
                    (ObjectNode) doc.path("steps").path(each.path("step").asInt());
            step.setAll(Trees.pick(each, OUTCOME));
            step.remove("alternative");
        }
    }

    String name() {
        return doc.path("name").asText();
    }

    String namespace() {
        return doc.path("namespace").asText();
    }

    /** What a cluster must have for it. */
    Level needs() {
        return Level.valueOf(doc.path("needs").asText("nodes"));
    }

    /** Whether nothing else may run in the cluster at the time. */
    boolean alone() {
        return doc.path("alone").asBoolean();
    }

    List<ObjectNode> steps() {
        return Trees.objects(doc.path("steps"));
    }

    /** About how long it takes, in command lines: what it waits for may take as long as many of them. */
    int length() {
        return steps().stream()
                .mapToInt(step -> Trees.texts(step.path("settle")).stream()
                        .mapToInt(condition -> condition.equals("quiet") ? 1 : WAITING)
                        .sum())
                .sum();
    }
}

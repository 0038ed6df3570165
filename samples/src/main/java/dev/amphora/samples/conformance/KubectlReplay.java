package dev.amphora.samples.conformance;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.samples.conformance.OutputComparison.Outcome;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Replays scenarios with a real kubectl. */
final class KubectlReplay {
    private static final Duration SILENCE = Duration.ofMillis(400);
    private static final Duration TO_SETTLE = Duration.ofSeconds(60);
    private static final Duration LOOK = Duration.ofMillis(30);
    private static final Duration BEFORE_THE_NEXT = Duration.ofMillis(1200);
    private static final int MOST_SECONDS = 60;
    private static final int TO_END_BY_ITSELF = 10;
    private static final int TO_END_WHEN_TOLD = 4;
    private static final String STOPPED = "stopped";

    private final KubectlCluster cluster;
    private final Path kubectl;
    private final Path work;

    /**
     * @param kubectl the program, by the name by which it calls itself
     * @param work a directory for the files of scenarios
     */
    KubectlReplay(KubectlCluster cluster, Path kubectl, Path work) {
        this.cluster = cluster;
        this.kubectl = kubectl;
        this.work = work;
    }

    /** A command line at work. */
    private record Running(Process process, Path stdout, Path stderr) {
        Outcome outcome(String exit, KubectlOutput output, List<String> args) throws IOException {
            boolean plugins = args.size() > 1 && args.subList(0, 2).equals(List.of("plugin", "list"));
            return new Outcome(
                    exit, output.lines(text(stdout), args), output.lines(text(stderr), plugins ? args : List.of()));
        }

        private static String text(Path file) throws IOException {
            return new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
        }
    }

    /** What became of a command line. */
    private record Ended(Running running, String exit) {}

    /** Runs the command lines of a scenario; tells of each how it compares. */
    void replay(KubectlScenario scenario, Results results) {
        Path directory = work.resolve(scenario.namespace());
        try {
            prepare(scenario, directory);
            Map<Integer, Outcome> outcomes = run(scenario, directory);
            int number = 0;
            for (ObjectNode step : scenario.steps()) {
                Outcome outcome = outcomes.get(number);
                if (step.has("args") && outcome != null) {
                    String title = "step " + number + " (" + String.join(" ", Trees.texts(step.get("args"))) + ")";
                    List<String> differences = OutputComparison.differences(step, outcome);
                    results.replayed(title, step.path("unstable").asBoolean() ? List.of() : differences);
                }
                number++;
            }
        } catch (IOException | InterruptedException e) {
            throw new IllegalStateException(e);
        } finally {
            delete(directory);
        }
    }

    private void prepare(KubectlScenario scenario, Path directory) throws IOException {
        delete(directory);
        Files.createDirectories(directory);
        for (Map.Entry<String, JsonNode> manifest : Trees.members(scenario.doc().path("manifests"))) {
            Path file = directory.resolve(manifest.getKey());
            Files.createDirectories(file.toAbsolutePath().getParent());
            Files.writeString(file, manifest.getValue().asText());
        }
        Files.writeString(directory.resolve("kubeconfig"), cluster.kubeconfig(scenario.namespace()));
        cluster.makeNamespace(scenario.namespace());
    }

    private Map<Integer, Outcome> run(KubectlScenario scenario, Path directory)
            throws IOException, InterruptedException {
        Map<Integer, Ended> ended = new TreeMap<>();
        Map<Integer, Running> background = new HashMap<>();
        List<ObjectNode> steps = scenario.steps();
        try {
            for (int i = 0; i < steps.size(); i++) {
                ObjectNode step = steps.get(i);
                if (step.has("stop")) {
                    int which = step.path("stop").asInt();
                    Running running = background.remove(which);
                    if (running != null) {
                        ended.put(which, stop(running, steps.get(which)));
                    }
                    continue;
                }
                Running running = start(step, directory, i);
                if (step.path("background").asBoolean()) {
                    background.put(i, running);
                    cluster.pace().pause(BEFORE_THE_NEXT);
                    continue;
                }
                ended.put(i, finish(running, step.path("stopAfterSeconds").asInt(MOST_SECONDS)));
                settle(scenario.namespace(), step);
            }
            KubectlOutput output =
                    new KubectlOutput(cluster.view(), scenario.doc(), cluster.url(), directory.toString());
            Map<Integer, Outcome> outcomes = new TreeMap<>();
            for (Map.Entry<Integer, Ended> each : ended.entrySet()) {
                List<String> args = Trees.texts(steps.get(each.getKey()).path("args"));
                outcomes.put(each.getKey(), each.getValue().running.outcome(each.getValue().exit, output, args));
            }
            return outcomes;
        } finally {
            background.values().forEach(running -> running.process.destroyForcibly());
            cleanUp(scenario, directory);
        }
    }

    private void cleanUp(KubectlScenario scenario, Path directory) throws IOException, InterruptedException {
        int number = scenario.steps().size();
        for (JsonNode args : scenario.doc().path("cleanup")) {
            ObjectNode step = Trees.object().set("args", args);
            finish(start(step, directory, number++), MOST_SECONDS);
        }
        cluster.removeNamespace(scenario.namespace());
        if (scenario.alone()) {
            cluster.awaitGone(scenario.namespace());
        }
    }

    private Running start(ObjectNode step, Path directory, int number) throws IOException {
        Path own = Files.createDirectories(work.resolve("output").resolve(String.valueOf(directory.getFileName())));
        Path stdout = own.resolve(number + ".stdout");
        Path stderr = own.resolve(number + ".stderr");
        File stdin = new File("/dev/null");
        if (step.has("stdin")) {
            Path given = own.resolve(number + ".stdin");
            Files.writeString(given, step.get("stdin").asText());
            stdin = given.toFile();
        }
        List<String> command = Stream.concat(Stream.of(kubectl.toString()), Trees.texts(step.path("args")).stream())
                .toList();
        ProcessBuilder builder = new ProcessBuilder(command)
                .directory(directory.toFile())
                .redirectInput(stdin)
                .redirectOutput(stdout.toFile())
                .redirectError(stderr.toFile());
        Map<String, String> environment = builder.environment();
        environment.clear();
        environment.put("PATH", "/usr/local/bin:/usr/bin:/bin");
        environment.put("HOME", directory.toString());
        environment.put("KUBECONFIG", directory.resolve("kubeconfig").toString());
        environment.put("KUBECACHEDIR", directory.resolve(".cache").toString());
        environment.put("TZ", "UTC");
        environment.put("LANG", "C");
        environment.put("LC_ALL", "C");
        environment.put("KUBE_EDITOR", "false");
        // Each run is short: collecting its garbage costs a quarter of its time.
        environment.put("GOGC", "off");
        Trees.members(step.path("env"))
                .forEach(each -> environment.put(each.getKey(), each.getValue().asText()));
        return new Running(builder.start(), stdout, stderr);
    }

    private static Ended finish(Running running, int seconds) throws IOException, InterruptedException {
        return running.process.waitFor(seconds, TimeUnit.SECONDS)
                ? new Ended(running, Integer.toString(running.process.exitValue()))
                : interrupt(running);
    }

    /** Ends a command line in the background, unless it is to end by itself and does. */
    private static Ended stop(Running running, ObjectNode step) throws IOException, InterruptedException {
        boolean byItself = !step.path("exit").asText().equals(STOPPED)
                && running.process.waitFor(TO_END_BY_ITSELF, TimeUnit.SECONDS);
        return byItself || !running.process.isAlive()
                ? new Ended(running, Integer.toString(running.process.exitValue()))
                : interrupt(running);
    }

    private static Ended interrupt(Running running) throws IOException, InterruptedException {
        Commands.run("kill", "-INT", Long.toString(running.process.pid()));
        if (!running.process.waitFor(TO_END_WHEN_TOLD, TimeUnit.SECONDS)) {
            running.process.destroyForcibly().waitFor();
        }
        return new Ended(running, STOPPED);
    }

    private void settle(String namespace, ObjectNode step) {
        Settling settling = new Settling(cluster.view(), namespace);
        for (String condition : Trees.texts(step.path("settle"))) {
            if (condition.equals("quiet")) {
                cluster.view().awaitQuiet(namespace, SILENCE);
            } else if (condition.startsWith("sleep ")) {
                cluster.pace().pause(Double.parseDouble(condition.substring("sleep ".length())));
            } else {
                cluster.pace().until(TO_SETTLE, LOOK, () -> settling.holds(condition));
            }
        }
    }

    /** Deletes a directory and all below it. */
    static void delete(@Nullable Path directory) {
        if (directory == null || !Files.exists(directory)) {
            return;
        }
        try (Stream<Path> files = Files.walk(directory)) {
            files.sorted(Comparator.reverseOrder()).map(Path::toFile).forEach(File::delete);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}

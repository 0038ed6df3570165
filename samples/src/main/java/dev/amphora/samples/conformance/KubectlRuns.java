package dev.amphora.samples.conformance;

import dev.amphora.samples.conformance.KubectlCluster.Level;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Function;
import java.util.function.Supplier;

/** Replays many scenarios against one cluster: those that must be alone one by one, then the others side by side. */
final class KubectlRuns {
    private final Path kubectl;
    private final int jobs;

    /**
     * @param kubectl the program
     * @param jobs how many scenarios at a time
     */
    KubectlRuns(Path kubectl, int jobs) {
        this.kubectl = kubectl;
        this.jobs = jobs;
    }

    /**
     * The version of a kubectl, such as {@code 1.33.1}.
     *
     * @throws IOException if it can't be run
     */
    static String version(Path kubectl) throws IOException {
        String printed = Commands.run(kubectl.toString(), "version", "--client", "-o", "json")
                .stdout();
        String version =
                Trees.at(Trees.parse(printed), "clientVersion", "gitVersion").asText();
        return version.replaceFirst("^v", "").replaceFirst("-.*", "");
    }

    /** The scenarios that need no more than a level. */
    static List<KubectlScenario> select(List<Path> files, String version, Level level) {
        return KubectlScenario.of(files, version).stream()
                .filter(scenario -> scenario.needs().compareTo(level) <= 0)
                .toList();
    }

    /** Replays scenarios and tells of each what came of its command lines. */
    void replay(List<KubectlScenario> scenarios, Supplier<KubectlCluster> start, Function<String, Results> results)
            throws IOException {
        Path work = Files.createTempDirectory("replay-");
        Path own = Files.createSymbolicLink(
                Files.createDirectory(work.resolve("bin")).resolve("kubectl"), kubectl.toRealPath());
        try (KubectlCluster cluster = start.get()) {
            KubectlReplay replay = new KubectlReplay(cluster, own, work);
            List<KubectlScenario> others = new ArrayList<>();
            for (KubectlScenario scenario : scenarios) {
                if (scenario.alone()) {
                    cluster.awaitRest();
                    replay(replay, scenario, results);
                } else {
                    others.add(scenario);
                }
            }
            // The longest first: the others fill the gaps.
            others.sort(Comparator.comparingInt(KubectlScenario::length).reversed());
            ConcurrentLinkedQueue<KubectlScenario> queue = new ConcurrentLinkedQueue<>(others);
            List<CompletableFuture<Void>> workers = new ArrayList<>();
            for (int i = 0; i < jobs; i++) {
                workers.add(CompletableFuture.runAsync(
                        () -> {
                            for (KubectlScenario next = queue.poll(); next != null; next = queue.poll()) {
                                replay(replay, next, results);
                            }
                        },
                        cluster.pace().kernel().blocking()));
            }
            workers.forEach(CompletableFuture::join);
        } finally {
            KubectlReplay.delete(work);
        }
    }

    private static void replay(KubectlReplay replay, KubectlScenario scenario, Function<String, Results> results) {
        Results own = results.apply(scenario.name());
        try {
            replay.replay(scenario, own);
        } catch (RuntimeException e) {
            own.replayed("all", List.of(e.getClass().getSimpleName() + ": " + e.getMessage()));
        }
    }
}

package dev.amphora.samples.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Every recorded scenario of the reference's controllers, in simulated time. Those that are known to take another course are listed; most
 * of them hang on how fast somebody was.
 */
@Execution(ExecutionMode.CONCURRENT)
class ControllersConformanceTest {
    private static final long SEED = 1;

    @ParameterizedTest
    @ValueSource(
            strings = {
                "claim",
                "clusterrole",
                "cronjob",
                "csr",
                "daemonset",
                "deployment",
                "endpoints",
                "gc",
                "hpa",
                "job",
                "namespace",
                "node",
                "pdb",
                "podgc",
                "quota",
                "replicaset",
                "replicationcontroller",
                "statefulset",
                "taint",
                "volume"
            })
    void comesToRestAsTheReferenceDoes(String area) throws Exception {
        Path archive = Path.of(ControllersConformanceTest.class
                .getResource("/conformance/controllers.zip")
                .toURI());
        List<String> known = known();
        Map<String, List<String>> failed = new TreeMap<>();
        int replayed = 0;
        try (VectorFiles.Opened opened = VectorFiles.open(List.of(archive), "controllers/" + area)) {
            for (Path file : opened.files()) {
                ControllerScenario scenario = ControllerScenario.read(file);
                replayed++;
                if (known.contains(scenario.name())) {
                    continue;
                }
                List<String> differences = ControllerReplay.differences(scenario, SEED);
                if (!differences.isEmpty()) {
                    failed.put(scenario.name(), differences);
                }
            }
        }
        assertThat(replayed).isPositive();
        assertThat(failed).isEmpty();
    }

    private static List<String> known() throws Exception {
        try (var list =
                ControllersConformanceTest.class.getResourceAsStream("/conformance/known-failures/controllers.txt")) {
            return new String(Objects.requireNonNull(list).readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .toList();
        }
    }
}

package dev.amphora.samples.conformance;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Every recorded scenario of the reference's controllers, in simulated time. */
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
        Outcomes outcomes = new Outcomes();
        try (VectorFiles.Opened opened = VectorFiles.open(List.of(archive), "controllers/" + area)) {
            for (Path file : opened.files()) {
                ControllerScenario scenario = ControllerScenario.read(file);
                outcomes.of("controllers").replay(scenario.name(), () -> ControllerReplay.differences(scenario, SEED));
            }
        }
        outcomes.assertOnly(KnownFailures.of("controllers", area));
    }
}

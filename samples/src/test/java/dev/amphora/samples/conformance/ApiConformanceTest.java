package dev.amphora.samples.conformance;

import dev.amphora.samples.conformance.EmbeddedRuns.Way;
import java.util.regex.Pattern;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Every recorded answer of the reference, in process. */
@Execution(ExecutionMode.CONCURRENT)
class ApiConformanceTest {
    private static final Pattern ALL = Pattern.compile("");

    @ParameterizedTest
    @ValueSource(
            strings = {
                "validation",
                "patch",
                "crd",
                "reads",
                "writes",
                "defaults",
                "defaults-serviceaccount-dualstack",
                "admission",
                "access"
            })
    void answersAsTheReferenceDoesInProcess(String topic) throws Exception {
        ApiVectors.replay(topic, Way.in_process, ALL);
    }
}

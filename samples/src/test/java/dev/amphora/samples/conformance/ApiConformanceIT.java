package dev.amphora.samples.conformance;

import dev.amphora.samples.conformance.EmbeddedRuns.Way;
import java.util.regex.Pattern;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Recorded answers of the reference, over HTTPS: who may do what, admission, custom resources, the writes and defaults of every kind, odd
 * requests, and all that is about HTTP itself.
 * The others wait too often for real time to be replayed on each build; {@link ApiConformanceTest} replays them without a socket.
 */
@Execution(ExecutionMode.CONCURRENT)
class ApiConformanceIT {
    @ParameterizedTest
    @CsvSource({
        "admission, ''",
        "crd, ''",
        "access, ''",
        "writes, ''",
        "defaults, ''",
        "reads, /(http|get|discovery)/",
        "validation, requests.jsonl",
    })
    void answersAsTheReferenceDoesOverHttps(String topic, String files) throws Exception {
        ApiVectors.replay(topic, Way.https, Pattern.compile(files));
    }
}

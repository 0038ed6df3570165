package dev.amphora.samples.conformance;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Every recorded decision of kube-scheduler: verdicts, scores, preemption, messages, events, hints, queues and arithmetic. */
class SchedulerConformanceTest {
    @Test
    void decidesAsTheReferenceDoes() throws Exception {
        Path archive = Path.of(SchedulerConformanceTest.class
                .getResource("/conformance/scheduler.zip")
                .toURI());
        Outcomes outcomes = new Outcomes();
        try (VectorFiles.Opened opened = VectorFiles.open(List.of(archive), "scheduler")) {
            for (Path file : opened.files()) {
                SchedulerCases.replay(file, outcomes.of(file.toString()));
            }
        }
        outcomes.assertOnly(KnownFailures.of("in-process", "scheduler"));
    }
}

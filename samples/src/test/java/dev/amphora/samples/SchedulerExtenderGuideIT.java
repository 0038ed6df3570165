package dev.amphora.samples;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The guide to scheduler extenders, followed to the letter. */
class SchedulerExtenderGuideIT {
    @TempDir
    private Path project;

    @Test
    void whatTheGuideWritesCompilesAndPassesItsTests() throws Exception {
        assertThat(new Guide(Path.of("docs/scheduler-extender.md"), project).follow())
                .as("tests")
                .isEqualTo(2);
    }
}

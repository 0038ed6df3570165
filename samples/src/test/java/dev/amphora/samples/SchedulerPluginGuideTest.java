package dev.amphora.samples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The guide to scheduler plugins, followed to the letter. */
class SchedulerPluginGuideTest {
    private static final Path GUIDE = Path.of("docs/scheduler-plugin.md");

    @TempDir
    private Path project;

    @Test
    void whatTheGuideWritesCompilesAndPassesItsTests() throws Exception {
        assertThat(new Guide(GUIDE, project).follow()).as("tests").isGreaterThan(12);
    }

    @Test
    void theGuideNamesTheVersionsOfThisBuild() throws IOException {
        new Guide(GUIDE, project).namesTheVersionsOfThisBuild();
    }
}

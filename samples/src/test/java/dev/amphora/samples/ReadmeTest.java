package dev.amphora.samples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What the README shows as code is code that the build compiles. */
class ReadmeTest {
    private static final Pattern REGION =
            Pattern.compile("^ *// README: \\w+\n(.*?)^ *// end$", Pattern.DOTALL | Pattern.MULTILINE);
    private static final Path EXAMPLES = Path.of("src/main/java/dev/amphora/samples/examples");

    @Test
    void everyExampleStandsInTheReadmeAsItIs() throws IOException {
        String readme = Files.readString(Path.of("../README.md"));
        List<String> regions = new ArrayList<>();
        try (Stream<Path> files = Files.walk(EXAMPLES)) {
            for (Path file : files.filter(Files::isRegularFile).sorted().toList()) {
                Matcher matcher = REGION.matcher(Files.readString(file));
                while (matcher.find()) {
                    regions.add(matcher.group(1).stripTrailing().stripIndent());
                }
            }
        }

        assertThat(regions).hasSize(13).allSatisfy(region -> assertThat(readme).contains(region));
    }
}

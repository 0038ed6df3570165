package dev.amphora.samples.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestReporter;

/**
 * How many of the statements about controllers have a test that names them: in its display name, or as what a recorded scenario covers
 * that {@link ControllersConformanceTest} replays.
 */
class StatementCoverageTest {
    private static final Pattern STATEMENT = Pattern.compile("\\b([A-Z]{2,5})-0*(\\d+)\\b");
    /** Not pinned, each for a reason in DECISIONS.md. */
    private static final Set<String> EXCEPTIONS = Set.of("EXT-5");

    @Test
    void everyStatementHasATestThatNamesIt(TestReporter reporter) throws Exception {
        List<String> statements;
        try (var list = StatementCoverageTest.class.getResourceAsStream("/conformance/controller-statements.txt")) {
            statements = new String(Objects.requireNonNull(list).readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .toList();
        }
        Set<String> named = new TreeSet<>();
        try (Stream<Path> modules = Files.list(Path.of(".."))) {
            for (Path tests : modules.map(module -> module.resolve("src/test/java"))
                    .filter(Files::isDirectory)
                    .toList()) {
                addNamed(tests, named);
            }
        }
        addScenarios(named);
        Set<String> missing = new TreeSet<>(statements);
        missing.removeAll(named);
        String total = (statements.size() - missing.size()) + "/" + statements.size();
        reporter.publishEntry("statements about controllers that a test names", total);
        missing.removeAll(EXCEPTIONS);
        assertThat(missing).as("covered: " + total).isEmpty();
    }

    private static void addNamed(Path tests, Set<String> named) throws IOException {
        try (Stream<Path> files = Files.walk(tests)) {
            for (Path file : files.filter(
                            each -> each.toString().endsWith(".java") && !each.endsWith("StatementCoverageTest.java"))
                    .toList()) {
                Matcher matcher = STATEMENT.matcher(Files.readString(file));
                while (matcher.find()) {
                    named.add(matcher.group(1) + "-" + matcher.group(2));
                }
            }
        }
    }

    private static void addScenarios(Set<String> named) throws Exception {
        Path archive = Path.of(StatementCoverageTest.class
                .getResource("/conformance/controllers.zip")
                .toURI());
        try (VectorFiles.Opened opened = VectorFiles.open(List.of(archive), "controllers")) {
            for (Path file : opened.files()) {
                named.addAll(
                        Trees.texts(ControllerScenario.read(file).document().path("covers")));
            }
        }
    }
}

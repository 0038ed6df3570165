package dev.amphora.apiserver.schema;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class YamlProblemTest {

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "a: [\\n|yaml: line 1: did not find expected node content",
                "a: [1\\nb: 2\\n|yaml: line 1: did not find expected ',' or ']'",
                "a: b: c|yaml: mapping values are not allowed in this context",
                "a: 1\\n b: 2|yaml: line 2: mapping values are not allowed in this context",
                "a: *x|yaml: unknown anchor 'x' referenced",
                "a: @b|yaml: found character that cannot start any token",
            })
    void tellsWhatAndWhere(String text, String problem) {
        byte[] yaml = text.replace("\\n", "\n").getBytes(UTF_8);

        assertThatThrownBy(() -> YamlText.parse(yaml)).hasMessageContaining(problem);
    }
}

package dev.amphora.samples.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TreesTest {
    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"a\": [1, -2.5, true, null], \"b\": {}}",
                "[1e+21, 1e-05, 0.0001, 100000.0, -1.5e+300, 12345678901234567890]",
                "\"\\u00e9\\ud83d\\ude00\\\"\\\\\\n\""
            })
    void writesAsTheRecorderDid(String json) {
        assertThat(Trees.write(Trees.read(json))).isEqualTo(json);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {"{};OBJECT", "no json;STRING", "1 2;STRING", "'';NULL"})
    void bodyThatIsNoJsonIsText(String body, String type) {
        assertThat(Trees.parse(body).getNodeType()).hasToString(type);
    }
}

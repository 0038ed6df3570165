package dev.amphora.apiserver.schema;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class JsonSyntaxTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{\"a\": | unexpected end of JSON input",
                "{\"a\": \"b | unexpected end of JSON input",
                "{\"a\": tru | invalid character ' ' in literal true (expecting 'e')",
                "nul | invalid character ' ' in literal null (expecting 'l')",
                "1. | invalid character ' ' after decimal point in numeric literal",
                "[1e | invalid character ' ' in exponent of numeric literal",
                "- | invalid character ' ' in numeric literal",
                "\"a\\ | invalid character ' ' in string escape code",
                "01 | invalid character '1' after top-level value",
            })
    void whatEndsTooEarlyIsToldAsIfASpaceCame(String text, String error) {
        assertThat(JsonSyntax.error(text.getBytes(StandardCharsets.UTF_8))).hasValue(error);
    }
}

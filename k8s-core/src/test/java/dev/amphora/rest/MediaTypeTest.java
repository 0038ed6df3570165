package dev.amphora.rest;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class MediaTypeTest {

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "application/json|application/json",
                "APPLICATION/JSON|application/json",
                "application/json; charset=utf-8|application/json",
                "application/json;|application/json",
                "application/json; a=\"b;c\"; d=e|application/json",
                "json|json",
                "*/*|*/*",
            })
    void readsTheType(String header, String type) {
        assertThat(MediaType.of(header)).isEqualTo(type);
    }

    @ParameterizedTest
    @ValueSource(strings = {";", "/", "application/json; charset", "application/json; a=b c", "a/b/c"})
    void tellsWhatIsNoType(String header) {
        assertThat(MediaType.of(header)).isEqualTo(";");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " "})
    void nothingIsNoHindrance(String header) {
        assertThat(MediaType.of(header)).isEmpty();
    }
}

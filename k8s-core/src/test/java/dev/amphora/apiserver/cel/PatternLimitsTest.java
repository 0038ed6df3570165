package dev.amphora.apiserver.cel;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.re2j.PatternSyntaxException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PatternLimitsTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = ' ',
            value = {
                "((a{1,1000}){1,1000}){1,1000} {1,1000}",
                "(a{1,1000}){2} {2}",
                "(a{2}){501} {501}",
                "(b|(?:a{40}c*)+){26,} {26,}",
                "a{1001} {1001}",
                "a{99999} {99999}"
            })
    void refusesRepetitionsOfMoreThanAThousandInAll(String pattern, String count) {
        assertThatThrownBy(() -> GoPattern.of(pattern))
                .isInstanceOf(PatternSyntaxException.class)
                .hasMessage("error parsing regexp: invalid repeat count: `" + count + "`");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "(a{2}){500}",
                "(a{0}){1000}",
                "((a{1000}){1}){0,1}",
                "(a{1000}){1,1}b{1000}",
                "{a}x{,3}{",
                "[]{]{2}[^]a]{3}[[:alpha:]]{4}[\\]]*",
                "\\pL{3}\\p{Greek}{2}\\x{61}{2}\\Q{9999}(\\E\\{9999}",
                "(?i)(?:a|b)*?(?P<name>c{2,}?)$"
            })
    void takesWhatTheReferenceTakes(String pattern) {
        assertThatCode(() -> GoPattern.of(pattern)).doesNotThrowAnyException();
    }

    @Test
    void refusesWhatNestsTooDeeply() {
        assertThatThrownBy(() -> PatternLimits.check("(".repeat(1_000) + "a" + ")".repeat(1_000)))
                .hasMessageStartingWith("error parsing regexp: expression nests too deeply");
        PatternLimits.check("(".repeat(990) + "a" + ")".repeat(990));
    }

    @Test
    void refusesWhatWouldTakeTooMuchMemory() {
        for (String pattern : new String[] {
            "[^a-z]".repeat(100_000), "(?:x{1000})".repeat(1_000), "(a|b)*".repeat(5_000), "\\Q" + "a".repeat(200_000)
        }) {
            assertThatThrownBy(() -> PatternLimits.check(pattern))
                    .hasMessageStartingWith("error parsing regexp: expression too large");
        }
    }
}

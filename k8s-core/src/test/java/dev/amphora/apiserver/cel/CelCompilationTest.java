package dev.amphora.apiserver.cel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import dev.amphora.api.Json;
import dev.amphora.apiserver.cel.CelCompilation.CelFailure;
import dev.amphora.apiserver.cel.CelCompilation.Compiled;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Expressions over values with a schema. */
class CelCompilationTest {
    private static final JsonNode SCHEMA = json(
            "{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"integer\"},\"s\":{\"type\":\"string\",\"maxLength\":20},"
                    + "\"x-y\":{\"type\":\"string\"},\"l\":{\"type\":\"array\",\"items\":{\"type\":\"integer\"}}}}");
    private static final SchemaType TYPE = Objects.requireNonNull(SchemaType.of(SCHEMA, false, "selfType"));
    private static final JsonNode VALUE = json("{\"a\":3,\"s\":\"abc\",\"x-y\":\"d\",\"l\":[3,1,2]}");

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "string(self.a + 1) | 4",
                "self.x__dash__y | d",
                "string(1e21) | 1e+21",
                "string(self.l.sum()) | 6",
                "string(self.l.isSorted()) | false",
                "self.s.find('b.') | bc",
                "'%s is %d'.format([self.s, self.a]) | abc is 3",
                "string(quantity('1Mi') == quantity('1024Ki')) | true",
                "string(cidr('10.0.0.0/8').containsIP('10.1.2.3')) | true",
                "string(ip('::1').family()) | 6",
                "url('https://a.b:8/c?d=e').getHost() | a.b:8",
                "string(semver('1.2.3').isLessThan(semver('1.10.0'))) | true",
                "format.dns1123Label().validate('A').hasValue() ? 'bad' : 'good' | bad",
                "self.?s.orValue('none') | abc",
            })
    void haveTheFunctionsOfTheApi(String expression, String value) {
        assertThat(compile(expression).evaluate(Map.of("self", TYPE.value(VALUE))))
                .isEqualTo(value);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "10 / (self.a - 3) == 1 | division by zero",
                "self.l[7] == 1 | index out of bounds: 7",
                "int(self.s) == 1 | type conversion error from 'string' to 'int'",
                "self.s.charAt(9) == 'x' | index out of range: 9",
            })
    void sayWhyTheyHaveNoValue(String expression, String why) {
        assertThatThrownBy(() -> compile(expression).evaluate(Map.of("self", TYPE.value(VALUE))))
                .isInstanceOf(CelFailure.class)
                .hasMessage(why);
    }

    @Test
    void areCheckedAgainstTheSchema() {
        assertThat(compile("self.zz == 1").error())
                .isEqualTo("ERROR: <input>:1:5: undefined field 'zz'\n | self.zz == 1\n | ....^");
        assertThat(compile("self.a == 'x'").error())
                .startsWith("ERROR: <input>:1:8: found no matching overload for '_==_' applied to '(int, string)'\n");
    }

    @Test
    void costWhatTheirVariablesMayHold() {
        assertThat(compile("self.a > 1").cost()).isLessThan(10);
        assertThat(compile("self.l.all(x, self.l.all(y, x == y))").cost()).isGreaterThan(1_000_000_000L);
    }

    private static Compiled compile(String expression) {
        return CelCompilation.of(TYPE, false).compile(expression);
    }

    private static JsonNode json(String text) {
        return Json.read(text.getBytes(StandardCharsets.UTF_8));
    }
}

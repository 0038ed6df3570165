package dev.amphora.apiserver.cel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import dev.amphora.api.Json;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Expressions over values with a schema. */
class ExpressionTest {
    private static final JsonNode SCHEMA = json(
            "{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"integer\"},\"s\":{\"type\":\"string\",\"maxLength\":20},"
                    + "\"x-y\":{\"type\":\"string\"},\"l\":{\"type\":\"array\",\"items\":{\"type\":\"integer\"}},"
                    + "\"set\":{\"type\":\"array\",\"x-kubernetes-list-type\":\"set\",\"items\":{\"type\":\"string\"}},"
                    + "\"keyed\":{\"type\":\"array\",\"x-kubernetes-list-type\":\"map\",\"x-kubernetes-list-map-keys\":[\"k\"],"
                    + "\"items\":{\"type\":\"object\",\"additionalProperties\":{\"type\":\"string\"}}}}}");
    private static final SchemaType TYPE = Objects.requireNonNull(SchemaType.of(SCHEMA, false, "selfType"));
    private static final JsonNode VALUE =
            json("{\"a\":3,\"s\":\"abc\",\"x-y\":\"d\",\"l\":[3,1,2],\"set\":[\"a\",\"b\"],"
                    + "\"keyed\":[{\"k\":\"x\",\"v\":\"1\"},{\"k\":\"y\",\"v\":\"2\"}]}");

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "string(self.a + 1) | 4",
                "string(timestamp('2020-05-06T07:08:09.100Z')) | 2020-05-06T07:08:09.1Z",
                "'%s'.format([timestamp('2020-05-06T07:08:09.120Z')]) | 2020-05-06T07:08:09.12Z",
                "string('abc'.indexOf('c', 9)) | -1",
                "string('a€ca'.indexOf('a', 1)) | 3",
                "string('abcabc'.lastIndexOf('c', 4)) | 2",
                "string('abc'.lastIndexOf('c', 9)) | -1",
                "string([optional.of(1), optional.none()].unwrapOpt().size()) | 1",
                "'a€b'.replace('', '-') | -a-€-b-",
                "'aaa'.replace('a', 'b', 2) | bba",
                "'aaa'.replace('aa', 'b') | ba",
                "['a', 'b'].join('--') | a--b",
                "string([[1], [2, 3]].flatten().size()) | 3",
                "string(double('-inf') < 0.0) | true",
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
                "self.l.sortBy(x, -x).map(x, string(x)).join(',') | 3,2,1",
                "self.set == ['b', 'a'] ? 'same' : 'other' | same",
                "['b', 'a'] == self.set ? 'same' : 'other' | same",
                "(self.set + ['a', 'c']).join('') | abc",
                "(self.keyed + [{'k': 'x', 'v': 'new'}, {'k': 'z', 'v': '3'}]).map(e, e.k + e.v).join(',') | xnew,y2,z3",
                "string(sign(quantity('-1'))) | -1",
                "'%s'.format([[1.5, 'a', null]]) | [1.500000, \"a\", null]",
            })
    void haveTheFunctionsOfTheApi(String expression, String value) {
        assertThat(compile(expression).evaluate(Map.of("self", TYPE.value(VALUE)), new CostMeter()))
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
                "'abc'.matches(self.s + '(') | error parsing regexp: missing closing )",
                "'abc'.indexOf('a', -1) == 0 | index out of range: -1",
                "[[1]].flatten(-1) == [1] | level must be non-negative",
                "timestamp('2024-01-01T00:00:00Z').getHours('No/Zone') == 0 | unknown time zone No/Zone",
                "self.l.slice(1, 9) == [1] | cannot slice(1, 9), list is length 3",
                "ip(self.s + '.1.2.3') == ip('1.1.1.1') | IP Address `abc.1.2.3` parse error during conversion from string: ParseAddr(`abc.1.2.3`): unexpected character (at `abc.1.2.3`)",
                "ip('1.2.3') == ip('1.1.1.1') | IP Address `1.2.3` parse error during conversion from string: ParseAddr(`1.2.3`): IPv4 address too short",
                "timestamp('9999-12-31T23:59:59Z') + duration('1h') > timestamp('2024-01-01T00:00:00Z') | timestamp overflow",
            })
    void sayWhyTheyHaveNoValue(String expression, String why) {
        assertThatThrownBy(() -> compile(expression).evaluate(Map.of("self", TYPE.value(VALUE)), new CostMeter()))
                .isInstanceOf(CelFailure.class)
                .hasMessageStartingWith(why.replace('`', '"'));
    }

    @Test
    void areCheckedAgainstTheSchema() {
        assertThat(compile("self.zz == 1").problem())
                .isEqualTo("compilation failed: ERROR: <input>:1:5: undefined field 'zz'\n | self.zz == 1\n | ....^");
        assertThat(compile("self.a == 'x'").problem())
                .startsWith(
                        "compilation failed: ERROR: <input>:1:8: found no matching overload for '_==_' applied to '(int, string)'\n");
    }

    @Test
    void costWhatTheirVariablesMayHold() {
        assertThat(compile("self.a > 1").cost()).isLessThan(10);
        assertThat(compile("self.l.all(x, self.l.all(y, x == y))").cost()).isGreaterThan(1_000_000_000L);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "double('x') > 1.0 | program instantiation failed: type conversion error from 'string' to 'double'",
                "'%d'.format(['x']) == '' | compilation failed: ERROR: <input>:1:14: error during formatting: decimal clause can only be used on integers, was given string",
                "'%s'.format(['x', 1]) == '' | compilation failed: ERROR: <input>:1:12: too many arguments supplied to string.format (expected 1, got 2)",
                "duration('x') > duration('1s') | compilation failed: ERROR: <input>:1:10: invalid duration argument",
                "[1, 'a'].size() == 2 | compilation failed: ERROR: <input>:1:5: expected type 'int' but found 'string'",
                "double(' 1') > 1.0 | program instantiation failed: type conversion error from 'string' to 'double'",
                "timestamp('0000-01-01T00:00:00Z') > timestamp('2024-01-01T00:00:00Z') | compilation failed: ERROR: <input>:1:11: invalid timestamp argument",
                "9223372036854775808 > 1 | compilation failed: ERROR: <input>:1:1: invalid int literal",
                "sign(1) == 1 | compilation failed: ERROR: <input>:1:5: found no matching overload for 'sign' applied to '(int)'",
            })
    void areRefusedIfTheirConstantsCanHaveNoValue(String expression, String problem) {
        assertThat(compile(expression).problem().lines().findFirst()).hasValue(problem);
    }

    @Test
    void costWhatTheyDo() {
        CostMeter meter = new CostMeter();
        compile("self.a > 1").evaluate(Map.of("self", TYPE.value(VALUE)), meter);
        assertThat(meter.spent()).isEqualTo(3);

        compile("self.l.all(x, x > 0)").evaluate(Map.of("self", TYPE.value(VALUE)), meter);
        assertThat(meter.spent()).isBetween(15L, 40L);
    }

    @Test
    void areStoppedWhenTheyCostTooMuch() {
        String ten = "[0,1,2,3,4,5,6,7,8,9]";
        String deep = ten + ".all(a, " + ten + ".all(b, " + ten + ".all(c, " + ten + ".all(d, " + ten + ".all(e, " + ten
                + ".all(f, a + b + c + d + e + f >= 0 || true))))))";
        CostMeter meter = new CostMeter();

        assertThatThrownBy(() -> compile(deep).evaluate(Map.of("self", TYPE.value(VALUE)), meter))
                .isInstanceOf(CelFailure.class)
                .hasMessage("operation cancelled: actual cost limit exceeded");
        assertThat(meter.spent()).isLessThan(2 * CostMeter.PER_CALL);
        assertThat(meter.isExhausted()).isFalse();
    }

    private static Expression compile(String expression) {
        return ExpressionScope.ofValues(TYPE, false).compile(expression);
    }

    private static JsonNode json(String text) {
        return Json.read(text.getBytes(StandardCharsets.UTF_8));
    }
}

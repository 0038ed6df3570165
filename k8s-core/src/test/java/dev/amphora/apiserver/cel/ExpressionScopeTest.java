package dev.amphora.apiserver.cel;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@DisplayName("Expressions")
final class ExpressionScopeTest {
    private static final ExpressionScope REQUESTS = ExpressionScope.ofRequests(true, true);

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "object.spec.replicas <= 5 | bool",
                "object.x.y | dyn",
                "request.userInfo.groups.exists(g, g == 'a') | bool",
                "namespaceObject.metadata.labels['a'] == 'b' | bool",
                "authorizer.path('/x').check('get').allowed() | bool",
                "authorizer.requestResource.check('get').reason() | string",
                "object.?a.orValue('x') == 'x' | bool",
                "quantity('1Gi').isGreaterThan(quantity('1')) | bool",
                "ip('1.2.3.4').family() == 4 | bool",
                "url(params.u).getHost() | string",
                "[1, 2].sum() | int",
                "'a-b'.split('-') | list(string)",
                "null | null_type",
            })
    void compileToTheTypeOfTheirValue(String expression, String type) {
        Expression compiled = REQUESTS.compile(expression);

        assertThat(compiled.problem()).isEmpty();
        assertThat(compiled.type()).isEqualTo(type);
    }

    @Test
    void sayWhereTheyAreWrong() {
        assertThat(REQUESTS.compile("true == 1").problem())
                .isEqualTo("compilation failed: ERROR: <input>:1:6: found no matching overload for '_==_' applied to"
                        + " '(bool, int)'\n | true == 1\n | .....^");
        assertThat(REQUESTS.compile("'a'z").problem())
                .startsWith(
                        "compilation failed: ERROR: <input>:1:4: Syntax error: extraneous input 'z' expecting <EOF>");
        assertThat(REQUESTS.compile("").problem()).startsWith("compilation failed: ERROR: <input>:1:0: Syntax error: ");
    }

    @Test
    void seeOnlyWhatIsThereForThem() {
        assertThat(ExpressionScope.ofRequests(false, true).compile("params.x").problem())
                .contains("undeclared reference to 'params'");
        assertThat(REQUESTS.withoutAuthorizer().compile("authorizer.path('/')").problem())
                .contains("undeclared reference to 'authorizer'");
        assertThat(ExpressionScope.ofDevices().compile("object").problem())
                .contains("undeclared reference to 'object'");
        assertThat(REQUESTS.compile("request.bogus").problem()).contains("undefined field 'bogus'");
    }

    @Test
    void seeTheVariablesBeforeThem() {
        ExpressionScope scope = REQUESTS.withVariables();
        ExpressionScope more = scope.with("n", scope.compile("size('abc')"));

        assertThat(more.compile("variables.n").type()).isEqualTo("int");
        assertThat(more.compile("variables.nope").problem()).contains("undefined field 'nope'");
        assertThat(REQUESTS.compile("variables.n").problem()).contains("undeclared reference to 'variables'");
    }

    @Test
    void askWhoMayDoWhat() {
        AccessCheck check = question -> new AccessCheck.Answer(
                question.verb().equals("get") && question.resource().equals("pods"), false, question.toString(), "");
        Map<String, Object> variables = Map.of("authorizer", Values.authorizer(check));
        String pods = "authorizer.group('').resource('pods').namespace('n')";

        assertThat(REQUESTS.compile(pods + ".check('get').allowed()").evaluate(variables, new CostMeter()))
                .isEqualTo(true);
        assertThat(REQUESTS.compile(pods + ".check('list').allowed()").evaluate(variables, new CostMeter()))
                .isEqualTo(false);
        assertThat(REQUESTS.compile("authorizer.serviceAccount('n', 'a').path('/x').check('get').reason()")
                        .evaluate(variables, new CostMeter()))
                .asString()
                .contains("serviceAccount=n:a", "path=/x");
    }

    @Test
    void makeObjectsAndPatchesWhereTheyMutate() {
        ExpressionScope mutating = REQUESTS.mutating();

        assertThat(mutating.compile("Object{spec: Object.spec{replicas: 1}}").type())
                .isEqualTo("Object");
        assertThat(mutating.compile("[JSONPatch{op: 'add', path: '/a', value: 1}]")
                        .type())
                .isEqualTo("list(JSONPatch)");
    }
}

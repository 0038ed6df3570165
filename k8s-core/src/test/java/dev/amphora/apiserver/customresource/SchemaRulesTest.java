package dev.amphora.apiserver.customresource;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.amphora.api.FieldError;
import dev.amphora.api.Json;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What schemas of definitions may say, and what they then say of values. */
class SchemaRulesTest {

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{} | S.type: Required value: must not be empty at the root",
                "{'type':'array','items':{'type':'string'}} | S.type: Invalid value: \"array\": must be object at the root",
                "{'type':'object','properties':{'a':{}}} | S.properties[a].type: Required value: must not be empty for specified object fields",
                "{'type':'object','properties':{'a':{'type':'float'}}} | S.properties[a].type: Unsupported value: \"float\": supported values: \"array\", \"boolean\", \"integer\", \"number\", \"object\", \"string\"",
                "{'type':'object','properties':{'a':{'type':'string','anyOf':[{'nullable':true}]}}} | S.properties[a].anyOf[0].nullable: Forbidden: must be false to be structural",
                "{'type':'object','properties':{'a':{'type':'integer','maximum':3,'default':5}}} | S.properties[a].default: Invalid value: 5:  in body should be less than or equal to 3",
                "{'type':'object','properties':{'a':{'type':'string','pattern':'['}}} | S.properties[a].pattern: Invalid value: \"[\": must be a valid regular expression, but isn't: error parsing regexp: missing closing ]: `[`",
                "{'type':'object','properties':{'metadata':{'type':'object','properties':{'labels':{'type':'object'}}}}} | S.properties[metadata]: Forbidden: must not specify anything other than name and generateName, but metadata is implicitly specified",
            })
    void refusesWhatIsNotStructural(String schema, String error) {
        assertThat(SchemaRules.check(json(schema), "S", false))
                .extracting(FieldError::text)
                .containsExactly(error);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{'type':'object','$schema':'x'} | S: Invalid value: \"\": OpenAPIV3Schema 'schema' is not supported",
                "{'type':'object','properties':{'a':{'type':'string','additionalItems':{}}}} | S.properties[a].additionalItems: Forbidden: additionalItems is not supported",
                "{'type':'object','properties':{'a':{'type':'object','not':{'$ref':'x','nullable':true}}}} | S.properties[a].not.$ref: Forbidden: $ref is not supported",
            })
    void doesNotAskWhetherASchemaIsStructuralThatCannotBe(String schema, String error) {
        assertThat(SchemaRules.check(json(schema), "S", false))
                .extracting(FieldError::text)
                .containsExactly(error);
    }

    @Test
    void tellsWhatIsNotStructuralBeforeWhatIsNotASchema() {
        String schema = "{'type':'object','properties':{'a':{'type':'object','properties':{'k':{}},"
                + "'additionalProperties':{'type':'string'}}}}";
        assertThat(SchemaRules.check(json(schema), "S", false))
                .extracting(FieldError::field)
                .containsExactly("S.properties[a].properties[k].type", "S.properties[a].additionalProperties");
    }

    @Test
    void compilesNoRuleWhereTheSchemaIsWrongAtItsPlaceOrBelow() {
        String schema = "{'type':'object','x-kubernetes-map-type':'x','x-kubernetes-validations':[{'rule':'nope'}],"
                + "'properties':{'a':{'type':'string','x-kubernetes-validations':[{'rule':'self == oldSelf'},{'rule':'nope'}]}}}";
        assertThat(SchemaRules.check(json(schema), "S", false))
                .extracting(error ->
                        error.field() + " " + error.message().split("\n", -1)[0].replaceFirst(".*: ", ""))
                .containsExactly(
                        "S.x-kubernetes-map-type \"atomic\", \"granular\"",
                        "S.properties[a].x-kubernetes-validations[0].rule oldSelf cannot be used on the uncorrelatable portion of the schema within S",
                        "S.properties[a].x-kubernetes-validations[1].rule undeclared reference to 'nope' (in container '')");
    }

    @ParameterizedTest
    @CsvSource({"string,date-time,", "string,zz,zz", "integer,int32,", "integer,uint32,uint32", "object,date,date"})
    void warnsOfFormatsThatTheTypeDoesNotHave(String type, String format, String warned) {
        JsonNode schema =
                json("{'type':'object','properties':{'a':{'type':'" + type + "','format':'" + format + "'}}}");
        assertThat(SchemaWarnings.unrecognizedFormats(schema)).isEqualTo(warned == null ? List.of() : List.of(warned));
    }

    @Test
    void leavesAnIntegerOrATextToItsPattern() {
        assertThat(SchemaRules.check(
                        json("{'type':'object','properties':{'a':{'x-kubernetes-int-or-string':true,"
                                + "'anyOf':[{'type':'integer'},{'type':'string'}]}}}"),
                        "S",
                        false))
                .isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{'type':'integer'} | 1.5 | v: Invalid value: \"number\": v in body must be of type integer: \"number\"; <nil>: Invalid value: \"\": Checked value must be of type integer (default format) in v",
                "{'type':'string','maxLength':1} | 'äö' | v: Too long: may not be more than 1 byte",
                "{'type':'string','format':'ipv4'} | '::1' | v: Invalid value: \"::1\": v in body must be of type ipv4: \"::1\"",
                "{'type':'integer','minimum':5,'maximum':3} | 4 | v: Invalid value: 4: v in body should be greater than or equal to 5; v: Invalid value: 4: v in body should be less than or equal to 3",
                "{'type':'string','maxLength':-1} | 'a' | v: Too long: value is too long",
                "{'type':'integer','format':'int32','maximum':1.5} | 2 | <nil>: Invalid value: \"\": Maximum boundary value must be of type integer with format int32 in v; v: Invalid value: 2: v in body should be less than or equal to 1.5",
                "{'type':'integer','multipleOf':9223372036854775808} | 2 | <nil>: Invalid value: \"\": MultipleOf value must be of type integer (default format) in v; v: Invalid value: 2: v in body should be a multiple of 9.223372036854776e+18",
                "{'type':'string','allOf':[{'minLength':2}],'anyOf':[{'minLength':2}]} | 'a' | <nil>: Invalid value: \"\": \"v\" must validate at least one schema (anyOf); v: Invalid value: \"a\": v in body should be at least 2 chars long; <nil>: Invalid value: \"\": \"v\" must validate all the schemas (allOf). None validated",
                "{'type':'string','enum':['a']} | 'b' | v: Unsupported value: \"b\": supported values: \"a\"",
                "{'type':'string','not':{'enum':['b']}} | 'b' | <nil>: Invalid value: \"\": \"v\" must not validate the schema (not)",
            })
    void namesWhatIsWrongWithAValue(String schema, String value, String errors) {
        Structural whole = Structural.of(json("{'type':'object','properties':{'v':" + schema + "}}"));
        JsonNode object = json("{'v':" + value + "}");

        assertThat(String.join(
                        "; ",
                        ValueRules.check(object, whole, null).stream()
                                .map(FieldError::text)
                                .toList()))
                .isEqualTo(errors);
    }

    @Test
    void doesNotHoldAgainstAChangeWhatWasWrongBefore() {
        Structural schema = Structural.of(
                json("{'type':'object','properties':{'a':{'type':'string','maxLength':1},'b':{'type':'string'}}}"));

        assertThat(ValueRules.check(json("{'a':'long','b':'new'}"), schema, json("{'a':'long','b':'old'}")))
                .isEmpty();
        assertThat(ValueRules.check(json("{'a':'longer'}"), schema, json("{'a':'long'}")))
                .hasSize(1);
    }

    @Test
    void refusesRulesThatCostTooMuch() {
        List<FieldError> errors = SchemaRules.check(
                json("{'type':'object','properties':{'l':{'type':'array','items':{'type':'integer'}}},"
                        + "'x-kubernetes-validations':[{'rule':'self.l.all(x, self.l.all(y, x == y))'}]}"),
                "S",
                false);

        assertThat(errors).extracting(FieldError::field).contains("S.x-kubernetes-validations[0].rule", "S");
        assertThat(errors.get(0).message())
                .startsWith("Forbidden: estimated rule cost exceeds budget by factor of more than 100x");
    }

    private static JsonNode json(String text) {
        return Json.read(text.replace('\'', '"').replace("isn\"t", "isn't").getBytes(StandardCharsets.UTF_8));
    }
}

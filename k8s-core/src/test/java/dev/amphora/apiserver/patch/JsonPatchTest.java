package dev.amphora.apiserver.patch;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import dev.amphora.api.Json;
import dev.amphora.api.StatusException;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class JsonPatchTest {
    private static final String DOCUMENT = "{'data':{'a':'1','n':1},'steps':['x','y'],'a/b':{'~':0}}";

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "{'op':'add','path':'/data/b','value':2}       | {'data':{'a':'1','n':1,'b':2},'steps':['x','y'],'a/b':{'~':0}}",
                "{'op':'add','path':'/data/b'}                 | {'data':{'a':'1','n':1,'b':null},'steps':['x','y'],'a/b':{'~':0}}",
                "{'op':'add','path':'/steps/-','value':'z'}    | {'data':{'a':'1','n':1},'steps':['x','y','z'],'a/b':{'~':0}}",
                "{'op':'add','path':'/steps/-1','value':'z'}   | {'data':{'a':'1','n':1},'steps':['x','y','z'],'a/b':{'~':0}}",
                "{'op':'add','path':'/steps/+1','value':'z'}   | {'data':{'a':'1','n':1},'steps':['x','z','y'],'a/b':{'~':0}}",
                "{'op':'replace','path':'/steps/01','value':0} | {'data':{'a':'1','n':1},'steps':['x',0],'a/b':{'~':0}}",
                "{'op':'replace','path':'/a~1b/~0','value':1}  | {'data':{'a':'1','n':1},'steps':['x','y'],'a/b':{'~':1}}",
                "{'op':'replace','path':'/data/z','value':1}   | {'data':{'a':'1','n':1,'z':1},'steps':['x','y'],'a/b':{'~':0}}",
                "{'op':'replace','path':'','value':{}}         | {}",
                "{'op':'remove','path':'/data/n'}              | {'data':{'a':'1'},'steps':['x','y'],'a/b':{'~':0}}",
                "{'op':'move','path':'/steps/0','from':'/steps/1'} | {'data':{'a':'1','n':1},'steps':['y','x'],'a/b':{'~':0}}",
                "{'op':'copy','path':'/data/c','from':'/data/q'}   | {'data':{'a':'1','n':1,'c':null},'steps':['x','y'],'a/b':{'~':0}}",
                "{'op':'test','path':'/data/n','value':1}      | {'data':{'a':'1','n':1},'steps':['x','y'],'a/b':{'~':0}}",
                "{'op':'test','path':'/data/zz'}               | {'data':{'a':'1','n':1},'steps':['x','y'],'a/b':{'~':0}}",
                "{'op':'add','path':'data/c','value':3}        | {'data':{'a':'1','n':1},'steps':['x','y'],'a/b':{'~':0},'c':3}",
            })
    void appliesOneOperation(String operation, String expected) {
        assertThat(JsonPatch.parse(bytes("[" + operation + "]"), false)
                        .apply(tree(DOCUMENT))
                        .tree())
                .isEqualTo(tree(expected));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{'op':'add','path':'/nope/b','value':2}",
                "{'op':'add','path':'/steps/9','value':2}",
                "{'op':'add','path':'/steps/x','value':2}",
                "{'op':'remove','path':'/data/zz'}",
                "{'op':'remove','path':''}",
                "{'op':'remove','path':'/steps/-'}",
                "{'op':'replace','path':'','value':'text'}",
                "{'op':'move','path':'/data/z'}",
                "{'op':'test','path':'/data/n','value':1.0}",
                "{'op':'test','path':'/data/a'}",
                "{'op':'frob','path':'/data/a'}",
            })
    void refusesTheWholePatchWhenOneOperationFails(String operation) {
        JsonPatch patch = JsonPatch.parse(bytes("[{'op':'add','path':'/data/b','value':2}," + operation + "]"), false);
        JsonNode document = tree(DOCUMENT);
        assertThatThrownBy(() -> patch.apply(document))
                .isInstanceOf(StatusException.class)
                .hasMessage("the server rejected our request due to an error in our request")
                .satisfies(e -> assertThat(((StatusException) e).code()).isEqualTo(422));
        assertThat(document).isEqualTo(tree(DOCUMENT));
    }

    @Test
    void namesMembersWithoutAMeaning() {
        assertThat(JsonPatch.parse(bytes("[{'op':'test','path':'/a','zzz':1}]"), false)
                        .strictErrors())
                .containsExactly("json patch unknown field \"[0].zzz\"");
    }

    @Test
    void namesMembersThatWereGivenTwice() {
        assertThat(JsonPatch.parse(bytes("[{'op':'add','path':'/a','value':{'b':1,'b':2}}]"), false)
                        .strictErrors())
                .containsExactly("json patch duplicate field \"[0].value.b\"");
        assertThat(JsonPatch.parse(bytes("[{'op':'add','path':'/a','value':{'b':1,'b':2}}]"), true)
                        .strictErrors())
                .isEmpty();
    }

    @Test
    void showsWhatItHasOpenedByNameAndTheRestAsItWas() {
        JsonNode document = tree("{'z':{'b':1,'a':2},'y':{'b':1,'a':'<'}}");
        assertThat(JsonPatch.parse(bytes("[{'op':'add','path':'/z/c','value':{'e':1.50,'d':[]}}]"), false)
                        .apply(document)
                        .shown()
                        .get())
                .isEqualTo("{'y':{'b':1,'a':'\\u003c'},'z':{'a':2,'b':1,'c':{'e':1.50,'d':[]}}}".replace('\'', '"'));
    }

    @Test
    void refusesWhatIsNoListOfOperations() {
        assertThatThrownBy(() -> JsonPatch.parse(bytes("{}"), false)).hasMessageContaining("cannot unmarshal object");
        assertThatThrownBy(() -> JsonPatch.parse(bytes("['x']"), false))
                .hasMessageContaining("cannot unmarshal string");
        assertThatThrownBy(() -> JsonPatch.parse(bytes("[{"), false))
                .hasMessageContaining("unexpected end of JSON input");
    }

    @Test
    void refusesMoreThanTenThousandOperations() {
        String many = "{'op':'test','path':'/a'},".repeat(JsonPatch.MAX_OPERATIONS);
        assertThatThrownBy(() -> JsonPatch.parse(bytes("[" + many + "{'op':'test','path':'/a'}]"), false))
                .hasMessage(
                        "Request entity too large: The allowed maximum operations in a JSON patch is 10000, got 10001");
    }

    @Test
    void limitsWhatCopiesMayAdd() {
        String doubling = IntStream.range(0, 20)
                .mapToObj(i -> "{'op':'copy','path':'/data/c" + i + "','from':'/data'}")
                .collect(Collectors.joining(",", "[", "]"));
        JsonPatch patch = JsonPatch.parse(bytes(doubling), false);
        assertThatThrownBy(() -> patch.apply(tree(DOCUMENT))).isInstanceOf(StatusException.class);
    }

    private static JsonNode tree(String text) {
        return Json.read(bytes(text));
    }

    private static byte[] bytes(String text) {
        return text.replace('\'', '"').getBytes(UTF_8);
    }
}

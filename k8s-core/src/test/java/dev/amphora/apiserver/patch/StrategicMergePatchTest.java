package dev.amphora.apiserver.patch;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.Json;
import dev.amphora.api.StatusException;
import dev.amphora.apiserver.schema.SchemaCatalogue;
import dev.amphora.apiserver.schema.TypeSchema;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class StrategicMergePatchTest {
    private static final TypeSchema POD = SchemaCatalogue.builtIn().type("", "v1", "Pod");
    private static final TypeSchema BUDGET = SchemaCatalogue.builtIn().type("policy", "v1", "PodDisruptionBudget");

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "[{'name':'b','image':'2'}]                           | [{'name':'a','image':'1'},{'name':'b','image':'2'},{'name':'c'}]",
                "[{'name':'n'}]                                       | [{'name':'n'},{'name':'a','image':'1'},{'name':'b','image':'1'},{'name':'c'}]",
                "[{'name':'b','$patch':'delete'}]                     | [{'name':'a','image':'1'},{'name':'c'}]",
                "[{'$patch':'replace'},{'name':'n'}]                  | [{'name':'n'}]",
                "[{'name':'b','image':null}]                          | [{'name':'a','image':'1'},{'name':'b'},{'name':'c'}]",
                "[{'name':'a','$retainKeys':['name','args'],'args':['x']}] | [{'name':'a','args':['x']},{'name':'b','image':'1'},{'name':'c'}]",
            })
    void mergesListsByKey(String containers, String expected) {
        ObjectNode pod =
                tree("{'spec':{'containers':[{'name':'a','image':'1'},{'name':'b','image':'1'},{'name':'c'}]}}");
        JsonNode patched = StrategicMergePatch.parse(bytes("{'spec':{'containers':" + containers + "}}"))
                .apply(pod, POD)
                .tree();
        assertThat(patched).isEqualTo(tree("{'spec':{'containers':" + expected + "}}"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "{'finalizers':['z']}                          | ['z','x','y']",
                "{'$deleteFromPrimitiveList/finalizers':['x']} | ['y']",
                "{'$setElementOrder/finalizers':['y','x']}     | ['y','x']",
                "{'$setElementOrder/finalizers':['y','z','x'],'finalizers':['z']} | ['y','z','x']",
            })
    void mergesListsOfScalars(String metadata, String expected) {
        ObjectNode pod = tree("{'metadata':{'finalizers':['x','y']}}");
        assertThat(StrategicMergePatch.parse(bytes("{'metadata':" + metadata + "}"))
                        .apply(pod, POD)
                        .tree())
                .isEqualTo(tree("{'metadata':{'finalizers':" + expected + "}}"));
    }

    @Test
    void keepsUnlistedElementsBesideTheirOldNeighbours() {
        ObjectNode pod = tree("{'spec':{'volumes':[{'name':'a'},{'name':'b'},{'name':'c'}]}}");
        assertThat(StrategicMergePatch.parse(bytes("{'spec':{'$setElementOrder/volumes':[{'name':'c'},{'name':'a'}]}}"))
                        .apply(pod, POD)
                        .tree())
                .isEqualTo(tree("{'spec':{'volumes':[{'name':'b'},{'name':'c'},{'name':'a'}]}}"));
    }

    @Test
    void anEmptyOrderPutsNewElementsLast() {
        ObjectNode pod = tree("{'spec':{'volumes':[{'name':'a'}]}}");
        assertThat(StrategicMergePatch.parse(bytes("{'spec':{'$setElementOrder/volumes':[],'volumes':[{'name':'n'}]}}"))
                        .apply(pod, POD)
                        .tree())
                .isEqualTo(tree("{'spec':{'volumes':[{'name':'a'},{'name':'n'}]}}"));
    }

    @Test
    void replacesWhatTheSchemaSaysIsReplaced() {
        ObjectNode budget = tree("{'spec':{'selector':{'matchLabels':{'a':'b'}},'minAvailable':1}}");
        assertThat(StrategicMergePatch.parse(bytes("{'spec':{'selector':{'matchLabels':{'c':'d'}}}}"))
                        .apply(budget, BUDGET)
                        .tree())
                .isEqualTo(tree("{'spec':{'selector':{'matchLabels':{'c':'d'}},'minAvailable':1}}"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "500 | {'spec':{'containers':[{'image':'1'}]}}           | map: map[image:1] does not contain declared merge key: name",
                "500 | {'spec':{'containers':[{'name':'a','$patch':'x'}]}} | unknown patch type: x in map: map[$patch:x name:a]",
                "500 | {'spec':{'$setElementOrder/frobs':[{'name':'a'}]}} | unable to find api field in struct PodSpec for the json field \"\"frobs\"\"",
                "500 | {'spec':{'$setElementOrder/containers':null}}     | expected a []interface {}, but received a %!s(<nil>)",
                "400 | {'spec':{'$retainKeys':'x'}}                      | invalid patch format of retainKeys",
            })
    void namesWhatItCannotDo(int code, String patch, String message) {
        ObjectNode pod = tree("{'spec':{'containers':[{'name':'a'}]}}");
        assertThatThrownBy(() -> StrategicMergePatch.parse(bytes(patch)).apply(pod, POD))
                .hasMessage(message.replace("\"\"", "\""))
                .satisfies(e -> assertThat(((StatusException) e).code()).isEqualTo(code));
    }

    @Test
    void newElementsTakeTheRoomThatDeletedOnesLeave() {
        ObjectNode pod = tree("{'spec':{'volumes':[{'name':'c'},{'name':'a'}]}}");
        StrategicMergePatch patch = StrategicMergePatch.parse(
                bytes(
                        "{'spec':{'$setElementOrder/volumes':[{'name':'b'}],'volumes':[{'name':'b'},{'$patch':'delete','name':'c'}]}}"));

        assertThat(patch.apply(pod, POD).tree()).isEqualTo(tree("{'spec':{'volumes':[{'name':'a'},{'name':'b'}]}}"));
    }

    @Test
    void directivesAfterTheLastOrderedElementAreOutOfOrder() {
        assertThatThrownBy(() -> StrategicMergePatch.parse(
                                bytes(
                                        "{'spec':{'$setElementOrder/volumes':[{'name':'a'}],'volumes':[{'name':'a'},{'$patch':'replace'}]}}"))
                        .apply(tree("{'spec':{}}"), POD))
                .hasMessage(
                        "The order in patch list:\n[map[name:a] map[$patch:replace]]\n doesn't match $setElementOrder list:\n"
                                + "[map[name:a]]\n");
    }

    @Test
    void showsThePatchWithoutTheDirectivesItHasFollowed() {
        ObjectNode pod = tree("{'metadata':{'labels':{'a':'b'}}}");
        assertThat(StrategicMergePatch.parse(
                                bytes(
                                        "{'metadata':{'labels':{'$patch':'replace','c':1.0}},'spec':{'volumes':[{'$patch':'replace'}]}}"))
                        .apply(pod, POD)
                        .shown()
                        .get())
                .isEqualTo("map[metadata:map[labels:map[c:1]] spec:map[volumes:[map[$patch:replace]]]]");
    }

    private static ObjectNode tree(String text) {
        return (ObjectNode) Json.read(bytes(text));
    }

    private static byte[] bytes(String text) {
        return text.replace('\'', '"').getBytes(UTF_8);
    }
}

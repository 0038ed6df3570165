package dev.amphora.apiserver.patch;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.Json;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class MergePatchTest {

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "{'a':1}            | {'b':2}                  | {'a':1,'b':2}",
                "{'a':1}            | {'a':null}               | {}",
                "{'a':{'b':1}}      | {'a':{'c':2}}            | {'a':{'b':1,'c':2}}",
                "{'a':{'b':1}}      | {'a':[1]}                | {'a':[1]}",
                "{'a':[1,2]}        | {'a':[3]}                | {'a':[3]}",
                "{}                 | {'a':{'b':null,'c':1}}   | {'a':{'c':1}}",
                "{}                 | {'a':[{'b':null},null]}  | {'a':[{},null]}",
            })
    void mergesMembersAndReplacesLists(String document, String patch, String expected) {
        assertThat(MergePatch.parse(bytes(patch), false).apply(tree(document)).tree())
                .isEqualTo(tree(expected));
    }

    @Test
    void refusesWhatIsNoObject() {
        assertThatThrownBy(() -> MergePatch.parse(bytes("null"), false)).hasMessage("Invalid JSON Patch");
        assertThatThrownBy(() -> MergePatch.parse(bytes("true"), false)).hasMessageContaining("cannot unmarshal bool");
        assertThatThrownBy(() -> MergePatch.parse(bytes("{} {}"), false))
                .hasMessage("error decoding patch: invalid character '{' after top-level value");
        assertThatThrownBy(() -> MergePatch.parse(bytes("data: x"), false))
                .hasMessage("error decoding patch: invalid character 'd' looking for beginning of value");
    }

    private static ObjectNode tree(String text) {
        return (ObjectNode) Json.read(bytes(text));
    }

    private static byte[] bytes(String text) {
        return text.replace('\'', '"').getBytes(UTF_8);
    }
}

package dev.amphora.rest;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.Json;
import dev.amphora.apiserver.Listing;
import dev.amphora.apiserver.VersionedObject;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

class AnswersTest {

    @Test
    void listsOfCustomKindsGoOutInAlphabeticalOrder() {
        assertThat(text(false))
                .startsWith("{\"apiVersion\":\"v1\",\"items\":[{")
                .endsWith("}}\n");
        assertThat(text(false).indexOf("\"kind\":\"ThingList\""))
                .isGreaterThan(text(false).indexOf("]"));
    }

    @Test
    void listsOfBuiltInKindsHaveBareItemsAtTheirEnd() {
        assertThat(text(true))
                .isEqualTo("{\"kind\":\"ThingList\",\"apiVersion\":\"v1\",\"metadata\":{\"resourceVersion\":\"5\"},"
                        + "\"items\":[{\"metadata\":{\"name\":\"a\\u003cb\"}}]}\n");
    }

    private static String text(boolean builtIn) {
        ObjectNode thing = Json.object().put("kind", "Thing").put("apiVersion", "v1");
        thing.putObject("metadata").put("name", "a<b");
        Listing list = new Listing("v1", "ThingList", List.of(VersionedObject.of(thing)), 5, "", null);
        return new String(Answers.write(list, builtIn, Accept.Format.JSON, false), StandardCharsets.UTF_8);
    }
}

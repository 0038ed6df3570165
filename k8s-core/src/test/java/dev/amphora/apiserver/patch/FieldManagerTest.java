package dev.amphora.apiserver.patch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.Json;
import dev.amphora.api.StatusException;
import dev.amphora.apiserver.schema.CompleteForm;
import dev.amphora.apiserver.schema.SchemaCatalogue;
import dev.amphora.apiserver.schema.TypeSchema;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class FieldManagerTest {
    private static final TypeSchema MAP = SchemaCatalogue.builtIn().type("", "v1", "ConfigMap");
    private static final TypeSchema DEPLOYMENT = SchemaCatalogue.builtIn().type("apps", "v1", "Deployment");

    @Test
    void anUpdateOwnsWhatItAddsAndChanges() {
        ObjectNode made = updated("vectors", null, map("{'a':'1','b':'1'}"));
        assertThat(owners(made)).containsExactly("vectors Update v1 {'f:data':{'.':{},'f:a':{},'f:b':{}}}");

        ObjectNode changed = updated("other", stored(made), map("{'a':'2','b':'1'}"));
        assertThat(owners(changed))
                .containsExactly(
                        "other Update v1 {'f:data':{'f:a':{}}}", "vectors Update v1 {'f:data':{'.':{},'f:b':{}}}");
    }

    @Test
    void anObjectWithoutOwnersStaysSoUntilTheFirstApply() {
        ObjectNode live = stored(map("{'a':'1'}"));
        assertThat(owners(updated("other", live, map("{'a':'2'}")))).isEmpty();

        ObjectNode applied = manager(MAP, "v1", "alpha").apply(live, map("{'a':'1'}"), false);
        assertThat(owners(applied))
                .containsExactly(
                        "alpha Apply v1 {'f:data':{'f:a':{}}}",
                        "before-first-apply Update v1 {'f:data':{'.':{},'f:a':{}}}");
    }

    @Test
    void whatAManagerNoLongerWantsGoesUnlessOthersWantIt() {
        ObjectNode first = manager(MAP, "v1", "alpha").apply(empty(MAP), map("{'a':'1','b':'1','c':'1'}"), false);
        ObjectNode second = manager(MAP, "v1", "beta").apply(stored(first), map("{'b':'1'}"), false);

        ObjectNode third = manager(MAP, "v1", "alpha").apply(stored(second), map("{'c':'2'}"), false);
        assertThat(third.path("data")).isEqualTo(json("{'b':'1','c':'2'}"));
        assertThat(owners(third))
                .as("who has changed nothing has no time, and comes first")
                .containsExactly("beta Apply v1 {'f:data':{'f:b':{}}}", "alpha Apply v1 {'f:data':{'f:c':{}}}");
    }

    @Test
    void anotherValueOfAnotherOwnerIsAConflictUnlessForced() {
        ObjectNode live = stored(manager(MAP, "v1", "alpha").apply(empty(MAP), map("{'a':'1','b':'1'}"), false));

        assertThatThrownBy(() -> manager(MAP, "v1", "beta").apply(live, map("{'a':'2','b':'1'}"), false))
                .isInstanceOf(StatusException.class)
                .hasMessage("Apply failed with 1 conflict: conflict with \"alpha\": .data.a");
        ObjectNode forced = manager(MAP, "v1", "beta").apply(live, map("{'a':'2','b':'1'}"), true);
        assertThat(owners(forced))
                .containsExactly(
                        "alpha Apply v1 {'f:data':{'f:b':{}}}", "beta Apply v1 {'f:data':{'f:a':{},'f:b':{}}}");
    }

    @Test
    void elementsOfListsAreOwnedByTheirKeys() {
        ObjectNode wanted =
                json("{'apiVersion':'apps/v1','kind':'Deployment','metadata':{'name':'d'},'spec':{'template':{'spec':"
                        + "{'containers':[{'name':'a','image':'i','ports':[{'containerPort':80}]}]}}}}");
        ObjectNode applied = manager(DEPLOYMENT, "apps/v1", "alpha").apply(empty(DEPLOYMENT), wanted, false);

        assertThat(owners(applied))
                .containsExactly(
                        "alpha Apply apps/v1 {'f:spec':{'f:template':{'f:spec':{'f:containers':{'k:{\\'name\\':\\'a\\'}':"
                                + "{'.':{},'f:image':{},'f:name':{},'f:ports':{'k:{\\'containerPort\\':80,\\'protocol\\':\\'TCP\\'}':"
                                + "{'.':{},'f:containerPort':{}}}}}}}}}");
    }

    @Test
    void whatDoesNotFitTheTypeIsRefused() {
        ObjectNode wanted = map("{'a':1}");
        wanted.putObject("spec");
        assertThatThrownBy(() -> manager(MAP, "v1", "alpha").apply(empty(MAP), wanted, false))
                .hasMessage("failed to create typed patch object (/o; /v1, Kind=ConfigMap): errors:\n"
                        + "  .data.a: expected string, got &value.valueUnstructured{Value:1}\n"
                        + "  .spec: field not declared in schema");
    }

    @Test
    void ofManyUpdatersTheOldestArePutTogether() {
        ObjectNode live = stored(updated("m00", null, map("{'k00':''}")));
        StringBuilder data = new StringBuilder("'k00':''");
        for (int i = 1; i <= 11; i++) {
            data.append(",'k%02d':''".formatted(i));
            live = updated("m%02d".formatted(i), live, map("{" + data + "}"));
        }
        assertThat(owners(live)).hasSize(10);
        assertThat(owners(live).get(0))
                .isEqualTo("ancient-changes Update v1 {'f:data':{'.':{},'f:k00':{},'f:k01':{},'f:k02':{}}}");
    }

    private static FieldManager manager(TypeSchema type, String version, String name) {
        return new FieldManager(type, version, "", name, "2026-01-01T00:00:00Z", FieldFilter.ALL, FieldVersions.NONE);
    }

    private static ObjectNode updated(String name, ObjectNode live, ObjectNode now) {
        ObjectNode complete = CompleteForm.of(now, MAP);
        if (live != null) {
            complete.withObject("/metadata").put("uid", "u");
        }
        manager(MAP, "v1", name).update(live == null ? empty(MAP) : live, complete);
        return complete;
    }

    private static ObjectNode empty(TypeSchema type) {
        ObjectNode empty = Json.object();
        empty.putObject("metadata");
        return CompleteForm.of(empty, type);
    }

    private static ObjectNode stored(ObjectNode object) {
        ObjectNode stored = object.deepCopy();
        stored.withObject("/metadata").put("uid", "u");
        return stored;
    }

    private static ObjectNode map(String data) {
        ObjectNode map = json("{'apiVersion':'v1','kind':'ConfigMap','metadata':{'name':'o'}}");
        map.set("data", json(data));
        return map;
    }

    private static ObjectNode json(String text) {
        return (ObjectNode) Json.read(text.replace('\'', '"').getBytes(StandardCharsets.UTF_8));
    }

    private static List<String> owners(ObjectNode object) {
        List<String> owners = new ArrayList<>();
        for (JsonNode entry : object.path("metadata").path("managedFields")) {
            owners.add("%s %s %s %s"
                    .formatted(
                            entry.path("manager").asText(),
                            entry.path("operation").asText(),
                            entry.path("apiVersion").asText(),
                            entry.path("fieldsV1").toString().replace('"', '\'')));
        }
        return owners;
    }
}

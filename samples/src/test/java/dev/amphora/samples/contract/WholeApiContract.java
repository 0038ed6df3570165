package dev.amphora.samples.contract;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.samples.contract.Face.Answer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;

/** What holds for the ways that can send any request. */
abstract class WholeApiContract extends ApiContract {

    // ---- server-side apply ------------------------------------------------------------------------------------------

    @Test
    void appliersConflictUnlessForced(TestInfo test) {
        String maps = collection(test, "configmaps");
        done(patch(maps + "/a?fieldManager=one", APPLY, configMap("a", ", \"labels\": {\"of\": \"one\"}")));
        String other = configMap("a", "").replace("\"1\"", "\"2\"");

        Answer conflict = patch(maps + "/a?fieldManager=two", APPLY, other);
        refused(conflict, 409, "Conflict");
        assertThat(conflict.text("/details/causes/0/reason")).isEqualTo("FieldManagerConflict");
        assertThat(conflict.text("/details/causes/0/field")).isEqualTo(".data.k");
        Answer forced = done(patch(maps + "/a?fieldManager=two&force=true", APPLY, other));
        assertThat(forced.text("/data/k")).isEqualTo("2");
        assertThat(forced.body().at("/metadata/managedFields").findValuesAsText("manager"))
                .containsExactly("one", "two");
        assertThat(forced.body().at("/metadata/managedFields/0/fieldsV1").has("f:data"))
                .as("one has lost it")
                .isFalse();
        Answer shared = done(patch(maps + "/a?fieldManager=three", APPLY, other));
        assertThat(shared.body().at("/metadata/managedFields")).hasSize(3);
        refused(patch(maps + "/a", APPLY, other), 422, "Invalid");
    }

    // ---- dry runs ---------------------------------------------------------------------------------------------------

    @Test
    void aDryRunChangesNothing(TestInfo test) {
        String maps = collection(test, "configmaps");
        assertThat(done(post(maps + "?dryRun=All", configMap("a", ""))).text("/metadata/uid"))
                .isNotEmpty();
        refused(get(maps + "/a"), 404, "NotFound");

        String version = done(post(maps, configMap("a", ""))).text("/metadata/resourceVersion");
        assertThat(done(patch(maps + "/a?dryRun=All", MERGE, "{\"data\": {\"k\": \"2\"}}"))
                        .text("/data/k"))
                .isEqualTo("2");
        done(delete(maps + "/a?dryRun=All"));
        assertThat(get(maps + "/a").text("/metadata/resourceVersion")).isEqualTo(version);
        refused(post(maps + "?dryRun=Some", configMap("b", "")), 422, "Invalid");
    }

    // ---- lists and watches ------------------------------------------------------------------------------------------

    @Test
    void listsShowTheMomentThatIsAskedFor(TestInfo test) {
        String maps = collection(test, "configmaps");
        done(post(maps, configMap("a", "")));
        String before = get(maps).text("/metadata/resourceVersion");
        done(post(maps, configMap("b", "")));

        Answer exact = get(maps + "?resourceVersionMatch=Exact&resourceVersion=" + before);
        assertThat(names(exact)).containsExactly("a");
        assertThat(exact.text("/metadata/resourceVersion")).isEqualTo(before);
        assertThat(names(get(maps + "?resourceVersionMatch=NotOlderThan&resourceVersion=" + before)))
                .containsExactly("a", "b");
        refused(get(maps + "?resourceVersionMatch=Exact"), 422, "Invalid");
        refused(get(maps + "?resourceVersion=abc"), 400, "BadRequest");
    }

    @Test
    void aWatchMayBeginWithAListAndSayWhereItEnds(TestInfo test) {
        String maps = collection(test, "configmaps");
        done(post(maps, configMap("a", "")));
        done(post(maps, configMap("b", "")));
        try (Watched watched = new Watched(
                maps + "?sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true")) {
            watched.expect("ADDED a", "ADDED b");
            JsonNode end = watched.next();
            assertThat(end.path("type").asText()).isEqualTo("BOOKMARK");
            assertThat(end.at("/object/metadata/annotations/k8s.io~1initial-events-end")
                            .asText())
                    .isEqualTo("true");
            done(post(maps, configMap("c", "")));
            watched.expect("ADDED c");
        }
    }

    @Test
    void aWatchFromTooLongAgoIsTold(TestInfo test) {
        String events = collection(test, "events");
        String namespace = events.split("/", -1)[4];
        String event = "{\"apiVersion\": \"v1\", \"kind\": \"Event\", \"metadata\": {\"name\": \"%s\"}, "
                + "\"involvedObject\": {\"kind\": \"Pod\", \"name\": \"p\", \"namespace\": \"" + namespace + "\"}}";
        String old = done(post(events, event.formatted("a"))).text("/metadata/resourceVersion");
        done(post(events, event.formatted("b")));
        String now = done(post(events, event.formatted("c"))).text("/metadata/resourceVersion");
        store().compact(Long.parseLong(now));

        try (Watched watched = new Watched(events + "?resourceVersion=" + old)) {
            JsonNode error = watched.next();
            assertThat(error.path("type").asText()).isEqualTo("ERROR");
            assertThat(error.at("/object/code").asInt()).isEqualTo(410);
            assertThat(error.at("/object/reason").asText()).isEqualTo("Expired");
        }
    }

    @Test
    void aWatchEndsAtItsTime(TestInfo test) {
        String maps = collection(test, "configmaps");
        Answer all = get(maps + "?watch=true&timeoutSeconds=1");

        assertThat(all.status()).isEqualTo(200);
    }

    // ---- subresources -----------------------------------------------------------------------------------------------

    @Test
    void scaleIsAFaceOfReplicas(TestInfo test) {
        String deployments = collection(test, "apps/v1/deployments");
        done(post(deployments, deployment("web")));
        Answer scale = done(get(deployments + "/web/scale"));
        assertThat(scale.text("/kind")).isEqualTo("Scale");
        assertThat(scale.text("/status/selector")).isEqualTo("app=web");

        done(patch(deployments + "/web/scale", MERGE, "{\"spec\": {\"replicas\": 4}}"));
        assertThat(get(deployments + "/web").body().at("/spec/replicas").asInt())
                .isEqualTo(4);
    }

    @Test
    void aNamespaceGoesWhenItIsFinalized(TestInfo test) {
        String maps = collection(test, "configmaps");
        String namespace = maps.substring(0, maps.lastIndexOf('/'));
        assertThat(done(delete(namespace)).text("/status/phase")).isEqualTo("Terminating");
        refused(post(maps, configMap("late", "")), 403, "Forbidden");

        ObjectNode body = get(namespace).body().deepCopy();
        body.withObjectProperty("spec").putArray("finalizers");
        done(put(namespace + "/finalize", body));
        refused(get(namespace), 404, "NotFound");
    }

    // ---- refusals ---------------------------------------------------------------------------------------------------

    @Test
    void unknownFieldsAreRefusedWhenAskedTo(TestInfo test) {
        String maps = collection(test, "configmaps");
        String odd = configMap("a", "").replace("\"data\"", "\"date\"");

        Answer strict = post(maps + "?fieldValidation=Strict", odd);
        refused(strict, 400, "BadRequest");
        assertThat(strict.text("/message")).contains("unknown field \"date\"");
        assertThat(done(post(maps + "?fieldValidation=Ignore", odd)).body().has("date"))
                .isFalse();
    }

    @Test
    void whatIsNotThereOrNotMeantIsRefused(TestInfo test) {
        String maps = collection(test, "configmaps");
        done(post(maps, configMap("a", "")));

        assertThat(get(maps.replace("configmaps", "wonders")).status()).isEqualTo(404);
        assertThat(get("/apis/nowhere.example.com/v1/wonders").status()).isEqualTo(404);
        assertThat(put(maps, json("{}")).status()).isEqualTo(405);
        assertThat(patch(maps + "/a", "application/unknown", "{}").status()).isEqualTo(415);
        assertThat(post(maps, deployment("web")).status()).isEqualTo(400);
        refused(post(maps, "{\"apiVersion\": \"v1\", \"kind\": \"ConfigMap\", \"data\": 5}"), 400, "BadRequest");
        assertThat(get("/version").text("/gitVersion")).startsWith("v1.36");
        assertThat(get("/healthz").text("/text")).isEqualTo("ok");
    }
}

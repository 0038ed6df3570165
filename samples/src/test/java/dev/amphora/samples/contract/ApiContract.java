package dev.amphora.samples.contract;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.ApiOptions;
import dev.amphora.Cluster;
import dev.amphora.api.Json;
import dev.amphora.samples.contract.Face.Answer;
import dev.amphora.store.memory.MemoryStore;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.TestInstance;

/**
 * What holds in whatever way a program speaks to the API: one pipeline answers all of them. The ways that can say everything are held
 * to {@link WholeApiContract} too.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class ApiContract {
    static final String TOKEN = "admin";
    static final String MERGE = "application/merge-patch+json";
    static final String JSON_PATCH = "application/json-patch+json";
    static final String STRATEGIC = "application/strategic-merge-patch+json";
    static final String APPLY = "application/apply-patch+yaml";

    private final MemoryStore store = new MemoryStore();
    private Cluster cluster;
    private Face face;

    /** The way that is under test. */
    abstract Face open(Cluster server) throws Exception;

    /** Whether the way needs a socket. */
    boolean isServed() {
        return false;
    }

    @BeforeAll
    void start() throws Exception {
        var builder = Cluster.builder()
                .store(store)
                .api(ApiOptions.defaults()
                        .withTokens(TOKEN + ",admin,1,\"system:masters\"\nalice,alice,2,dev\n")
                        .withAdmission(List.of(), List.of("ServiceAccount")))
                .noControllers()
                .noScheduler();
        cluster = (isServed() ? builder.serve(0) : builder).start();
        face = open(cluster);
    }

    @AfterAll
    void end() throws Exception {
        face.close();
        cluster.close();
    }

    final Cluster cluster() {
        return cluster;
    }

    final MemoryStore store() {
        return store;
    }

    // ---- requests ---------------------------------------------------------------------------------------------------

    final Answer get(String target) {
        return face.send("GET", target, null, null);
    }

    final Answer post(String target, String body) {
        return face.send("POST", target, Face.JSON, json(body));
    }

    final Answer put(String target, JsonNode body) {
        return face.send("PUT", target, Face.JSON, body);
    }

    final Answer patch(String target, String type, String body) {
        return face.send("PATCH", target, type, json(body));
    }

    final Answer delete(String target) {
        return face.send("DELETE", target, null, null);
    }

    final Answer delete(String target, String options) {
        return face.send("DELETE", target, Face.JSON, json(options));
    }

    static JsonNode json(String text) {
        return Json.read(text.getBytes(StandardCharsets.UTF_8));
    }

    static Answer done(Answer answer) {
        assertThat(answer.succeeded()).as("%s", answer).isTrue();
        return answer;
    }

    static void refused(Answer answer, int code, String reason) {
        assertThat(answer.body().path("kind").asText()).as("%s", answer).isEqualTo("Status");
        assertThat(answer.body().path("code").asInt()).as("%s", answer).isEqualTo(code);
        assertThat(answer.text("/reason")).as("%s", answer).isEqualTo(reason);
    }

    static List<String> names(Answer list) {
        List<String> names = new ArrayList<>();
        done(list)
                .body()
                .path("items")
                .forEach(item -> names.add(item.path("metadata").path("name").asText()));
        return names;
    }

    /** A namespace of the test's own, and the path of a resource in it. */
    final String collection(TestInfo test, String resource) {
        String namespace = test.getTestMethod().orElseThrow().getName().toLowerCase(Locale.ROOT);
        Answer made = post(
                "/api/v1/namespaces",
                "{\"apiVersion\": \"v1\", \"kind\": \"Namespace\", \"metadata\": {\"name\": \"" + namespace + "\"}}");
        assertThat(made.succeeded() || made.text("/reason").equals("AlreadyExists"))
                .as("%s", made)
                .isTrue();
        return (resource.contains("/") ? "/apis/" + resource.substring(0, resource.lastIndexOf('/')) : "/api/v1")
                + "/namespaces/"
                + namespace
                + "/"
                + resource.substring(resource.lastIndexOf('/') + 1);
    }

    static String configMap(String name, String more) {
        return "{\"apiVersion\": \"v1\", \"kind\": \"ConfigMap\", \"metadata\": {\"name\": \"" + name + "\"" + more
                + "}, \"data\": {\"k\": \"1\"}}";
    }

    static String deployment(String name) {
        return """
                {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "%s"}, "spec": {
                  "replicas": 1, "selector": {"matchLabels": {"app": "web"}},
                  "template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "web", "image": "i:1"}]}}}}
                """
                .formatted(name);
    }

    static String pod(String name) {
        return """
                {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "%s", "labels": {"app": "web"}},
                 "spec": {"containers": [{"name": "web", "image": "i:1"}]}}
                """
                .formatted(name);
    }

    // ---- watches ----------------------------------------------------------------------------------------------------

    /** The events of a watch, as {@code TYPE name}. */
    final class Watched implements AutoCloseable {
        private final BlockingQueue<JsonNode> events = new LinkedBlockingQueue<>();
        private final Runnable end;

        Watched(String target) {
            end = face.watch(target + (target.contains("?") ? "&" : "?") + "watch=true", events::add);
        }

        JsonNode next() {
            try {
                JsonNode event = events.poll(60, TimeUnit.SECONDS);
                assertThat(event).as("an event").isNotNull();
                return event;
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IllegalStateException(e);
            }
        }

        Watched expect(String... wanted) {
            for (String each : wanted) {
                JsonNode event = next();
                assertThat(event.path("type").asText() + " "
                                + event.at("/object/metadata/name").asText())
                        .isEqualTo(each);
            }
            return this;
        }

        @Override
        public void close() {
            end.run();
        }
    }

    // ---- objects ----------------------------------------------------------------------------------------------------

    @Test
    void objectsAreCreatedReadReplacedAndDeleted(TestInfo test) {
        String maps = collection(test, "configmaps");
        Answer created = done(post(maps, configMap("a", "")));
        assertThat(created.text("/metadata/uid")).isNotEmpty();
        assertThat(created.text("/metadata/resourceVersion")).isNotEmpty();
        refused(post(maps, configMap("a", "")), 409, "AlreadyExists");

        ObjectNode changed = get(maps + "/a").body().deepCopy();
        changed.withObjectProperty("data").put("k", "2");
        Answer replaced = done(put(maps + "/a", changed));
        assertThat(replaced.text("/data/k")).isEqualTo("2");
        refused(put(maps + "/a", changed), 409, "Conflict");
        changed.withObjectProperty("metadata").remove("resourceVersion");
        assertThat(done(put(maps + "/a", changed)).text("/metadata/resourceVersion"))
                .isEqualTo(replaced.text("/metadata/resourceVersion"));

        done(delete(maps + "/a"));
        refused(get(maps + "/a"), 404, "NotFound");
        refused(delete(maps + "/a"), 404, "NotFound");
        refused(put(maps + "/a", changed), 404, "NotFound");
    }

    @Test
    void namesAreMadeFromAStem(TestInfo test) {
        String maps = collection(test, "configmaps");
        Answer one = done(post(
                maps,
                "{\"apiVersion\": \"v1\", \"kind\": \"ConfigMap\", \"metadata\": {\"generateName\": \"stem-\"}}"));

        assertThat(one.text("/metadata/name")).matches("stem-[a-z0-9]{5}");
    }

    @Test
    void objectsAreDefaulted(TestInfo test) {
        Answer created = done(post(collection(test, "apps/v1/deployments"), deployment("web")));

        assertThat(created.text("/spec/strategy/type")).isEqualTo("RollingUpdate");
        assertThat(created.body().at("/metadata/generation").asInt()).isEqualTo(1);
    }

    @Test
    void whatIsInvalidIsRefusedWithItsCauses(TestInfo test) {
        String deployments = collection(test, "apps/v1/deployments");
        Answer refused = post(deployments, deployment("Web").replace("\"replicas\": 1", "\"replicas\": -1"));

        refused(refused, 422, "Invalid");
        assertThat(refused.body().at("/details/causes").findValuesAsText("field"))
                .containsExactly("metadata.name", "spec.replicas");
        done(post(deployments, deployment("web")));
        ObjectNode changed = get(deployments + "/web").body().deepCopy();
        changed.withObject("/spec/selector/matchLabels").put("app", "other");
        refused(put(deployments + "/web", changed), 422, "Invalid");
    }

    // ---- patches ----------------------------------------------------------------------------------------------------

    @Test
    void mergePatchesReplaceListsAndRemoveWithNull(TestInfo test) {
        String web = web(test);
        Answer patched = done(
                patch(
                        web,
                        MERGE,
                        """
                {"metadata": {"labels": {"tier": "front"}},
                 "spec": {"template": {"spec": {"containers": [{"name": "other", "image": "i:2"}]}}}}
                """));
        assertThat(patched.body().at("/spec/template/spec/containers").findValuesAsText("name"))
                .containsExactly("other");
        assertThat(done(patch(web, MERGE, "{\"metadata\": {\"labels\": {\"tier\": null}}}"))
                        .body()
                        .at("/metadata")
                        .has("labels"))
                .isFalse();
    }

    @Test
    void strategicMergePatchesKnowListsByTheirKeys(TestInfo test) {
        String web = web(test);
        Answer patched = done(
                patch(
                        web,
                        STRATEGIC,
                        "{\"spec\": {\"template\": {\"spec\": {\"containers\": [{\"name\": \"side\", \"image\": \"i:2\"}]}}}}"));
        assertThat(patched.body().at("/spec/template/spec/containers").findValuesAsText("name"))
                .containsExactlyInAnyOrder("web", "side");
        Answer without = done(
                patch(
                        web,
                        STRATEGIC,
                        "{\"spec\": {\"template\": {\"spec\": {\"containers\": [{\"name\": \"side\", \"$patch\": \"delete\"}]}}}}"));
        assertThat(without.body().at("/spec/template/spec/containers").findValuesAsText("name"))
                .containsExactly("web");
    }

    @Test
    void jsonPatchesTestBeforeTheyChange(TestInfo test) {
        String web = web(test);
        Answer patched = done(
                patch(
                        web,
                        JSON_PATCH,
                        """
                [{"op": "test", "path": "/spec/replicas", "value": 1}, {"op": "replace", "path": "/spec/replicas", "value": 3}]
                """));
        assertThat(patched.body().at("/spec/replicas").asInt()).isEqualTo(3);
        refused(
                patch(web, JSON_PATCH, "[{\"op\": \"test\", \"path\": \"/spec/replicas\", \"value\": 1}]"),
                422,
                "Invalid");
        refused(patch(web + "-none", MERGE, "{}"), 404, "NotFound");
    }

    private String web(TestInfo test) {
        String deployments = collection(test, "apps/v1/deployments");
        done(post(deployments, deployment("web")));
        return deployments + "/web";
    }

    @Test
    void applyCreatesAndOwnsItsFields(TestInfo test) {
        String maps = collection(test, "configmaps");
        String a = maps + "/a?fieldManager=contract";
        Answer created = done(patch(a, APPLY, configMap("a", ", \"labels\": {\"x\": \"y\"}")));
        assertThat(created.text("/metadata/managedFields/0/manager")).isEqualTo("contract");
        assertThat(created.text("/metadata/managedFields/0/operation")).isEqualTo("Apply");

        Answer less = done(patch(a, APPLY, configMap("a", "")));
        assertThat(less.body().path("metadata").has("labels")).isFalse();
        assertThat(done(patch(a, APPLY, configMap("a", ""))).text("/metadata/resourceVersion"))
                .isEqualTo(less.text("/metadata/resourceVersion"));
    }

    @Test
    void whoeverAppliesFirstTheOthersChangeIt(TestInfo test) {
        String maps = collection(test, "configmaps");
        for (int i = 0; i < 20; i++) {
            String target = maps + "/a" + i + "?fieldManager=contract";
            String body = configMap("a" + i, "");
            List<CompletableFuture<Answer>> both = List.of(
                    CompletableFuture.supplyAsync(() -> patch(target, APPLY, body)),
                    CompletableFuture.supplyAsync(() -> patch(target, APPLY, body)));
            both.forEach(each -> done(each.join()));
        }
    }

    // ---- lists ------------------------------------------------------------------------------------------------------

    @Test
    void listsAreSelectedByLabelsAndFields(TestInfo test) {
        String maps = collection(test, "configmaps");
        done(post(maps, configMap("a", ", \"labels\": {\"tier\": \"front\"}")));
        done(post(maps, configMap("b", ", \"labels\": {\"tier\": \"back\"}")));
        done(post(maps, configMap("c", "")));

        assertThat(names(get(maps))).containsExactly("a", "b", "c");
        assertThat(names(get(maps + "?labelSelector=tier%3Dfront"))).containsExactly("a");
        assertThat(names(get(maps + "?labelSelector=tier"))).containsExactly("a", "b");
        assertThat(names(get(maps + "?labelSelector=tier%20notin%20(front)"))).containsExactly("b", "c");
        assertThat(names(get(maps + "?fieldSelector=metadata.name%3Db"))).containsExactly("b");
        refused(get(maps + "?labelSelector=a%3Db%3Dc"), 400, "BadRequest");
        refused(get(maps + "?fieldSelector=data.k%3D1"), 400, "BadRequest");
    }

    @Test
    void pagesShowOneMoment(TestInfo test) {
        String maps = collection(test, "configmaps");
        for (String name : List.of("a", "b", "c", "d", "e")) {
            done(post(maps, configMap(name, "")));
        }
        Answer first = get(maps + "?limit=2");
        done(delete(maps + "/d"));
        done(post(maps, configMap("f", "")));
        Answer second = get(maps + "?limit=2&continue=" + first.text("/metadata/continue"));
        Answer third = get(maps + "?limit=2&continue=" + second.text("/metadata/continue"));

        assertThat(names(first)).containsExactly("a", "b");
        assertThat(names(second)).containsExactly("c", "d");
        assertThat(names(third)).containsExactly("e");
        assertThat(third.body().path("metadata").has("continue")).isFalse();
        assertThat(third.text("/metadata/resourceVersion")).isEqualTo(first.text("/metadata/resourceVersion"));
        assertThat(names(get(maps + "?resourceVersion=0"))).containsExactly("a", "b", "c", "e", "f");
        refused(get(maps + "?continue=nonsense"), 400, "BadRequest");
    }

    // ---- watches ----------------------------------------------------------------------------------------------------

    @Test
    void aWatchFromNowBeginsWithWhatIsThere(TestInfo test) {
        String maps = collection(test, "configmaps");
        done(post(maps, configMap("a", "")));
        try (Watched fromNow = new Watched(maps);
                Watched fromAny = new Watched(maps + "?resourceVersion=0")) {
            fromNow.expect("ADDED a");
            fromAny.expect("ADDED a");
            done(post(maps, configMap("b", "")));
            done(patch(maps + "/b", MERGE, "{\"data\": {\"k\": \"2\"}}"));
            done(delete(maps + "/b"));
            fromNow.expect("ADDED b", "MODIFIED b", "DELETED b");
            fromAny.expect("ADDED b", "MODIFIED b", "DELETED b");
        }
    }

    @Test
    void aWatchFromAVersionShowsWhatCameAfterIt(TestInfo test) {
        String maps = collection(test, "configmaps");
        done(post(maps, configMap("a", "")));
        String version = get(maps).text("/metadata/resourceVersion");
        done(post(maps, configMap("b", "")));
        done(delete(maps + "/a"));

        try (Watched watched = new Watched(maps + "?resourceVersion=" + version)) {
            watched.expect("ADDED b", "DELETED a");
        }
    }

    @Test
    void aSelectorTurnsChangesIntoComingsAndGoings(TestInfo test) {
        String maps = collection(test, "configmaps");
        done(post(maps, configMap("a", "")));
        String version = get(maps).text("/metadata/resourceVersion");
        try (Watched watched = new Watched(maps + "?labelSelector=on&resourceVersion=" + version)) {
            done(patch(maps + "/a", MERGE, "{\"metadata\": {\"labels\": {\"on\": \"1\"}}}"));
            done(patch(maps + "/a", MERGE, "{\"data\": {\"k\": \"2\"}}"));
            done(patch(maps + "/a", MERGE, "{\"metadata\": {\"labels\": {\"on\": null}}}"));
            done(patch(maps + "/a", MERGE, "{\"data\": {\"k\": \"3\"}}"));
            done(patch(maps + "/a", MERGE, "{\"metadata\": {\"labels\": {\"on\": \"2\"}}}"));
            watched.expect("ADDED a", "MODIFIED a", "DELETED a", "ADDED a");
        }
    }

    @Test
    void aWatchOfAllNamespacesSeesThisOne(TestInfo test) {
        String maps = collection(test, "configmaps");
        String version = get("/api/v1/configmaps").text("/metadata/resourceVersion");
        try (Watched watched =
                new Watched("/api/v1/configmaps?fieldSelector=metadata.name%3Dfar&resourceVersion=" + version)) {
            done(post(maps, configMap("near", "")));
            done(post(maps, configMap("far", "")));
            watched.expect("ADDED far");
        }
    }

    // ---- subresources -----------------------------------------------------------------------------------------------

    @Test
    void statusAndSpecAreWrittenApart(TestInfo test) {
        String web = web(test);
        ObjectNode changed = get(web).body().deepCopy();
        changed.withObjectProperty("spec").put("replicas", 7);
        changed.withObjectProperty("status").put("readyReplicas", 0).put("observedGeneration", 1);
        Answer status = done(put(web + "/status", changed));
        assertThat(status.body().at("/spec/replicas").asInt()).isEqualTo(1);
        assertThat(status.body().at("/status/observedGeneration").asInt()).isEqualTo(1);

        Answer patched =
                done(patch(web, MERGE, "{\"spec\": {\"replicas\": 2}, \"status\": {\"observedGeneration\": 9}}"));
        assertThat(patched.body().at("/status/observedGeneration").asInt()).isEqualTo(1);
        assertThat(patched.body().at("/metadata/generation").asInt()).isEqualTo(2);
        assertThat(done(patch(web + "/status", MERGE, "{\"status\": {\"observedGeneration\": 2}}"))
                        .body()
                        .at("/status/observedGeneration")
                        .asInt())
                .isEqualTo(2);
    }

    @Test
    void podsAreBoundAndEvicted(TestInfo test) {
        String pods = collection(test, "pods");
        done(post(pods, pod("p")));
        done(
                post(
                        pods + "/p/binding",
                        """
                {"apiVersion": "v1", "kind": "Binding", "metadata": {"name": "p"}, "target": {"kind": "Node", "name": "n"}}
                """));
        assertThat(get(pods + "/p").text("/spec/nodeName")).isEqualTo("n");
        assertThat(names(get(pods + "?fieldSelector=spec.nodeName%3Dn"))).containsExactly("p");

        done(
                post(
                        pods + "/p/eviction",
                        """
                {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": "p"}, "deleteOptions": {"gracePeriodSeconds": 0}}
                """));
        refused(get(pods + "/p"), 404, "NotFound");
    }

    @Test
    void aServiceAccountGetsTokens(TestInfo test) {
        String accounts = collection(test, "serviceaccounts");
        done(post(
                accounts,
                "{\"apiVersion\": \"v1\", \"kind\": \"ServiceAccount\", \"metadata\": {\"name\": \"robot\"}}"));
        Answer token = done(
                post(
                        accounts + "/robot/token",
                        "{\"apiVersion\": \"authentication.k8s.io/v1\", \"kind\": \"TokenRequest\", \"spec\": {\"expirationSeconds\": 3600}}"));

        assertThat(token.text("/status/token")).startsWith("eyJ");
    }

    // ---- deletion ---------------------------------------------------------------------------------------------------

    @Test
    void finalizersHoldADeletedObject(TestInfo test) {
        String maps = collection(test, "configmaps");
        done(post(maps, configMap("a", ", \"finalizers\": [\"example.com/wait\"]")));
        done(delete(maps + "/a"));

        assertThat(get(maps + "/a").text("/metadata/deletionTimestamp")).isNotEmpty();
        done(patch(maps + "/a", MERGE, "{\"metadata\": {\"finalizers\": null}}"));
        refused(get(maps + "/a"), 404, "NotFound");
    }

    @Test
    void foregroundDeletionWaitsForDependents(TestInfo test) {
        String maps = collection(test, "configmaps");
        done(post(maps, configMap("a", "")));
        done(delete(maps + "/a", "{\"propagationPolicy\": \"Foreground\"}"));

        assertThat(get(maps + "/a").text("/metadata/finalizers/0")).isEqualTo("foregroundDeletion");
    }

    @Test
    void preconditionsProtectFromDeletingAnother(TestInfo test) {
        String maps = collection(test, "configmaps");
        String version = done(post(maps, configMap("a", ""))).text("/metadata/resourceVersion");

        refused(delete(maps + "/a", "{\"preconditions\": {\"uid\": \"another\"}}"), 409, "Conflict");
        refused(delete(maps + "/a", "{\"preconditions\": {\"resourceVersion\": \"1\"}}"), 409, "Conflict");
        done(delete(maps + "/a", "{\"preconditions\": {\"resourceVersion\": \"" + version + "\"}}"));
    }

    @Test
    void manyAreDeletedByTheirLabels(TestInfo test) {
        String maps = collection(test, "configmaps");
        done(post(maps, configMap("a", ", \"labels\": {\"old\": \"yes\"}")));
        done(post(maps, configMap("b", ", \"labels\": {\"old\": \"yes\"}")));
        done(post(maps, configMap("c", "")));
        done(delete(maps + "?labelSelector=old%3Dyes"));

        assertThat(names(get(maps))).containsExactly("c");
    }

    @Test
    void aPodIsGivenTimeToEnd(TestInfo test) {
        String pods = collection(test, "pods");
        done(post(pods, pod("p").replace("\"spec\": {", "\"spec\": {\"nodeName\": \"n\", ")));
        done(delete(pods + "/p", "{\"gracePeriodSeconds\": 20}"));

        assertThat(get(pods + "/p")
                        .body()
                        .at("/metadata/deletionGracePeriodSeconds")
                        .asInt())
                .isEqualTo(20);
        done(delete(pods + "/p", "{\"gracePeriodSeconds\": 0}"));
        refused(get(pods + "/p"), 404, "NotFound");
    }
}

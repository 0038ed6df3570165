package dev.amphora.apiserver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.Json;
import dev.amphora.api.StatusException;
import dev.amphora.apiserver.access.User;
import dev.amphora.kernel.SimulatedKernel;
import dev.amphora.store.memory.MemoryStore;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Custom resources from their definition to the last object's end. */
class CustomResourcesTest {
    private static final String GROUP = "example.com";
    private static final String MERGE = "application/merge-patch+json";
    private static final String SCHEMA =
            """
            {"type":"object","properties":{"spec":{"type":"object","properties":{
              "size":{"type":"integer","maximum":5,"default":1},
              "tags":{"type":"array","items":{"type":"string"},"x-kubernetes-list-type":"set"}},
              "x-kubernetes-validations":[{"rule":"self.size != 4","message":"not four"}]},
             "status":{"type":"object","properties":{"phase":{"type":"string"}}}}}
            """;

    private final SimulatedKernel kernel = new SimulatedKernel(1);
    private final MemoryStore store = new MemoryStore(kernel);
    private final ApiServer server = ApiServer.builder(kernel, store).build().start();

    @AfterEach
    void close() {
        server.close();
        store.close();
        kernel.close();
    }

    @Test
    void areServedWhenTheCreationOfTheirDefinitionIsAnswered() {
        define("widgets", "Widget");

        ObjectNode made = create("widgets", widget("a", "{\"size\":2}"));

        assertThat(made.path("metadata").path("generation").asInt()).isEqualTo(1);
        assertThat(server.catalogue().resource(GROUP, "v1", "widgets")).isPresent();
    }

    @Test
    void arePrunedCompletedAndChecked() {
        define("widgets", "Widget");

        ObjectNode made = create("widgets", widget("a", "{\"other\":true}"));

        assertThat(made.path("spec")).isEqualTo(json("{\"size\":1}"));
        assertRefused("{\"size\":9}", "spec.size in body should be less than or equal to 5");
        assertRefused("{\"tags\":[\"x\",\"x\"]}", "spec.tags[1]: Duplicate value: \"x\"");
        assertRefused("{\"size\":4}", "spec: Invalid value: not four");
    }

    @Test
    void keepStatusApart() {
        define("widgets", "Widget");
        ObjectNode made = create("widgets", widget("a", "{\"size\":2}"));
        assertThat(made.has("status")).isFalse();

        made.putObject("status").put("phase", "Ready");
        ObjectNode changed = call(Verb.UPDATE, GROUP, "widgets", "default", "a", "status", made);

        assertThat(changed.path("status").path("phase").asText()).isEqualTo("Ready");
        assertThat(changed.path("metadata").path("generation").asInt()).isEqualTo(1);
    }

    @Test
    void waitForNamesThatAreTaken() {
        define("widgets", "Widget");
        define("gadgets", "Widget");

        assertThat(condition("gadgets", "NamesAccepted")).isEqualTo("False");
        assertThat(server.catalogue().resource(GROUP, "v1", "gadgets")).isEmpty();

        call(Verb.DELETE, "apiextensions.k8s.io", "customresourcedefinitions", "", "widgets." + GROUP, "", null);
        kernel.runReady();
        kernel.advance(java.time.Duration.ofSeconds(1));

        assertThat(condition("gadgets", "NamesAccepted")).isEqualTo("True");
        assertThat(server.catalogue().resource(GROUP, "v1", "gadgets")).isPresent();
    }

    @Test
    void goBeforeTheirDefinitionDoes() {
        define("widgets", "Widget");
        ObjectNode held = widget("held", "{}");
        ((ObjectNode) held.get("metadata")).putArray("finalizers").add("example.com/hold");
        create("widgets", held);
        create("widgets", widget("free", "{}"));

        call(Verb.DELETE, "apiextensions.k8s.io", "customresourcedefinitions", "", "widgets." + GROUP, "", null);
        kernel.advance(java.time.Duration.ofSeconds(1));

        assertThat(names("widgets")).containsExactly("held");
        assertThatThrownBy(() -> create("widgets", widget("late", "{}")))
                .hasMessageContaining("create not allowed while custom resource definition is terminating");
        ObjectNode last =
                call(Verb.GET, GROUP, "widgets", "default", "held", "", null).deepCopy();
        ((ObjectNode) last.get("metadata")).remove("finalizers");
        call(Verb.UPDATE, GROUP, "widgets", "default", "held", "", last);
        kernel.advance(java.time.Duration.ofSeconds(1));

        assertThat(server.objects().get("apiextensions.k8s.io", "customresourcedefinitions", "", "widgets." + GROUP))
                .isEmpty();
        assertThat(server.catalogue().resource(GROUP, "v1", "widgets")).isEmpty();
    }

    @Test
    void takeNullForAValueWhenItIsAppliedButNotWhenItIsWritten() {
        define("widgets", "Widget");

        assertThat(create("widgets", widget("a", "{\"size\":null,\"tags\":null}"))
                        .path("spec"))
                .isEqualTo(json("{\"size\":1}"));
        assertThatThrownBy(() -> patch(
                        "a",
                        "application/apply-patch+yaml",
                        widget("a", "{\"tags\":null}").toString()))
                .hasMessageContaining("spec.tags: Invalid value: \"null\": spec.tags in body must be of type array");
    }

    @Test
    void areNotChangedByPatchesIntoSomethingElse() {
        define("widgets", "Widget");
        create("widgets", widget("a", "{}"));

        assertThatThrownBy(() -> patch("a", MERGE, "{\"kind\":\"Gadget\"}"))
                .hasMessage("Gadget.example.com \"a\" is invalid: kind: Invalid value: \"Gadget\": must be Widget");
        assertThatThrownBy(() -> patch("a", MERGE, "{\"apiVersion\":\"example.com/v9\"}"))
                .hasMessageContaining("apiVersion: Invalid value: \"example.com/v9\": must be example.com/v1");
        assertThatThrownBy(() -> patch("a", MERGE, "{\"kind\":null}"))
                .hasMessageContaining("Object 'Kind' is missing in");
    }

    @Test
    void areWrittenOnceHoweverTheirNumbersAreWritten() {
        define("widgets", "Widget");
        ObjectNode made = create("widgets", widget("a", "{\"size\":2.0}"));

        ObjectNode patched = patch("a", MERGE, "{\"spec\":{\"size\":2}}");

        assertThat(patched.path("metadata").path("resourceVersion"))
                .isEqualTo(made.path("metadata").path("resourceVersion"));
    }

    private void assertRefused(String spec, String why) {
        assertThatThrownBy(() -> create("widgets", widget("bad", spec)))
                .isInstanceOf(StatusException.class)
                .hasMessageContaining(why);
    }

    private List<String> names(String plural) {
        return server.objects().list(GROUP, plural, "default").stream()
                .map(object -> object.path("metadata").path("name").asText())
                .toList();
    }

    private String condition(String plural, String type) {
        ObjectNode definition = server.objects()
                .get("apiextensions.k8s.io", "customresourcedefinitions", "", plural + "." + GROUP)
                .orElseThrow();
        for (JsonNode condition : definition.path("status").path("conditions")) {
            if (condition.path("type").asText().equals(type)) {
                return condition.path("status").asText();
            }
        }
        return "";
    }

    private void define(String plural, String kind) {
        ObjectNode definition = Json.object();
        definition.put("apiVersion", "apiextensions.k8s.io/v1").put("kind", "CustomResourceDefinition");
        definition.putObject("metadata").put("name", plural + "." + GROUP);
        ObjectNode spec = definition.putObject("spec").put("group", GROUP).put("scope", "Namespaced");
        spec.putObject("names").put("plural", plural).put("kind", kind);
        ObjectNode version = spec.putArray("versions").addObject();
        version.put("name", "v1").put("served", true).put("storage", true);
        version.putObject("schema").set("openAPIV3Schema", json(SCHEMA));
        version.putObject("subresources").putObject("status");
        call(Verb.CREATE, "apiextensions.k8s.io", "customresourcedefinitions", "", "", "", definition);
    }

    private static ObjectNode widget(String name, String spec) {
        ObjectNode widget = Json.object().put("apiVersion", GROUP + "/v1").put("kind", "Widget");
        widget.putObject("metadata").put("name", name);
        widget.set("spec", json(spec));
        return widget;
    }

    private static JsonNode json(String text) {
        return Json.read(text.getBytes(StandardCharsets.UTF_8));
    }

    private ObjectNode create(String plural, ObjectNode object) {
        return call(Verb.CREATE, GROUP, plural, "default", "", "", object);
    }

    private ObjectNode patch(String name, String mediaType, String patch) {
        ApiResult result = server.handle(new ApiRequest(
                new User("admin", "", List.of(User.MASTERS), Map.of()),
                "test",
                Verb.PATCH,
                GROUP,
                "v1",
                "widgets",
                "default",
                name,
                "",
                RequestOptions.parse(Map.of("fieldManager", List.of("test"))),
                Body.of(patch.getBytes(StandardCharsets.UTF_8), mediaType)));
        return Objects.requireNonNull(result.object()).tree().deepCopy();
    }

    private ObjectNode call(
            Verb verb,
            String group,
            String plural,
            String namespace,
            String name,
            String subresource,
            @Nullable ObjectNode body) {
        ApiResult result = server.handle(new ApiRequest(
                new User("admin", "", List.of(User.MASTERS), Map.of()),
                "test",
                verb,
                group,
                "v1",
                plural,
                namespace,
                name,
                subresource,
                RequestOptions.none(),
                body == null ? null : Body.of(body)));
        return Objects.requireNonNull(result.object()).tree().deepCopy();
    }
}

package dev.amphora.apiserver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.Json;
import dev.amphora.api.StatusException;
import dev.amphora.apiserver.access.User;
import dev.amphora.apiserver.outside.LocalServer;
import dev.amphora.apiserver.outside.LocalServers;
import dev.amphora.apiserver.outside.LocalWebhook;
import dev.amphora.kernel.Actor;
import dev.amphora.kernel.SimulatedKernel;
import dev.amphora.store.memory.MemoryStore;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("Admission webhooks")
class WebhooksTest {
    private static final String GROUP = "admissionregistration.k8s.io";
    private static final String SERVICE = "'clientConfig':{'service':{'namespace':'hooks','name':'hook','path':'/x'}}";

    private final SimulatedKernel kernel = new SimulatedKernel(1);
    private final MemoryStore store = new MemoryStore(kernel);
    private final LocalServers servers = new LocalServers();
    private final List<JsonNode> requests = new ArrayList<>();
    private final ApiServer server = ApiServer.builder(kernel, store)
            .localServers(servers)
            .withoutAdmission("ServiceAccount")
            .build()
            .start();

    @BeforeEach
    void makeNamespace() {
        create("", "namespaces", "", "{'apiVersion':'v1','kind':'Namespace','metadata':{'name':'n'}}");
        answer(request -> LocalWebhook.allow());
    }

    @AfterEach
    void close() {
        server.close();
        store.close();
        kernel.close();
    }

    @Test
    void areCalledByTheirService() {
        validating("'CREATE'", "", "configmaps", "");
        answer(request -> LocalWebhook.deny("not today"));

        StatusException refusal = refused(() -> configMap("a"));

        assertThat(refusal.getMessage()).isEqualTo("admission webhook \"h.example.com\" denied the request: not today");
        assertThat(refusal.status().getCode()).isEqualTo(400);
        assertThat(requests.get(0).path("userInfo").path("username").asText()).isEqualTo("admin");
        StringBuilder measured = new StringBuilder();
        kernel.meters().each(family -> family.write(measured));
        assertThat(measured.toString())
                .contains("apiserver_admission_webhook_rejection_count{error_type=\"no_error\",name=\"h.example.com\","
                        + "operation=\"CREATE\",rejection_code=\"400\",type=\"validating\"} 1");
    }

    @Test
    void thatNobodyAnswersForRefuseOrAreForgiven() {
        servers.service("hooks", "hook", request -> {
            throw new IllegalStateException("broken");
        });
        validating("'CREATE'", "", "configmaps", "");
        assertThat(refused(() -> configMap("a")).getMessage())
                .isEqualTo(
                        "Internal error occurred: failed calling webhook \"h.example.com\": failed to call webhook: Post"
                                + " \"https://hook.hooks.svc:443/x?timeout=10s\": broken");

        remove("validatingwebhookconfigurations", "h");
        validating("'CREATE'", "", "configmaps", ",'failurePolicy':'Ignore'");
        configMap("a");
    }

    @Test
    void ofAServiceThatIsNotThereCannotBeCalled() {
        create(
                GROUP,
                "validatingwebhookconfigurations",
                "",
                configuration("Validating", "'CREATE'", "", "configmaps", SERVICE.replace("'hook'", "'other'"), ""));

        assertThat(refused(() -> configMap("a")).getMessage())
                .endsWith("Post \"https://other.hooks.svc:443/x?timeout=10s\": service \"other\" not found");
    }

    @Test
    void areWaitedForByTheClockOfTheSimulation() {
        Actor actor = kernel.actor("hook");
        servers.service("hooks", "hook", request -> {
            CompletableFuture<Void> over = new CompletableFuture<>();
            actor.schedule(Duration.ofSeconds(60), () -> over.complete(null));
            kernel.await(over);
            return LocalServer.Reply.json(200, "{}");
        });
        validating("'CREATE'", "", "configmaps", ",'timeoutSeconds':3");
        Instant before = kernel.instant();

        assertThat(refused(() -> configMap("a")).getMessage()).endsWith("?timeout=3s\": context deadline exceeded");
        assertThat(Duration.between(before, kernel.instant())).isGreaterThanOrEqualTo(Duration.ofSeconds(3));
    }

    @Test
    void areAskedAboutTheScaleNotAboutWhatIsScaled() {
        create(
                "apps",
                "deployments",
                "n",
                "{'apiVersion':'apps/v1','kind':'Deployment','metadata':{'name':'d'},'spec':{'selector':{'matchLabels':{'a':'b'}},"
                        + "'template':{'metadata':{'labels':{'a':'b'}},'spec':{'containers':[{'name':'c','image':'i'}]}}}}");
        create(
                GROUP,
                "mutatingwebhookconfigurations",
                "",
                configuration("Mutating", "'UPDATE'", "apps", "deployments/scale", SERVICE, ""));
        answer(request -> LocalWebhook.patch("[{\"op\":\"replace\",\"path\":\"/spec/replicas\",\"value\":5}]"));

        ObjectNode scale = call(Verb.PATCH, "apps", "deployments", "n", "d", "scale", json("{'spec':{'replicas':3}}"));

        assertThat(scale.at("/spec/replicas").asInt()).isEqualTo(5);
        JsonNode asked = requests.get(0);
        assertThat(asked.at("/kind/kind").asText()).isEqualTo("Scale");
        assertThat(asked.at("/object/spec/replicas").asInt()).isEqualTo(3);
        assertThat(asked.at("/oldObject/spec/replicas").asInt()).isEqualTo(1);
        assertThat(asked.at("/resource/resource").asText()).isEqualTo("deployments");
        assertThat(asked.at("/subResource").asText()).isEqualTo("scale");
    }

    @Test
    void areShownAStatusThatCameOverATransportAsItWasSentAndOneOfThisProcessWithTheSpecThatIsStored() {
        create(
                "apps",
                "deployments",
                "n",
                "{'apiVersion':'apps/v1','kind':'Deployment','metadata':{'name':'d'},'spec':{'replicas':3,'selector':{'matchLabels':{'a':'b'}},"
                        + "'template':{'metadata':{'labels':{'a':'b'}},'spec':{'containers':[{'name':'c','image':'i'}]}}}}");
        create(
                GROUP,
                "mutatingwebhookconfigurations",
                "",
                configuration("Mutating", "'UPDATE'", "apps", "deployments/status", SERVICE, ""));
        answer(request -> LocalWebhook.allow());
        ObjectNode status =
                json("{'apiVersion':'apps/v1','kind':'Deployment','metadata':{'name':'d'},'status':{'replicas':2}}");
        byte[] sent = status.toString().getBytes(StandardCharsets.UTF_8);

        call(Verb.UPDATE, "apps", "deployments", "n", "d", "status", Body.of(sent, "application/json"));
        ObjectNode stored = call(Verb.UPDATE, "apps", "deployments", "n", "d", "status", Body.of(status));

        assertThat(requests)
                .extracting(asked -> asked.at("/object/status/replicas").asInt())
                .containsExactly(2, 2);
        assertThat(requests.get(0).at("/object/spec/template/spec/containers").isEmpty())
                .isTrue();
        assertThat(requests.get(0).at("/oldObject/spec/replicas").asInt()).isEqualTo(3);
        assertThat(requests.get(1).at("/object/spec")).isEqualTo(requests.get(1).at("/oldObject/spec"));
        assertThat(stored.at("/spec/replicas").asInt()).isEqualTo(3);
    }

    @Test
    void areAskedInTheVersionThatTheyNameAboutCustomObjectsOfAnother() {
        create(
                "apiextensions.k8s.io",
                "customresourcedefinitions",
                "",
                "{'apiVersion':'apiextensions.k8s.io/v1','kind':'CustomResourceDefinition','metadata':{'name':'widgets.example.com'},"
                        + "'spec':{'group':'example.com','scope':'Namespaced','names':{'plural':'widgets','kind':'Widget'},'versions':["
                        + version("v1", true) + "," + version("v2", false) + "]}}");
        create(
                GROUP,
                "mutatingwebhookconfigurations",
                "",
                configuration("Mutating", "'CREATE'", "example.com", "widgets", SERVICE, "")
                        .replace("'apiVersions':['v1']", "'apiVersions':['v2']"));
        answer(request -> LocalWebhook.patch("[{\"op\":\"add\",\"path\":\"/spec/size\",\"value\":7},"
                + "{\"op\":\"add\",\"path\":\"/spec/unknown\",\"value\":1}]"));

        ObjectNode made = create(
                "example.com",
                "widgets",
                "n",
                "{'apiVersion':'example.com/v1','kind':'Widget','metadata':{'name':'w'},'spec':{}}");

        assertThat(requests.get(0).at("/object/apiVersion").asText()).isEqualTo("example.com/v2");
        assertThat(requests.get(0).at("/requestKind/version").asText()).isEqualTo("v1");
        assertThat(made.path("apiVersion").asText()).isEqualTo("example.com/v1");
        assertThat(made.at("/spec").toString()).isEqualTo("{\"size\":7}");
    }

    @Test
    void haveNoSayAboutTheirOwnConfiguration() {
        validating("'*'", GROUP, "*", "");
        answer(request -> LocalWebhook.deny("locked out"));

        remove("validatingwebhookconfigurations", "h");
        configMap("a");
    }

    @Test
    void thatKnowTheOldReviewsAnswerThem() {
        create(
                GROUP,
                "validatingwebhookconfigurations",
                "",
                configuration("Validating", "'CREATE'", "", "configmaps", SERVICE, "")
                        .replace(
                                "'admissionReviewVersions':['v1']", "'admissionReviewVersions':['v2','v1beta1','v1']"));
        List<String> versions = new ArrayList<>();
        servers.service("hooks", "hook", request -> {
            versions.add(Json.read(request.body()).path("apiVersion").asText());
            return LocalServer.Reply.json(
                    200,
                    "{\"apiVersion\":\"admission.k8s.io/v1beta1\",\"kind\":\"AdmissionReview\",\"response\":{\"allowed\":true}}");
        });

        configMap("a");

        assertThat(versions).containsExactly("admission.k8s.io/v1beta1");
    }

    @Test
    void thatAreNotTrustedAreNotAsked() {
        servers.host("hooks.example.com", "cmlnaHQ=", (LocalWebhook) request -> LocalWebhook.deny("reached"));
        create(
                GROUP,
                "validatingwebhookconfigurations",
                "",
                configuration("Validating", "'CREATE'", "", "configmaps", url("d3Jvbmc="), ""));
        assertThat(refused(() -> configMap("a")).getMessage()).endsWith("certificate signed by unknown authority");

        remove("validatingwebhookconfigurations", "h");
        create(
                GROUP,
                "validatingwebhookconfigurations",
                "",
                configuration("Validating", "'CREATE'", "", "configmaps", url("cmlnaHQ="), ""));
        assertThat(refused(() -> configMap("a")).getMessage()).endsWith("denied the request: reached");
    }

    private static String url(String authority) {
        return "'clientConfig':{'url':'https://hooks.example.com/x','caBundle':'" + authority + "'}";
    }

    private static String version(String name, boolean storage) {
        return "{'name':'%s','served':true,'storage':%s,'schema':{'openAPIV3Schema':{'type':'object','properties':{'spec':{'type':'object','properties':{'size':{'type':'integer'}}}}}}}"
                .formatted(name, storage);
    }

    /** Has the webhook answer, and remembers what it is asked. */
    private void answer(LocalWebhook webhook) {
        servers.service("hooks", "hook", (LocalWebhook) request -> {
            requests.add(request);
            return webhook.review(request);
        });
    }

    private void validating(String operations, String group, String resource, String more) {
        create(
                GROUP,
                "validatingwebhookconfigurations",
                "",
                configuration("Validating", operations, group, resource, SERVICE, more));
    }

    private static String configuration(
            String kind, String operations, String group, String resource, String client, String more) {
        return ("{'apiVersion':'admissionregistration.k8s.io/v1','kind':'%sWebhookConfiguration','metadata':{'name':'h'},'webhooks':["
                        + "{'name':'h.example.com',%s,'sideEffects':'None','admissionReviewVersions':['v1'],'rules':[{'operations':[%s],"
                        + "'apiGroups':['%s'],'apiVersions':['v1'],'resources':['%s']}]%s}]}")
                .formatted(kind, client, operations, group, resource, more);
    }

    private void configMap(String name) {
        create("", "configmaps", "n", "{'apiVersion':'v1','kind':'ConfigMap','metadata':{'name':'" + name + "'}}");
    }

    private static StatusException refused(Runnable write) {
        StatusException refusal = catchThrowableOfType(StatusException.class, write::run);
        assertThat(refusal).isNotNull();
        return refusal;
    }

    private void remove(String plural, String name) {
        call(Verb.DELETE, GROUP, plural, "", name, "", (Body) null);
    }

    private ObjectNode create(String group, String plural, String namespace, String object) {
        return call(Verb.CREATE, group, plural, namespace, "", "", json(object));
    }

    private ObjectNode call(
            Verb verb,
            String group,
            String plural,
            String namespace,
            String name,
            String subresource,
            @Nullable ObjectNode body) {
        Body sent = body == null
                ? null
                : verb == Verb.PATCH ? Body.of(body, "application/merge-patch+json") : Body.of(body);
        return call(verb, group, plural, namespace, name, subresource, sent);
    }

    private ObjectNode call(
            Verb verb,
            String group,
            String plural,
            String namespace,
            String name,
            String subresource,
            @Nullable Body body) {
        return server.handle(new ApiRequest(
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
                        body))
                .tree();
    }

    private static ObjectNode json(String text) {
        return (ObjectNode) Json.read(text.replace('\'', '"').getBytes(StandardCharsets.UTF_8));
    }
}

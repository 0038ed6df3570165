package dev.amphora.apiserver;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.Json;
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

/** What every cluster has though nobody made it, and what the server itself says of such objects. */
class BootstrapObjectsTest {
    private static final String FLOW = "flowcontrol.apiserver.k8s.io";
    private static final String AGGREGATION = "apiregistration.k8s.io";

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
    void areWrittenWhenSomebodyLooksAndNotBefore() {
        assertThat(store.range("/registry/flowschemas/", null, 0, 0).entries()).isEmpty();

        assertThat(names(FLOW, "flowschemas")).hasSize(13).contains("exempt", "service-accounts", "catch-all");
        assertThat(names(FLOW, "prioritylevelconfigurations"))
                .containsExactly(
                        "catch-all",
                        "exempt",
                        "global-default",
                        "leader-election",
                        "node-high",
                        "system",
                        "workload-high",
                        "workload-low");
    }

    @Test
    void areWrittenOnce() {
        names(FLOW, "flowschemas");
        call(Verb.DELETE, FLOW, "flowschemas", "probes", null);

        assertThat(names(FLOW, "flowschemas")).hasSize(12).doesNotContain("probes");
    }

    @Test
    void flowSchemasSayWhetherTheirLevelIsThere() {
        ObjectNode schema = json(
                "{'metadata':{'name':'mine'},'spec':{'priorityLevelConfiguration':{'name':'later'},'matchingPrecedence':50,"
                        + "'rules':[{'subjects':[{'kind':'User','user':{'name':'x'}}],"
                        + "'nonResourceRules':[{'verbs':['*'],'nonResourceURLs':['*']}]}]}}");
        call(Verb.CREATE, FLOW, "flowschemas", "", schema);
        assertThat(condition("mine").path("status").asText()).isEqualTo("True");
        assertThat(condition("mine").path("message").asText())
                .isEqualTo("This FlowSchema references the PriorityLevelConfiguration object named \"later\""
                        + " but there is no such object");

        ObjectNode level = json("{'metadata':{'name':'later'},'spec':{'type':'Limited','limited':"
                + "{'nominalConcurrencyShares':1,'limitResponse':{'type':'Reject'}}}}");
        call(Verb.CREATE, FLOW, "prioritylevelconfigurations", "", level);

        assertThat(condition("mine").path("status").asText()).isEqualTo("False");
        assertThat(condition("mine").path("reason").asText()).isEqualTo("Found");
    }

    @Test
    void eachVersionServedHasItsApiService() {
        ObjectNode apps =
                server.objects().get(AGGREGATION, "apiservices", "", "v1.apps").orElseThrow();

        assertThat(apps.path("spec").path("groupPriorityMinimum").asInt()).isEqualTo(17800);
        assertThat(apps.path("status").path("conditions").path(0).path("reason").asText())
                .isEqualTo("Local");
        assertThat(names(AGGREGATION, "apiservices"))
                .contains("v1.", "v2.autoscaling")
                .doesNotContain("v1." + AGGREGATION);
    }

    @Test
    void anApiServiceWithoutItsServiceIsUnavailableAndShowsInDiscovery() {
        ObjectNode remote =
                json("{'metadata':{'name':'v1.gone.example.com'},'spec':{'group':'gone.example.com','version':'v1',"
                        + "'groupPriorityMinimum':100,'versionPriority':10,'insecureSkipTLSVerify':true,"
                        + "'service':{'namespace':'default','name':'missing'}}}");
        call(Verb.CREATE, AGGREGATION, "apiservices", "", remote);

        JsonNode condition = server.objects()
                .get(AGGREGATION, "apiservices", "", "v1.gone.example.com")
                .orElseThrow()
                .path("status")
                .path("conditions")
                .path(0);
        assertThat(condition.path("reason").asText()).isEqualTo("ServiceNotFound");
        assertThat(server.remoteGroups()).extracting(RemoteGroup::group).containsExactly("gone.example.com");

        call(Verb.DELETE, AGGREGATION, "apiservices", "v1.gone.example.com", null);

        assertThat(server.remoteGroups()).isEmpty();
    }

    private JsonNode condition(String schema) {
        return server.objects()
                .get(FLOW, "flowschemas", "", schema)
                .orElseThrow()
                .path("status")
                .path("conditions")
                .path(0);
    }

    private List<String> names(String group, String plural) {
        return server.objects().list(group, plural, "").stream()
                .map(object -> object.path("metadata").path("name").asText())
                .toList();
    }

    private static ObjectNode json(String text) {
        return (ObjectNode) Json.read(text.replace('\'', '"').getBytes(StandardCharsets.UTF_8));
    }

    private void call(Verb verb, String group, String plural, String name, @Nullable ObjectNode body) {
        ApiResult result = server.handle(new ApiRequest(
                new User("admin", "", List.of(User.MASTERS), Map.of()),
                "test",
                verb,
                group,
                "v1",
                plural,
                "",
                name,
                "",
                RequestOptions.none(),
                body == null ? null : Body.of(body)));
        Objects.requireNonNull(result);
    }
}

package dev.amphora.apiserver;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.Json;
import dev.amphora.api.StatusException;
import dev.amphora.apiserver.access.User;
import dev.amphora.kernel.ThreadedKernel;
import dev.amphora.store.memory.MemoryStore;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("A quota that many charge at once")
class QuotaConcurrencyTest {
    private static final int CALLERS = 64;
    private static final int PODS_EACH = 5;
    private static final int HARD = 200;
    private static final User ADMIN = new User("admin", "", List.of(User.MASTERS), Map.of());

    private final ThreadedKernel kernel = new ThreadedKernel();
    private final MemoryStore store = new MemoryStore(kernel);
    private final ApiServer server = ApiServer.builder(kernel, store)
            .withoutAdmission("ServiceAccount")
            .build()
            .start();

    @AfterEach
    void close() {
        server.close();
        store.close();
        kernel.close();
    }

    @Test
    void isNeverPassedAndLosesNothing() throws Exception {
        call(Verb.CREATE, "namespaces", "", "", "", "{'apiVersion':'v1','kind':'Namespace','metadata':{'name':'n'}}");
        call(
                Verb.CREATE,
                "resourcequotas",
                "n",
                "",
                "",
                "{'apiVersion':'v1','kind':'ResourceQuota','metadata':{'name':'q'},'spec':{'hard':{'pods':'200'}}}");
        call(
                Verb.PATCH,
                "resourcequotas",
                "n",
                "q",
                "status",
                "{'status':{'hard':{'pods':'200'},'used':{'pods':'0'}}}");

        List<String> refusals = new ArrayList<>();
        int made = 0;
        ExecutorService threads = Executors.newFixedThreadPool(CALLERS);
        try {
            List<Future<List<String>>> outcomes = new ArrayList<>();
            for (int caller = 0; caller < CALLERS; caller++) {
                String name = "p" + caller + "-";
                outcomes.add(threads.submit(() -> create(name)));
            }
            for (Future<List<String>> each : outcomes) {
                List<String> refused = each.get();
                made += PODS_EACH - refused.size();
                refusals.addAll(refused);
            }
        } finally {
            threads.shutdownNow();
        }

        assertThat(made).isEqualTo(HARD);
        assertThat(refusals)
                .hasSize(CALLERS * PODS_EACH - HARD)
                .allMatch(message ->
                        message.endsWith("exceeded quota: q, requested: pods=1, used: pods=200, limited: pods=200"));
        assertThat(server.objects().list("", "pods", "n")).hasSize(HARD);
        assertThat(server.objects()
                        .get("", "resourcequotas", "n", "q")
                        .orElseThrow()
                        .at("/status/used/pods")
                        .asText())
                .isEqualTo("200");
    }

    /** Makes some pods; what was said of those that were not made. */
    private List<String> create(String name) {
        List<String> refusals = new ArrayList<>();
        for (int i = 0; i < PODS_EACH; i++) {
            try {
                call(
                        Verb.CREATE,
                        "pods",
                        "n",
                        "",
                        "",
                        "{'apiVersion':'v1','kind':'Pod','metadata':{'name':'%s'},'spec':{'containers':[{'name':'c','image':'i'}]}}"
                                .formatted(name + i));
            } catch (StatusException e) {
                refusals.add(String.valueOf(e.getMessage()));
            }
        }
        return refusals;
    }

    private void call(Verb verb, String plural, String namespace, String name, String subresource, String body) {
        ObjectNode tree = (ObjectNode) Json.read(body.replace('\'', '"').getBytes(StandardCharsets.UTF_8));
        server.handle(new ApiRequest(
                ADMIN,
                "test",
                verb,
                "",
                "v1",
                plural,
                namespace,
                name,
                subresource,
                RequestOptions.none(),
                verb == Verb.PATCH ? Body.of(tree, "application/merge-patch+json") : Body.of(tree)));
    }
}

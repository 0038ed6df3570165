package dev.amphora.apiserver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.Json;
import dev.amphora.apiserver.access.Authorizer;
import dev.amphora.apiserver.access.User;
import dev.amphora.kernel.SimulatedKernel;
import dev.amphora.store.memory.MemoryStore;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What nodes may write even where every right is theirs. */
class NodeRestrictionTest {
    private static final User NODE = User.of("system:node:n1", "system:nodes");
    private static final User ADMIN = new User("admin", "", List.of(User.MASTERS), Map.of());

    private final SimulatedKernel kernel = new SimulatedKernel(1);
    private final MemoryStore store = new MemoryStore(kernel);
    private final ApiServer server = ApiServer.builder(kernel, store)
            .authorizer(objects -> access -> new Authorizer.Decision(
                    access.verb().startsWith("request-") && !access.resource().equals("granted")
                            ? Authorizer.Verdict.NO_OPINION
                            : Authorizer.Verdict.ALLOW,
                    ""))
            .withAdmission("NodeRestriction")
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
    void theirOwnNodeWithLabelsOfTheirOwn() {
        ObjectNode made = call(
                NODE,
                Verb.CREATE,
                "nodes",
                "",
                "",
                json("{'metadata':{'name':'n1','labels':{'kubernetes.io/os':'linux','example.com/x':'y'}}}"));
        assertThat(made.path("metadata").path("name").asText()).isEqualTo("n1");

        assertRefused("nodes", "", "", "{'metadata':{'name':'n2'}}", "is not allowed to modify node \"n2\"");
        ObjectNode labelled = made.deepCopy();
        ((ObjectNode) labelled.get("metadata").get("labels")).put("node-restriction.kubernetes.io/secure", "yes");
        assertThatThrownBy(() -> call(NODE, Verb.UPDATE, "nodes", "", "n1", labelled))
                .hasMessageContaining("is not allowed to modify labels: node-restriction.kubernetes.io/secure");
        ObjectNode untainted = made.deepCopy();
        ((ObjectNode) untainted.get("spec")).remove("taints");
        assertThatThrownBy(() -> call(NODE, Verb.UPDATE, "nodes", "", "n1", untainted))
                .hasMessageContaining("is not allowed to modify taints");
    }

    @Test
    void podsThatMirrorWhatRunsOnThem() {
        String uid = call(NODE, Verb.CREATE, "nodes", "", "", json("{'metadata':{'name':'n1'}}"))
                .path("metadata")
                .path("uid")
                .asText();
        String spec = "'spec':{'nodeName':'n1','containers':[{'name':'c','image':'i'}]}}";
        String owned =
                "'annotations':{'kubernetes.io/config.mirror':'x'},'ownerReferences':[{'apiVersion':'v1','kind':'Node',"
                        + "'name':'n1','controller':true,'uid':'" + uid + "'}]";

        assertRefused("pods", "default", "", "{'metadata':{'name':'p'}," + spec, "can only create mirror pods");
        assertRefused(
                "pods",
                "default",
                "",
                "{'metadata':{'name':'p'," + owned + "},"
                        + spec.replace(
                                "'containers'",
                                "'volumes':[{'name':'v','secret':" + "{'secretName':'s'}}],'containers'"),
                "can not create pods that reference secrets");
        call(NODE, Verb.CREATE, "pods", "default", "", json("{'metadata':{'name':'p'," + owned + "}," + spec));
        call(ADMIN, Verb.CREATE, "pods", "default", "", json("{'metadata':{'name':'q'}," + spec.replace("n1", "n2")));
        assertThatThrownBy(() -> call(NODE, Verb.DELETE, "pods", "default", "q", null))
                .hasMessageContaining("can only delete pods with spec.nodeName set to itself");
    }

    @Test
    void tokensForWhomTheirPodsNameThem() {
        call(ADMIN, Verb.CREATE, "serviceaccounts", "default", "", json("{'metadata':{'name':'sa'}}"));
        String uid = call(
                        ADMIN,
                        Verb.CREATE,
                        "pods",
                        "default",
                        "",
                        json(
                                "{'metadata':{'name':'p'},'spec':{'nodeName':'n1','serviceAccountName':'sa','containers':[{'name':'c','image':'i'}],"
                                        + "'volumes':[{'name':'v','projected':{'sources':[{'serviceAccountToken':{'audience':'vault','path':'t'}}]}}]}}"))
                .path("metadata")
                .path("uid")
                .asText();

        token(uid, "['vault']");
        token(uid, "['granted']");
        assertThatThrownBy(() -> token(uid, "['other']"))
                .hasMessage(
                        "serviceaccounts \"sa\" is forbidden: audience \"other\" not found in pod spec volume, system:node:n1 is"
                                + " not authorized to request tokens for this audience");
        assertThatThrownBy(() -> token(uid, "['vault','granted']"))
                .hasMessageContaining("node may only request 0 or 1 audiences");
        assertThatThrownBy(() -> token("another", "['vault']"))
                .hasMessageContaining("does not match the UID in record");
    }

    private void token(String uid, String audiences) {
        server.handle(new ApiRequest(
                NODE,
                "test",
                Verb.CREATE,
                "",
                "v1",
                "serviceaccounts",
                "default",
                "sa",
                "token",
                RequestOptions.none(),
                Body.of(json(
                        "{'apiVersion':'authentication.k8s.io/v1','kind':'TokenRequest','spec':{'audiences':%s,'boundObjectRef':{'apiVersion':'v1','kind':'Pod','name':'p','uid':'%s'}}}"
                                .formatted(audiences, uid)))));
    }

    private void assertRefused(String plural, String namespace, String name, String body, String why) {
        assertThatThrownBy(() -> call(NODE, Verb.CREATE, plural, namespace, name, json(body)))
                .hasMessageContaining(why);
    }

    private ObjectNode call(
            User user, Verb verb, String plural, String namespace, String name, @Nullable ObjectNode body) {
        ApiResult result = server.handle(new ApiRequest(
                user,
                "test",
                verb,
                "",
                "v1",
                plural,
                namespace,
                name,
                "",
                RequestOptions.none(),
                body == null ? null : Body.of(body)));
        return result.object() == null ? Json.object() : result.object().tree();
    }

    private static ObjectNode json(String text) {
        return (ObjectNode) Json.read(text.replace('\'', '"').getBytes(StandardCharsets.UTF_8));
    }
}

package dev.amphora.apiserver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.Json;
import dev.amphora.apiserver.access.Authorizer;
import dev.amphora.apiserver.access.User;
import dev.amphora.apiserver.admission.AdmissionConfiguration;
import dev.amphora.apiserver.admission.AdmissionPlugin;
import dev.amphora.apiserver.admission.AdmissionPlugins;
import dev.amphora.kernel.SimulatedKernel;
import dev.amphora.store.memory.MemoryStore;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("Admission plugins that are named, told something, or a program's own")
class PluginsOnDemandTest {
    private static final User ADMIN = new User("admin", "", List.of(User.MASTERS), Map.of());
    private static final User ALICE = new User("alice", "", List.of(), Map.of());
    private static final String POD =
            "{'apiVersion':'v1','kind':'Pod','metadata':{'name':'p'},'spec':{'containers':[{'name':'c','image':'i:1'}]%s}}";

    private final SimulatedKernel kernel = new SimulatedKernel(1);
    private final MemoryStore store = new MemoryStore(kernel);
    private @Nullable ApiServer server;

    @AfterEach
    void close() {
        if (server != null) {
            server.close();
        }
        store.close();
        kernel.close();
    }

    @Test
    void imagesArePulledAlways() {
        start(builder -> builder.withAdmission("AlwaysPullImages"));

        assertThat(create("pods", POD.formatted(""))
                        .at("/spec/containers/0/imagePullPolicy")
                        .asText())
                .isEqualTo("Always");
    }

    @Test
    void namespacesAreMadeWhenTheyAreNeeded() {
        start(builder -> builder.withAdmission("NamespaceAutoProvision"));

        call(
                ADMIN,
                Verb.CREATE,
                "",
                "configmaps",
                "new",
                "",
                "{'apiVersion':'v1','kind':'ConfigMap','metadata':{'name':'a'}}");

        assertThat(server().objects().get("", "namespaces", "", "new")).isPresent();
    }

    @Test
    void servicesGetNoForeignAddresses() {
        start(builder -> builder.withAdmission("DenyServiceExternalIPs"));

        assertThatThrownBy(
                        () -> create(
                                "services",
                                "{'apiVersion':'v1','kind':'Service','metadata':{'name':'s'},'spec':{'ports':[{'port':80}],'externalIPs':['1.2.3.4']}}"))
                .hasMessage("services \"s\" is forbidden: Use of external IPs is denied by admission control.");
    }

    @Test
    void podsKeepApartByHostAlone() {
        start(builder -> builder.withAdmission("LimitPodHardAntiAffinityTopology"));

        assertThatThrownBy(() -> create(
                        "pods",
                        POD.formatted(
                                ",'affinity':{'podAntiAffinity':{'requiredDuringSchedulingIgnoredDuringExecution':["
                                        + "{'topologyKey':'zone','labelSelector':{'matchLabels':{'a':'b'}}}]}}")))
                .hasMessageEndingWith(
                        "affinity.PodAntiAffinity.RequiredDuringScheduling has TopologyKey zone but only key kubernetes.io/hostname is allowed");
    }

    @Test
    void podsOfANamespaceGoToItsNodes() {
        start(builder -> builder.withAdmission("PodNodeSelector"));
        call(
                ADMIN,
                Verb.PATCH,
                "",
                "namespaces",
                "",
                "n",
                "{'metadata':{'annotations':{'scheduler.alpha.kubernetes.io/node-selector':'disk=ssd, zone = a'}}}");

        assertThat(create("pods", POD.formatted("")).at("/spec/nodeSelector").toString())
                .isEqualTo("{\"disk\":\"ssd\",\"zone\":\"a\"}");
        assertThatThrownBy(() -> create("pods", POD.formatted(",'nodeSelector':{'disk':'hdd'}")))
                .hasMessageEndingWith("pod node label selector conflicts with its namespace node label selector");
    }

    @Test
    void podsThatAskForADeviceBearWithItsNodes() {
        start(builder -> builder.withAdmission("ExtendedResourceToleration"));

        assertThat(create(
                                "pods",
                                "{'apiVersion':'v1','kind':'Pod','metadata':{'name':'p'},'spec':{'containers':[{'name':'c','image':'i',"
                                        + "'resources':{'requests':{'example.com/gpu':'1'},'limits':{'example.com/gpu':'1'}}}]}}")
                        .at("/spec/tolerations")
                        .toString())
                .contains("{\"key\":\"example.com/gpu\",\"operator\":\"Exists\"}");
    }

    @Test
    void ownersAreSetByWhoMayDelete() {
        start(builder -> builder.withAdmission("OwnerReferencesPermissionEnforcement")
                .authorizer(objects -> Authorizer.union(List.of(
                        Authorizer.masters(),
                        access -> access.verb().equals("delete")
                                        || access.subresource().equals("finalizers")
                                ? Authorizer.Decision.NO_OPINION
                                : Authorizer.Decision.allow("")))));
        create("configmaps", "{'apiVersion':'v1','kind':'ConfigMap','metadata':{'name':'a'}}");
        String owner = "{'metadata':{'ownerReferences':[{'apiVersion':'v1','kind':'ConfigMap','name':'b','uid':'u'}]}}";

        assertThatThrownBy(() -> call(ALICE, Verb.PATCH, "", "configmaps", "n", "a", owner))
                .hasMessage(
                        "configmaps \"a\" is forbidden: cannot set an ownerRef on a resource you can't delete: , <nil>");
        assertThatThrownBy(() -> call(
                        ALICE,
                        Verb.CREATE,
                        "",
                        "configmaps",
                        "n",
                        "",
                        "{'apiVersion':'v1','kind':'ConfigMap','metadata':{'name':'c','ownerReferences':[{'apiVersion':'v1','kind':'Pod',"
                                + "'name':'b','uid':'u','blockOwnerDeletion':true}]}}"))
                .hasMessageContaining("refers to a resource you can't set finalizers on");
        call(ADMIN, Verb.PATCH, "", "configmaps", "n", "a", owner);
    }

    @Test
    void whatIsNotThereCannotBeSwitchedOn() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> AdmissionPlugins.requireAvailable(List.of("EventRateLimit")))
                .withMessage("the admission plugin EventRateLimit is not implemented");
    }

    @Test
    void podSecurityHasDefaultsAndExemptions() {
        start(builder -> builder.admissionConfiguration(AdmissionConfiguration.parse(
                """
                apiVersion: apiserver.config.k8s.io/v1
                kind: AdmissionConfiguration
                plugins:
                - name: PodSecurity
                  configuration:
                    apiVersion: pod-security.admission.config.k8s.io/v1
                    kind: PodSecurityConfiguration
                    defaults: {enforce: baseline}
                    exemptions: {usernames: [admin]}
                """,
                path -> "")));
        String host = POD.formatted(",'hostNetwork':true");

        create("pods", host);
        call(
                ADMIN,
                Verb.CREATE,
                "rbac.authorization.k8s.io",
                "clusterrolebindings",
                "",
                "",
                "{'apiVersion':'rbac.authorization.k8s.io/v1','kind':'ClusterRoleBinding','metadata':{'name':'a'},'roleRef':{'apiGroup':"
                        + "'rbac.authorization.k8s.io','kind':'ClusterRole','name':'cluster-admin'},'subjects':[{'kind':'User','name':'alice'}]}");
        assertThatThrownBy(() -> call(ALICE, Verb.CREATE, "", "pods", "n", "", host.replace("'p'", "'q'")))
                .hasMessage(
                        "pods \"q\" is forbidden: violates PodSecurity \"baseline:latest\": host namespaces (hostNetwork=true)");
    }

    @Test
    void someThingsAreHadByQuotaOnly() {
        start(builder -> builder.admissionConfiguration(AdmissionConfiguration.parse(
                """
                apiVersion: apiserver.config.k8s.io/v1
                kind: AdmissionConfiguration
                plugins:
                - {name: ResourceQuota, path: quota.yaml}
                """,
                path -> path.equals("quota.yaml")
                        ? "{kind: ResourceQuotaConfiguration, limitedResources: [{resource: pods, matchContains: [pods]}]}"
                        : "")));

        assertThatThrownBy(() -> create("pods", POD.formatted("")))
                .hasMessage("pods \"p\" is forbidden: insufficient quota to consume: count/pods,pods");
    }

    @Test
    void aPluginOfOnesOwnIsAskedBeforeQuotasAreCharged() {
        List<String> asked = new ArrayList<>();
        start(builder -> builder.admission(objects -> AdmissionPlugin.mutating("Own", request -> {
                    asked.add("mutate");
                    if (request.isFor("", "configmaps") && request.object() != null) {
                        request.object().withObject("/data").put("by", "own");
                    }
                }))
                .admission(objects -> AdmissionPlugin.validating("Late", request -> {
                    if (request.isFor("", "configmaps")) {
                        throw request.refusal("never");
                    }
                })));
        create(
                "resourcequotas",
                "{'apiVersion':'v1','kind':'ResourceQuota','metadata':{'name':'q'},'spec':{'hard':{'configmaps':'5'}}}");
        server().handle(new ApiRequest(
                ADMIN,
                "test",
                Verb.PATCH,
                "",
                "v1",
                "resourcequotas",
                "n",
                "q",
                "status",
                RequestOptions.none(),
                Body.of(
                        json("{'status':{'hard':{'configmaps':'5'},'used':{'configmaps':'0'}}}"),
                        "application/merge-patch+json")));

        assertThatThrownBy(() -> create("configmaps", "{'apiVersion':'v1','kind':'ConfigMap','metadata':{'name':'a'}}"))
                .hasMessage("configmaps \"a\" is forbidden: never");

        assertThat(asked).isNotEmpty();
        assertThat(server().objects()
                        .get("", "resourcequotas", "n", "q")
                        .orElseThrow()
                        .at("/status/used/configmaps")
                        .asText())
                .isEqualTo("0");
    }

    private void start(UnaryOperator<ApiServer.Builder> how) {
        server = how.apply(ApiServer.builder(kernel, store).withoutAdmission("ServiceAccount"))
                .build()
                .start();
        call(
                ADMIN,
                Verb.CREATE,
                "",
                "namespaces",
                "",
                "",
                "{'apiVersion':'v1','kind':'Namespace','metadata':{'name':'n'}}");
    }

    private ApiServer server() {
        if (server == null) {
            throw new IllegalStateException("not started");
        }
        return server;
    }

    private ObjectNode create(String plural, String object) {
        return call(ADMIN, Verb.CREATE, "", plural, "n", "", object);
    }

    private ObjectNode call(
            User user, Verb verb, String group, String plural, String namespace, String name, String body) {
        return server().handle(new ApiRequest(
                        user,
                        "test",
                        verb,
                        group,
                        "v1",
                        plural,
                        namespace,
                        name,
                        "",
                        RequestOptions.none(),
                        verb == Verb.PATCH ? Body.of(json(body), "application/merge-patch+json") : Body.of(json(body))))
                .tree();
    }

    private static ObjectNode json(String text) {
        return (ObjectNode) Json.read(text.replace('\'', '"').getBytes(StandardCharsets.UTF_8));
    }
}

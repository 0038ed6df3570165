package dev.amphora.apiserver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.Json;
import dev.amphora.api.StatusException;
import dev.amphora.apiserver.access.User;
import dev.amphora.kernel.SimulatedKernel;
import dev.amphora.store.memory.MemoryStore;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("Admission policies")
class PoliciesTest {
    private static final String GROUP = "admissionregistration.k8s.io";
    private static final String CONFIG_MAPS =
            "'matchConstraints':{'resourceRules':[{'operations':['CREATE','UPDATE'],'apiGroups':[''],'apiVersions':['v1'],"
                    + "'resources':['configmaps']}]}";

    private final SimulatedKernel kernel = new SimulatedKernel(1);
    private final MemoryStore store = new MemoryStore(kernel);
    private final ApiServer server = ApiServer.builder(kernel, store).build().start();

    @BeforeEach
    void makeNamespace() {
        create("", "v1", "namespaces", "", "Namespace", "n", "'metadata':{'name':'n','labels':{'team':'a'}}");
    }

    @AfterEach
    void close() {
        server.close();
        store.close();
        kernel.close();
    }

    @Test
    void haveNoSayUntilTheyAreBound() {
        validating("'validations':[{'expression':'false','message':'never'}]");
        configMap("free", "{}");

        bind("['Deny']", "");

        StatusException refusal = refused("held", "{}");
        assertThat(refusal.status().getCode()).isEqualTo(422);
        assertThat(refusal.getMessage())
                .isEqualTo(
                        "configmaps \"held\" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied request: never");
    }

    @Test
    void followTheirChanges() {
        validating("'validations':[{'expression':'false'}]");
        bind("['Deny']", "");
        refused("a", "{}");

        call(Verb.DELETE, GROUP, "v1", "validatingadmissionpolicybindings", "", "b", null);

        configMap("a", "{}");
    }

    @Test
    void warnInsteadOfRefusing() {
        validating("'validations':[{'expression':'false','message':'m','reason':'Forbidden'}]");
        bind("['Warn','Audit']", "");

        assertThat(handle(
                                Verb.CREATE,
                                "",
                                "v1",
                                "configmaps",
                                "n",
                                "",
                                object("v1", "ConfigMap", "'metadata':{'name':'a'}"))
                        .warnings())
                .containsExactly("Validation failed for ValidatingAdmissionPolicy 'p' with binding 'b': m");
    }

    @Test
    void seeRequestNamespaceVariablesAndRights() {
        validating(
                "'variables':[{'name':'team','expression':'namespaceObject.metadata.labels.team'}],'validations':[{"
                        + "'expression':'variables.team != \\\"a\\\" && authorizer.requestResource.check(\\\"get\\\").allowed()',"
                        + "'messageExpression':'request.operation + \\\" by \\\" + request.userInfo.username + \\\" of \\\" + variables.team'}]");
        bind("['Deny']", "");

        assertThat(refused("a", "{}").getMessage()).endsWith("denied request: CREATE by admin of a");
    }

    @Test
    void failClosedOrOpenWhenAnExpressionHasNoValue() {
        validating("'validations':[{'expression':'object.data.x == \\\"1\\\"'}]");
        bind("['Deny']", "");
        assertThat(refused("a", "{}").getMessage())
                .endsWith("denied request: expression 'object.data.x == \"1\"' resulted in error: no such key: data");

        ObjectNode policy = call(Verb.GET, GROUP, "v1", "validatingadmissionpolicies", "", "p", null)
                .deepCopy();
        ((ObjectNode) policy.path("spec")).put("failurePolicy", "Ignore");
        call(Verb.UPDATE, GROUP, "v1", "validatingadmissionpolicies", "", "p", policy);

        configMap("a", "{}");
    }

    @Test
    void areStoppedWhenTheyCostTooMuch() {
        String ten = "[0,1,2,3,4,5,6,7,8,9]";
        validating("'validations':[{'expression':'" + (ten + ".all(x, ").repeat(7) + "x >= 0" + ")".repeat(7) + "'}]");
        bind("['Deny']", "");

        assertThat(refused("a", "{}").getMessage())
                .endsWith("resulted in error: operation cancelled: actual cost limit exceeded");
    }

    @Test
    void takeParametersFromOtherObjects() {
        validating("'paramKind':{'apiVersion':'v1','kind':'Secret'},"
                + "'validations':[{'expression':'object.metadata.name in params.metadata.labels'}]");
        bind("['Deny']", ",'paramRef':{'name':'allowed','parameterNotFoundAction':'Deny'}");
        assertThat(refused("a", "{}").getMessage())
                .endsWith(
                        "failed to configure binding: no params found for policy binding with `Deny` parameterNotFoundAction");

        create("", "v1", "secrets", "n", "Secret", "allowed", "'metadata':{'name':'allowed','labels':{'a':'','b':''}}");

        configMap("a", "{}");
        refused("c", "{}");
    }

    @Test
    void refuseEverythingTheyAreForWhileTheKindOfTheirParametersIsMissing() {
        validating("'paramKind':{'apiVersion':'example.com/v1','kind':'Limit'},'validations':[{'expression':'true'}]");
        bind("['Deny']", "");

        assertThat(refused("a", "{}").getMessage())
                .endsWith(
                        "ValidatingAdmissionPolicy 'p' denied request: failed to configure policy: failed to find resource"
                                + " referenced by paramKind: 'example.com/v1, Kind=Limit'");
    }

    @Test
    void doNotRuleOverThemselves() {
        create(
                GROUP,
                "v1",
                "validatingadmissionpolicies",
                "",
                "ValidatingAdmissionPolicy",
                "p",
                "'metadata':{'name':'p'},'spec':{'matchConstraints':{'resourceRules':[{'operations':['*'],'apiGroups':['*'],"
                        + "'apiVersions':['*'],'resources':['*/*']}]},'validations':[{'expression':'false'}]}");
        bind("['Deny']", "");
        refused("a", "{}");

        call(Verb.DELETE, GROUP, "v1", "validatingadmissionpolicies", "", "p", null);

        configMap("a", "{}");
    }

    @Test
    void mergeWhatTheyMakeIntoTheObject() {
        mutating(
                "{'patchType':'ApplyConfiguration','applyConfiguration':{'expression':"
                        + "'Object{metadata: Object.metadata{labels: {\\\"by\\\": request.userInfo.username}}, data: {\\\"k\\\": object.metadata.name}}'}}");

        ObjectNode made = configMap("a", "{'x':'y'}");

        assertThat(made.path("metadata").path("labels")).isEqualTo(json("{'by':'admin'}"));
        assertThat(made.path("data")).isEqualTo(json("{'x':'y','k':'a'}"));
    }

    @Test
    void patchTheObjectStepByStep() {
        mutating(
                "{'patchType':'JSONPatch','jsonPatch':{'expression':"
                        + "'[JSONPatch{op: \\\"test\\\", path: \\\"/data/a\\\", value: \\\"1\\\"}, JSONPatch{op: \\\"remove\\\", path: \\\"/data/b\\\"}]'}}");

        assertThat(configMap("other", "{'a':'2'}").path("data")).isEqualTo(json("{'a':'2'}"));
        assertThat(configMap("both", "{'a':'1','b':'2'}").path("data")).isEqualTo(json("{'a':'1'}"));
        StatusException refusal = refused("one", "{'a':'1'}");
        assertThat(refusal.status().getCode()).isEqualTo(403);
        assertThat(refusal.getMessage())
                .isEqualTo(
                        "policy 'p' with binding 'b' denied request: JSON Patch: error in remove for path: '/data/b':"
                                + " Unable to remove nonexistent key: b: missing value");
    }

    private void validating(String spec) {
        create(
                GROUP,
                "v1",
                "validatingadmissionpolicies",
                "",
                "ValidatingAdmissionPolicy",
                "p",
                "'metadata':{'name':'p'},'spec':{" + CONFIG_MAPS + "," + spec + "}");
    }

    private void bind(String actions, String more) {
        create(
                GROUP,
                "v1",
                "validatingadmissionpolicybindings",
                "",
                "ValidatingAdmissionPolicyBinding",
                "b",
                "'metadata':{'name':'b'},'spec':{'policyName':'p','validationActions':" + actions + more + "}");
    }

    private void mutating(String mutation) {
        create(
                GROUP,
                "v1",
                "mutatingadmissionpolicies",
                "",
                "MutatingAdmissionPolicy",
                "p",
                "'metadata':{'name':'p'},'spec':{" + CONFIG_MAPS + ",'reinvocationPolicy':'Never','mutations':["
                        + mutation + "]}");
        create(
                GROUP,
                "v1",
                "mutatingadmissionpolicybindings",
                "",
                "MutatingAdmissionPolicyBinding",
                "b",
                "'metadata':{'name':'b'},'spec':{'policyName':'p'}");
    }

    private ObjectNode configMap(String name, String data) {
        return create(
                "", "v1", "configmaps", "n", "ConfigMap", name, "'metadata':{'name':'" + name + "'},'data':" + data);
    }

    private StatusException refused(String name, String data) {
        StatusException refusal = catchThrowableOfType(StatusException.class, () -> configMap(name, data));
        assertThat(refusal).isNotNull();
        return refusal;
    }

    private ObjectNode create(
            String group, String version, String plural, String namespace, String kind, String name, String members) {
        String apiVersion = group.isEmpty() ? version : group + "/" + version;
        return call(Verb.CREATE, group, version, plural, namespace, "", object(apiVersion, kind, members));
    }

    private static ObjectNode object(String apiVersion, String kind, String members) {
        return json("{'apiVersion':'" + apiVersion + "','kind':'" + kind + "'," + members + "}");
    }

    private ObjectNode call(
            Verb verb,
            String group,
            String version,
            String plural,
            String namespace,
            String name,
            @Nullable ObjectNode body) {
        return handle(verb, group, version, plural, namespace, name, body).tree();
    }

    private ApiResult handle(
            Verb verb,
            String group,
            String version,
            String plural,
            String namespace,
            String name,
            @Nullable ObjectNode body) {
        return server.handle(new ApiRequest(
                new User("admin", "", List.of(User.MASTERS), Map.of()),
                "test",
                verb,
                group,
                version,
                plural,
                namespace,
                name,
                "",
                RequestOptions.none(),
                body == null ? null : Body.of(body)));
    }

    private static ObjectNode json(String text) {
        return (ObjectNode) Json.read(text.replace('\'', '"').getBytes(StandardCharsets.UTF_8));
    }
}

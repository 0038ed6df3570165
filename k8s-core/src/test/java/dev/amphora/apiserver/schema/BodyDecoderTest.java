package dev.amphora.apiserver.schema;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import dev.amphora.api.StatusException;
import dev.amphora.apiserver.schema.BodyDecoder.Body;
import dev.amphora.apiserver.schema.BodyDecoder.Encoding;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BodyDecoderTest {
    private final BodyDecoder decoder = new BodyDecoder(SchemaCatalogue.builtIn());

    @Test
    void dropsUnknownFieldsAndWarns() {
        Body body = configMap(
                "{'metadata':{'name':'x','c':1,'b':2},'z':1,'y':2,'data':{},'data':{}}", FieldValidation.WARN);

        assertThat(body.object().toString())
                .isEqualTo("{'kind':'ConfigMap','apiVersion':'v1','metadata':{'name':'x'}}".replace('\'', '"'));
        assertThat(body.warnings())
                .containsExactly(
                        "unknown field \"metadata.c\"",
                        "unknown field \"metadata.b\"",
                        "unknown field \"z\"",
                        "unknown field \"y\"",
                        "duplicate field \"data\"");
    }

    @Test
    void refusesUnknownFieldsWhenStrict() {
        assertThatThrownBy(() -> configMap("{'metadata':{'name':'x','bogus':1},'datas':{}}", FieldValidation.STRICT))
                .isInstanceOf(StatusException.class)
                .hasMessage("ConfigMap in version \"v1\" cannot be handled as a ConfigMap: strict decoding error: "
                        + "unknown field \"metadata.bogus\", unknown field \"datas\"");
    }

    @Test
    void namesTheFieldOfAWrongType() {
        assertThatThrownBy(() -> decode("apps", "v1", "Deployment", "{'spec':{'replicas':'3'}}"))
                .hasMessage(
                        "Deployment in version \"v1\" cannot be handled as a Deployment: json: cannot unmarshal string "
                                + "into Go struct field DeploymentSpec.spec.replicas of type int32");
        assertThatThrownBy(() -> decode("", "v1", "Pod", "{'spec':{'volumes':[{'hostPath':{'type':5}}]}}"))
                .hasMessage("Pod in version \"v1\" cannot be handled as a Pod: json: cannot unmarshal number "
                        + "into Go struct field HostPathVolumeSource.spec.volumes.VolumeSource.hostPath.type "
                        + "of type v1.HostPathType");
        assertThatThrownBy(() -> decode("", "v1", "Pod", "{'spec':{'priority':1.0}}"))
                .hasMessageEndingWith(
                        "cannot unmarshal number 1.0 into Go struct field PodSpec.spec.priority of type int32");
        assertThatThrownBy(() -> decode("", "v1", "Secret", "{'data':{'a':'%'}}"))
                .hasMessageEndingWith("illegal base64 data at input byte 0");
    }

    @Test
    void refusesDeepNestingWithoutDeepRecursion() {
        String deep = "{'apiVersion':'v1','kind':'ConfigMap','x':" + "[".repeat(100_000) + "]".repeat(100_000) + "}";

        assertThatThrownBy(() -> configMap(deep, FieldValidation.WARN))
                .hasMessage(
                        "the object provided is unrecognized (must be of type ConfigMap): couldn't get version/kind; "
                                + "json parse error: invalid character '[' exceeded max depth "
                                + "({\"apiVersion\":\"v1\",\"kind\":\"Con ...)");
        String allowed = "{'x':" + "[".repeat(9_999) + "]".repeat(9_999) + "}";
        assertThat(configMap(allowed, FieldValidation.WARN).warnings()).containsExactly("unknown field \"x\"");
    }

    @Test
    void refusesOtherKindsAndVersions() {
        assertThatThrownBy(() -> configMap("{'apiVersion':'v1','kind':'Pod'}", FieldValidation.WARN))
                .hasMessage("Pod in version \"v1\" cannot be handled as a ConfigMap: "
                        + "converting (v1.Pod) to (core.ConfigMap): unknown conversion");
        assertThatThrownBy(() ->
                        decode("apps", "v1", "Deployment", "{'apiVersion':'extensions/v1beta1','kind':'Deployment'}"))
                .hasMessage("the API version in the data (extensions/v1beta1) does not match the expected API version "
                        + "(apps/v1)");
    }

    @Test
    void dropsWhatIsAsGoodAsAbsentAndOrdersFields() {
        JsonNode pod = decode(
                        "",
                        "v1",
                        "Pod",
                        "{'status':{},'spec':{'hostNetwork':false,'automountServiceAccountToken':false,'nodeName':'',"
                                + "'volumes':[{'emptyDir':{},'name':'v'}],'containers':[{'resources':{},'name':'c'}]}}")
                .object();

        assertThat(pod.toString())
                .isEqualTo(("{'kind':'Pod','apiVersion':'v1','spec':{'volumes':[{'name':'v','emptyDir':{}}],"
                                + "'containers':[{'name':'c'}],'automountServiceAccountToken':false}}")
                        .replace('\'', '"'));
    }

    @Test
    void completesWhatIsAlwaysWritten() {
        Body pod = decode("", "v1", "Pod", "{'spec':{'containers':[{'name':'c'}]}}");
        Body role = decode("rbac.authorization.k8s.io", "v1", "ClusterRole", "{'metadata':{'name':'r'}}");
        SchemaCatalogue catalogue = SchemaCatalogue.builtIn();

        assertThat(CompleteForm.of(pod.object(), catalogue.type("", "v1", "Pod"))
                        .toString())
                .isEqualTo(("{'kind':'Pod','apiVersion':'v1','metadata':{},"
                                + "'spec':{'containers':[{'name':'c','resources':{}}]},'status':{}}")
                        .replace('\'', '"'));
        assertThat(CompleteForm.of(role.object(), catalogue.type("rbac.authorization.k8s.io", "v1", "ClusterRole")))
                .hasToString(
                        "{'kind':'ClusterRole','apiVersion':'rbac.authorization.k8s.io/v1','metadata':{'name':'r'},'rules':null}"
                                .replace('\'', '"'));
    }

    @Test
    void readsYamlWithOldBooleans() {
        Body body = decoder.decode(
                "metadata:\n  name: x\ndata: {a: '5', b: \"yes\"}\n---\nkind: Other\n".getBytes(StandardCharsets.UTF_8),
                Encoding.YAML,
                "",
                "v1",
                "ConfigMap",
                FieldValidation.STRICT);

        assertThat(body.object().path("data").path("a").textValue()).isEqualTo("5");
        assertThatThrownBy(() -> decoder.decode(
                        "data: {a: yes}".getBytes(StandardCharsets.UTF_8),
                        Encoding.YAML,
                        "",
                        "v1",
                        "ConfigMap",
                        FieldValidation.STRICT))
                .hasMessageEndingWith("cannot unmarshal bool into Go struct field ConfigMap.data of type string");
    }

    @Test
    void onlyAPlainMergeKeyMerges() {
        Body body = decoder.decode(
                "data: {\"<<\": {}}\nmetadata: &m {name: x}\nstatus: {<<: *m}\n".getBytes(StandardCharsets.UTF_8),
                Encoding.YAML,
                "",
                "v1",
                "Namespace",
                FieldValidation.IGNORE);

        assertThat(body.object().path("metadata").path("name").textValue()).isEqualTo("x");
        assertThatThrownBy(() -> yaml("data: {\"<<\": {}}"))
                .hasMessageEndingWith("cannot unmarshal object into Go struct field ConfigMap.data of type string");
    }

    @Test
    void refusesTextsThatAreMostlyRepetition() {
        StringBuilder text = new StringBuilder("a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
        for (int i = 1; i < 12; i++) {
            String again = "*a" + (i - 1);
            text.append("a%d: &a%d [%s]\n".formatted(i, i, String.join(", ", java.util.Collections.nCopies(9, again))));
        }

        assertThatThrownBy(() -> yaml(text.toString())).hasMessageContaining("document contains excessive aliasing");
        assertThatThrownBy(() -> yaml("a: &a [*a]")).hasMessageContaining("anchor 'a' value contains itself");
    }

    private Body yaml(String text) {
        return decoder.decode(
                text.getBytes(StandardCharsets.UTF_8), Encoding.YAML, "", "v1", "ConfigMap", FieldValidation.WARN);
    }

    @Test
    void takesOptionsOfAnyVersion() {
        assertThat(decoder.decodeOptions(
                                json("{'kind':'DeleteOptions','apiVersion':'apps/v1','gracePeriodSeconds':0}"),
                                Encoding.JSON,
                                "DeleteOptions")
                        .path("gracePeriodSeconds")
                        .intValue())
                .isZero();
        assertThatThrownBy(() -> decoder.decodeOptions(json("{'dryRun':'All'}"), Encoding.JSON, "DeleteOptions"))
                .hasMessage("json: cannot unmarshal string into Go struct field DeleteOptions.dryRun of type []string");
    }

    @ParameterizedTest
    @CsvSource({
        "01, 01",
        "1000m, 1",
        "0.5, 500m",
        "5., 5.",
        "1e3, 1e3",
        "1E3, 1E3",
        "1.5e3, 1500",
        "1.5Ki, 1536",
        "1.5Gi, 1536Mi",
        "2048Mi, 2Gi",
        "1500m, 1500m",
        "1.1Gi, 1181116006400m",
        "+1, +1",
        "-0, 0",
        "0Ki, 0",
        "1000000000, 1G",
        "9223372036854775807, 9223372036854775807",
        "1e30, 1e30",
        "128974848000m, 128974848",
        "Gi, 0",
        "1u, 1m",
        "1500u, 2m",
        "3.14159265358979, 3142m",
        "123Mi, 123Mi",
        "1Ei, 1Ei",
        "1E, 1E",
        "1e-999999999, 1e-3"
    })
    void rewritesAmountsLikeTheReference(String given, String stored) {
        assertThat(Quantities.roundUpToMilli(Quantities.normalize(given))).isEqualTo(stored);
    }

    private Body configMap(String json, FieldValidation validation) {
        return decoder.decode(json(json), Encoding.JSON, "", "v1", "ConfigMap", validation);
    }

    private Body decode(String group, String version, String kind, String json) {
        return decoder.decode(json(json), Encoding.JSON, group, version, kind, FieldValidation.STRICT);
    }

    private static byte[] json(String text) {
        return text.replace('\'', '"').getBytes(StandardCharsets.UTF_8);
    }
}

package dev.amphora.apiserver.strategy;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("Whole structures in messages")
final class GoFormTest {

    @Test
    void nameEveryFieldAsTheCodeDoes() {
        assertThat(GoForm.of(Kinds.tree("{'kind':'Pod','uid':'u'}"), "core.v1.ObjectReference"))
                .hasToString("{\"Kind\":\"Pod\",\"Namespace\":\"\",\"Name\":\"\",\"UID\":\"u\",\"APIVersion\":\"\","
                        + "\"ResourceVersion\":\"\",\"FieldPath\":\"\"}");
    }

    @Test
    void showTheHostsNamespacesInTheSecurityContextOfAPod() {
        String pod = GoForm.of(
                        Kinds.tree("{'hostPID':true,'containers':[],'securityContext':{'runAsUser':1}}"),
                        "core.v1.PodSpec")
                .toString();

        assertThat(pod).contains("\"SecurityContext\":{\"HostNetwork\":false,\"HostPID\":true,\"HostIPC\":false,");
        assertThat(pod).contains("\"RunAsUser\":1").doesNotContain("\"HostPID\":true,\"HostIPC\":false,\"Containers\"");
    }

    @Test
    void embedMetadataAsItIsInJson() {
        assertThat(GoForm.of(
                                Kinds.tree("{'metadata':{'labels':{'b':'2','a':'1'}},'spec':{}}"),
                                "resource.v1.ResourceClaimTemplateSpec")
                        .toString())
                .startsWith("{\"labels\":{\"a\":\"1\",\"b\":\"2\"},\"Spec\":{\"Devices\":{\"Requests\":null");
    }
}

package dev.amphora.apiserver.strategy;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class PodStrategyTest {
    private static final String POD = "{'metadata':{'name':'p'},'spec':{'containers':[%s]%s}}";

    private static String pod(String container, String more) {
        return POD.formatted(container, more);
    }

    @Test
    void aPodOfOneImageIsCompleted() {
        JsonNode pod = Kinds.created("", "pods", pod("{'name':'c','image':'nginx'}", ""));

        JsonNode spec = pod.path("spec");
        assertThat(spec.path("restartPolicy").asText()).isEqualTo("Always");
        assertThat(spec.path("dnsPolicy").asText()).isEqualTo("ClusterFirst");
        assertThat(spec.path("terminationGracePeriodSeconds").asInt()).isEqualTo(30);
        assertThat(spec.path("schedulerName").asText()).isEqualTo("default-scheduler");
        assertThat(spec.path("enableServiceLinks").asBoolean()).isTrue();
        JsonNode container = spec.path("containers").path(0);
        assertThat(container.path("imagePullPolicy").asText()).isEqualTo("Always");
        assertThat(container.path("terminationMessagePath").asText()).isEqualTo("/dev/termination-log");
        assertThat(pod.path("status").path("phase").asText()).isEqualTo("Pending");
        assertThat(pod.path("status").path("qosClass").asText()).isEqualTo("BestEffort");
    }

    @ParameterizedTest
    @CsvSource({
        "nginx,              Always",
        "nginx:latest,       Always",
        "nginx:1,            IfNotPresent",
        "nginx:,             IfNotPresent",
        "Nginx,              IfNotPresent",
        "example.com:5/a,    Always",
    })
    void imagesWithoutTagArePulledEachTime(String image, String policy) {
        JsonNode pod = Kinds.created("", "pods", pod("{'name':'c','image':'%s'}".formatted(image), ""));

        assertThat(pod.at("/spec/containers/0/imagePullPolicy").asText()).isEqualTo(policy);
    }

    @Test
    void requestsDefaultToLimits() {
        String limits = "{'name':'c','image':'i','resources':{'limits':{'cpu':'1','memory':'1Gi'}}}";
        JsonNode pod = Kinds.created("", "pods", pod(limits, ""));

        assertThat(pod.at("/spec/containers/0/resources/requests")).isEqualTo(Kinds.tree("{'cpu':'1','memory':'1Gi'}"));
        assertThat(pod.at("/status/qosClass").asText()).isEqualTo("Guaranteed");
    }

    @Test
    void containersNeedNamesOfTheirOwn() {
        assertThat(Kinds.errors("", "pods", pod("{'image':'i'}", "")))
                .containsExactly("spec.containers[0].name: Required value");
        assertThat(Kinds.errors("", "pods", pod("{'name':'c','image':'i'},{'name':'c','image':'i'}", "")))
                .containsExactly("spec.containers[1].name: Duplicate value: \"c\"");
        assertThat(Kinds.errors("", "pods", "{'metadata':{'name':'p'},'spec':{}}"))
                .containsExactly("spec.containers: Required value");
    }

    @Test
    void onlyImagesAndDeadlinesOfAPodMayChange() {
        String before = pod("{'name':'c','image':'a'}", "");

        assertThat(Kinds.updateErrors("", "pods", before, pod("{'name':'c','image':'b'}", "")))
                .isEmpty();
        assertThat(Kinds.updateErrors("", "pods", before, pod("{'name':'c','image':'a'}", ",'hostNetwork':true")))
                .singleElement()
                .asString()
                .startsWith("spec: Forbidden: pod updates may not change fields other than");
    }

    @Test
    void aScheduledPodGetsItsGracePeriodAndOthersGoAtOnce() {
        Strategy strategy = new PodStrategy();
        ObjectNode pod = Kinds.created("", "pods", pod("{'name':'c','image':'i'}", ""));

        assertThat(strategy.gracePeriodSeconds(pod, -1)).isZero();
        Strategies.child(pod, "spec").put("nodeName", "n");
        assertThat(strategy.gracePeriodSeconds(pod, -1)).isEqualTo(30);
        assertThat(strategy.gracePeriodSeconds(pod, 5)).isEqualTo(5);
        Strategies.child(pod, "status").put("phase", "Succeeded");
        assertThat(strategy.gracePeriodSeconds(pod, -1)).isZero();
    }
}

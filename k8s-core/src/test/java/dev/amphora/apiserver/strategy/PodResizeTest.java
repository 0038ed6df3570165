package dev.amphora.apiserver.strategy;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

final class PodResizeTest {

    private static ObjectNode pod() {
        ObjectNode pod = Kinds.created(
                "",
                "pods",
                "{'metadata':{'name':'p','namespace':'n'},'spec':{'containers':[{'name':'c','image':'x','resources':"
                        + "{'requests':{'cpu':'100m'},'limits':{'cpu':'200m'}}}],'initContainers':[{'name':'i','image':'x',"
                        + "'resizePolicy':[{'resourceName':'cpu','restartPolicy':'RestartContainer'}]}]}}");
        Strategies.metadata(pod).put("resourceVersion", "1");
        return pod;
    }

    private static List<String> errors(ObjectNode old, Consumer<ObjectNode> change) {
        ObjectNode object = old.deepCopy();
        change.accept(object);
        return Kinds.texts(SubresourceRules.resize(object, old));
    }

    private static ObjectNode resources(ObjectNode pod, String list) {
        return Strategies.child((ObjectNode) pod.path("spec").path(list).path(0), "resources");
    }

    @Test
    void processorAndMemoryMayChange() {
        assertThat(errors(pod(), pod -> resources(pod, "containers")
                        .withObject("/requests")
                        .put("cpu", "150m")))
                .isEmpty();
        assertThat(errors(pod(), pod -> resources(pod, "containers")
                        .withObject("/requests")
                        .put("example.com/a", "1")))
                .contains("spec: Forbidden: only cpu and memory resources are mutable");
    }

    @Test
    void amountsStayOnceGiven() {
        assertThat(errors(pod(), pod -> resources(pod, "containers").remove("limits")))
                .containsExactly("spec.containers[0].resources.limits: Forbidden: resource limits cannot be removed");
    }

    @Test
    void theQualityOfServiceStays() {
        assertThat(errors(pod(), pod -> resources(pod, "containers").removeAll()))
                .startsWith("spec: Invalid value: \"Burstable\": Pod QOS Class may not change as a result of resizing");
    }

    @Test
    void containersKeepTheirOrder() {
        assertThat(errors(
                        pod(),
                        pod -> ((ObjectNode) pod.path("spec").path("containers").path(0)).put("name", "d")))
                .containsExactly(
                        "spec.containers[0].name: Forbidden: containers may not be renamed or reordered on resize");
    }

    @Test
    void whatRunsOnceIsNotRestarted() {
        assertThat(errors(pod(), pod -> resources(pod, "initContainers")
                        .withObject("/requests")
                        .put("cpu", "1")))
                .containsExactly(
                        "spec.initContainers[0]: Forbidden: non-sidecar init containers with a resize policy of"
                                + " RestartContainer cannot be resized");
    }

    @Test
    void staticPodsAreTheirNodesMatter() {
        ObjectNode mirror = pod();
        Strategies.metadata(mirror).putObject("annotations").put("kubernetes.io/config.mirror", "x");

        assertThat(errors(mirror, pod -> {})).containsExactly(": Forbidden: static pods cannot be resized");
    }
}

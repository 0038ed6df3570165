package dev.amphora.controller.autoscaling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class ReplicaCountTest {
    private static final Instant NOW = Instant.parse("2026-01-01T01:00:00Z");
    private static final ReplicaCount.Target HALF = new ReplicaCount.Target("cpu", null, 50, null);

    private final List<Pod> pods = new ArrayList<>();
    private final Map<String, PodMetrics.Usage> usage = new TreeMap<>();

    private void pod(String phase, boolean ready, @Nullable Integer millis) {
        String name = "p" + pods.size();
        pods.add(new PodBuilder()
                .withNewMetadata()
                .withName(name)
                .withNamespace("default")
                .endMetadata()
                .withNewSpec()
                .addNewContainer()
                .withName("c")
                .withNewResources()
                .addToRequests("cpu", new Quantity("100m"))
                .endResources()
                .endContainer()
                .endSpec()
                .withNewStatus()
                .withPhase(phase)
                .withStartTime("2026-01-01T00:00:00Z")
                .addNewCondition()
                .withType("Ready")
                .withStatus(ready ? "True" : "False")
                .withLastTransitionTime("2026-01-01T00:00:01Z")
                .endCondition()
                .endStatus()
                .build());
        if (millis != null) {
            usage.put(
                    name, new PodMetrics.Usage(NOW, Duration.ofSeconds(1), Map.of("c", BigDecimal.valueOf(millis, 3))));
        }
    }

    private void running(Integer... millis) {
        for (Integer each : millis) {
            pod("Running", true, each);
        }
    }

    private int proposed(ReplicaCount.Target target) throws ReplicaCount.Unknown {
        return new ReplicaCount(
                        HorizontalController.Settings.defaults(), target, new ReplicaCount.Tolerance(0.1, 0.1), NOW)
                .of(pods.size(), pods, usage)
                .replicas();
    }

    @Test
    @DisplayName("HPA-1: the ratio of use to target, rounded up")
    void proposesTheRatioRoundedUp() throws Exception {
        running(80, 80, 80);
        assertThat(proposed(HALF)).isEqualTo(5);
        assertThat(proposed(new ReplicaCount.Target("cpu", null, null, new BigDecimal("0.04"))))
                .isEqualTo(6);
    }

    @Test
    @DisplayName("HPA-1: nothing changes within the tolerance")
    void toleratesATenth() throws Exception {
        running(55, 55);
        assertThat(proposed(HALF)).isEqualTo(2);
        usage.clear();
        pods.clear();
        running(56, 56);
        assertThat(proposed(HALF)).isEqualTo(3);
    }

    @Test
    @DisplayName("HPA-2: a pod without a sample uses nothing when more are called for, and all it may when fewer are")
    void countsMissingSamplesAgainstTheChange() throws Exception {
        running(100, 100, 100, null);
        assertThat(proposed(HALF)).isEqualTo(6);
        usage.clear();
        pods.clear();
        running(10, 10, 10, null);
        assertThat(proposed(HALF)).isEqualTo(3);
    }

    @Test
    @DisplayName("HPA-2: pods that are not ready yet use nothing when more are called for")
    void countsUnreadyPodsAsIdle() throws Exception {
        running(100, 100);
        pod("Pending", false, null);
        pod("Pending", false, null);
        assertThat(proposed(HALF)).isEqualTo(4);
    }

    @Test
    @DisplayName("HPA-2: failed and terminating pods don't count")
    void leavesOutEndedPods() throws Exception {
        running(100, 100);
        pod("Failed", false, 500);
        assertThat(proposed(HALF)).isEqualTo(4);
    }

    @Test
    @DisplayName("HPA-2: a share needs requests, and samples of some pod")
    void saysWhatIsMissing() {
        pod("Pending", false, null);
        assertThatThrownBy(() -> proposed(HALF))
                .hasMessage("did not receive metrics for targeted pods (pods might be unready)");
        running(100);
        pods.get(1)
                .getSpec()
                .getContainers()
                .get(0)
                .getResources()
                .getRequests()
                .clear();
        assertThatThrownBy(() -> proposed(HALF)).hasMessage("missing request for cpu in container c of Pod p1");
    }
}

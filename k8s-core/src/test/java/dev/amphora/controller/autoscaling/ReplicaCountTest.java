package dev.amphora.controller.autoscaling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
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
    private final List<Pod> pods = new ArrayList<>();
    private final Map<String, ReplicaCount.Sample> usage = new TreeMap<>();

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
            usage.put(name, new ReplicaCount.Sample(NOW, Duration.ofSeconds(1), millis));
        }
    }

    private void running(Integer... millis) {
        for (Integer each : millis) {
            pod("Running", true, each);
        }
    }

    private ReplicaCount count(int wanted, int counted) {
        return new ReplicaCount(
                HorizontalController.Settings.defaults(),
                new ReplicaCount.Tolerance(0.1, 0.1),
                new ReplicaCount.Present(wanted, counted, pods),
                NOW);
    }

    private ReplicaCount count() {
        return count(pods.size(), pods.size());
    }

    /** At a target of half of what is requested. */
    private int proposed() throws ReplicaCount.Unknown {
        return count().byUtilization("cpu", null, 50, usage).replicas();
    }

    @Test
    @DisplayName("HPA-1: the ratio of use to target, rounded up")
    void proposesTheRatioRoundedUp() throws Exception {
        running(80, 80, 80);
        assertThat(proposed()).isEqualTo(5);
        assertThat(count().byAverage("cpu", 40, usage).replicas()).isEqualTo(6);
    }

    @Test
    @DisplayName("HPA-1: nothing changes within the tolerance")
    void toleratesATenth() throws Exception {
        running(55, 55);
        assertThat(proposed()).isEqualTo(2);
        usage.clear();
        pods.clear();
        running(56, 56);
        assertThat(proposed()).isEqualTo(3);
    }

    @Test
    @DisplayName("HPA-2: a pod without a sample uses nothing when more are called for, and all it may when fewer are")
    void countsMissingSamplesAgainstTheChange() throws Exception {
        running(100, 100, 100, null);
        assertThat(proposed()).isEqualTo(6);
        usage.clear();
        pods.clear();
        running(10, 10, 10, null);
        assertThat(proposed()).isEqualTo(3);
    }

    @Test
    @DisplayName("HPA-2: pods that are not ready yet use nothing when more are called for")
    void countsUnreadyPodsAsIdle() throws Exception {
        running(100, 100);
        pod("Pending", false, null);
        pod("Pending", false, null);
        assertThat(proposed()).isEqualTo(4);
    }

    @Test
    @DisplayName("HPA-2: failed and terminating pods don't count")
    void leavesOutEndedPods() throws Exception {
        running(100, 100);
        pod("Failed", false, 500);
        assertThat(proposed()).isEqualTo(4);
    }

    @Test
    @DisplayName("HPA-2: a share needs requests, and samples of some pod")
    void saysWhatIsMissing() {
        pod("Pending", false, null);
        assertThatThrownBy(() -> proposed())
                .hasMessage("did not receive metrics for targeted pods (pods might be unready)");
        running(100);
        pods.get(1)
                .getSpec()
                .getContainers()
                .get(0)
                .getResources()
                .getRequests()
                .clear();
        assertThatThrownBy(() -> proposed()).hasMessage("missing request for cpu in container c of Pod p1");
    }

    @Test
    @DisplayName("HPA-1: the tolerance holds at its very edge, in each direction its own")
    void toleratesToTheEdge() throws Exception {
        running(10, 10, 10, 10);
        ReplicaCount strict = new ReplicaCount(
                HorizontalController.Settings.defaults(),
                new ReplicaCount.Tolerance(0.5, 0),
                new ReplicaCount.Present(4, 4, pods),
                NOW);
        assertThat(strict.byAverage("cpu", 10, usage).replicas()).isEqualTo(4);
        assertThat(strict.byAverage("cpu", 11, usage).replicas()).isEqualTo(4);
        assertThat(strict.byAverage("cpu", 7, usage).replicas()).isEqualTo(4);
        assertThat(strict.byAverage("cpu", 6, usage).replicas()).isEqualTo(7);
        assertThat(strict.byAverage("cpu", 20, usage).replicas()).isEqualTo(2);
    }

    @Test
    @DisplayName(
            "HPA-2: without requests a pod that nothing is known of is taken to use the target when there are too many")
    void takesTheTargetForWhatIsMissing() throws Exception {
        running(10, 10, 10, null);
        assertThat(count().byAverage(null, 40, usage).replicas()).isEqualTo(2);
        assertThat(count().byAverage(null, 5, usage).replicas()).isEqualTo(6);
        assertThat(count().byAverage(null, 9, usage).replicas()).isEqualTo(4);
    }

    @Test
    @DisplayName("HPA-2: only for CPU does it matter how long a pod has been ready")
    void trustsOtherMetricsOfYoungPods() throws Exception {
        running(100);
        pod("Running", false, 900);
        pods.get(1).getStatus().setStartTime("2026-01-01T00:59:00Z");
        assertThat(count().byAverage("cpu", 100, usage).replicas()).isEqualTo(2);
        assertThat(count().byAverage("memory", 100, usage).replicas()).isEqualTo(10);
    }

    @Test
    @DisplayName(
            "HPA-2: for 5 minutes a sample counts if its window began when the pod was ready; later unless it never was")
    void judgesCpuByReadinessAndAge() throws Exception {
        running(100, 100);
        pods.get(1).getStatus().setStartTime("2026-01-01T00:55:01Z");
        pods.get(1).getStatus().getConditions().get(0).setLastTransitionTime("2026-01-01T00:59:59Z");
        assertThat(proposed()).as("ready for a window").isEqualTo(4);
        pods.get(1).getStatus().getConditions().get(0).setLastTransitionTime("2026-01-01T01:00:00Z");
        assertThat(proposed()).as("ready for less than a window").isEqualTo(2);
        pods.get(1).getStatus().setStartTime("2026-01-01T00:55:00Z");
        assertThat(proposed()).as("old enough").isEqualTo(4);
        pods.get(1).getStatus().getConditions().get(0).setStatus("False");
        assertThat(proposed()).as("was ready once").isEqualTo(4);
        pods.get(1).getStatus().getConditions().get(0).setLastTransitionTime("2026-01-01T00:55:29Z");
        assertThat(proposed()).as("has never been ready").isEqualTo(2);
    }

    @Test
    @DisplayName("HPA-1: a value is shared by the pods that are ready, and by none it calls for as many as it is large")
    void bringsAValueToItsTarget() throws Exception {
        running(0, 0, 0);
        pod("Running", false, 0);
        assertThat(count().byValue(10_000, 20_000).replicas()).isEqualTo(6);
        assertThat(count().byValue(10_000, 10_999).replicas()).isEqualTo(4);
        assertThat(count(0, 0).byValue(10_000, 25_000).replicas()).isEqualTo(3);
        assertThat(count(0, 0).byValue(10_000, 0).replicas()).isZero();
        pods.clear();
        assertThatThrownBy(() -> count(2, 2).byValue(10_000, 25_000))
                .hasMessage(
                        "unable to calculate ready pods: no pods returned by selector while calculating replica count");
    }

    @Test
    @DisplayName("HPA-1: a value of which each pod has a part calls for as many pods as parts, however many are ready")
    void dividesAValueByItsTarget() {
        ReplicaCount.Proposal proposal = count(5, 4).perPod(10_000, 71_000);
        assertThat(proposal.replicas()).isEqualTo(8);
        assertThat(proposal.usage()).isEqualTo(17_750);
        assertThat(count(5, 4).perPod(10_000, 43_000).replicas())
                .as("tolerated")
                .isEqualTo(4);
        assertThat(count(0, 0).perPod(10_000, 43_000).replicas()).isEqualTo(5);
        assertThat(count(0, 0).perPod(10_000, 0).replicas()).isZero();
    }

    @Test
    @DisplayName("HPA-1: a share is of what a pod requests: as a whole if it says so, else with the sidecars")
    void countsRequestsAsTheSchedulerDoes() throws Exception {
        running(100);
        Pod plain = pods.get(0);
        Pod sidecar = new PodBuilder(plain)
                .editSpec()
                .addNewInitContainer()
                .withName("side")
                .withRestartPolicy("Always")
                .withNewResources()
                .addToRequests("cpu", new Quantity("300m"))
                .endResources()
                .endInitContainer()
                .addNewInitContainer()
                .withName("once")
                .endInitContainer()
                .endSpec()
                .build();
        Pod whole = new PodBuilder(sidecar)
                .editSpec()
                .withNewResources()
                .addToRequests("cpu", new Quantity("1"))
                .endResources()
                .endSpec()
                .build();

        assertThat(new PodRequests("cpu", null).of(List.of(plain))).containsEntry("p0", 100L);
        assertThat(new PodRequests("cpu", null).of(List.of(sidecar))).containsEntry("p0", 400L);
        assertThat(new PodRequests("cpu", "side").of(List.of(whole))).containsEntry("p0", 300L);
        assertThat(new PodRequests("cpu", null).of(List.of(whole))).containsEntry("p0", 1000L);
        assertThatThrownBy(() -> new PodRequests("memory", null).of(List.of(whole)))
                .hasMessage("missing pod-level request for memory in Pod p0");
        assertThatThrownBy(() -> new PodRequests("cpu", "other").of(List.of(plain)))
                .hasMessage("container other not found in Pod p0");
    }
}

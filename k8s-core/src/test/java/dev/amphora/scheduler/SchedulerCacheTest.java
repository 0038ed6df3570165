package dev.amphora.scheduler;

import static dev.amphora.scheduler.Bench.node;
import static dev.amphora.scheduler.Bench.pod;
import static org.assertj.core.api.Assertions.assertThat;

import dev.amphora.scheduler.framework.NodeInfo;
import dev.amphora.scheduler.framework.PodInfo;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import java.util.Objects;
import org.junit.jupiter.api.Test;

class SchedulerCacheTest {
    private final SchedulerCache cache = new SchedulerCache();

    @Test
    void nodesStandRoundRobinOverZonesInTheOrderOfTheirFirstAppearance() {
        cache.addNode(inZone("a1", "a").build());
        cache.addNode(inZone("a2", "a").build());
        cache.addNode(inZone("b1", "b").build());
        cache.addNode(node("c").build());

        assertThat(cache.snapshot().nodes()).extracting(NodeInfo::name).containsExactly("a1", "b1", "c", "a2");

        cache.removeNode(inZone("b1", "b").build());
        cache.addNode(inZone("b2", "b").build());
        assertThat(cache.snapshot().nodes()).extracting(NodeInfo::name).containsExactly("a1", "c", "b2", "a2");
    }

    private static NodeBuilder inZone(String name, String zone) {
        return node(name)
                .editMetadata()
                .addToLabels("topology.kubernetes.io/zone", zone)
                .endMetadata();
    }

    @Test
    void aSnapshotStaysAsItIsUntilTheNextOne() {
        cache.addNode(node("a").build());
        NodeInfo before = cache.snapshot().nodes().get(0);
        cache.assume(info("p", "1"), "a");

        assertThat(cache.view().nodes().get(0)).isSameAs(before);
        assertThat(cache.snapshot().nodes().get(0).requested().milliCpu()).isEqualTo(1000);
        assertThat(before.requested().milliCpu()).isZero();
    }

    @Test
    void anAssumedPodIsCountedOnceWhenItIsConfirmed() {
        cache.addNode(node("a").build());
        cache.assume(info("p", "1"), "a");
        assertThat(cache.isAssumed("uid-p")).isTrue();

        cache.addPod(PodInfo.of(
                pod("p", "1", null).editSpec().withNodeName("a").endSpec().build()));

        assertThat(cache.isAssumed("uid-p")).isFalse();
        assertThat(onNode("a").pods()).hasSize(1);
        assertThat(onNode("a").requested().milliCpu()).isEqualTo(1000);
    }

    @Test
    void aForgottenPodLeavesNothingBehind() {
        cache.addNode(node("a").build());
        PodInfo pod = info("p", "1");
        cache.assume(pod, "a");

        cache.forget(pod);

        assertThat(onNode("a").pods()).isEmpty();
        assertThat(onNode("a").requested().isZero()).isTrue();
    }

    @Test
    void podsOutliveTheirNodesObject() {
        cache.addPod(PodInfo.of(
                pod("p", "1", null).editSpec().withNodeName("a").endSpec().build()));
        assertThat(cache.snapshot().nodes()).isEmpty();

        cache.addNode(node("a").build());
        assertThat(onNode("a").pods()).hasSize(1);

        cache.removeNode(node("a").build());
        assertThat(cache.snapshot().nodes()).isEmpty();
        assertThat(cache.snapshot().node("a")).isNull();

        cache.addNode(node("a").build());
        assertThat(onNode("a").pods()).hasSize(1);
    }

    private NodeInfo onNode(String name) {
        return Objects.requireNonNull(cache.snapshot().node(name));
    }

    private static PodInfo info(String name, String cpu) {
        return PodInfo.of(pod(name, cpu, null).build());
    }
}

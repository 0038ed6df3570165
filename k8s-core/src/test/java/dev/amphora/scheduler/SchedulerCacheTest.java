package dev.amphora.scheduler;

import static dev.amphora.scheduler.Bench.node;
import static dev.amphora.scheduler.Bench.pod;
import static org.assertj.core.api.Assertions.assertThat;

import dev.amphora.scheduler.framework.LabelMatcher;
import dev.amphora.scheduler.framework.NodeInfo;
import dev.amphora.scheduler.framework.NodeSnapshot;
import dev.amphora.scheduler.framework.PodInfo;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import java.util.Map;
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

    @Test
    void podsAreCountedByTheirLabelsAsOneByOne() {
        cache.addNode(node("a").build());
        cache.addNode(node("b").build());
        cache.addPod(labelled("p", "a", "web", false));
        cache.addPod(labelled("q", "b", "web", false));
        cache.addPod(labelled("r", "b", "db", false));
        cache.addPod(labelled("s", "b", "web", true));
        cache.addPod(labelled("t", "elsewhere", "web", false));
        cache.addPod(labelled("u", "a", "db", false));
        cache.updatePod(labelled("u", "a", "web", false));
        cache.updatePod(labelled("q", "b", "web", true));

        assertThat(counted(cache)).containsExactly(2, 0);
        assertThat(counted(cache.copy())).containsExactly(2, 0);

        cache.removePod(labelled("u", "a", "web", false));
        cache.removePod(labelled("q", "b", "web", true));
        cache.updatePod(labelled("r", "b", "web", false));
        assertThat(counted(cache)).containsExactly(1, 1);
    }

    /** How many pods match on each node, after a look at whether the index says what the pods say. */
    private static int[] counted(SchedulerCache cache) {
        NodeSnapshot snapshot = cache.snapshot();
        LabelMatcher web = LabelMatcher.of(Map.of("app", "web"));
        int[] counts = new int[snapshot.nodes().size()];
        snapshot.countPods("default", web, (place, count) -> counts[place] += count);
        for (int place = 0; place < counts.length; place++) {
            assertThat(counts[place]).isEqualTo((int) snapshot.nodes().get(place).pods().stream()
                    .filter(pod -> !pod.isTerminating() && web.matches(pod.labels()))
                    .count());
        }
        return counts;
    }

    private static PodInfo labelled(String name, String node, String app, boolean terminating) {
        return PodInfo.of(pod(name, "1", null)
                .editMetadata()
                .addToLabels("app", app)
                .withDeletionTimestamp(terminating ? "2026-01-01T00:00:00Z" : null)
                .endMetadata()
                .editSpec()
                .withNodeName(node)
                .endSpec()
                .build());
    }
}

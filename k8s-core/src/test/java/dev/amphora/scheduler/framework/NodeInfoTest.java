package dev.amphora.scheduler.framework;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import org.junit.jupiter.api.Test;

class NodeInfoTest {
    private final NodeInfo empty = NodeInfo.of(
            new NodeBuilder().withNewMetadata().withName("n").endMetadata().build());

    @Test
    void aPodMoreAndLessIsAnotherNodeAndTheFirstStaysAsItWas() {
        NodeInfo one = empty.plus(pod("a"));
        NodeInfo two = one.plus(pod("b"));

        assertThat(empty.pods()).isEmpty();
        assertThat(one.pods()).extracting(PodInfo::name).containsExactly("a");
        assertThat(two.pods()).extracting(PodInfo::name).containsExactly("a", "b");
        assertThat(two.requested().milliCpu()).isEqualTo(2000);
        assertThat(two.minus(pod("a")).minus(pod("b")).requested()).isEqualTo(empty.requested());
    }

    @Test
    void twoVersionsMayGrowFromOne() {
        NodeInfo one = empty.plus(pod("a"));
        NodeInfo left = one.plus(pod("b"));
        NodeInfo right = one.plus(pod("c"));

        assertThat(left.pods()).extracting(PodInfo::name).containsExactly("a", "b");
        assertThat(right.pods()).extracting(PodInfo::name).containsExactly("a", "c");
    }

    @Test
    void theLastPodTakesThePlaceOfOneThatGoes() {
        NodeInfo three = empty.plus(pod("a")).plus(pod("b")).plus(pod("c"));

        assertThat(three.minus(pod("a")).pods()).extracting(PodInfo::name).containsExactly("c", "b");
        assertThat(three.pods()).extracting(PodInfo::name).containsExactly("a", "b", "c");
    }

    @Test
    void aPodThatIsNotThereChangesNothing() {
        NodeInfo one = empty.plus(pod("a"));

        assertThat(one.minus(pod("z"))).isSameAs(one);
    }

    private static PodInfo pod(String name) {
        return PodInfo.of(new PodBuilder()
                .withNewMetadata()
                .withName(name)
                .withNamespace("default")
                .withUid(name)
                .endMetadata()
                .withNewSpec()
                .addNewContainer()
                .withName("c")
                .withNewResources()
                .addToRequests("cpu", new Quantity("1"))
                .endResources()
                .endContainer()
                .endSpec()
                .build());
    }
}

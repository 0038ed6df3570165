package dev.amphora.scheduler;

import static dev.amphora.scheduler.Bench.node;
import static dev.amphora.scheduler.Bench.pod;
import static org.assertj.core.api.Assertions.assertThat;

import dev.amphora.scheduler.framework.Actions;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Which events changes are, as the reference names them. */
class ClusterChangesTest {

    private static List<String> names(HasMetadata before, HasMetadata after) {
        return ClusterChanges.of(before, after).stream()
                .flatMap(event -> Actions.names(event.actions()).stream())
                .toList();
    }

    @Test
    void uncordoningComesFirstAndCountsAsATaintThatGoes() {
        NodeBuilder cordoned = node("a").editSpec().withUnschedulable(true).endSpec();
        NodeBuilder free = node("a")
                .editMetadata()
                .addToLabels("disk", "ssd")
                .endMetadata()
                .editSpec()
                .addNewTaint()
                .withKey("k")
                .withEffect("NoSchedule")
                .endTaint()
                .endSpec();

        assertThat(names(cordoned.build(), free.build()))
                .containsExactly("UpdateNodeTaint", "UpdateNodeLabel", "UpdateNodeTaint");
        assertThat(names(node("a").build(), cordoned.build())).isEmpty();
    }

    @Test
    void allocatableChangesByValueOrName() {
        assertThat(names(node("a").build(), allocatable("memory", "8192Mi"))).isEmpty();
        assertThat(names(node("a").build(), allocatable("memory", "8Gi"))).isEmpty();
        assertThat(names(node("a").build(), allocatable("ephemeral-storage", "0")))
                .containsExactly("UpdateNodeAllocatable");
        assertThat(names(node("a").build(), allocatable("unknown", "1"))).containsExactly("UpdateNodeAllocatable");
    }

    private static HasMetadata allocatable(String name, String amount) {
        return node("a")
                .editStatus()
                .addToAllocatable(name, new Quantity(amount))
                .endStatus()
                .build();
    }

    @Test
    void declaredFeaturesThatChangeAreAnEvent() {
        assertThat(names(
                        node("a").build(),
                        node("a")
                                .editStatus()
                                .withDeclaredFeatures("RestartAllContainersOnContainerExits")
                                .endStatus()
                                .build()))
                .containsExactly("UpdateNodeDeclaredFeature");
    }

    @Test
    void aRequestThatIsNoLongerNamedIsOneThatShrank() {
        PodBuilder zero = pod("p", "0", null);

        assertThat(names(zero.build(), pod("p").build())).containsExactly("UpdatePodScaleDown");
        assertThat(names(pod("p").build(), zero.build())).containsExactly("Update");
    }

    @Test
    void aClaimForExtendedResourcesThatBecomesKnownIsAnEvent() {
        PodBuilder claimed = pod("p").withNewStatus()
                .withNewExtendedResourceClaimStatus()
                .withResourceClaimName("c")
                .endExtendedResourceClaimStatus()
                .endStatus();

        assertThat(names(pod("p").build(), claimed.build())).containsExactly("UpdatePodGeneratedResourceClaim");
        assertThat(names(pod("p").build(), pod("p").withNewStatus().endStatus().build()))
                .containsExactly("Update");
    }
}

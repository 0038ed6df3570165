package dev.amphora.scheduler.plugins;

import static org.assertj.core.api.Assertions.assertThat;

import dev.amphora.scheduler.framework.Lister;
import dev.amphora.scheduler.framework.PodInfo;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.PodResourceClaim;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceClaim;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceClaimBuilder;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Pods that wait for their claims are let go by these and by no others. */
class HeldPodsTest {
    private final HeldPods held = new HeldPods(new Lister<>() {
        @Override
        public @Nullable Pod get(@Nullable String namespace, String name) {
            return null;
        }

        @Override
        public List<Pod> list(@Nullable String namespace) {
            return List.of();
        }
    });

    private static PodInfo pod(String name, PodResourceClaim... claims) {
        return PodInfo.of(new PodBuilder()
                .withNewMetadata()
                .withNamespace("default")
                .withName(name)
                .withUid("uid-" + name)
                .endMetadata()
                .withNewSpec()
                .withResourceClaims(claims)
                .endSpec()
                .build());
    }

    private static PodResourceClaim named(String claim) {
        return new PodResourceClaim("c", claim, null);
    }

    private static PodResourceClaim made() {
        return new PodResourceClaim("c", null, "template");
    }

    private static ResourceClaim claim(String name, String owner) {
        return new ResourceClaimBuilder()
                .withNewMetadata()
                .withNamespace("default")
                .withName(name)
                .addNewOwnerReference()
                .withUid(owner)
                .withController(true)
                .endOwnerReference()
                .endMetadata()
                .build();
    }

    @Test
    void aPodIsLetGoByTheClaimThatItNames() {
        held.hold(pod("a", named("one")));
        held.hold(pod("b", named("two")));

        assertThat(held.letGo(claim("three", "somebody"))).isEmpty();
        assertThat(held.letGo(claim("one", "somebody"))).containsExactly("uid-a");
        assertThat(held.letGo(claim("one", "somebody"))).isEmpty();
    }

    @Test
    void aPodThatIsNotToldTheNameIsLetGoByTheClaimThatWasMadeForIt() {
        held.hold(pod("a", made()));

        assertThat(held.letGo(claim("a-c-x7k2p", "uid-b"))).isEmpty();
        assertThat(held.letGo(claim("a-c-9vbq4", "uid-a"))).containsExactly("uid-a");
    }

    @Test
    void aPodThatIsNoLongerHeldIsNotLetGo() {
        held.hold(pod("a", named("one")));
        held.letGo("uid-a");

        assertThat(held.letGo(claim("one", "somebody"))).isEmpty();
    }

    @Test
    void podsThatHaveGoneWhileTheyWaitedAreForgotten() {
        for (int i = 0; i < 1_001; i++) {
            held.hold(pod("p" + i, named("one")));
        }

        assertThat(held.letGo(claim("one", "somebody"))).containsExactly("uid-p1000");
    }
}

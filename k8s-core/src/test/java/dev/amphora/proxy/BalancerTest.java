package dev.amphora.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.collect.ImmutableList;
import dev.amphora.kernel.SimulatedKernel;
import dev.amphora.proxy.ProxyPlan.Backend;
import dev.amphora.proxy.ProxyPlan.Route;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Who is chosen. */
class BalancerTest {
    private static final Backend A = new Backend("127.128.0.2", 80);
    private static final Backend B = new Backend("127.128.0.3", 80);

    private final SimulatedKernel kernel = new SimulatedKernel(1);

    @Test
    void takesTurns() {
        Balancer balancer = balancer(null, A, B);
        List<Backend> chosen = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            chosen.add(balancer.choose("c", 0));
        }

        assertThat(chosen).containsOnly(A, B).filteredOn(A::equals).hasSize(5);
    }

    @Test
    void keepsAClientAtItsBackendUntilTheBondEnds() {
        Balancer balancer = balancer(Duration.ofMinutes(1), A, B);
        Backend first = balancer.choose("c", 0);

        kernel.advance(Duration.ofSeconds(59));
        assertThat(balancer.choose("c", 0)).isEqualTo(first);
        kernel.advance(Duration.ofSeconds(61));
        assertThat(balancer.choose("c", 0)).isNotEqualTo(first);
    }

    @Test
    void forgetsABondToABackendThatIsGone() {
        Balancer balancer = balancer(Duration.ofMinutes(1), A);
        assertThat(balancer.choose("c", 0)).isEqualTo(A);

        balancer.update(new Route("default/web", ImmutableList.of(B), Duration.ofMinutes(1)));

        assertThat(balancer.choose("c", 0)).isEqualTo(B);
    }

    @Test
    void triesEachBackendOnce() {
        Balancer balancer = balancer(null, A, B);

        assertThat(List.of(balancer.choose("c", 0), balancer.choose("c", 1))).containsExactlyInAnyOrder(A, B);
        assertThat(balancer.choose("c", 2)).isNull();
    }

    private Balancer balancer(Duration affinity, Backend... backends) {
        return new Balancer(
                kernel, kernel.random(), new Route("default/web", ImmutableList.copyOf(backends), affinity));
    }
}

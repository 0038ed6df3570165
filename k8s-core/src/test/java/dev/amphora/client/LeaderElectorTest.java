package dev.amphora.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.amphora.api.ResourceType;
import dev.amphora.api.StatusException;
import dev.amphora.kernel.SimulatedKernel;
import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class LeaderElectorTest {
    private final SimulatedKernel kernel = new SimulatedKernel(11);
    private final ScriptedClient client = new ScriptedClient();
    private final List<String> history = new ArrayList<>();

    @Test
    void oneOfTwoLeadsAndTheOtherTakesOverWhenItLetsGo() {
        LeaderElector a = candidate("a", client);
        a.start();
        kernel.advance(Duration.ofSeconds(1));
        LeaderElector b = candidate("b", client);
        b.start();
        kernel.advance(Duration.ofMinutes(2));
        assertThat(a.isLeading()).isTrue();
        assertThat(b.isLeading()).isFalse();

        a.close();
        kernel.advance(Duration.ofSeconds(10));
        assertThat(history).containsExactly("a starts", "a stops", "b starts");
        assertThat(lease().getSpec().getHolderIdentity()).isEqualTo("b");
        assertThat(lease().getSpec().getLeaseDurationSeconds()).isEqualTo(15);
        assertThat(lease().getSpec().getLeaseTransitions()).isEqualTo(1);
    }

    @Test
    void aLeaderThatCannotRenewStepsDownBeforeAnotherLeads() {
        LeaderElector a = candidate("a", client);
        LeaderElector b = candidate("b", client);
        a.start();
        kernel.advance(Duration.ofSeconds(5));
        b.start();
        kernel.advance(Duration.ofSeconds(5));
        boolean[] refuse = {true};
        client.refusal =
                call -> refuse[0] && a.isLeading() ? StatusException.of(503, "ServiceUnavailable", "no", null) : null;
        kernel.advance(Duration.ofMinutes(1));
        assertThat(history).startsWith("a starts", "a stops");
        for (int i = 1; i < history.size(); i++) {
            assertThat(history.get(i).endsWith("starts"))
                    .isNotEqualTo(history.get(i - 1).endsWith("starts"));
        }
    }

    @Test
    void refusesSettingsThatLeaveNoTimeToRenew() {
        assertThatThrownBy(() -> new LeaderElector.Settings(
                        "ns", "l", "a", Duration.ofSeconds(10), Duration.ofSeconds(10), Duration.ofSeconds(2), true))
                .hasMessage("leaseDuration must be greater than renewDeadline");
    }

    private LeaderElector candidate(String name, Client on) {
        return new LeaderElector(
                on, kernel, LeaderElector.Settings.of("kube-system", "lock", name), new LeaderElector.Callbacks() {
                    @Override
                    public void onStartedLeading() {
                        history.add(name + " starts");
                    }

                    @Override
                    public void onStoppedLeading() {
                        history.add(name + " stops");
                    }
                });
    }

    private Lease lease() {
        return client.get(ResourceType.of(Lease.class), "kube-system", "lock");
    }
}

package dev.amphora.scheduler;

import static dev.amphora.scheduler.Bench.node;
import static dev.amphora.scheduler.Bench.pod;
import static org.assertj.core.api.Assertions.assertThat;

import dev.amphora.kernel.SimulatedKernel;
import dev.amphora.scheduler.framework.Actions;
import dev.amphora.scheduler.framework.EnqueueExtensions;
import dev.amphora.scheduler.framework.EventResource;
import dev.amphora.scheduler.framework.EventToRegister;
import dev.amphora.scheduler.framework.PodInfo;
import dev.amphora.scheduler.framework.ReleasingPlugin;
import dev.amphora.scheduler.framework.Status;
import io.fabric8.kubernetes.api.model.HasMetadata;
import java.time.Duration;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Pods that a plugin holds back until it says so, as preemption does while it makes room. */
class ReleasingPluginTest {
    private final Gate gate = new Gate();
    private final SimulatedKernel kernel = new SimulatedKernel(1);
    private final Bench bench = new Bench(Profile.named("default-scheduler").with(gate, 1));
    private final SchedulingQueue queue = new SchedulingQueue(
            kernel,
            Map.of("default-scheduler", bench.framework),
            bench.nominations,
            Duration.ofSeconds(1),
            Duration.ofSeconds(10));

    private static final class Gate implements ReleasingPlugin, EnqueueExtensions {
        final Set<String> held = new HashSet<>();
        private List<String> released = List.of();
        int asked;

        void letGo(String uid) {
            held.remove(uid);
            released = List.of(uid);
        }

        @Override
        public String name() {
            return "Gate";
        }

        @Override
        public Status preEnqueue(PodInfo pod) {
            asked++;
            return held.contains(pod.uid()) ? Status.unresolvable("held") : Status.success();
        }

        @Override
        public Collection<String> released(@Nullable HasMetadata about) {
            List<String> uids = released;
            released = List.of();
            return uids;
        }

        @Override
        public List<EventToRegister> eventsToRegister() {
            return List.of(EventToRegister.always(EventResource.NODE, Actions.ADD));
        }
    }

    @Test
    void noEventLooksAtThemUntilTheyAreReleased() {
        queue.add(PodInfo.of(pod("p", "2", null).build()));
        QueuedPod tried = Objects.requireNonNull(queue.pop());
        gate.held.add(tried.pod.uid());
        tried.unschedulablePlugins.add("NodeResourcesFit");
        queue.addUnschedulable(tried);

        happened("first");
        int asked = gate.asked;
        happened("second");

        assertThat(queue.in(QueuedPod.Pool.UNSCHEDULABLE)).containsExactly(tried);
        assertThat(gate.asked).isEqualTo(asked);
        assertThat(queue.nextFlush()).isNull();

        gate.letGo(tried.pod.uid());
        happened("third");

        assertThat(queue.in(QueuedPod.Pool.BACKOFF)).containsExactly(tried);
        assertThat(queue.nextFlush()).isNotNull();
    }

    private void happened(String name) {
        queue.happened(ClusterChanges.NODE_ADD, null, node(name).build());
    }
}

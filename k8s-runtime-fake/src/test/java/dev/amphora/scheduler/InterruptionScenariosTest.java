package dev.amphora.scheduler;

import static org.assertj.core.api.Assertions.assertThat;

import dev.amphora.api.Json;
import dev.amphora.api.ResourceType;
import dev.amphora.api.StatusException;
import dev.amphora.client.DeleteOptions;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What becomes of pods when the scheduler does not hear of what happens, or the cluster changes under its decisions, in simulation. */
class InterruptionScenariosTest {
    private final SchedulerWorld world = new SchedulerWorld(3, DefaultScheduler.create());

    @AfterEach
    void close() {
        world.close();
    }

    private void advance(long seconds) {
        world.kernel.advance(Duration.ofSeconds(seconds));
    }

    private void deleteNode(String name) {
        world.client.delete(ResourceType.of(Node.class), null, name, DeleteOptions.defaults());
    }

    /** Does something right before the first binding arrives. */
    private void beforeBinding(Runnable what) {
        boolean[] done = {false};
        world.fault = (method, arguments) -> {
            if (SchedulerWorld.isBinding(method, arguments) && !done[0]) {
                done[0] = true;
                what.run();
            }
        };
    }

    @Test
    void aTaintThatComesBetweenDecisionAndBindingIsTooLate() {
        world.node("n1", "4");
        beforeBinding(
                () -> world.patchNode("n1", "{\"spec\":{\"taints\":[{\"key\":\"k\",\"effect\":\"NoSchedule\"}]}}"));
        world.create(SchedulerWorld.pod("a", "1"));
        advance(5);
        assertThat(world.nodeOf("a")).isEqualTo("n1");
        world.create(SchedulerWorld.pod("b", "1"));
        advance(5);
        assertThat(world.nodeOf("b")).isEmpty();
    }

    @Test
    void aNodeThatGoesAndComesBackKeepsThePodsThatWereOnTheirWayToIt() {
        world.node("n1", "1");
        beforeBinding(() -> deleteNode("n1"));
        world.create(SchedulerWorld.pod("a", "1"));
        advance(5);
        assertThat(world.nodeOf("a")).isEqualTo("n1");
        world.node("n1", "1");
        world.create(SchedulerWorld.pod("b", "1"));
        advance(5);
        assertThat(world.nodeOf("b")).isEmpty();
        world.delete("a");
        advance(15);
        assertThat(world.nodeOf("b")).isEqualTo("n1");
    }

    @Test
    void aPodThatSomebodyElseBindsMeanwhileStaysWhereItIs() {
        world.node("n1", "4");
        world.node("n2", "4");
        world.patchNode("n2", "{\"spec\":{\"unschedulable\":true}}");
        beforeBinding(() -> {
            world.client.subresource(
                    ResourceType.of(Pod.class),
                    "default",
                    "a",
                    "binding",
                    Json.read("{\"metadata\":{\"name\":\"a\"},\"target\":{\"kind\":\"Node\",\"name\":\"n2\"}}"
                            .getBytes(StandardCharsets.UTF_8)),
                    false);
            throw StatusException.conflict("", "pods", "a", "pod a is already assigned to node \"n2\"");
        });
        world.create(SchedulerWorld.pod("a", "4"));
        advance(15);
        assertThat(world.nodeOf("a")).isEqualTo("n2");
        world.create(SchedulerWorld.pod("b", "4"));
        advance(5);
        assertThat(world.nodeOf("b")).isEqualTo("n1");
    }

    @Test
    void whatHappensWhileTheSchedulerIsCutOffIsMadeUpFor() {
        world.node("n1", "2");
        world.create(SchedulerWorld.pod("old", "2"));
        world.settle();
        world.cutOff();
        world.create(SchedulerWorld.pod("young", "2"));
        world.create(SchedulerWorld.pod("brief", "1"));
        world.delete("old");
        world.delete("brief");
        world.node("n2", "1");
        world.node("n3", "1");
        deleteNode("n3");
        advance(10);
        assertThat(world.placement()).isEqualTo(Map.of("young", "null"));
        world.reconnect();
        assertThat(world.placement()).isEqualTo(Map.of("young", "n1"));
        world.create(SchedulerWorld.pod("last", "1"));
        advance(5);
        assertThat(world.nodeOf("last")).isEqualTo("n2");
    }

    @Test
    void aPodThatIsBoundAndGoneBeforeTheSchedulerHearsOfEitherLeavesItsRoomFree() {
        world.node("n1", "1");
        beforeBinding(world::cutOff);
        world.create(SchedulerWorld.pod("a", "1"));
        advance(5);
        assertThat(world.nodeOf("a")).isEqualTo("n1");
        world.delete("a");
        world.reconnect();
        world.create(SchedulerWorld.pod("b", "1"));
        advance(5);
        assertThat(world.nodeOf("b")).isEqualTo("n1");
    }

    @Test
    void aPodThatReplacesAnotherOfItsNameWhileTheSchedulerIsCutOffIsAnotherPod() {
        world.node("n1", "1");
        world.create(SchedulerWorld.pod("a", "1"));
        world.settle();
        world.cutOff();
        world.delete("a");
        world.create(SchedulerWorld.pod("a", "1"));
        world.reconnect();
        assertThat(world.nodeOf("a")).isEqualTo("n1");
        world.cutOff();
        world.delete("a");
        world.create(SchedulerWorld.pod("a", "2"));
        world.reconnect();
        assertThat(world.nodeOf("a")).isEmpty();
        world.create(SchedulerWorld.pod("b", "1"));
        advance(5);
        assertThat(world.nodeOf("b")).isEqualTo("n1");
    }

    @Test
    void anAssumedPodIsNotForgottenWhileTheSchedulerIsCutOff() {
        world.node("n1", "2");
        beforeBinding(world::cutOff);
        world.create(SchedulerWorld.pod("a", "1"));
        world.create(SchedulerWorld.pod("b", "1"));
        advance(300);
        world.reconnect();
        world.create(SchedulerWorld.pod("c", "1"));
        advance(10);
        assertThat(world.placement()).isEqualTo(Map.of("a", "n1", "b", "n1", "c", "null"));
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void aSuccessorThatStartsAmidBindingsFillsNoNodeTooMuch(long seed) {
        try (SchedulerWorld other = new SchedulerWorld(seed)) {
            DefaultScheduler first = other.start(DefaultScheduler.create());
            other.node("n1", "4");
            int[] bindings = {0};
            other.fault = (method, arguments) -> {
                if (SchedulerWorld.isBinding(method, arguments) && ++bindings[0] == 3) {
                    other.crash(first);
                    throw StatusException.internalError("crashed");
                }
            };
            for (int i = 0; i < 6; i++) {
                other.create(SchedulerWorld.pod("p" + i, "1"));
            }
            other.kernel.advance(Duration.ofSeconds(1));
            other.crash(first);
            other.start(DefaultScheduler.create());
            other.kernel.advance(Duration.ofMinutes(1));
            assertThat(other.placement().values().stream().filter("n1"::equals)).hasSize(4);
        }
    }
}

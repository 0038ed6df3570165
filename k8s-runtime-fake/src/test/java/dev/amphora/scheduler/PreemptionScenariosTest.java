package dev.amphora.scheduler;

import static org.assertj.core.api.Assertions.assertThat;

import dev.amphora.api.Json;
import dev.amphora.api.ResourceType;
import dev.amphora.api.StatusException;
import dev.amphora.client.DeleteOptions;
import dev.amphora.client.Patch;
import dev.amphora.scheduler.framework.CycleState;
import dev.amphora.scheduler.framework.PermitPlugin;
import dev.amphora.scheduler.framework.PodInfo;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudgetBuilder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Preemption and nominated nodes when things happen between the steps, in simulation. */
class PreemptionScenariosTest {
    private final SchedulerWorld world = new SchedulerWorld(9);
    private final List<String> deleted = new ArrayList<>();

    @BeforeEach
    void begin() {
        world.fault = (method, arguments) -> {
            if (method.equals("delete")) {
                deleted.add(String.valueOf(arguments[2]));
            }
        };
        world.priorityClass("high", 1000);
        world.priorityClass("highest", 2000);
        world.start(DefaultScheduler.builder().plugin(new Holder(), 0).seed(1).build());
    }

    @AfterEach
    void close() {
        world.close();
    }

    /** Holds pods that say so. */
    private static final class Holder implements PermitPlugin {
        @Override
        public String name() {
            return "Holder";
        }

        @Override
        public Result permit(CycleState state, PodInfo pod, String nodeName) {
            return pod.labels().containsKey("held") ? Result.hold(Duration.ofMinutes(10)) : Result.allow();
        }
    }

    private void advance(long seconds) {
        world.kernel.advance(Duration.ofSeconds(seconds));
    }

    private static PodBuilder pod(String name, String cpu, String priorityClass) {
        PodBuilder pod = SchedulerWorld.pod(name, cpu)
                .editSpec()
                .withTerminationGracePeriodSeconds(0L)
                .endSpec();
        return priorityClass.isEmpty()
                ? pod
                : pod.editSpec().withPriorityClassName(priorityClass).endSpec();
    }

    /** A pod that takes its time to end: until {@link #end}. */
    private static PodBuilder slow(String name, String cpu, String priorityClass) {
        return pod(name, cpu, priorityClass)
                .editMetadata()
                .addToFinalizers("example.dev/hold")
                .endMetadata();
    }

    private void end(String pod) {
        world.patch(Pod.class, pod, "{\"metadata\":{\"finalizers\":null}}");
        world.delete(pod, false);
    }

    private String nominated(String pod) {
        String node = world.get(pod).getStatus().getNominatedNodeName();
        return node == null ? "" : node;
    }

    @Test
    void aBudgetIsViolatedWhereThereIsNoOtherWay() {
        world.node("n1", "1");
        world.create(pod("guarded", "1", "")
                .editMetadata()
                .addToLabels("app", "guarded")
                .endMetadata());
        world.settle();
        world.client.create(new PodDisruptionBudgetBuilder()
                .withNewMetadata()
                .withNamespace("default")
                .withName("budget")
                .endMetadata()
                .withNewSpec()
                .withNewMinAvailable(1)
                .withNewSelector()
                .addToMatchLabels("app", "guarded")
                .endSelector()
                .endSpec()
                .build());
        world.create(pod("high", "1", "high"));
        advance(10);
        assertThat(world.placement()).isEqualTo(Map.of("high", "n1"));
    }

    @Test
    void aNominationIsClearedWhenAMoreImportantPodTakesItsPlace() {
        world.node("n1", "1");
        world.create(slow("low", "1", ""));
        world.settle();
        world.create(pod("high", "1", "high"));
        advance(5);
        assertThat(nominated("high")).isEqualTo("n1");
        // the victim is on its way out already: nothing is deleted twice, and the place is taken when it is free
        world.create(pod("highest", "1", "highest"));
        advance(5);
        assertThat(nominated("highest")).isEqualTo("n1");
        assertThat(deleted).containsExactly("low");
        end("low");
        advance(10);
        assertThat(world.nodeOf("highest")).isEqualTo("n1");
        assertThat(nominated("high")).isEmpty();
        assertThat(world.notes("low", "Preempted")).hasSize(1);
    }

    @Test
    void neitherLessNorEquallyImportantPodsTakeTheRoomOfANominatedOne() {
        world.node("n1", "1");
        world.create(slow("low", "1", ""));
        world.settle();
        world.create(pod("high", "1", "high"));
        advance(5);
        world.create(pod("later", "1", ""));
        world.create(pod("equal", "1", "high"));
        advance(5);
        end("low");
        advance(20);
        assertThat(world.placement()).isEqualTo(Map.of("high", "n1", "later", "null", "equal", "null"));
    }

    @Test
    void aNominatedPodThatIsDeletedMakesRoomForOthers() {
        world.node("n1", "2");
        world.create(pod("base", "1", ""));
        world.create(slow("low", "1", ""));
        world.settle();
        world.create(pod("high", "2", "high"));
        advance(5);
        assertThat(nominated("high")).isEqualTo("n1");
        world.create(pod("later", "1", ""));
        advance(5);
        assertThat(world.nodeOf("later")).isEmpty();
        world.delete("high");
        advance(5);
        assertThat(world.nodeOf("later")).isEqualTo("n1");
    }

    @Test
    void aNominationThatIsTakenBackMakesRoomForOthers() {
        world.node("n1", "2");
        world.create(
                pod("a", "1", "high").editSpec().addNewSchedulingGate("wait").endSpec());
        world.settle();
        nominate("a", "\"n1\"");
        advance(5);
        world.create(pod("b", "2", ""));
        advance(5);
        assertThat(world.nodeOf("b")).isEmpty();
        nominate("a", "null");
        advance(5);
        assertThat(world.nodeOf("b")).isEqualTo("n1");
    }

    @Test
    void aNominatedPodThatGoesElsewhereMakesRoomForOthers() {
        world.node("n1", "2");
        world.node("n2", "2");
        world.patchNode("n2", "{\"spec\":{\"taints\":[{\"key\":\"k\",\"effect\":\"NoSchedule\"}]}}");
        world.create(slow("low", "1", ""));
        world.settle();
        world.create(pod("high", "2", "high"));
        advance(5);
        assertThat(nominated("high")).isEqualTo("n1");
        world.create(pod("later", "1", ""));
        advance(20);
        assertThat(world.nodeOf("later")).isEmpty();
        world.patch(Pod.class, "high", "{\"spec\":{\"tolerations\":[{\"key\":\"k\",\"operator\":\"Exists\"}]}}");
        advance(5);
        assertThat(world.placement()).isEqualTo(Map.of("low", "n1", "high", "n2", "later", "n1"));
    }

    @Test
    void aVictimThatSomebodyElseHasDeletedFirstIsNotWaitedFor() {
        world.fault = (method, arguments) -> {
            if (method.equals("patch") && arguments[2].equals("a")) {
                world.delete("a", false);
                world.delete("b", false);
            }
        };
        world.node("n1", "2");
        world.create(pod("a", "1", ""));
        world.create(pod("b", "1", ""));
        world.settle();
        world.create(pod("high", "2", "high"));
        advance(15);
        assertThat(world.placement()).isEqualTo(Map.of("high", "n1"));
    }

    private void nominate(String pod, String node) {
        world.client.patch(
                ResourceType.of(Pod.class),
                "default",
                pod,
                Patch.merge(Json.read(
                        ("{\"status\":{\"nominatedNodeName\":" + node + "}}").getBytes(StandardCharsets.UTF_8))),
                "status");
    }

    @Test
    void aPodWhoseNominatedNodeIsLostGoesElsewhere() {
        world.node("n1", "1");
        world.create(slow("low", "1", ""));
        world.settle();
        world.create(pod("high", "1", "high"));
        advance(5);
        world.client.delete(ResourceType.of(Node.class), null, "n1", DeleteOptions.defaults());
        world.node("n2", "1");
        advance(15);
        assertThat(world.nodeOf("high")).isEqualTo("n2");
    }

    @Test
    void aPodThatIsHeldIsLetGoInsteadOfDeleted() {
        world.node("n1", "1");
        world.create(
                pod("low", "1", "").editMetadata().addToLabels("held", "yes").endMetadata());
        advance(5);
        world.create(pod("high", "1", "high"));
        advance(15);
        assertThat(world.nodeOf("high")).isEqualTo("n1");
        assertThat(world.nodeOf("low")).isEmpty();
        assertThat(deleted).isEmpty();
        assertThat(world.notes("low", "FailedScheduling")).contains("0/1 nodes are available: 1 preempted.");
        assertThat(world.notes("low", "Preempted")).hasSize(1);
    }

    @Test
    void aVictimThatCouldNotBeDeletedIsTriedAgain() {
        int[] failures = {2};
        world.fault = (method, arguments) -> {
            if (method.equals("delete") && failures[0]-- > 0) {
                throw StatusException.internalError("down");
            }
        };
        world.node("n1", "1");
        world.create(pod("low", "1", ""));
        world.settle();
        world.create(pod("high", "1", "high"));
        advance(30);
        assertThat(world.placement()).isEqualTo(Map.of("high", "n1"));
    }

    @Test
    void aServerThatRefusesToDeleteIsAskedAgainInPeaceAndQuiet() {
        int[] calls = {0};
        world.fault = (method, arguments) -> {
            if (method.equals("delete")) {
                calls[0]++;
                throw StatusException.internalError("down");
            }
        };
        world.node("n1", "1");
        world.create(pod("low", "1", ""));
        world.settle();
        world.create(pod("high", "1", "high"));
        advance(60);
        assertThat(calls[0]).isBetween(5, 70);
        world.fault = (method, arguments) -> {};
        advance(5);
        assertThat(world.placement()).isEqualTo(Map.of("high", "n1"));
    }

    @Test
    @DisplayName("surprises, Scheduler 3: what exceeds a node's size is no reason to delete anybody there")
    void nobodyIsDeletedForAPodThatWouldNotFitOnAnEmptyNode() {
        world.node("n1", "1");
        world.create(pod("low", "1", ""));
        world.settle();
        world.create(pod("high", "2", "high"));
        advance(30);
        assertThat(deleted).isEmpty();
        assertThat(nominated("high")).isEmpty();
    }

    @Test
    @DisplayName(
            "surprises, Scheduler 14: a nominated node is tried alone first and taken though another has come that is emptier")
    void aNominatedNodeIsTakenThoughABetterOneHasCome() {
        world.node("n1", "1");
        world.create(slow("low", "1", ""));
        world.settle();
        world.create(pod("high", "1", "high"));
        advance(5);
        int[] calls = {0};
        world.fault = (method, arguments) -> calls[0]++;
        end("low");
        world.node("n2", "8");
        advance(10);
        assertThat(world.nodeOf("high")).isEqualTo("n1");
    }
}

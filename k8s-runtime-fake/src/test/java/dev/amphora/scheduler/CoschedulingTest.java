package dev.amphora.scheduler;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.Json;
import dev.amphora.api.ResourceType;
import dev.amphora.api.StatusException;
import dev.amphora.client.Patch;
import dev.amphora.scheduler.framework.QueueSortPlugin;
import dev.amphora.scheduler.plugins.Coscheduling;
import dev.amphora.scheduler.plugins.PodGroup;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceDefinition;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Gang scheduling by PodGroups, in simulation. */
class CoschedulingTest {
    private final SchedulerWorld world = new SchedulerWorld(1);

    private void start(ObjectNode args) {
        try (InputStream yaml = Coscheduling.class.getResourceAsStream("/dev/amphora/scheduler/podgroups.yaml")) {
            world.client.create(new KubernetesSerialization().unmarshal(yaml, CustomResourceDefinition.class));
        } catch (IOException e) {
            throw new AssertionError(e);
        }
        world.settle();
        Profile profile = Profile.named("default-scheduler")
                .with(Coscheduling.NAME, 0, Coscheduling.factory())
                .args(Coscheduling.NAME, args)
                .without("PrioritySort", QueueSortPlugin.class);
        world.start(DefaultScheduler.builder().profile(profile).seed(1).build());
    }

    @AfterEach
    void close() {
        world.close();
    }

    private void group(String name, int minMember, Integer timeout) {
        PodGroup group = new PodGroup();
        group.getMetadata().setNamespace("default");
        group.getMetadata().setName(name);
        group.setSpec(new PodGroup.Spec(minMember, timeout, null));
        world.client.create(group);
    }

    private static PodBuilder member(String name, String group, String cpu) {
        return SchedulerWorld.pod(name, cpu)
                .editMetadata()
                .addToLabels(PodGroup.LABEL, group)
                .endMetadata();
    }

    private Collection<String> places() {
        return world.placement().values();
    }

    @Test
    void aGroupIsBoundOnceAllHaveANode() {
        start(Json.object());
        world.node("n1", "4");
        group("g", 3, null);
        world.create(member("a", "g", "1"));
        world.create(member("b", "g", "1"));
        world.kernel.advance(Duration.ofSeconds(30));
        assertThat(places()).containsOnly("null");
        assertThat(world.notes("a", "FailedScheduling"))
                .anyMatch(note -> note.contains("cannot find enough sibling pods, current pods number: "));

        world.create(member("c", "g", "1"));
        world.kernel.advance(Duration.ofSeconds(5));
        assertThat(places()).containsOnly("n1");
    }

    @Test
    void nobodyIsBoundWhereNotAllFit() {
        start(Json.object());
        world.node("n1", "2");
        group("g", 3, null);
        List.of("a", "b", "c").forEach(name -> world.create(member(name, "g", "1")));
        world.kernel.advance(Duration.ofMinutes(2));
        assertThat(places()).containsOnly("null");

        world.node("n2", "2");
        world.kernel.advance(Duration.ofMinutes(1));
        assertThat(places()).doesNotContain("null");
    }

    @Test
    void whatAGroupHoldsInVainIsFreeForOthers() {
        start(Json.object());
        world.node("n1", "2");
        group("g", 3, null);
        List.of("a", "b", "c").forEach(name -> world.create(member(name, "g", "1")));
        world.kernel.advance(Duration.ofSeconds(30));
        world.create(SchedulerWorld.pod("single", "2"));
        world.kernel.advance(Duration.ofMinutes(1));
        assertThat(world.placement()).containsEntry("single", "n1").containsEntry("a", "null");
    }

    @Test
    void aWaitingPodIsLetGoWhenItsTimeIsOver() {
        start(Json.object());
        world.node("n1", "8");
        group("g", 2, 10);
        world.create(member("a", "g", "1"));
        world.create(
                member("b", "g", "1").editSpec().addNewSchedulingGate("wait").endSpec());
        world.kernel.advance(Duration.ofSeconds(30));
        assertThat(places()).containsOnly("null");
        assertThat(world.notes("a", "FailedScheduling"))
                .contains(
                        "0/1 nodes are available: 1 rejected due to timeout after waiting 10s at plugin Coscheduling.");

        world.client.patch(
                ResourceType.of(Pod.class),
                "default",
                "b",
                Patch.merge(Json.read("{\"spec\":{\"schedulingGates\":null}}".getBytes(StandardCharsets.UTF_8))),
                null);
        world.kernel.advance(Duration.ofMinutes(1));
        assertThat(places()).containsOnly("n1");
    }

    @Test
    void aPodDeletedWhileItWaitsFreesItsRoom() {
        start(Json.object());
        world.node("n1", "1");
        group("g", 2, 600);
        world.create(member("a", "g", "1"));
        world.create(
                member("b", "g", "1").editSpec().addNewSchedulingGate("wait").endSpec());
        world.settle();
        world.delete("a");
        world.create(SchedulerWorld.pod("single", "1"));
        world.kernel.advance(Duration.ofSeconds(20));
        assertThat(world.nodeOf("single")).isEqualTo("n1");
    }

    @Test
    void aGroupThatIsCompleteTakesLatecomersOneByOne() {
        start(Json.object());
        world.node("n1", "3");
        group("g", 2, null);
        world.create(member("a", "g", "1"));
        world.create(member("b", "g", "1"));
        world.kernel.advance(Duration.ofSeconds(20));
        world.create(member("c", "g", "1"));
        world.create(member("d", "g", "1"));
        world.kernel.advance(Duration.ofSeconds(20));
        assertThat(places().stream().filter("n1"::equals)).hasSize(3);
    }

    @Test
    void anotherSchedulerKnowsOfTheMembersThatItsPredecessorBound() {
        start(Json.object());
        world.node("n1", "3");
        group("g", 2, null);
        world.create(member("a", "g", "1"));
        world.create(member("b", "g", "1"));
        world.kernel.advance(Duration.ofSeconds(20));
        world.delete("b");
        Profile second = Profile.named("default-scheduler")
                .with(Coscheduling.NAME, 0, Coscheduling.factory())
                .without("PrioritySort", QueueSortPlugin.class);
        world.crashAll();
        world.start(DefaultScheduler.builder().profile(second).build());
        world.create(member("c", "g", "1"));
        world.kernel.advance(Duration.ofSeconds(20));
        assertThat(world.placement()).isEqualTo(Map.of("a", "n1", "c", "n1"));
    }

    @Test
    void groupsOfTheSamePriorityComeByAge() {
        start(Json.object());
        group("old", 2, null);
        world.kernel.advance(Duration.ofSeconds(2));
        group("young", 2, null);
        world.create(member("y1", "young", "1"));
        world.create(member("o1", "old", "1"));
        world.create(member("y2", "young", "1"));
        world.create(member("o2", "old", "1"));
        world.kernel.advance(Duration.ofSeconds(15));
        world.node("n1", "2");
        world.kernel.advance(Duration.ofSeconds(30));
        assertThat(world.placement()).isEqualTo(Map.of("o1", "n1", "o2", "n1", "y1", "null", "y2", "null"));
    }

    @Test
    void aGroupThatFailedIsLeftAloneForAWhile() {
        start(Json.object().put("podGroupBackoffSeconds", 120));
        world.node("n1", "1");
        group("g", 2, null);
        world.create(member("a", "g", "1"));
        world.create(member("b", "g", "1"));
        world.kernel.advance(Duration.ofSeconds(20));
        world.node("n2", "1");
        world.kernel.advance(Duration.ofSeconds(30));
        assertThat(places()).containsOnly("null");
        world.kernel.advance(Duration.ofMinutes(10));
        assertThat(places()).doesNotContain("null");
    }

    @Test
    void aPodWaitsForTheGroupThatItNames() {
        start(Json.object());
        world.node("n1", "2");
        world.create(member("a", "g", "1"));
        world.settle();
        assertThat(world.notes("a", "FailedScheduling")).contains("0/1 nodes are available: 1 PodGroup not found.");
        group("g", 1, null);
        world.kernel.advance(Duration.ofSeconds(20));
        assertThat(world.nodeOf("a")).isEqualTo("n1");
    }

    @Test
    void aMemberWhoseBindingFailsIsBoundLaterAndTheOthersStay() {
        start(Json.object());
        world.node("n1", "3");
        group("g", 3, null);
        world.failBindings(1, StatusException.internalError("down"));
        List.of("a", "b", "c").forEach(name -> world.create(member(name, "g", "1")));
        world.kernel.advance(Duration.ofMillis(500));
        assertThat(places().stream().filter("n1"::equals)).hasSize(2);
        world.kernel.advance(Duration.ofSeconds(20));
        assertThat(places()).containsOnly("n1");
    }

    @Test
    void aGroupThatIsPartlyPlacedIsLetGoTogetherWhenItsTimeIsOverAndBoundWhenThereIsRoom() {
        start(Json.object());
        world.node("n1", "10");
        group("g", 11, 30);
        for (int i = 0; i < 11; i++) {
            world.create(member("m" + i, "g", "1"));
        }
        world.kernel.advance(Duration.ofSeconds(20));
        assertThat(places()).containsOnly("null");
        world.create(SchedulerWorld.pod("single", "1"));
        world.kernel.advance(Duration.ofSeconds(60));
        assertThat(world.placement().entrySet().stream()
                        .filter(each -> !each.getKey().equals("single"))
                        .map(Map.Entry::getValue))
                .containsOnly("null");
        world.node("n2", "4");
        world.kernel.advance(Duration.ofMinutes(2));
        assertThat(places()).doesNotContain("null");
    }
}

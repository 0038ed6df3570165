package dev.amphora.controller;

import static dev.amphora.controller.DeploymentSimulationTest.deployment;
import static dev.amphora.controller.DeploymentSimulationTest.setImage;
import static dev.amphora.controller.DeploymentSimulationTest.world;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.apiserver.ApiResult;
import dev.amphora.client.OwnerReferences;
import io.fabric8.kubernetes.api.model.IntOrString;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.apps.DeploymentBuilder;
import io.fabric8.kubernetes.api.model.apps.ReplicaSet;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What holds during a rollout, and what stops, resumes or undoes one. */
class RolloutSimulationTest {

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
    @DisplayName(
            "DEP-10, DEP-11: at no time is a pod too few ready or a replica too many wanted, even if many change at once")
    void staysWithinItsBounds(long seed) {
        try (ControllerWorld world = world(seed)) {
            world.client.create(sized(10, 3, 2));
            world.settle();
            world.kubeletRounds(1);
            List<String> breaches = new ArrayList<>();
            Runnable listening = world.server.listen((at, request, result) -> breaches.addAll(breaches(world, result)));
            setImage(world, "img:2");
            world.settle();
            world.kubeletRounds(6);
            listening.run();
            assertThat(breaches).isEmpty();
            assertThat(sizes(world)).containsExactly(Map.entry("img:1", 0), Map.entry("img:2", 10));
        }
    }

    private static List<String> breaches(ControllerWorld world, ApiResult result) {
        ObjectNode written = result.tree();
        int ready = 0;
        for (ObjectNode pod : world.server.objects().list("", "pods", "default")) {
            boolean deleted = pod.path("metadata").has("deletionTimestamp");
            for (var condition : pod.path("status").path("conditions")) {
                if (!deleted
                        && condition.path("type").asText().equals("Ready")
                        && condition.path("status").asText().equals("True")) {
                    ready++;
                }
            }
        }
        int wanted = 0;
        for (ObjectNode set : world.server.objects().list("apps", "replicasets", "default")) {
            wanted += set.path("spec").path("replicas").asInt();
        }
        List<String> breaches = new ArrayList<>();
        if (ready < 8 && !written.path("kind").asText().equals("Event")) {
            breaches.add("only " + ready + " ready");
        }
        if (wanted > 13) {
            breaches.add(wanted + " wanted");
        }
        return breaches;
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4})
    @DisplayName(
            "DEP-13: a version that never gets ready rests at 8 old and 5 new; a sick old pod changes nothing; undone")
    void aBrokenVersionRestsAndIsUndone(long seed) {
        try (ControllerWorld world = world(seed)) {
            world.client.create(sized(10, 3, 2));
            world.settle();
            world.kubeletRounds(1);
            setImage(world, "img:bad");
            settleWithoutNewPods(world);
            assertThat(sizes(world)).containsExactly(Map.entry("img:1", 8), Map.entry("img:bad", 5));

            Pod sick = world.list(Pod.class).stream()
                    .filter(pod -> image(pod.getSpec().getContainers().get(0).getImage()))
                    .findFirst()
                    .orElseThrow();
            world.setPhase(sick, "Running", false);
            settleWithoutNewPods(world);
            assertThat(sizes(world)).containsExactly(Map.entry("img:1", 8), Map.entry("img:bad", 5));

            setImage(world, "img:1");
            world.settle();
            world.kubeletRounds(6);
            assertThat(sizes(world)).containsExactly(Map.entry("img:1", 10), Map.entry("img:bad", 0));
            assertThat(world.kernel.failures()).isEmpty();
        }
    }

    private static boolean image(String image) {
        return image.equals("img:1");
    }

    private static void settleWithoutNewPods(ControllerWorld world) {
        for (int i = 0; i < 3; i++) {
            world.list(Pod.class).stream().filter(Pods::isTerminating).forEach(world::finish);
            world.settle();
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4})
    @DisplayName("DEP-15: a new size in the middle of a rollout is shared in proportion")
    void sharesANewSize(long seed) {
        try (ControllerWorld world = world(seed)) {
            world.client.create(sized(10, 3, 2));
            world.settle();
            world.kubeletRounds(1);
            setImage(world, "img:2");
            world.settle();
            assertThat(sizes(world)).containsExactly(Map.entry("img:1", 8), Map.entry("img:2", 5));
            world.merge(Deployment.class, "web", "{\"spec\":{\"replicas\":15}}");
            world.settle();
            assertThat(sizes(world)).containsExactly(Map.entry("img:1", 11), Map.entry("img:2", 7));
            assertThat(world.list(ReplicaSet.class))
                    .allSatisfy(set -> assertThat(set.getMetadata().getAnnotations())
                            .containsEntry("deployment.kubernetes.io/desired-replicas", "15")
                            .containsEntry("deployment.kubernetes.io/max-replicas", "18"));
            world.kubeletRounds(6);
            assertThat(sizes(world)).containsExactly(Map.entry("img:1", 0), Map.entry("img:2", 15));
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4})
    @DisplayName("DEP-18: while paused nothing rolls out but sizes change; then it goes on")
    void pausesAndResumes(long seed) {
        try (ControllerWorld world = world(seed)) {
            world.client.create(deployment(4));
            world.settle();
            world.kubeletRounds(1);
            world.merge(Deployment.class, "web", "{\"spec\":{\"paused\":true}}");
            world.settle();
            assertThat(conditions(world)).contains("Progressing=Unknown DeploymentPaused: Deployment is paused");
            setImage(world, "img:2");
            world.merge(Deployment.class, "web", "{\"spec\":{\"replicas\":6}}");
            world.settle();
            world.kubeletRounds(1);
            assertThat(sizes(world)).containsExactly(Map.entry("img:1", 6));

            world.merge(Deployment.class, "web", "{\"spec\":{\"paused\":false}}");
            world.settle();
            world.kubeletRounds(6);
            assertThat(sizes(world)).containsExactly(Map.entry("img:1", 0), Map.entry("img:2", 6));
            assertThat(conditions(world)).anyMatch(text -> text.startsWith("Progressing=True NewReplicaSetAvailable"));
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4})
    @DisplayName(
            "DEP-20, DEP-21: no progress before the deadline is a failure, nothing is rolled back, progress heals it")
    void failsAtItsDeadline(long seed) {
        try (ControllerWorld world = world(seed)) {
            Deployment deployment = deployment(2);
            deployment.getSpec().setProgressDeadlineSeconds(30);
            world.client.create(deployment);
            world.kernel.advance(Duration.ofSeconds(28));
            assertThat(conditions(world)).anyMatch(text -> text.startsWith("Progressing=True ReplicaSetUpdated"));
            world.kernel.advance(Duration.ofSeconds(5));
            assertThat(conditions(world))
                    .anyMatch(
                            text -> text.matches(
                                    "Progressing=False ProgressDeadlineExceeded: ReplicaSet \"web-[a-z0-9]+\" has timed out progressing\\."));
            assertThat(sizes(world)).containsExactly(Map.entry("img:1", 2));
            long revision = world.store.revision();
            world.kernel.advance(Duration.ofMinutes(10));
            assertThat(world.store.revision() - revision)
                    .as("writes while nothing happens")
                    .isZero();
            world.kubeletRounds(2);
            assertThat(conditions(world)).anyMatch(text -> text.startsWith("Progressing=True NewReplicaSetAvailable"));
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    @DisplayName("DEP-21: once complete, a Deployment that no longer is never fails, and nobody works on it for ever")
    void neverFailsOnceComplete(long seed) {
        try (ControllerWorld world = world(seed)) {
            Deployment deployment = deployment(2);
            deployment.getSpec().setProgressDeadlineSeconds(30);
            world.client.create(deployment);
            world.settle();
            world.kubeletRounds(2);
            world.merge(Deployment.class, "web", "{\"spec\":{\"replicas\":3}}");
            world.settle();
            long steps = world.kernel.steps();
            world.kernel.advance(Duration.ofMinutes(30));
            assertThat(conditions(world)).anyMatch(text -> text.startsWith("Progressing=True NewReplicaSetAvailable"));
            assertThat(world.kernel.steps() - steps).as("tasks in half an hour").isLessThan(5_000);
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4})
    @DisplayName("DEP-22: of the old sets only the latest remain")
    void forgetsOldRevisions(long seed) {
        try (ControllerWorld world = world(seed)) {
            Deployment deployment = deployment(2);
            deployment.getSpec().setRevisionHistoryLimit(2);
            world.client.create(deployment);
            world.settle();
            world.kubeletRounds(1);
            for (int version = 2; version <= 5; version++) {
                setImage(world, "img:" + version);
                world.settle();
                world.kubeletRounds(5);
            }
            assertThat(sizes(world))
                    .containsExactly(Map.entry("img:3", 0), Map.entry("img:4", 0), Map.entry("img:5", 2));
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4})
    @DisplayName("DEP-17: recreating starts no new pod before the last old one is gone")
    void recreates(long seed) {
        try (ControllerWorld world = world(seed)) {
            Deployment deployment = new DeploymentBuilder(deployment(3))
                    .editSpec()
                    .withNewStrategy()
                    .withType("Recreate")
                    .endStrategy()
                    .endSpec()
                    .build();
            world.client.create(deployment);
            world.settle();
            world.kubeletRounds(1);
            setImage(world, "img:2");
            world.settle();
            List<Pod> old = world.list(Pod.class);
            assertThat(old).hasSize(3).allMatch(Pods::isTerminating);
            world.finish(old.get(0));
            world.finish(old.get(1));
            world.settle();
            assertThat(world.list(Pod.class)).hasSize(1);
            world.finish(old.get(2));
            world.settle();
            assertThat(world.list(Pod.class)).hasSize(3).noneMatch(Pods::isTerminating);
            assertThat(sizes(world)).containsExactly(Map.entry("img:1", 0), Map.entry("img:2", 3));
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    @DisplayName("DEP-2: a name that somebody else holds is counted as a collision, and another hash is taken")
    void getsAroundACollision(long seed) {
        String name;
        try (ControllerWorld world = world(seed)) {
            world.client.create(deployment(1));
            world.settle();
            name = world.list(ReplicaSet.class).get(0).getMetadata().getName();
        }
        try (ControllerWorld world = world(seed)) {
            world.client.create(ReplicaSetSimulationTest.replicaSet(name, 0, "other"));
            world.settle();
            world.client.create(deployment(1));
            world.settle();
            assertThat(world.get(Deployment.class, "web").getStatus().getCollisionCount())
                    .isEqualTo(1);
            assertThat(world.list(ReplicaSet.class))
                    .filteredOn(set -> OwnerReferences.controllerOf(set).isPresent())
                    .singleElement()
                    .satisfies(set -> assertThat(set.getMetadata().getName())
                            .startsWith("web-")
                            .isNotEqualTo(name));
        }
    }

    private static Deployment sized(int replicas, int surge, int unavailable) {
        return new DeploymentBuilder(deployment(replicas))
                .editSpec()
                .editStrategy()
                .withNewRollingUpdate()
                .withMaxSurge(new IntOrString(surge))
                .withMaxUnavailable(new IntOrString(unavailable))
                .endRollingUpdate()
                .endStrategy()
                .endSpec()
                .build();
    }

    private static Map<String, Integer> sizes(ControllerWorld world) {
        Map<String, Integer> sizes = new TreeMap<>();
        for (ReplicaSet set : world.list(ReplicaSet.class)) {
            sizes.put(
                    set.getSpec().getTemplate().getSpec().getContainers().get(0).getImage(),
                    set.getSpec().getReplicas());
        }
        return sizes;
    }

    private static List<String> conditions(ControllerWorld world) {
        return world.get(Deployment.class, "web").getStatus().getConditions().stream()
                .map(c -> c.getType() + "=" + c.getStatus() + " " + c.getReason() + ": " + c.getMessage())
                .toList();
    }
}

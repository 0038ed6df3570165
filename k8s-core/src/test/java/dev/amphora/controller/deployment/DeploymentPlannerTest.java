package dev.amphora.controller.deployment;

import static org.assertj.core.api.Assertions.assertThat;

import dev.amphora.controller.Pods;
import io.fabric8.kubernetes.api.model.IntOrString;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.apps.DeploymentBuilder;
import io.fabric8.kubernetes.api.model.apps.DeploymentStatus;
import io.fabric8.kubernetes.api.model.apps.ReplicaSet;
import io.fabric8.kubernetes.api.model.apps.ReplicaSetBuilder;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class DeploymentPlannerTest {
    private static final Instant NOW = Instant.parse("2026-01-01T00:10:00Z");

    @Test
    @DisplayName("DEP-1, DEP-4, DEP-5, DEP-19, DEP-23: the first look makes the first set")
    void makesTheFirstSet() {
        Deployment deployment = deployment("img:1", 4)
                .editMetadata()
                .addToAnnotations("note", "copied")
                .addToAnnotations("kubectl.kubernetes.io/last-applied-configuration", "not copied")
                .endMetadata()
                .build();
        DeploymentPlanner.Plan plan = plan(deployment, List.of());
        ReplicaSet made = first(plan, DeploymentPlanner.CreateSet.class).set();
        String hash = made.getMetadata().getLabels().get("pod-template-hash");
        assertThat(made.getMetadata().getName()).isEqualTo("web-" + hash);
        assertThat(made.getSpec().getSelector().getMatchLabels()).containsEntry("pod-template-hash", hash);
        assertThat(made.getSpec().getTemplate().getMetadata().getLabels()).containsEntry("pod-template-hash", hash);
        assertThat(made.getSpec().getReplicas()).isEqualTo(4);
        assertThat(made.getMetadata().getAnnotations())
                .containsOnly(
                        Map.entry("note", "copied"),
                        Map.entry("deployment.kubernetes.io/revision", "1"),
                        Map.entry("deployment.kubernetes.io/desired-replicas", "4"),
                        Map.entry("deployment.kubernetes.io/max-replicas", "5"));
        assertThat(told(plan)).containsExactly("ScalingReplicaSet: Scaled up replica set web-" + hash + " from 0 to 4");
        assertThat(conditions(plan))
                .containsExactly("Progressing=True NewReplicaSetCreated", "Available=False MinimumReplicasUnavailable");
        assertThat(plan(deployment, List.of()))
                .as("the name follows from the template")
                .isEqualTo(plan);
    }

    @Test
    @DisplayName("DEP-3: the oldest set with the template is the new one, whatever its hash says")
    void findsTheNewSetByTemplate() {
        Deployment deployment = deployment("img:1", 2).build();
        ReplicaSet older = set("web-odd", deployment, 2, 2, 1, 1);
        ReplicaSet younger = set("web-other", deployment, 0, 0, 2, 2);
        DeploymentPlanner.Plan plan = plan(deployment, List.of(younger, older));
        assertThat(plan.steps()).noneMatch(DeploymentPlanner.CreateSet.class::isInstance);
        assertThat(first(plan, DeploymentPlanner.UpdateSet.class)
                        .set()
                        .getMetadata()
                        .getName())
                .as("and gets the highest revision")
                .isEqualTo("web-odd");
    }

    @Test
    @DisplayName("DEP-4: going back to an old template gives its set the next revision and remembers the old one")
    void renumbersAnOldSet() {
        Deployment deployment = deployment("img:1", 2).build();
        ReplicaSet old = set("web-1", deployment, 0, 0, 1, 1);
        ReplicaSet current = set("web-2", deployment("img:2", 2).build(), 2, 2, 2, 2);
        DeploymentPlanner.Plan plan = plan(deployment, List.of(old, current));
        assertThat(first(plan, DeploymentPlanner.UpdateSet.class)
                        .set()
                        .getMetadata()
                        .getAnnotations())
                .containsEntry("deployment.kubernetes.io/revision", "3")
                .containsEntry("deployment.kubernetes.io/revision-history", "1");
    }

    @Test
    @DisplayName("DEP-6: scaling makes no revision")
    void scalingMakesNoRevision() {
        Deployment deployment = deployment("img:1", 7).build();
        ReplicaSet set = set("web-1", deployment("img:1", 4).build(), 4, 4, 1, 1);
        DeploymentPlanner.Plan plan = plan(deployment, List.of(set));
        ReplicaSet scaled = first(plan, DeploymentPlanner.UpdateSet.class).set();
        assertThat(scaled.getSpec().getReplicas()).isEqualTo(7);
        assertThat(scaled.getMetadata().getAnnotations())
                .containsEntry("deployment.kubernetes.io/revision", "1")
                .containsEntry("deployment.kubernetes.io/desired-replicas", "7");
        assertThat(told(plan)).containsExactly("ScalingReplicaSet: Scaled up replica set web-1 from 4 to 7");
    }

    @Test
    @DisplayName("DEP-16: a size that was noted by hand keeps a single set as it is, and holds up a rollout")
    void aSizeNotedByHandHoldsUpTheRollout() {
        Deployment deployment = deployment("img:2", 2).build();
        ReplicaSet old = set("web-1", deployment("img:1", 2).build(), 2, 2, 1, 1);
        old.getMetadata().getAnnotations().put("deployment.kubernetes.io/desired-replicas", "7");
        assertThat(plan(deployment, List.of(old)).steps())
                .noneMatch(step ->
                        step instanceof DeploymentPlanner.UpdateSet || step instanceof DeploymentPlanner.CreateSet);
    }

    @Test
    @DisplayName("DEP-12: one look scales up or down, never both")
    void takesOneDirectionAtATime() {
        Deployment deployment = deployment("img:2", 4).build();
        ReplicaSet old = set("web-1", deployment("img:1", 4).build(), 4, 4, 1, 1);
        ReplicaSet empty = set("web-2", deployment, 0, 0, 2, 2);
        assertThat(told(plan(deployment, List.of(old, empty))))
                .containsExactly("ScalingReplicaSet: Scaled up replica set web-2 from 0 to 1");
        ReplicaSet fresh = set("web-2", deployment, 1, 1, 2, 2);
        assertThat(told(plan(deployment, List.of(old, fresh))))
                .containsExactly("ScalingReplicaSet: Scaled down replica set web-1 from 4 to 2");
    }

    @Test
    @DisplayName("DEP-17: recreate waits until no old pod runs; ended ones don't count")
    void recreateWaitsForOldPods() {
        Deployment deployment = deployment("img:2", 2)
                .editSpec()
                .withNewStrategy()
                .withType("Recreate")
                .endStrategy()
                .endSpec()
                .build();
        ReplicaSet old = set("web-1", deployment("img:1", 2).build(), 2, 2, 1, 1);
        assertThat(told(plan(deployment, List.of(old))))
                .containsExactly("ScalingReplicaSet: Scaled down replica set web-1 from 2 to 0");
        ReplicaSet empty = set("web-1", deployment("img:1", 2).build(), 0, 0, 1, 1);
        assertThat(DeploymentPlanner.plan(deployment, List.of(empty), set -> List.of(pod("Running")), NOW)
                        .steps())
                .noneMatch(DeploymentPlanner.CreateSet.class::isInstance);
        assertThat(DeploymentPlanner.plan(
                                deployment, List.of(empty), set -> List.of(pod("Succeeded"), pod("Failed")), NOW)
                        .steps())
                .anyMatch(DeploymentPlanner.CreateSet.class::isInstance);
    }

    @Test
    @DisplayName("DEP-18: pausing is noted and makes no set; a deadline that has passed is not forgotten")
    void notesThePause() {
        Deployment paused =
                deployment("img:1", 2).editSpec().withPaused(true).endSpec().build();
        assertThat(conditions(plan(paused, List.of()))).contains("Progressing=Unknown DeploymentPaused");
        assertThat(plan(paused, List.of()).steps()).noneMatch(DeploymentPlanner.CreateSet.class::isInstance);
        Deployment late = paused.edit()
                .withNewStatus()
                .addNewCondition()
                .withType("Progressing")
                .withStatus("False")
                .withReason("ProgressDeadlineExceeded")
                .endCondition()
                .endStatus()
                .build();
        assertThat(conditions(plan(late, List.of()))).contains("Progressing=False ProgressDeadlineExceeded");
        Deployment resumed = paused.edit()
                .editSpec()
                .withPaused(false)
                .endSpec()
                .withNewStatus()
                .addNewCondition()
                .withType("Progressing")
                .withStatus("Unknown")
                .withReason("DeploymentPaused")
                .endCondition()
                .endStatus()
                .build();
        assertThat(plan(resumed, List.of()).steps().get(0))
                .isInstanceOfSatisfying(DeploymentPlanner.UpdateStatus.class, update -> assertThat(
                                update.deployment().getStatus().getConditions())
                        .anyMatch(c -> c.getReason().equals("DeploymentResumed")));
    }

    @Test
    @DisplayName(
            "DEP-20, DEP-21: progress moves the update time only; past the deadline it has failed; once complete it never does")
    void tellsProgress() {
        Deployment waiting = progressing("ReplicaSetUpdated", Duration.ofSeconds(599));
        ReplicaSet set = set("web-1", waiting, 2, 0, 1, 1);
        DeploymentPlanner.Plan early = plan(waiting, List.of(set));
        assertThat(early.again()).isEqualTo(Duration.ofSeconds(2));
        assertThat(conditions(early)).contains("Progressing=True ReplicaSetUpdated");
        assertThat(conditions(plan(progressing("ReplicaSetUpdated", Duration.ofSeconds(601)), List.of(set))))
                .contains("Progressing=False ProgressDeadlineExceeded");
        DeploymentPlanner.Plan complete =
                plan(progressing("NewReplicaSetAvailable", Duration.ofSeconds(6000)), List.of(set));
        assertThat(conditions(complete)).contains("Progressing=True NewReplicaSetAvailable");
        assertThat(complete.again()).as("and nobody asks again and again").isNull();
    }

    @Test
    @DisplayName("DEP-22: history keeps the latest revisions; sets with replicas, or not yet observed, stay")
    void cleansUp() {
        Deployment deployment = complete(deployment("img:9", 1)
                .editSpec()
                .withRevisionHistoryLimit(1)
                .endSpec()
                .build());
        List<ReplicaSet> sets = new ArrayList<>();
        for (int i = 1; i <= 4; i++) {
            sets.add(set("web-" + i, deployment("img:" + i, 1).build(), 0, 0, i, i));
        }
        sets.set(
                1,
                sets.get(1)
                        .edit()
                        .editStatus()
                        .withObservedGeneration(0L)
                        .endStatus()
                        .build());
        sets.add(set("web-9", deployment, 1, 1, 5, 5));
        assertThat(plan(deployment, sets).steps().stream()
                        .filter(DeploymentPlanner.DeleteSet.class::isInstance)
                        .map(step -> ((DeploymentPlanner.DeleteSet) step)
                                .set()
                                .getMetadata()
                                .getName()))
                .containsExactly("web-1", "web-3");
    }

    @Test
    @DisplayName("EXT-4: rolling back takes the template of a revision, or says why not")
    void rollsBack() {
        Deployment deployment = rollback("0");
        ReplicaSet old = set("web-1", deployment("img:1", 2).build(), 0, 0, 1, 1);
        ReplicaSet current = set("web-2", deployment("img:2", 2).build(), 2, 2, 2, 2);
        DeploymentPlanner.Plan plan = plan(deployment, List.of(old, current));
        Deployment next = first(plan, DeploymentPlanner.UpdateDeployment.class).deployment();
        assertThat(next.getSpec().getTemplate().getSpec().getContainers().get(0).getImage())
                .isEqualTo("img:1");
        assertThat(next.getSpec().getTemplate().getMetadata().getLabels()).containsOnly(Map.entry("app", "web"));
        assertThat(next.getMetadata().getAnnotations()).doesNotContainKey(Revisions.ROLLBACK);
        assertThat(told(plan)).containsExactly("DeploymentRollback: Rolled back deployment \"web\" to revision 1");
        assertThat(told(plan(rollback("7"), List.of(old, current))))
                .containsExactly("DeploymentRollbackRevisionNotFound: Unable to find the revision to rollback to.");
        assertThat(told(plan(rollback("2"), List.of(old, current))))
                .containsExactly("DeploymentRollbackTemplateUnchanged: The rollback revision contains the same template"
                        + " as current deployment \"web\"");
        assertThat(told(plan(rollback("0"), List.of(current))))
                .containsExactly("DeploymentRollbackRevisionNotFound: Unable to find last revision.");
    }

    @Test
    @DisplayName("DEP-19: what keeps a set from making pods shows on the Deployment")
    void copiesFailures() {
        Deployment deployment = deployment("img:1", 2).build();
        ReplicaSet set = set("web-1", deployment, 2, 0, 1, 1)
                .edit()
                .editStatus()
                .addNewCondition()
                .withType("ReplicaFailure")
                .withStatus("True")
                .withReason("FailedCreate")
                .withMessage("quota")
                .endCondition()
                .endStatus()
                .build();
        assertThat(conditions(plan(deployment, List.of(set)))).contains("ReplicaFailure=True FailedCreate");
    }

    private static Deployment rollback(String to) {
        return deployment("img:2", 2)
                .editMetadata()
                .addToAnnotations(Revisions.ROLLBACK, to)
                .endMetadata()
                .build();
    }

    private static Deployment progressing(String reason, Duration ago) {
        return deployment("img:1", 2)
                .withNewStatus()
                .withReplicas(2)
                .withUpdatedReplicas(2)
                .addNewCondition()
                .withType("Progressing")
                .withStatus("True")
                .withReason(reason)
                .withLastUpdateTime(Pods.stamp(NOW.minus(ago)))
                .withLastTransitionTime(Pods.stamp(NOW.minus(ago)))
                .endCondition()
                .endStatus()
                .build();
    }

    private static Deployment complete(Deployment deployment) {
        return deployment
                .edit()
                .withNewStatus()
                .withObservedGeneration(1L)
                .withReplicas(1)
                .withUpdatedReplicas(1)
                .withAvailableReplicas(1)
                .endStatus()
                .build();
    }

    private static DeploymentPlanner.Plan plan(Deployment deployment, List<ReplicaSet> sets) {
        return DeploymentPlanner.plan(deployment, sets, set -> List.of(), NOW);
    }

    private static <S> S first(DeploymentPlanner.Plan plan, Class<S> type) {
        return plan.steps().stream()
                .filter(type::isInstance)
                .map(type::cast)
                .findFirst()
                .orElseThrow();
    }

    private static List<String> told(DeploymentPlanner.Plan plan) {
        return plan.steps().stream()
                .filter(DeploymentPlanner.Tell.class::isInstance)
                .map(DeploymentPlanner.Tell.class::cast)
                .map(tell -> tell.reason() + ": " + tell.message())
                .toList();
    }

    /** The conditions of the last status that is written. */
    private static List<String> conditions(DeploymentPlanner.Plan plan) {
        DeploymentStatus last = new DeploymentStatus();
        for (DeploymentPlanner.Step step : plan.steps()) {
            if (step instanceof DeploymentPlanner.UpdateStatus update) {
                last = update.deployment().getStatus();
            }
        }
        return last.getConditions().stream()
                .map(c -> c.getType() + "=" + c.getStatus() + " " + c.getReason())
                .toList();
    }

    private static DeploymentBuilder deployment(String image, int replicas) {
        return new DeploymentBuilder()
                .withNewMetadata()
                .withName("web")
                .withNamespace("ns")
                .withUid("d")
                .withGeneration(1L)
                .endMetadata()
                .withNewSpec()
                .withReplicas(replicas)
                .withProgressDeadlineSeconds(600)
                .withNewStrategy()
                .withType("RollingUpdate")
                .withNewRollingUpdate()
                .withMaxSurge(new IntOrString("25%"))
                .withMaxUnavailable(new IntOrString("25%"))
                .endRollingUpdate()
                .endStrategy()
                .withNewSelector()
                .addToMatchLabels("app", "web")
                .endSelector()
                .withNewTemplate()
                .withNewMetadata()
                .addToLabels("app", "web")
                .endMetadata()
                .withNewSpec()
                .addNewContainer()
                .withName("c")
                .withImage(image)
                .endContainer()
                .endSpec()
                .endTemplate()
                .endSpec();
    }

    private static ReplicaSet set(String name, Deployment of, int replicas, int available, int revision, int age) {
        int wanted = of.getSpec().getReplicas();
        return new ReplicaSetBuilder()
                .withNewMetadata()
                .withName(name)
                .withNamespace("ns")
                .withUid(name)
                .withGeneration(1L)
                .withCreationTimestamp("2026-01-01T00:00:0" + age + "Z")
                .addToAnnotations(Revisions.REVISION, String.valueOf(revision))
                .addToAnnotations(Revisions.DESIRED, String.valueOf(wanted))
                .addToAnnotations(Revisions.MAX, String.valueOf(wanted + 1))
                .endMetadata()
                .withNewSpec()
                .withReplicas(replicas)
                .withNewTemplateLike(of.getSpec().getTemplate())
                .editMetadata()
                .addToLabels("pod-template-hash", name.substring(4))
                .endMetadata()
                .endTemplate()
                .endSpec()
                .withNewStatus()
                .withReplicas(replicas)
                .withAvailableReplicas(available)
                .withReadyReplicas(available)
                .withObservedGeneration(1L)
                .withTerminatingReplicas(0)
                .endStatus()
                .build();
    }

    private static Pod pod(String phase) {
        return new PodBuilder()
                .withNewMetadata()
                .withName("p")
                .endMetadata()
                .withNewStatus()
                .withPhase(phase)
                .endStatus()
                .build();
    }
}

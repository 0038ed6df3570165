package dev.amphora.controller;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.api.model.batch.v1.JobBuilder;
import io.fabric8.kubernetes.api.model.batch.v1.JobCondition;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Jobs from end to end, in whatever order the seed picks. */
class JobSimulationTest {

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 5, 8})
    @DisplayName("JOB-2, JOB-4: as many pods as are still needed, each end counted once and its finalizer removed")
    void runsToItsCompletions(long seed) {
        try (ControllerWorld world = world(seed)) {
            world.client.create(job().editSpec()
                    .withCompletions(3)
                    .withParallelism(2)
                    .endSpec()
                    .build());
            world.settle();
            assertThat(world.list(Pod.class)).hasSize(2).allSatisfy(pod -> assertThat(
                            pod.getMetadata().getFinalizers())
                    .contains("batch.kubernetes.io/job-tracking"));
            for (int i = 0; i < 3; i++) {
                end(world, "Succeeded");
            }
            Job job = world.get(Job.class, "work");
            assertThat(job.getStatus().getSucceeded()).isEqualTo(3);
            assertThat(conditions(job))
                    .containsExactly("SuccessCriteriaMet CompletionsReached", "Complete CompletionsReached");
            assertThat(job.getStatus().getUncountedTerminatedPods().getSucceeded())
                    .isEmpty();
            assertThat(world.list(Pod.class)).hasSize(3).allSatisfy(pod -> assertThat(
                            pod.getMetadata().getFinalizers())
                    .isEmpty());
            assertThat(world.kernel.failures()).isEmpty();
        }
    }

    @Test
    @DisplayName("JOB-5, JOB-6: failures are retried after 10 s, doubled, until the limit is passed")
    void backsOffAndGivesUp() {
        try (ControllerWorld world = world(1)) {
            world.client.create(job().editSpec().withBackoffLimit(1).endSpec().build());
            world.settle();
            end(world, "Failed");
            assertThat(world.list(Pod.class)).hasSize(1);
            world.kernel.advance(Duration.ofSeconds(10));
            assertThat(world.list(Pod.class)).hasSize(2);
            end(world, "Failed");
            Job job = world.get(Job.class, "work");
            assertThat(job.getStatus().getFailed()).isEqualTo(2);
            assertThat(conditions(job))
                    .containsExactly("FailureTarget BackoffLimitExceeded", "Failed BackoffLimitExceeded");
            assertThat(world.events()).contains("BackoffLimitExceeded: Job has reached the specified backoff limit");
        }
    }

    @Test
    @DisplayName("JOB-3: an index of its own for each pod, and none twice")
    void givesIndexes() {
        try (ControllerWorld world = world(1)) {
            world.client.create(job().editSpec()
                    .withCompletions(4)
                    .withParallelism(2)
                    .withCompletionMode("Indexed")
                    .endSpec()
                    .build());
            world.settle();
            assertThat(world.list(Pod.class))
                    .extracting(pod -> pod.getSpec().getHostname())
                    .containsExactlyInAnyOrder("work-0", "work-1");
            end(world, "Succeeded");
            assertThat(world.get(Job.class, "work").getStatus().getCompletedIndexes())
                    .isEqualTo("0,1");
            end(world, "Succeeded");
            assertThat(world.get(Job.class, "work").getStatus().getCompletedIndexes())
                    .isEqualTo("0-3");
        }
    }

    @Test
    @DisplayName("JOB-7: the deadline ends the Job whatever its limit")
    void endsAtItsDeadline() {
        try (ControllerWorld world = world(1)) {
            world.client.create(
                    job().editSpec().withActiveDeadlineSeconds(30L).endSpec().build());
            world.settle();
            world.kubeletRounds(1);
            world.kernel.advance(Duration.ofSeconds(30));
            assertThat(conditions(world.get(Job.class, "work"))).containsExactly("FailureTarget DeadlineExceeded");
            world.kubeletRounds(2);
            assertThat(conditions(world.get(Job.class, "work"))).contains("Failed DeadlineExceeded");
        }
    }

    @Test
    @DisplayName("JOB-8: suspending stops the pods uncounted, resuming starts anew")
    void suspendsAndResumes() {
        try (ControllerWorld world = world(1)) {
            world.client.create(job().build());
            world.settle();
            world.merge(Job.class, "work", "{\"spec\":{\"suspend\":true}}");
            world.settle();
            world.settle();
            assertThat(world.list(Pod.class)).isEmpty();
            Job suspended = world.get(Job.class, "work");
            assertThat(conditions(suspended)).containsExactly("Suspended JobSuspended");
            assertThat(suspended.getStatus().getStartTime()).isNull();
            assertThat(suspended.getStatus().getFailed()).isNull();
            world.merge(Job.class, "work", "{\"spec\":{\"suspend\":false}}");
            world.settle();
            assertThat(world.list(Pod.class)).hasSize(1);
            assertThat(world.events()).contains("Suspended: Job suspended", "Resumed: Job resumed");
        }
    }

    @Test
    @DisplayName(
            "JOB-13: a Job that somebody else manages is left alone, status and all; one that names this controller is not")
    void leavesOthersJobsAlone() {
        try (ControllerWorld world = world(1)) {
            world.client.create(job().editSpec()
                    .withManagedBy("example.com/other")
                    .endSpec()
                    .build());
            world.client.create(job().editMetadata()
                    .withName("mine")
                    .endMetadata()
                    .editSpec()
                    .withManagedBy("kubernetes.io/job-controller")
                    .endSpec()
                    .build());
            world.settle();
            assertThat(world.list(Pod.class)).singleElement().satisfies(pod -> assertThat(
                            pod.getMetadata().getLabels())
                    .containsEntry("batch.kubernetes.io/job-name", "mine"));
            assertThat(world.get(Job.class, "work").getStatus().getStartTime()).isNull();
            world.merge(Job.class, "work", "{\"spec\":{\"parallelism\":3}}");
            world.kernel.advance(Duration.ofMinutes(10));
            assertThat(world.list(Pod.class)).hasSize(1);
        }
    }

    private static ControllerWorld world(long seed) {
        return new ControllerWorld(seed, "job-controller,garbage-collector-controller");
    }

    /** Ends every pod that runs, and lets the Job count. */
    private static void end(ControllerWorld world, String phase) {
        world.kubeletRounds(1);
        for (Pod pod : world.list(Pod.class)) {
            if (!Pods.isTerminal(pod)) {
                world.setPhase(pod, phase, false);
            }
        }
        world.settle();
        world.settle();
    }

    private static List<String> conditions(Job job) {
        return job.getStatus().getConditions().stream()
                .filter(condition -> condition.getStatus().equals("True"))
                .map((JobCondition condition) -> condition.getType() + " " + condition.getReason())
                .toList();
    }

    static JobBuilder job() {
        return new JobBuilder()
                .withNewMetadata()
                .withName("work")
                .withNamespace("default")
                .endMetadata()
                .withNewSpec()
                .withNewTemplate()
                .withNewSpec()
                .withRestartPolicy("Never")
                .addNewContainer()
                .withName("c")
                .withImage("img:1")
                .endContainer()
                .endSpec()
                .endTemplate()
                .endSpec();
    }
}

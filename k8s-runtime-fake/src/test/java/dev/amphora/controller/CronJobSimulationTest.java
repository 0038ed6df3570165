package dev.amphora.controller;

import static dev.amphora.controller.ControllerStory.create;
import static dev.amphora.controller.ControllerStory.merge;
import static org.assertj.core.api.Assertions.assertThat;

import dev.amphora.client.OwnerReferences;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.ValidatingAdmissionPolicy;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.ValidatingAdmissionPolicyBinding;
import io.fabric8.kubernetes.api.model.batch.v1.CronJob;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.api.model.batch.v1.JobBuilder;
import io.fabric8.kubernetes.api.model.batch.v1.JobStatus;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** What a CronJob's controller does from one start to the next. The world begins at 2026-01-01T00:00Z, minute 29453760 of the epoch. */
class CronJobSimulationTest {
    private static final Duration MINUTE = Duration.ofMinutes(1);
    private static final String TEMPLATE =
            "'template':{'spec':{'restartPolicy':'Never','containers':[{'name':'c'," + "'image':'x'}]}}";

    @Test
    @DisplayName("CJ-1, CJ-5, CJ-7: a Job a minute, none while one runs, and only so many kept")
    void startsJobsOnTime() {
        try (ControllerWorld world = new ControllerWorld(1, "cronjob-controller,job-controller")) {
            create(world, CronJob.class, tick("* * * * *", "'concurrencyPolicy':'Forbid',"));
            world.kernel.advance(Duration.ofSeconds(61));
            assertThat(world.list(Job.class)).hasSize(1);
            world.kernel.advance(Duration.ofMinutes(2));
            assertThat(world.list(Job.class)).hasSize(1);
            for (int i = 0; i < 6; i++) {
                world.kubeletRounds(1);
                for (Pod pod : world.list(Pod.class)) {
                    if (!Pods.isTerminal(pod)) {
                        world.setPhase(pod, "Succeeded", false);
                    }
                }
                world.kernel.advance(Duration.ofSeconds(61));
            }
            assertThat(world.list(Job.class).size()).isBetween(3, 4);
            assertThat(world.get(CronJob.class, "tick").getStatus().getLastSuccessfulTime())
                    .isNotNull();
            assertThat(world.kernel.failures()).isEmpty();
        }
    }

    @Test
    @DisplayName("CJ-3: a schedule that has changed waits for its next time, and makes up for none of its past")
    void aNewScheduleHasNoPast() {
        try (ControllerWorld world = new ControllerWorld(1, "cronjob-controller")) {
            create(world, CronJob.class, tick("50 * * * *", ""));
            world.kernel.advance(MINUTE.multipliedBy(10));
            merge(world, CronJob.class, "tick", "{'spec':{'schedule':'5,15 * * * *'}}");
            world.kernel.advance(MINUTE.multipliedBy(4));
            assertThat(jobs(world)).isEmpty();
            world.kernel.advance(MINUTE.multipliedBy(2));
            assertThat(jobs(world)).containsExactly("tick-29453775");
        }
    }

    @Test
    @DisplayName("CJ-6: a Job of that name that has ended already is taken in and let go of")
    void aJobThatHasEndedCountsAsStarted() {
        try (ControllerWorld world = new ControllerWorld(1, "cronjob-controller")) {
            create(world, CronJob.class, tick("* * * * *", ""));
            CronJob tick = world.get(CronJob.class, "tick");
            Job there = world.client.create(new JobBuilder()
                    .withNewMetadata()
                    .withName("tick-29453761")
                    .withNamespace("default")
                    .withOwnerReferences(OwnerReferences.controlledBy(tick))
                    .endMetadata()
                    .withSpec(tick.getSpec().getJobTemplate().getSpec())
                    .build());
            String now = Pods.stamp(world.kernel.instant());
            JobStatus done = new JobBuilder()
                    .withNewStatus()
                    .withStartTime(now)
                    .withCompletionTime(now)
                    .withSucceeded(1)
                    .addNewCondition()
                    .withType("SuccessCriteriaMet")
                    .withStatus("True")
                    .endCondition()
                    .addNewCondition()
                    .withType("Complete")
                    .withStatus("True")
                    .endCondition()
                    .endStatus()
                    .build()
                    .getStatus();
            world.changeStatus(there, job -> job.setStatus(done));
            world.kernel.advance(MINUTE.plusSeconds(1));

            assertThat(jobs(world)).containsExactly("tick-29453761");
            assertThat(world.get(CronJob.class, "tick").getStatus().getActive()).isEmpty();
            assertThat(world.get(CronJob.class, "tick").getStatus().getLastScheduleTime())
                    .isEqualTo("2026-01-01T00:01:00Z");
            assertThat(world.events())
                    .contains("SawCompletedJob: Saw completed job: tick-29453761, condition: Complete");
        }
    }

    @Test
    @DisplayName("CJ-7: a Job that can't be deleted keeps no other one from being started")
    void anOldJobThatStaysIsNoObstacle() {
        try (ControllerWorld world = new ControllerWorld(1, "cronjob-controller,job-controller")) {
            create(
                    world,
                    ValidatingAdmissionPolicy.class,
                    "{'metadata':{'name':'keep'},'spec':{'matchConstraints':{'resourceRules':[{'apiGroups':['batch'],"
                            + "'apiVersions':['v1'],'operations':['DELETE'],'resources':['jobs']}]},"
                            + "'validations':[{'expression':'false','message':'kept'}]}}");
            create(
                    world,
                    ValidatingAdmissionPolicyBinding.class,
                    "{'metadata':{'name':'keep'},'spec':{'policyName':'keep','validationActions':['Deny']}}");
            create(world, CronJob.class, tick("* * * * *", "'successfulJobsHistoryLimit':0,"));
            for (int i = 0; i < 3; i++) {
                world.kernel.advance(MINUTE.plusSeconds(1));
                world.kubeletRounds(1);
                world.list(Pod.class).forEach(pod -> world.setPhase(pod, "Succeeded", false));
                world.settle();
            }
            assertThat(jobs(world)).containsExactly("tick-29453761", "tick-29453762", "tick-29453763");
            assertThat(world.events()).anyMatch(event -> event.startsWith("FailedDelete: Deleted job: "));
            assertThat(world.kernel.failures()).isEmpty();
        }
    }

    private static String tick(String schedule, String more) {
        return "{'metadata':{'name':'tick'},'spec':{'schedule':'" + schedule + "'," + more + "'jobTemplate':{'spec':{"
                + TEMPLATE + "}}}}";
    }

    private static List<String> jobs(ControllerWorld world) {
        return world.list(Job.class).stream()
                .map(job -> job.getMetadata().getName())
                .toList();
    }
}

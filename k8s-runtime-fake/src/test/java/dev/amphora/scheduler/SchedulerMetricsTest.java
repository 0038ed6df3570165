package dev.amphora.scheduler;

import static dev.amphora.scheduler.SchedulerWorld.pod;
import static org.assertj.core.api.Assertions.assertThat;

import dev.amphora.api.StatusException;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** What a scheduler measures of itself. */
class SchedulerMetricsTest {
    private static final String ATTEMPTS = "scheduler_schedule_attempts_total{profile=\"default-scheduler\",result=";

    @Test
    void countsScheduledPodsAndHowManyAttemptsTheyTook() {
        try (SchedulerWorld world = new SchedulerWorld(1, DefaultScheduler.create())) {
            world.node("a", "4");
            world.create(pod("p", "1"));
            world.create(pod("q", "1"));
            world.settle();

            assertThat(told(world))
                    .contains(
                            ATTEMPTS + "\"scheduled\"} 2\n",
                            "scheduler_scheduling_attempt_duration_seconds_count{profile=\"default-scheduler\","
                                    + "result=\"scheduled\"} 2\n",
                            "scheduler_scheduling_algorithm_duration_seconds_count 2\n",
                            "scheduler_framework_extension_point_duration_seconds_count{extension_point=\"Filter\","
                                    + "profile=\"default-scheduler\",status=\"Success\"} 1\n",
                            "scheduler_pod_scheduling_attempts_bucket{le=\"1\"} 2\n",
                            "scheduler_pod_scheduling_sli_duration_seconds_count{attempts=\"1\"} 2\n",
                            "scheduler_pending_pods{queue=\"active\"} 0\n",
                            "scheduler_cache_size{type=\"nodes\"} 1\n",
                            "scheduler_cache_size{type=\"pods\"} 2\n",
                            "scheduler_cache_size{type=\"assumed_pods\"} 0\n")
                    .doesNotContain("\"unschedulable\"} 1", "\"error\"}");
        }
    }

    @Test
    void tellsWhichPluginsTurnDownThePodsThatWait() {
        try (SchedulerWorld world = new SchedulerWorld(1, DefaultScheduler.create())) {
            world.node("a", "1");
            world.settle();
            world.create(pod("big", "2"));
            world.create(pod("gated", "1").editSpec().addNewSchedulingGate("g").endSpec());
            world.settle();

            assertThat(told(world))
                    .contains(
                            ATTEMPTS + "\"unschedulable\"} 1\n",
                            "scheduler_pending_pods{queue=\"unschedulable\"} 1\n",
                            "scheduler_pending_pods{queue=\"gated\"} 1\n",
                            unschedulable("NodeResourcesFit", 1),
                            unschedulable("SchedulingGates", 1),
                            incoming("ScheduleAttemptFailure", "unschedulable", 1),
                            incoming("UnschedulablePodAdd", "active", 1),
                            incoming("UnschedulablePodAdd", "unschedulable", 1));

            world.node("b", "4");
            world.delete("gated");
            world.settle();

            assertThat(world.nodeOf("big")).isEqualTo("b");
            assertThat(told(world))
                    .contains(
                            ATTEMPTS + "\"scheduled\"} 1\n",
                            "scheduler_pod_scheduling_sli_duration_seconds_count{attempts=\"2\"} 1\n",
                            "scheduler_pending_pods{queue=\"active\"} 0\n",
                            "scheduler_pending_pods{queue=\"backoff\"} 0\n",
                            "scheduler_pending_pods{queue=\"unschedulable\"} 0\n",
                            "scheduler_pending_pods{queue=\"gated\"} 0\n",
                            unschedulable("NodeResourcesFit", 0),
                            unschedulable("SchedulingGates", 0),
                            "scheduler_queue_incoming_pods_total{event=\"NodeAdd\",queue=");
        }
    }

    @Test
    void countsErrors() {
        try (SchedulerWorld world = new SchedulerWorld(1, DefaultScheduler.create())) {
            world.failBindings(1, StatusException.internalError("broken"));
            world.node("a", "4");
            world.create(pod("p", "1"));
            world.kernel.advance(Duration.ofSeconds(30));

            assertThat(world.nodeOf("p")).isEqualTo("a");
            assertThat(told(world))
                    .contains(
                            ATTEMPTS + "\"error\"} 1\n",
                            ATTEMPTS + "\"scheduled\"} 1\n",
                            incoming("ScheduleAttemptFailure", "backoff", 1),
                            incoming("BackoffComplete", "active", 1));
        }
    }

    @Test
    void countsPreemptionsAndTheirVictims() {
        try (SchedulerWorld world = new SchedulerWorld(1, DefaultScheduler.create())) {
            world.priorityClass("high", 1000);
            world.node("a", "2");
            world.create(pod("low", "1"));
            world.create(pod("low2", "1"));
            world.settle();
            world.create(pod("p", "2").editSpec().withPriorityClassName("high").endSpec());
            world.settle();

            assertThat(told(world))
                    .contains(
                            "scheduler_preemption_attempts_total 1\n",
                            "scheduler_preemption_victims_bucket{le=\"1\"} 0\n",
                            "scheduler_preemption_victims_bucket{le=\"2\"} 1\n");
        }
    }

    @Test
    void anEndedSchedulerHoldsNothing() {
        try (SchedulerWorld world = new SchedulerWorld(1)) {
            Scheduler scheduler = world.start(DefaultScheduler.create());
            world.node("a", "1");
            world.create(pod("big", "2"));
            world.settle();
            scheduler.close();

            assertThat(told(world))
                    .contains(
                            "scheduler_pending_pods{queue=\"unschedulable\"} 0\n",
                            "scheduler_cache_size{type=\"nodes\"} 0\n",
                            unschedulable("NodeResourcesFit", 0));
        }
    }

    private static String unschedulable(String plugin, int count) {
        return "scheduler_unschedulable_pods{plugin=\"" + plugin + "\",profile=\"default-scheduler\"} " + count + "\n";
    }

    private static String incoming(String event, String queue, int count) {
        return "scheduler_queue_incoming_pods_total{event=\"" + event + "\",queue=\"" + queue + "\"} " + count + "\n";
    }

    static String told(SchedulerWorld world) {
        StringBuilder page = new StringBuilder();
        world.kernel.meters().each(family -> family.write(page));
        return page.toString();
    }
}

package dev.amphora.rest;

import static org.assertj.core.api.Assertions.assertThat;

import dev.amphora.apiserver.access.User;
import dev.amphora.client.Client;
import dev.amphora.client.InProcessClient;
import dev.amphora.client.WorkQueue;
import dev.amphora.kernel.SimulatedKernel;
import dev.amphora.scheduler.DefaultScheduler;
import dev.amphora.scheduler.Scheduler;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.ServiceAccountBuilder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What {@code /metrics} tells of requests, of the store and of controllers. */
class MetricsPageTest {
    private final SimulatedKernel kernel = new SimulatedKernel(1);
    private final TestServer server = new TestServer(kernel);
    private final RestApi api = RestApi.builder(kernel, server.apiServer).build();

    @AfterEach
    void end() {
        server.close();
        kernel.close();
    }

    @Test
    void requestsAreFollowedFromTheQueueToTheStore() throws Exception {
        String body = "{\"metadata\":{\"name\":\"a\"}}";
        DirectCall.admin("POST", "/api/v1/namespaces", "", body.getBytes(StandardCharsets.UTF_8))
                .run(api);
        DirectCall.admin("POST", "/api/v1/namespaces", "", body.getBytes(StandardCharsets.UTF_8))
                .run(api);

        assertThat(page())
                .contains(
                        "apiserver_request_total{verb=\"POST\",dry_run=\"\",group=\"\",version=\"v1\",resource=\"namespaces\","
                                + "subresource=\"\",scope=\"resource\",component=\"apiserver\",code=\"201\"} 1",
                        "apiserver_flowcontrol_request_wait_duration_seconds_count{execute=\"true\","
                                + "flow_schema=\"exempt\",priority_level=\"exempt\"} 3",
                        "apiserver_flowcontrol_current_executing_requests{flow_schema=\"exempt\",priority_level=\"exempt\"} 1",
                        "apiserver_admission_controller_admission_duration_seconds_count{name=\"NamespaceLifecycle\","
                                + "operation=\"CREATE\",rejected=\"false\",type=\"admit\"}",
                        "apiserver_admission_step_admission_duration_seconds_count{operation=\"CREATE\",rejected=\"false\","
                                + "type=\"admit\"}",
                        "etcd_requests_total{group=\"\",operation=\"create\",resource=\"namespaces\"} ");
    }

    @Test
    void queuesOfControllersTellHowLongTheyAre() throws Exception {
        WorkQueue<String> queue = new WorkQueue<>(kernel, "painter");
        queue.add("a");
        queue.add("b");
        queue.add("a");
        assertThat(page())
                .contains("workqueue_adds_total{name=\"painter\"} 2\n", "workqueue_depth{name=\"painter\"} 2\n");

        queue.start(1, key -> {
            if (key.equals("a") && queue.failures(key) == 0) {
                queue.addRateLimited(key);
            }
        });
        kernel.runReady();

        assertThat(page())
                .contains(
                        "workqueue_depth{name=\"painter\"} 0\n",
                        "workqueue_retries_total{name=\"painter\"} 1\n",
                        "workqueue_work_duration_seconds_count{name=\"painter\"} 2\n",
                        "workqueue_queue_duration_seconds_count{name=\"painter\"} 2\n");
        queue.close();
    }

    @Test
    void theSchedulerTellsWhatBecameOfPods() throws Exception {
        Client client = new InProcessClient(server.apiServer, User.of("admin", User.MASTERS), "test");
        try (DefaultScheduler scheduler = DefaultScheduler.create()) {
            scheduler.start(new Scheduler.Context(kernel, client));
            client.create(new ServiceAccountBuilder()
                    .withNewMetadata()
                    .withName("default")
                    .withNamespace("default")
                    .endMetadata()
                    .build());
            client.create(new PodBuilder()
                    .withNewMetadata()
                    .withName("p")
                    .withNamespace("default")
                    .endMetadata()
                    .withNewSpec()
                    .addNewContainer()
                    .withName("c")
                    .withImage("i:1")
                    .endContainer()
                    .endSpec()
                    .build());
            kernel.advance(Duration.ofSeconds(1));

            assertThat(page())
                    .contains(
                            "scheduler_schedule_attempts_total{profile=\"default-scheduler\",result=\"unschedulable\"} 1\n",
                            "scheduler_scheduling_attempt_duration_seconds_bucket{profile=\"default-scheduler\","
                                    + "result=\"unschedulable\",le=\"16.384\"} 1\n",
                            "scheduler_queue_incoming_pods_total{event=\"UnschedulablePodAdd\",queue=\"active\"} 1\n");
        }
    }

    private String page() throws Exception {
        HttpAnswer answer = DirectCall.admin("GET", "/metrics", "", new byte[0]).run(api);
        return new String(answer.body(), StandardCharsets.UTF_8);
    }
}

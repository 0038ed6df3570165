package dev.amphora.samples;

import static org.assertj.core.api.Assertions.assertThat;

import dev.amphora.Cluster;
import dev.amphora.api.Json;
import dev.amphora.api.ResourceType;
import dev.amphora.client.Client;
import dev.amphora.proxy.UserspaceProxy;
import dev.amphora.runtime.fake.ContainerBehavior;
import dev.amphora.runtime.fake.ContainerView;
import dev.amphora.runtime.fake.FakeRuntime;
import dev.amphora.runtime.fake.HttpHandler;
import dev.amphora.store.memory.MemoryStore;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentSkipListSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A Service's address, called over real sockets. */
class ServiceIT {
    private static final int CALLS = 200;
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final Set<String> pods = new ConcurrentSkipListSet<>();
    private final Set<String> unready = new ConcurrentSkipListSet<>();
    private Cluster cluster;

    @BeforeEach
    void start() {
        cluster = Cluster.builder()
                .store(new MemoryStore())
                .node("worker-1", new FakeRuntime().behave(this::servesItsName))
                .node("worker-2", new FakeRuntime().behave(this::servesItsName))
                .proxy(new UserspaceProxy())
                .start();
        Client client = cluster.api("test");
        client.create(Json.fromTree(
                Json.read(
                        """
                        {"metadata": {"name": "web", "namespace": "default"},
                         "spec": {"replicas": 4, "selector": {"matchLabels": {"app": "web"}},
                          "template": {"metadata": {"labels": {"app": "web"}},
                           "spec": {"containers": [{"name": "web", "image": "example.dev/web:1",
                            "readinessProbe": {"httpGet": {"path": "/ready", "port": 8080}, "periodSeconds": 1, "failureThreshold": 1}}]}}}}
                        """
                                .getBytes(StandardCharsets.UTF_8)),
                Deployment.class));
        client.create(Json.fromTree(
                Json.read(
                        """
                        {"metadata": {"name": "web", "namespace": "default"},
                         "spec": {"selector": {"app": "web"}, "ports": [{"port": 80, "targetPort": 8080}]}}
                        """
                                .getBytes(StandardCharsets.UTF_8)),
                Service.class));
    }

    @AfterEach
    void end() {
        cluster.close();
    }

    /** Of four pods the first two to be made are not ready, though they would answer. */
    private ContainerBehavior servesItsName(ContainerView container) {
        String name = container.podName();
        synchronized (pods) {
            pods.add(name);
            if (pods.size() <= 2) {
                unready.add(name);
            }
        }
        return ContainerBehavior.runs()
                .servesHttp(
                        8080,
                        request -> request.path().equals("/ready")
                                ? HttpHandler.Reply.text(unready.contains(name) ? 503 : 200, "")
                                : HttpHandler.Reply.text(name));
    }

    @Test
    void isAnsweredBySeveralPodsAndNeverByOneThatIsNotReady() {
        awaitReady(2);
        Set<String> ready = new TreeSet<>(pods);
        ready.removeAll(unready);
        awaitAnswersOf(ready);

        assertThat(answers()).isEqualTo(ready).hasSize(2);

        String failing = ready.iterator().next();
        unready.add(failing);
        awaitReady(1);
        ready.remove(failing);
        awaitAnswersOf(ready);
        assertThat(answers()).isEqualTo(ready).hasSize(1);

        unready.clear();
        awaitReady(4);
        awaitAnswersOf(pods);
        assertThat(answers()).isEqualTo(pods).hasSize(4);
    }

    private void awaitReady(int count) {
        cluster.await(count + " ready pods", PATIENCE, () -> {
            var status = cluster.api("test")
                    .get(ResourceType.of(Deployment.class), "default", "web")
                    .getStatus();
            return status.getReadyReplicas() != null && status.getReadyReplicas() == count && pods.size() == 4;
        });
    }

    /** The proxy follows the endpoints a moment after the Deployment's status. */
    private void awaitAnswersOf(Set<String> names) {
        cluster.await("answers of " + names, PATIENCE, () -> {
            Set<String> heard = new TreeSet<>();
            for (int i = 0; i < 20; i++) {
                heard.add(call());
            }
            return heard.equals(names);
        });
    }

    private Set<String> answers() {
        Set<String> names = new TreeSet<>();
        for (int i = 0; i < CALLS; i++) {
            names.add(call());
        }
        return names;
    }

    /** One call on a connection of its own: a proxy chooses anew for each. */
    private String call() {
        Service service = cluster.api("test").get(ResourceType.of(Service.class), "default", "web");
        try {
            var connection = URI.create("http://" + service.getSpec().getClusterIP() + "/")
                    .toURL()
                    .openConnection();
            connection.setRequestProperty("Connection", "close");
            try (var in = connection.getInputStream()) {
                return new String(in.readAllBytes(), StandardCharsets.UTF_8);
            }
        } catch (IOException e) {
            return "no answer: " + e.getMessage();
        }
    }
}

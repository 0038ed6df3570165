package dev.amphora.samples;

import static dev.amphora.Conditions.deployment;
import static dev.amphora.Conditions.node;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.Cluster;
import dev.amphora.Condition;
import dev.amphora.Conditions;
import dev.amphora.api.Json;
import dev.amphora.api.ResourceType;
import dev.amphora.client.Client;
import dev.amphora.client.ListOptions;
import dev.amphora.client.Patch;
import io.fabric8.kubernetes.api.model.ContainerStatus;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.apps.ReplicaSet;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * What the quickstart does to a cluster, step by step, on any engine and under any kernel: the manifest's Deployment and Service come to
 * life, a new image is rolled out and back, the Deployment is scaled, a container dies and is healed, a node is lost and its pods are
 * replaced.
 */
final class Scenario {
    static final String NAMESPACE = "default";
    static final String NAME = "xyz";
    static final int REPLICAS = 4;
    static final int SCALED = 6;
    private static final Duration PATIENCE = Duration.ofMinutes(10);
    private static final Duration SETTLED = Duration.ofSeconds(3);

    private final Cluster cluster;
    private final Client client;

    Scenario(Cluster cluster) {
        this.cluster = cluster;
        this.client = cluster.api("quickstart");
    }

    /** Whether an earlier run has left its Deployment. */
    boolean isLoaded() {
        return client.find(ResourceType.of(Deployment.class), NAMESPACE, NAME).isPresent();
    }

    /** Creates what the manifests say. */
    void load() {
        create(resource("deployment.json"), io.fabric8.kubernetes.api.model.extensions.Deployment.class);
        create(resource("service.json"), Service.class);
    }

    /** Waits until the Deployment is as its spec says. */
    void awaitRollout() {
        cluster.await(deployment(NAME).rolledOut(), PATIENCE);
        awaitPods();
    }

    /**
     * Waits until the Deployment has been as its spec says for a while: after a restart the stored status is that of before, until the
     * kubelets have looked.
     */
    void awaitSettled() {
        AtomicReference<@Nullable Instant> since = new AtomicReference<>();
        cluster.await("a settled Deployment", PATIENCE, () -> {
            boolean whole = deployment(NAME).rolledOut().test().test(deploymentNow()) && isWhole();
            since.set(!whole ? null : since.get() == null ? cluster.kernel().instant() : since.get());
            Instant begin = since.get();
            return begin != null
                    && Duration.between(begin, cluster.kernel().instant()).compareTo(SETTLED) >= 0;
        });
    }

    /** Changes the image of the only container. */
    void setImage(String image) {
        ObjectNode container = Json.object().put("name", "web").put("image", image);
        ObjectNode patch = Json.object();
        patch.putObject("spec")
                .putObject("template")
                .putObject("spec")
                .putArray("containers")
                .add(container);
        client.patch(ResourceType.of(Deployment.class), NAMESPACE, NAME, Patch.strategic(patch), null);
    }

    /** Goes back to the template before the last, as {@code kubectl rollout undo} does. */
    void rollBack() {
        Deployment current = deploymentNow();
        long revision = revision(current);
        ReplicaSet before = replicaSets().stream()
                .filter(each -> revision(each) < revision)
                .max((a, b) -> Long.compare(revision(a), revision(b)))
                .orElseThrow();
        ObjectNode template = Json.toTree(before.getSpec().getTemplate());
        ((ObjectNode) template.get("metadata").get("labels")).remove("pod-template-hash");
        ObjectNode operation = Json.object().put("op", "replace").put("path", "/spec/template");
        operation.set("value", template);
        client.patch(
                ResourceType.of(Deployment.class),
                NAMESPACE,
                NAME,
                Patch.json(Json.mapper().createArrayNode().add(operation)),
                null);
    }

    /** Sets the number of replicas through the scale subresource. */
    void scale(int replicas) {
        ObjectNode patch = Json.object();
        patch.putObject("spec").put("replicas", replicas);
        client.patch(ResourceType.of(Deployment.class), NAMESPACE, NAME, Patch.merge(patch), "scale");
    }

    /** Kills the container of one pod behind the cluster's back and waits until the kubelet has started another. */
    Pod killAndHeal() {
        Pod victim = pods().get(0);
        String name = victim.getMetadata().getName();
        String node = victim.getSpec().getNodeName();
        int restarts = status(victim).getRestartCount();
        var runtime = cluster.node(node).runtime();
        cluster.kernel()
                .await(runtime.pod(victim.getMetadata().getUid())
                        .thenCompose(state ->
                                runtime.stopContainer(state.containers().get(0).id(), Duration.ZERO)));
        return Objects.requireNonNull(cluster.await(
                new Condition<>(
                        ResourceType.of(Pod.class),
                        NAMESPACE,
                        name,
                        "restarted and ready",
                        pod -> pod != null
                                && status(pod).getRestartCount() > restarts
                                && status(pod).getReady()),
                PATIENCE));
    }

    /** Loses a node: its kubelet falls silent. Waits until the cluster has noticed and the Deployment is whole without it. */
    void loseNode(String name) {
        cluster.node(name).fail();
        cluster.await(node(name).lost(), PATIENCE);
        awaitWhole(pod -> !name.equals(pod.getSpec().getNodeName()));
    }

    /** Brings the node back and waits until nothing of the old pods is left. */
    void recoverNode(String name) {
        cluster.node(name).recover();
        cluster.await(node(name).ready(), PATIENCE);
        awaitPods();
    }

    private void awaitWhole(Predicate<Pod> counts) {
        cluster.await("as many ready pods as replicas", PATIENCE, () -> {
            int wanted = deploymentNow().getSpec().getReplicas();
            return pods().stream()
                            .filter(pod -> pod.getMetadata().getDeletionTimestamp() == null)
                            .filter(counts)
                            .filter(Scenario::isReady)
                            .count()
                    == wanted;
        });
    }

    /** Waits until there are as many pods as replicas, all ready, and none on its way out. */
    private void awaitPods() {
        cluster.await("no pods but the ready ones", PATIENCE, this::isWhole);
    }

    private boolean isWhole() {
        List<Pod> pods = pods();
        return pods.size() == deploymentNow().getSpec().getReplicas()
                && pods.stream().allMatch(Scenario::isReady);
    }

    Deployment deploymentNow() {
        return client.get(ResourceType.of(Deployment.class), NAMESPACE, NAME);
    }

    Service service() {
        return client.get(ResourceType.of(Service.class), NAMESPACE, NAME);
    }

    List<Pod> pods() {
        return client.list(
                        ResourceType.of(Pod.class), NAMESPACE, ListOptions.all().withLabels("app=" + NAME))
                .items();
    }

    List<ReplicaSet> replicaSets() {
        return client.list(
                        ResourceType.of(ReplicaSet.class),
                        NAMESPACE,
                        ListOptions.all().withLabels("app=" + NAME))
                .items();
    }

    /** Removes what the scenario made and waits until it is gone. */
    void remove() {
        client.delete(
                ResourceType.of(Deployment.class),
                NAMESPACE,
                NAME,
                dev.amphora.client.DeleteOptions.defaults().withPropagation("Foreground"));
        client.delete(ResourceType.of(Service.class), NAMESPACE, NAME, dev.amphora.client.DeleteOptions.defaults());
        cluster.await(Conditions.gone(Deployment.class, NAMESPACE, NAME), PATIENCE);
        cluster.await("no pods", PATIENCE, () -> pods().isEmpty());
    }

    /** What the scenario leaves behind, without names and times that are chance: the same on every engine and for every seed. */
    SortedMap<String, String> endState() {
        SortedMap<String, String> state = new TreeMap<>();
        Deployment deployment = deploymentNow();
        var status = deployment.getStatus();
        state.put(
                "deployment",
                "replicas=%s updated=%s ready=%s available=%s revision=%s"
                        .formatted(
                                status.getReplicas(),
                                status.getUpdatedReplicas(),
                                status.getReadyReplicas(),
                                status.getAvailableReplicas(),
                                revision(deployment)));
        for (ReplicaSet each : replicaSets()) {
            state.put(
                    "replicaset revision " + revision(each),
                    "%s replicas=%s ready=%s"
                            .formatted(
                                    each.getSpec()
                                            .getTemplate()
                                            .getSpec()
                                            .getContainers()
                                            .get(0)
                                            .getImage(),
                                    each.getSpec().getReplicas(),
                                    each.getStatus().getReadyReplicas()));
        }
        List<Pod> pods = pods();
        state.put(
                "pods",
                "%d, all running and ready: %s"
                        .formatted(pods.size(), pods.stream().allMatch(Scenario::isReady)));
        return state;
    }

    static boolean isReady(Pod pod) {
        return pod.getStatus() != null
                && pod.getStatus().getConditions().stream()
                        .anyMatch(each -> "Ready".equals(each.getType()) && "True".equals(each.getStatus()));
    }

    static ContainerStatus status(Pod pod) {
        return pod.getStatus().getContainerStatuses().get(0);
    }

    static long revision(@Nullable HasMetadata object) {
        var annotations = object == null ? null : object.getMetadata().getAnnotations();
        String text = annotations == null ? null : annotations.get("deployment.kubernetes.io/revision");
        return text == null ? 0 : Long.parseLong(text);
    }

    private <T extends HasMetadata> void create(JsonNode manifest, Class<T> type) {
        T object = Json.fromTree(manifest, type);
        object.getMetadata().setNamespace(NAMESPACE);
        client.create(object);
    }

    private static JsonNode resource(String name) {
        try (InputStream in = Scenario.class.getResourceAsStream("/quickstart/" + name)) {
            return Json.read(Objects.requireNonNull(in).readAllBytes());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}

package dev.amphora.scheduler;

import dev.amphora.client.Client;
import dev.amphora.scheduler.framework.CycleState;
import dev.amphora.scheduler.framework.FilterPlugin;
import dev.amphora.scheduler.framework.Lister;
import dev.amphora.scheduler.framework.NodeInfo;
import dev.amphora.scheduler.framework.NodeSnapshot;
import dev.amphora.scheduler.framework.PodInfo;
import dev.amphora.scheduler.framework.PostFilterPlugin;
import dev.amphora.scheduler.framework.Status;
import dev.amphora.scheduler.framework.WaitingPod;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** A profile on a bench: nodes and pods are put down by hand, and each plugin can be asked for itself. */
final class Bench implements Framework.Host {
    final SchedulerCache cache = new SchedulerCache();
    final Nominations nominations = new Nominations();
    private final SharedState shared = new SharedState();
    final List<HasMetadata> objects = new ArrayList<>();
    final List<Runnable> async = new ArrayList<>();
    final Framework framework;
    final PodScheduling scheduling;

    Bench() {
        this(Profile.named("default-scheduler"));
    }

    Bench(Profile profile) {
        framework = new Framework(profile, this);
        scheduling = new PodScheduling(new SeededChance(1));
    }

    static NodeBuilder node(String name) {
        return new NodeBuilder()
                .withNewMetadata()
                .withName(name)
                .addToLabels("kubernetes.io/hostname", name)
                .endMetadata()
                .withNewSpec()
                .endSpec()
                .withNewStatus()
                .addToAllocatable("cpu", new Quantity("4"))
                .addToAllocatable("memory", new Quantity("8Gi"))
                .addToAllocatable("pods", new Quantity("110"))
                .endStatus();
    }

    /** A pod with one container; null requests for none. */
    static PodBuilder pod(String name, @Nullable String cpu, @Nullable String memory) {
        PodBuilder pod = new PodBuilder()
                .withNewMetadata()
                .withName(name)
                .withNamespace("default")
                .withUid("uid-" + name)
                .endMetadata()
                .withNewSpec()
                .withSchedulerName("default-scheduler")
                .addNewContainer()
                .withName("c")
                .withNewResources()
                .endResources()
                .endContainer()
                .endSpec();
        if (cpu != null) {
            pod = pod.editSpec()
                    .editFirstContainer()
                    .editResources()
                    .addToRequests("cpu", new Quantity(cpu))
                    .endResources()
                    .endContainer()
                    .endSpec();
        }
        if (memory != null) {
            pod = pod.editSpec()
                    .editFirstContainer()
                    .editResources()
                    .addToRequests("memory", new Quantity(memory))
                    .endResources()
                    .endContainer()
                    .endSpec();
        }
        return pod;
    }

    static PodBuilder pod(String name) {
        return pod(name, null, null);
    }

    Bench with(NodeBuilder... nodes) {
        for (NodeBuilder node : nodes) {
            cache.addNode(node.build());
        }
        return this;
    }

    Bench running(PodBuilder pod, String nodeName) {
        cache.addPod(PodInfo.of(pod.editSpec().withNodeName(nodeName).endSpec().build()));
        return this;
    }

    Bench nominated(PodBuilder pod, String nodeName) {
        nominations.put(PodInfo.of(pod.build()), nodeName);
        return this;
    }

    Bench knows(HasMetadata object) {
        objects.add(object);
        return this;
    }

    /** What one plugin's Filter says of each node: its reasons, empty for success. */
    Map<String, String> filter(String plugin, PodBuilder builder) {
        PodInfo pod = PodInfo.of(builder.build());
        List<NodeInfo> nodes = cache.snapshot().nodes();
        CycleState state = new CycleState();
        framework.runPreFilter(state, pod);
        Map<String, String> verdicts = new LinkedHashMap<>();
        for (int i = 0; i < framework.filterPlugins().size(); i++) {
            FilterPlugin filter = framework.filterPlugins().get(i);
            if (filter.name().equals(plugin)) {
                for (NodeInfo node : nodes) {
                    Status status =
                            framework.skipsFilter(state, i) ? Status.success() : filter.filter(state, pod, node);
                    verdicts.put(node.name(), status.message());
                }
            }
        }
        return verdicts;
    }

    /** One plugin's normalised scores over all nodes; empty if it was skipped. */
    List<Long> scores(String plugin, PodBuilder builder) {
        PodInfo pod = PodInfo.of(builder.build());
        List<NodeInfo> nodes = cache.snapshot().nodes();
        CycleState state = new CycleState();
        framework.runPreFilter(state, pod);
        framework.runPreScore(state, pod, nodes);
        List<Long> scores = new ArrayList<>();
        framework.runScore(state, pod, nodes, new long[nodes.size()], (scored, raw, normalized) -> {
            if (scored.name().equals(plugin)) {
                Arrays.stream(normalized).forEach(scores::add);
            }
        });
        return scores;
    }

    /** The node that a pod is given, or the message why there is none. */
    String schedule(PodBuilder builder) {
        PodInfo pod = PodInfo.of(builder.build());
        cache.snapshot();
        CycleState state = new CycleState();
        PodScheduling.Result result = scheduling.schedule(framework, state, pod);
        if (result.nodeName() != null) {
            return result.nodeName();
        }
        Diagnosis diagnosis = result.diagnosis();
        if (diagnosis == null) {
            return Objects.requireNonNull(result.error()).message();
        }
        PostFilterPlugin.Result after = framework.runPostFilter(state, pod, diagnosis.nodes);
        diagnosis.postFilterMessage = after.status().message();
        String nominated = after.nominatedNode();
        String message = diagnosis.message(cache.view().nodes().size());
        return nominated == null || nominated.isEmpty() ? message : message + " -> " + nominated;
    }

    @Override
    public NodeSnapshot snapshot() {
        return cache.view();
    }

    @Override
    public SharedState shared() {
        return shared;
    }

    @Override
    public <T extends HasMetadata> Lister<T> lister(Class<T> type) {
        return new Lister<>() {
            @Override
            public @Nullable T get(@Nullable String namespace, String name) {
                return list(namespace).stream()
                        .filter(object -> object.getMetadata().getName().equals(name))
                        .findFirst()
                        .orElse(null);
            }

            @Override
            public List<T> list(@Nullable String namespace) {
                return objects.stream()
                        .filter(type::isInstance)
                        .map(type::cast)
                        .filter(object -> namespace == null
                                || namespace.equals(object.getMetadata().getNamespace()))
                        .toList();
            }
        };
    }

    @Override
    public Client client() {
        throw new IllegalStateException("there is no server on the bench");
    }

    @Override
    public InstantSource clock() {
        return InstantSource.fixed(Instant.EPOCH);
    }

    @Override
    public RandomGenerator random() {
        return new SeededChance(2);
    }

    @Override
    public void runAsync(Runnable task) {
        async.add(task);
    }

    @Override
    public void runConcurrently(Runnable task) {
        async.add(task);
    }

    @Override
    public void runInCycle(Runnable task) {
        task.run();
    }

    @Override
    public void runInCycleAfter(Duration delay, Runnable task) {
        // no time passes here
    }

    @Override
    public @Nullable PodInfo podOnNode(String uid) {
        return cache.pod(uid);
    }

    @Override
    public Nominations nominations() {
        return nominations;
    }

    @Override
    public List<WaitingPod> waitingPods() {
        return List.of();
    }

    @Override
    public void activate(Collection<PodInfo> pods) {}

    @Override
    public void event(Pod pod, String type, String reason, String action, String note) {}
}

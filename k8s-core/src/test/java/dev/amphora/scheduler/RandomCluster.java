package dev.amphora.scheduler;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.client.Client;
import dev.amphora.scheduler.framework.CycleState;
import dev.amphora.scheduler.framework.FilterPlugin;
import dev.amphora.scheduler.framework.NodeInfo;
import dev.amphora.scheduler.framework.PodInfo;
import dev.amphora.scheduler.framework.SchedulerExtender;
import dev.amphora.scheduler.framework.ScorePlugin;
import dev.amphora.scheduler.framework.Status;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.PodSchedulingGate;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.ServiceBuilder;
import io.fabric8.kubernetes.api.model.Toleration;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudgetBuilder;
import java.lang.reflect.Proxy;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A cluster in which things happen by chance. */
final class RandomCluster {
    private static final List<String> COLORS = List.of("blue", "green", "red");
    private static final List<String> KEYS = List.of("kubernetes.io/hostname", "topology.kubernetes.io/zone", "rack");
    private static final List<String> NAMESPACES = List.of("default", "other");

    final SandboxWorld world;
    final RandomObjects objects;
    private final RandomWishes wishes;
    final Framework remembering;
    final Framework plain;
    /** Whether scores count a resource that devices may give. */
    final boolean countsDevices;

    private final SeededChance chance;
    private final Deque<HasMetadata> written = new ArrayDeque<>();
    private final List<HasMetadata> kept = new ArrayList<>();
    private final List<Node> nodes = new ArrayList<>();
    private final List<Pod> running = new ArrayList<>();
    private final List<Pod> nominated = new ArrayList<>();
    private int made;

    RandomCluster(long seed) {
        chance = new SeededChance(seed * 31 + 7);
        List<SchedulerExtender> extenders =
                oneIn(2) ? List.of(new RandomExtender(false, seed), new RandomExtender(true, seed + 1)) : List.of();
        world = new SandboxWorld(InstantSource.fixed(Instant.EPOCH), chance, extenders);
        objects = new RandomObjects(world, chance);
        wishes = new RandomWishes(chance);
        Profile profile = Profile.named("default-scheduler")
                .percentageOfNodesToScore(chance.nextInt(3) == 0 ? 100 : chance.nextInt(60));
        if (oneIn(2)) {
            profile = profile.with(new PlainPlugin(), 1 + chance.nextInt(3));
        }
        if (oneIn(4)) {
            profile = profile.with(new FailingPlugin(), 1);
        }
        if (oneIn(4)) {
            profile = profile.args("PodTopologySpread", listedConstraints());
        }
        countsDevices = oneIn(2);
        if (countsDevices) {
            profile = profile.args("NodeResourcesFit", scoredResources())
                    .args("NodeResourcesBalancedAllocation", resources("cpu", "example.com/gpu", "memory"));
        }
        remembering = new Framework(profile, new TwoViews(world, true, writes(true), new SharedState()));
        plain = new Framework(profile, new TwoViews(world, false, writes(false), new SharedState()));
        namespace("default");
        namespace("other");
        int count = chance.nextInt(4) == 0 ? 100 + chance.nextInt(120) : 2 + chance.nextInt(25);
        for (int i = 0; i < count; i++) {
            addNode();
        }
    }

    private boolean oneIn(int n) {
        return chance.nextInt(n) == 0;
    }

    /** Whether what is tried for a pod succeeds. */
    boolean luck() {
        return !oneIn(8);
    }

    private <T> T any(List<T> list) {
        return list.get(chance.nextInt(list.size()));
    }

    private HasMetadata write(HasMetadata object) {
        HasMetadata result = objects.put(object);
        written.add(result);
        return result;
    }

    /** Takes what the one engine writes; the other one, which writes the same after it, is told so. */
    private Client writes(boolean taken) {
        return (Client) Proxy.newProxyInstance(
                Client.class.getClassLoader(),
                new Class<?>[] {Client.class},
                (proxy, method, args) -> switch (method.getName()) {
                    case "create", "update", "updateStatus" -> taken ? write((HasMetadata) args[0]) : written.remove();
                    default -> null;
                });
    }

    /** A plugin as a user writes it: looks at one node and at the pods there, and says nothing about what its answers follow from. */
    private static final class PlainPlugin implements FilterPlugin, ScorePlugin {
        @Override
        public String name() {
            return "Plain";
        }

        @Override
        public Status filter(CycleState state, PodInfo pod, NodeInfo node) {
            return node.pods().size() % 5 == 3 && "red".equals(pod.labels().get("color"))
                    ? Status.unschedulable("no room for red")
                    : Status.success();
        }

        @Override
        public long score(CycleState state, PodInfo pod, NodeInfo node) {
            return (node.pods().size() * 17L + node.name().length()) % 101;
        }
    }

    /** Without a trace, which would be logged many times. */
    private static final class Failure extends RuntimeException {
        private static final long serialVersionUID = 1L;

        Failure(String message) {
            super(message, null, false, false);
        }
    }

    /** A plugin that now and then fails, or throws. */
    private static final class FailingPlugin implements FilterPlugin, ScorePlugin {
        @Override
        public String name() {
            return "Failing";
        }

        @Override
        public Status filter(CycleState state, PodInfo pod, NodeInfo node) {
            int sort = pod.name().hashCode() % 11;
            if (sort == 3 && node.pods().size() == 3) {
                throw new Failure("three");
            }
            return sort == 4 && node.pods().size() == 4 ? Status.error("four") : Status.success();
        }

        @Override
        public long score(CycleState state, PodInfo pod, NodeInfo node) {
            if (pod.name().hashCode() % 13 == 5 && node.pods().size() == 2) {
                throw new Failure("two");
            }
            return pod.name().hashCode() % 13 == 6 ? node.pods().size() * 30L : 0;
        }
    }

    /** Constraints for pods without any, one of them hard. */
    private static JsonNode listedConstraints() {
        ObjectNode args = JsonNodeFactory.instance.objectNode().put("defaultingType", "List");
        ArrayNode constraints = args.putArray("defaultConstraints");
        constraints
                .addObject()
                .put("maxSkew", 1)
                .put("topologyKey", "topology.kubernetes.io/zone")
                .put("whenUnsatisfiable", "ScheduleAnyway");
        constraints
                .addObject()
                .put("maxSkew", 2)
                .put("topologyKey", "kubernetes.io/hostname")
                .put("whenUnsatisfiable", "ScheduleAnyway");
        constraints.addObject().put("maxSkew", 3).put("topologyKey", "rack").put("whenUnsatisfiable", "DoNotSchedule");
        return args;
    }

    private static ObjectNode resources(String... names) {
        ObjectNode args = JsonNodeFactory.instance.objectNode();
        ArrayNode resources = args.putArray("resources");
        for (String name : names) {
            resources.addObject().put("name", name).put("weight", 1);
        }
        return args;
    }

    private JsonNode scoredResources() {
        ObjectNode args = JsonNodeFactory.instance.objectNode();
        args.putObject("scoringStrategy")
                .put("type", any(List.of("MostAllocated", "LeastAllocated")))
                .setAll(resources("example.com/gpu", "deviceclass.resource.kubernetes.io/gpu", "memory"));
        return args;
    }

    private void namespace(String name) {
        world.put(new NamespaceBuilder()
                .withNewMetadata()
                .withName(name)
                .addToLabels("team", any(List.of("x", "y")))
                .endMetadata()
                .build());
    }

    // -- what happens ------------------------------------------------------------------------------------------------

    /** Lets something happen, or nothing. */
    void change() {
        switch (chance.nextInt(14)) {
            case 0 -> addNode();
            case 1 -> changeNode();
            case 2 -> {
                if (nodes.size() > 2 && oneIn(2)) {
                    world.remove(nodes.remove(chance.nextInt(nodes.size())));
                }
            }
            case 3, 4 -> removePods(1 + chance.nextInt(3));
            case 5 -> changePod();
            case 6 -> changeObjects();
            case 7, 8 -> objects.change(nodeNames());
            default -> {}
        }
    }

    private List<String> nodeNames() {
        return nodes.stream().map(node -> node.getMetadata().getName()).toList();
    }

    /** Lets something happen to devices. */
    void changeDevices() {
        objects.changeDevices(nodeNames());
    }

    private void addNode() {
        Node node = node("n" + made++);
        nodes.add(node);
        world.put(node);
        objects.node(node.getMetadata().getName());
    }

    private void changeNode() {
        int index = chance.nextInt(nodes.size());
        Node node = nodes.get(index);
        Node changed = oneIn(2)
                ? node(node.getMetadata().getName())
                : new NodeBuilder(node)
                        .editStatus()
                        .addToAllocatable("cpu", new Quantity(String.valueOf(1 + chance.nextInt(6))))
                        .endStatus()
                        .build();
        nodes.set(index, changed);
        world.put(changed);
    }

    private void removePods(int count) {
        for (int i = 0; i < count && !running.isEmpty(); i++) {
            Pod pod = running.remove(chance.nextInt(running.size()));
            world.cache().removePod(PodInfo.of(pod));
        }
        if (!nominated.isEmpty() && oneIn(2)) {
            Pod pod = nominated.remove(chance.nextInt(nominated.size()));
            world.nominations().remove(pod.getMetadata().getUid());
        }
    }

    private void changePod() {
        if (running.isEmpty()) {
            return;
        }
        int index = chance.nextInt(running.size());
        PodBuilder pod = new PodBuilder(running.get(index));
        Pod changed = oneIn(2)
                ? pod.editMetadata()
                        .withDeletionTimestamp("2026-01-01T00:00:00Z")
                        .endMetadata()
                        .build()
                : pod.editMetadata()
                        .addToLabels("color", any(COLORS))
                        .endMetadata()
                        .build();
        running.set(index, changed);
        world.cache().updatePod(PodInfo.of(changed));
    }

    private void changeObjects() {
        switch (chance.nextInt(4)) {
            case 0 -> namespace(any(NAMESPACES));
            case 1 ->
                keep(new ServiceBuilder()
                        .withNewMetadata()
                        .withNamespace(any(NAMESPACES))
                        .withName("s" + made++)
                        .endMetadata()
                        .withNewSpec()
                        .addToSelector("color", any(COLORS))
                        .endSpec()
                        .build());
            case 2 -> drop("Service");
            default -> {
                drop("PodDisruptionBudget");
                if (oneIn(2)) {
                    keep(new PodDisruptionBudgetBuilder()
                            .withNewMetadata()
                            .withNamespace("default")
                            .withName("b" + made++)
                            .endMetadata()
                            .withNewSpec()
                            .withNewSelector()
                            .addToMatchLabels("color", any(COLORS))
                            .endSelector()
                            .endSpec()
                            .withNewStatus()
                            .withDisruptionsAllowed(chance.nextInt(2))
                            .endStatus()
                            .build());
                }
            }
        }
    }

    private void keep(HasMetadata object) {
        kept.add(object);
        world.put(object);
    }

    private void drop(String kind) {
        for (HasMetadata object : List.copyOf(kept)) {
            if (object.getKind().equals(kind) && (oneIn(2) || kind.startsWith("PodDisruption"))) {
                kept.remove(object);
                world.remove(object);
            }
        }
    }

    /** A pod has been given a node. */
    void place(Pod pod, String nodeName) {
        Pod placed = new PodBuilder(pod)
                .editSpec()
                .withNodeName(nodeName)
                .endSpec()
                .editOrNewStatus()
                .withStartTime("2026-01-01T00:00:" + String.format("%02dZ", chance.nextInt(60)))
                .endStatus()
                .build();
        world.nominations().remove(pod.getMetadata().getUid());
        world.cache().assume(PodInfo.of(pod), nodeName);
        world.cache().addPod(PodInfo.of(placed));
        running.add(placed);
    }

    /** A pod waits, perhaps for room on a node. */
    void wait(Pod pod, @Nullable String nominatedNode) {
        if (nominatedNode != null && !nominatedNode.isEmpty()) {
            Pod waiting = new PodBuilder(pod)
                    .editOrNewStatus()
                    .withNominatedNodeName(nominatedNode)
                    .endStatus()
                    .build();
            world.nominations().put(PodInfo.of(waiting), nominatedNode);
            nominated.add(waiting);
        }
    }

    // -- nodes and pods ----------------------------------------------------------------------------------------------

    private Node node(String name) {
        NodeBuilder node = Bench.node(name)
                .editMetadata()
                .addToLabels("topology.kubernetes.io/zone", "z" + chance.nextInt(3))
                .addToLabels("topology.gke.io/zone", "z" + chance.nextInt(3))
                .endMetadata()
                .editStatus()
                .addToAllocatable("cpu", new Quantity(String.valueOf(1 + chance.nextInt(4))))
                .addToAllocatable("memory", new Quantity((1 + chance.nextInt(8)) + "Gi"))
                .addToAllocatable("pods", new Quantity(String.valueOf(2 + chance.nextInt(10))))
                .endStatus();
        if (oneIn(2)) {
            node = node.editMetadata()
                    .addToLabels("rack", "r" + chance.nextInt(4))
                    .endMetadata();
        }
        if (oneIn(3)) {
            node = node.editMetadata().addToLabels("disk", "ssd").endMetadata();
        }
        if (oneIn(6)) {
            node = node.editSpec()
                    .addNewTaint()
                    .withKey("k")
                    .withEffect(any(List.of("NoSchedule", "PreferNoSchedule", "NoExecute")))
                    .endTaint()
                    .endSpec();
        }
        if (oneIn(3)) {
            node = node.editStatus()
                    .addNewImage()
                    .withNames("i:" + chance.nextInt(3))
                    .withSizeBytes(200_000_000L + chance.nextInt(5) * 100_000_000L)
                    .endImage()
                    .endStatus();
        }
        if (oneIn(5)) {
            node = node.editStatus()
                    .addToAllocatable("example.com/gpu", new Quantity(String.valueOf(chance.nextInt(3))))
                    .endStatus();
        }
        if (oneIn(7)) {
            node = node.editStatus()
                    .addToAllocatable("example.com/rare", new Quantity(String.valueOf(chance.nextInt(4))))
                    .endStatus();
        }
        if (oneIn(12)) {
            // as without the label, and for some as with a value
            node = node.editMetadata()
                    .removeFromLabels("topology.kubernetes.io/zone")
                    .addToLabels(oneIn(2) ? Map.of() : Map.of("topology.kubernetes.io/zone", ""))
                    .endMetadata();
        }
        if (oneIn(8)) {
            // not the node's name, and another node's too
            node = node.editMetadata()
                    .removeFromLabels("kubernetes.io/hostname")
                    .addToLabels(oneIn(3) ? Map.of() : Map.of("kubernetes.io/hostname", "h" + chance.nextInt(3)))
                    .endMetadata();
        }
        return node.editSpec()
                .withUnschedulable(oneIn(15) ? true : null)
                .endSpec()
                .build();
    }

    /** A pod that asks for a device, as all others do that are had here. */
    Pod podForDevice() {
        return RandomObjects.withExtendedResource(Bench.pod("p" + made++, "100m", "256Mi"), "example.com/gpu");
    }

    /** A pod, of one of not too many sorts. */
    Pod pod() {
        int number = made++;
        PodBuilder pod = Bench.pod("p" + number, any(List.of("100m", "500m", "2")), oneIn(3) ? null : "256Mi")
                .editMetadata()
                .withNamespace(oneIn(4) ? "other" : "default")
                .addToLabels("color", any(COLORS))
                .endMetadata()
                .editSpec()
                .withPriority(chance.nextInt(3))
                .editFirstContainer()
                .withImage("i:1")
                .endContainer()
                .endSpec();
        if (!nominated.isEmpty() && oneIn(8)) {
            return nominated.remove(chance.nextInt(nominated.size()));
        }
        if (oneIn(3)) {
            pod.editMetadata().addToLabels("size", "s").endMetadata();
        }
        return switch (chance.nextInt(20)) {
            case 14 -> wishes.spread(pod);
            case 15 -> wishes.company(pod);
            case 16 -> wishes.nodes(pod, nodeNames());
            case 17 -> wishes.port(pod);
            case 18 -> objects.withVolume(new PodBuilder(wishes.spread(pod)));
            case 0 -> withAffinity(pod);
            case 1 -> withAntiAffinity(pod);
            case 2 -> withPreferences(pod);
            case 3 -> withSpread(pod, "DoNotSchedule");
            case 4 -> withSpread(pod, "ScheduleAnyway");
            case 5 ->
                pod.editSpec()
                        .addToNodeSelector("disk", "ssd")
                        .addToTolerations(new Toleration(null, "k", "Exists", null, null))
                        .endSpec()
                        .build();
            case 6 ->
                pod.editSpec()
                        .editFirstContainer()
                        .addNewPort()
                        .withContainerPort(80)
                        .withHostPort(80 + chance.nextInt(2))
                        .endPort()
                        .endContainer()
                        .endSpec()
                        .build();
            case 7 -> objects.withVolume(pod);
            case 8 -> objects.withDevices(pod);
            case 9 -> oneIn(2) ? objects.withExtendedResource(pod) : objects.withDisk(pod);
            case 10 ->
                pod.editSpec()
                        .withSchedulingGates(oneIn(3) ? List.of(new PodSchedulingGate("g")) : List.of())
                        .editFirstContainer()
                        .withImage("i:" + chance.nextInt(3))
                        .endContainer()
                        .endSpec()
                        .build();
            case 11, 12, 13 -> countsDevices ? objects.withExtendedResource(pod) : pod.build();
            default -> pod.build();
        };
    }

    private Pod withAffinity(PodBuilder pod) {
        return pod.editSpec()
                .withNewAffinity()
                .withNewPodAffinity()
                .addNewRequiredDuringSchedulingIgnoredDuringExecution()
                .withTopologyKey(any(KEYS))
                .withNewLabelSelector()
                .withMatchLabels(Map.of("color", any(COLORS)))
                .endLabelSelector()
                .endRequiredDuringSchedulingIgnoredDuringExecution()
                .endPodAffinity()
                .endAffinity()
                .endSpec()
                .build();
    }

    private Pod withAntiAffinity(PodBuilder pod) {
        return pod.editSpec()
                .withNewAffinity()
                .withNewPodAntiAffinity()
                .addNewRequiredDuringSchedulingIgnoredDuringExecution()
                .withTopologyKey(any(KEYS))
                .withNewNamespaceSelector()
                .addToMatchLabels("team", "x")
                .endNamespaceSelector()
                .withNewLabelSelector()
                .withMatchLabels(Map.of("color", any(COLORS)))
                .endLabelSelector()
                .endRequiredDuringSchedulingIgnoredDuringExecution()
                .endPodAntiAffinity()
                .endAffinity()
                .endSpec()
                .build();
    }

    private Pod withPreferences(PodBuilder pod) {
        return pod.editSpec()
                .withNewAffinity()
                .withNewPodAffinity()
                .addNewPreferredDuringSchedulingIgnoredDuringExecution()
                .withWeight(1 + chance.nextInt(3) * 20)
                .withNewPodAffinityTerm()
                .withTopologyKey(any(KEYS))
                .withNewLabelSelector()
                .withMatchLabels(Map.of("color", any(COLORS)))
                .endLabelSelector()
                .endPodAffinityTerm()
                .endPreferredDuringSchedulingIgnoredDuringExecution()
                .endPodAffinity()
                .withNewNodeAffinity()
                .addNewPreferredDuringSchedulingIgnoredDuringExecution()
                .withWeight(10)
                .withNewPreference()
                .addNewMatchExpression()
                .withKey("disk")
                .withOperator("Exists")
                .endMatchExpression()
                .endPreference()
                .endPreferredDuringSchedulingIgnoredDuringExecution()
                .endNodeAffinity()
                .endAffinity()
                .endSpec()
                .build();
    }

    private Pod withSpread(PodBuilder pod, String action) {
        return pod.editSpec()
                .addNewTopologySpreadConstraint()
                .withMaxSkew(1 + chance.nextInt(2))
                .withTopologyKey(any(KEYS))
                .withWhenUnsatisfiable(action)
                .withNodeTaintsPolicy(oneIn(2) ? "Honor" : null)
                .withNewLabelSelector()
                .withMatchLabels(Map.of("color", any(COLORS)))
                .endLabelSelector()
                .endTopologySpreadConstraint()
                .endSpec()
                .build();
    }
}

package dev.amphora.tck;

import dev.amphora.api.Json;
import dev.amphora.scheduler.testing.TestNode;
import dev.amphora.scheduler.testing.TestPod;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.random.RandomGenerator;

/**
 * A small cluster that chance has drawn, and a pod that waits in it.
 *
 * @param nodes one at least
 * @param running pods that have one of the nodes
 * @param others objects of other kinds
 * @param waiting the pod
 */
record PluginFacts(List<Node> nodes, List<Pod> running, List<HasMetadata> others, Pod waiting) {

    /** What chance draws from. */
    record Source(
            RandomGenerator chance,
            Function<TestNode, TestNode> node,
            Function<TestPod, TestPod> pod,
            Function<RandomGenerator, List<? extends HasMetadata>> others) {

        PluginFacts draw() {
            List<Node> nodes = new ArrayList<>();
            int nodeCount = 1 + chance.nextInt(5);
            for (int i = 0; i < nodeCount; i++) {
                nodes.add(node("node-" + i));
            }
            List<Pod> running = new ArrayList<>();
            int podCount = chance.nextInt(8);
            for (int i = 0; i < podCount; i++) {
                running.add(running("running-" + i, nodes));
            }
            return new PluginFacts(nodes, running, List.copyOf(others.apply(chance)), pod("waiting"));
        }

        Pod running(String name, List<Node> nodes) {
            String node = nodes.get(chance.nextInt(nodes.size())).getMetadata().getName();
            return TestPod.of(pod(name)).on(node).build();
        }

        /** A node that has any of the things that the default plugins look at, and what the plugin's author adds. */
        Node node(String name) {
            TestNode drawn = TestNode.node(name);
            if (oneIn(4, 3)) {
                drawn.zone("zone-" + chance.nextInt(3));
            }
            if (oneIn(3, 2)) {
                drawn.label("disk", oneIn(2, 1) ? "ssd" : "hdd");
            }
            if (oneIn(4, 1)) {
                drawn.taint("dedicated", oneIn(2, 1) ? "a" : "b", oneIn(3, 1) ? "PreferNoSchedule" : "NoSchedule");
            }
            if (oneIn(8, 1)) {
                drawn.unschedulable();
            }
            if (oneIn(2, 1)) {
                drawn.allocatable("cpu", chance.nextInt(1, 5) + "00m")
                        .allocatable("memory", chance.nextInt(1, 9) + "Gi");
            }
            if (oneIn(4, 1)) {
                drawn.allocatable("pods", String.valueOf(chance.nextInt(1, 4)));
            }
            if (oneIn(2, 1)) {
                drawn.image(
                        "registry.example/" + (oneIn(2, 1) ? "app:1" : "other:1"), chance.nextInt(1, 900) * 1_000_000L);
            }
            return node.apply(drawn).build();
        }

        /** A pod that asks for any of the things that the default plugins look at, and what the plugin's author adds. */
        Pod pod(String name) {
            TestPod drawn = TestPod.pod(name).label("app", letter());
            if (oneIn(2, 1)) {
                drawn.requests("cpu", chance.nextInt(1, 4) + "00m");
            }
            if (oneIn(2, 1)) {
                drawn.requests("memory", chance.nextInt(1, 5) + "Gi");
            }
            if (oneIn(4, 1)) {
                drawn.nodeSelector("disk", oneIn(2, 1) ? "ssd" : "hdd");
            }
            if (oneIn(4, 1)) {
                drawn.toleration("dedicated", oneIn(2, 1) ? "a" : "b", "NoSchedule");
            }
            if (oneIn(4, 1)) {
                drawn.hostPort(8000 + chance.nextInt(2));
            }
            if (oneIn(4, 1)) {
                drawn.priority(chance.nextInt(1, 4));
            }
            String key = oneIn(2, 1) ? "topology.kubernetes.io/zone" : "kubernetes.io/hostname";
            switch (chance.nextInt(10)) {
                case 0 -> drawn.near(key, "app", letter());
                case 1, 2 -> drawn.apart(key, "app", letter());
                case 3, 4 -> drawn.spread(key, 1, "app", letter());
                default -> {}
            }
            if (oneIn(3, 1)) {
                drawn.image("registry.example/other:1");
            }
            return pod.apply(drawn).build();
        }

        private String letter() {
            return List.of("a", "b", "c").get(chance.nextInt(3));
        }

        boolean oneIn(int all, int some) {
            return chance.nextInt(all) < some;
        }
    }

    PluginFacts withWaiting(Pod pod) {
        return new PluginFacts(nodes, running, others, pod);
    }

    PluginFacts withRunning(Pod pod) {
        List<Pod> more = new ArrayList<>(running);
        more.add(pod);
        return new PluginFacts(nodes, more, others, waiting);
    }

    /** All of it as text, which shows any change. */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder("waiting: ").append(line(waiting));
        nodes.forEach(each -> text.append("\n  ").append(line(each)));
        running.forEach(each -> text.append("\n  ").append(line(each)));
        others.forEach(each -> text.append("\n  ").append(line(each)));
        return text.toString();
    }

    private static String line(HasMetadata object) {
        return Json.toTree(object).toString();
    }
}

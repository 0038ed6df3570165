package dev.amphora.scheduler;

import static org.assertj.core.api.Assertions.assertThat;

import dev.amphora.api.ResourceType;
import dev.amphora.api.StatusException;
import dev.amphora.client.DeleteOptions;
import dev.amphora.client.ListOptions;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.PersistentVolumeBuilder;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaimBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.storage.StorageClassBuilder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Whatever happens to the cluster and to the scheduler, a minute of calm later no pod waits that a node could run, no node has more than
 * it can hold, and the scheduler believes what the API server says. {@code -Dscheduler.seeds=500} tries many more.
 */
class SchedulerSoakTest {
    private static final int SEEDS = Integer.getInteger("scheduler.seeds", 4);
    private static final int STEPS = 80;
    private static final ResourceType<Pod> PODS = ResourceType.of(Pod.class);
    private static final ResourceType<Node> NODES = ResourceType.of(Node.class);
    private static final ResourceType<PersistentVolumeClaim> CLAIMS = ResourceType.of(PersistentVolumeClaim.class);

    static IntStream seeds() {
        int from = Integer.getInteger("scheduler.seed", 1);
        return IntStream.range(from, from + SEEDS);
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void nobodyWaitsInVainAndNothingIsTakenTwice(int seed) {
        try (Soak soak = new Soak(seed)) {
            for (int i = 0; i < STEPS; i++) {
                soak.step();
            }
            soak.calm();
            soak.check();
        }
    }

    private static final class Soak implements AutoCloseable {
        final SchedulerWorld world;
        final SeededChance chance;
        final List<String> history = new ArrayList<>();
        DefaultScheduler scheduler = DefaultScheduler.create();
        boolean faulty;
        boolean cut;
        int made;

        Soak(int seed) {
            world = new SchedulerWorld(seed);
            chance = new SeededChance(seed * 7919L);
            world.priorityClass("high", 1000);
            world.priorityClass("middle", 100);
            world.client.create(new StorageClassBuilder()
                    .withNewMetadata()
                    .withName("fast")
                    .endMetadata()
                    .withProvisioner("csi.example.com")
                    .withVolumeBindingMode("WaitForFirstConsumer")
                    .build());
            world.fault = (method, arguments) -> {
                boolean writes = SchedulerWorld.isBinding(method, arguments)
                        || Set.of("patch", "update", "delete").contains(method);
                if (faulty && writes && chance.nextInt(4) == 0) {
                    throw chance.nextInt(2) == 0
                            ? StatusException.conflict("", "pods", "x", "somebody else was faster")
                            : StatusException.internalError("down");
                }
            };
            world.start(scheduler);
            for (int i = 0; i < 3; i++) {
                addNode();
            }
        }

        @Override
        public void close() {
            world.close();
        }

        private boolean oneIn(int n) {
            return chance.nextInt(n) == 0;
        }

        private void note(String what) {
            history.add(what);
        }

        void step() {
            switch (chance.nextInt(16)) {
                case 0, 1, 2, 3, 4 -> addPod();
                case 5, 6 -> deletePod();
                case 7 -> addNode();
                case 8 -> deleteNode();
                case 9, 10 -> changeNode();
                case 11 -> {
                    faulty = !faulty;
                    note("faulty " + faulty);
                }
                case 12 -> {
                    note(cut ? "reconnect" : "cut off");
                    if (cut) {
                        world.reconnect();
                    } else {
                        world.cutOff();
                    }
                    cut = !cut;
                }
                case 13 -> restart();
                default -> changePod();
            }
            provision(false);
            end(false);
            world.kernel.advance(Duration.ofMillis(chance.nextInt(3) == 0 ? 0 : chance.nextInt(4000)));
        }

        private void restart() {
            if (oneIn(2)) {
                return;
            }
            note("restart");
            world.crash(scheduler);
            scheduler.close();
            scheduler = DefaultScheduler.create();
            world.start(scheduler);
        }

        private List<Pod> pods() {
            return world.client.list(PODS, "default", ListOptions.all()).items();
        }

        private List<Node> nodes() {
            return world.client.list(NODES, null, ListOptions.all()).items();
        }

        private void addPod() {
            String name = "p" + made++;
            PodBuilder pod = SchedulerWorld.pod(name, String.valueOf(1 + chance.nextInt(3)))
                    .editMetadata()
                    .addToLabels("color", oneIn(2) ? "red" : "blue")
                    .endMetadata()
                    .editSpec()
                    .withTerminationGracePeriodSeconds(0L)
                    .endSpec();
            if (oneIn(4)) {
                pod.editMetadata().addToFinalizers("example.dev/slow").endMetadata();
            }
            int priority = chance.nextInt(6);
            if (priority < 2) {
                pod.editSpec()
                        .withPriorityClassName(priority == 0 ? "high" : "middle")
                        .endSpec();
            }
            switch (chance.nextInt(8)) {
                case 0 ->
                    pod.editSpec()
                            .editFirstContainer()
                            .addNewPort()
                            .withContainerPort(80)
                            .withHostPort(80)
                            .endPort()
                            .endContainer()
                            .endSpec();
                case 1 ->
                    pod.editSpec()
                            .withNewAffinity()
                            .withNewPodAntiAffinity()
                            .addNewRequiredDuringSchedulingIgnoredDuringExecution()
                            .withTopologyKey("kubernetes.io/hostname")
                            .withNewLabelSelector()
                            .addToMatchLabels("color", "red")
                            .endLabelSelector()
                            .endRequiredDuringSchedulingIgnoredDuringExecution()
                            .endPodAntiAffinity()
                            .endAffinity()
                            .endSpec();
                case 2 ->
                    pod.editSpec()
                            .addNewTopologySpreadConstraint()
                            .withMaxSkew(1)
                            .withTopologyKey("kubernetes.io/hostname")
                            .withWhenUnsatisfiable("DoNotSchedule")
                            .withNewLabelSelector()
                            .addToMatchLabels("color", "blue")
                            .endLabelSelector()
                            .endTopologySpreadConstraint()
                            .endSpec();
                case 3, 4 -> {
                    claim("claim-" + name);
                    pod.editSpec()
                            .addNewVolume()
                            .withName("data")
                            .withNewPersistentVolumeClaim("claim-" + name, false)
                            .endVolume()
                            .endSpec();
                }
                case 5 -> pod.editSpec().addNewSchedulingGate("wait").endSpec();
                default -> {}
            }
            note("pod " + name);
            world.create(pod);
        }

        /** Lets pods go that take their time. */
        private void end(boolean all) {
            for (Pod pod : pods()) {
                if (pod.getMetadata().getDeletionTimestamp() != null && (all || oneIn(4))) {
                    note("end " + pod.getMetadata().getName());
                    world.patch(Pod.class, pod.getMetadata().getName(), "{\"metadata\":{\"finalizers\":null}}");
                    world.delete(pod.getMetadata().getName(), false);
                }
            }
        }

        private void claim(String name) {
            world.client.create(new PersistentVolumeClaimBuilder()
                    .withNewMetadata()
                    .withNamespace("default")
                    .withName(name)
                    .endMetadata()
                    .withNewSpec()
                    .withStorageClassName("fast")
                    .withAccessModes("ReadWriteOnce")
                    .withNewResources()
                    .addToRequests("storage", new Quantity("1Gi"))
                    .endResources()
                    .endSpec()
                    .build());
        }

        /** Makes the volumes that have a node, or some of them, or finds that it can't. */
        private void provision(boolean all) {
            Set<String> names = new HashSet<>();
            nodes().forEach(node -> names.add(node.getMetadata().getName()));
            for (PersistentVolumeClaim claim :
                    world.client.list(CLAIMS, "default", ListOptions.all()).items()) {
                var annotations = claim.getMetadata().getAnnotations();
                String node = annotations == null ? null : annotations.get("volume.kubernetes.io/selected-node");
                if (node == null || claim.getSpec().getVolumeName() != null || !(all || oneIn(3))) {
                    continue;
                }
                String name = claim.getMetadata().getName();
                if (!names.contains(node) || (!all && oneIn(4))) {
                    world.patch(
                            PersistentVolumeClaim.class,
                            name,
                            "{\"metadata\":{\"annotations\":{\"volume.kubernetes.io/selected-node\":null,\"tried\":\"yes\"}}}");
                    continue;
                }
                world.client.create(new PersistentVolumeBuilder()
                        .withNewMetadata()
                        .withName("volume-" + name)
                        .endMetadata()
                        .withNewSpec()
                        .withStorageClassName("fast")
                        .withAccessModes("ReadWriteOnce")
                        .addToCapacity("storage", new Quantity("1Gi"))
                        .withNewHostPath("/data", "")
                        .withNewClaimRef()
                        .withKind("PersistentVolumeClaim")
                        .withNamespace("default")
                        .withName(name)
                        .withUid(claim.getMetadata().getUid())
                        .endClaimRef()
                        .endSpec()
                        .build());
                world.patch(
                        PersistentVolumeClaim.class,
                        name,
                        "{\"metadata\":{\"annotations\":{\"pv.kubernetes.io/bind-completed\":\"yes\"}},\"spec\":{\"volumeName\":\"volume-"
                                + name + "\"}}");
            }
        }

        private void deletePod() {
            List<Pod> pods = pods();
            if (!pods.isEmpty()) {
                String name =
                        pods.get(chance.nextInt(pods.size())).getMetadata().getName();
                note("delete " + name);
                world.delete(name, false);
            }
        }

        private void changePod() {
            for (Pod pod : pods()) {
                if (!pod.getSpec().getSchedulingGates().isEmpty() && oneIn(2)) {
                    note("open " + pod.getMetadata().getName());
                    world.patch(Pod.class, pod.getMetadata().getName(), "{\"spec\":{\"schedulingGates\":null}}");
                } else if (oneIn(6)) {
                    note("color " + pod.getMetadata().getName());
                    world.patch(
                            Pod.class,
                            pod.getMetadata().getName(),
                            "{\"metadata\":{\"labels\":{\"color\":\"" + (oneIn(2) ? "red" : "blue") + "\"}}}");
                }
            }
        }

        private void addNode() {
            String name = "n" + made++;
            note("node " + name);
            world.node(name, String.valueOf(2 + chance.nextInt(4)));
        }

        private void deleteNode() {
            List<Node> nodes = nodes();
            if (nodes.size() > 2) {
                String name =
                        nodes.get(chance.nextInt(nodes.size())).getMetadata().getName();
                note("delete " + name);
                world.client.delete(NODES, null, name, DeleteOptions.defaults());
                // what is done elsewhere with pods on nodes that are no more
                for (Pod pod : pods()) {
                    if (name.equals(pod.getSpec().getNodeName())) {
                        world.delete(pod.getMetadata().getName(), false);
                    }
                }
            }
        }

        private void changeNode() {
            List<Node> nodes = nodes();
            String name = nodes.get(chance.nextInt(nodes.size())).getMetadata().getName();
            String merge =
                    switch (chance.nextInt(4)) {
                        case 0 -> "{\"spec\":{\"unschedulable\":true}}";
                        case 1 -> "{\"spec\":{\"unschedulable\":null}}";
                        case 2 -> "{\"spec\":{\"taints\":[{\"key\":\"k\",\"effect\":\"NoSchedule\"}]}}";
                        default -> "{\"spec\":{\"taints\":null}}";
                    };
            note(name + " " + merge);
            world.patchNode(name, merge);
        }

        /** Nothing goes wrong any more, and the volumes are made. */
        void calm() {
            faulty = false;
            if (cut) {
                world.reconnect();
            }
            for (int i = 0; i < 12; i++) {
                provision(true);
                end(true);
                world.kernel.advance(Duration.ofSeconds(5));
            }
        }

        void check() {
            Map<String, Integer> used = new HashMap<>();
            Set<String> ports = new HashSet<>();
            int bound = 0;
            WhatIf whatIf = WhatIf.read(world.client, List.of(Profile.named("default-scheduler")), 1);
            List<String> inVain = new ArrayList<>();
            for (Pod pod : pods()) {
                String node = pod.getSpec().getNodeName();
                if (node != null) {
                    bound++;
                    int cpu = pod.getSpec()
                            .getContainers()
                            .get(0)
                            .getResources()
                            .getRequests()
                            .get("cpu")
                            .getNumericalAmount()
                            .intValue();
                    used.merge(node, cpu, Integer::sum);
                    if (!pod.getSpec().getContainers().get(0).getPorts().isEmpty()) {
                        assertThat(ports.add(node))
                                .as("two with a port on %s: %s", node, history)
                                .isTrue();
                    }
                } else if (pod.getSpec().getSchedulingGates().isEmpty()
                        && !whatIf.explain(pod).feasible().isEmpty()) {
                    inVain.add(pod.getMetadata().getName() + " of "
                            + whatIf.explain(pod).feasible() + " " + pod.getStatus());
                }
            }
            assertThat(inVain).as("who waits in vain after %s", history).isEmpty();
            for (Node node : nodes()) {
                int has = node.getStatus()
                        .getAllocatable()
                        .get("cpu")
                        .getNumericalAmount()
                        .intValue();
                assertThat(used.getOrDefault(node.getMetadata().getName(), 0))
                        .as("used of %s after %s", node.getMetadata().getName(), history)
                        .isLessThanOrEqualTo(has);
            }
            assertThat(believed("pods")).as("pods on nodes after %s", history).isEqualTo(bound);
            assertThat(believed("assumed_pods"))
                    .as("assumed pods after %s", history)
                    .isZero();
            for (PersistentVolume volume : world.client
                    .list(ResourceType.of(PersistentVolume.class), null, ListOptions.all())
                    .items()) {
                assertThat(volume.getSpec().getClaimRef()).isNotNull();
            }
        }

        private int believed(String what) {
            String text = SchedulerMetricsTest.told(world);
            String line = "scheduler_cache_size{type=\"" + what + "\"} ";
            int at = text.indexOf(line) + line.length();
            return (int) Double.parseDouble(text.substring(at, text.indexOf('\n', at)));
        }
    }
}

package dev.amphora.scheduler;

import static dev.amphora.scheduler.SchedulerWorld.pod;
import static org.assertj.core.api.Assertions.assertThat;

import dev.amphora.api.Json;
import dev.amphora.api.ResourceType;
import dev.amphora.client.Client;
import dev.amphora.kernel.Kernel;
import dev.amphora.scheduler.extender.HttpExtender;
import dev.amphora.scheduler.framework.NodeInfo;
import dev.amphora.scheduler.framework.NodeSnapshot;
import dev.amphora.scheduler.framework.PodInfo;
import dev.amphora.scheduler.framework.SchedulerExtender;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import java.time.Duration;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** Extenders that are objects, in a running scheduler. */
class ExtendersInAClusterTest {
    /** Lets pods on some nodes only, as long as a test says so. */
    private static final class Guard implements SchedulerExtender {
        final Set<String> closed = new HashSet<>();

        @Override
        public Set<Verb> verbs() {
            return EnumSet.of(Verb.FILTER);
        }

        @Override
        public Filtered filter(PodInfo pod, List<NodeInfo> nodes) {
            List<String> left = nodes.stream()
                    .map(NodeInfo::name)
                    .filter(name -> !closed.contains(name))
                    .toList();
            return new Filtered(
                    left,
                    closed.stream().collect(Collectors.toMap(name -> name, name -> "the guard is asleep")),
                    Map.of());
        }
    }

    /** Prefers one node. */
    private record Taste(String node, long weight) implements SchedulerExtender {
        @Override
        public Set<Verb> verbs() {
            return EnumSet.of(Verb.PRIORITIZE);
        }

        @Override
        public Map<String, Long> prioritize(PodInfo pod, List<NodeInfo> nodes) {
            return Map.of(node, 10L);
        }
    }

    /** Binds pods, after it has told so in their place. */
    private static final class Binder implements SchedulerExtender {
        private final Client client;
        private final boolean ignorable;

        Binder(Client client, boolean ignorable) {
            this.client = client;
            this.ignorable = ignorable;
        }

        @Override
        public Set<Verb> verbs() {
            return EnumSet.of(Verb.BIND);
        }

        @Override
        public boolean isIgnorable() {
            return ignorable;
        }

        @Override
        public SchedulerExtender begin(Kernel kernel, Client schedulers) {
            return new Binder(schedulers, ignorable);
        }

        @Override
        public void bind(PodInfo pod, String nodeName) {
            if (pod.name().startsWith("refused")) {
                throw new IllegalStateException("the binder is down");
            }
            client.create(new ConfigMapBuilder()
                    .withNewMetadata()
                    .withName("bound-" + pod.name())
                    .withNamespace(pod.namespace())
                    .endMetadata()
                    .build());
            client.subresource(
                    ResourceType.of(Pod.class),
                    pod.namespace(),
                    pod.name(),
                    "binding",
                    Json.mapper()
                            .valueToTree(Map.of(
                                    "apiVersion",
                                    "v1",
                                    "kind",
                                    "Binding",
                                    "metadata",
                                    Map.of("name", pod.name()),
                                    "target",
                                    Map.of("kind", "Node", "name", nodeName))),
                    false);
        }
    }

    private static DefaultScheduler scheduler(SchedulerExtender... extenders) {
        DefaultScheduler.Builder builder = DefaultScheduler.builder().seed(1);
        for (SchedulerExtender extender : extenders) {
            builder.extender(extender);
        }
        return builder.build();
    }

    @Test
    void aPodThatAnExtenderTurnsDownIsTriedAgainAfterAnyChange() {
        Guard guard = new Guard();
        guard.closed.add("a");
        try (SchedulerWorld world = new SchedulerWorld(1, scheduler(guard))) {
            world.node("a", "4");
            world.create(pod("p", "1"));
            world.settle();

            assertThat(world.scheduled("p").getReason()).isEqualTo("Unschedulable");
            assertThat(world.scheduled("p").getMessage()).startsWith("0/1 nodes are available: 1 the guard is asleep.");

            guard.closed.clear();
            world.kernel.advance(Duration.ofSeconds(30));
            assertThat(world.nodeOf("p")).isEmpty();

            // a change that no plugin would take for help
            world.patchNode("a", "{\"metadata\":{\"annotations\":{\"any\":\"thing\"}}}");
            world.settle();
            assertThat(world.nodeOf("p")).isEqualTo("a");
        }
    }

    @Test
    void severalExtendersTogetherDecideWhereAPodGoes() {
        try (SchedulerWorld world =
                new SchedulerWorld(1, scheduler(new Taste("a", 2), new Taste("b", 3), new Taste("c", 1)))) {
            for (String node : List.of("a", "b", "c", "d")) {
                world.node(node, "4");
            }
            world.settle();
            world.create(pod("p", "1"));
            world.settle();

            assertThat(world.nodeOf("p")).isEqualTo("b");
            assertThat(world.kernel.failures()).isEmpty();
        }
    }

    @Test
    void anExtenderBindsInTheSchedulersPlace() {
        try (SchedulerWorld world = new SchedulerWorld(1, scheduler(new Binder(null, false)))) {
            world.node("a", "4");
            world.create(pod("p", "1"));
            world.settle();

            assertThat(world.nodeOf("p")).isEqualTo("a");
            assertThat(world.client.get(ResourceType.of(ConfigMap.class), "default", "bound-p"))
                    .isNotNull();
            assertThat(world.notes("p", "Scheduled")).containsExactly("Successfully assigned default/p to a");
        }
    }

    @Test
    void aBindingThatFailsIsTriedAgainUnlessTheExtenderMayBeIgnored() {
        try (SchedulerWorld world = new SchedulerWorld(1, scheduler(new Binder(null, false)))) {
            world.node("a", "4");
            world.create(pod("refused", "1"));
            world.kernel.advance(Duration.ofSeconds(20));

            assertThat(world.nodeOf("refused")).isEmpty();
            assertThat(world.scheduled("refused").getReason()).isEqualTo("SchedulerError");
            assertThat(world.scheduled("refused").getMessage()).contains("the binder is down");
            assertThat(world.failures("refused")).isGreaterThan(1);
        }
        try (SchedulerWorld world = new SchedulerWorld(1, scheduler(new Binder(null, true)))) {
            world.node("a", "4");
            world.create(pod("refused", "1"));
            world.settle();

            assertThat(world.nodeOf("refused")).isEqualTo("a");
        }
    }

    @Test
    void aBindingThatArrivedIsNotTriedAgainEvenIfItsAnswerWasLost() {
        SchedulerExtender forgetful = new SchedulerExtender() {
            @Override
            public Set<Verb> verbs() {
                return EnumSet.of(Verb.BIND);
            }

            @Override
            public SchedulerExtender begin(Kernel kernel, Client client) {
                Binder binder = new Binder(client, false);
                return new SchedulerExtender() {
                    @Override
                    public Set<Verb> verbs() {
                        return EnumSet.of(Verb.BIND);
                    }

                    @Override
                    public void bind(PodInfo pod, String nodeName) {
                        binder.bind(pod, nodeName);
                        throw new IllegalStateException("the answer was lost");
                    }
                };
            }
        };
        for (long seed = 1; seed <= 10; seed++) {
            try (SchedulerWorld world = new SchedulerWorld(seed, scheduler(forgetful))) {
                world.node("a", "4");
                world.create(pod("p", "3"));
                world.settle();
                world.create(pod("q", "3"));
                world.settle();

                assertThat(world.nodeOf("p")).isEqualTo("a");
                assertThat(world.nodeOf("q")).isEmpty();
            }
        }
    }

    /** Preempts on the node that comes last. */
    private static final class LastNode implements SchedulerExtender {
        @Override
        public Set<Verb> verbs() {
            return EnumSet.of(Verb.PREEMPT);
        }

        @Override
        public Map<String, Victims> preempt(PodInfo pod, Map<String, Victims> candidates, NodeSnapshot nodes) {
            Map.Entry<String, Victims> last = new TreeMap<>(candidates).lastEntry();
            return Map.of(last.getKey(), last.getValue());
        }
    }

    @Test
    void preemptionHitsWhomAnExtenderChooses() {
        try (SchedulerWorld world = new SchedulerWorld(1, scheduler(new LastNode()))) {
            world.priorityClass("high", 10);
            world.node("a", "2");
            world.node("b", "2");
            world.settle();
            world.create(pod("first", "2"));
            world.create(pod("second", "2"));
            world.settle();
            Map<String, String> before = new HashMap<>(world.placement());
            world.create(
                    pod("urgent", "2").editSpec().withPriorityClassName("high").endSpec());
            world.settle();
            String victim = before.get("first").equals("b") ? "first" : "second";

            assertThat(world.get("urgent").getStatus().getNominatedNodeName()).isEqualTo("b");
            assertThat(world.notes(victim, "Preempted")).hasSize(1);
        }
    }

    @Test
    void theSameSeedGivesTheSamePlacements() {
        Set<Map<String, String>> seen = new HashSet<>();
        for (int run = 0; run < 3; run++) {
            Guard guard = new Guard();
            guard.closed.addAll(new TreeSet<>(Set.of("n1", "n4")));
            try (SchedulerWorld world =
                    new SchedulerWorld(7, scheduler(guard, new Taste("n2", 1), new Taste("n3", 1)))) {
                for (int i = 0; i < 6; i++) {
                    world.node("n" + i, "4");
                }
                for (int i = 0; i < 16; i++) {
                    world.create(pod("p" + i, "1"));
                }
                world.settle();
                seen.add(world.placement());
                assertThat(world.placement().values()).doesNotContain("n1", "n4", "null");
            }
        }
        assertThat(seen).hasSize(1);
    }

    @Test
    void aSimulationAsksNobodyOverHttp() {
        HttpExtender extender =
                HttpExtender.at("http://127.0.0.1:9/extender").filter("filter").build();
        try (SchedulerWorld world = new SchedulerWorld(1, scheduler(extender))) {
            world.node("a", "4");
            world.create(pod("p", "1"));
            world.settle();

            assertThat(world.scheduled("p").getReason()).isEqualTo("SchedulerError");
            assertThat(world.scheduled("p").getMessage())
                    .isEqualTo("Post \"http://127.0.0.1:9/extender/filter\": a simulation has no network");
        }
    }
}

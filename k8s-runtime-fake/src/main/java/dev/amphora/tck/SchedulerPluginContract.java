package dev.amphora.tck;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.amphora.api.Json;
import dev.amphora.scheduler.framework.CycleState;
import dev.amphora.scheduler.framework.DomainLocal;
import dev.amphora.scheduler.framework.FilterPlugin;
import dev.amphora.scheduler.framework.NodeInfo;
import dev.amphora.scheduler.framework.NodeLocal;
import dev.amphora.scheduler.framework.Plugin;
import dev.amphora.scheduler.framework.PluginFactory;
import dev.amphora.scheduler.framework.PodInfo;
import dev.amphora.scheduler.framework.PreFilterPlugin;
import dev.amphora.scheduler.framework.QueueSortPlugin;
import dev.amphora.scheduler.framework.QueuedPodInfo;
import dev.amphora.scheduler.framework.ReservePlugin;
import dev.amphora.scheduler.framework.ScorePlugin;
import dev.amphora.scheduler.framework.Status;
import dev.amphora.scheduler.testing.TestNode;
import dev.amphora.scheduler.testing.TestPod;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * What every scheduler plugin must keep to, whatever it decides: pure answers, scores in range, hypothetical pods that count like real ones,
 * reservations that can be taken back, true claims about what its answers follow from, and no clock, thread or chance.
 *
 * <p>Extend it, say how the plugin is made, and run it with JUnit 5. The plugin is tried in clusters that chance draws from fixed seeds: nodes with
 * zones, taints, resources and images, pods with requests, affinities and spread constraints. What only your plugin looks at, such as a
 * label of its own, {@link #vary(TestNode, RandomGenerator)}, {@link #vary(TestPod, RandomGenerator)} and {@link #others} must add; {@link
 * #theTrialsShowBothSides} fails if the clusters never make the plugin say yes and no, or never make it score differently.
 *
 * <p>What a plugin doesn't implement is not asked. A failure tells the number of the case, the cluster and both answers.
 */
public abstract class SchedulerPluginContract {
    private PluginInCluster.@Nullable Kind kind;

    /** For subclasses. */
    protected SchedulerPluginContract() {}

    /** Makes the plugin; called many times. {@code (args, handle) -> new MyPlugin()} for one that needs nothing. */
    protected abstract PluginFactory plugin();

    /** The plugin's arguments, none unless overridden. */
    protected JsonNode args() {
        return Json.object();
    }

    /** Adds to a node what the plugin looks at, as chance will have it. */
    protected TestNode vary(TestNode node, RandomGenerator chance) {
        return node;
    }

    /** Adds to a pod what the plugin looks at, as chance will have it. The pod may come to wait or to run. */
    protected TestPod vary(TestPod pod, RandomGenerator chance) {
        return pod;
    }

    /** Objects of other kinds that the plugin looks at, as chance will have them; where names recur an object changes. */
    protected List<? extends HasMetadata> others(RandomGenerator chance) {
        return List.of();
    }

    /** How many clusters are drawn for each test: 200 unless overridden. */
    protected int cases() {
        return 200;
    }

    // -- answers -----------------------------------------------------------------------------------------------------

    /** The clusters are of use: they make the plugin say yes and no, and give different scores. */
    @Test
    public void theTrialsShowBothSides() {
        Set<Boolean> verdicts = new HashSet<>();
        Set<Long> scores = new HashSet<>();
        Set<String> points = new HashSet<>();
        eachCase((facts, source) -> {
            PluginInCluster cluster = in(facts);
            PluginInCluster.Asked asked = cluster.ask(facts.waiting());
            asked.verdicts().values().forEach(status -> verdicts.add(status.isSuccess()));
            PluginInCluster.Scored scored = asked.score(asked.feasible());
            if (scored != null) {
                scores.addAll(scored.raw().values());
            }
            if (cluster.plugin() instanceof FilterPlugin || cluster.plugin() instanceof PreFilterPlugin) {
                points.add("filter");
            }
            if (cluster.plugin() instanceof ScorePlugin) {
                points.add("score");
            }
        });
        String advice = "override vary(...) and others(...) so that the clusters have what the plugin looks at";
        if (points.contains("filter")) {
            assertThat(verdicts).as("verdicts; %s", advice).containsExactlyInAnyOrder(true, false);
        }
        if (points.contains("score")) {
            assertThat(scores).as("scores; %s", advice).hasSizeGreaterThan(1);
        }
    }

    /** The same question gets the same answer, in whatever order nodes are asked about, and in the next cycle too. */
    @Test
    public void answersAreTheSameEachTimeAndInAnyOrder() {
        eachCase((facts, source) -> {
            PluginInCluster cluster = in(facts);
            PluginInCluster.Asked asked = cluster.ask(facts.waiting());
            Map<String, Status> first = asked.verdicts();
            List<NodeInfo> shuffled = shuffled(cluster.nodes(), source);

            same("asked again", first, asked.verdicts());
            same("asked in another order", first, asked.verdicts(shuffled));
            same(
                    "asked in another cycle, in another order",
                    first,
                    cluster.ask(facts.waiting()).verdicts(shuffled));

            List<NodeInfo> feasible = asked.feasible();
            PluginInCluster.Scored scored = asked.score(feasible);
            same("scored again", scored, asked.score(feasible));
            same("scored in another order", scored, asked.score(shuffled(feasible, source)));
            same("scored in another cycle", scored, cluster.ask(facts.waiting()).score(feasible));
        });
    }

    /** What has been asked before makes no difference: another instance gives the same answers. */
    @Test
    public void answersDoNotFollowFromEarlierQuestions() {
        PluginFacts.Source pods = source(-1);
        eachCase((facts, source) -> {
            PluginInCluster experienced = in(facts);
            for (int i = 0; i < 5; i++) {
                experienced.answers(pods.pod("earlier-" + i));
            }
            same("asked after other pods", in(facts).answers(facts.waiting()), experienced.answers(facts.waiting()));
        });
    }

    /** Pods, nodes and other objects are only looked at. */
    @Test
    public void nothingThatIsShownIsChanged() {
        eachCase((facts, source) -> {
            String before = facts.toString();
            PluginInCluster cluster = in(facts);
            cluster.answers(facts.waiting());
            for (NodeInfo node : cluster.nodes()) {
                reserveAndUnreserve(cluster, facts.waiting(), node);
            }
            same("the cluster after the plugin has seen it", before, facts.toString());
        });
    }

    /** After normalisation all scores lie between 0 and 100, be it for one node or many. */
    @Test
    public void scoresAreInRange() {
        eachCase((facts, source) -> {
            PluginInCluster cluster = in(facts);
            PluginInCluster.Asked asked = cluster.ask(facts.waiting());
            List<NodeInfo> feasible = asked.feasible();
            for (int count = 1; count <= feasible.size(); count++) {
                PluginInCluster.Scored scored = asked.score(feasible.subList(0, count));
                if (scored != null) {
                    assertThat(scored.normalized())
                            .as("normalized scores; raw ones are %s", scored.raw())
                            .allSatisfy((node, score) -> assertThat(score)
                                    .as(node)
                                    .isBetween((long) ScorePlugin.MIN_SCORE, (long) ScorePlugin.MAX_SCORE));
                }
            }
        });
    }

    // -- hypothetical pods -------------------------------------------------------------------------------------------

    /** A pod that is added and removed again leaves no trace, nor does one that is removed and added again. */
    @Test
    public void addPodAndRemovePodUndoEachOther() {
        eachCase((facts, source) -> {
            PluginInCluster cluster = in(facts);
            PluginInCluster.Asked asked = cluster.ask(facts.waiting());
            if (!(cluster.plugin() instanceof PreFilterPlugin plugin) || !plugin.tracksPods() || isOver(asked)) {
                return;
            }
            Map<String, Status> before = asked.verdicts();
            CycleState state = asked.state.copy();
            PodInfo added = PodInfo.of(source.running("hypothetical", facts.nodes()));
            NodeInfo node = nodeOf(cluster, added);
            success(plugin.addPod(state, asked.pod, added, node.plus(added)));
            success(plugin.removePod(state, asked.pod, added, node));
            same("after AddPod and RemovePod", before, verdicts(asked, state, cluster.nodes()));
            for (Pod each : facts.running()) {
                PodInfo removed = PodInfo.of(each);
                NodeInfo its = nodeOf(cluster, removed);
                success(plugin.removePod(state, asked.pod, removed, its.minus(removed)));
                success(plugin.addPod(state, asked.pod, removed, its));
            }
            same("after RemovePod and AddPod of all pods", before, verdicts(asked, state, cluster.nodes()));
            same("the state of which a copy was changed", before, asked.verdicts());
        });
    }

    /**
     * A hypothetical pod counts like a real one: Filter looks at the node that it is given, not at that of the snapshot, and what PreFilter
     * has worked out is brought up to date by AddPod and RemovePod.
     */
    @Test
    public void aHypotheticalPodCountsLikeARealOne() {
        eachCase((facts, source) -> {
            Pod more = source.running("hypothetical", facts.nodes());
            PluginInCluster without = in(facts);
            PluginInCluster with = in(facts.withRunning(more));
            PodInfo pod = PodInfo.of(more);

            PluginInCluster.Asked asked = without.ask(facts.waiting());
            PluginInCluster.Asked really = with.ask(facts.waiting());
            if (isOver(asked) || isOver(really)) {
                return;
            }
            CycleState state = asked.state.copy();
            NodeInfo grown = nodeOf(without, pod).plus(pod);
            if (without.plugin() instanceof PreFilterPlugin plugin && plugin.tracksPods()) {
                success(plugin.addPod(state, asked.pod, pod, grown));
            }
            List<NodeInfo> nodes = without.nodes().stream()
                    .map(node -> node.name().equals(grown.name()) ? grown : node)
                    .toList();
            same("with a pod that runs, and one that is supposed to", really.verdicts(), verdicts(asked, state, nodes));

            CycleState back = really.state.copy();
            NodeInfo shrunk = nodeOf(with, pod).minus(pod);
            if (with.plugin() instanceof PreFilterPlugin plugin && plugin.tracksPods()) {
                success(plugin.removePod(back, really.pod, pod, shrunk));
            }
            nodes = with.nodes().stream()
                    .map(node -> node.name().equals(shrunk.name()) ? shrunk : node)
                    .toList();
            same("without a pod, and with one that is supposed to go", asked.verdicts(), verdicts(really, back, nodes));
        });
    }

    // -- reservations ------------------------------------------------------------------------------------------------

    /** Unreserve takes back all that Reserve has booked; twice, or without Reserve, does no harm. */
    @Test
    public void unreserveTakesBackWhatReserveHasBooked() {
        PluginFacts.Source pods = source(-2);
        eachCase((facts, source) -> {
            PluginInCluster cluster = in(facts);
            if (!(cluster.plugin() instanceof ReservePlugin)) {
                return;
            }
            String before = cluster.answers(facts.waiting());
            String reserved = reserveAndUnreserve(
                    cluster, facts.waiting(), cluster.nodes().get(0));
            for (int i = 0; i < 20; i++) {
                Pod pod = pods.pod("earlier-" + i);
                for (NodeInfo node : cluster.nodes()) {
                    reserveAndUnreserve(cluster, pod, node);
                }
            }
            same("after many pods were reserved and unreserved", before, cluster.answers(facts.waiting()));
            same(
                    "reserved after many pods were reserved and unreserved",
                    reserved,
                    reserveAndUnreserve(
                            cluster, facts.waiting(), cluster.nodes().get(0)));
        });
    }

    /** Reserves a pod, if the plugin lets it on the node, and unreserves it twice; tells what Reserve said. */
    private static String reserveAndUnreserve(PluginInCluster cluster, Pod pod, NodeInfo node) {
        if (!(cluster.plugin() instanceof ReservePlugin plugin)) {
            return "";
        }
        PluginInCluster.Asked asked = cluster.ask(pod);
        plugin.unreserve(asked.state, asked.pod, node.name());
        String said = "not reserved";
        if (asked.verdict(node).isSuccess()) {
            said = PluginInCluster.said(plugin.reserve(asked.state, asked.pod, node.name()));
        }
        plugin.unreserve(asked.state, asked.pod, node.name());
        plugin.unreserve(asked.state, asked.pod, node.name());
        return said;
    }

    // -- claims ------------------------------------------------------------------------------------------------------

    /** If the plugin says it is {@link NodeLocal}, nothing elsewhere and nothing about the pod beyond its signature changes its answer. */
    @Test
    public void aNodeLocalAnswerFollowsFromNodeAndSignature() {
        eachCase((facts, source) -> {
            PluginInCluster cluster = in(facts);
            PluginInCluster.Asked asked = cluster.ask(facts.waiting());
            if (!(cluster.plugin() instanceof NodeLocal claim)
                    || isOver(asked)
                    || asked.pod.signature() == null
                    || !claim.isNodeLocal(asked.state, asked.pod)) {
                return;
            }
            NodeInfo node = cluster.nodes().get(0);
            String before = local(asked, node);
            Pod twin = twin(facts.waiting());
            if (Objects.equals(asked.pod.signature(), PodInfo.of(twin).signature())) {
                PluginInCluster.Asked other = cluster.ask(twin);
                same("asked about a pod with the same signature", before, isOver(other) ? before : local(other, node));
            }
            for (PluginChanges.Change change : new PluginChanges(facts, source).aroundThePod()) {
                if (concerns(change, node)) {
                    continue;
                }
                apply(cluster, change);
                PluginInCluster.Asked again = cluster.ask(facts.waiting());
                same("after " + text(change), before, isOver(again) ? before : local(again, node));
            }
        });
    }

    private static String local(PluginInCluster.Asked asked, NodeInfo node) {
        Status verdict = asked.verdict(node);
        PluginInCluster.Scored scored = verdict.isSuccess() ? asked.score(List.of(node)) : null;
        return PluginInCluster.said(verdict) + (scored == null ? "" : ", raw score " + scored.raw());
    }

    /** A pod that differs in all that a signature leaves out. */
    private static Pod twin(Pod pod) {
        return TestPod.of(pod)
                .uid("twin")
                .annotation("example.dev/twin", "yes")
                .edit(p -> p.editMetadata().withName("twin").endMetadata())
                .edit(p -> p.editSpec()
                        .withPriority(77)
                        .withServiceAccountName("twin")
                        .endSpec())
                .build();
    }

    private static boolean concerns(PluginChanges.Change change, NodeInfo node) {
        HasMetadata object = change.object();
        return object instanceof Node
                ? object.getMetadata().getName().equals(node.name())
                : object instanceof Pod pod && node.name().equals(pod.getSpec().getNodeName());
    }

    /** If the plugin says which labels its answer follows from ({@link DomainLocal}), nodes with the same values get the same answer. */
    @Test
    public void aDomainLocalAnswerFollowsFromTheLabels() {
        eachCase((facts, source) -> {
            PluginInCluster cluster = in(facts);
            PluginInCluster.Asked asked = cluster.ask(facts.waiting());
            if (!(cluster.plugin() instanceof DomainLocal claim) || isOver(asked)) {
                return;
            }
            List<String> keys = claim.filterKeys(asked.state, asked.pod);
            if (keys == null) {
                return;
            }
            Map<List<String>, Status> known = new HashMap<>();
            for (NodeInfo node : cluster.nodes()) {
                List<String> values = keys.stream()
                        .map(key -> String.valueOf(node.labels().get(key)))
                        .toList();
                Status verdict = asked.verdict(node);
                Status earlier = known.putIfAbsent(values, verdict);
                same("nodes with the values " + values + " of " + keys, earlier == null ? verdict : earlier, verdict);
            }
        });
    }

    // -- the queue ---------------------------------------------------------------------------------------------------

    /** The order of a {@link QueueSortPlugin} is one: what comes before doesn't come after, and what comes between stays between. */
    @Test
    public void theOrderOfTheQueueIsAnOrder() {
        eachCase((facts, source) -> {
            if (!(in(facts).plugin() instanceof QueueSortPlugin order)) {
                return;
            }
            List<QueuedPodInfo> queued = new ArrayList<>();
            for (int i = 0; i < 6; i++) {
                queued.add(new Queued(
                        PodInfo.of(source.pod("queued-" + i)),
                        Instant.ofEpochSecond(source.chance().nextInt(3)),
                        source.chance().nextInt(3)));
            }
            for (QueuedPodInfo a : queued) {
                for (QueuedPodInfo b : queued) {
                    int ab = Integer.signum(order.compare(a, b));
                    same("about " + a + " and " + b + " the other way round", -ab, Integer.signum(order.compare(b, a)));
                    for (QueuedPodInfo c : queued) {
                        if (ab <= 0 && order.compare(b, c) <= 0 && order.compare(a, c) > 0) {
                            throw new AssertionError("comes before and after: " + a + ", " + b + ", " + c);
                        }
                    }
                }
            }
        });
    }

    private record Queued(PodInfo podInfo, Instant queuedAt, int attempts) implements QueuedPodInfo {
        @Override
        public @Nullable Instant firstTriedAt() {
            return attempts == 0 ? null : queuedAt;
        }
    }

    // -- events ------------------------------------------------------------------------------------------------------

    /** A change that makes the plugin let a pod on a node, all of which it has turned down, makes the scheduler try the pod again. */
    @Test
    public void aPodThatWasTurnedDownIsWokenByWhatHelps() {
        eachCase((facts, source) -> {
            if (hasYes(in(facts).ask(facts.waiting()))) {
                return;
            }
            for (PluginChanges.Change change : new PluginChanges(facts, source).aroundThePod()) {
                PluginInCluster cluster = in(facts);
                cluster.answers(facts.waiting());
                apply(cluster, change);
                wokenIfHelped(cluster, facts.waiting(), change);
            }
            for (PluginChanges.Change change : new PluginChanges(facts, source).ofThePod()) {
                if (change.after() instanceof Pod after) {
                    wokenIfHelped(in(facts), after, change);
                }
            }
        });
    }

    /** {@code after} is the waiting pod as it is after the change. */
    private static void wokenIfHelped(PluginInCluster cluster, Pod after, PluginChanges.Change change) {
        String name = cluster.plugin().name();
        if (hasYes(cluster.ask(after))
                && !cluster.sandbox().wakes(after, List.of(name), change.before(), change.after())) {
            throw new AssertionError(name + " has turned the pod down, would let it on a node after " + text(change)
                    + ", but doesn't wake it: "
                    + cluster.sandbox().hints(after, change.before(), change.after())
                    + ". Register the event (EnqueueExtensions), or mend the hint");
        }
    }

    private static boolean hasYes(PluginInCluster.Asked asked) {
        return asked.verdicts().values().stream().anyMatch(Status::isSuccess);
    }

    // -- time, threads, chance ---------------------------------------------------------------------------------------

    /** Two runs in the same clusters give the same answers to the letter. */
    @Test
    public void twoRunsAreAlike() {
        List<String> first = run();
        List<String> second = run();
        for (int i = 0; i < first.size(); i++) {
            same("case " + i + " in a second run", first.get(i), second.get(i));
        }
    }

    private List<String> run() {
        List<String> answers = new ArrayList<>();
        eachCase((facts, source) -> answers.add(in(facts).answers(facts.waiting())));
        return answers;
    }

    /** The plugin's code calls no clock, starts no thread and draws no random number; the handle offers a clock and chance that a test can hold. */
    @Test
    public void theCodeUsesNoClockThreadOrChance() {
        Plugin plugin = in(source(0).draw()).plugin();
        assertThat(ForbiddenCalls.in(plugin.getClass()))
                .as(
                        "calls that make decisions depend on more than the cluster; use Handle.clock(), random(), runAsync() instead")
                .isEmpty();
    }

    // -- helpers -----------------------------------------------------------------------------------------------------

    private interface Trial {
        void run(PluginFacts facts, PluginFacts.Source source);
    }

    private void eachCase(Trial trial) {
        for (int i = 0; i < cases(); i++) {
            PluginFacts.Source source = source(i);
            PluginFacts facts = source.draw();
            try {
                trial.run(facts, source);
            } catch (AssertionError | RuntimeException e) {
                throw new AssertionError("Case " + i + ": " + e.getMessage() + "\nin the cluster\n" + facts, e);
            }
        }
    }

    private PluginFacts.Source source(long seed) {
        RandomGenerator chance = new SplittableRandom(seed);
        return new PluginFacts.Source(chance, node -> vary(node, chance), pod -> vary(pod, chance), this::others);
    }

    private PluginInCluster in(PluginFacts facts) {
        PluginFactory factory = plugin();
        JsonNode args = args();
        PluginInCluster.Kind known = kind == null ? PluginInCluster.kind(factory, args) : kind;
        kind = known;
        return new PluginInCluster(known, factory, args, facts);
    }

    /** Whether nodes aren't asked about. */
    private static boolean isOver(PluginInCluster.Asked asked) {
        return !asked.preFilter.status().isSuccess();
    }

    private static Map<String, Status> verdicts(PluginInCluster.Asked asked, CycleState state, List<NodeInfo> nodes) {
        Map<String, Status> all = new HashMap<>();
        nodes.forEach(node -> all.put(node.name(), asked.verdict(state, node)));
        return all;
    }

    private static NodeInfo nodeOf(PluginInCluster cluster, PodInfo pod) {
        return cluster.nodes().stream()
                .filter(node -> node.name().equals(pod.nodeName()))
                .findFirst()
                .orElseThrow();
    }

    private static List<NodeInfo> shuffled(List<NodeInfo> nodes, PluginFacts.Source source) {
        List<NodeInfo> shuffled = new ArrayList<>(nodes);
        Collections.shuffle(shuffled, new Random(source.chance().nextLong()));
        return shuffled;
    }

    private static void apply(PluginInCluster cluster, PluginChanges.Change change) {
        if (change.after() == null) {
            cluster.remove(change.object());
        } else {
            cluster.put(change.after());
        }
    }

    private static String text(PluginChanges.Change change) {
        return "the change\n  from " + json(change.before()) + "\n  to   " + json(change.after()) + "\n";
    }

    private static String json(@Nullable HasMetadata object) {
        return object == null ? "nothing" : Json.toTree(object).toString();
    }

    private static void success(Status status) {
        if (!status.isSuccess()) {
            throw new AssertionError("AddPod or RemovePod says " + PluginInCluster.said(status));
        }
    }

    private static void same(String when, @Nullable Object first, @Nullable Object second) {
        if (!Objects.equals(first, second)) {
            throw new AssertionError("another answer, " + when + ":\n  " + first + "\n  " + second);
        }
    }
}

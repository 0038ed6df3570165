package dev.amphora.tck;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.amphora.scheduler.framework.Actions;
import dev.amphora.scheduler.framework.CycleState;
import dev.amphora.scheduler.framework.DomainLocal;
import dev.amphora.scheduler.framework.EnqueueExtensions;
import dev.amphora.scheduler.framework.EventResource;
import dev.amphora.scheduler.framework.EventToRegister;
import dev.amphora.scheduler.framework.FilterPlugin;
import dev.amphora.scheduler.framework.Handle;
import dev.amphora.scheduler.framework.NodeInfo;
import dev.amphora.scheduler.framework.NodeLocal;
import dev.amphora.scheduler.framework.Plugin;
import dev.amphora.scheduler.framework.PluginFactory;
import dev.amphora.scheduler.framework.PodInfo;
import dev.amphora.scheduler.framework.PreFilterPlugin;
import dev.amphora.scheduler.framework.QueueSortPlugin;
import dev.amphora.scheduler.framework.QueuedPodInfo;
import dev.amphora.scheduler.framework.QueueingHint;
import dev.amphora.scheduler.framework.ReservePlugin;
import dev.amphora.scheduler.framework.ScorePlugin;
import dev.amphora.scheduler.framework.Status;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

/** Each contract of a plugin catches one that breaks it, and lets its honest twin pass. */
class BadPluginsTest {
    private static final Status NO = Status.unschedulable("no");

    private static SchedulerPluginContract contract(Function<Handle, Plugin> plugin) {
        return new SchedulerPluginContract() {
            @Override
            protected PluginFactory plugin() {
                return (args, handle) -> plugin.apply(handle);
            }

            @Override
            protected int cases() {
                return 60;
            }
        };
    }

    private static SchedulerPluginContract contract(Supplier<Plugin> plugin) {
        return contract(handle -> plugin.get());
    }

    private static void catches(Supplier<Plugin> plugin, Consumer<SchedulerPluginContract> test, String... messages) {
        var thrown = assertThatThrownBy(() -> test.accept(contract(plugin))).isInstanceOf(AssertionError.class);
        for (String message : messages) {
            thrown.hasMessageContaining(message);
        }
    }

    /** Filters by a number of its own. */
    private abstract static class Filtering implements FilterPlugin {
        @Override
        public String name() {
            return "Bad";
        }
    }

    /** Nodes with an SSD only: honest in all. */
    private static class Honest extends Filtering implements ScorePlugin, NodeLocal, EnqueueExtensions {
        @Override
        public Status filter(CycleState state, PodInfo pod, NodeInfo node) {
            return "ssd".equals(node.labels().get("disk")) ? Status.success() : Status.unresolvable("no SSD");
        }

        @Override
        public long score(CycleState state, PodInfo pod, NodeInfo node) {
            return node.allocatable().milliCpu() % 101;
        }

        @Override
        public List<EventToRegister> eventsToRegister() {
            return List.of(EventToRegister.always(EventResource.NODE, Actions.ADD | Actions.UPDATE_NODE_LABEL));
        }
    }

    @Test
    void anHonestPluginPasses() {
        for (Consumer<SchedulerPluginContract> test : List.<Consumer<SchedulerPluginContract>>of(
                SchedulerPluginContract::theTrialsShowBothSides,
                SchedulerPluginContract::answersAreTheSameEachTimeAndInAnyOrder,
                SchedulerPluginContract::answersDoNotFollowFromEarlierQuestions,
                SchedulerPluginContract::nothingThatIsShownIsChanged,
                SchedulerPluginContract::scoresAreInRange,
                SchedulerPluginContract::addPodAndRemovePodUndoEachOther,
                SchedulerPluginContract::aHypotheticalPodCountsLikeARealOne,
                SchedulerPluginContract::unreserveTakesBackWhatReserveHasBooked,
                SchedulerPluginContract::aNodeLocalAnswerFollowsFromNodeAndSignature,
                SchedulerPluginContract::aDomainLocalAnswerFollowsFromTheLabels,
                SchedulerPluginContract::aPodThatWasTurnedDownIsWokenByWhatHelps,
                SchedulerPluginContract::twoRunsAreAlike,
                SchedulerPluginContract::theCodeUsesNoClockThreadOrChance)) {
            assertThatCode(() -> test.accept(contract(Honest::new))).doesNotThrowAnyException();
        }
    }

    @Test
    void catchesTrialsThatShowNothing() {
        class Always extends Filtering {
            @Override
            public Status filter(CycleState state, PodInfo pod, NodeInfo node) {
                return Status.success();
            }
        }

        catches(Always::new, SchedulerPluginContract::theTrialsShowBothSides, "override vary(...)");
    }

    @Test
    void catchesAFilterThatAnswersEverySecondTime() {
        class EverySecond extends Filtering {
            private int asked;

            @Override
            public Status filter(CycleState state, PodInfo pod, NodeInfo node) {
                return asked++ % 2 == 0 ? Status.success() : NO;
            }
        }

        catches(EverySecond::new, SchedulerPluginContract::answersAreTheSameEachTimeAndInAnyOrder, "another answer");
    }

    @Test
    void catchesAFilterForWhichTheOrderCounts() {
        class First implements CycleState.State {
            static final CycleState.Key<First> KEY = new CycleState.Key<>(First.class);
            final String name;

            First(String name) {
                this.name = name;
            }

            @Override
            public First copy() {
                return this;
            }
        }
        class FirstOnly extends Filtering {
            @Override
            public Status filter(CycleState state, PodInfo pod, NodeInfo node) {
                if (state.get(First.KEY) == null) {
                    state.put(First.KEY, new First(node.name()));
                }
                return state.require(First.KEY).name.equals(node.name()) ? Status.success() : NO;
            }
        }

        catches(FirstOnly::new, SchedulerPluginContract::answersAreTheSameEachTimeAndInAnyOrder, "in another order");
    }

    @Test
    void catchesAFilterThatRemembersPods() {
        class OncePerNode extends Filtering {
            private final Map<String, String> taken = new HashMap<>();

            @Override
            public Status filter(CycleState state, PodInfo pod, NodeInfo node) {
                return taken.computeIfAbsent(node.name(), name -> pod.name()).equals(pod.name())
                        ? Status.success()
                        : NO;
            }
        }

        catches(OncePerNode::new, SchedulerPluginContract::answersDoNotFollowFromEarlierQuestions, "after other pods");
    }

    @Test
    void catchesAFilterThatMarksTheNode() {
        class Marking extends Filtering {
            @Override
            public Status filter(CycleState state, PodInfo pod, NodeInfo node) {
                node.node().getMetadata().setAnnotations(Map.of("seen", "yes"));
                return Status.success();
            }
        }

        catches(Marking::new, SchedulerPluginContract::nothingThatIsShownIsChanged, "after the plugin has seen it");
    }

    @Test
    void catchesScoresOutOfRange() {
        class Cores implements ScorePlugin {
            @Override
            public long score(CycleState state, PodInfo pod, NodeInfo node) {
                return node.allocatable().milliCpu();
            }
        }

        catches(Cores::new, SchedulerPluginContract::scoresAreInRange, "normalized scores");
    }

    @Test
    void catchesAWrongKindOfAnswer() {
        class Skipping extends Filtering {
            @Override
            public Status filter(CycleState state, PodInfo pod, NodeInfo node) {
                return Status.skip();
            }
        }

        catches(Skipping::new, SchedulerPluginContract::twoRunsAreAlike, "Filter says Skip");
    }

    /** Lets at most so many pods into the cluster, counted at PreFilter. */
    private static class Counting extends Filtering implements PreFilterPlugin {
        static final class Count implements CycleState.State {
            static final CycleState.Key<Count> KEY = new CycleState.Key<>(Count.class);
            int pods;

            Count(int pods) {
                this.pods = pods;
            }

            @Override
            public Count copy() {
                return new Count(pods);
            }
        }

        @Override
        public Result preFilter(CycleState state, PodInfo pod, List<NodeInfo> nodes) {
            state.put(
                    Count.KEY,
                    new Count(
                            nodes.stream().mapToInt(node -> node.pods().size()).sum()));
            return Result.success();
        }

        @Override
        public boolean tracksPods() {
            return true;
        }

        @Override
        public Status addPod(CycleState state, PodInfo pod, PodInfo added, NodeInfo node) {
            state.require(Count.KEY).pods++;
            return Status.success();
        }

        @Override
        public Status removePod(CycleState state, PodInfo pod, PodInfo removed, NodeInfo node) {
            state.require(Count.KEY).pods--;
            return Status.success();
        }

        @Override
        public Status filter(CycleState state, PodInfo pod, NodeInfo node) {
            return state.require(Count.KEY).pods < 4 ? Status.success() : NO;
        }
    }

    @Test
    void catchesRemovePodThatDoesNotUndoAddPod() {
        class Forgetful extends Counting {
            @Override
            public Status removePod(CycleState state, PodInfo pod, PodInfo removed, NodeInfo node) {
                return Status.success();
            }
        }

        catches(Forgetful::new, SchedulerPluginContract::addPodAndRemovePodUndoEachOther, "another answer");
        contract(Counting::new).addPodAndRemovePodUndoEachOther();
    }

    @Test
    void catchesAStateWhoseCopiesAreOne() {
        class Shared implements CycleState.State {
            static final CycleState.Key<Shared> KEY = new CycleState.Key<>(Shared.class);
            int pods;

            @Override
            public Shared copy() {
                return this;
            }
        }
        class Sharing extends Counting {
            @Override
            public Result preFilter(CycleState state, PodInfo pod, List<NodeInfo> nodes) {
                state.put(Shared.KEY, new Shared());
                nodes.forEach(
                        node -> state.require(Shared.KEY).pods += node.pods().size());
                return Result.success();
            }

            @Override
            public Status addPod(CycleState state, PodInfo pod, PodInfo added, NodeInfo node) {
                state.require(Shared.KEY).pods++;
                return Status.success();
            }

            @Override
            public Status filter(CycleState state, PodInfo pod, NodeInfo node) {
                return state.require(Shared.KEY).pods < 4 ? Status.success() : NO;
            }

            @Override
            public Status removePod(CycleState state, PodInfo pod, PodInfo removed, NodeInfo node) {
                state.require(Shared.KEY).pods--;
                return Status.success();
            }
        }

        catches(Sharing::new, SchedulerPluginContract::aHypotheticalPodCountsLikeARealOne, "another answer");
    }

    @Test
    void catchesAPluginThatIsNotToldOfHypotheticalPods() {
        class Untold extends Counting {
            @Override
            public boolean tracksPods() {
                return false;
            }
        }

        catches(Untold::new, SchedulerPluginContract::aHypotheticalPodCountsLikeARealOne, "supposed to");
        contract(Counting::new).aHypotheticalPodCountsLikeARealOne();
    }

    @Test
    void catchesAFilterThatLooksAtTheSnapshotsNode() {
        class Snapshot extends Filtering {
            private final Handle handle;

            Snapshot(Handle handle) {
                this.handle = handle;
            }

            @Override
            public Status filter(CycleState state, PodInfo pod, NodeInfo node) {
                return Objects.requireNonNull(handle.snapshot().node(node.name()))
                                        .pods()
                                        .size()
                                < 2
                        ? Status.success()
                        : NO;
            }
        }

        assertThatThrownBy(() -> contract(Snapshot::new).aHypotheticalPodCountsLikeARealOne())
                .hasMessageContaining("supposed to");
    }

    /** One pod for each node. */
    private static class Booking extends Filtering implements ReservePlugin {
        final Set<String> booked = new HashSet<>();

        @Override
        public Status filter(CycleState state, PodInfo pod, NodeInfo node) {
            return booked.contains(node.name()) ? NO : Status.success();
        }

        @Override
        public Status reserve(CycleState state, PodInfo pod, String nodeName) {
            return booked.add(nodeName) ? Status.success() : NO;
        }

        @Override
        public void unreserve(CycleState state, PodInfo pod, String nodeName) {
            booked.remove(nodeName);
        }
    }

    @Test
    void catchesUnreserveThatKeepsTheBooking() {
        class Keeping extends Booking {
            @Override
            public void unreserve(CycleState state, PodInfo pod, String nodeName) {}
        }

        catches(Keeping::new, SchedulerPluginContract::unreserveTakesBackWhatReserveHasBooked, "unreserved");
        contract(Booking::new).unreserveTakesBackWhatReserveHasBooked();
    }

    @Test
    void catchesUnreserveThatFailsTheSecondTime() {
        class Once extends Booking {
            @Override
            public void unreserve(CycleState state, PodInfo pod, String nodeName) {
                if (!booked.remove(nodeName)) {
                    throw new IllegalStateException("not booked");
                }
            }
        }

        catches(Once::new, SchedulerPluginContract::unreserveTakesBackWhatReserveHasBooked, "not booked");
    }

    @Test
    void catchesAFalseClaimToBeNodeLocal() {
        class Global extends Filtering implements NodeLocal {
            private final Handle handle;

            Global(Handle handle) {
                this.handle = handle;
            }

            @Override
            public Status filter(CycleState state, PodInfo pod, NodeInfo node) {
                return handle.snapshot().nodes().size() > 3 ? Status.success() : NO;
            }
        }
        class ByPriority extends Filtering implements NodeLocal {
            @Override
            public Status filter(CycleState state, PodInfo pod, NodeInfo node) {
                return pod.priority() > 3 ? Status.success() : NO;
            }
        }

        assertThatThrownBy(() -> contract(Global::new).aNodeLocalAnswerFollowsFromNodeAndSignature())
                .hasMessageContaining("after the change");
        catches(
                ByPriority::new,
                SchedulerPluginContract::aNodeLocalAnswerFollowsFromNodeAndSignature,
                "the same signature");
    }

    @Test
    void catchesAFalseClaimToBeDomainLocal() {
        class Zone extends Filtering implements DomainLocal {
            @Override
            public List<String> filterKeys(CycleState state, PodInfo pod) {
                return List.of("topology.kubernetes.io/zone");
            }

            @Override
            public Status filter(CycleState state, PodInfo pod, NodeInfo node) {
                return "ssd".equals(node.labels().get("disk")) ? Status.success() : NO;
            }
        }

        catches(
                Zone::new,
                SchedulerPluginContract::aDomainLocalAnswerFollowsFromTheLabels,
                "topology.kubernetes.io/zone");
    }

    @Test
    void catchesAnEventThatIsNotRegistered() {
        class Deaf extends Honest {
            @Override
            public List<EventToRegister> eventsToRegister() {
                return List.of(EventToRegister.always(EventResource.NODE, Actions.ADD));
            }
        }

        catches(
                Deaf::new,
                SchedulerPluginContract::aPodThatWasTurnedDownIsWokenByWhatHelps,
                "doesn't wake it",
                "Register the event");
    }

    @Test
    void catchesAHintThatSleeps() {
        class Sleepy extends Honest {
            @Override
            public List<EventToRegister> eventsToRegister() {
                return List.of(EventToRegister.judged(
                        EventResource.NODE,
                        Actions.ADD | Actions.UPDATE_NODE_LABEL,
                        (pod, before, after) -> QueueingHint.Answer.SKIP));
            }
        }

        catches(Sleepy::new, SchedulerPluginContract::aPodThatWasTurnedDownIsWokenByWhatHelps, "QueueSkip");
    }

    @Test
    void catchesAnOrderThatGoesInCircles() {
        class Circle implements QueueSortPlugin {
            @Override
            public int compare(QueuedPodInfo a, QueuedPodInfo b) {
                int difference = Math.floorMod(a.attempts() - b.attempts(), 3);
                return difference == 0 ? 0 : difference == 1 ? -1 : 1;
            }
        }
        class Impatient implements QueueSortPlugin {
            @Override
            public int compare(QueuedPodInfo a, QueuedPodInfo b) {
                return a.queuedAt().isBefore(b.queuedAt()) ? -1 : 1;
            }
        }
        class Eldest implements QueueSortPlugin {
            @Override
            public int compare(QueuedPodInfo a, QueuedPodInfo b) {
                return a.queuedAt().compareTo(b.queuedAt());
            }
        }

        catches(Circle::new, SchedulerPluginContract::theOrderOfTheQueueIsAnOrder, "before and after");
        catches(Impatient::new, SchedulerPluginContract::theOrderOfTheQueueIsAnOrder, "the other way round");
        contract(Eldest::new).theOrderOfTheQueueIsAnOrder();
    }

    @Test
    void catchesChance() {
        class Dice implements ScorePlugin {
            @Override
            public long score(CycleState state, PodInfo pod, NodeInfo node) {
                return ThreadLocalRandom.current().nextInt(100);
            }
        }

        catches(Dice::new, SchedulerPluginContract::theCodeUsesNoClockThreadOrChance, "ThreadLocalRandom.current");
        catches(Dice::new, SchedulerPluginContract::twoRunsAreAlike, "in a second run");
    }

    private static final class Helper {
        private Helper() {}

        static long now(Supplier<Instant> clock) {
            return clock.get().getEpochSecond() % 100;
        }

        static long later() {
            Thread thread = new Thread(() -> {});
            return thread.getPriority();
        }
    }

    @Test
    void catchesAClockAndAThreadInAHelperToo() {
        class Timely implements ScorePlugin {
            @Override
            public long score(CycleState state, PodInfo pod, NodeInfo node) {
                return Helper.now(Instant::now) + Helper.later();
            }
        }

        catches(
                Timely::new,
                SchedulerPluginContract::theCodeUsesNoClockThreadOrChance,
                "java.time.Instant.now",
                "java.lang.Thread.<init>");
        assertThat(ForbiddenCalls.in(Honest.class)).isEmpty();
    }
}

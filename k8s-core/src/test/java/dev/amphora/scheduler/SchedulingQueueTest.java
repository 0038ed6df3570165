package dev.amphora.scheduler;

import static dev.amphora.scheduler.Bench.node;
import static dev.amphora.scheduler.Bench.pod;
import static org.assertj.core.api.Assertions.assertThat;

import dev.amphora.kernel.SimulatedKernel;
import dev.amphora.scheduler.framework.PodInfo;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SchedulingQueueTest {
    private static final Duration SECOND = Duration.ofSeconds(1);

    private final SimulatedKernel kernel = new SimulatedKernel(1);
    private final Bench bench = new Bench();
    private final SchedulingQueue queue = new SchedulingQueue(
            kernel, Map.of("default-scheduler", bench.framework), bench.nominations, SECOND, Duration.ofSeconds(10));

    @Test
    void takesTheMoreImportantPodFirstAndAmongEqualsTheOlder() {
        add(pod("old"));
        kernel.advance(SECOND);
        add(pod("young"));
        add(pod("important").editSpec().withPriority(7).endSpec());

        assertThat(List.of(pop(), pop(), pop()))
                .extracting(QueuedPod::toString)
                .containsExactly("default/important", "default/old", "default/young");
        assertThat(queue.pop()).isNull();
    }

    @Test
    void aGatedPodWaitsUntilItsGatesGo() {
        PodBuilder gated = pod("p").editSpec().addNewSchedulingGate("g").endSpec();
        add(gated);
        assertThat(queue.hasNext()).isFalse();

        queue.update(info(gated), info(pod("p")));

        assertThat(pop().pod.name()).isEqualTo("p");
    }

    @Test
    void anUnschedulablePodWaitsForAnEventThatHelps() {
        add(pod("p", "2", null));
        fail(pop(), "NodeResourcesFit");

        queue.happened(
                ClusterChanges.NODE_ADD,
                null,
                node("small")
                        .editStatus()
                        .addToAllocatable("cpu", new Quantity("1"))
                        .endStatus()
                        .build());
        assertThat(in(QueuedPod.Pool.UNSCHEDULABLE)).containsExactly("p");

        queue.happened(ClusterChanges.NODE_ADD, null, node("large").build());
        assertThat(in(QueuedPod.Pool.BACKOFF)).containsExactly("p");
    }

    @Test
    void whatHappensDuringAnAttemptIsHeldAgainstItsFailure() {
        add(pod("p", "2", null));
        QueuedPod tried = pop();
        queue.happened(ClusterChanges.NODE_ADD, null, node("large").build());

        fail(tried, "NodeResourcesFit");

        assertThat(in(QueuedPod.Pool.BACKOFF)).containsExactly("p");
    }

    @Test
    void whatHappenedBeforeAnAttemptIsNot() {
        add(pod("other"));
        pop();
        queue.happened(ClusterChanges.NODE_ADD, null, node("large").build());
        add(pod("p", "2", null));

        fail(pop(), "NodeResourcesFit");

        assertThat(in(QueuedPod.Pool.UNSCHEDULABLE)).containsExactly("p");
    }

    @Test
    void backOffIsCutToTheSecondAndErrorsAreNotTakenEarly() {
        kernel.advance(Duration.ofMillis(400));
        add(pod("p"));
        fail(pop());

        assertThat(in(QueuedPod.Pool.ERROR_BACKOFF)).containsExactly("p");
        assertThat(queue.hasNext()).isFalse();
        assertThat(queue.nextFlush()).isEqualTo(SimulatedKernel.EPOCH.plusSeconds(2));

        kernel.advance(Duration.ofMillis(1600));
        queue.flush();
        assertThat(in(QueuedPod.Pool.ACTIVE)).containsExactly("p");
    }

    @Test
    void withNothingElseToDoAPodIsTakenOutOfBackOff() {
        add(pod("p", "2", null));
        QueuedPod tried = pop();
        queue.happened(ClusterChanges.NODE_ADD, null, node("large").build());
        fail(tried, "NodeResourcesFit");
        assertThat(in(QueuedPod.Pool.BACKOFF)).containsExactly("p");

        assertThat(pop().attempts()).isEqualTo(2);
    }

    @Test
    void afterFiveMinutesAnUnschedulablePodIsTriedAnyhow() {
        add(pod("p", "2", null));
        fail(pop(), "NodeResourcesFit");
        Instant due = Objects.requireNonNull(queue.nextFlush());

        assertThat(Duration.between(kernel.instant(), due))
                .isEqualTo(Duration.ofMinutes(5).plusMillis(1));
        kernel.advance(Duration.ofMinutes(5).plusMillis(1));
        queue.flush();

        assertThat(in(QueuedPod.Pool.ACTIVE)).containsExactly("p");
    }

    @Test
    void aDeletedPodIsGone() {
        PodInfo pod = info(pod("p"));
        queue.add(pod);

        queue.delete(pod);

        assertThat(queue.pop()).isNull();
    }

    @Test
    void nothingIsRememberedOnceNoPodIsBeingTried() {
        add(pod("p"));
        QueuedPod tried = pop();
        queue.happened(ClusterChanges.NODE_ADD, null, node("a").build());
        queue.done(tried.pod.uid());

        assertThat(queue.inFlight()).isEmpty();
        add(pod("q", "2", null));
        fail(pop(), "NodeResourcesFit");
        assertThat(in(QueuedPod.Pool.UNSCHEDULABLE)).containsExactly("q");
    }

    @Test
    void aPodThatIsActivatedWhileItIsTriedIsTriedAgain() {
        add(pod("p", "2", null));
        add(pod("q", "2", null));
        QueuedPod tried = pop();
        QueuedPod other = pop();
        queue.activate(List.of(tried.pod));

        fail(tried, "NodeResourcesFit");
        fail(other, "NodeResourcesFit");

        assertThat(in(QueuedPod.Pool.BACKOFF)).containsExactly("p");
        assertThat(in(QueuedPod.Pool.UNSCHEDULABLE)).containsExactly("q");
    }

    @Test
    void activationOfAnUnknownPodIsForgotten() {
        add(pod("q", "2", null));
        QueuedPod other = pop();
        queue.activate(List.of(info(pod("unknown"))));

        fail(other, "NodeResourcesFit");

        assertThat(in(QueuedPod.Pool.UNSCHEDULABLE)).containsExactly("q");
    }

    @Test
    void anEventForSomeMovesOnlyThoseButCountsForAllThatAreBeingTried() {
        add(pod("low", "2", null));
        add(pod("high", "2", null).editSpec().withPriority(7).endSpec());
        add(pod("tried", "2", null).editSpec().withPriority(9).endSpec());
        QueuedPod tried = pop();
        fail(pop(), "NodeResourcesFit");
        fail(pop(), "NodeResourcesFit");

        Pod gone =
                pod("gone", "2", null).editSpec().withNodeName("n1").endSpec().build();
        queue.happened(ClusterChanges.ASSIGNED_POD_DELETE, gone, null, each -> each.priority() <= 0);
        fail(tried, "NodeResourcesFit");

        assertThat(in(QueuedPod.Pool.BACKOFF)).containsExactlyInAnyOrder("low", "tried");
        assertThat(in(QueuedPod.Pool.UNSCHEDULABLE)).containsExactly("high");
    }

    @Test
    void whoLeavesBackOffIsNotAskedAgainWhetherItIsHeldBack() {
        add(pod("p"));
        QueuedPod tried = pop();
        fail(tried);
        assertThat(in(QueuedPod.Pool.ERROR_BACKOFF)).containsExactly("p");
        PodBuilder gated = pod("p").editSpec().addNewSchedulingGate("g").endSpec();
        queue.update(info(pod("p")), info(gated));

        kernel.advance(Duration.ofSeconds(5));
        queue.flush();

        assertThat(in(QueuedPod.Pool.ACTIVE)).containsExactly("p");
    }

    @Test
    void aGatedPodThatIsNewIsNominatedNowhere() {
        PodBuilder nominated =
                pod("p").withNewStatus().withNominatedNodeName("n1").endStatus();
        PodBuilder gated = new PodBuilder(nominated.build())
                .editSpec()
                .addNewSchedulingGate("g")
                .endSpec();
        add(gated);
        assertThat(bench.nominations.on("n1")).isEmpty();

        queue.update(info(gated), info(nominated));
        assertThat(bench.nominations.on("n1")).hasSize(1);
    }

    @Test
    void errorsAndRejectionsAreCountedApart() {
        add(pod("p"));
        for (int i = 0; i < 3; i++) {
            fail(pop());
            kernel.advance(Duration.ofSeconds(20));
            queue.flush();
        }
        QueuedPod tried = pop();
        assertThat(tried.consecutiveErrors).isEqualTo(3);
        fail(tried, "NodeResourcesFit");
        assertThat(tried.consecutiveErrors).isZero();
        assertThat(tried.unschedulableCount).isEqualTo(1);
        assertThat(queue.backoffUntil(tried)).isEqualTo(kernel.instant().plusSeconds(1));
    }

    @ParameterizedTest
    @CsvSource({"0, 0", "1, 1", "2, 2", "3, 4", "4, 8", "5, 10", "60, 10"})
    void backOffDoublesUpToItsMaximum(int failures, int seconds) {
        assertThat(SchedulingQueue.backoff(SECOND, Duration.ofSeconds(10), failures))
                .isEqualTo(Duration.ofSeconds(seconds));
    }

    private void add(PodBuilder pod) {
        queue.add(info(pod));
    }

    private static PodInfo info(PodBuilder builder) {
        Pod pod = builder.build();
        return PodInfo.of(pod);
    }

    private QueuedPod pop() {
        return Objects.requireNonNull(queue.pop());
    }

    private void fail(QueuedPod queued, String... plugins) {
        queued.unschedulablePlugins.addAll(List.of(plugins));
        queue.addUnschedulable(queued);
    }

    private List<String> in(QueuedPod.Pool pool) {
        return queue.in(pool).stream().map(queued -> queued.pod.name()).toList();
    }
}

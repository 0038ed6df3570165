package dev.amphora.scheduler.plugins;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mockito.ArgumentMatchers.any;
import static org.mockito.ArgumentMatchers.eq;
import static org.mockito.Mockito.doAnswer;
import static org.mockito.Mockito.doThrow;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.verify;
import static org.mockito.Mockito.when;

import dev.amphora.api.StatusException;
import dev.amphora.client.Client;
import dev.amphora.scheduler.framework.Handle;
import dev.amphora.scheduler.framework.NodeInfo;
import dev.amphora.scheduler.framework.PodInfo;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.PodBuilder;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** When preemptors are let go whose victims go in another order than they were asked to. */
class EvictionsTest {
    private final Handle handle = mock(Handle.class);
    private final Client client = mock(Client.class);
    private final Map<String, PodInfo> onNodes = new HashMap<>();
    private final List<Runnable> calls = new ArrayList<>();
    private final List<Runnable> cycles = new ArrayList<>();
    private final Evictions evictions = new Evictions(handle);
    private final PodInfo slow = pod("slow");
    private final PodInfo quick = pod("quick");

    @BeforeEach
    void begin() {
        when(handle.client()).thenReturn(client);
        when(handle.clock()).thenReturn(InstantSource.fixed(Instant.EPOCH));
        when(handle.nominatedPods(any())).thenReturn(List.of());
        when(handle.podOnNode(any())).thenAnswer(call -> onNodes.get(call.<String>getArgument(0)));
        doAnswer(call -> calls.add(call.getArgument(0))).when(handle).runConcurrently(any());
        doAnswer(call -> cycles.add(call.getArgument(0))).when(handle).runInCycle(any());
        preempt(slow, "a");
        preempt(quick, "b");
    }

    private static PodInfo pod(String name) {
        return PodInfo.of(new PodBuilder()
                .withNewMetadata()
                .withName(name)
                .withNamespace("default")
                .withUid("uid-" + name)
                .endMetadata()
                .withNewSpec()
                .endSpec()
                .build());
    }

    private void preempt(PodInfo preemptor, String victim) {
        PodInfo gone = pod(victim);
        onNodes.put(gone.uid(), gone);
        NodeInfo node = NodeInfo.of(new NodeBuilder()
                .withNewMetadata()
                .withName("node-of-" + victim)
                .endMetadata()
                .build());
        assertThat(evictions.begin(preemptor, new Candidate(node, List.of(gone), 0)))
                .isTrue();
    }

    private void run(List<Runnable> tasks) {
        List<Runnable> now = List.copyOf(tasks);
        tasks.clear();
        now.forEach(Runnable::run);
    }

    /** The scheduler sees a pod go. */
    private Collection<String> gone(String name) {
        onNodes.remove("uid-" + name);
        return evictions.released(pod(name).pod());
    }

    @Test
    void whoseVictimsGoFirstIsLetGoFirst() {
        run(calls);
        run(cycles);
        assertThat(evictions.released(null)).isEmpty();

        assertThat(gone("b")).containsExactly(quick.uid());
        assertThat(evictions.hasJustReleased(quick)).isTrue();
        assertThat(evictions.areUnderWayFor(slow)).isTrue();
        assertThat(evictions.areUnderWayFor(quick)).isFalse();

        assertThat(gone("a")).containsExactly(slow.uid());
        assertThat(evictions.hasJustReleased(slow)).isTrue();
        assertThat(evictions.hasJustReleased(quick)).isFalse();
    }

    @Test
    void whoseVictimsHaveGoneBeforeAllWereAskedToIsTriedAtOnce() {
        assertThat(gone("b")).isEmpty();
        assertThat(evictions.areUnderWayFor(quick)).isTrue();

        run(calls);
        run(cycles);
        verify(handle).activate(List.of(quick));
        assertThat(evictions.released(null)).containsExactly(quick.uid());
    }

    @Test
    void twoWhoWaitForTheSameVictimAreLetGoTogether() {
        PodInfo third = pod("third");
        preempt(third, "b");
        run(calls);
        run(cycles);
        assertThat(gone("b")).containsExactly(quick.uid(), third.uid());
    }

    @Test
    void whoseVictimCouldNotBeDeletedIsLetGoAfterAPauseAndHoldsUpNobody() {
        doThrow(StatusException.internalError("down")).when(client).delete(any(), any(), eq("a"), any());
        run(calls);
        run(cycles);
        assertThat(evictions.released(null)).containsExactly(slow.uid());
        verify(handle).runInCycleAfter(any(), any());

        assertThat(gone("b")).containsExactly(quick.uid());
        assertThat(gone("a")).isEmpty();
    }
}

package dev.amphora.scheduler;

import static dev.amphora.scheduler.Bench.pod;
import static org.assertj.core.api.Assertions.assertThat;
import static org.mockito.ArgumentMatchers.any;
import static org.mockito.ArgumentMatchers.eq;
import static org.mockito.Mockito.doAnswer;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.times;
import static org.mockito.Mockito.verify;

import dev.amphora.api.ResourceType;
import dev.amphora.client.Client;
import dev.amphora.client.Patch;
import dev.amphora.kernel.SimulatedKernel;
import dev.amphora.scheduler.framework.PodInfo;
import io.fabric8.kubernetes.api.model.Pod;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.mockito.ArgumentCaptor;

class PodStatusWriterTest {
    private final SimulatedKernel kernel = new SimulatedKernel(1);
    private final Client client = mock(Client.class);
    private final PodStatusWriter writer = new PodStatusWriter(kernel, client);
    private final PodInfo first = PodInfo.of(pod("first", "1", null).build());
    private final PodInfo second = PodInfo.of(pod("second", "1", null).build());

    @AfterEach
    void end() {
        writer.close();
        kernel.close();
    }

    @Test
    void ofWhatIsSaidOfAPodBeforeItIsWrittenTheLatestCounts() {
        writer.unscheduled(first, "Unschedulable", "no room", "");
        writer.unscheduled(second, "Unschedulable", "no room", "");
        writer.unscheduled(first, "Unschedulable", "still no room", "");

        kernel.runReady();

        ArgumentCaptor<Patch> patches = ArgumentCaptor.forClass(Patch.class);
        verify(client).patch(any(ResourceType.class), any(), eq("first"), patches.capture(), eq("status"));
        assertThat(patches.getValue().body().toString()).contains("still no room");
        verify(client).patch(any(ResourceType.class), any(), eq("second"), any(), eq("status"));
    }

    @Test
    void whatIsStillToBeSaidOfAPodThatIsBoundIsNotSaid() {
        writer.unscheduled(first, "Unschedulable", "no room", "");
        assertThat(writer.withdraw(first)).isFalse();

        kernel.runReady();

        verify(client, times(0)).patch(any(ResourceType.class), any(), any(), any(), any());
    }

    @Test
    void whoIsBoundWhileItsStatusIsWrittenIsToldToWaitForThat() {
        List<Boolean> told = new ArrayList<>();
        doAnswer(call -> {
                    told.add(writer.withdraw(first));
                    told.add(writer.withdraw(second));
                    return first.pod();
                })
                .when(client)
                .patch(eq(ResourceType.of(Pod.class)), any(), eq("first"), any(), any());
        writer.unscheduled(first, "Unschedulable", "no room", "");

        kernel.runReady();

        assertThat(told).containsExactly(true, false);
        assertThat(writer.withdraw(first)).isFalse();
    }
}

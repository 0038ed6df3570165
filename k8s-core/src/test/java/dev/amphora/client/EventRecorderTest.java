package dev.amphora.client;

import static org.assertj.core.api.Assertions.assertThat;

import dev.amphora.api.StatusException;
import dev.amphora.kernel.SimulatedKernel;
import io.fabric8.kubernetes.api.model.Event;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class EventRecorderTest {
    private final SimulatedKernel kernel = new SimulatedKernel(3);
    private final ScriptedClient client = new ScriptedClient();
    private final EventRecorder events = new EventRecorder(client, kernel, "tester");
    private final Pod pod = new PodBuilder()
            .withNewMetadata()
            .withNamespace("ns")
            .withName("web-1")
            .withUid("u1")
            .endMetadata()
            .build();

    @Test
    void tellsWhatHappenedToWhom() {
        events.normal(pod, "Started", "It runs");
        kernel.runReady();
        Event event = written().get(0);
        assertThat(event.getMetadata().getNamespace()).isEqualTo("ns");
        assertThat(event.getMetadata().getName()).startsWith("web-1.");
        assertThat(event.getInvolvedObject().getKind()).isEqualTo("Pod");
        assertThat(event.getInvolvedObject().getUid()).isEqualTo("u1");
        assertThat(event.getSource().getComponent()).isEqualTo("tester");
        assertThat(event.getReportingComponent()).isEqualTo("tester");
        assertThat(event.getType()).isEqualTo("Normal");
        assertThat(event.getReason()).isEqualTo("Started");
        assertThat(event.getMessage()).isEqualTo("It runs");
        assertThat(event.getCount()).isEqualTo(1);
        assertThat(event.getFirstTimestamp()).isEqualTo("2026-01-01T00:00:00Z");
    }

    @Test
    void countsEqualEvents() {
        events.warning(pod, "BackOff", "again");
        kernel.advance(Duration.ofSeconds(30));
        events.warning(pod, "BackOff", "again");
        kernel.runReady();
        assertThat(written()).hasSize(1);
        assertThat(written().get(0).getCount()).isEqualTo(2);
        assertThat(written().get(0).getLastTimestamp()).isEqualTo("2026-01-01T00:00:30Z");
    }

    @Test
    void joinsSimilarEventsFromTheTenthOn() {
        for (int i = 0; i < 12; i++) {
            events.normal(pod, "Made", "number " + i);
        }
        kernel.runReady();
        assertThat(written()).hasSize(10);
        assertThat(written())
                .filteredOn(event -> event.getMessage().startsWith("(combined from similar events): "))
                .singleElement()
                .satisfies(event -> {
                    assertThat(event.getCount()).isEqualTo(3);
                    assertThat(event.getMessage()).endsWith("number 11");
                });
    }

    @Test
    void letsAnObjectHaveTwentyFiveAtOnceAndThenOneInFiveMinutes() {
        for (int i = 0; i < 40; i++) {
            events.warning(pod, "Again", "and again");
        }
        kernel.runReady();
        assertThat(written().get(0).getCount()).isEqualTo(25);
        kernel.advance(Duration.ofMinutes(5));
        events.warning(pod, "Again", "and again");
        events.warning(pod, "Again", "and again");
        kernel.runReady();
        assertThat(written().get(0).getCount()).isEqualTo(26);
    }

    @Test
    void aRefusalHarmsNobody() {
        client.refusal = call -> StatusException.forbidden("", "events", "", "terminating");
        events.normal(pod, "Started", "It runs");
        kernel.runReady();
        assertThat(kernel.failures()).isEmpty();
        client.refusal = call -> null;
        events.normal(pod, "Started", "It runs");
        kernel.runReady();
        assertThat(written()).hasSize(1);
    }

    @Test
    void writesAnewWhenTheFirstHasExpired() {
        events.normal(pod, "Started", "It runs");
        kernel.runReady();
        client.objects.clear();
        events.normal(pod, "Started", "It runs");
        kernel.runReady();
        assertThat(written()).hasSize(1);
        assertThat(written().get(0).getCount()).isEqualTo(1);
    }

    private List<Event> written() {
        return client.objects.values().stream().map(Event.class::cast).toList();
    }
}

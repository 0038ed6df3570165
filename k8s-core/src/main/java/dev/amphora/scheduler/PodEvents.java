package dev.amphora.scheduler;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.Json;
import dev.amphora.api.ResourceType;
import dev.amphora.api.StatusException;
import dev.amphora.client.Client;
import dev.amphora.client.Patch;
import dev.amphora.kernel.Actor;
import dev.amphora.kernel.Kernel;
import io.fabric8.kubernetes.api.model.Event;
import io.fabric8.kubernetes.api.model.EventBuilder;
import io.fabric8.kubernetes.api.model.MicroTime;
import io.fabric8.kubernetes.api.model.Pod;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes the scheduler's events in the new form ({@code events.k8s.io}, KEP-383): with a time, an action and the reporting scheduler; what
 * is repeated becomes a series. Recording never blocks and gives up quietly when the server refuses.
 */
final class PodEvents implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(PodEvents.class);
    private static final ResourceType<Event> EVENTS = ResourceType.of(Event.class);
    private static final DateTimeFormatter MICRO =
            DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.SSSSSS'Z'").withZone(ZoneOffset.UTC);
    private static final Duration SERIES_ENDS_AFTER = Duration.ofMinutes(6);
    /** As many as the reference holds; under a flood of pods, placing them goes before telling of it. */
    private static final int MAX_QUEUED = 1_000;

    private static final int MAX_REMEMBERED = 4096;

    private final Kernel kernel;
    private final Client client;
    private final Actor actor;
    private final AtomicInteger queued = new AtomicInteger();
    private final Map<Key, Series> series = new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Key, Series> eldest) {
            return size() > MAX_REMEMBERED;
        }
    };
    private long lastName;

    private record Key(String uid, String type, String reason, String action, String note) {}

    private static final class Series {
        final String name;
        int count = 1;
        Instant last;
        Instant written;

        Series(String name, Instant at) {
            this.name = name;
            this.last = at;
            this.written = at;
        }
    }

    PodEvents(Kernel kernel, Client client) {
        this.kernel = kernel;
        this.client = client;
        this.actor = kernel.actor("scheduler/events");
    }

    @Override
    public void close() {
        actor.close();
    }

    void record(Pod pod, String type, String reason, String action, String note) {
        if (queued.incrementAndGet() > MAX_QUEUED) {
            queued.decrementAndGet();
            return;
        }
        Instant at = kernel.instant();
        actor.execute(() -> {
            queued.decrementAndGet();
            try {
                write(pod, new Key(pod.getMetadata().getUid(), type, reason, action, note), at);
            } catch (StatusException e) {
                log.debug(
                        "The event {} about pod {} was refused: {}",
                        reason,
                        pod.getMetadata().getName(),
                        e.getMessage());
            }
        });
    }

    private void write(Pod pod, Key key, Instant at) {
        Series known = series.get(key);
        if (known != null && Duration.between(known.last, at).compareTo(SERIES_ENDS_AFTER) < 0) {
            known.count++;
            known.last = at;
            // like the reference, the second one starts the series and later ones are written now and then
            if (known.count == 2 || Duration.between(known.written, at).compareTo(SERIES_ENDS_AFTER) >= 0) {
                known.written = at;
                ObjectNode body = Json.object();
                body.putObject("series").put("count", known.count).put("lastObservedTime", MICRO.format(at));
                client.patch(EVENTS, pod.getMetadata().getNamespace(), known.name, Patch.strategic(body), null);
            }
            return;
        }
        lastName = Math.max(lastName + 1, ChronoUnit.NANOS.between(Instant.EPOCH, at));
        String name = pod.getMetadata().getName() + "." + Long.toHexString(lastName);
        String scheduler = pod.getSpec() == null || pod.getSpec().getSchedulerName() == null
                ? Profile.DEFAULT_SCHEDULER_NAME
                : pod.getSpec().getSchedulerName();
        client.create(new EventBuilder()
                .withNewMetadata()
                .withNamespace(pod.getMetadata().getNamespace())
                .withName(name)
                .endMetadata()
                .withEventTime(new MicroTime(MICRO.format(at)))
                .withNewInvolvedObject()
                .withApiVersion("v1")
                .withKind("Pod")
                .withNamespace(pod.getMetadata().getNamespace())
                .withName(pod.getMetadata().getName())
                .withUid(pod.getMetadata().getUid())
                .withResourceVersion(pod.getMetadata().getResourceVersion())
                .endInvolvedObject()
                .withType(key.type)
                .withReason(key.reason)
                .withAction(key.action)
                .withMessage(key.note)
                .withReportingComponent(scheduler)
                .withReportingInstance(scheduler + "-amphora")
                .build());
        series.put(key, new Series(name, at));
    }
}

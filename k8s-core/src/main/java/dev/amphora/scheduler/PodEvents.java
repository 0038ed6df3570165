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
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.Pod;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.ArrayDeque;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes the scheduler's events in the new form ({@code events.k8s.io}, KEP-383): with a time, an action and the reporting scheduler; what
 * is repeated becomes a series. Recording never blocks and gives up quietly when the server refuses. A flood is written at a steady pace, so
 * that events come late rather than pods; the reference does the same by the rate limit of the client that it writes them with.
 */
final class PodEvents implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(PodEvents.class);
    private static final ResourceType<Event> EVENTS = ResourceType.of(Event.class);
    private static final DateTimeFormatter MICRO =
            DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.SSSSSS'Z'").withZone(ZoneOffset.UTC);
    private static final Duration SERIES_ENDS_AFTER = Duration.ofMinutes(6);
    /** How many may wait to be written; under a flood of pods, placing them goes before telling of it. */
    private static final int MAX_QUEUED = 10_000;
    /** How many are written as fast as they come, and how many in each second after these. */
    private static final int BURST = 100;

    private static final int PER_SECOND = 500;
    private static final Duration PAUSE = Duration.ofMillis(100);
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
    // touched by the actor only
    private final ArrayDeque<Happened> waiting = new ArrayDeque<>();
    private long lastName;
    private long allowed = BURST;
    private Instant refilled = Instant.EPOCH;
    private boolean pausing;

    /** An event that waits to be written. */
    private record Happened(Pod pod, Key key, Instant at) {}

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
        Happened happened =
                new Happened(pod, new Key(pod.getMetadata().getUid(), type, reason, action, note), kernel.instant());
        actor.execute(() -> {
            waiting.add(happened);
            if (!pausing) {
                writeSome();
            }
        });
    }

    /** Writes what waits, at the pace that is allowed. */
    private void writeSome() {
        pausing = false;
        Instant now = kernel.instant();
        long earned = Duration.between(refilled, now).toMillis() * PER_SECOND / 1000;
        if (earned > 0) {
            allowed = Math.min(BURST, allowed + earned);
            refilled = now;
        }
        while (!waiting.isEmpty() && allowed > 0) {
            Happened next = waiting.remove();
            queued.decrementAndGet();
            allowed--;
            try {
                write(next.pod, next.key, next.at);
            } catch (StatusException e) {
                log.debug(
                        "The event {} about pod {} was refused: {}",
                        next.key.reason,
                        next.pod.getMetadata().getName(),
                        e.getMessage());
            }
        }
        if (!waiting.isEmpty()) {
            pausing = true;
            actor.schedule(PAUSE, this::writeSome);
        }
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
        client.post(EVENTS, event(pod, key, at, name, scheduler));
        series.put(key, new Series(name, at));
    }

    private static ObjectNode event(Pod pod, Key key, Instant at, String name, String scheduler) {
        ObjectMeta about = pod.getMetadata();
        ObjectNode event = Json.object().put("apiVersion", "v1").put("kind", "Event");
        event.putObject("metadata").put("name", name).put("namespace", about.getNamespace());
        event.putObject("involvedObject")
                .put("apiVersion", "v1")
                .put("kind", "Pod")
                .put("namespace", about.getNamespace())
                .put("name", about.getName())
                .put("uid", about.getUid())
                .put("resourceVersion", about.getResourceVersion());
        return event.put("type", key.type)
                .put("reason", key.reason)
                .put("action", key.action)
                .put("message", key.note)
                .put("eventTime", MICRO.format(at))
                .put("reportingComponent", scheduler)
                .put("reportingInstance", scheduler + "-amphora");
    }
}

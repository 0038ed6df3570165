package dev.amphora.client;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.Json;
import dev.amphora.api.ResourceType;
import dev.amphora.api.StatusException;
import dev.amphora.kernel.Actor;
import dev.amphora.kernel.Kernel;
import io.fabric8.kubernetes.api.model.Event;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.ObjectReference;
import io.fabric8.kubernetes.api.model.ObjectReferenceBuilder;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes Events about objects, for people to read.
 *
 * <p>As in the reference's {@code client-go/tools/record}: equal events raise the count of the first; from the eleventh similar
 * event (same object, type and reason, other texts) within ten minutes on they are joined into "(combined from similar events)";
 * an object may have 25 events at once and then one in five minutes. Recording never blocks, never fails its caller, and gives up
 * quietly when the server refuses.
 */
public final class EventRecorder implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(EventRecorder.class);
    private static final ResourceType<Event> EVENTS = ResourceType.of(Event.class);
    private static final int MAX_QUEUED = 1000;
    private static final int MAX_REMEMBERED = 4096;
    private static final int MAX_SIMILAR = 10;
    private static final Duration SIMILAR_WITHIN = Duration.ofSeconds(600);
    private static final int BURST = 25;
    private static final double PER_SECOND = 1.0 / 300;
    /** In nanoseconds; a power of two less one. */
    private static final int MAX_NAME_OFFSET = 0xFFFF;

    private final Client client;
    private final Kernel kernel;
    private final String component;
    private final @Nullable String host;
    private final Actor actor;
    private final AtomicInteger queued = new AtomicInteger();

    // touched by the actor only
    private final Map<Subject, Bucket> buckets = bounded();
    private final Map<Key, Similar> similar = bounded();
    private final Map<Key, Written> written = bounded();
    /** Recorders on different nodes, and of different components, begin apart, so that their names rarely meet. */
    private final int nameOffset;

    private long lastName;

    /** What events are about. */
    private record Subject(
            @Nullable String kind,
            @Nullable String namespace,
            @Nullable String name,
            @Nullable String uid,
            @Nullable String apiVersion,
            @Nullable String fieldPath) {
        static Subject of(ObjectReference about) {
            return new Subject(
                    about.getKind(),
                    about.getNamespace(),
                    about.getName(),
                    about.getUid(),
                    about.getApiVersion(),
                    about.getFieldPath());
        }
    }

    /**
     * Which events are equal.
     *
     * @param message empty where all similar ones are meant
     */
    private record Key(Subject object, String type, String reason, String message) {}

    private static final class Bucket {
        double tokens = BURST;
        Instant last;

        Bucket(Instant last) {
            this.last = last;
        }
    }

    private static final class Similar {
        final List<String> texts = new ArrayList<>(1);
        Instant last;

        Similar(Instant last) {
            this.last = last;
        }
    }

    private record Written(String name, int count) {}

    /**
     * A recorder for a component.
     *
     * @param component the source, such as {@code deployment-controller}
     */
    public EventRecorder(Client client, Kernel kernel, String component) {
        this(client, kernel, component, null);
    }

    /**
     * A recorder for a component on a node.
     *
     * @param component the source, such as {@code kubelet}
     * @param host the node's name, null for none
     */
    public EventRecorder(Client client, Kernel kernel, String component, @Nullable String host) {
        this.client = client;
        this.kernel = kernel;
        this.component = component;
        this.host = host;
        this.actor = kernel.actor("events/" + component);
        this.nameOffset = (component + "/" + host).hashCode() & MAX_NAME_OFFSET;
    }

    /** Records that all is well. */
    public void normal(HasMetadata about, String reason, String message) {
        record(reference(about), "Normal", reason, message);
    }

    /** Records that something needs attention. */
    public void warning(HasMetadata about, String reason, String message) {
        record(reference(about), "Warning", reason, message);
    }

    /**
     * Records an event.
     *
     * @param about what it is about; {@link #reference} makes one of an object
     * @param type {@code Normal} or {@code Warning}
     * @param reason one word in UpperCamelCase
     * @param message for people
     */
    public void record(ObjectReference about, String type, String reason, String message) {
        if (queued.incrementAndGet() > MAX_QUEUED) {
            queued.decrementAndGet();
            return;
        }
        Instant at = kernel.instant();
        actor.execute(() -> {
            queued.decrementAndGet();
            try {
                write(about, type, reason, message, at);
            } catch (StatusException e) {
                log.debug("The event {} about {} was refused: {}", reason, about.getName(), e.getMessage());
            }
        });
    }

    /** A reference to an object as events carry it. */
    public static ObjectReference reference(HasMetadata about) {
        return new ObjectReferenceBuilder()
                .withApiVersion(about.getApiVersion())
                .withKind(about.getKind())
                .withNamespace(about.getMetadata().getNamespace())
                .withName(about.getMetadata().getName())
                .withUid(about.getMetadata().getUid())
                .withResourceVersion(about.getMetadata().getResourceVersion())
                .build();
    }

    /** Ends the recording; events that are not yet written are dropped. Idempotent. */
    @Override
    public void close() {
        actor.close();
    }

    private void write(ObjectReference about, String type, String reason, String message, Instant at) {
        Subject object = Subject.of(about);
        if (!allowed(object, at)) {
            return;
        }
        Key kindOfEvent = new Key(object, type, reason, "");
        boolean combined = isCombined(kindOfEvent, message, at);
        String text = combined ? "(combined from similar events): " + message : message;
        Key key = combined ? kindOfEvent : new Key(object, type, reason, message);
        Written before = written.get(key);
        if (before != null && raise(key, before, text, at)) {
            return;
        }
        create(key, about, type, reason, text, at);
    }

    private boolean allowed(Subject object, Instant at) {
        Bucket bucket = buckets.computeIfAbsent(object, k -> new Bucket(at));
        if (at.isAfter(bucket.last)) {
            double back = Duration.between(bucket.last, at).toMillis() / 1e3 * PER_SECOND;
            bucket.tokens = Math.min(BURST, bucket.tokens + back);
            bucket.last = at;
        }
        if (bucket.tokens < 1) {
            return false;
        }
        bucket.tokens -= 1;
        return true;
    }

    private boolean isCombined(Key kindOfEvent, String message, Instant at) {
        Similar group = similar.computeIfAbsent(kindOfEvent, k -> new Similar(at));
        if (Duration.between(group.last, at).compareTo(SIMILAR_WITHIN) > 0) {
            group.texts.clear();
        }
        group.last = at;
        if (!group.texts.contains(message)) {
            group.texts.add(message);
        }
        if (group.texts.size() < MAX_SIMILAR) {
            return false;
        }
        group.texts.remove(0);
        return true;
    }

    private boolean raise(Key key, Written before, String text, Instant at) {
        int count = before.count + 1;
        ObjectNode body = Json.object();
        body.put("count", count);
        body.put("message", text);
        body.put("lastTimestamp", stamp(at));
        String namespace = namespace(key.object);
        try {
            client.patch(EVENTS, namespace, before.name, Patch.strategic(body), null);
        } catch (StatusException e) {
            if (e.isNotFound()) {
                return false;
            }
            throw e;
        }
        written.put(key, new Written(before.name, count));
        return true;
    }

    private void create(Key key, ObjectReference about, String type, String reason, String text, Instant at) {
        ObjectNode event = Json.object().put("apiVersion", "v1").put("kind", "Event");
        event.putObject("metadata").put("namespace", namespace(key.object));
        event.set("involvedObject", Json.toTree(about));
        event.put("type", type)
                .put("reason", reason)
                .put("message", text)
                .put("count", 1)
                .put("firstTimestamp", stamp(at))
                .put("lastTimestamp", stamp(at));
        ObjectNode source = event.putObject("source").put("component", component);
        if (host != null) {
            source.put("host", host);
        }
        event.put("reportingComponent", component).put("reportingInstance", host == null ? "" : host);
        // No two of this recorder have one name, also where the clock stands still while many happen.
        lastName = Math.max(lastName + 1, ChronoUnit.NANOS.between(Instant.EPOCH, at) + nameOffset);
        String name = about.getName() + "." + Long.toHexString(lastName);
        for (int attempt = 0; ; attempt++) {
            ((ObjectNode) event.get("metadata")).put("name", name);
            try {
                client.post(EVENTS, event);
                written.put(key, new Written(name, 1));
                return;
            } catch (StatusException e) {
                // another recorder's event about the object, in the same instant of the clock
                if (!e.isAlreadyExists() || attempt == 8) {
                    throw e;
                }
                event = event.deepCopy();
                name = about.getName() + "."
                        + Long.toHexString(lastName + kernel.random().nextInt(1_000_000));
            }
        }
    }

    private static String namespace(Subject object) {
        return object.namespace == null || object.namespace.isEmpty() ? "default" : object.namespace;
    }

    private static String stamp(Instant at) {
        return at.truncatedTo(ChronoUnit.SECONDS).toString();
    }

    private static <K, V> Map<K, V> bounded() {
        return new LinkedHashMap<>(16, 0.75f, true) {
            private static final long serialVersionUID = 1L;

            @Override
            protected boolean removeEldestEntry(Map.Entry<K, V> eldest) {
                return size() > MAX_REMEMBERED;
            }
        };
    }
}

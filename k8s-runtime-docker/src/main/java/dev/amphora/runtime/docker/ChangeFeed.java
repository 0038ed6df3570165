package dev.amphora.runtime.docker;

import com.github.dockerjava.api.model.Container;
import com.github.dockerjava.api.model.Event;
import com.github.dockerjava.api.model.EventType;
import dev.amphora.kernel.Actor;
import dev.amphora.kernel.Kernel;
import dev.amphora.kubelet.ContainerRuntime.Listener;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells the listener which pods have changed: from the engine's events within milliseconds, and from a list every now and then, since an event
 * may be lost.
 */
final class ChangeFeed implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(ChangeFeed.class);
    private static final Duration RELIST_INTERVAL = Duration.ofSeconds(10);
    private static final Duration RECONNECT_DELAY = Duration.ofSeconds(1);

    private final Engine engine;
    private final PodLabels labels;
    private final Kernel kernel;
    private final Listener listener;
    private final Actor actor;

    // The actor's own.
    private Map<String, Seen> known = new TreeMap<>();
    private @Nullable Stream stream;
    private boolean ended;

    private record Seen(String podUid, String state) {}

    ChangeFeed(Engine engine, PodLabels labels, Kernel kernel, Listener listener) {
        this.engine = engine;
        this.labels = labels;
        this.kernel = kernel;
        this.listener = listener;
        this.actor = kernel.actor("runtime/" + labels.node());
        actor.execute(this::open);
        actor.schedule(RELIST_INTERVAL, this::relistRegularly);
    }

    @Override
    public void close() {
        actor.execute(() -> {
            ended = true;
            if (stream != null) {
                stream.close();
            }
            actor.close();
        });
    }

    private void open() {
        kernel.blocking().execute(() -> {
            Stream opened = new Stream();
            try {
                engine.client()
                        .eventsCmd()
                        .withEventTypeFilter(EventType.CONTAINER)
                        .withEventFilter("start", "die", "oom", "destroy")
                        .withLabelFilter(labels.own())
                        .exec(opened);
            } catch (RuntimeException e) {
                opened.onError(e);
                return;
            }
            actor.execute(() -> {
                if (ended) {
                    opened.close();
                } else {
                    stream = opened;
                    // What happened before the stream began.
                    relist();
                }
            });
        });
    }

    private void relistRegularly() {
        relist();
        actor.schedule(RELIST_INTERVAL, this::relistRegularly);
    }

    private void relist() {
        kernel.blocking().execute(() -> {
            Map<String, Seen> found = new TreeMap<>();
            try {
                for (Container container : engine.client()
                        .listContainersCmd()
                        .withShowAll(true)
                        .withLabelFilter(labels.own())
                        .exec()) {
                    String uid = container.getLabels().get(PodLabels.POD_UID);
                    if (uid != null) {
                        found.put(container.getId(), new Seen(uid, container.getState()));
                    }
                }
            } catch (RuntimeException e) {
                log.debug("The containers of {} cannot be listed", labels.node(), e);
                return;
            }
            actor.execute(() -> compare(found));
        });
    }

    private void compare(Map<String, Seen> found) {
        Set<String> changed = new LinkedHashSet<>();
        found.forEach((id, seen) -> {
            if (!seen.equals(known.get(id))) {
                changed.add(seen.podUid);
            }
        });
        known.forEach((id, seen) -> {
            if (!found.containsKey(id)) {
                changed.add(seen.podUid);
            }
        });
        known = found;
        if (!ended) {
            changed.forEach(listener::podChanged);
        }
    }

    private void lost(Stream lost, @Nullable Throwable error) {
        if (ended || (stream != null && stream != lost)) {
            return;
        }
        log.debug("The engine's events for {} have ended and are asked for again", labels.node(), error);
        lost.close();
        stream = null;
        actor.schedule(RECONNECT_DELAY, this::open);
    }

    private final class Stream extends Receiver<Event> {
        @Override
        public void onNext(Event event) {
            Map<String, String> attributes =
                    event.getActor() == null ? null : event.getActor().getAttributes();
            String uid = attributes == null ? null : attributes.get(PodLabels.POD_UID);
            if (uid != null) {
                actor.execute(() -> listener.podChanged(uid));
            }
        }

        @Override
        void ended(@Nullable Throwable error) {
            actor.execute(() -> lost(this, error));
        }
    }
}

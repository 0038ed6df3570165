package dev.amphora.controller;

import dev.amphora.api.StatusException;
import dev.amphora.client.Informer;
import dev.amphora.client.InformerHandler;
import dev.amphora.client.ObjectKey;
import dev.amphora.client.RateLimiter;
import dev.amphora.client.WorkQueue;
import dev.amphora.kernel.Actor;
import dev.amphora.kernel.Kernel;
import io.fabric8.kubernetes.api.model.HasMetadata;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The skeleton of a controller: watches feed keys into a queue, workers reconcile them, failures are retried.
 *
 * <p>A reconciler reads from informers, which lag behind its own writes. It notes its writes with {@link #wrote} and
 * {@link #deleted}; its key then waits until the informers have caught up, so that nothing is done twice because it was not yet seen
 * (the reference's expectations, and KEP-5647's "stale controller handling").
 *
 * <pre>{@code
 * loop = new ControlLoop<ObjectKey>(context.kernel(), name(), 5)
 *         .watch(deployments, KeyMapper.self(ObjectKey::of))
 *         .watch(replicaSets, KeyMapper.each(this::ownerOf))
 *         .start(this::reconcile);
 * }</pre>
 *
 * @param <K> the class of the keys, with value equality
 */
public final class ControlLoop<K> implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(ControlLoop.class);
    private static final Duration FORGOTTEN = Duration.ofMinutes(5);

    private final Kernel kernel;
    private final String name;
    private final int workers;
    private final Actor actor;
    private final WorkQueue<K> queue;
    private final List<Informer<?>> sources = new ArrayList<>();
    private final List<AutoCloseable> registrations = new ArrayList<>();
    private final Map<K, OwnWrites> ownWrites = new HashMap<>();
    private volatile int maxRetries = Integer.MAX_VALUE;
    private volatile boolean closed;

    private record Gone(Informer<?> informer, ObjectKey key, String uid, Instant since) {}

    private static final class OwnWrites {
        final Map<Informer<?>, String> versions = new LinkedHashMap<>();
        final List<Gone> gone = new ArrayList<>();
    }

    /**
     * A loop that does not yet run.
     *
     * @param name the controller's name
     * @param workers how many keys may be reconciled at a time
     */
    public ControlLoop(Kernel kernel, String name, int workers) {
        this(kernel, name, workers, RateLimiter.forControllers(kernel));
    }

    /**
     * A loop that does not yet run, with limits of its own.
     *
     * @param name the controller's name
     * @param workers how many keys may be reconciled at a time
     * @param limiter how long a key waits that failed
     */
    public ControlLoop(Kernel kernel, String name, int workers, RateLimiter<K> limiter) {
        this.kernel = kernel;
        this.name = name;
        this.workers = workers;
        this.actor = kernel.actor(name + "/events");
        this.queue = new WorkQueue<>(kernel, name, limiter, QueueNames.of(name));
    }

    /** After how many failures in a row a key is let be until something adds it again; never unless set. */
    public ControlLoop<K> maxRetries(int count) {
        maxRetries = count;
        return this;
    }

    /** Feeds the keys of every change that an informer sees. */
    public <T extends HasMetadata> ControlLoop<K> watch(Informer<T> informer, KeyMapper<? super T, K> mapper) {
        uses(informer);
        registrations.add(informer.addHandler(actor, new InformerHandler<T>() {
            @Override
            public void onAdd(T object) {
                mapper.map(null, object, queue::add);
            }

            @Override
            public void onUpdate(T old, T object) {
                mapper.map(old, object, queue::add);
            }

            @Override
            public void onDelete(T last) {
                mapper.map(last, null, queue::add);
            }
        }));
        return this;
    }

    /** Waits for an informer that the reconciler reads, without being fed by it. */
    public ControlLoop<K> uses(Informer<?> informer) {
        sources.add(informer);
        return this;
    }

    /** Begins to reconcile as soon as every informer has its first list. Called once. */
    public ControlLoop<K> start(Reconciler<K> reconciler) {
        await(new ArrayList<>(sources).iterator(), reconciler);
        return this;
    }

    private void await(Iterator<Informer<?>> remaining, Reconciler<K> reconciler) {
        if (remaining.hasNext()) {
            remaining.next().whenSynced(actor, () -> await(remaining, reconciler));
        } else {
            actor.execute(() -> queue.start(workers, key -> run(key, reconciler)));
        }
    }

    /** The actor that events are mapped on; for timers and handlers of the controller's own. */
    public Actor actor() {
        return actor;
    }

    /** Adds a key by hand. */
    public void add(K key) {
        queue.add(key);
    }

    /** Adds a key by hand after a delay. */
    public void addAfter(K key, Duration delay) {
        queue.addAfter(key, delay);
    }

    /**
     * Notes that the reconciler created or changed an object on behalf of a key.
     *
     * @param informer the one that will see it
     * @param written the server's answer
     */
    public void wrote(K key, Informer<?> informer, HasMetadata written) {
        String version = written.getMetadata().getResourceVersion();
        if (version == null || informer.hasSeen(version)) {
            return;
        }
        synchronized (ownWrites) {
            ownWrites.computeIfAbsent(key, k -> new OwnWrites()).versions.put(informer, version);
        }
    }

    /**
     * Notes that the reconciler deleted an object on behalf of a key.
     *
     * @param informer the one that will see it go, or be marked for deletion
     * @param object as the informer holds it
     */
    public void deleted(K key, Informer<?> informer, HasMetadata object) {
        synchronized (ownWrites) {
            ownWrites
                    .computeIfAbsent(key, k -> new OwnWrites())
                    .gone
                    .add(new Gone(
                            informer,
                            ObjectKey.of(object),
                            Objects.requireNonNullElse(object.getMetadata().getUid(), ""),
                            kernel.instant()));
        }
    }

    /** Ends the loop; a reconciliation that runs is left to end by itself. Idempotent. */
    @Override
    public void close() {
        closed = true;
        queue.close();
        actor.close();
        for (AutoCloseable registration : registrations) {
            try {
                registration.close();
            } catch (Exception e) {
                log.debug("Closing a watch of {} failed", name, e);
            }
        }
    }

    private void run(K key, Reconciler<K> reconciler) {
        if (closed || waitsForOwnWrites(key)) {
            return;
        }
        Result result;
        try {
            result = reconciler.reconcile(key);
        } catch (StatusException e) {
            log.debug("{} will try {} again: {}", name, key, e.getMessage());
            result = Result.retry();
        } catch (RuntimeException e) {
            if (closed) {
                // What it still did met things that are closed already.
                return;
            }
            log.error("{} failed on {}", name, key, e);
            result = Result.retry();
        }
        if (result.isRetry() && queue.failures(key) < maxRetries) {
            queue.addRateLimited(key);
        } else if (result.isRetry()) {
            log.warn("{} gives up {} after {} failures", name, key, queue.failures(key));
            queue.forget(key);
        } else {
            queue.forget(key);
            Duration after = result.after();
            if (after != null) {
                queue.addAfter(key, after);
            }
        }
    }

    private boolean waitsForOwnWrites(K key) {
        synchronized (ownWrites) {
            OwnWrites writes = ownWrites.get(key);
            if (writes == null) {
                return false;
            }
            for (Iterator<Map.Entry<Informer<?>, String>> each =
                            writes.versions.entrySet().iterator();
                    each.hasNext(); ) {
                Map.Entry<Informer<?>, String> write = each.next();
                if (!write.getKey().hasSeen(write.getValue())) {
                    write.getKey().whenSeen(write.getValue(), actor, () -> queue.add(key));
                    return true;
                }
                each.remove();
            }
            Instant now = kernel.instant();
            writes.gone.removeIf(gone -> isGone(gone, now));
            if (!writes.gone.isEmpty()) {
                queue.addAfter(key, FORGOTTEN);
                return true;
            }
            ownWrites.remove(key);
            return false;
        }
    }

    private static boolean isGone(Gone gone, Instant now) {
        HasMetadata object = gone.informer.find(gone.key).orElse(null);
        return object == null
                || !gone.uid.equals(object.getMetadata().getUid())
                || object.getMetadata().getDeletionTimestamp() != null
                || !now.isBefore(gone.since.plus(FORGOTTEN));
    }

    /** The informer's object of a key, or null: for reconcilers that read in one line. */
    public static <T extends HasMetadata> @Nullable T read(Informer<T> informer, ObjectKey key) {
        return informer.find(key).orElse(null);
    }
}

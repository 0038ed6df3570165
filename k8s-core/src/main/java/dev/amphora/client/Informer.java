package dev.amphora.client;

import dev.amphora.api.ResourceType;
import dev.amphora.api.StatusException;
import dev.amphora.kernel.Actor;
import dev.amphora.kernel.Kernel;
import io.fabric8.kubernetes.api.model.HasMetadata;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A local copy of the objects of one kind, kept up to date by a list and a watch.
 *
 * <p>It lists once, watches from there, resumes after a cut from the last revision it has seen, and lists again when the server
 * no longer has that revision. Reads never leave the process, never block on the server, and hand out the shared objects
 * themselves, read-only by contract. All methods may be called from any thread.
 *
 * <p>An informer is obtained from {@link Informers}, which starts and ends it.
 *
 * @param <T> the class of the objects
 */
public final class Informer<T extends HasMetadata> {
    private static final Logger log = LoggerFactory.getLogger(Informer.class);
    private static final Duration FIRST_BACKOFF = Duration.ofMillis(800);
    private static final Duration MAX_BACKOFF = Duration.ofSeconds(30);
    private static final Duration CALM = Duration.ofMinutes(2);
    private static final Duration SHORT_WATCH = Duration.ofSeconds(1);

    private final Client client;
    private final Kernel kernel;
    private final Actor actor;
    private final ResourceType<T> type;
    private final @Nullable String namespace;
    private final ListOptions selection;

    // guarded by this
    private final Map<ObjectKey, Slot<T>> objects = new HashMap<>();
    private final Map<String, Index<T>> indexes = new LinkedHashMap<>();
    /** By namespace, then by name. */
    private final Map<String, TreeMap<String, Slot<T>>> byNamespace = new TreeMap<>();

    private final List<Registration> registrations = new ArrayList<>();
    private final List<Waiter> waiters = new ArrayList<>();
    private @Nullable String seen;
    private long seenRevision = -1;
    private boolean closed;

    // touched by the actor only
    private @Nullable Watch watch;
    private long session;
    private boolean heard;
    /** Whether it was said that the server refuses. */
    private boolean refused;

    private Instant opened = Instant.EPOCH;
    private Duration backoff = FIRST_BACKOFF;
    private Instant lastFailure = Instant.EPOCH;

    Informer(Client client, Kernel kernel, ResourceType<T> type, @Nullable String namespace, ListOptions selection) {
        this.client = client;
        this.kernel = kernel;
        this.type = type;
        this.namespace = namespace;
        this.selection = selection;
        this.actor = kernel.actor("informer/" + type.plural());
    }

    void start() {
        actor.execute(this::relist);
    }

    /** The kind of the objects. */
    public ResourceType<T> type() {
        return type;
    }

    /** Whether the first list is in. */
    public synchronized boolean hasSynced() {
        return seen != null;
    }

    /** The last resource version that this copy is known to contain; null before the first list. */
    public synchronized @Nullable String lastSyncResourceVersion() {
        return seen;
    }

    /**
     * Whether this copy contains everything up to a revision of this kind, such as that of a caller's own last write.
     *
     * @param resourceVersion as the server gave it
     */
    public synchronized boolean hasSeen(String resourceVersion) {
        return seenRevision >= revision(resourceVersion);
    }

    /**
     * Runs a task once the first list is in.
     *
     * @param on the actor to run it on
     */
    public void whenSynced(Actor on, Runnable task) {
        whenSeen(0, on, task);
    }

    /**
     * Runs a task once this copy contains everything up to a revision.
     *
     * @param resourceVersion as the server gave it
     * @param on the actor to run it on
     */
    public void whenSeen(String resourceVersion, Actor on, Runnable task) {
        whenSeen(revision(resourceVersion), on, task);
    }

    private synchronized void whenSeen(long revision, Actor on, Runnable task) {
        if (closed) {
            return;
        }
        if (seenRevision >= revision) {
            on.execute(task);
        } else {
            waiters.add(new Waiter(revision, on, task));
        }
    }

    /**
     * One object.
     *
     * @param namespace null or empty for a cluster-scoped kind
     */
    public Optional<T> find(@Nullable String namespace, String name) {
        return find(ObjectKey.of(namespace, name));
    }

    /** One object. */
    public synchronized Optional<T> find(ObjectKey key) {
        Slot<T> slot = objects.get(key);
        return slot == null ? Optional.empty() : Optional.of(slot.object);
    }

    /** How many objects there are. */
    public synchronized int size() {
        return objects.size();
    }

    /** All objects, by namespace and name. The list is the caller's own. */
    public synchronized List<T> list() {
        List<T> all = new ArrayList<>(objects.size());
        byNamespace.values().forEach(names -> addAll(names, all));
        return all;
    }

    /** The objects of one namespace, by name. The list is the caller's own. */
    public synchronized List<T> list(String namespace) {
        TreeMap<String, Slot<T>> names = byNamespace.get(namespace);
        if (names == null) {
            return new ArrayList<>();
        }
        List<T> all = new ArrayList<>(names.size());
        addAll(names, all);
        return all;
    }

    private static <T> void addAll(Map<?, Slot<T>> slots, List<T> to) {
        slots.values().forEach(slot -> to.add(slot.object));
    }

    /**
     * Adds an index, if there is none of that name yet.
     *
     * @param name what {@link #byIndex} asks for
     * @param keys the index keys of an object; a pure function
     */
    public synchronized void addIndex(String name, Function<? super T, ? extends Collection<String>> keys) {
        if (!indexes.containsKey(name)) {
            Index<T> index = new Index<>(keys);
            objects.forEach(index::add);
            indexes.put(name, index);
        }
    }

    /**
     * The objects with an index key, by namespace and name. The list is the caller's own.
     *
     * @throws IllegalArgumentException if there is no index of that name
     */
    public synchronized List<T> byIndex(String name, String key) {
        return index(name).get(key);
    }

    /**
     * The place behind the latest change under an index, for {@link #indexChanges}. Changes are noted from the first call on.
     *
     * @throws IllegalArgumentException if there is no index of that name
     */
    public synchronized long indexPosition(String name) {
        return index(name).position();
    }

    /**
     * The index keys under which objects have come, gone or changed from a place on, some more than once; null if there were too many since to
     * tell. The list is the caller's own.
     *
     * @throws IllegalArgumentException if there is no index of that name
     */
    public synchronized @Nullable List<String> indexChanges(String name, long position) {
        return index(name).changes(position);
    }

    private Index<T> index(String name) {
        Index<T> index = indexes.get(name);
        if (index == null) {
            throw new IllegalArgumentException("no index " + name + " on " + type.plural());
        }
        return index;
    }

    /**
     * The keys of an index under which there is something, in order. The list is the caller's own.
     *
     * @throws IllegalArgumentException if there is no index of that name
     */
    public synchronized List<String> indexKeys(String name) {
        return index(name).keys();
    }

    /**
     * Adds a handler. It first hears of the objects that are there, then of changes.
     *
     * @param on the actor that the handler runs on
     * @return a handle; once closed the handler is not called again
     */
    public synchronized Registration addHandler(Actor on, InformerHandler<? super T> handler) {
        Registration registration = new Registration(on, handler);
        if (closed) {
            registration.ended = true;
            return registration;
        }
        registrations.add(registration);
        if (seen != null) {
            for (T object : list()) {
                registration.post(h -> h.onAdd(object));
            }
            on.execute(() -> registration.synced = true);
        }
        return registration;
    }

    /** A handler's place at an informer. */
    public final class Registration implements AutoCloseable {
        private final Actor on;
        private final InformerHandler<? super T> handler;
        private volatile boolean synced;
        private volatile boolean ended;

        private Registration(Actor on, InformerHandler<? super T> handler) {
            this.on = on;
            this.handler = handler;
        }

        /** Whether the handler has been called for every object of the first list. */
        public boolean hasSynced() {
            return synced;
        }

        /** Ends the calls. Idempotent. */
        @Override
        public void close() {
            ended = true;
            synchronized (Informer.this) {
                registrations.remove(this);
            }
        }

        private void post(java.util.function.Consumer<InformerHandler<? super T>> call) {
            on.execute(() -> {
                if (!ended) {
                    call.accept(handler);
                }
            });
        }
    }

    void close() {
        synchronized (this) {
            closed = true;
            registrations.forEach(registration -> registration.ended = true);
            registrations.clear();
            waiters.clear();
        }
        actor.execute(() -> {
            session++;
            closeWatch();
            actor.close();
        });
    }

    // -- list and watch, on the actor --------------------------------------------------------------------------------

    private void relist() {
        closeWatch();
        session++;
        try {
            ObjectList<T> list = client.list(type, namespace, selection);
            refused = false;
            replace(list);
        } catch (StatusException e) {
            retryLater(e, this::relist);
            return;
        }
        openWatch();
    }

    private void openWatch() {
        long current = ++session;
        heard = false;
        opened = kernel.instant();
        try {
            watch = client.watch(
                    type, namespace, selection.from(lastSyncResourceVersion()).withBookmarks(), new Watcher<T>() {
                        @Override
                        public void onEvent(EventType event, T object) {
                            actor.execute(() -> {
                                if (session == current) {
                                    heard = true;
                                    apply(event, object);
                                }
                            });
                        }

                        @Override
                        public void onBookmark(String resourceVersion) {
                            actor.execute(() -> {
                                if (session == current) {
                                    heard = true;
                                    advance(resourceVersion);
                                }
                            });
                        }

                        @Override
                        public void onClose(@Nullable StatusException error) {
                            actor.execute(() -> {
                                if (session == current) {
                                    closeWatch();
                                    ended(error);
                                }
                            });
                        }
                    });
        } catch (StatusException e) {
            ended(e);
        }
    }

    private void ended(@Nullable StatusException error) {
        if (error != null && error.isGone()) {
            log.debug(
                    "The server no longer has revision {} of {}; listing again",
                    lastSyncResourceVersion(),
                    type.plural());
            retryLater(error, this::relist);
        } else if (error == null && (heard || !kernel.instant().isBefore(opened.plus(SHORT_WATCH)))) {
            openWatch();
        } else {
            retryLater(error, this::openWatch);
        }
    }

    private void retryLater(@Nullable StatusException why, Runnable attempt) {
        Instant now = kernel.instant();
        if (lastFailure.plus(CALM).isBefore(now)) {
            backoff = FIRST_BACKOFF;
        }
        lastFailure = now;
        Duration delay = backoff.plusNanos((long) (kernel.random().nextDouble() * backoff.toNanos()));
        backoff = backoff.multipliedBy(2).compareTo(MAX_BACKOFF) > 0 ? MAX_BACKOFF : backoff.multipliedBy(2);
        if (why != null && isRefusal(why) && !refused) {
            // Until somebody grants the right or installs the kind, whoever needs this copy does nothing: not in
            // silence.
            refused = true;
            log.warn("{} can't be followed, which is tried again: {}", type.plural(), why.getMessage());
        } else if (why != null) {
            log.debug("Following {} failed, next attempt in {}: {}", type.plural(), delay, why.getMessage());
        }
        long current = ++session;
        actor.schedule(delay, () -> {
            if (session == current) {
                attempt.run();
            }
        });
    }

    /** Who may not see the objects, or asks for a kind that is not there. */
    private static boolean isRefusal(StatusException why) {
        return Set.of(401, 403, 404).contains(why.code());
    }

    private void closeWatch() {
        Watch open = watch;
        watch = null;
        if (open != null) {
            open.close();
        }
    }

    // -- the copy ----------------------------------------------------------------------------------------------------

    private synchronized void replace(ObjectList<T> list) {
        if (closed) {
            return;
        }
        boolean first = seen == null;
        Map<ObjectKey, T> fresh = new TreeMap<>();
        for (T object : list.items()) {
            fresh.put(ObjectKey.of(object), object);
        }
        List<T> gone = new ArrayList<>();
        for (T object : list()) {
            if (!fresh.containsKey(ObjectKey.of(object))) {
                gone.add(object);
            }
        }
        gone.forEach(this::remove);
        fresh.values().forEach(this::put);
        if (first) {
            for (Registration registration : registrations) {
                registration.on.execute(() -> registration.synced = true);
            }
        }
        advance(list.resourceVersion());
    }

    private synchronized void apply(Watcher.EventType event, T object) {
        if (closed) {
            return;
        }
        switch (event) {
            case ADDED, MODIFIED -> put(object);
            case DELETED -> remove(object);
        }
        String version = object.getMetadata().getResourceVersion();
        if (version != null) {
            advance(version);
        }
    }

    private void put(T object) {
        ObjectKey key = ObjectKey.of(object);
        Slot<T> slot = objects.get(key);
        T old = slot == null ? null : slot.object;
        if (old != null
                && Objects.equals(
                        old.getMetadata().getResourceVersion(),
                        object.getMetadata().getResourceVersion())
                && Objects.equals(
                        old.getMetadata().getUid(), object.getMetadata().getUid())) {
            return;
        }
        if (slot == null || old == null) {
            Slot<T> fresh = new Slot<>(object);
            objects.put(key, fresh);
            byNamespace
                    .computeIfAbsent(key.namespace(), namespace -> new TreeMap<>())
                    .put(key.name(), fresh);
            indexes.values().forEach(index -> index.add(key, fresh));
        } else {
            slot.object = object;
            for (Index<T> index : indexes.values()) {
                index.moved(key, old, slot);
            }
        }
        boolean another = old != null
                && !Objects.equals(
                        old.getMetadata().getUid(), object.getMetadata().getUid());
        for (Registration registration : registrations) {
            if (old == null || another) {
                if (old != null) {
                    registration.post(h -> h.onDelete(old));
                }
                registration.post(h -> h.onAdd(object));
            } else {
                registration.post(h -> h.onUpdate(old, object));
            }
        }
    }

    private void remove(T object) {
        ObjectKey key = ObjectKey.of(object);
        Slot<T> slot = objects.remove(key);
        if (slot == null) {
            return;
        }
        unindex(key, slot.object);
        for (Registration registration : registrations) {
            registration.post(h -> h.onDelete(object));
        }
    }

    private void unindex(ObjectKey key, T old) {
        byNamespace.computeIfPresent(key.namespace(), (namespace, names) -> {
            names.remove(key.name());
            return names.isEmpty() ? null : names;
        });
        for (Index<T> index : indexes.values()) {
            index.remove(key, old);
        }
    }

    private synchronized void advance(String resourceVersion) {
        long revision = revision(resourceVersion);
        if (closed || (seen != null && revision <= seenRevision)) {
            return;
        }
        seen = resourceVersion;
        seenRevision = revision;
        if (!waiters.isEmpty()) {
            List<Waiter> due = new ArrayList<>();
            waiters.removeIf(waiter -> waiter.revision <= revision && due.add(waiter));
            due.forEach(waiter -> waiter.on.execute(waiter.task));
        }
    }

    private static long revision(String resourceVersion) {
        try {
            return Long.parseLong(resourceVersion);
        } catch (NumberFormatException e) {
            return 0;
        }
    }

    private record Waiter(long revision, Actor on, Runnable task) {}

    /** Where an object stands: in all indexes the same, so that a new state of it need not be looked up in each. */
    private static final class Slot<T> {
        T object;

        Slot(T object) {
            this.object = object;
        }
    }

    /** Finds objects by keys of their own, in order. */
    private static final class Index<T extends HasMetadata> {
        private static final int CHANGES = 8192;

        private final Function<? super T, ? extends Collection<String>> keys;
        private final Map<String, TreeMap<ObjectKey, Slot<T>>> buckets = new HashMap<>();
        /** The latest keys under which something has changed; null as long as nobody asks. */
        private @Nullable List<String> changed;

        private long firstChange;

        Index(Function<? super T, ? extends Collection<String>> keys) {
            this.keys = keys;
        }

        void add(ObjectKey at, Slot<T> slot) {
            Collection<String> under = keys.apply(slot.object);
            note(under);
            add(under, at, slot);
        }

        private void note(Collection<String> under) {
            if (changed != null) {
                if (changed.size() >= 2 * CHANGES) {
                    int dropped = changed.size() - CHANGES;
                    changed.subList(0, dropped).clear();
                    firstChange += dropped;
                }
                changed.addAll(under);
            }
        }

        long position() {
            if (changed == null) {
                changed = new ArrayList<>();
            }
            return firstChange + changed.size();
        }

        @Nullable List<String> changes(long position) {
            return changed == null || position < firstChange
                    ? null
                    : new ArrayList<>(changed.subList((int) (position - firstChange), changed.size()));
        }

        private void add(Collection<String> under, ObjectKey at, Slot<T> slot) {
            for (String key : under) {
                buckets.computeIfAbsent(key, k -> new TreeMap<>()).put(at, slot);
            }
        }

        /** Another object stands in a slot now: mostly it is found as before. */
        void moved(ObjectKey at, T old, Slot<T> slot) {
            Collection<String> now = keys.apply(slot.object);
            Collection<String> before = keys.apply(old);
            note(now);
            if (!before.equals(now)) {
                note(before);
                remove(before, at);
                add(now, at, slot);
            }
        }

        void remove(ObjectKey at, T object) {
            Collection<String> under = keys.apply(object);
            note(under);
            remove(under, at);
        }

        private void remove(Collection<String> under, ObjectKey at) {
            for (String key : under) {
                TreeMap<ObjectKey, Slot<T>> bucket = buckets.get(key);
                if (bucket != null) {
                    bucket.remove(at);
                    if (bucket.isEmpty()) {
                        buckets.remove(key);
                    }
                }
            }
        }

        List<T> get(String key) {
            TreeMap<ObjectKey, Slot<T>> bucket = buckets.get(key);
            if (bucket == null) {
                return new ArrayList<>();
            }
            List<T> found = new ArrayList<>(bucket.size());
            addAll(bucket, found);
            return found;
        }

        List<String> keys() {
            List<String> all = new ArrayList<>(buckets.keySet());
            Collections.sort(all);
            return all;
        }
    }
}

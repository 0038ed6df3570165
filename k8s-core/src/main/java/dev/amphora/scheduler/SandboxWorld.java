package dev.amphora.scheduler;

import dev.amphora.client.Client;
import dev.amphora.scheduler.framework.Lister;
import dev.amphora.scheduler.framework.NodeSnapshot;
import dev.amphora.scheduler.framework.PodInfo;
import dev.amphora.scheduler.framework.SchedulerExtender;
import dev.amphora.scheduler.framework.WaitingPod;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** A cluster as plugins see it, without an API server and without time: it changes when somebody changes it, and nothing is written. */
final class SandboxWorld implements Framework.Host {
    private final SchedulerCache cache;
    private final Nominations nominations;
    private final SharedState shared = new SharedState();
    private final Map<Class<?>, TreeMap<String, HasMetadata>> objects = new LinkedHashMap<>();
    private final Map<Class<?>, Long> versions = new HashMap<>();
    private final InstantSource clock;
    private final RandomGenerator chance;
    private final List<SchedulerExtender> extenders;

    /** An empty one. */
    SandboxWorld(InstantSource clock, RandomGenerator chance) {
        this(clock, chance, List.of());
    }

    /** An empty one with extenders. */
    SandboxWorld(InstantSource clock, RandomGenerator chance, List<SchedulerExtender> extenders) {
        this(new SchedulerCache(), new Nominations(), clock, chance, extenders);
    }

    /** One that begins with these nodes and pods. */
    SandboxWorld(
            SchedulerCache cache,
            Nominations nominations,
            InstantSource clock,
            RandomGenerator chance,
            List<SchedulerExtender> extenders) {
        this.cache = cache;
        this.nominations = nominations;
        this.clock = clock;
        this.chance = chance;
        this.extenders = extenders;
    }

    /** The same cluster, to be changed apart, with a chance of its own. */
    SandboxWorld copy(RandomGenerator ownChance) {
        SandboxWorld copy = new SandboxWorld(cache.copy(), nominations.copy(), clock, ownChance, extenders);
        objects.forEach((type, ofKind) -> copy.objects(type).putAll(ofKind));
        return copy;
    }

    SchedulerCache cache() {
        return cache;
    }

    /** Puts an object in place of the one with the same name. A pod with a node runs there; one with a nominated node waits. */
    void put(HasMetadata object) {
        know(object);
        if (object instanceof Node node) {
            cache.updateNode(node);
        } else if (object instanceof Pod pod) {
            PodInfo info = PodInfo.of(pod);
            if (ClusterChanges.isAssigned(pod)) {
                nominations.remove(info.uid());
                cache.addPod(info);
            } else {
                nominations.put(info, info.nominatedNodeName());
            }
        }
    }

    /** Lets plugins that ask for objects of its kind find an object. */
    void know(HasMetadata object) {
        objects(object.getClass()).put(key(object), object);
        versions.merge(object.getClass(), 1L, Long::sum);
    }

    void remove(HasMetadata object) {
        objects(object.getClass()).remove(key(object));
        versions.merge(object.getClass(), 1L, Long::sum);
        if (object instanceof Node node) {
            cache.removeNode(node);
        } else if (object instanceof Pod pod) {
            PodInfo info = PodInfo.of(pod);
            nominations.remove(info.uid());
            cache.removePod(info);
        }
    }

    /** An index that is made anew when it is asked after a change. */
    private static final class SandboxIndex<T extends HasMetadata> implements Lister.Index<T> {
        private final Lister<T> lister;
        private final Function<? super T, ? extends Collection<String>> keys;
        private final ChangeLog<String> log = new ChangeLog<>();
        private Map<String, List<T>> objects = Map.of();
        private @Nullable Object version;

        SandboxIndex(Lister<T> lister, Function<? super T, ? extends Collection<String>> keys) {
            this.lister = lister;
            this.keys = keys;
        }

        @Override
        public List<T> get(String key) {
            refresh();
            return objects.getOrDefault(key, List.of());
        }

        @Override
        public long position() {
            refresh();
            return log.position();
        }

        @Override
        public @Nullable List<String> changed(long position) {
            refresh();
            return log.since(position);
        }

        private void refresh() {
            Object now = lister.version();
            if (now.equals(version)) {
                return;
            }
            version = now;
            Map<String, List<T>> fresh = new HashMap<>();
            for (T object : lister.list(null)) {
                for (String each : keys.apply(object)) {
                    fresh.computeIfAbsent(each, name -> new ArrayList<>()).add(object);
                }
            }
            Set<String> all = new TreeSet<>(objects.keySet());
            all.addAll(fresh.keySet());
            for (String key : all) {
                if (!isSame(objects.getOrDefault(key, List.of()), fresh.getOrDefault(key, List.of()))) {
                    log.add(key);
                }
            }
            objects = fresh;
        }

        private static <T> boolean isSame(List<T> a, List<T> b) {
            for (int i = 0; i < a.size() && i < b.size(); i++) {
                if (a.get(i) != b.get(i)) {
                    return false;
                }
            }
            return a.size() == b.size();
        }
    }

    /** The kinds of objects that plugins have asked for. */
    List<Class<?>> kinds() {
        return List.copyOf(objects.keySet());
    }

    private TreeMap<String, HasMetadata> objects(Class<?> type) {
        return objects.computeIfAbsent(type, kind -> new TreeMap<>());
    }

    private static String key(HasMetadata object) {
        return key(object.getMetadata().getNamespace(), object.getMetadata().getName());
    }

    private static String key(@Nullable String namespace, String name) {
        return (namespace == null ? "" : namespace) + "\0" + name;
    }

    // -- what plugins reach ------------------------------------------------------------------------------------------

    @Override
    public NodeSnapshot snapshot() {
        return cache.view();
    }

    @Override
    public SharedState shared() {
        return shared;
    }

    @Override
    public <T extends HasMetadata> Lister<T> lister(Class<T> type) {
        TreeMap<String, HasMetadata> ofKind = objects(type);
        return new Lister<>() {
            @Override
            public @Nullable T get(@Nullable String namespace, String name) {
                return type.cast(ofKind.get(key(namespace, name)));
            }

            @Override
            public List<T> list(@Nullable String namespace) {
                Collection<HasMetadata> found = namespace == null
                        ? ofKind.values()
                        : ofKind.subMap(namespace + "\0", namespace + "\1").values();
                return found.stream().map(type::cast).toList();
            }

            @Override
            public Index<T> index(String name, Function<? super T, ? extends Collection<String>> keys) {
                return new SandboxIndex<>(this, keys);
            }

            @Override
            public Object version() {
                return versions.getOrDefault(type, 0L);
            }
        };
    }

    @Override
    public Client client() {
        throw new IllegalStateException("there is no API server in a sandbox");
    }

    @Override
    public InstantSource clock() {
        return clock;
    }

    @Override
    public RandomGenerator random() {
        return chance;
    }

    @Override
    public void runAsync(Runnable task) {
        // nothing is written
    }

    @Override
    public void runConcurrently(Runnable task) {
        // nothing is written
    }

    @Override
    public void runInCycle(Runnable task) {
        task.run();
    }

    @Override
    public void runInCycleAfter(Duration delay, Runnable task) {
        // no time passes here
    }

    @Override
    public @Nullable PodInfo podOnNode(String uid) {
        return cache.pod(uid);
    }

    @Override
    public Nominations nominations() {
        return nominations;
    }

    @Override
    public List<WaitingPod> waitingPods() {
        return List.of();
    }

    @Override
    public List<SchedulerExtender> extenders() {
        return extenders;
    }

    @Override
    public void activate(Collection<PodInfo> pods) {
        // nothing waits
    }

    @Override
    public void event(Pod pod, String type, String reason, String action, String note) {
        // nothing is written
    }
}

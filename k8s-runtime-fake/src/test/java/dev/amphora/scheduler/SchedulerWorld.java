package dev.amphora.scheduler;

import dev.amphora.api.Json;
import dev.amphora.api.ResourceType;
import dev.amphora.api.StatusException;
import dev.amphora.apiserver.ApiServer;
import dev.amphora.apiserver.access.User;
import dev.amphora.client.Client;
import dev.amphora.client.DeleteOptions;
import dev.amphora.client.InProcessClient;
import dev.amphora.client.ListOptions;
import dev.amphora.client.Patch;
import dev.amphora.client.Watch;
import dev.amphora.client.Watcher;
import dev.amphora.kernel.SimulatedKernel;
import dev.amphora.store.memory.MemoryStore;
import io.fabric8.kubernetes.api.model.Event;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.PodCondition;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.scheduling.v1.PriorityClassBuilder;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** An API server in memory and a scheduler on a simulated kernel; nobody else. */
final class SchedulerWorld implements AutoCloseable {
    private static final ResourceType<Pod> PODS = ResourceType.of(Pod.class);
    private static final ResourceType<Node> NODES = ResourceType.of(Node.class);

    final SimulatedKernel kernel;
    final Client client;
    private final MemoryStore store;
    private final ApiServer server;
    private final List<Scheduler> schedulers = new ArrayList<>();

    private final Map<Scheduler, boolean[]> dead = new IdentityHashMap<>();

    private final List<Runnable> watches = new ArrayList<>();
    private boolean cutOff;

    /** Called before each call of a scheduler's client, with the method's name; may throw. */
    Fault fault = (method, arguments) -> {};

    /** What can go wrong with a call. */
    interface Fault {
        void before(String method, Object[] arguments);
    }

    SchedulerWorld(long seed, Scheduler scheduler) {
        this(seed);
        start(scheduler);
    }

    /** Without a scheduler, yet. */
    SchedulerWorld(long seed) {
        this.kernel = new SimulatedKernel(seed);
        this.store = new MemoryStore(kernel);
        this.server = ApiServer.builder(kernel, store)
                .withoutAdmission("ServiceAccount")
                .withoutAdmission("TaintNodesByCondition")
                .build();
        server.start();
        this.client = new InProcessClient(server, User.of("admin", User.MASTERS), "test");
    }

    /** Starts a scheduler, beside others that run. */
    <S extends Scheduler> S start(S scheduler) {
        schedulers.add(scheduler);
        Client plain = new InProcessClient(server, User.of("system:kube-scheduler", User.MASTERS), "kube-scheduler");
        boolean[] gone = {false};
        dead.put(scheduler, gone);
        Client faulty = (Client) Proxy.newProxyInstance(
                Client.class.getClassLoader(), new Class<?>[] {Client.class}, (proxy, method, arguments) -> {
                    if (gone[0]) {
                        throw StatusException.internalError("crashed");
                    }
                    if (arguments != null) {
                        fault.before(method.getName(), arguments);
                    }
                    boolean reads =
                            method.getName().equals("list") || method.getName().equals("watch");
                    if (cutOff && reads) {
                        throw StatusException.internalError("cut off");
                    }
                    if (method.getName().equals("watch")) {
                        return watch(plain, arguments);
                    }
                    try {
                        return method.invoke(plain, arguments);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
        scheduler.start(new Scheduler.Context(kernel, faulty));
        settle();
        return scheduler;
    }

    @SuppressWarnings("unchecked")
    private Watch watch(Client plain, Object[] arguments) {
        Watcher<HasMetadata> watcher = (Watcher<HasMetadata>) arguments[3];
        Watch watch = plain.watch(
                (ResourceType<HasMetadata>) arguments[0], (String) arguments[1], (ListOptions) arguments[2], watcher);
        watches.add(() -> {
            watch.close();
            watcher.onClose(StatusException.expired("too old resource version"));
        });
        return watch;
    }

    /** Cuts the schedulers off from what happens, until {@link #reconnect}; they may write still. */
    void cutOff() {
        cutOff = true;
        List<Runnable> open = List.copyOf(watches);
        watches.clear();
        open.forEach(Runnable::run);
    }

    /** Ends {@link #cutOff}: the schedulers find that what they have seen last is too old, and list again. */
    void reconnect() {
        cutOff = false;
        kernel.advance(Duration.ofMinutes(1));
    }

    /** Ends a scheduler without a word: none of its calls arrives any more. */
    void crash(Scheduler scheduler) {
        boolean[] gone = dead.get(scheduler);
        if (gone != null) {
            gone[0] = true;
        }
    }

    /** Ends all schedulers without a word. */
    void crashAll() {
        schedulers.forEach(this::crash);
    }

    /** Fails the calls to bind pods, so many times. */
    void failBindings(int times, StatusException with) {
        int[] left = {times};
        fault = (method, arguments) -> {
            if (isBinding(method, arguments) && left[0]-- > 0) {
                throw with;
            }
        };
    }

    static boolean isBinding(String method, Object[] arguments) {
        return method.equals("subresource") && arguments.length == 6 && arguments[3].equals("binding");
    }

    /** Lets everything settle that needs no more than a moment. */
    void settle() {
        kernel.advance(Duration.ofSeconds(5));
    }

    void node(String name, String cpu) {
        client.create(new NodeBuilder()
                .withNewMetadata()
                .withName(name)
                .addToLabels("kubernetes.io/hostname", name)
                .endMetadata()
                .withNewStatus()
                .addToAllocatable("cpu", new Quantity(cpu))
                .addToAllocatable("memory", new Quantity("8Gi"))
                .addToAllocatable("pods", new Quantity("110"))
                .endStatus()
                .build());
    }

    /** Merges into an object in the default namespace, or into one that has none. */
    void patch(Class<? extends HasMetadata> type, String name, String merge) {
        ResourceType<? extends HasMetadata> kind = ResourceType.of(type);
        client.patch(
                kind,
                kind.namespaced() ? "default" : null,
                name,
                Patch.merge(Json.read(merge.getBytes(StandardCharsets.UTF_8))),
                null);
    }

    void patchNode(String name, String merge) {
        client.patch(NODES, null, name, Patch.merge(Json.read(merge.getBytes(StandardCharsets.UTF_8))), null);
    }

    static PodBuilder pod(String name, String cpu) {
        return new PodBuilder()
                .withNewMetadata()
                .withName(name)
                .withNamespace("default")
                .endMetadata()
                .withNewSpec()
                .addNewContainer()
                .withName("c")
                .withImage("i:1")
                .withNewResources()
                .addToRequests("cpu", new Quantity(cpu))
                .endResources()
                .endContainer()
                .endSpec();
    }

    void create(PodBuilder pod) {
        client.create(pod.build());
    }

    void delete(String pod) {
        client.delete(PODS, "default", pod, DeleteOptions.defaults().withGracePeriod(0));
    }

    /** Deletes a pod if it is still there. */
    void delete(String pod, boolean mustExist) {
        if (mustExist || client.find(PODS, "default", pod).isPresent()) {
            delete(pod);
        }
    }

    /** How often a pod was told why it is not scheduled. */
    int failures(String pod) {
        return client.list(ResourceType.of(Event.class), "default", ListOptions.all()).items().stream()
                .filter(event -> event.getInvolvedObject().getName().equals(pod)
                        && event.getReason().equals("FailedScheduling"))
                .mapToInt(event ->
                        event.getSeries() == null ? 1 : event.getSeries().getCount())
                .sum();
    }

    void priorityClass(String name, int value) {
        client.create(new PriorityClassBuilder()
                .withNewMetadata()
                .withName(name)
                .endMetadata()
                .withValue(value)
                .build());
    }

    Pod get(String pod) {
        return client.get(PODS, "default", pod);
    }

    /** The node that a pod is on, empty if it has none. */
    String nodeOf(String pod) {
        String node = get(pod).getSpec().getNodeName();
        return node == null ? "" : node;
    }

    /** Pod by pod, where it is. */
    Map<String, String> placement() {
        Map<String, String> nodes = new TreeMap<>();
        for (Pod pod : client.list(PODS, "default", ListOptions.all()).items()) {
            nodes.put(pod.getMetadata().getName(), String.valueOf(pod.getSpec().getNodeName()));
        }
        return nodes;
    }

    PodCondition scheduled(String pod) {
        return get(pod).getStatus().getConditions().stream()
                .filter(condition -> condition.getType().equals("PodScheduled"))
                .findFirst()
                .orElseThrow();
    }

    /** The notes of a pod's events with a reason. */
    List<String> notes(String pod, String reason) {
        return client.list(ResourceType.of(Event.class), "default", ListOptions.all()).items().stream()
                .filter(event -> event.getInvolvedObject().getName().equals(pod)
                        && event.getReason().equals(reason))
                .map(Event::getMessage)
                .toList();
    }

    @Override
    public void close() {
        schedulers.forEach(Scheduler::close);
        server.close();
        store.close();
        kernel.close();
    }
}

package dev.amphora.samples.conformance;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.Json;
import dev.amphora.api.ResourceType;
import dev.amphora.api.Selector;
import dev.amphora.api.StatusException;
import dev.amphora.apiserver.ApiRequest;
import dev.amphora.apiserver.ApiResult;
import dev.amphora.apiserver.ApiServer;
import dev.amphora.apiserver.Body;
import dev.amphora.apiserver.RequestOptions;
import dev.amphora.apiserver.Verb;
import dev.amphora.apiserver.access.User;
import dev.amphora.apiserver.schema.ResourceInfo;
import dev.amphora.client.InProcessClient;
import dev.amphora.controller.ControllerManager;
import dev.amphora.controller.Controllers;
import dev.amphora.controller.autoscaling.HorizontalController;
import dev.amphora.controller.autoscaling.MetricsSources;
import dev.amphora.controller.autoscaling.PodMetrics;
import dev.amphora.controller.node.NodeIpamController;
import dev.amphora.controller.node.NodeLifecycleController;
import dev.amphora.kernel.Actor;
import dev.amphora.kernel.SimulatedKernel;
import dev.amphora.rest.tls.CertificateAuthority;
import dev.amphora.store.Store;
import dev.amphora.store.StoreException;
import dev.amphora.store.memory.MemoryStore;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The control plane of the recordings, in simulated time: all controllers, no scheduler, no kubelet. */
final class ControllerBed implements AutoCloseable {
    static final String NAMESPACE = "replay-ns";

    private static final String ROOT = "/registry/";
    private static final String MERGE = "application/merge-patch+json";
    private static final Duration SETTLING = Duration.ofSeconds(60);
    private static final Duration BEAT = Duration.ofSeconds(1);
    private static final Duration NEVER = Duration.ofSeconds(100_000);
    private static final int NODES = 20;
    private static final List<String> ZONES = List.of("zone-a", "zone-b", "zone-c");
    private static final DateTimeFormatter MICROS =
            DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.SSSSSS'Z'").withZone(ZoneOffset.UTC);

    private final SimulatedKernel kernel;
    private final ControllerScript script;
    private final MemoryStore store;
    private final ApiServer server;
    private final ControllerManager manager;
    private final Actor nodes;
    private final Set<String> beating = new LinkedHashSet<>();
    private final List<Change> changes = new ArrayList<>();
    private JsonNode usage = Trees.array();
    private ControllerPace pace;
    private SplittableRandom chance;

    /**
     * What a revision of the store changed.
     *
     * @param before null if the object was made
     * @param after null if it was removed
     */
    record Change(Instant at, @Nullable ObjectNode before, @Nullable ObjectNode after) {
        /** The object in its newest known form. */
        ObjectNode newest() {
            return after != null ? after : before == null ? Trees.object() : before;
        }

        String kind() {
            return newest().path("kind").asText();
        }
    }

    /**
     * A control plane that has come to rest at the beginning of a minute.
     *
     * @param turn how fast everybody is at first, and what the order of concurrent work follows from
     * @param watchesNodes whether nodes may fall silent, as in the set-up {@code nodes}
     * @param hasMetrics whether there are metrics of pods
     */
    ControllerBed(ControllerCourse.Turn turn, boolean watchesNodes, boolean hasMetrics) {
        pace = turn.pace();
        chance = new SplittableRandom(turn.seed());
        kernel = new SimulatedKernel(turn.seed());
        script = new ControllerScript(kernel, () -> pace.nextCall(chance));
        store = new MemoryStore(kernel);
        server = ApiServer.builder(kernel, store).build();
        server.start();
        store.watch(ROOT, store.revision() + 1, new Listening());
        manager = new ControllerManager(
                kernel,
                new SlowClient(
                        new InProcessClient(
                                server, User.of("system:kube-controller-manager", User.MASTERS), "controllers"),
                        kernel,
                        () -> pace.nextWrite(chance)),
                controllers(watchesNodes, hasMetrics).select("*"));
        manager.start();
        nodes = kernel.actor("nodes");
        nodes.schedule(BEAT, this::beat);
        if (watchesNodes) {
            node("base", "base", "base");
            beating.add("base");
            if (hasMetrics) {
                node("n1", "other", "other");
                beating.add("n1");
            }
        } else {
            for (int i = 1; i <= NODES; i++) {
                node("n" + i, ZONES.get(i % ZONES.size()), null);
            }
        }
        create(Trees.object().put("apiVersion", "v1").put("kind", "Namespace"), NAMESPACE);
        kernel.advance(SETTLING);
        changes.clear();
    }

    private Controllers controllers(boolean watchesNodes, boolean hasMetrics) {
        NodeLifecycleController.Settings monitoring = watchesNodes
                ? new NodeLifecycleController.Settings(
                        Duration.ofSeconds(1), Duration.ofSeconds(6), Duration.ofSeconds(10), 10)
                : new NodeLifecycleController.Settings(Duration.ofSeconds(5), NEVER, NEVER, 0.1);
        HorizontalController.Settings autoscaling =
                HorizontalController.Settings.defaults().withPeriod(Duration.ofSeconds(2));
        Controllers controllers = new Controllers(this::types, () -> "PEM")
                .nodeMonitoring(monitoring)
                .volumeResync(Duration.ofSeconds(3))
                .signer((request, usages, validity) ->
                        CertificateAuthority.generate(kernel).sign(request, usages, validity))
                .autoscaling(
                        watchesNodes ? autoscaling.withInitialReadiness(Duration.ofSeconds(1)) : autoscaling,
                        hasMetrics ? MetricsSources.served().withPods(this::measure) : MetricsSources.served());
        return watchesNodes
                ? controllers.endedPodThreshold(3).nodeRanges(new NodeIpamController.Settings("10.200.0.0/16", 24))
                : controllers;
    }

    private List<ResourceType<?>> types() {
        Map<String, ResourceType<?>> byName = new LinkedHashMap<>();
        for (ResourceInfo info : server.catalogue().resources()) {
            if (info.supports("list") && info.supports("watch") && info.supports("delete")) {
                byName.putIfAbsent(
                        info.qualifiedName(),
                        Controllers.typeOf(
                                info.group(), info.version(), info.kind(), info.plural(), info.namespaced()));
            }
        }
        return List.copyOf(byName.values());
    }

    /** Goes on as a turn says. */
    final void take(ControllerCourse.Turn turn) {
        pace = turn.pace();
        chance = new SplittableRandom(turn.seed());
    }

    /** What the recorder does. */
    ControllerScript script() {
        return script;
    }

    SimulatedKernel kernel() {
        return kernel;
    }

    String now() {
        return kernel.instant().truncatedTo(ChronoUnit.SECONDS).toString();
    }

    /** What the store has seen since this was asked last, in the order of its revisions. */
    List<Change> takeChanges() {
        List<Change> taken = List.copyOf(changes);
        changes.clear();
        return taken;
    }

    /** What the store has seen since {@link #takeChanges} was asked last. */
    List<Change> changes() {
        return Collections.unmodifiableList(changes);
    }

    private void node(String name, String zone, @Nullable String region) {
        ObjectNode node = Trees.object().put("apiVersion", "v1").put("kind", "Node");
        ObjectNode labels = node.putObject("metadata").putObject("labels");
        labels.put("topology.kubernetes.io/zone", zone);
        if (region != null) {
            labels.put("topology.kubernetes.io/region", region);
        }
        node.putObject("status")
                .putArray("conditions")
                .addObject()
                .put("type", "Ready")
                .put("status", "True")
                .put("reason", "KubeletReady")
                .put("lastHeartbeatTime", now())
                .put("lastTransitionTime", now());
        create(node, name);
    }

    private void create(ObjectNode object, String name) {
        object.withObject("/metadata").put("name", name);
        call(Verb.CREATE, object.path("kind").asText(), "", "", "", Body.of(object));
    }

    /** Renews the lease of a node every second from now on. */
    void startHeartbeats(String node) {
        beating.add(node);
        beat(node);
    }

    void stopHeartbeats(String node) {
        beating.remove(node);
    }

    private void beat() {
        List.copyOf(beating).forEach(this::beat);
        nodes.schedule(BEAT, this::beat);
    }

    private void beat(String node) {
        ObjectNode lease =
                Trees.object().put("apiVersion", "coordination.k8s.io/v1").put("kind", "Lease");
        lease.putObject("metadata").put("name", node).put("namespace", "kube-node-lease");
        lease.putObject("spec")
                .put("holderIdentity", node)
                .put("leaseDurationSeconds", 40)
                .put("renewTime", MICROS.format(kernel.instant()));
        try {
            call(Verb.PATCH, "Lease", "kube-node-lease", node, "", Body.of(lease, MERGE));
        } catch (StatusException e) {
            call(Verb.CREATE, "Lease", "kube-node-lease", "", "", Body.of(lease));
        }
    }

    /**
     * Says how much CPU the running pods use, in the order in which they were made.
     *
     * @param values in thousandths, the last for all others too; null where there is no sample
     */
    void use(JsonNode values) {
        usage = values;
    }

    private Map<String, PodMetrics.Usage> measure(String namespace, Selector selector) {
        Map<String, PodMetrics.Usage> measured = new TreeMap<>();
        int index = 0;
        for (ObjectNode pod : pods()) {
            if (!Trees.at(pod, "status", "phase").asText().equals("Running")) {
                continue;
            }
            JsonNode value = usage.path(Math.min(index++, usage.size() - 1));
            Map<String, String> labels = new TreeMap<>();
            Trees.members(Trees.at(pod, "metadata", "labels"))
                    .forEach(
                            label -> labels.put(label.getKey(), label.getValue().asText()));
            if (value.isNumber() && selector.matches(labels)) {
                measured.put(
                        Trees.at(pod, "metadata", "name").asText(),
                        new PodMetrics.Usage(
                                kernel.instant(),
                                Duration.ofSeconds(1),
                                Map.of(
                                        Trees.at(pod, "spec", "containers")
                                                .path(0)
                                                .path("name")
                                                .asText(),
                                        Map.of("cpu", BigDecimal.valueOf(value.asLong(), 3)))));
            }
        }
        return measured;
    }

    /** The served form of a kind; the API groups that only repeat another one come last. */
    ResourceInfo info(String kind, String apiVersion) {
        ResourceInfo found = null;
        for (ResourceInfo info : server.catalogue().resources()) {
            boolean wanted = apiVersion.isEmpty()
                    ? !info.group().equals("events.k8s.io") && !info.group().equals("extensions")
                    : info.apiVersion().equals(apiVersion);
            if (wanted && info.kind().equals(kind) && found == null) {
                found = info;
            }
        }
        if (found == null) {
            throw new IllegalStateException("no kind " + kind + " " + apiVersion);
        }
        return found;
    }

    ApiResult call(Verb verb, String kind, String namespace, String name, String subresource, @Nullable Body body) {
        return call(verb, info(kind, ""), namespace, name, subresource, body);
    }

    ApiResult call(
            Verb verb, ResourceInfo info, String namespace, String name, String subresource, @Nullable Body body) {
        return server.handle(new ApiRequest(
                User.of("admin", User.MASTERS),
                "recorder",
                verb,
                info.group(),
                info.version(),
                info.plural(),
                info.namespaced() ? namespace : "",
                name,
                subresource,
                RequestOptions.none(),
                body));
    }

    /** Does something about a pod of the scenario. */
    void callPod(Verb verb, String name, String subresource, Body body) {
        call(verb, "Pod", NAMESPACE, name, subresource, body);
    }

    /** An object as the server has it now; null if there is none. */
    @Nullable ObjectNode find(String kind, String namespace, String name) {
        try {
            return call(Verb.GET, kind, namespace, name, "", null).tree().deepCopy();
        } catch (StatusException e) {
            return null;
        }
    }

    /** All objects of a kind, in the order in which they were made. */
    List<ObjectNode> list(String kind) {
        ResourceInfo info = info(kind, "");
        List<ObjectNode> objects = new ArrayList<>();
        call(Verb.LIST, info, "", "", "", null)
                .tree()
                .path("items")
                .forEach(item -> objects.add(((ObjectNode) item.deepCopy()).put("kind", kind)));
        objects.sort(Comparator.comparing(
                object -> Trees.at(object, "metadata", "creationTimestamp").asText()));
        return objects;
    }

    /** The pods of the scenario's namespace, in the order in which they were made. */
    List<ObjectNode> pods() {
        List<Store.Entry> entries = new ArrayList<>(
                store.range(ROOT + "pods/" + NAMESPACE + "/", null, 0, 0).entries());
        entries.sort(Comparator.comparingLong(Store.Entry::createRevision));
        List<ObjectNode> pods = new ArrayList<>();
        entries.forEach(entry -> pods.add((ObjectNode) Json.read(entry.value())));
        return pods;
    }

    @Override
    public void close() {
        manager.close();
        nodes.close();
        server.close();
        store.close();
        kernel.close();
    }

    private final class Listening implements Store.Listener {
        @Override
        public void onEvents(List<Store.Event> events) {
            for (Store.Event event : events) {
                Store.Entry entry = event.entry();
                Store.Entry previous = event.previous();
                boolean gone = event.type() == Store.Event.Type.DELETE;
                changes.add(new Change(
                        kernel.instant(),
                        previous == null ? null : (ObjectNode) Json.read(previous.value()),
                        gone || entry == null ? null : (ObjectNode) Json.read(entry.value())));
            }
        }

        @Override
        public void onProgress(long revision) {
            // only changes matter
        }

        @Override
        public void onEnd(StoreException error) {
            throw error;
        }
    }
}

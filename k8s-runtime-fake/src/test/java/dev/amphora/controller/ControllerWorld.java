package dev.amphora.controller;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.Json;
import dev.amphora.api.ResourceType;
import dev.amphora.api.StatusException;
import dev.amphora.apiserver.ApiServer;
import dev.amphora.apiserver.access.User;
import dev.amphora.apiserver.schema.ResourceInfo;
import dev.amphora.client.Client;
import dev.amphora.client.DeleteOptions;
import dev.amphora.client.InProcessClient;
import dev.amphora.client.ListOptions;
import dev.amphora.client.OwnerReferences;
import dev.amphora.client.Patch;
import dev.amphora.kernel.Actor;
import dev.amphora.kernel.SimulatedKernel;
import dev.amphora.store.memory.MemoryStore;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.Event;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.NodeCondition;
import io.fabric8.kubernetes.api.model.NodeConditionBuilder;
import io.fabric8.kubernetes.api.model.NodeStatus;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodConditionBuilder;
import io.fabric8.kubernetes.api.model.PodStatus;
import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import io.fabric8.kubernetes.api.model.coordination.v1.LeaseBuilder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;

/** An API server in memory, controllers on a simulated kernel, and a kubelet played by the test. */
final class ControllerWorld implements AutoCloseable {
    final SimulatedKernel kernel;
    final MemoryStore store;
    final ApiServer server;
    final Client client;
    final ControllerManager manager;

    /**
     * A world that has come to rest.
     *
     * @param controllers as {@link Controllers#select} takes them; the service account controller always runs
     */
    ControllerWorld(long seed, String controllers) {
        this(seed, controllers, UnaryOperator.identity(), UnaryOperator.identity());
    }

    /**
     * A world with settings of its own, come to rest.
     *
     * @param controllers as above
     * @param serverSettings sets up the server
     * @param controllerSettings sets up the controllers
     */
    ControllerWorld(
            long seed,
            String controllers,
            UnaryOperator<ApiServer.Builder> serverSettings,
            UnaryOperator<Controllers> controllerSettings) {
        kernel = new SimulatedKernel(seed);
        store = new MemoryStore(kernel);
        server = serverSettings.apply(ApiServer.builder(kernel, store)).build();
        server.start();
        client = new InProcessClient(server, User.of("admin", User.MASTERS), "test");
        manager = new ControllerManager(
                kernel,
                new InProcessClient(server, User.of("system:kube-controller-manager"), "controllers"),
                controller -> new InProcessClient(server, identity(controller), "controllers"),
                controllerSettings
                        .apply(new Controllers(this::types, () -> "PEM"))
                        .select("serviceaccount-controller," + controllers));
        manager.start();
        settle();
    }

    /** As whom a controller acts in a cluster: so a right that it lacks shows here. */
    private static User identity(Controller controller) {
        return ControllerAccounts.of(controller.name())
                .map(account -> User.serviceAccount(ControllerAccounts.NAMESPACE, account))
                .orElse(User.of("system:kube-controller-manager"));
    }

    List<ResourceType<?>> types() {
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

    /** Lets everything settle that needs no more than a moment. */
    ControllerWorld settle() {
        kernel.advance(Duration.ofSeconds(1));
        return this;
    }

    <T extends HasMetadata> List<T> list(Class<T> type) {
        return client.list(ResourceType.of(type), null, ListOptions.all()).items();
    }

    <T extends HasMetadata> T get(Class<T> type, String name) {
        return client.get(ResourceType.of(type), "default", name);
    }

    <T extends HasMetadata> boolean exists(Class<T> type, String name) {
        return client.find(ResourceType.of(type), "default", name).isPresent();
    }

    void merge(Class<? extends HasMetadata> type, String name, String json) {
        client.patch(
                ResourceType.of(type),
                "default",
                name,
                Patch.merge(Json.read(json.getBytes(StandardCharsets.UTF_8))),
                null);
    }

    ConfigMap owned(String name, HasMetadata owner, Boolean blocks, String... finalizers) {
        return client.create(new ConfigMapBuilder()
                .withNewMetadata()
                .withName(name)
                .withNamespace("default")
                .withFinalizers(finalizers)
                .withOwnerReferences(OwnerReferences.ownedBy(owner)
                        .edit()
                        .withBlockOwnerDeletion(blocks)
                        .build())
                .endMetadata()
                .build());
    }

    ConfigMap configMap(String namespace, String name, String... finalizers) {
        return client.create(new ConfigMapBuilder()
                .withNewMetadata()
                .withName(name)
                .withNamespace(namespace)
                .withFinalizers(finalizers)
                .endMetadata()
                .build());
    }

    void delete(Class<? extends HasMetadata> type, String name, String propagation) {
        client.delete(
                ResourceType.of(type), "default", name, DeleteOptions.defaults().withPropagation(propagation));
        settle();
    }

    /** The names of the ConfigMaps of the default namespace. */
    List<String> maps() {
        return client.list(ResourceType.of(ConfigMap.class), "default", ListOptions.all()).items().stream()
                .map(map -> map.getMetadata().getName())
                .toList();
    }

    Node node(String name, String zone) {
        Node node = client.create(new NodeBuilder()
                .withNewMetadata()
                .withName(name)
                .addToLabels("topology.kubernetes.io/zone", zone)
                .endMetadata()
                .build());
        NodeStatus ready = new NodeBuilder()
                .withNewStatus()
                .addNewCondition()
                .withType("Ready")
                .withStatus("True")
                .withReason("KubeletReady")
                .withLastHeartbeatTime(Pods.stamp(kernel.instant()))
                .withLastTransitionTime(Pods.stamp(kernel.instant()))
                .endCondition()
                .endStatus()
                .build()
                .getStatus();
        return changeStatus(node, current -> current.setStatus(ready));
    }

    /** Changes the status of an object as it is now, as often as somebody else writes in between. */
    <T extends HasMetadata> T changeStatus(T object, Consumer<T> change) {
        T current = object;
        while (true) {
            T changed = Json.copy(current);
            change.accept(changed);
            try {
                return client.updateStatus(changed);
            } catch (StatusException e) {
                if (!e.isConflict()) {
                    throw e;
                }
                current = client.get(
                        typeOf(object),
                        object.getMetadata().getNamespace(),
                        object.getMetadata().getName());
            }
        }
    }

    @SuppressWarnings("unchecked")
    private static <T extends HasMetadata> ResourceType<T> typeOf(T object) {
        return ResourceType.of((Class<T>) object.getClass());
    }

    /** Renews the Lease of a node every ten seconds, as long as the returned switch says so. */
    boolean[] heartbeats(String name) {
        boolean[] on = {true};
        beat(kernel.actor("heartbeat/" + name), name, on);
        return on;
    }

    private void beat(Actor actor, String name, boolean[] on) {
        actor.execute(() -> {
            if (on[0]) {
                ZonedDateTime now = ZonedDateTime.ofInstant(kernel.instant(), ZoneOffset.UTC);
                ResourceType<Lease> leases = ResourceType.of(Lease.class);
                Lease lease = client.find(leases, "kube-node-lease", name).orElse(null);
                if (lease == null) {
                    client.create(new LeaseBuilder()
                            .withNewMetadata()
                            .withName(name)
                            .withNamespace("kube-node-lease")
                            .endMetadata()
                            .withNewSpec()
                            .withHolderIdentity(name)
                            .withLeaseDurationSeconds(40)
                            .withRenewTime(now)
                            .endSpec()
                            .build());
                } else {
                    Lease next = Json.copy(lease);
                    next.getSpec().setRenewTime(now);
                    client.update(next);
                }
            }
            actor.schedule(Duration.ofSeconds(10), () -> beat(actor, name, on));
        });
    }

    /** A kubelet that renews its Lease, and says what it knows of its node whenever the server says something else. */
    void kubelet(String name) {
        heartbeats(name);
        tell(kernel.actor("kubelet/" + name), name);
    }

    private void tell(Actor actor, String name) {
        Node node = client.get(ResourceType.of(Node.class), null, name);
        boolean known = Set.of("Ready", "MemoryPressure", "DiskPressure", "PIDPressure").stream()
                .allMatch(type -> node.getStatus().getConditions().stream()
                        .anyMatch(condition -> condition.getType().equals(type)
                                && condition.getStatus().equals(type.equals("Ready") ? "True" : "False")));
        if (!known) {
            changeStatus(node, current -> current.getStatus()
                    .setConditions(List.of(
                            condition("MemoryPressure", "False", "KubeletHasSufficientMemory"),
                            condition("DiskPressure", "False", "KubeletHasNoDiskPressure"),
                            condition("PIDPressure", "False", "KubeletHasSufficientPID"),
                            condition("Ready", "True", "KubeletReady"))));
        }
        actor.schedule(Duration.ofSeconds(10), () -> tell(actor, name));
    }

    private NodeCondition condition(String type, String status, String reason) {
        return new NodeConditionBuilder()
                .withType(type)
                .withStatus(status)
                .withReason(reason)
                .withLastHeartbeatTime(Pods.stamp(kernel.instant()))
                .withLastTransitionTime(Pods.stamp(kernel.instant()))
                .build();
    }

    List<String> events() {
        return list(Event.class).stream()
                .map(event -> event.getReason() + ": " + event.getMessage())
                .toList();
    }

    /** What the kubelet would do: ends what is being deleted, runs what is pending. */
    void kubeletRound() {
        for (Pod pod : list(Pod.class)) {
            if (Pods.isTerminating(pod)) {
                finish(pod);
            }
        }
        for (Pod pod : list(Pod.class)) {
            if (Pods.phase(pod).equals("Pending") && !Pods.isTerminating(pod)) {
                run(pod);
            }
        }
        settle();
    }

    /** Rounds until the cluster comes to rest. */
    void kubeletRounds(int count) {
        for (int i = 0; i < count; i++) {
            kubeletRound();
        }
    }

    void finish(Pod pod) {
        client.delete(
                ResourceType.of(Pod.class),
                pod.getMetadata().getNamespace(),
                pod.getMetadata().getName(),
                DeleteOptions.defaults()
                        .withGracePeriod(0)
                        .onlyUid(pod.getMetadata().getUid()));
    }

    void run(Pod pod) {
        runOn(pod, "n1");
    }

    void runOn(Pod pod, String node) {
        if (!Pods.isAssigned(pod)) {
            ObjectNode binding = Json.object();
            binding.put("apiVersion", "v1").put("kind", "Binding");
            binding.putObject("metadata").put("name", pod.getMetadata().getName());
            binding.putObject("target").put("kind", "Node").put("name", node);
            client.subresource(
                    ResourceType.of(Pod.class),
                    pod.getMetadata().getNamespace(),
                    pod.getMetadata().getName(),
                    "binding",
                    binding,
                    false);
        }
        setPhase(pod, "Running", true);
    }

    void setPhase(Pod pod, String phase, boolean ready) {
        Pod current = client.get(
                ResourceType.of(Pod.class),
                pod.getMetadata().getNamespace(),
                pod.getMetadata().getName());
        changeStatus(current, changed -> {
            PodStatus status = Objects.requireNonNullElseGet(changed.getStatus(), PodStatus::new);
            status.setPhase(phase);
            status.setPodIP(
                    "10.9.0." + (Math.floorMod(pod.getMetadata().getUid().hashCode(), 250) + 1));
            status.setConditions(new ArrayList<>(List.of(new PodConditionBuilder()
                    .withType("Ready")
                    .withStatus(ready ? "True" : "False")
                    .withLastTransitionTime(Pods.stamp(kernel.instant()))
                    .build())));
            changed.setStatus(status);
        });
    }

    @Override
    public void close() {
        manager.close();
        server.close();
        store.close();
        kernel.close();
    }
}

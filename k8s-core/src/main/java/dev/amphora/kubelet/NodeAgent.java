package dev.amphora.kubelet;

import dev.amphora.api.Json;
import dev.amphora.api.ResourceType;
import dev.amphora.api.StatusException;
import dev.amphora.client.Client;
import dev.amphora.client.EventRecorder;
import dev.amphora.client.Informer;
import dev.amphora.client.InformerHandler;
import dev.amphora.client.Informers;
import dev.amphora.client.ListOptions;
import dev.amphora.kernel.Actor;
import dev.amphora.kernel.Kernel;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.ObjectReference;
import io.fabric8.kubernetes.api.model.ObjectReferenceBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A kubelet while it runs: registers its node, keeps its Lease, and has a {@link PodWorker} for each of its pods. A kubelet that
 * fails and recovers is one agent after another on the same runtime.
 */
final class NodeAgent implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(NodeAgent.class);
    private static final ResourceType<Node> NODES = ResourceType.of(Node.class);
    private static final ResourceType<Lease> LEASES = ResourceType.of(Lease.class);
    private static final ResourceType<Pod> PODS = ResourceType.of(Pod.class);
    private static final Duration START_RETRY = Duration.ofSeconds(1);

    private final Kernel kernel;
    private final Client client;
    private final ContainerRuntime runtime;
    private final KubeletConfig config;
    private final Path root;
    private final Runnable whenBack;
    private final Actor actor;
    private final Informers informers;
    private final EventRecorder events;
    private final String machineId;
    private final Map<String, PodWorker> workers = new LinkedHashMap<>();
    private final Map<String, PodWorker> shared = new ConcurrentHashMap<>();
    private ContainerRuntime.Version version = new ContainerRuntime.Version("unknown", "0");
    private PodWorker.@Nullable Tools tools;
    private @Nullable Node node;
    private @Nullable Lease lease;
    private Instant reported = Instant.EPOCH;
    private @Nullable String problem;
    private int unanswered;

    /**
     * An agent.
     *
     * @param root where the files of pods go
     * @param whenBack called once if the machine was silent for a while and answers again: everything that was asked is lost then,
     *     and the agent is best replaced
     */
    NodeAgent(
            Kernel kernel,
            Client client,
            ContainerRuntime runtime,
            KubeletConfig config,
            Path root,
            Runnable whenBack) {
        this.kernel = kernel;
        this.client = client;
        this.runtime = runtime;
        this.config = config;
        this.root = root;
        this.whenBack = whenBack;
        this.actor = kernel.actor("kubelet/" + config.nodeName());
        this.informers = new Informers(client, kernel);
        this.events = new EventRecorder(client, kernel, "kubelet", config.nodeName());
        this.machineId = kernel.newUid().replace("-", "");
    }

    void start() {
        actor.execute(this::connect);
    }

    /** The runtime says that something changed in a pod. From any thread. */
    void podChanged(String podUid) {
        actor.execute(() -> {
            PodWorker worker = workers.get(podUid);
            if (worker != null) {
                worker.poke();
            }
        });
    }

    /** The pods of the node as they are known now. From any thread. */
    List<Pod> pods() {
        return shared.values().stream()
                .map(PodWorker::pod)
                .sorted((one, other) -> {
                    int byNamespace = one.getMetadata()
                            .getNamespace()
                            .compareTo(other.getMetadata().getNamespace());
                    return byNamespace != 0
                            ? byNamespace
                            : one.getMetadata()
                                    .getName()
                                    .compareTo(other.getMetadata().getName());
                })
                .toList();
    }

    @Override
    public void close() {
        informers.close();
        events.close();
        actor.close();
    }

    private void connect() {
        Agent.then(actor, runtime.version(), this::begin, error -> {
            log.warn("The runtime of node {} does not answer: {}", config.nodeName(), Agent.message(error));
            actor.schedule(START_RETRY, this::connect);
        });
    }

    private void begin(ContainerRuntime.Version found) {
        version = found;
        ProbeTransport probes = runtime.probeTransport();
        Agent agent = new Agent(
                kernel,
                actor,
                client,
                runtime,
                config,
                events,
                probes == null ? ProbeTransport.sockets(kernel) : probes,
                found.name());
        Hooks hooks = new Hooks(agent);
        PodKiller killer = new PodKiller(agent, hooks);
        PodFiles files = new PodFiles(agent, root);
        ContainerLauncher launcher = new ContainerLauncher(agent, new ImagePuller(agent), files, hooks, killer);
        tools = new PodWorker.Tools(agent, launcher, killer, files, this::refusal, this::workerOver);
        register();
    }

    // -- the node ----------------------------------------------------------------------------------------------------

    private void register() {
        try {
            Node existing = client.find(NODES, null, config.nodeName()).orElse(null);
            if (existing == null) {
                existing = client.create(NodeObjects.node(config, version, machineId, kernel.instant()));
            } else {
                Node changed = Json.copy(existing);
                Map<String, String> labels = new LinkedHashMap<>();
                if (changed.getMetadata().getLabels() != null) {
                    labels.putAll(changed.getMetadata().getLabels());
                }
                labels.putAll(NodeObjects.labels(config));
                if (!labels.equals(existing.getMetadata().getLabels())) {
                    changed.getMetadata().setLabels(labels);
                    existing = client.update(changed);
                }
            }
            node = existing;
        } catch (StatusException e) {
            log.debug("Node {} could not be registered: {}", config.nodeName(), e.getMessage());
            actor.schedule(START_RETRY, this::register);
            return;
        }
        reportStatus();
        renewLease();
        events.record(aboutNode(), "Normal", "Starting", "Starting kubelet.");
        actor.schedule(firstBeat(), this::beat);
        Informer<Pod> pods =
                informers.of(PODS, null, ListOptions.all().withFields("spec.nodeName=" + config.nodeName()));
        pods.addHandler(actor, new InformerHandler<>() {
            @Override
            public void onAdd(Pod pod) {
                podSeen(pod);
            }

            @Override
            public void onUpdate(Pod old, Pod pod) {
                podSeen(pod);
            }

            @Override
            public void onDelete(Pod last) {
                PodWorker worker = workers.get(PodSpecs.uid(last));
                if (worker != null) {
                    worker.podGone(last);
                }
            }
        });
        pods.whenSynced(actor, () -> actor.execute(this::removeOrphans));
    }

    /** As the reference does, events about a node carry its name for a uid. */
    private ObjectReference aboutNode() {
        return new ObjectReferenceBuilder()
                .withKind("Node")
                .withName(config.nodeName())
                .withUid(config.nodeName())
                .build();
    }

    /** Nodes that start together do not beat together. */
    private Duration firstBeat() {
        return Duration.ofNanos((long)
                (config.heartbeat().toNanos() * (0.5 + 0.5 * kernel.random().nextDouble())));
    }

    /** A sign of life is given only if the machine gives one: a runtime that is silent is a machine that is lost. */
    private void beat() {
        actor.schedule(config.heartbeat(), this::beat);
        unanswered++;
        Agent.then(
                actor, runtime.version(), found -> alive(found, null), error -> alive(version, Agent.message(error)));
    }

    private void alive(ContainerRuntime.Version found, @Nullable String error) {
        boolean wasSilent = unanswered > 1;
        unanswered = 0;
        if (wasSilent) {
            whenBack.run();
            return;
        }
        String now = error == null ? null : "container runtime is down: " + error;
        boolean changed = now == null ? problem != null : problem == null;
        version = found;
        problem = now;
        renewLease();
        if (changed || !kernel.instant().isBefore(reported.plus(config.statusReport()))) {
            reportStatus();
        }
    }

    private void reportStatus() {
        for (int attempt = 0; attempt < 3; attempt++) {
            try {
                Node current = client.get(NODES, null, config.nodeName());
                Node changed = Json.copy(current);
                changed.setStatus(
                        NodeObjects.status(config, version, machineId, problem, current.getStatus(), kernel.instant()));
                node = client.updateStatus(changed);
                reported = kernel.instant();
                return;
            } catch (StatusException e) {
                if (!e.isConflict()) {
                    log.debug("The status of node {} was refused: {}", config.nodeName(), e.getMessage());
                    return;
                }
            }
        }
    }

    private void renewLease() {
        Instant now = kernel.instant();
        Node owner = node;
        if (owner == null) {
            return;
        }
        try {
            Lease current = lease;
            if (current == null) {
                current = client.find(LEASES, NodeObjects.LEASE_NAMESPACE, config.nodeName())
                        .orElse(null);
            }
            if (current == null) {
                lease = client.create(NodeObjects.lease(config, owner, now));
                return;
            }
            lease = client.update(NodeObjects.renewed(current, config, now));
        } catch (StatusException e) {
            lease = null;
            log.debug("The lease of node {} was not renewed: {}", config.nodeName(), e.getMessage());
        }
    }

    // -- the pods ----------------------------------------------------------------------------------------------------

    private void podSeen(Pod pod) {
        String uid = PodSpecs.uid(pod);
        PodWorker worker = workers.get(uid);
        if (worker != null) {
            worker.podChanged(pod);
            return;
        }
        if (tools == null) {
            return;
        }
        PodWorker fresh = new PodWorker(tools, pod);
        workers.put(uid, fresh);
        shared.put(uid, fresh);
        fresh.poke();
    }

    private void workerOver(PodWorker worker) {
        workers.remove(worker.uid());
        shared.remove(worker.uid());
    }

    private PodStatuses.@Nullable Waiting refusal(Pod pod) {
        List<Admission.Share> others = new ArrayList<>();
        for (PodWorker worker : workers.values()) {
            if (worker.countsForAdmission() && !worker.uid().equals(PodSpecs.uid(pod))) {
                others.add(worker.share());
            }
        }
        Map<String, String> labels = node == null || node.getMetadata().getLabels() == null
                ? NodeObjects.labels(config)
                : node.getMetadata().getLabels();
        return Admission.refusal(pod, others, config.nodeName(), labels, config.capacity());
    }

    /** What the runtime still has of pods that the API no longer has. */
    private void removeOrphans() {
        Agent.then(
                actor,
                runtime.sandboxes(),
                sandboxes -> sandboxes.stream()
                        .filter(sandbox -> !workers.containsKey(sandbox.uid()))
                        .forEach(sandbox -> runtime.removeSandbox(sandbox.id())),
                error -> log.debug("Orphans were not looked for: {}", Agent.message(error)));
    }
}

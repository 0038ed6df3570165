package dev.amphora.controller.node;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.Json;
import dev.amphora.api.ResourceType;
import dev.amphora.api.StatusException;
import dev.amphora.client.Informer;
import dev.amphora.client.InformerHandler;
import dev.amphora.client.ListOptions;
import dev.amphora.client.Patch;
import dev.amphora.controller.ControlLoop;
import dev.amphora.controller.Controller;
import dev.amphora.controller.Pods;
import dev.amphora.kernel.Actor;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeStatus;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodCondition;
import io.fabric8.kubernetes.api.model.PodConditionBuilder;
import io.fabric8.kubernetes.api.model.PodStatusBuilder;
import io.fabric8.kubernetes.api.model.Taint;
import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Notices nodes that have fallen silent, says so in their conditions, and taints them so that pods leave: the reference's
 * {@code node-lifecycle-controller}.
 */
public final class NodeLifecycleController implements Controller {
    private static final Logger log = LoggerFactory.getLogger(NodeLifecycleController.class);
    private static final ResourceType<Node> NODES = ResourceType.of(Node.class);
    private static final int ATTEMPTS = 5;

    private final Settings settings;
    private @Nullable Actor actor;
    private @Nullable ControlLoop<String> labels;

    /**
     * How patient the controller is.
     *
     * @param monitorPeriod how often it looks
     * @param monitorGrace how long a node may be silent
     * @param startupGrace how long a node may take to report for the first time
     * @param evictionRate how many nodes of a zone it taints per second
     */
    public record Settings(Duration monitorPeriod, Duration monitorGrace, Duration startupGrace, double evictionRate) {

        /** The reference's: 5 s, 50 s, 60 s, one node in ten seconds. */
        public static Settings defaults() {
            return new Settings(Duration.ofSeconds(5), Duration.ofSeconds(50), Duration.ofSeconds(60), 0.1);
        }
    }

    /** A controller as patient as the reference. */
    public NodeLifecycleController() {
        this(Settings.defaults());
    }

    /** A controller that does not yet run. */
    public NodeLifecycleController(Settings settings) {
        this.settings = settings;
    }

    @Override
    public String name() {
        return "node-lifecycle-controller";
    }

    @Override
    public String eventSource() {
        return "node-controller";
    }

    @Override
    public void start(Context context) {
        Actor own = context.kernel().actor(name());
        actor = own;
        new Run(context, settings, own).begin();
        labels = NodeLabels.start(context, name() + "/labels");
    }

    @Override
    public void close() {
        if (actor != null) {
            actor.close();
        }
        if (labels != null) {
            labels.close();
        }
    }

    private static final class Zone {
        final Set<String> toTaint = new LinkedHashSet<>();
        Zones.State state = Zones.State.NORMAL;
        double rate;
        Instant free = Instant.EPOCH;
    }

    private static final class Run {
        private final Context context;
        private final Settings settings;
        private final Actor actor;
        private final Informer<Node> nodes;
        private final Informer<Pod> pods;
        private final Informer<Lease> leases;
        private final Map<String, NodeHealth> health = new LinkedHashMap<>();
        private final Map<String, Zone> zones = new TreeMap<>();
        private final Set<String> podsToMark = new LinkedHashSet<>();

        Run(Context context, Settings settings, Actor actor) {
            this.context = context;
            this.settings = settings;
            this.actor = actor;
            this.nodes = context.informers().of(NODES);
            this.pods = Pods.indexedByNode(context.informers().of(Pod.class));
            this.leases = context.informers().of(ResourceType.of(Lease.class), "kube-node-lease", ListOptions.all());
        }

        void begin() {
            nodes.whenSynced(
                    actor,
                    () -> pods.whenSynced(
                            actor,
                            () -> leases.whenSynced(actor, () -> {
                                nodes.addHandler(actor, new InformerHandler<>() {
                                    @Override
                                    public void onAdd(Node node) {
                                        mirror(node);
                                    }

                                    @Override
                                    public void onUpdate(Node old, Node node) {
                                        mirror(node);
                                    }
                                });
                                monitor();
                            })));
        }

        private void mirror(Node node) {
            try {
                setTaints(node, NodeTaints::mirrored);
            } catch (StatusException e) {
                String name = node.getMetadata().getName();
                log.debug("The taints of {} could not be written: {}", name, e.getMessage());
                actor.schedule(Duration.ofSeconds(1), () -> nodes.find("", name).ifPresent(this::mirror));
            }
        }

        // -- the look every few seconds ------------------------------------------------------------------------------

        private void monitor() {
            Map<String, int[]> counts = new TreeMap<>();
            List<Node> all = nodes.list();
            for (Node node : all) {
                String ready = NodeHealth.ready(node);
                try {
                    ready = look(node, ready);
                } catch (StatusException e) {
                    log.debug("Looking at {} failed: {}", node.getMetadata().getName(), e.getMessage());
                }
                int[] count = counts.computeIfAbsent(Zones.of(node), zone -> new int[2]);
                count[ready.equals("True") ? 0 : 1]++;
            }
            if (health.size() > all.size()) {
                forgetAllBut(all);
            }
            adapt(counts, all);
            taintSome();
            actor.schedule(settings.monitorPeriod, this::monitor);
        }

        private void forgetAllBut(List<Node> all) {
            Set<String> names = new HashSet<>();
            all.forEach(node -> names.add(node.getMetadata().getName()));
            for (String gone : new ArrayList<>(health.keySet())) {
                if (!names.contains(gone)) {
                    health.remove(gone);
                    podsToMark.remove(gone);
                    zones.values().forEach(zone -> zone.toTaint.remove(gone));
                }
            }
        }

        /**
         * Looks at one node and says whether it is ready.
         *
         * @param before whether it was, as it has said
         */
        private String look(Node seen, String before) {
            Node node = seen;
            String name = node.getMetadata().getName();
            Instant now = context.kernel().instant();
            NodeHealth last = health.get(name);
            if (last == null) {
                context.events()
                        .normal(
                                node,
                                "RegisteredNode",
                                "Node %s event: Registered Node %s in Controller".formatted(name, name));
            }
            NodeHealth known = NodeHealth.observe(
                    last, node, leases.find("kube-node-lease", name).orElse(null), now);
            health.put(name, known);
            boolean reported = NodeHealth.condition(node, "Ready") != null;
            String after = before;
            if (known.isSilent(reported ? settings.monitorGrace : settings.startupGrace, now)
                    && !(reported && before.equals("Unknown"))) {
                node = silence(node, now);
                after = NodeHealth.ready(node);
            }
            if (!reported && NodeHealth.condition(node, "Ready") == null) {
                return after;
            }
            arrangeTaint(node, before);
            if (!after.equals("True") && before.equals("True")) {
                context.events().normal(node, "NodeNotReady", "Node %s status is now: NodeNotReady".formatted(name));
                podsToMark.add(name);
            }
            if (after.equals("True")) {
                podsToMark.remove(name);
            } else if (podsToMark.contains(name) && markPods(name, now)) {
                podsToMark.remove(name);
            }
            return after;
        }

        private Node silence(Node seen, Instant now) {
            Node node = seen;
            for (int attempt = 1; ; attempt++) {
                NodeStatus status = node.getStatus() == null ? new NodeStatus() : node.getStatus();
                try {
                    return context.client()
                            .updateStatus(new Node(
                                    node.getApiVersion(),
                                    node.getKind(),
                                    node.getMetadata(),
                                    node.getSpec(),
                                    status.edit()
                                            .withConditions(NodeHealth.silenced(node, now))
                                            .build()));
                } catch (StatusException e) {
                    if (!e.isConflict() || attempt == ATTEMPTS) {
                        throw e;
                    }
                    node = context.client().get(NODES, null, node.getMetadata().getName());
                }
            }
        }

        /** What was observed before this look decides: a taint that is there changes at once, a new one waits its turn. */
        private void arrangeTaint(Node node, String observed) {
            String name = node.getMetadata().getName();
            Zone zone = zones.computeIfAbsent(Zones.of(node), z -> newZone());
            switch (observed) {
                case "True" -> calm(node, zone);
                case "False" -> {
                    if (NodeTaints.has(node, NodeTaints.UNREACHABLE, "NoExecute")) {
                        setTaints(node, NodeTaints::evicting);
                    } else if (!NodeTaints.has(node, NodeTaints.NOT_READY, "NoExecute")) {
                        zone.toTaint.add(name);
                    }
                }
                default -> {
                    if (NodeTaints.has(node, NodeTaints.NOT_READY, "NoExecute")) {
                        setTaints(node, NodeTaints::evicting);
                    } else if (!NodeTaints.has(node, NodeTaints.UNREACHABLE, "NoExecute")) {
                        zone.toTaint.add(name);
                    }
                }
            }
        }

        private Zone newZone() {
            Zone zone = new Zone();
            zone.rate = settings.evictionRate;
            return zone;
        }

        private void calm(Node node, Zone zone) {
            setTaints(node, (current, now) -> NodeTaints.calmed(current));
            zone.toTaint.remove(node.getMetadata().getName());
        }

        /** Says on the pods of a node that they are not ready; whether all could be told. */
        private boolean markPods(String node, Instant now) {
            boolean all = true;
            for (Pod pod : pods.byIndex(Pods.BY_NODE, node)) {
                if (!Pods.isReady(pod)) {
                    continue;
                }
                List<PodCondition> conditions = pod.getStatus().getConditions().stream()
                        .map(condition -> "Ready".equals(condition.getType())
                                ? new PodConditionBuilder(condition)
                                        .withStatus("False")
                                        .withLastTransitionTime(Pods.stamp(now))
                                        .build()
                                : condition)
                        .toList();
                try {
                    context.client()
                            .updateStatus(new Pod(
                                    pod.getApiVersion(),
                                    pod.getKind(),
                                    pod.getMetadata(),
                                    pod.getSpec(),
                                    new PodStatusBuilder(pod.getStatus())
                                            .withConditions(conditions)
                                            .build()));
                    context.events().warning(pod, "NodeNotReady", "Node is not ready");
                } catch (StatusException e) {
                    all &= e.isNotFound();
                }
            }
            return all;
        }

        // -- disruption of zones -------------------------------------------------------------------------------------

        private void adapt(Map<String, int[]> counts, List<Node> all) {
            boolean wasAll = !zones.isEmpty()
                    && zones.values().stream().allMatch(zone -> zone.state == Zones.State.FULL_DISRUPTION);
            zones.keySet().retainAll(counts.keySet());
            Map<Zone, Zones.State> states = new LinkedHashMap<>();
            counts.forEach((name, count) ->
                    states.put(zones.computeIfAbsent(name, z -> newZone()), Zones.state(count[0], count[1])));
            boolean isAll = !states.isEmpty()
                    && states.values().stream().allMatch(state -> state == Zones.State.FULL_DISRUPTION);
            Instant now = context.kernel().instant();
            if (isAll && !wasAll) {
                log.warn("No node is ready: pods are left where they are");
                for (Node node : all) {
                    try {
                        calm(node, zones.computeIfAbsent(Zones.of(node), z -> newZone()));
                    } catch (StatusException e) {
                        log.debug("{} keeps its taint: {}", node.getMetadata().getName(), e.getMessage());
                    }
                }
            } else if (!isAll && wasAll) {
                log.info("Some nodes are ready again");
                health.replaceAll((name, known) -> known.renewed(now));
            }
            states.forEach((zone, state) -> zone.state = state);
            counts.forEach((name, count) -> {
                Zone zone = zones.get(name);
                if (zone != null) {
                    zone.rate = isAll ? 0 : Zones.rate(zone.state, count[0] + count[1], settings.evictionRate);
                }
            });
        }

        /** Taints the nodes whose turn it is, and comes back when the next may be. A try that fails counts like any other. */
        private void taintSome() {
            Instant now = context.kernel().instant();
            for (Zone zone : zones.values()) {
                if (zone.toTaint.isEmpty() || zone.rate == 0 || zone.free.isAfter(now)) {
                    continue;
                }
                String name = zone.toTaint.iterator().next();
                zone.toTaint.remove(name);
                zone.free = now.plusNanos((long) (1e9 / zone.rate));
                Node node = nodes.find("", name).orElse(null);
                if (node != null && !NodeHealth.ready(node).equals("True")) {
                    try {
                        setTaints(node, NodeTaints::evicting);
                    } catch (StatusException e) {
                        zone.toTaint.add(name);
                    }
                }
                if (!zone.toTaint.isEmpty()) {
                    actor.schedule(Duration.between(now, zone.free), this::taintSome);
                }
            }
        }

        private void setTaints(Node seen, BiFunction<Node, Instant, List<Taint>> wanted) {
            Node node = seen;
            for (int attempt = 1; ; attempt++) {
                List<Taint> taints = wanted.apply(node, context.kernel().instant());
                if (taints.equals(NodeTaints.of(node))) {
                    return;
                }
                ObjectNode body = Json.object();
                body.putObject("metadata")
                        .put("resourceVersion", node.getMetadata().getResourceVersion());
                ArrayNode list = body.putObject("spec").putArray("taints");
                taints.forEach(taint -> list.add(Json.toTree(taint)));
                String name = node.getMetadata().getName();
                try {
                    context.client().patch(NODES, null, name, Patch.merge(body), null);
                    return;
                } catch (StatusException e) {
                    if (e.isNotFound()) {
                        return;
                    }
                    if (!e.isConflict() || attempt == ATTEMPTS) {
                        throw e;
                    }
                    node = context.client().get(NODES, null, name);
                }
            }
        }
    }
}

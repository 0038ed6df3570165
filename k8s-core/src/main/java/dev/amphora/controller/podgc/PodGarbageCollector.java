package dev.amphora.controller.podgc;

import dev.amphora.api.ResourceType;
import dev.amphora.api.StatusException;
import dev.amphora.client.Informer;
import dev.amphora.controller.Controller;
import dev.amphora.controller.Disruption;
import dev.amphora.controller.Pods;
import dev.amphora.kernel.Actor;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Removes pods that nobody will end, every 20 s: the reference's {@code pod-garbage-collector-controller}. */
public final class PodGarbageCollector implements Controller {
    private static final Logger log = LoggerFactory.getLogger(PodGarbageCollector.class);
    private static final ResourceType<Node> NODES = ResourceType.of(Node.class);
    private static final Duration PERIOD = Duration.ofSeconds(20);
    private static final Duration QUARANTINE = Duration.ofSeconds(40);
    private static final String ENDED = "ended";
    private static final String NEVER_BOUND = "never-bound";
    private static final Disruption NODE_GONE = new Disruption("DeletionByPodGC", "PodGC: node no longer exists");

    private final int threshold;
    private @Nullable Actor actor;

    /** A collector with the reference's threshold of 12,500 ended pods. */
    public PodGarbageCollector() {
        this(12_500);
    }

    /**
     * A collector.
     *
     * @param threshold how many ended pods may stay; zero or less means all
     */
    public PodGarbageCollector(int threshold) {
        this.threshold = threshold;
    }

    @Override
    public String name() {
        return "pod-garbage-collector-controller";
    }

    @Override
    public void start(Context context) {
        Actor own = context.kernel().actor(name());
        actor = own;
        new Run(context, own).begin();
    }

    @Override
    public void close() {
        if (actor != null) {
            actor.close();
        }
    }

    /** Ended pods beyond the threshold: evicted ones first, then the oldest. */
    static List<Pod> surplus(List<Pod> ended, int threshold) {
        if (threshold <= 0 || ended.size() <= threshold) {
            return List.of();
        }
        List<Pod> order = new ArrayList<>(ended);
        order.sort(Comparator.comparing(
                        (Pod pod) -> !"Evicted".equals(pod.getStatus().getReason()))
                .thenComparing(pod -> String.valueOf(pod.getMetadata().getCreationTimestamp()))
                .thenComparing(pod -> pod.getMetadata().getName()));
        return order.subList(0, ended.size() - threshold);
    }

    /** Whether an administrator has declared that a node which is not ready will not come back. */
    static boolean isOutOfService(Node node) {
        boolean ready = node.getStatus() != null
                && node.getStatus().getConditions() != null
                && node.getStatus().getConditions().stream()
                        .anyMatch(c -> "Ready".equals(c.getType()) && "True".equals(c.getStatus()));
        return !ready
                && node.getSpec() != null
                && node.getSpec().getTaints() != null
                && node.getSpec().getTaints().stream()
                        .anyMatch(taint -> "node.kubernetes.io/out-of-service".equals(taint.getKey()));
    }

    private final class Run {
        private final Context context;
        private final Actor actor;
        private final Informer<Pod> pods;
        private final Informer<Node> nodes;
        private final Map<String, Instant> missing = new TreeMap<>();

        Run(Context context, Actor actor) {
            this.context = context;
            this.actor = actor;
            this.pods = Pods.indexedByNode(context.informers().of(Pod.class));
            this.nodes = context.informers().of(NODES);
            pods.addIndex(ENDED, pod -> Pods.isTerminal(pod) ? List.of(ENDED) : List.of());
            pods.addIndex(
                    NEVER_BOUND,
                    pod -> Pods.isTerminating(pod) && !Pods.isAssigned(pod) ? List.of(NEVER_BOUND) : List.of());
        }

        void begin() {
            pods.whenSynced(actor, () -> nodes.whenSynced(actor, this::collect));
        }

        private void collect() {
            surplus(pods.byIndex(ENDED, ENDED), threshold).forEach(pod -> delete(pod, null));
            for (Node node : nodes.list()) {
                if (isOutOfService(node)) {
                    pods.byIndex(Pods.BY_NODE, node.getMetadata().getName()).stream()
                            .filter(Pods::isTerminating)
                            .forEach(pod -> delete(pod, null));
                }
            }
            collectOrphans();
            pods.byIndex(NEVER_BOUND, NEVER_BOUND).forEach(pod -> delete(pod, null));
            actor.schedule(PERIOD, this::collect);
        }

        /** A node must have been missing for a while, and be missing on a second look, before its pods go. */
        private void collectOrphans() {
            Instant now = context.kernel().instant();
            List<String> named = pods.indexKeys(Pods.BY_NODE);
            missing.keySet().retainAll(named);
            for (String node : named) {
                if (nodes.find("", node).isPresent()) {
                    missing.remove(node);
                    continue;
                }
                Instant since = missing.putIfAbsent(node, now);
                if (since == null || now.isBefore(since.plus(QUARANTINE))) {
                    continue;
                }
                missing.remove(node);
                if (exists(node)) {
                    continue;
                }
                pods.byIndex(Pods.BY_NODE, node).forEach(pod -> delete(pod, NODE_GONE));
            }
        }

        private boolean exists(String node) {
            try {
                return context.client().find(NODES, null, node).isPresent();
            } catch (StatusException e) {
                return true;
            }
        }

        private void delete(Pod pod, @Nullable Disruption disruption) {
            try {
                Disruption.delete(
                        context.client(),
                        pod,
                        disruption,
                        true,
                        context.kernel().instant());
            } catch (StatusException e) {
                log.debug("Pod {} could not be collected: {}", pod.getMetadata().getName(), e.getMessage());
            }
        }
    }
}

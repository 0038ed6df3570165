package dev.amphora.controller.service;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.Json;
import dev.amphora.api.ResourceType;
import dev.amphora.api.StatusException;
import dev.amphora.client.Informer;
import dev.amphora.client.ObjectKey;
import dev.amphora.client.Patch;
import dev.amphora.controller.ControlLoop;
import dev.amphora.controller.Controller;
import dev.amphora.controller.Result;
import io.fabric8.kubernetes.api.model.LoadBalancerIngress;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServiceSpec;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Keeps what a {@link LoadBalancer} gives to Services in their status: the reference's {@code service-lb-controller}. Without one it does
 * nothing, as the reference without a cloud provider.
 */
public final class ServiceLbController implements Controller {
    private static final ResourceType<Service> SERVICES = ResourceType.of(Service.class);
    private static final String FINALIZER = "service.kubernetes.io/load-balancer-cleanup";
    private static final String EXCLUDED = "node.kubernetes.io/exclude-from-external-load-balancers";
    /** How an autoscaler of the cluster marks a node that it is about to remove. */
    private static final String GOES = "ToBeDeletedByClusterAutoscaler";

    private static final String TAKING_PART = "service/taking-part";
    private static final String BALANCED = "service/balanced";
    /** Stands for the nodes as a whole among the keys of Services, all of which have a namespace. */
    private static final ObjectKey NODES = ObjectKey.of("", "nodes");

    private static final int WORKERS = 1;
    private static final Duration FIRST_RETRY = Duration.ofSeconds(5);
    private static final Duration LAST_RETRY = Duration.ofMinutes(5);

    private final @Nullable LoadBalancer balancer;
    private @Nullable ControlLoop<ObjectKey> loop;

    /** @param balancer null if there is none */
    public ServiceLbController(@Nullable LoadBalancer balancer) {
        this.balancer = balancer;
    }

    @Override
    public String name() {
        return "service-lb-controller";
    }

    @Override
    public String eventSource() {
        return "service-controller";
    }

    @Override
    public void start(Context context) {
        if (balancer != null) {
            loop = new Executor(context, balancer, name()).loop;
        }
    }

    @Override
    public void close() {
        if (loop != null) {
            loop.close();
        }
    }

    /** Whether a Service is to have a load balancer of a class. */
    private static boolean wants(Service service, @Nullable String balancerClass) {
        return "LoadBalancer".equals(service.getSpec().getType())
                && Objects.equals(service.getSpec().getLoadBalancerClass(), balancerClass);
    }

    private static boolean hasFinalizer(Service service) {
        return service.getMetadata().getFinalizers().contains(FINALIZER);
    }

    /** Whether there is something to take back. */
    private static boolean needsCleanup(Service service) {
        return hasFinalizer(service)
                && (service.getMetadata().getDeletionTimestamp() != null
                        || !"LoadBalancer".equals(service.getSpec().getType()));
    }

    /** Whether load balancers lead to a node, ready or not: the reference's stable set of nodes (KEP-3458). */
    private static boolean takesPart(Node node) {
        Map<String, String> labels = node.getMetadata().getLabels();
        boolean goes = node.getMetadata().getDeletionTimestamp() != null
                || (node.getSpec() != null
                        && node.getSpec().getTaints() != null
                        && node.getSpec().getTaints().stream().anyMatch(taint -> GOES.equals(taint.getKey())));
        return !goes && !isExcluded(labels);
    }

    private static boolean isExcluded(@Nullable Map<String, String> labels) {
        return labels != null && labels.containsKey(EXCLUDED);
    }

    private static final class Executor {
        private final Context context;
        private final LoadBalancer balancer;
        private final Informer<Service> services;
        private final Informer<Node> nodes;
        private final Map<ObjectKey, Duration> failed = new ConcurrentHashMap<>();
        /** By Service, the nodes that its load balancer was last told of. */
        private final Map<ObjectKey, List<String>> told = new ConcurrentHashMap<>();

        private final ControlLoop<ObjectKey> loop;

        Executor(Context context, LoadBalancer balancer, String name) {
            this.context = context;
            this.balancer = balancer;
            services = context.informers().of(SERVICES);
            nodes = context.informers().of(Node.class);
            nodes.addIndex(TAKING_PART, node -> takesPart(node) ? List.of("") : List.of());
            services.addIndex(
                    BALANCED, service -> wants(service, balancer.loadBalancerClass()) ? List.of("") : List.of());
            loop = new ControlLoop<ObjectKey>(context.kernel(), name, WORKERS)
                    .<Service>watch(services, (old, now, keys) -> {
                        if (now == null) {
                            if (old != null && !hasFinalizer(old)) {
                                keys.accept(ObjectKey.of(old));
                            }
                        } else if (old == null) {
                            if (wants(now, balancer.loadBalancerClass())) {
                                balancer.remember(now);
                            }
                            if (wants(now, balancer.loadBalancerClass()) || needsCleanup(now)) {
                                keys.accept(ObjectKey.of(now));
                            }
                        } else if (matters(old, now) || needsCleanup(now)) {
                            keys.accept(ObjectKey.of(now));
                        }
                    })
                    .<Node>watch(nodes, (old, now, keys) -> {
                        // As in the reference a taint alone changes nothing until something else does.
                        boolean same = old != null
                                && now != null
                                && isExcluded(old.getMetadata().getLabels())
                                        == isExcluded(now.getMetadata().getLabels());
                        if (!same) {
                            keys.accept(NODES);
                        }
                    });
            loop.start(this::reconcile);
        }

        /** Whether a change may change the load balancer; what it is about is told. */
        private boolean matters(Service old, Service now) {
            boolean wanted = wants(old, balancer.loadBalancerClass());
            boolean wants = wants(now, balancer.loadBalancerClass());
            if (!wanted && !wants) {
                return false;
            }
            ServiceSpec before = old.getSpec();
            ServiceSpec after = now.getSpec();
            if (wanted != wants) {
                return told(now, "Type", before.getType(), after.getType());
            }
            if (!Objects.equals(before.getLoadBalancerSourceRanges(), after.getLoadBalancerSourceRanges())) {
                return told(
                        now,
                        "LoadBalancerSourceRanges",
                        "[" + String.join(" ", before.getLoadBalancerSourceRanges()) + "]",
                        "[" + String.join(" ", after.getLoadBalancerSourceRanges()) + "]");
            }
            if (!before.getPorts().equals(after.getPorts())
                    || !Objects.equals(before.getSessionAffinity(), after.getSessionAffinity())
                    || !Objects.equals(before.getSessionAffinityConfig(), after.getSessionAffinityConfig())) {
                return true;
            }
            if (!Objects.equals(before.getLoadBalancerIP(), after.getLoadBalancerIP())) {
                return told(now, "LoadbalancerIP", before.getLoadBalancerIP(), after.getLoadBalancerIP());
            }
            return mattersLess(old, now);
        }

        private boolean mattersLess(Service old, Service now) {
            ServiceSpec before = old.getSpec();
            ServiceSpec after = now.getSpec();
            List<String> was = before.getExternalIPs();
            List<String> is = after.getExternalIPs();
            if (was.size() != is.size()) {
                context.events().normal(now, "ExternalIP", "Count: %d -> %d".formatted(was.size(), is.size()));
                return true;
            }
            for (int i = 0; i < was.size(); i++) {
                if (!was.get(i).equals(is.get(i))) {
                    context.events().normal(now, "ExternalIP", "Added: " + is.get(i));
                    return true;
                }
            }
            if (!Objects.equals(
                    old.getMetadata().getAnnotations(), now.getMetadata().getAnnotations())) {
                return true;
            }
            if (!Objects.equals(old.getMetadata().getUid(), now.getMetadata().getUid())) {
                return told(
                        now,
                        "UID",
                        old.getMetadata().getUid(),
                        now.getMetadata().getUid());
            }
            if (!Objects.equals(before.getExternalTrafficPolicy(), after.getExternalTrafficPolicy())) {
                return told(
                        now,
                        "ExternalTrafficPolicy",
                        before.getExternalTrafficPolicy(),
                        after.getExternalTrafficPolicy());
            }
            if (!Objects.equals(before.getHealthCheckNodePort(), after.getHealthCheckNodePort())) {
                return told(
                        now,
                        "HealthCheckNodePort",
                        Objects.toString(before.getHealthCheckNodePort(), "0"),
                        Objects.toString(after.getHealthCheckNodePort(), "0"));
            }
            return !Objects.equals(before.getIpFamilies(), after.getIpFamilies());
        }

        private boolean told(Service about, String reason, @Nullable String before, @Nullable String after) {
            context.events()
                    .normal(
                            about,
                            reason,
                            "%s -> %s".formatted(Objects.toString(before, ""), Objects.toString(after, "")));
            return true;
        }

        private Result reconcile(ObjectKey key) {
            if (key.equals(NODES)) {
                return update();
            }
            Service service = services.find(key).orElse(null);
            if (service == null) {
                balancer.release(key);
                failed.remove(key);
                told.remove(key);
                return Result.done();
            }
            try {
                if (!wants(service, balancer.loadBalancerClass()) || needsCleanup(service)) {
                    cleanUp(key, service);
                } else {
                    ensure(key, service);
                }
                failed.remove(key);
                return Result.done();
            } catch (StatusException | IllegalStateException e) {
                context.events()
                        .warning(service, "SyncLoadBalancerFailed", "Error syncing load balancer: " + e.getMessage());
                Duration delay = failed.merge(key, FIRST_RETRY, (last, first) -> last.multipliedBy(2));
                return Result.requeueAfter(delay.compareTo(LAST_RETRY) > 0 ? LAST_RETRY : delay);
            }
        }

        private void cleanUp(ObjectKey key, Service service) {
            if (!hasFinalizer(service) && !balancer.holds(key)) {
                return;
            }
            if (balancer.holds(key)) {
                context.events().normal(service, "DeletingLoadBalancer", "Deleting load balancer");
                balancer.release(key);
                told.remove(key);
            }
            boolean going = service.getMetadata().getDeletionTimestamp() != null;
            if (!going) {
                tell(key, service, List.of());
            }
            if (hasFinalizer(service)) {
                patchFinalizer(key, "$deleteFromPrimitiveList/finalizers", "remove");
            }
            context.events().normal(service, "DeletedLoadBalancer", "Deleted load balancer");
        }

        private void ensure(ObjectKey key, Service service) {
            context.events().normal(service, "EnsuringLoadBalancer", "Ensuring load balancer");
            if (!hasFinalizer(service)) {
                patchFinalizer(key, "finalizers", "add");
            }
            List<Node> present = nodes();
            if (present.isEmpty()) {
                unavailable(service);
            }
            List<LoadBalancerIngress> ingress;
            try {
                ingress = balancer.ensure(service, present);
                told.put(key, names(present));
            } catch (IllegalStateException e) {
                throw new IllegalStateException("failed to ensure load balancer: " + e.getMessage(), e);
            }
            context.events().normal(service, "EnsuredLoadBalancer", "Ensured load balancer");
            tell(key, service, ingress);
        }

        private List<Node> nodes() {
            return nodes.byIndex(TAKING_PART, "").stream()
                    .sorted(Comparator.comparing(
                            (Node node) -> node.getMetadata().getName()))
                    .toList();
        }

        private static List<String> names(List<Node> nodes) {
            return nodes.stream().map(node -> node.getMetadata().getName()).toList();
        }

        private void unavailable(Service service) {
            context.events()
                    .warning(service, "UnAvailableLoadBalancer", "There are no available nodes for LoadBalancer");
        }

        /** Tells the load balancers of Services that there are other nodes; a Service that was never seen to has its own turn. */
        private Result update() {
            List<Node> present = nodes();
            List<String> names = names(present);
            boolean again = false;
            for (Service service : services.byIndex(BALANCED, "")) {
                ObjectKey key = ObjectKey.of(service);
                List<String> before = told.get(key);
                if (before == null || before.equals(names) || needsCleanup(service)) {
                    continue;
                }
                try {
                    balancer.update(service, present);
                    told.put(key, names);
                    if (present.isEmpty()) {
                        unavailable(service);
                    } else {
                        context.events().normal(service, "UpdatedLoadBalancer", "Updated load balancer with new hosts");
                    }
                } catch (IllegalStateException e) {
                    again = true;
                    context.events()
                            .warning(
                                    service,
                                    "UpdateLoadBalancerFailed",
                                    "Error updating load balancer with new hosts [%s] [node names limited, total number of nodes: %d], error: %s"
                                            .formatted(String.join(" ", names), names.size(), e.getMessage()));
                }
            }
            return again ? Result.requeueAfter(FIRST_RETRY) : Result.done();
        }

        /** By way of the status, as in the reference: its role allows no other write. */
        private void patchFinalizer(ObjectKey key, String directive, String verb) {
            ObjectNode body = Json.object();
            body.putObject("metadata").putArray(directive).add(FINALIZER);
            try {
                Service written =
                        context.client().patch(SERVICES, key.namespace(), key.name(), Patch.strategic(body), "status");
                loop.wrote(key, services, written);
            } catch (StatusException e) {
                if (!e.isNotFound()) {
                    throw new IllegalStateException(
                            "failed to %s load balancer cleanup finalizer: %s".formatted(verb, e.getMessage()), e);
                }
            }
        }

        private void tell(ObjectKey key, Service service, List<LoadBalancerIngress> ingress) {
            List<LoadBalancerIngress> told =
                    service.getStatus() == null || service.getStatus().getLoadBalancer() == null
                            ? List.of()
                            : service.getStatus().getLoadBalancer().getIngress();
            if (told.equals(ingress)) {
                return;
            }
            ObjectNode body = Json.object();
            ObjectNode status = body.putObject("status").putObject("loadBalancer");
            if (ingress.isEmpty()) {
                status.putNull("ingress");
            } else {
                ArrayNode all = status.putArray("ingress");
                ingress.forEach(each -> all.add(Json.toTree(each)));
            }
            try {
                loop.wrote(
                        key,
                        services,
                        context.client().patch(SERVICES, key.namespace(), key.name(), Patch.merge(body), "status"));
            } catch (StatusException e) {
                if (!e.isNotFound()) {
                    throw new IllegalStateException("failed to update load balancer status: " + e.getMessage(), e);
                }
            }
        }
    }
}

package dev.amphora.controller.endpoints;

import dev.amphora.client.Informer;
import dev.amphora.client.ObjectKey;
import dev.amphora.controller.ControlLoop;
import dev.amphora.controller.Controller;
import dev.amphora.controller.KeyMapper;
import dev.amphora.controller.Pods;
import dev.amphora.controller.Result;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServicePort;
import io.fabric8.kubernetes.api.model.discovery.v1.Endpoint;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointBuilder;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointPort;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointPortBuilder;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Keeps the EndpointSlices of Services with a selector: the reference's {@code endpointslice-controller}. */
public final class EndpointSliceController implements Controller {
    private static final String MANAGER = "endpointslice-controller.k8s.io";
    private static final String ZONE = "topology.kubernetes.io/zone";
    private static final int MAX_PER_SLICE = 100;
    private static final int WORKERS = 5;

    private @Nullable ControlLoop<ObjectKey> loop;

    @Override
    public String name() {
        return "endpointslice-controller";
    }

    @Override
    public void start(Context context) {
        ServicePods servicePods = new ServicePods(context.informers());
        Informer<Node> nodes = context.informers().of(Node.class);
        Informer<EndpointSlice> slices = context.informers().of(EndpointSlice.class);
        SliceWriter writer = new SliceWriter(context.client(), slices, MANAGER);
        ChangeTriggers triggers = new ChangeTriggers();
        ControlLoop<ObjectKey> created = new ControlLoop<>(context.kernel(), name(), WORKERS);
        loop = created;
        created.watch(servicePods.services, KeyMapper.self(ObjectKey::of))
                .watch(servicePods.pods, servicePods::servicesOf)
                .watch(slices, KeyMapper.each(writer::keys))
                .watch(nodes, (old, now, keys) -> servicesOn(servicePods, old, now, keys))
                .start(key -> {
                    Service service = servicePods.services.find(key).orElse(null);
                    if (service == null) {
                        triggers.forget(key);
                        return Result.done();
                    }
                    if (!ServicePods.hasSelector(service) || Pods.isTerminating(service)) {
                        return Result.done();
                    }
                    List<Pod> pods = servicePods.of(service);
                    String since = triggers.look(key, service, pods);
                    SlicePlanner.Plan plan =
                            plan(service, pods, name -> nodes.find("", name).orElse(null), writer.of(key));
                    writer.carryOut(plan.since(since), key, created);
                    return Result.done();
                });
    }

    @Override
    public void close() {
        if (loop != null) {
            loop.close();
        }
    }

    /** A node that came, went or changed its zone concerns the Services of its pods. */
    private static void servicesOn(
            ServicePods servicePods, @Nullable Node old, @Nullable Node now, Consumer<ObjectKey> keys) {
        if (old != null && now != null && Objects.equals(zone(old), zone(now))) {
            return;
        }
        Node node = now == null ? old : now;
        if (node != null) {
            for (Pod pod :
                    servicePods.pods.byIndex(Pods.BY_NODE, node.getMetadata().getName())) {
                servicePods.servicesOf(pod, keys);
            }
        }
    }

    private static @Nullable String zone(Node node) {
        return node.getMetadata().getLabels() == null
                ? null
                : node.getMetadata().getLabels().get(ZONE);
    }

    /** The slices that a Service should have, as writes. */
    static SlicePlanner.Plan plan(
            Service service, List<Pod> pods, Function<String, @Nullable Node> nodes, List<EndpointSlice> present) {
        List<String> families = families(service);
        Map<SlicePlanner.Group, List<Endpoint>> wanted = new LinkedHashMap<>();
        for (Pod pod : pods) {
            if (!ServicePods.contributes(pod)) {
                continue;
            }
            Node node = Pods.isAssigned(pod) ? nodes.apply(pod.getSpec().getNodeName()) : null;
            if (node == null && Pods.isAssigned(pod) && !ServicePods.publishesNotReady(service)) {
                continue;
            }
            List<EndpointPort> ports = ports(service, pod);
            for (String family : families) {
                List<String> addresses = ServicePods.addresses(pod).stream()
                        .filter(address -> ServicePods.isIpv6(address) == family.equals("IPv6"))
                        .toList();
                if (!addresses.isEmpty()) {
                    wanted.computeIfAbsent(new SlicePlanner.Group(family, ports), group -> new ArrayList<>())
                            .add(endpoint(service, pod, node, addresses));
                }
            }
        }
        return new SlicePlanner(service, labels(service), Map.of(), MAX_PER_SLICE).plan(wanted, present, families);
    }

    private static List<String> families(Service service) {
        List<String> families = service.getSpec().getIpFamilies();
        if (families != null && !families.isEmpty()) {
            return families;
        }
        String ip = service.getSpec().getClusterIP();
        return ip != null && ServicePods.isIpv6(ip) ? List.of("IPv6") : List.of("IPv4");
    }

    private static Map<String, String> labels(Service service) {
        Map<String, String> labels = new LinkedHashMap<>(
                Objects.requireNonNullElse(service.getMetadata().getLabels(), Map.of()));
        labels.remove(SlicePlanner.HEADLESS);
        labels.put(SlicePlanner.SERVICE_NAME, service.getMetadata().getName());
        labels.put(SlicePlanner.MANAGED_BY, MANAGER);
        if (ServicePods.isHeadless(service)) {
            labels.put(SlicePlanner.HEADLESS, "");
        }
        return labels;
    }

    private static List<EndpointPort> ports(Service service, Pod pod) {
        List<EndpointPort> ports = new ArrayList<>();
        for (ServicePort port : ServicePods.ports(service)) {
            Integer number = ServicePods.targetPort(pod, port);
            if (number != null) {
                ports.add(new EndpointPortBuilder()
                        .withName(port.getName() == null ? "" : port.getName())
                        .withProtocol(ServicePods.protocol(port))
                        .withPort(number)
                        .withAppProtocol(port.getAppProtocol())
                        .build());
            }
        }
        return ports;
    }

    private static Endpoint endpoint(Service service, Pod pod, @Nullable Node node, List<String> addresses) {
        boolean serving = Pods.isReady(pod);
        boolean terminating = Pods.isTerminating(pod);
        boolean ready = ServicePods.publishesNotReady(service) || (serving && !terminating);
        String zone = node == null ? null : zone(node);
        EndpointBuilder endpoint = new EndpointBuilder()
                .withAddresses(addresses)
                .withNewConditions()
                .withReady(ready)
                .withServing(serving)
                .withTerminating(terminating)
                .endConditions()
                .withHostname(ServicePods.hostname(pod, service))
                .withTargetRef(ServicePods.reference(pod))
                .withNodeName(pod.getSpec().getNodeName())
                .withZone(zone);
        String distribution = service.getSpec().getTrafficDistribution();
        if (distribution != null && ready && zone != null) {
            var hints = endpoint.withNewHints().addNewForZone(zone);
            if (distribution.equals("PreferSameNode")) {
                hints = hints.addNewForNode(pod.getSpec().getNodeName());
            }
            endpoint = hints.endHints();
        }
        return endpoint.build();
    }
}

package dev.amphora.controller.endpoints;

import dev.amphora.client.Informer;
import dev.amphora.client.ObjectKey;
import dev.amphora.controller.ControlLoop;
import dev.amphora.controller.Controller;
import dev.amphora.controller.KeyMapper;
import dev.amphora.controller.Result;
import io.fabric8.kubernetes.api.model.EndpointAddress;
import io.fabric8.kubernetes.api.model.EndpointSubset;
import io.fabric8.kubernetes.api.model.Endpoints;
import io.fabric8.kubernetes.api.model.Service;
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
import org.jspecify.annotations.Nullable;

/**
 * Mirrors Endpoints that people made, for Services without selector, to slices: the reference's
 * {@code endpointslice-mirroring-controller}.
 */
public final class EndpointSliceMirroringController implements Controller {
    private static final String MANAGER = "endpointslicemirroring-controller.k8s.io";
    private static final String SKIP = "endpointslice.kubernetes.io/skip-mirror";
    private static final String LEADER = "control-plane.alpha.kubernetes.io/leader";
    private static final String LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration";
    private static final int MAX_PER_SUBSET = 1000;
    private static final int WORKERS = 5;

    private @Nullable ControlLoop<ObjectKey> loop;

    @Override
    public String name() {
        return "endpointslice-mirroring-controller";
    }

    @Override
    public void start(Context context) {
        Informer<Service> services = context.informers().of(Service.class);
        Informer<Endpoints> endpoints = context.informers().of(Endpoints.class);
        Informer<EndpointSlice> slices = context.informers().of(EndpointSlice.class);
        SliceWriter writer = new SliceWriter(context.client(), slices, MANAGER);
        ControlLoop<ObjectKey> created = new ControlLoop<>(context.kernel(), name(), WORKERS);
        loop = created;
        created.watch(services, KeyMapper.self(ObjectKey::of))
                .watch(endpoints, KeyMapper.self(ObjectKey::of))
                .watch(slices, KeyMapper.each(writer::keys))
                .start(key -> {
                    Endpoints source = endpoints.find(key).orElse(null);
                    List<EndpointSlice> present = writer.of(key);
                    boolean mirrored = source != null
                            && isMirrored(source, services.find(key).orElse(null));
                    if (source != null && mirrored) {
                        writer.carryOut(plan(source, present), key, created);
                    } else if (!present.isEmpty()) {
                        writer.carryOut(new SlicePlanner.Plan(List.of(), List.of(), present), key, created);
                    }
                    return Result.done();
                });
    }

    @Override
    public void close() {
        if (loop != null) {
            loop.close();
        }
    }

    static boolean isMirrored(Endpoints source, @Nullable Service service) {
        Map<String, String> labels =
                Objects.requireNonNullElse(source.getMetadata().getLabels(), Map.of());
        Map<String, String> annotations =
                Objects.requireNonNullElse(source.getMetadata().getAnnotations(), Map.of());
        return service != null
                && (service.getSpec().getSelector() == null
                        || service.getSpec().getSelector().isEmpty())
                && !"true".equals(labels.get(SKIP))
                && !annotations.containsKey(LEADER);
    }

    static SlicePlanner.Plan plan(Endpoints source, List<EndpointSlice> present) {
        Map<SlicePlanner.Group, List<Endpoint>> wanted = new LinkedHashMap<>();
        for (EndpointSubset subset : Objects.requireNonNullElse(source.getSubsets(), List.<EndpointSubset>of())) {
            List<EndpointPort> ports = ports(subset);
            int room = MAX_PER_SUBSET;
            room = add(wanted, ports, subset.getAddresses(), true, room);
            add(wanted, ports, subset.getNotReadyAddresses(), false, room);
        }
        Map<String, String> labels = new LinkedHashMap<>(
                Objects.requireNonNullElse(source.getMetadata().getLabels(), Map.of()));
        labels.put(SlicePlanner.SERVICE_NAME, source.getMetadata().getName());
        labels.put(SlicePlanner.MANAGED_BY, MANAGER);
        Map<String, String> annotations = new LinkedHashMap<>(
                Objects.requireNonNullElse(source.getMetadata().getAnnotations(), Map.of()));
        annotations.remove(LAST_APPLIED);
        annotations.remove(ChangeTriggers.ANNOTATION);
        return new SlicePlanner(source, labels, annotations, MAX_PER_SUBSET).plan(wanted, present, List.of());
    }

    private static List<EndpointPort> ports(EndpointSubset subset) {
        return Objects.requireNonNullElse(subset.getPorts(), List.<io.fabric8.kubernetes.api.model.EndpointPort>of())
                .stream()
                .map(port -> new EndpointPortBuilder()
                        .withName(port.getName() == null ? "" : port.getName())
                        .withPort(port.getPort())
                        .withProtocol(port.getProtocol() == null ? "TCP" : port.getProtocol())
                        .withAppProtocol(port.getAppProtocol())
                        .build())
                .toList();
    }

    private static int add(
            Map<SlicePlanner.Group, List<Endpoint>> wanted,
            List<EndpointPort> ports,
            @Nullable List<EndpointAddress> addresses,
            boolean ready,
            int room) {
        int left = room;
        for (EndpointAddress address : Objects.requireNonNullElse(addresses, List.<EndpointAddress>of())) {
            if (left-- <= 0) {
                return 0;
            }
            String family = ServicePods.isIpv6(address.getIp()) ? "IPv6" : "IPv4";
            wanted.computeIfAbsent(new SlicePlanner.Group(family, ports), group -> new ArrayList<>())
                    .add(new EndpointBuilder()
                            .withAddresses(address.getIp())
                            .withNewConditions()
                            .withReady(ready)
                            .endConditions()
                            .withHostname(address.getHostname())
                            .withNodeName(address.getNodeName())
                            .withTargetRef(address.getTargetRef())
                            .build());
        }
        return left;
    }
}

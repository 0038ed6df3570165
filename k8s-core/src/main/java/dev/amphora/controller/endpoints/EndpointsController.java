package dev.amphora.controller.endpoints;

import dev.amphora.api.ResourceType;
import dev.amphora.api.StatusException;
import dev.amphora.client.Client;
import dev.amphora.client.DeleteOptions;
import dev.amphora.client.Informer;
import dev.amphora.client.ObjectKey;
import dev.amphora.controller.ControlLoop;
import dev.amphora.controller.Controller;
import dev.amphora.controller.KeyMapper;
import dev.amphora.controller.Pods;
import dev.amphora.controller.Result;
import io.fabric8.kubernetes.api.model.EndpointAddress;
import io.fabric8.kubernetes.api.model.EndpointAddressBuilder;
import io.fabric8.kubernetes.api.model.EndpointPort;
import io.fabric8.kubernetes.api.model.EndpointPortBuilder;
import io.fabric8.kubernetes.api.model.EndpointSubset;
import io.fabric8.kubernetes.api.model.EndpointSubsetBuilder;
import io.fabric8.kubernetes.api.model.Endpoints;
import io.fabric8.kubernetes.api.model.EndpointsBuilder;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServicePort;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** Keeps the Endpoints of Services with a selector: the reference's {@code endpoints-controller}. */
public final class EndpointsController implements Controller {
    private static final ResourceType<Endpoints> ENDPOINTS = ResourceType.of(Endpoints.class);
    private static final String MANAGED_BY = "endpoints.kubernetes.io/managed-by";
    private static final String OVER_CAPACITY = "endpoints.kubernetes.io/over-capacity";
    private static final int MAX_ADDRESSES = 1000;
    private static final int WORKERS = 5;

    private @Nullable ControlLoop<ObjectKey> loop;

    @Override
    public String name() {
        return "endpoints-controller";
    }

    @Override
    public String eventSource() {
        return "endpoint-controller";
    }

    @Override
    public void start(Context context) {
        ServicePods servicePods = new ServicePods(context.informers());
        Informer<Endpoints> endpoints = context.informers().of(ENDPOINTS);
        ChangeTriggers triggers = new ChangeTriggers();
        ControlLoop<ObjectKey> created = new ControlLoop<>(context.kernel(), name(), WORKERS);
        loop = created;
        Set<ObjectKey> gone = ConcurrentHashMap.newKeySet();
        created.watch(servicePods.services, (old, now, keys) -> {
                    Service service = now == null ? old : now;
                    if (service != null) {
                        ObjectKey key = ObjectKey.of(service);
                        if (now == null) {
                            gone.add(key);
                        } else {
                            gone.remove(key);
                        }
                        keys.accept(key);
                    }
                })
                .watch(servicePods.pods, servicePods::servicesOf)
                .watch(endpoints, KeyMapper.self(ObjectKey::of))
                .start(key -> {
                    Service service = servicePods.services.find(key).orElse(null);
                    Endpoints present = endpoints.find(key).orElse(null);
                    if (service == null) {
                        triggers.forget(key);
                        if (gone.contains(key) || isOwn(present)) {
                            remove(context.client(), key, present);
                            gone.remove(key);
                        }
                    } else if (ServicePods.hasSelector(service)) {
                        List<Pod> pods = servicePods.of(service);
                        String since = triggers.look(key, service, pods);
                        Endpoints wanted = plan(service, pods, present);
                        if (wanted != null) {
                            Map<String, String> annotations =
                                    new LinkedHashMap<>(wanted.getMetadata().getAnnotations());
                            ChangeTriggers.annotate(annotations, since);
                            wanted.getMetadata().setAnnotations(annotations);
                        }
                        write(context.client(), created, endpoints, key, wanted);
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

    private static boolean isOwn(@Nullable Endpoints present) {
        return present != null
                && present.getMetadata().getLabels() != null
                && present.getMetadata().getLabels().containsKey(MANAGED_BY);
    }

    /** Endpoints go with their Service, even those that people made. */
    private static void remove(Client client, ObjectKey key, @Nullable Endpoints present) {
        if (present == null) {
            return;
        }
        try {
            client.delete(ENDPOINTS, key.namespace(), key.name(), DeleteOptions.defaults());
        } catch (StatusException e) {
            if (!e.isNotFound()) {
                throw e;
            }
        }
    }

    private static void write(
            Client client,
            ControlLoop<ObjectKey> loop,
            Informer<Endpoints> endpoints,
            ObjectKey key,
            @Nullable Endpoints wanted) {
        if (wanted == null) {
            return;
        }
        try {
            boolean isNew = wanted.getMetadata().getResourceVersion() == null;
            loop.wrote(key, endpoints, isNew ? client.create(wanted) : client.update(wanted));
        } catch (StatusException e) {
            if (!e.hasCause("NamespaceTerminating")) {
                throw e;
            }
        }
    }

    /** The Endpoints that a Service should have; null if it has them. */
    static @Nullable Endpoints plan(Service service, List<Pod> pods, @Nullable Endpoints present) {
        List<EndpointSubset> subsets = subsets(service, pods);
        boolean truncated = truncate(subsets);
        Map<String, String> labels = new LinkedHashMap<>(
                Objects.requireNonNullElse(service.getMetadata().getLabels(), Map.of()));
        labels.remove(SlicePlanner.HEADLESS);
        labels.put(MANAGED_BY, "endpoint-controller");
        if (ServicePods.isHeadless(service)) {
            labels.put(SlicePlanner.HEADLESS, "");
        }
        ObjectMeta before = present == null ? new ObjectMeta() : present.getMetadata();
        Map<String, String> annotations =
                new LinkedHashMap<>(Objects.requireNonNullElse(before.getAnnotations(), Map.of()));
        if (truncated) {
            annotations.put(OVER_CAPACITY, "truncated");
        } else {
            annotations.remove(OVER_CAPACITY);
        }
        if (present != null
                && subsets.equals(Objects.requireNonNullElse(present.getSubsets(), List.of()))
                && labels.equals(Objects.requireNonNullElse(before.getLabels(), Map.of()))
                && annotations.equals(Objects.requireNonNullElse(before.getAnnotations(), Map.of()))) {
            return null;
        }
        return new EndpointsBuilder()
                .withMetadata(before.edit()
                        .withName(service.getMetadata().getName())
                        .withNamespace(service.getMetadata().getNamespace())
                        .withLabels(labels)
                        .withAnnotations(annotations)
                        .build())
                .withSubsets(subsets)
                .build();
    }

    private static List<EndpointSubset> subsets(Service service, List<Pod> pods) {
        boolean all = ServicePods.publishesNotReady(service);
        List<Pod> byAddress = new ArrayList<>(pods.stream()
                .filter(ServicePods::contributes)
                .filter(pod -> all || !Pods.isTerminating(pod))
                .toList());
        byAddress.sort(
                Comparator.comparing((Pod pod) -> ServicePods.addresses(pod).get(0)));
        Map<List<EndpointPort>, EndpointSubset> subsets = new LinkedHashMap<>();
        for (Pod pod : byAddress) {
            String address = address(service, pod);
            List<EndpointPort> ports = ports(service, pod);
            boolean portless = ServicePods.ports(service).isEmpty() && ServicePods.isHeadless(service);
            if (address == null || (ports.isEmpty() && !portless)) {
                continue;
            }
            EndpointSubset subset = subsets.computeIfAbsent(ports, p -> new EndpointSubsetBuilder()
                    .withPorts(p)
                    .withAddresses(new ArrayList<>())
                    .withNotReadyAddresses(new ArrayList<>())
                    .build());
            EndpointAddress entry = new EndpointAddressBuilder()
                    .withIp(address)
                    .withHostname(ServicePods.hostname(pod, service))
                    .withNodeName(pod.getSpec().getNodeName())
                    .withTargetRef(ServicePods.reference(pod))
                    .build();
            (all || Pods.isReady(pod) ? subset.getAddresses() : subset.getNotReadyAddresses()).add(entry);
        }
        return new ArrayList<>(subsets.values());
    }

    private static @Nullable String address(Service service, Pod pod) {
        List<String> families = service.getSpec().getIpFamilies();
        boolean ipv6 =
                families != null && !families.isEmpty() && families.get(0).equals("IPv6");
        return ServicePods.addresses(pod).stream()
                .filter(address -> ServicePods.isIpv6(address) == ipv6)
                .findFirst()
                .orElse(null);
    }

    private static List<EndpointPort> ports(Service service, Pod pod) {
        List<EndpointPort> ports = new ArrayList<>();
        for (ServicePort port : ServicePods.ports(service)) {
            Integer number = ServicePods.targetPort(pod, port);
            if (number != null) {
                ports.add(new EndpointPortBuilder()
                        .withName(port.getName() == null || port.getName().isEmpty() ? null : port.getName())
                        .withPort(number)
                        .withProtocol(ServicePods.protocol(port))
                        .withAppProtocol(port.getAppProtocol())
                        .build());
            }
        }
        return ports;
    }

    /** Cuts off what is beyond the limit, those that are not ready first. */
    private static boolean truncate(List<EndpointSubset> subsets) {
        int ready = subsets.stream().mapToInt(s -> s.getAddresses().size()).sum();
        int all = ready
                + subsets.stream()
                        .mapToInt(s -> s.getNotReadyAddresses().size())
                        .sum();
        if (all <= MAX_ADDRESSES) {
            return false;
        }
        int room = MAX_ADDRESSES;
        for (EndpointSubset subset : subsets) {
            room = cut(subset.getAddresses(), room);
        }
        for (EndpointSubset subset : subsets) {
            room = cut(subset.getNotReadyAddresses(), room);
        }
        subsets.removeIf(
                s -> s.getAddresses().isEmpty() && s.getNotReadyAddresses().isEmpty());
        return true;
    }

    private static int cut(List<EndpointAddress> addresses, int room) {
        if (addresses.size() > room) {
            addresses.subList(room, addresses.size()).clear();
        }
        return room - addresses.size();
    }
}

package dev.amphora.proxy;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableSortedMap;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServicePort;
import io.fabric8.kubernetes.api.model.discovery.v1.Endpoint;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointConditions;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointPort;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** Which connections are to lead where, from Services and EndpointSlices: a pure function. */
final class ProxyPlan {
    private static final String SERVICE_NAME = "kubernetes.io/service-name";
    private static final String PROXY_NAME = "service.kubernetes.io/service-proxy-name";
    private static final String HEADLESS = "service.kubernetes.io/headless";
    private static final long DEFAULT_AFFINITY_SECONDS = 10_800;

    private ProxyPlan() {}

    /** The transports that can be carried. */
    enum Protocol {
        TCP,
        UDP
    }

    /** Where clients connect to. */
    record Frontend(String ip, int port, Protocol protocol) implements Comparable<Frontend> {
        private static final Comparator<Frontend> ORDER =
                Comparator.comparing(Frontend::ip).thenComparing(Frontend::port).thenComparing(Frontend::protocol);

        @Override
        public int compareTo(Frontend other) {
            return ORDER.compare(this, other);
        }
    }

    /** Where a connection may lead. */
    record Backend(String ip, int port) implements Comparable<Backend> {
        private static final Comparator<Backend> ORDER =
                Comparator.comparing(Backend::ip).thenComparing(Backend::port);

        @Override
        public int compareTo(Backend other) {
            return ORDER.compare(this, other);
        }
    }

    /**
     * What happens to the connections of one frontend.
     *
     * @param service {@code namespace/name}
     * @param backends in order; none means that connections are refused
     * @param affinity how long a client stays with its backend; null for no affinity
     */
    record Route(String service, ImmutableList<Backend> backends, @Nullable Duration affinity) {}

    /**
     * Plans the routes of some Services.
     *
     * @param nodeName the node whose endpoints are local
     */
    static ImmutableSortedMap<Frontend, Route> plan(
            Collection<Service> services, Collection<EndpointSlice> slices, String nodeName) {
        Map<String, List<EndpointSlice>> byService = new HashMap<>();
        for (EndpointSlice slice : slices) {
            String service = serviceOf(slice);
            if (service != null && !"FQDN".equals(slice.getAddressType())) {
                byService.computeIfAbsent(service, key -> new ArrayList<>()).add(slice);
            }
        }
        Map<Frontend, Route> routes = new TreeMap<>();
        for (Service service : services) {
            if (!isCarried(service)) {
                continue;
            }
            String key = service.getMetadata().getNamespace() + "/"
                    + service.getMetadata().getName();
            for (ServicePort port : service.getSpec().getPorts()) {
                Protocol protocol = protocol(port.getProtocol());
                if (protocol == null) {
                    continue;
                }
                for (String ip : addresses(service)) {
                    List<EndpointSlice> own = byService.getOrDefault(key, List.of());
                    routes.put(
                            new Frontend(ip, port.getPort(), protocol),
                            new Route(key, backends(service, port, ip, own, nodeName), affinity(service)));
                }
            }
        }
        return ImmutableSortedMap.copyOf(routes);
    }

    /** The Service that a slice belongs to, as {@code namespace/name}; null if to none. */
    static @Nullable String serviceOf(EndpointSlice slice) {
        Map<String, String> labels = slice.getMetadata().getLabels();
        String service = labels == null ? null : labels.get(SERVICE_NAME);
        return service == null ? null : slice.getMetadata().getNamespace() + "/" + service;
    }

    private static boolean isCarried(Service service) {
        if (service.getSpec() == null || "ExternalName".equals(service.getSpec().getType())) {
            return false;
        }
        Map<String, String> labels = service.getMetadata().getLabels();
        return labels == null || (!labels.containsKey(PROXY_NAME) && !labels.containsKey(HEADLESS));
    }

    private static List<String> addresses(Service service) {
        List<String> ips = service.getSpec().getClusterIPs();
        String first = service.getSpec().getClusterIP();
        List<String> all = ips != null && !ips.isEmpty() ? ips : first == null ? List.of() : List.of(first);
        return all.stream().filter(ip -> !ip.isEmpty() && !ip.equals("None")).toList();
    }

    private static @Nullable Protocol protocol(@Nullable String name) {
        if (name == null || name.equals("TCP")) {
            return Protocol.TCP;
        }
        return name.equals("UDP") ? Protocol.UDP : null;
    }

    private static @Nullable Duration affinity(Service service) {
        if (!"ClientIP".equals(service.getSpec().getSessionAffinity())) {
            return null;
        }
        var config = service.getSpec().getSessionAffinityConfig();
        Integer seconds = config == null || config.getClientIP() == null
                ? null
                : config.getClientIP().getTimeoutSeconds();
        return Duration.ofSeconds(seconds == null ? DEFAULT_AFFINITY_SECONDS : seconds);
    }

    /** The ready endpoints; if there are none, those that still serve while they terminate. */
    private static ImmutableList<Backend> backends(
            Service service, ServicePort port, String ip, List<EndpointSlice> slices, String nodeName) {
        boolean local = "Local".equals(service.getSpec().getInternalTrafficPolicy());
        String family = ip.indexOf(':') < 0 ? "IPv4" : "IPv6";
        TreeSet<Backend> ready = new TreeSet<>();
        TreeSet<Backend> leaving = new TreeSet<>();
        for (EndpointSlice slice : slices) {
            Integer number = family.equals(slice.getAddressType()) ? number(slice, port) : null;
            if (number == null) {
                continue;
            }
            for (Endpoint endpoint : slice.getEndpoints()) {
                if (endpoint.getAddresses().isEmpty() || (local && !nodeName.equals(endpoint.getNodeName()))) {
                    continue;
                }
                Backend backend = new Backend(endpoint.getAddresses().get(0), number);
                EndpointConditions conditions = endpoint.getConditions();
                boolean isReady = conditions == null || !Boolean.FALSE.equals(conditions.getReady());
                boolean serves =
                        conditions == null || conditions.getServing() == null ? isReady : conditions.getServing();
                boolean terminates = conditions != null && Boolean.TRUE.equals(conditions.getTerminating());
                if (isReady) {
                    ready.add(backend);
                } else if (serves && terminates) {
                    leaving.add(backend);
                }
            }
        }
        return ImmutableList.copyOf(ready.isEmpty() ? leaving : ready);
    }

    /** The number that a slice gives to a Service's port: they go by the port's name, empty for the only one. */
    private static @Nullable Integer number(EndpointSlice slice, ServicePort port) {
        String wanted = Objects.requireNonNullElse(port.getName(), "");
        Protocol protocol = protocol(port.getProtocol());
        for (EndpointPort candidate : slice.getPorts()) {
            if (wanted.equals(Objects.requireNonNullElse(candidate.getName(), ""))
                    && protocol(candidate.getProtocol()) == protocol) {
                return candidate.getPort();
            }
        }
        return null;
    }
}

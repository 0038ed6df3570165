package dev.amphora.controller.endpoints;

import dev.amphora.api.Selector;
import dev.amphora.client.Informer;
import dev.amphora.client.Informers;
import dev.amphora.client.ObjectKey;
import dev.amphora.controller.LabelIndex;
import dev.amphora.controller.Pods;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerPort;
import io.fabric8.kubernetes.api.model.IntOrString;
import io.fabric8.kubernetes.api.model.ObjectReference;
import io.fabric8.kubernetes.api.model.ObjectReferenceBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodIP;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServicePort;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Which pods a Service selects, and which Services select a pod; what the controllers of this package have in common. */
final class ServicePods {
    private static final String BY_LABELS = "labels";
    private static final String BY_SELECTOR = "selector";

    final Informer<Service> services;
    final Informer<Pod> pods;

    ServicePods(Informers informers) {
        services = informers.of(Service.class);
        pods = Pods.indexedByNode(informers.of(Pod.class));
        services.addIndex(
                BY_SELECTOR,
                service -> hasSelector(service)
                        ? List.of(LabelIndex.ofSelector(service.getMetadata().getNamespace(), selector(service)))
                        : List.of());
        pods.addIndex(
                BY_LABELS,
                pod -> LabelIndex.ofLabels(
                        pod.getMetadata().getNamespace(), pod.getMetadata().getLabels()));
    }

    static Selector selector(Service service) {
        return Selector.ofLabels(service.getSpec().getSelector());
    }

    /** Whether pods stand behind the Service: it has a selector and is no alias. */
    static boolean hasSelector(Service service) {
        Map<String, String> selector = service.getSpec().getSelector();
        return selector != null
                && !selector.isEmpty()
                && !"ExternalName".equals(service.getSpec().getType());
    }

    static boolean isHeadless(Service service) {
        return "None".equals(service.getSpec().getClusterIP());
    }

    static boolean publishesNotReady(Service service) {
        return Boolean.TRUE.equals(service.getSpec().getPublishNotReadyAddresses());
    }

    static List<ServicePort> ports(Service service) {
        return service.getSpec().getPorts() == null
                ? List.of()
                : service.getSpec().getPorts();
    }

    /** The pods that a Service selects. */
    List<Pod> of(Service service) {
        Selector selector = selector(service);
        List<Pod> selected = new ArrayList<>();
        for (Pod pod : pods.byIndex(
                BY_LABELS, LabelIndex.ofSelector(service.getMetadata().getNamespace(), selector))) {
            if (selector.matches(pod.getMetadata().getLabels())) {
                selected.add(pod);
            }
        }
        return selected;
    }

    /** The Services that select a pod as it was or as it is. */
    void servicesOf(@Nullable Pod old, @Nullable Pod now, Consumer<ObjectKey> keys) {
        if (old != null) {
            servicesOf(old, keys);
        }
        if (now != null
                && (old == null
                        || !Objects.equals(
                                old.getMetadata().getLabels(), now.getMetadata().getLabels()))) {
            servicesOf(now, keys);
        }
    }

    void servicesOf(Pod pod, Consumer<ObjectKey> keys) {
        for (String key : LabelIndex.ofLabels(
                pod.getMetadata().getNamespace(), pod.getMetadata().getLabels())) {
            for (Service service : services.byIndex(BY_SELECTOR, key)) {
                if (selector(service).matches(pod.getMetadata().getLabels())) {
                    keys.accept(ObjectKey.of(service));
                }
            }
        }
    }

    /** Whether a pod has anything to contribute: it has an address and has not ended. */
    static boolean contributes(Pod pod) {
        return !Pods.isTerminal(pod) && !addresses(pod).isEmpty();
    }

    static List<String> addresses(Pod pod) {
        List<String> addresses = new ArrayList<>();
        if (pod.getStatus() != null) {
            if (pod.getStatus().getPodIPs() != null) {
                for (PodIP ip : pod.getStatus().getPodIPs()) {
                    addresses.add(ip.getIp());
                }
            }
            if (addresses.isEmpty()
                    && pod.getStatus().getPodIP() != null
                    && !pod.getStatus().getPodIP().isEmpty()) {
                addresses.add(pod.getStatus().getPodIP());
            }
        }
        return addresses;
    }

    static boolean isIpv6(String address) {
        return address.indexOf(':') >= 0;
    }

    /** The host name under which DNS knows the pod within the Service; null if it has none. */
    static @Nullable String hostname(Pod pod, Service service) {
        String hostname = pod.getSpec().getHostname();
        return hostname != null
                        && !hostname.isEmpty()
                        && service.getMetadata().getName().equals(pod.getSpec().getSubdomain())
                ? hostname
                : null;
    }

    static ObjectReference reference(Pod pod) {
        return new ObjectReferenceBuilder()
                .withKind("Pod")
                .withNamespace(pod.getMetadata().getNamespace())
                .withName(pod.getMetadata().getName())
                .withUid(pod.getMetadata().getUid())
                .build();
    }

    /** The number that a Service's port has on a pod; null if the pod has no port of that name. */
    static @Nullable Integer targetPort(Pod pod, ServicePort port) {
        IntOrString target = port.getTargetPort();
        if (target == null) {
            return port.getPort();
        }
        if (target.getIntVal() != null) {
            return target.getIntVal() == 0 ? port.getPort() : target.getIntVal();
        }
        String name = target.getStrVal();
        if (name == null || name.isEmpty()) {
            return port.getPort();
        }
        Integer found = find(pod.getSpec().getContainers(), name, protocol(port));
        if (found == null && pod.getSpec().getInitContainers() != null) {
            found = find(
                    pod.getSpec().getInitContainers().stream()
                            .filter(container -> "Always".equals(container.getRestartPolicy()))
                            .toList(),
                    name,
                    protocol(port));
        }
        return found;
    }

    static String protocol(ServicePort port) {
        return port.getProtocol() == null ? "TCP" : port.getProtocol();
    }

    private static @Nullable Integer find(List<Container> containers, String name, String protocol) {
        for (Container container : containers) {
            for (ContainerPort port : container.getPorts()) {
                String own = port.getProtocol() == null ? "TCP" : port.getProtocol();
                if (name.equals(port.getName()) && own.equals(protocol)) {
                    return port.getContainerPort();
                }
            }
        }
        return null;
    }
}

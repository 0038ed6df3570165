package dev.amphora.kubelet;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerPort;
import io.fabric8.kubernetes.api.model.NodeSelectorRequirement;
import io.fabric8.kubernetes.api.model.NodeSelectorTerm;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.Sysctl;
import java.math.BigDecimal;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Whether a node takes a pod that was bound to it. Looked at once, before the pod's first container: a pure function. */
final class Admission {
    private static final Set<String> SAFE_SYSCTLS = Set.of(
            "kernel.shm_rmid_forced",
            "net.ipv4.ip_local_port_range",
            "net.ipv4.tcp_syncookies",
            "net.ipv4.ping_group_range",
            "net.ipv4.ip_unprivileged_port_start",
            "net.ipv4.ip_local_reserved_ports",
            "net.ipv4.tcp_keepalive_time",
            "net.ipv4.tcp_fin_timeout",
            "net.ipv4.tcp_keepalive_intvl",
            "net.ipv4.tcp_keepalive_probes",
            "net.ipv4.tcp_rmem",
            "net.ipv4.tcp_wmem");

    private static final List<String> COUNTED = List.of("cpu", "memory", "ephemeral-storage");

    private Admission() {}

    /**
     * What a pod takes of its node.
     *
     * @param needs by resource, of those that are counted
     * @param hostPorts with their protocols
     */
    record Share(Map<String, BigDecimal> needs, Set<String> hostPorts) {
        static Share of(Pod pod) {
            Map<String, BigDecimal> needs = new HashMap<>();
            COUNTED.forEach(resource -> needs.put(resource, PodSpecs.needs(pod, resource)));
            return new Share(Map.copyOf(needs), Admission.hostPorts(pod));
        }

        BigDecimal needs(String resource) {
            return needs.getOrDefault(resource, BigDecimal.ZERO);
        }
    }

    /**
     * Why a pod is refused, null if it is not.
     *
     * @param pod the pod
     * @param others what the pods of the node take that have been admitted and have not ended
     * @param nodeName the node's name
     * @param labels the node's labels
     * @param capacity what the node has
     */
    static PodStatuses.@Nullable Waiting refusal(
            Pod pod,
            Collection<Share> others,
            String nodeName,
            Map<String, String> labels,
            Map<String, Quantity> capacity) {
        if (pod.getSpec().getOs() != null
                && pod.getSpec().getOs().getName() != null
                && !pod.getSpec().getOs().getName().equals("linux")) {
            return new PodStatuses.Waiting(
                    "PodOSNotSupported", "Failed to admit pod as the OS field doesn't match node OS");
        }
        if (pod.getSpec().getSecurityContext() != null) {
            for (Sysctl sysctl : pod.getSpec().getSecurityContext().getSysctls()) {
                if (!SAFE_SYSCTLS.contains(sysctl.getName())) {
                    return new PodStatuses.Waiting(
                            "SysctlForbidden", "forbidden sysctl: \"" + sysctl.getName() + "\" not allowlisted");
                }
            }
        }
        Share own = Share.of(pod);
        PodStatuses.Waiting full = resources(own, others, capacity);
        if (full != null) {
            return full;
        }
        if (!matchesNode(pod, nodeName, labels)) {
            return new PodStatuses.Waiting(
                    "NodeAffinity", "Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector");
        }
        if (!own.hostPorts.isEmpty()
                && others.stream().anyMatch(other -> !Collections.disjoint(own.hostPorts, other.hostPorts))) {
            return new PodStatuses.Waiting(
                    "NodePorts",
                    "Predicate NodePorts failed: node(s) didn't have free ports for the requested pod ports");
        }
        return null;
    }

    private static PodStatuses.@Nullable Waiting resources(
            Share own, Collection<Share> others, Map<String, Quantity> capacity) {
        long maxPods = PodSpecs.units(capacity.get("pods"));
        if (capacity.containsKey("pods") && others.size() + 1 > maxPods) {
            return outOf("pods", 1, others.size(), maxPods);
        }
        for (String resource : COUNTED) {
            int scale = resource.equals("cpu") ? 3 : 0;
            BigDecimal wanted = own.needs(resource);
            if (wanted.signum() == 0 || !capacity.containsKey(resource)) {
                continue;
            }
            BigDecimal used = BigDecimal.ZERO;
            for (Share other : others) {
                used = used.add(other.needs(resource));
            }
            BigDecimal all = PodSpecs.amount(capacity.get(resource));
            if (used.add(wanted).compareTo(all) > 0) {
                return outOf(resource, whole(wanted, scale), whole(used, scale), whole(all, scale));
            }
        }
        return null;
    }

    private static long whole(BigDecimal amount, int scale) {
        return amount.movePointRight(scale).longValue();
    }

    private static PodStatuses.Waiting outOf(String resource, long wanted, long used, long capacity) {
        return new PodStatuses.Waiting(
                "OutOf" + resource,
                "Node didn't have enough resource: " + resource + ", requested: " + wanted + ", used: " + used
                        + ", capacity: " + capacity);
    }

    private static Set<String> hostPorts(Pod pod) {
        Set<String> ports = new TreeSet<>();
        Stream.concat(
                        pod.getSpec().getContainers().stream(),
                        pod.getSpec().getInitContainers().stream().filter(PodSpecs::isSidecar))
                .map(Container::getPorts)
                .flatMap(List::stream)
                .filter(port -> port.getHostPort() != null && port.getHostPort() > 0)
                .forEach(port -> ports.add(key(port)));
        return ports;
    }

    private static String key(ContainerPort port) {
        return (port.getProtocol() == null ? "TCP" : port.getProtocol()) + ":" + port.getHostPort();
    }

    private static boolean matchesNode(Pod pod, String nodeName, Map<String, String> labels) {
        Map<String, String> selector = pod.getSpec().getNodeSelector();
        if (selector != null
                && !selector.entrySet().stream()
                        .allMatch(entry -> entry.getValue().equals(labels.get(entry.getKey())))) {
            return false;
        }
        if (pod.getSpec().getAffinity() == null
                || pod.getSpec().getAffinity().getNodeAffinity() == null
                || pod.getSpec().getAffinity().getNodeAffinity().getRequiredDuringSchedulingIgnoredDuringExecution()
                        == null) {
            return true;
        }
        return pod
                .getSpec()
                .getAffinity()
                .getNodeAffinity()
                .getRequiredDuringSchedulingIgnoredDuringExecution()
                .getNodeSelectorTerms()
                .stream()
                .anyMatch(term -> matches(term, nodeName, labels));
    }

    private static boolean matches(NodeSelectorTerm term, String nodeName, Map<String, String> labels) {
        if (term.getMatchExpressions().isEmpty() && term.getMatchFields().isEmpty()) {
            return false;
        }
        return term.getMatchExpressions().stream().allMatch(rule -> matches(rule, labels.get(rule.getKey())))
                && term.getMatchFields().stream().allMatch(rule -> matches(rule, nodeName));
    }

    private static boolean matches(NodeSelectorRequirement rule, @Nullable String value) {
        return switch (rule.getOperator()) {
            case "In" -> value != null && rule.getValues().contains(value);
            case "NotIn" -> value == null || !rule.getValues().contains(value);
            case "Exists" -> value != null;
            case "DoesNotExist" -> value == null;
            case "Gt" -> compare(value, rule.getValues()) > 0;
            case "Lt" -> compare(value, rule.getValues()) < 0;
            default -> false;
        };
    }

    /** How a whole number compares with another; equal if either is none, so that neither operator holds. */
    private static int compare(@Nullable String value, List<String> values) {
        try {
            return value == null || values.size() != 1
                    ? 0
                    : Long.compare(Long.parseLong(value), Long.parseLong(values.get(0)));
        } catch (NumberFormatException e) {
            return 0;
        }
    }
}

package dev.amphora.kubelet;

import dev.amphora.kubelet.ContainerRuntime.ContainerConfig;
import dev.amphora.kubelet.ContainerRuntime.DnsConfig;
import dev.amphora.kubelet.ContainerRuntime.Mount;
import dev.amphora.kubelet.ContainerRuntime.Namespaces;
import dev.amphora.kubelet.ContainerRuntime.PortMapping;
import dev.amphora.kubelet.ContainerRuntime.Resources;
import dev.amphora.kubelet.ContainerRuntime.SandboxConfig;
import dev.amphora.kubelet.ContainerRuntime.Security;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerPort;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodDNSConfigOption;
import io.fabric8.kubernetes.api.model.PodSecurityContext;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.SecurityContext;
import io.fabric8.kubernetes.api.model.VolumeMount;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Turns specs into what the runtime is told. */
final class ContainerConfigs {
    private static final int MAX_HOSTNAME = 63;
    private static final long CPU_PERIOD = 100_000;

    private ContainerConfigs() {}

    static SandboxConfig sandbox(Pod pod, int attempt, KubeletConfig node) {
        PodSpec spec = pod.getSpec();
        Map<String, String> labels = new LinkedHashMap<>();
        if (pod.getMetadata().getLabels() != null) {
            labels.putAll(pod.getMetadata().getLabels());
        }
        labels.putAll(podLabels(pod));
        List<PortMapping> ports = new ArrayList<>();
        for (Container container : spec.getContainers()) {
            for (ContainerPort port : container.getPorts()) {
                if (port.getHostPort() != null && port.getHostPort() > 0 && !PodSpecs.isHostNetwork(pod)) {
                    ports.add(new PortMapping(
                            port.getHostIP() == null ? "" : port.getHostIP(),
                            port.getHostPort(),
                            port.getContainerPort(),
                            port.getProtocol() == null ? "TCP" : port.getProtocol()));
                }
            }
        }
        return new SandboxConfig(
                pod.getMetadata().getNamespace(),
                pod.getMetadata().getName(),
                PodSpecs.uid(pod),
                attempt,
                hostname(pod, node),
                new Namespaces(
                        PodSpecs.isHostNetwork(pod),
                        Boolean.TRUE.equals(spec.getHostPID()),
                        Boolean.TRUE.equals(spec.getHostIPC()),
                        Boolean.TRUE.equals(spec.getShareProcessNamespace())),
                ports,
                labels,
                pod.getMetadata().getAnnotations() == null
                        ? Map.of()
                        : pod.getMetadata().getAnnotations(),
                dns(pod, node));
    }

    static ContainerConfig container(
            Pod pod,
            Container container,
            int attempt,
            String imageId,
            Map<String, String> env,
            List<Mount> mounts,
            @Nullable String pidsOf,
            KubeletConfig node) {
        Map<String, String> labels = new LinkedHashMap<>(podLabels(pod));
        labels.put("io.kubernetes.container.name", container.getName());
        return new ContainerConfig(
                container.getName(),
                attempt,
                PodSpecs.image(container),
                imageId,
                expand(container.getCommand(), env),
                expand(container.getArgs(), env),
                container.getWorkingDir() == null || container.getWorkingDir().isEmpty()
                        ? null
                        : container.getWorkingDir(),
                env.entrySet().stream()
                        .map(variable -> new ContainerRuntime.EnvVar(variable.getKey(), variable.getValue()))
                        .toList(),
                mounts,
                resources(pod, container, node),
                security(pod, container),
                Boolean.TRUE.equals(container.getStdin()),
                Boolean.TRUE.equals(container.getStdinOnce()),
                Boolean.TRUE.equals(container.getTty()),
                pidsOf,
                labels);
    }

    /** A container's mounts of its pod's volumes. */
    static List<Mount> mounts(Container container, Map<String, Path> volumes, Map<String, String> env) {
        List<Mount> mounts = new ArrayList<>();
        for (VolumeMount mount : container.getVolumeMounts()) {
            Path path = volumes.get(mount.getName());
            if (path == null) {
                throw new StartFailure(
                        "CreateContainerConfigError",
                        "cannot find volume \"" + mount.getName() + "\" to mount into container \""
                                + container.getName() + "\"");
            }
            String sub =
                    mount.getSubPathExpr() != null && !mount.getSubPathExpr().isEmpty()
                            ? Environment.expand(mount.getSubPathExpr(), env::get)
                            : mount.getSubPath();
            mounts.add(new Mount(
                    sub == null || sub.isEmpty()
                            ? path.toString()
                            : path.resolve(sub).toString(),
                    mount.getMountPath(),
                    Boolean.TRUE.equals(mount.getReadOnly())));
        }
        return mounts;
    }

    private static Map<String, String> podLabels(Pod pod) {
        Map<String, String> labels = new LinkedHashMap<>();
        labels.put("io.kubernetes.pod.name", pod.getMetadata().getName());
        labels.put("io.kubernetes.pod.namespace", pod.getMetadata().getNamespace());
        labels.put("io.kubernetes.pod.uid", PodSpecs.uid(pod));
        return labels;
    }

    private static String hostname(Pod pod, KubeletConfig node) {
        PodSpec spec = pod.getSpec();
        String name = spec.getHostname() == null || spec.getHostname().isEmpty()
                ? pod.getMetadata().getName()
                : spec.getHostname();
        String shortName = name.length() > MAX_HOSTNAME ? name.substring(0, MAX_HOSTNAME) : name;
        while (shortName.endsWith("-") || shortName.endsWith(".")) {
            shortName = shortName.substring(0, shortName.length() - 1);
        }
        boolean qualified = Boolean.TRUE.equals(spec.getSetHostnameAsFQDN())
                && spec.getSubdomain() != null
                && !spec.getSubdomain().isEmpty();
        return qualified
                ? shortName + "." + spec.getSubdomain() + "."
                        + pod.getMetadata().getNamespace() + ".svc." + node.clusterDomain()
                : shortName;
    }

    private static DnsConfig dns(Pod pod, KubeletConfig node) {
        PodSpec spec = pod.getSpec();
        String policy = spec.getDnsPolicy() == null ? "ClusterFirst" : spec.getDnsPolicy();
        boolean cluster = policy.equals("ClusterFirstWithHostNet")
                || (policy.equals("ClusterFirst") && !PodSpecs.isHostNetwork(pod));
        List<String> servers = new ArrayList<>();
        List<String> searches = new ArrayList<>();
        Map<String, String> options = new LinkedHashMap<>();
        if (cluster && !node.clusterDns().isEmpty()) {
            String services = "svc." + node.clusterDomain();
            servers.addAll(node.clusterDns());
            searches.add(pod.getMetadata().getNamespace() + "." + services);
            searches.add(services);
            searches.add(node.clusterDomain());
            options.put("ndots", "ndots:5");
        }
        if (spec.getDnsConfig() != null) {
            servers.addAll(spec.getDnsConfig().getNameservers());
            searches.addAll(spec.getDnsConfig().getSearches());
            for (PodDNSConfigOption option : spec.getDnsConfig().getOptions()) {
                boolean plain = option.getValue() == null || option.getValue().isEmpty();
                options.put(option.getName(), plain ? option.getName() : option.getName() + ":" + option.getValue());
            }
        }
        return servers.isEmpty() && searches.isEmpty() && options.isEmpty()
                ? DnsConfig.NONE
                : new DnsConfig(servers, searches, List.copyOf(options.values()));
    }

    private static List<String> expand(List<String> words, Map<String, String> env) {
        return words.stream().map(word -> Environment.expand(word, env::get)).toList();
    }

    private static Resources resources(Pod pod, Container container, KubeletConfig node) {
        long cpuRequest = PodSpecs.millis(PodSpecs.requests(container).get("cpu"));
        long cpuLimit = PodSpecs.millis(PodSpecs.limits(container).get("cpu"));
        long memoryLimit = PodSpecs.units(PodSpecs.limits(container).get("memory"));
        long shares = Math.max(2, cpuRequest * 1024 / 1000);
        long quota = cpuLimit == 0 ? 0 : Math.max(1000, cpuLimit * CPU_PERIOD / 1000);
        return new Resources(shares, quota, memoryLimit, oomScore(pod, container, node));
    }

    private static int oomScore(Pod pod, Container container, KubeletConfig node) {
        return switch (PodSpecs.qosClass(pod)) {
            case "Guaranteed" -> -997;
            case "BestEffort" -> 1000;
            default -> {
                BigDecimal capacity = PodSpecs.amount(node.capacity().get("memory"));
                BigDecimal request =
                        PodSpecs.amount(PodSpecs.requests(container).get("memory"));
                double share = capacity.signum() == 0 ? 0 : request.doubleValue() / capacity.doubleValue();
                yield (int) Math.max(3, Math.min(999, 1000 - Math.floor(1000 * share)));
            }
        };
    }

    private static Security security(Pod pod, Container container) {
        PodSecurityContext ofPod = pod.getSpec().getSecurityContext() == null
                ? new PodSecurityContext()
                : pod.getSpec().getSecurityContext();
        SecurityContext own =
                container.getSecurityContext() == null ? new SecurityContext() : container.getSecurityContext();
        Long user = own.getRunAsUser() == null ? ofPod.getRunAsUser() : own.getRunAsUser();
        Boolean nonRoot = own.getRunAsNonRoot() == null ? ofPod.getRunAsNonRoot() : own.getRunAsNonRoot();
        if (Boolean.TRUE.equals(nonRoot) && user != null && user == 0) {
            throw new StartFailure(
                    "CreateContainerConfigError",
                    "container's runAsUser breaks non-root policy (pod: \"" + PodSpecs.fullName(pod) + "\", container: "
                            + container.getName() + ")");
        }
        List<Long> groups = new ArrayList<>(ofPod.getSupplementalGroups());
        if (ofPod.getFsGroup() != null) {
            groups.add(ofPod.getFsGroup());
        }
        return new Security(
                user,
                own.getRunAsGroup() == null ? ofPod.getRunAsGroup() : own.getRunAsGroup(),
                groups,
                Boolean.TRUE.equals(own.getPrivileged()),
                Boolean.TRUE.equals(own.getReadOnlyRootFilesystem()),
                Boolean.FALSE.equals(own.getAllowPrivilegeEscalation()),
                own.getCapabilities() == null
                        ? List.of()
                        : own.getCapabilities().getAdd(),
                own.getCapabilities() == null
                        ? List.of()
                        : own.getCapabilities().getDrop());
    }

    /** Where a container leaves its last words. */
    static String terminationPath(Container container) {
        @Nullable String path = container.getTerminationMessagePath();
        return path == null || path.isEmpty() ? "/dev/termination-log" : path;
    }
}

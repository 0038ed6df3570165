package dev.amphora.runtime.docker;

import com.github.dockerjava.api.command.CreateContainerCmd;
import com.github.dockerjava.api.model.Capability;
import com.github.dockerjava.api.model.ExposedPort;
import com.github.dockerjava.api.model.HealthCheck;
import com.github.dockerjava.api.model.HostConfig;
import com.github.dockerjava.api.model.InternetProtocol;
import com.github.dockerjava.api.model.LogConfig;
import com.github.dockerjava.api.model.Mount;
import com.github.dockerjava.api.model.MountType;
import com.github.dockerjava.api.model.PortBinding;
import com.github.dockerjava.api.model.Ports;
import com.github.dockerjava.api.model.RestartPolicy;
import dev.amphora.kubelet.ContainerRuntime.ContainerConfig;
import dev.amphora.kubelet.ContainerRuntime.DnsConfig;
import dev.amphora.kubelet.ContainerRuntime.PortMapping;
import dev.amphora.kubelet.ContainerRuntime.Resources;
import dev.amphora.kubelet.ContainerRuntime.SandboxConfig;
import dev.amphora.kubelet.ContainerRuntime.Security;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** From the kubelet's terms to the engine's: how sandboxes and containers are made. */
final class ContainerSpec {
    private static final long CPU_PERIOD_MICROS = 100_000;
    private static final int MIN_CPU_SHARES = 2;
    private static final Map<String, String> LOG_LIMITS = Map.of("max-size", "10m", "max-file", "5");

    private ContainerSpec() {}

    /** Describes the container that holds a pod's namespaces. */
    static CreateContainerCmd sandbox(CreateContainerCmd command, SandboxConfig config) {
        HostConfig host = new HostConfig()
                .withCpuShares(MIN_CPU_SHARES)
                .withIpcMode(config.namespaces().hostIpc() ? "host" : "shareable")
                .withSecurityOpts(List.of("no-new-privileges"))
                .withRestartPolicy(RestartPolicy.noRestart())
                .withLogConfig(log());
        if (config.namespaces().hostNetwork()) {
            host.withNetworkMode("host");
        } else {
            List<ExposedPort> exposed = new ArrayList<>();
            List<PortBinding> bindings = new ArrayList<>();
            for (PortMapping mapping : config.ports()) {
                ExposedPort port = new ExposedPort(
                        mapping.containerPort(),
                        InternetProtocol.parse(mapping.protocol().toLowerCase(Locale.ROOT)));
                exposed.add(port);
                bindings.add(new PortBinding(
                        new Ports.Binding(
                                mapping.hostIp().isEmpty() ? null : mapping.hostIp(),
                                String.valueOf(mapping.hostPort())),
                        port));
            }
            host.withPortBindings(bindings);
            command.withExposedPorts(exposed).withHostName(config.hostname());
        }
        DnsConfig dns = config.dns();
        if (!dns.servers().isEmpty()) {
            host.withDns(dns.servers());
        }
        if (!dns.searches().isEmpty()) {
            host.withDnsSearch(dns.searches());
        }
        if (!dns.options().isEmpty()) {
            host.withDnsOptions(dns.options());
        }
        return command.withEntrypoint(SandboxImage.command()).withHostConfig(host);
    }

    /**
     * Describes a pod's container.
     *
     * @param privileged whether the engine can grant privileges, if they are asked for
     * @param oomScore whether the engine can set the score asked for
     */
    static CreateContainerCmd container(
            CreateContainerCmd command,
            String sandboxId,
            ContainerConfig config,
            SandboxConfig sandbox,
            boolean privileged,
            boolean oomScore) {
        String shared = "container:" + sandboxId;
        Security security = config.security();
        HostConfig host = new HostConfig()
                .withNetworkMode(shared)
                .withIpcMode(sandbox.namespaces().hostIpc() ? "host" : shared)
                .withRestartPolicy(RestartPolicy.noRestart())
                .withLogConfig(log())
                .withMounts(mounts(config))
                .withPrivileged(security.privileged() && privileged)
                .withReadonlyRootfs(security.readOnlyRootFilesystem())
                .withCapAdd(capabilities(security.addCapabilities()))
                .withCapDrop(capabilities(security.dropCapabilities()))
                .withGroupAdd(security.supplementalGroups().stream()
                        .map(String::valueOf)
                        .toList());
        if (security.noNewPrivileges()) {
            host.withSecurityOpts(List.of("no-new-privileges"));
        }
        if (config.pidsOf() != null) {
            host.withPidMode("container:" + config.pidsOf());
        } else if (sandbox.namespaces().hostPid()) {
            host.withPidMode("host");
        } else if (sandbox.namespaces().sharedPids()) {
            host.withPidMode(shared);
        }
        limit(host, config.resources(), oomScore);
        command.withHostConfig(host)
                .withEnv(config.env().stream()
                        .map(variable -> variable.name() + "=" + variable.value())
                        .toList())
                .withStdinOpen(config.stdin())
                .withStdInOnce(config.stdinOnce())
                .withTty(config.tty())
                // Health is the kubelet's business.
                .withHealthcheck(new HealthCheck().withTest(List.of("NONE")));
        if (!config.command().isEmpty()) {
            command.withEntrypoint(config.command());
        }
        if (!config.args().isEmpty()) {
            command.withCmd(config.args());
        }
        if (config.workingDir() != null) {
            command.withWorkingDir(config.workingDir());
        }
        if (security.user() != null) {
            command.withUser(
                    security.group() == null
                            ? String.valueOf(security.user())
                            : security.user() + ":" + security.group());
        } else if (security.group() != null) {
            throw new IllegalArgumentException("container " + config.name() + " has a group to run as, but no user");
        }
        return command;
    }

    private static void limit(HostConfig host, Resources resources, boolean oomScore) {
        if (resources.cpuShares() > 0) {
            host.withCpuShares((int) Math.min(Integer.MAX_VALUE, resources.cpuShares()));
        }
        if (resources.cpuQuotaMicros() > 0) {
            host.withCpuPeriod(CPU_PERIOD_MICROS).withCpuQuota(resources.cpuQuotaMicros());
        }
        if (resources.memoryLimitBytes() > 0) {
            // Equal limits mean no swap.
            host.withMemory(resources.memoryLimitBytes()).withMemorySwap(resources.memoryLimitBytes());
        }
        if (oomScore && resources.oomScoreAdj() != 0) {
            host.withOomScoreAdj(resources.oomScoreAdj());
        }
    }

    private static List<Mount> mounts(ContainerConfig config) {
        return config.mounts().stream()
                .map(mount -> new Mount()
                        .withType(MountType.BIND)
                        .withSource(mount.hostPath())
                        .withTarget(mount.containerPath())
                        .withReadOnly(mount.readOnly()))
                .toList();
    }

    private static Capability[] capabilities(List<String> names) {
        return names.stream()
                .map(name -> Capability.valueOf(name.startsWith("CAP_") ? name.substring("CAP_".length()) : name))
                .toArray(Capability[]::new);
    }

    private static LogConfig log() {
        return new LogConfig(LogConfig.LoggingType.JSON_FILE, LOG_LIMITS);
    }
}

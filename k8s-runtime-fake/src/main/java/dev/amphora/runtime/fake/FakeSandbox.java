package dev.amphora.runtime.fake;

import dev.amphora.kubelet.ContainerRuntime.SandboxConfig;
import dev.amphora.kubelet.ContainerRuntime.SandboxStatus;
import java.net.InetAddress;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A sandbox of the fake runtime. Belongs to its runtime's actor. */
final class FakeSandbox {
    final String id;
    final SandboxConfig config;
    final Instant createdAt;
    final Map<String, FakeContainer> containers = new LinkedHashMap<>(2);
    boolean ready = true;

    @Nullable InetAddress ip;

    FakeSandbox(String id, SandboxConfig config, Instant createdAt, InetAddress ip) {
        this.id = id;
        this.config = config;
        this.createdAt = createdAt;
        this.ip = ip;
    }

    SandboxStatus status() {
        return new SandboxStatus(
                id, config.namespace(), config.name(), config.uid(), config.attempt(), ready, createdAt, ip);
    }
}

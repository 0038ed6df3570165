package dev.amphora.runtime.fake;

import dev.amphora.kernel.Actor.Timer;
import dev.amphora.kubelet.ContainerRuntime.ContainerConfig;
import dev.amphora.kubelet.ContainerRuntime.ContainerState;
import dev.amphora.kubelet.ContainerRuntime.ContainerStatus;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A container of the fake runtime. Belongs to its runtime's actor; its log may be read from any thread. */
final class FakeContainer {
    final String id;
    final FakeSandbox sandbox;
    final ContainerConfig config;
    final ContainerBehavior behavior;
    final ContainerBehavior.Run run;
    final Instant createdAt;
    final FakeLog log = new FakeLog();
    final Map<Object, Integer> calls = new HashMap<>(0);
    final List<Runnable> whenEnded = new ArrayList<>(0);
    ContainerState state = ContainerState.CREATED;

    @Nullable Instant startedAt;

    @Nullable Instant finishedAt;
    /** When it ends by itself or by a stop, null for never. */
    @Nullable Instant endsAt;

    int endsWith;
    int exitCode;
    String reason = "";
    String message = "";

    @Nullable Timer timer;

    @Nullable AutoCloseable servers;

    FakeContainer(
            String id,
            FakeSandbox sandbox,
            ContainerConfig config,
            ContainerBehavior behavior,
            ContainerBehavior.Run run,
            Instant createdAt) {
        this.id = id;
        this.sandbox = sandbox;
        this.config = config;
        this.behavior = behavior;
        this.run = run;
        this.createdAt = createdAt;
    }

    /** How often something has been asked before. */
    int nextCall(Object what) {
        return calls.merge(what, 1, Integer::sum) - 1;
    }

    ContainerStatus status() {
        return new ContainerStatus(
                id,
                sandbox.id,
                config.name(),
                config.attempt(),
                config.image(),
                config.imageId(),
                state,
                createdAt,
                startedAt,
                finishedAt,
                exitCode,
                reason,
                message);
    }
}

package dev.amphora.runtime.docker;

import com.github.dockerjava.api.command.InspectContainerResponse;
import com.github.dockerjava.api.command.InspectContainerResponse.ContainerState;
import com.github.dockerjava.api.model.ContainerNetwork;
import dev.amphora.kubelet.ContainerRuntime;
import dev.amphora.kubelet.ContainerRuntime.ContainerStatus;
import dev.amphora.kubelet.ContainerRuntime.SandboxStatus;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Instant;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** From the engine's terms to the kubelet's: what has become of sandboxes and containers. */
final class ContainerReport {
    /** The engine writes this for a time that has not come. */
    private static final Instant NEVER = Instant.parse("0001-01-01T00:00:00Z");

    private static final int KILLED = 137;

    private ContainerReport() {}

    static Map<String, String> labels(InspectContainerResponse container) {
        Map<String, String> labels =
                container.getConfig() == null ? null : container.getConfig().getLabels();
        return labels == null ? Map.of() : labels;
    }

    static SandboxStatus sandbox(InspectContainerResponse container) {
        Map<String, String> labels = labels(container);
        return new SandboxStatus(
                container.getId(),
                labels.getOrDefault(PodLabels.POD_NAMESPACE, ""),
                labels.getOrDefault(PodLabels.POD_NAME, ""),
                labels.getOrDefault(PodLabels.POD_UID, ""),
                attempt(labels),
                Boolean.TRUE.equals(container.getState().getRunning()),
                Objects.requireNonNullElse(time(container.getCreated()), Instant.EPOCH),
                address(container));
    }

    static ContainerStatus container(InspectContainerResponse container) {
        Map<String, String> labels = labels(container);
        ContainerState engine = container.getState();
        Instant createdAt = Objects.requireNonNullElse(time(container.getCreated()), Instant.EPOCH);
        Instant startedAt = time(engine.getStartedAt());
        Instant finishedAt = time(engine.getFinishedAt());
        int exitCode =
                engine.getExitCodeLong() == null ? 0 : engine.getExitCodeLong().intValue();
        String message = engine.getError() == null ? "" : engine.getError();
        boolean failedToStart =
                startedAt == null && (exitCode != 0 || !message.isEmpty()) && !Boolean.TRUE.equals(engine.getRunning());
        ContainerRuntime.ContainerState state =
                failedToStart ? ContainerRuntime.ContainerState.EXITED : state(engine.getStatus());
        String reason = "";
        if (failedToStart) {
            reason = "ContainerCannotRun";
            startedAt = createdAt;
            finishedAt = createdAt;
        } else if (state == ContainerRuntime.ContainerState.EXITED) {
            reason = reason(exitCode, Boolean.TRUE.equals(engine.getOOMKilled()));
        } else {
            finishedAt = null;
        }
        return new ContainerStatus(
                container.getId(),
                labels.getOrDefault(PodLabels.SANDBOX_ID, ""),
                labels.getOrDefault(PodLabels.CONTAINER_NAME, ""),
                attempt(labels),
                labels.getOrDefault(PodLabels.IMAGE, ""),
                labels.getOrDefault(PodLabels.IMAGE_ID, container.getImageId()),
                state,
                createdAt,
                startedAt,
                finishedAt,
                exitCode,
                reason,
                message);
    }

    /** The engine's flag also tells of children that were killed, which the main process may have survived: its code decides. */
    private static String reason(int exitCode, boolean outOfMemory) {
        if (outOfMemory && exitCode == KILLED) {
            return "OOMKilled";
        }
        return exitCode == 0 ? "Completed" : "Error";
    }

    private static ContainerRuntime.ContainerState state(@Nullable String status) {
        return switch (status == null ? "" : status) {
            case "created" -> ContainerRuntime.ContainerState.CREATED;
            case "running", "paused", "restarting" -> ContainerRuntime.ContainerState.RUNNING;
            case "exited", "dead", "removing" -> ContainerRuntime.ContainerState.EXITED;
            default -> ContainerRuntime.ContainerState.UNKNOWN;
        };
    }

    private static @Nullable InetAddress address(InspectContainerResponse container) {
        if (container.getNetworkSettings() == null
                || container.getNetworkSettings().getNetworks() == null) {
            return null;
        }
        for (ContainerNetwork network :
                container.getNetworkSettings().getNetworks().values()) {
            String address = network.getIpAddress();
            if (address != null && !address.isEmpty()) {
                try {
                    return InetAddress.getByName(address);
                } catch (UnknownHostException e) {
                    throw new EngineException("the engine gave the address " + address, e);
                }
            }
        }
        return null;
    }

    private static @Nullable Instant time(@Nullable String text) {
        if (text == null || text.isEmpty()) {
            return null;
        }
        Instant time = Instant.parse(text);
        return time.equals(NEVER) ? null : time;
    }

    private static int attempt(Map<String, String> labels) {
        return Integer.parseInt(labels.getOrDefault(PodLabels.ATTEMPT, "0"));
    }
}

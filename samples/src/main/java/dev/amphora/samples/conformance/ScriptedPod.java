package dev.amphora.samples.conformance;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The status that the scripted kubelet of the recordings gives a pod. */
final class ScriptedPod {
    private static final Map<String, String> PHASES = Map.of(
            "succeed", "Succeeded",
            "fail", "Failed",
            "oom", "Failed",
            "killed", "Failed",
            "pending", "Pending",
            "imagepull", "Pending");
    private static final Map<String, Integer> EXIT_CODES = Map.of("succeed", 0, "fail", 1, "oom", 137, "killed", 143);
    private static final int RESTARTS = 3;

    private final JsonNode pod;
    private final String state;
    private final String now;
    private final String start;
    private final boolean ran;
    private final boolean ready;
    private final boolean finished;
    private final Map<String, JsonNode> conditionsBefore = new HashMap<>();

    /**
     * @param state one of those that {@link #stateOf} gives, or {@code killed}
     * @param now in RFC 3339
     */
    ScriptedPod(JsonNode pod, String state, String now) {
        this.pod = pod;
        this.state = state;
        this.now = now;
        this.start = Trees.at(pod, "status", "startTime").asText(now);
        this.ran = !state.equals("pending") && !state.equals("imagepull");
        this.ready = state.equals("running");
        this.finished = EXIT_CODES.containsKey(state);
        Trees.at(pod, "status", "conditions")
                .forEach(each -> conditionsBefore.put(each.path("type").asText(), each));
    }

    /** What a pod is to become: as its annotation says, or by the conventions for images and commands. */
    static String stateOf(JsonNode pod) {
        String chosen =
                Trees.at(pod, "metadata", "annotations", "kubelet/state").asText();
        if (!chosen.isEmpty()) {
            return chosen;
        }
        JsonNode containers = Trees.at(pod, "spec", "containers");
        for (JsonNode container : containers) {
            String image = container.path("image").asText();
            if (image.contains("badimage")) {
                return "imagepull";
            }
            if (image.contains("unready")) {
                return "unready";
            }
        }
        JsonNode first = containers.path(0);
        List<String> command = new ArrayList<>(Trees.texts(first.path("command")));
        command.addAll(Trees.texts(first.path("args")));
        boolean busybox = first.path("image").asText().split(":", 2)[0].equals("busybox");
        if (command.equals(List.of("true")) || (command.isEmpty() && busybox)) {
            return "succeed";
        }
        return command.equals(List.of("false")) ? "fail" : "running";
    }

    /**
     * The whole status.
     *
     * @param address the pod's own
     */
    ObjectNode status(String address) {
        JsonNode spec = pod.path("spec");
        ObjectNode status = Trees.object()
                .put("phase", PHASES.getOrDefault(state, "Running"))
                .put("startTime", start);
        status.put("hostIP", "127.0.0.1").putArray("hostIPs").addObject().put("ip", "127.0.0.1");
        status.set("observedGeneration", AnswerCheck.orNull(Trees.at(pod, "metadata", "generation")));
        status.set("conditions", conditions());
        status.set("containerStatuses", containers(spec.path("containers"), ""));
        if (!spec.path("initContainers").isEmpty()) {
            status.set("initContainerStatuses", containers(spec.path("initContainers"), "init"));
        }
        if (!spec.path("ephemeralContainers").isEmpty()) {
            status.set("ephemeralContainerStatuses", containers(spec.path("ephemeralContainers"), "ephemeral"));
        }
        if (ran) {
            String ip = spec.path("hostNetwork").asBoolean() ? "127.0.0.1" : address;
            status.put("podIP", ip).putArray("podIPs").addObject().put("ip", ip);
        }
        return status;
    }

    private ArrayNode conditions() {
        List<String> names = new ArrayList<>();
        Trees.at(pod, "spec", "containers")
                .forEach(each -> names.add(each.path("name").asText()));
        String why = state.equals("succeed") ? "PodCompleted" : finished ? "PodFailed" : "ContainersNotReady";
        String said = finished ? null : "containers with unready status: [" + String.join(" ", names) + "]";
        String missingGate = ready ? missingGate() : null;
        ArrayNode conditions = Trees.array();
        conditions.add(condition("PodReadyToStartContainers", ran && !finished, null, null));
        conditions.add(condition(
                "Initialized",
                ran,
                ran ? (state.equals("succeed") ? "PodCompleted" : null) : "ContainersNotInitialized",
                ran ? null : "waiting"));
        conditions.add(
                missingGate == null
                        ? condition("Ready", ready, ready ? null : why, ready ? null : said)
                        : condition("Ready", false, "ReadinessGatesNotReady", missingGate));
        conditions.add(condition("ContainersReady", ready, ready ? null : why, ready ? null : said));
        return conditions;
    }

    /** What is said of the first readiness gate that isn't open; null if all are. */
    private @Nullable String missingGate() {
        for (JsonNode gate : Trees.at(pod, "spec", "readinessGates")) {
            String type = gate.path("conditionType").asText();
            JsonNode condition = conditionsBefore.get(type);
            if (condition == null) {
                return "corresponding condition of pod readiness gate \"" + type + "\" does not exist.";
            }
            String status = condition.path("status").asText();
            if (!status.equals("True")) {
                return "the status of pod readiness gate \"%s\" is not \"True\", but %s".formatted(type, status);
            }
        }
        return null;
    }

    private ObjectNode condition(String type, boolean holds, @Nullable String reason, @Nullable String message) {
        String status = holds ? "True" : "False";
        JsonNode before = conditionsBefore.get(type);
        boolean same = before != null && before.path("status").asText().equals(status);
        ObjectNode condition = Trees.object().put("type", type).put("status", status);
        condition.put("reason", reason).put("message", message).putNull("lastProbeTime");
        condition.set("observedGeneration", AnswerCheck.orNull(Trees.at(pod, "metadata", "generation")));
        return condition.put(
                "lastTransitionTime",
                same && before != null ? before.path("lastTransitionTime").asText() : now);
    }

    private ArrayNode containers(JsonNode containers, String kind) {
        ArrayNode statuses = Trees.array();
        for (JsonNode container : containers) {
            boolean init = kind.equals("init")
                    && !container.path("restartPolicy").asText().equals("Always");
            ObjectNode status = head(container);
            if (init) {
                initialized(container, status);
            } else {
                running(container, status);
            }
            if (kind.equals("ephemeral")) {
                status.put("ready", false).remove("started");
            }
            statuses.add(status);
        }
        return statuses;
    }

    private ObjectNode head(JsonNode container) {
        ObjectNode status = Trees.object();
        status.set("name", container.path("name"));
        status.set("image", container.path("image"));
        status.put("restartCount", 0).put("ready", ready);
        status.put("started", ran && !finished && !state.equals("crashloop")).putObject("lastState");
        return status.put(
                "imageID", ran ? "sha256:" + sha256(container.path("image").asText()) : "");
    }

    private void initialized(JsonNode container, ObjectNode status) {
        status.put("started", false).put("ready", ran);
        if (ran) {
            String id = id(container, 0);
            status.put("containerID", id);
            status.putObject("state").set("terminated", terminated(0, "Completed", start, id));
        } else {
            status.putObject("state").putObject("waiting").put("reason", "PodInitializing");
        }
    }

    private void running(JsonNode container, ObjectNode status) {
        ObjectNode now = status.putObject("state");
        String image = container.path("image").asText();
        if (state.equals("pending")) {
            now.putObject("waiting").put("reason", "ContainerCreating");
        } else if (state.equals("imagepull")) {
            now.putObject("waiting")
                    .put("reason", "ImagePullBackOff")
                    .put("message", "Back-off pulling image \"" + image + "\"");
        } else if (state.equals("crashloop")) {
            String id = id(container, RESTARTS);
            status.put("restartCount", RESTARTS).put("containerID", id);
            status.putObject("lastState").set("terminated", terminated(1, "Error", start, id));
            JsonNode metadata = pod.path("metadata");
            now.putObject("waiting")
                    .put("reason", "CrashLoopBackOff")
                    .put(
                            "message",
                            "back-off 40s restarting failed container=%s pod=%s_%s(%s)"
                                    .formatted(
                                            container.path("name").asText(),
                                            metadata.path("name").asText(),
                                            metadata.path("namespace").asText(),
                                            metadata.path("uid").asText()));
        } else if (finished) {
            String id = id(container, 0);
            status.put("containerID", id);
            String reason = state.equals("succeed") ? "Completed" : state.equals("oom") ? "OOMKilled" : "Error";
            now.set("terminated", terminated(EXIT_CODES.getOrDefault(state, 1), reason, this.now, id));
        } else {
            status.put("containerID", id(container, 0));
            now.putObject("running").put("startedAt", start);
        }
    }

    private ObjectNode terminated(int code, String reason, String end, String id) {
        return Trees.object()
                .put("exitCode", code)
                .put("reason", reason)
                .put("startedAt", start)
                .put("finishedAt", end)
                .put("containerID", id);
    }

    private String id(JsonNode container, int restarts) {
        String uid = Trees.at(pod, "metadata", "uid").asText();
        return "scripted://" + sha256(uid + container.path("name").asText() + restarts);
    }

    private static String sha256(String text) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(digest);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}

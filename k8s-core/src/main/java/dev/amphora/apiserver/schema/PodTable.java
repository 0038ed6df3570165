package dev.amphora.apiserver.schema;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** The row of a pod: its status is put together from its phase, its reason and the states of its containers. */
final class PodTable {
    static final TableLayout LAYOUT =
            TableLayout.of("Ready|Status|Restarts|Age|*IP|*Node|*Nominated Node|*Readiness Gates", (row, pod, now) -> {
                PodTable table = new PodTable(pod);
                table.observe();
                row.add(table.ready + "/" + table.total);
                row.add(table.reason);
                row.add(table.restartText(now));
                row.add(Cells.age(pod, now));
                row.add(Cells.text(pod.path("status").path("podIPs").path(0).path("ip"), podIp(pod)));
                row.add(Cells.text(pod.path("spec").path("nodeName"), Cells.NONE));
                row.add(Cells.text(pod.path("status").path("nominatedNodeName"), Cells.NONE));
                row.add(gates(pod));
            });

    private final JsonNode pod;
    private final JsonNode status;
    private String reason;
    private int total;
    private int ready;
    private long restarts;
    private @Nullable Instant lastRestart;
    /** How many init containers have been looked at: none after the first that holds the pod back. */
    private int looked;

    private PodTable(JsonNode pod) {
        this.pod = pod;
        status = pod.path("status");
        reason = Cells.text(status.path("reason"), status.path("phase").asText());
    }

    /** Says in the row of a pod that has ended that it has. */
    static void addCondition(ObjectNode row, JsonNode pod) {
        String phase = pod.path("status").path("phase").asText();
        boolean failed = phase.equals("Failed");
        if (failed || phase.equals("Succeeded")) {
            row.putArray("conditions")
                    .addObject()
                    .put("type", "Completed")
                    .put("status", "True")
                    .put("reason", phase)
                    .put("message", failed ? "The pod failed." : "The pod has completed successfully.");
        }
    }

    private static String podIp(JsonNode pod) {
        return Cells.text(pod.path("status").path("podIP"), Cells.NONE);
    }

    private static String gates(JsonNode pod) {
        JsonNode gates = pod.path("spec").path("readinessGates");
        if (gates.isEmpty()) {
            return Cells.NONE;
        }
        int met = 0;
        for (JsonNode gate : gates) {
            met += Cells.conditionTrue(pod, gate.path("conditionType").asText()) ? 1 : 0;
        }
        return met + "/" + gates.size();
    }

    private String restartText(Instant now) {
        return restarts == 0 || lastRestart == null
                ? Long.toString(restarts)
                : restarts + " (" + Cells.duration(Duration.between(lastRestart, now)) + " ago)";
    }

    private void observe() {
        total = pod.path("spec").path("containers").size();
        for (JsonNode container : pod.path("spec").path("initContainers")) {
            total += isSidecar(container) ? 1 : 0;
        }
        for (JsonNode condition : status.path("conditions")) {
            if (condition.path("type").asText().equals("PodScheduled")
                    && condition.path("reason").asText().equals("SchedulingGated")) {
                reason = "SchedulingGated";
            }
        }
        boolean initializing = observeInitContainers();
        if (!initializing || Cells.conditionTrue(pod, "Initialized")) {
            observeContainers();
        }
        if (pod.path("metadata").has("deletionTimestamp")) {
            String phase = status.path("phase").asText();
            if (status.path("reason").asText().equals("NodeLost")) {
                reason = "Unknown";
            } else if (!phase.equals("Succeeded") && !phase.equals("Failed")) {
                reason = "Terminating";
            }
        }
    }

    private static boolean isSidecar(JsonNode initContainer) {
        return initContainer.path("restartPolicy").asText().equals("Always");
    }

    private boolean isSidecar(String name) {
        for (JsonNode container : pod.path("spec").path("initContainers")) {
            if (container.path("name").asText().equals(name)) {
                return isSidecar(container);
            }
        }
        return false;
    }

    /** Whether an init container still holds the pod back. */
    private boolean observeInitContainers() {
        JsonNode statuses = status.path("initContainerStatuses");
        int all = pod.path("spec").path("initContainers").size();
        for (int i = 0; i < statuses.size(); i++) {
            JsonNode container = statuses.get(i);
            looked = i + 1;
            countRestarts(container);
            boolean sidecar = isSidecar(container.path("name").asText());
            JsonNode terminated = container.path("state").path("terminated");
            String waiting =
                    container.path("state").path("waiting").path("reason").asText();
            if (terminated.isObject() && terminated.path("exitCode").asInt() == 0) {
                continue;
            }
            if (sidecar && container.path("started").asBoolean()) {
                ready += container.path("ready").asBoolean() ? 1 : 0;
                continue;
            }
            if (terminated.isObject()) {
                reason = "Init:" + ended(terminated);
            } else if (!waiting.isEmpty() && !waiting.equals("PodInitializing")) {
                reason = "Init:" + waiting;
            } else {
                reason = "Init:" + i + "/" + all;
            }
            return true;
        }
        return false;
    }

    private static String ended(JsonNode terminated) {
        String own = terminated.path("reason").asText();
        if (!own.isEmpty()) {
            return own;
        }
        return terminated.path("signal").asInt() != 0
                ? "Signal:" + terminated.path("signal").asInt()
                : "ExitCode:" + terminated.path("exitCode").asInt();
    }

    private void countRestarts(JsonNode container) {
        restarts += container.path("restartCount").asInt();
        JsonNode finished = container.path("lastState").path("terminated").path("finishedAt");
        if (finished.isTextual()) {
            Instant time = Cells.instant(finished);
            lastRestart = lastRestart == null || time.isAfter(lastRestart) ? time : lastRestart;
        }
    }

    private void observeContainers() {
        restarts = 0;
        lastRestart = null;
        for (int i = 0; i < looked; i++) {
            JsonNode container = status.path("initContainerStatuses").path(i);
            if (isSidecar(container.path("name").asText())) {
                countRestarts(container);
            }
        }
        boolean running = false;
        JsonNode statuses = status.path("containerStatuses");
        for (int i = statuses.size() - 1; i >= 0; i--) {
            JsonNode container = statuses.get(i);
            countRestarts(container);
            JsonNode state = container.path("state");
            String waiting = state.path("waiting").path("reason").asText();
            JsonNode terminated = state.path("terminated");
            if (!waiting.isEmpty()) {
                reason = waiting;
            } else if (terminated.isObject()) {
                reason = ended(terminated);
            } else if (container.path("ready").asBoolean()
                    && state.path("running").isObject()) {
                running = true;
                ready++;
            }
        }
        if (reason.equals("Completed") && running) {
            reason = Cells.conditionTrue(pod, "Ready") ? "Running" : "NotReady";
        }
    }
}

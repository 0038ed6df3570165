package dev.amphora.apiserver.schema;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.google.common.base.Ascii;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/** The row of a HorizontalPodAutoscaler of either version: each target beside its current value. */
final class AutoscalerCells {
    private static final int SHOWN = 2;

    private AutoscalerCells() {}

    static void write(ArrayNode row, JsonNode object, Instant now) {
        JsonNode spec = object.path("spec");
        JsonNode target = spec.path("scaleTargetRef");
        row.add(target.path("kind").asText() + "/" + target.path("name").asText());
        row.add(targets(object));
        row.add(Cells.text(spec.path("minReplicas"), Cells.UNSET));
        row.add(spec.path("maxReplicas").asInt());
        row.add(object.path("status").path("currentReplicas").asInt());
        row.add(Cells.age(object, now));
    }

    private static String targets(JsonNode object) {
        List<String> result = new ArrayList<>();
        JsonNode metrics = object.path("spec").path("metrics");
        JsonNode current = object.path("status").path("currentMetrics");
        for (int i = 0; i < metrics.size(); i++) {
            result.add(metric(metrics.get(i), current.path(i)));
        }
        JsonNode cpu = object.path("spec").path("targetCPUUtilizationPercentage");
        if (cpu.isNumber()) {
            JsonNode now = object.path("status").path("currentCPUUtilizationPercentage");
            result.add("cpu: " + (now.isNumber() ? now.asInt() + "%" : Cells.UNKNOWN) + "/" + cpu.asInt() + "%");
        }
        if (result.isEmpty()) {
            return Cells.NONE;
        }
        String shown = String.join(", ", result.subList(0, Math.min(SHOWN, result.size())));
        return result.size() <= SHOWN ? shown : shown + " + " + (result.size() - SHOWN) + " more...";
    }

    private static String metric(JsonNode metric, JsonNode current) {
        String type = metric.path("type").asText();
        String member = type.isEmpty() ? "" : Ascii.toLowerCase(type.substring(0, 1)) + type.substring(1);
        JsonNode wanted = metric.path(member).path("target");
        JsonNode is = current.path(member).path("current");
        String name = metric.path(member).path("name").asText();
        String prefix = name.isEmpty() ? "" : name + ": ";
        if (wanted.path("averageUtilization").isNumber()) {
            JsonNode percent = is.path("averageUtilization");
            return prefix + (percent.isNumber() ? percent.asInt() + "%" : Cells.UNKNOWN) + "/"
                    + wanted.path("averageUtilization").asInt() + "%";
        }
        boolean average = wanted.has("averageValue");
        String field = average ? "averageValue" : "value";
        String suffix = average && (type.equals("External") || type.equals("Object")) ? " (avg)" : "";
        boolean plain = type.equals("Pods") || type.equals("External") || type.equals("Object");
        return (plain ? "" : prefix)
                + Cells.text(is.path(field), Cells.UNKNOWN)
                + "/"
                + wanted.path(field).asText()
                + suffix;
    }
}

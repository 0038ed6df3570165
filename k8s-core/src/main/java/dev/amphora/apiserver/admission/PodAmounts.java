package dev.amphora.apiserver.admission;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.Json;
import dev.amphora.apiserver.schema.Quantities;
import java.math.BigDecimal;
import java.util.Map;
import java.util.TreeMap;

/**
 * What a whole pod asks for: the sum of its containers, or what its initialisation needs if that is more. What the pod itself
 * says comes first.
 */
final class PodAmounts {
    private PodAmounts() {}

    /**
     * The amounts by resource, as quantities.
     *
     * @param list {@code requests} or {@code limits}
     */
    static ObjectNode of(JsonNode spec, String list) {
        TreeMap<String, BigDecimal> total = new TreeMap<>();
        for (JsonNode container : spec.path("containers")) {
            add(total, container.path("resources").path(list));
        }
        TreeMap<String, BigDecimal> sidecars = new TreeMap<>();
        TreeMap<String, BigDecimal> most = new TreeMap<>();
        for (JsonNode container : spec.path("initContainers")) {
            JsonNode amounts = container.path("resources").path(list);
            TreeMap<String, BigDecimal> now = new TreeMap<>(sidecars);
            add(now, amounts);
            if (container.path("restartPolicy").asText("").equals("Always")) {
                add(sidecars, amounts);
                add(total, amounts);
            }
            now.forEach((name, amount) -> most.merge(name, amount, BigDecimal::max));
        }
        most.forEach((name, amount) -> total.merge(name, amount, BigDecimal::max));
        ObjectNode result = Json.object();
        total.forEach((name, amount) -> result.put(name, text(amount)));
        spec.path("resources")
                .path(list)
                .properties()
                .forEach(amount -> result.set(amount.getKey(), amount.getValue()));
        return result;
    }

    private static void add(TreeMap<String, BigDecimal> total, JsonNode amounts) {
        for (Map.Entry<String, JsonNode> amount : amounts.properties()) {
            total.merge(amount.getKey(), Quantities.valueOf(amount.getValue().asText()), BigDecimal::add);
        }
    }

    private static String text(BigDecimal amount) {
        BigDecimal milli = amount.movePointRight(3);
        return amount.stripTrailingZeros().scale() <= 0 ? amount.toBigInteger().toString() : milli.toBigInteger() + "m";
    }
}

package dev.amphora.apiserver.strategy;

import static dev.amphora.apiserver.strategy.Strategies.objects;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.apiserver.schema.DecodeException;
import dev.amphora.apiserver.schema.Quantities;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What a pod asks for as a whole: sums over its containers, and the quality of service that follows. */
final class PodResources {
    private static final BigDecimal KI = BigDecimal.valueOf(1024);

    private PodResources() {}

    /** Fills in the requests of a pod that names limits for all its containers together. */
    static void setDefaults(ObjectNode spec, ObjectNode resources) {
        if (resources.path("limits").isEmpty() && resources.path("requests").isEmpty()) {
            return;
        }
        ObjectNode requests = Strategies.child(resources, "requests");
        effectiveRequests(spec).forEach((name, amount) -> {
            if (isSupported(name) && !requests.has(name)) {
                requests.put(name, amount);
            }
        });
        for (Map.Entry<String, JsonNode> limit : resources.path("limits").properties()) {
            if (isSupported(limit.getKey()) && !requests.has(limit.getKey())) {
                requests.set(limit.getKey(), limit.getValue());
            }
        }
        if (requests.isEmpty()) {
            resources.remove("requests");
        }
    }

    /** Whether an amount may be given for a pod as a whole. */
    static boolean isSupported(String resource) {
        return resource.equals("cpu") || resource.equals("memory") || resource.startsWith("hugepages-");
    }

    /** What all containers ask for: those that run at once summed up, or one init container if that is more. */
    private static Map<String, String> effectiveRequests(ObjectNode spec) {
        Map<String, String> running = new LinkedHashMap<>();
        for (ObjectNode container : objects(spec.path("containers"))) {
            add(running, container.path("resources").path("requests"));
        }
        Map<String, String> sidecars = new LinkedHashMap<>();
        Map<String, String> starting = new LinkedHashMap<>();
        for (ObjectNode container : objects(spec.path("initContainers"))) {
            JsonNode own = container.path("resources").path("requests");
            if (container.path("restartPolicy").asText().equals("Always")) {
                add(running, own);
                add(sidecars, own);
                atLeast(starting, sidecars);
            } else {
                Map<String, String> beside = new LinkedHashMap<>(sidecars);
                add(beside, own);
                atLeast(starting, beside);
            }
        }
        atLeast(running, starting);
        return running;
    }

    private static void add(Map<String, String> sums, JsonNode amounts) {
        for (Map.Entry<String, JsonNode> amount : amounts.properties()) {
            sums.merge(amount.getKey(), amount.getValue().asText(), PodResources::sum);
        }
    }

    private static void atLeast(Map<String, String> amounts, Map<String, String> others) {
        others.forEach((name, other) ->
                amounts.merge(name, other, (one, two) -> value(one).compareTo(value(two)) >= 0 ? one : two));
    }

    /** The sum, spelt in the way of the first. */
    private static String sum(String one, String other) {
        BigDecimal sum = value(one).add(value(other));
        boolean binary = one.endsWith("i");
        if (binary && sum.remainder(KI).signum() == 0) {
            return Quantities.normalize(sum.divide(KI).toBigInteger() + "Ki");
        }
        BigInteger milli = sum.movePointRight(3).toBigInteger();
        return Quantities.normalize(milli + "m");
    }

    /** The number that an amount is; zero for what is none. */
    static BigDecimal value(String amount) {
        try {
            return Quantities.valueOf(amount);
        } catch (DecodeException e) {
            return BigDecimal.ZERO;
        }
    }

    /** {@code Guaranteed} if all has limits and asks for as much, {@code BestEffort} if nothing is named, else {@code Burstable}. */
    static String qualityOfService(JsonNode spec) {
        JsonNode whole = spec.path("resources");
        if (!whole.path("requests").isEmpty() || !whole.path("limits").isEmpty()) {
            return isBestEffort(whole) ? "BestEffort" : isGuaranteed(whole) ? "Guaranteed" : "Burstable";
        }
        boolean bestEffort = true;
        boolean guaranteed = true;
        for (String list : List.of("containers", "initContainers")) {
            for (JsonNode container : spec.path(list)) {
                bestEffort &= isBestEffort(container.path("resources"));
                guaranteed &= isGuaranteed(container.path("resources"));
            }
        }
        return bestEffort ? "BestEffort" : guaranteed ? "Guaranteed" : "Burstable";
    }

    private static boolean isBestEffort(JsonNode resources) {
        for (String list : List.of("requests", "limits")) {
            for (String resource : List.of("cpu", "memory")) {
                if (value(resources.path(list).path(resource).asText("0")).signum() > 0) {
                    return false;
                }
            }
        }
        return true;
    }

    private static boolean isGuaranteed(JsonNode resources) {
        for (String resource : List.of("cpu", "memory")) {
            BigDecimal limit = value(resources.path("limits").path(resource).asText("0"));
            BigDecimal request = value(resources.path("requests").path(resource).asText("0"));
            if (limit.signum() <= 0 || limit.compareTo(request) != 0) {
                return false;
            }
        }
        return true;
    }
}

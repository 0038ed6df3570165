package dev.amphora.api;

import com.fasterxml.jackson.databind.JsonNode;
import java.math.BigDecimal;
import java.util.Collection;
import java.util.Map;
import java.util.TreeMap;

/** What an object takes of a ResourceQuota, and which quotas it counts for. */
public final class QuotaUsage {
    private static final Map<String, String> LEGACY = Map.of(
            "pods", "pods",
            "services", "services",
            "configmaps", "configmaps",
            "secrets", "secrets",
            "persistentvolumeclaims", "persistentvolumeclaims",
            "replicationcontrollers", "replicationcontrollers",
            "resourcequotas", "resourcequotas");

    private QuotaUsage() {}

    /**
     * What an object takes, by the quota's resource names.
     *
     * @param group empty for core
     * @param resource the plural
     */
    public static Map<String, Amount> of(String group, String resource, JsonNode object) {
        Map<String, Amount> usage = new TreeMap<>();
        String qualified = group.isEmpty() ? resource : resource + "." + group;
        usage.put("count/" + qualified, Amount.ONE);
        if (!group.isEmpty()) {
            return usage;
        }
        boolean ended = resource.equals("pods") && isEnded(object);
        String legacy = LEGACY.get(resource);
        if (legacy != null && !ended) {
            usage.put(legacy, Amount.ONE);
        }
        switch (resource) {
            case "pods" -> {
                if (!ended) {
                    pod(usage, object.path("spec"));
                }
            }
            case "services" -> service(usage, object.path("spec"));
            case "persistentvolumeclaims" -> claim(usage, object.path("spec"));
            default -> {}
        }
        return usage;
    }

    /** Whether a pod has ended, so that it takes nothing but its place in the store. */
    public static boolean isEnded(JsonNode pod) {
        String phase = pod.path("status").path("phase").asText();
        return phase.equals("Succeeded") || phase.equals("Failed");
    }

    private static void pod(Map<String, Amount> usage, JsonNode spec) {
        total(spec, "requests").forEach((name, amount) -> {
            usage.put("requests." + name, amount);
            if (name.equals("cpu") || name.equals("memory") || name.equals("ephemeral-storage")) {
                usage.put(name, amount);
            }
        });
        total(spec, "limits").forEach((name, amount) -> usage.put("limits." + name, amount));
    }

    /** The requests or limits of a pod: the sum of its containers, or what its init containers need if that is more. */
    public static Map<String, Amount> total(JsonNode spec, String what) {
        Map<String, Amount> sum = new TreeMap<>();
        for (JsonNode container : spec.path("containers")) {
            amounts(container, what).forEach((name, amount) -> sum.merge(name, amount, Amount::plus));
        }
        Map<String, Amount> sidecars = new TreeMap<>();
        Map<String, Amount> most = new TreeMap<>();
        for (JsonNode container : spec.path("initContainers")) {
            Map<String, Amount> own = amounts(container, what);
            if (container.path("restartPolicy").asText().equals("Always")) {
                own.forEach((name, amount) -> sidecars.merge(name, amount, Amount::plus));
                own.forEach((name, amount) -> sum.merge(name, amount, Amount::plus));
                sidecars.forEach((name, amount) -> most.merge(name, amount, Amount::max));
            } else {
                Map<String, Amount> now = new TreeMap<>(sidecars);
                own.forEach((name, amount) -> now.merge(name, amount, Amount::plus));
                now.forEach((name, amount) -> most.merge(name, amount, Amount::max));
            }
        }
        most.forEach((name, amount) -> sum.merge(name, amount, Amount::max));
        JsonNode whole = spec.path("resources").path(what);
        whole.fields()
                .forEachRemaining(entry ->
                        sum.put(entry.getKey(), Amount.parse(entry.getValue().asText())));
        spec.path("overhead").fields().forEachRemaining(entry -> {
            if (what.equals("requests") || sum.containsKey(entry.getKey())) {
                sum.merge(entry.getKey(), Amount.parse(entry.getValue().asText()), Amount::plus);
            }
        });
        return sum;
    }

    private static Map<String, Amount> amounts(JsonNode container, String what) {
        Map<String, Amount> amounts = new TreeMap<>();
        container
                .path("resources")
                .path(what)
                .fields()
                .forEachRemaining(entry -> amounts.put(
                        entry.getKey(), Amount.parse(entry.getValue().asText())));
        return amounts;
    }

    private static void service(Map<String, Amount> usage, JsonNode spec) {
        String type = spec.path("type").asText();
        int ports = spec.path("ports").size();
        boolean balanced = type.equals("LoadBalancer");
        usage.put("services.loadbalancers", balanced ? Amount.ONE : Amount.ZERO);
        boolean nodePorts = type.equals("NodePort")
                || (balanced && spec.path("allocateLoadBalancerNodePorts").asBoolean(true));
        usage.put("services.nodeports", new Amount(BigDecimal.valueOf(nodePorts ? ports : 0), false));
    }

    private static void claim(Map<String, Amount> usage, JsonNode spec) {
        String storageClass = spec.path("storageClassName").asText();
        JsonNode asked = spec.path("resources").path("requests").path("storage");
        if (!asked.isMissingNode()) {
            usage.put("requests.storage", Amount.parse(asked.asText()));
        }
        if (!storageClass.isEmpty()) {
            String prefix = storageClass + ".storageclass.storage.k8s.io/";
            usage.put(prefix + "persistentvolumeclaims", Amount.ONE);
            if (!asked.isMissingNode()) {
                usage.put(prefix + "requests.storage", Amount.parse(asked.asText()));
            }
        }
    }

    /**
     * Whether a quota counts an object.
     *
     * @param spec of the quota
     * @param resource the plural of a core resource, or of another group's
     */
    public static boolean counts(JsonNode spec, String group, String resource, JsonNode object) {
        boolean pod = group.isEmpty() && resource.equals("pods");
        for (JsonNode scope : spec.path("scopes")) {
            if (!pod || !inScope(scope.asText(), object)) {
                return false;
            }
        }
        for (JsonNode term : spec.path("scopeSelector").path("matchExpressions")) {
            if (!pod || !matches(term, object)) {
                return false;
            }
        }
        return true;
    }

    private static boolean matches(JsonNode term, JsonNode pod) {
        String scope = term.path("scopeName").asText();
        if (!scope.equals("PriorityClass")) {
            return inScope(scope, pod) != term.path("operator").asText().equals("DoesNotExist");
        }
        String own = pod.path("spec").path("priorityClassName").asText();
        boolean listed = false;
        for (JsonNode value : term.path("values")) {
            listed |= value.asText().equals(own);
        }
        return switch (term.path("operator").asText()) {
            case "In" -> listed;
            case "NotIn" -> !listed;
            case "Exists" -> !own.isEmpty();
            default -> own.isEmpty();
        };
    }

    private static boolean inScope(String scope, JsonNode pod) {
        JsonNode spec = pod.path("spec");
        return switch (scope) {
            case "Terminating" -> spec.hasNonNull("activeDeadlineSeconds");
            case "NotTerminating" -> !spec.hasNonNull("activeDeadlineSeconds");
            case "BestEffort" -> isBestEffort(spec);
            case "NotBestEffort" -> !isBestEffort(spec);
            case "PriorityClass" -> !spec.path("priorityClassName").asText().isEmpty();
            case "CrossNamespacePodAffinity" -> false;
            default -> true;
        };
    }

    private static boolean isBestEffort(JsonNode spec) {
        for (String what : new String[] {"requests", "limits"}) {
            Map<String, Amount> total = total(spec, what);
            if (isPositive(total, "cpu") || isPositive(total, "memory")) {
                return false;
            }
        }
        return true;
    }

    private static boolean isPositive(Map<String, Amount> total, String name) {
        Amount amount = total.get(name);
        return amount != null && amount.value().signum() > 0;
    }

    /** The amounts of some names only. */
    public static Map<String, Amount> masked(Map<String, Amount> amounts, Collection<String> names) {
        Map<String, Amount> masked = new TreeMap<>(amounts);
        masked.keySet().retainAll(names);
        return masked;
    }
}

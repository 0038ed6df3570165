package dev.amphora.api;

import com.fasterxml.jackson.databind.JsonNode;
import java.math.BigDecimal;
import java.util.Collection;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

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

    private static final String VOLUME_CLASS = "VolumeAttributesClass";
    /** How many devices a claim for all of them may get. */
    private static final int MOST_DEVICES = 32;

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
        if (qualified.equals("resourceclaims.resource.k8s.io")) {
            devices(usage, object.path("spec").path("devices").path("requests"));
        }
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
            case "persistentvolumeclaims" -> claim(usage, object);
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
            if (name.equals("cpu")
                    || name.equals("memory")
                    || name.equals("ephemeral-storage")
                    || name.startsWith("hugepages-")) {
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
        if (balanced && !spec.path("allocateLoadBalancerNodePorts").asBoolean(true)) {
            ports = 0;
            for (JsonNode port : spec.path("ports")) {
                ports += port.path("nodePort").asInt() == 0 ? 0 : 1;
            }
        }
        usage.put("services.nodeports", amount(balanced || type.equals("NodePort") ? ports : 0));
    }

    private static Amount amount(long number) {
        return new Amount(BigDecimal.valueOf(number), false);
    }

    /** The devices that a claim may get, by their class; of alternatives the most. */
    private static void devices(Map<String, Amount> usage, JsonNode requests) {
        for (JsonNode request : requests) {
            Map<String, Long> most = new TreeMap<>();
            for (JsonNode each : request.path("firstAvailable")) {
                most.merge(each.path("deviceClassName").asText(), number(each), Math::max);
            }
            if (most.isEmpty()) {
                JsonNode exactly = request.path("exactly");
                most.put(exactly.path("deviceClassName").asText(), number(exactly));
            }
            most.forEach((name, number) ->
                    usage.merge(name + ".deviceclass.resource.k8s.io/devices", amount(number), Amount::plus));
        }
    }

    private static long number(JsonNode request) {
        return request.path("allocationMode").asText().equals("All")
                ? MOST_DEVICES
                : request.path("count").asLong(1);
    }

    private static void claim(Map<String, Amount> usage, JsonNode claim) {
        JsonNode spec = claim.path("spec");
        String storageClass = claim.path("metadata")
                .path("annotations")
                .path("volume.beta.kubernetes.io/storage-class")
                .asText(spec.path("storageClassName").asText());
        JsonNode asked = spec.path("resources").path("requests").path("storage");
        JsonNode allocated = claim.path("status").path("allocatedResources").path("storage");
        if (!asked.isMissingNode()) {
            Amount wanted = Amount.parse(asked.asText());
            usage.put(
                    "requests.storage",
                    allocated.isMissingNode() ? wanted : wanted.max(Amount.parse(allocated.asText())));
        }
        if (!storageClass.isEmpty()) {
            String prefix = storageClass + ".storageclass.storage.k8s.io/";
            usage.put(prefix + "persistentvolumeclaims", Amount.ONE);
            Amount storage = usage.get("requests.storage");
            if (storage != null) {
                usage.put(prefix + "requests.storage", storage);
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
        boolean claim = group.isEmpty() && resource.equals("persistentvolumeclaims");
        for (JsonNode scope : spec.path("scopes")) {
            if (!(claim
                    ? scope.asText().equals(VOLUME_CLASS)
                            && !volumeClasses(object).isEmpty()
                    : pod && inScope(scope.asText(), object))) {
                return false;
            }
        }
        for (JsonNode term : spec.path("scopeSelector").path("matchExpressions")) {
            if (!(claim ? matchesVolumeClass(term, volumeClasses(object)) : pod && matches(term, object))) {
                return false;
            }
        }
        return true;
    }

    /** The attribute classes that a claim has, or is to have. */
    private static Set<String> volumeClasses(JsonNode claim) {
        Set<String> classes = new TreeSet<>();
        JsonNode status = claim.path("status");
        classes.add(claim.path("spec").path("volumeAttributesClassName").asText(""));
        classes.add(status.path("currentVolumeAttributesClassName").asText(""));
        classes.add(status.path("modifyVolumeStatus")
                .path("targetVolumeAttributesClassName")
                .asText(""));
        classes.remove("");
        return classes;
    }

    private static boolean matchesVolumeClass(JsonNode term, Set<String> classes) {
        if (!term.path("scopeName").asText().equals(VOLUME_CLASS)) {
            return false;
        }
        boolean listed = false;
        for (JsonNode value : term.path("values")) {
            listed |= classes.contains(value.asText());
        }
        return switch (term.path("operator").asText()) {
            case "In" -> listed;
            case "NotIn" -> !listed;
            case "Exists" -> !classes.isEmpty();
            default -> classes.isEmpty();
        };
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
            case "CrossNamespacePodAffinity" -> looksElsewhere(spec.path("affinity"));
            default -> false;
        };
    }

    /** Whether a pod's place depends on pods of other namespaces. */
    private static boolean looksElsewhere(JsonNode affinity) {
        for (String kind : new String[] {"podAffinity", "podAntiAffinity"}) {
            JsonNode terms = affinity.path(kind);
            for (JsonNode term : terms.path("requiredDuringSchedulingIgnoredDuringExecution")) {
                if (namesNamespaces(term)) {
                    return true;
                }
            }
            for (JsonNode term : terms.path("preferredDuringSchedulingIgnoredDuringExecution")) {
                if (namesNamespaces(term.path("podAffinityTerm"))) {
                    return true;
                }
            }
        }
        return false;
    }

    private static boolean namesNamespaces(JsonNode term) {
        return !term.path("namespaces").isEmpty() || term.hasNonNull("namespaceSelector");
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

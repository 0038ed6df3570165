package dev.amphora.apiserver.admission;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.Amount;
import dev.amphora.api.Json;
import dev.amphora.api.QuotaUsage;
import dev.amphora.api.StatusException;
import dev.amphora.apiserver.access.ObjectReader;
import dev.amphora.apiserver.admission.AdmissionRequest.Operation;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Refuses what would take more than a namespace's ResourceQuotas allow, and charges what it lets pass. Only the {@code hard} of a
 * quota's status counts, which a controller fills: without one, a quota enforces nothing.
 */
final class ResourceQuotaPlugin implements AdmissionPlugin {
    private static final Set<String> COMPUTE =
            Set.of("cpu", "memory", "requests.cpu", "requests.memory", "limits.cpu", "limits.memory");
    private static final Set<String> CHARGED_ON_UPDATE =
            Set.of("/pods", "/services", "/persistentvolumeclaims", "resource.k8s.io/resourceclaims");
    private static final int ATTEMPTS = 20;
    private static final int TURNS = 64;

    private final Object[] turns = new Object[TURNS];
    private final JsonNode limited;
    private final ObjectReader objects;
    private final QuotaStatus status;

    /**
     * The plugin.
     *
     * @param configuration a {@code ResourceQuotaConfiguration}, or nothing
     */
    ResourceQuotaPlugin(ObjectReader objects, QuotaStatus status, JsonNode configuration) {
        limited = configuration.path("limitedResources");
        this.objects = objects;
        this.status = status;
        Arrays.setAll(turns, index -> new Object());
    }

    @Override
    public String name() {
        return "ResourceQuota";
    }

    @Override
    public void validate(AdmissionRequest request) {
        ObjectNode object = request.object();
        if (object == null
                || request.namespace().isEmpty()
                || request.isFor("", "namespaces")
                || !request.subresource().isEmpty() && !isResize(request)) {
            return;
        }
        ObjectNode old = request.operation() == Operation.UPDATE ? request.old() : null;
        if (request.operation() == Operation.DELETE
                || (request.operation() == Operation.UPDATE
                        && (old == null || !CHARGED_ON_UPDATE.contains(request.group() + "/" + request.resource())))) {
            return;
        }
        List<ObjectNode> quotas = objects.list("", "resourcequotas", request.namespace());
        if (quotas.isEmpty() && limited.isEmpty()) {
            return;
        }
        Map<String, Amount> more = QuotaUsage.of(request.group(), request.resource(), object);
        if (old != null) {
            QuotaUsage.of(request.group(), request.resource(), old)
                    .forEach((name, before) ->
                            more.merge(name, Amount.ZERO.minus(before), (now, negative) -> now.plus(negative)));
            more.values().removeIf(amount -> amount.value().signum() <= 0);
        }
        List<ObjectNode> sorted = new ArrayList<>(quotas);
        sorted.sort(Comparator.comparing(
                quota -> quota.path("metadata").path("name").asText()));
        sorted.removeIf(quota -> !QuotaUsage.counts(quota.path("spec"), request.group(), request.resource(), object));
        for (ObjectNode quota : sorted) {
            require(request, quota, object, more);
        }
        requireQuota(request, sorted, object, more);
        for (ObjectNode quota : sorted) {
            check(request, quota, more);
        }
        if (request.dryRun() || sorted.isEmpty()) {
            return;
        }
        // Whoever is quicker than others by one write only makes them begin anew.
        synchronized (turns[Math.floorMod(request.namespace().hashCode(), turns.length)]) {
            for (ObjectNode quota : sorted) {
                charge(request, quota, more);
            }
        }
    }

    private static boolean isResize(AdmissionRequest request) {
        return request.group().isEmpty()
                && request.resource().equals("pods")
                && request.subresource().equals("resize");
    }

    /** Refuses what doesn't say how much it takes of something that is limited, or what nobody has counted yet. */
    private static void require(
            AdmissionRequest request, ObjectNode quota, ObjectNode object, Map<String, Amount> more) {
        Map<String, Amount> hard = amounts(quota.path("status").path("hard"));
        String name = quota.path("metadata").path("name").asText();
        boolean pod = request.group().isEmpty() && request.resource().equals("pods");
        if (pod && request.operation() == Operation.CREATE) {
            requireResources(request, name, hard, object.path("spec"));
        }
        JsonNode used = quota.path("status").path("used");
        List<String> limited = new ArrayList<>();
        boolean unknown = false;
        for (String resource : hard.keySet()) {
            if (more.containsKey(resource) || pod && ofPods(resource)) {
                limited.add(resource);
                unknown |= !used.has(resource);
            }
        }
        if (unknown) {
            throw request.refusal(
                    "status unknown for quota: %s, resources: %s".formatted(name, String.join(",", limited)));
        }
    }

    /** Refuses what may be had by a quota only, if there is none for it. */
    private void requireQuota(
            AdmissionRequest request, List<ObjectNode> quotas, ObjectNode object, Map<String, Amount> more) {
        Set<String> wanting = new TreeSet<>();
        for (JsonNode each : limited) {
            boolean meant = each.path("apiGroup").asText("").equals(request.group())
                    && each.path("resource").asText("").equals(request.resource());
            if (!meant) {
                continue;
            }
            for (JsonNode part : each.path("matchContains")) {
                more.keySet().stream()
                        .filter(name -> name.contains(part.asText()))
                        .forEach(wanting::add);
            }
            for (JsonNode term : each.path("matchScopes")) {
                ObjectNode spec = Json.object();
                spec.putObject("scopeSelector").putArray("matchExpressions").add(term);
                boolean covered = quotas.stream().anyMatch(quota -> mentions(quota, term));
                if (QuotaUsage.counts(spec, request.group(), request.resource(), object) && !covered) {
                    throw request.refusal("insufficient quota to match these scopes: [%s]".formatted(shown(term)));
                }
            }
        }
        for (ObjectNode quota : quotas) {
            quota.path("status").path("hard").fieldNames().forEachRemaining(wanting::remove);
        }
        if (!wanting.isEmpty()) {
            throw request.refusal("insufficient quota to consume: " + String.join(",", wanting));
        }
    }

    private static boolean mentions(ObjectNode quota, JsonNode term) {
        String scope = term.path("scopeName").asText();
        for (JsonNode each : quota.path("spec").path("scopes")) {
            if (each.asText().equals(scope)) {
                return true;
            }
        }
        for (JsonNode each : quota.path("spec").path("scopeSelector").path("matchExpressions")) {
            if (each.path("scopeName").asText().equals(scope)) {
                return true;
            }
        }
        return false;
    }

    private static String shown(JsonNode term) {
        List<String> values = new ArrayList<>();
        term.path("values").forEach(each -> values.add(each.asText()));
        return "{%s %s [%s]}"
                .formatted(
                        term.path("scopeName").asText(), term.path("operator").asText(), String.join(" ", values));
    }

    private static boolean ofPods(String resource) {
        return COMPUTE.contains(resource)
                || resource.contains("ephemeral-storage")
                || resource.startsWith("hugepages-")
                || resource.startsWith("requests.") && !resource.equals("requests.storage");
    }

    private void charge(AdmissionRequest request, ObjectNode seen, Map<String, Amount> more) {
        ObjectNode quota = seen;
        for (int attempt = 0; ; attempt++) {
            Optional<ObjectNode> charged = check(request, quota, more);
            if (charged.isEmpty()) {
                return;
            }
            try {
                status.write(charged.get());
                return;
            } catch (StatusException e) {
                if (!e.isConflict() || attempt == ATTEMPTS) {
                    throw e;
                }
            }
            Optional<ObjectNode> fresh = objects.get(
                    "",
                    "resourcequotas",
                    request.namespace(),
                    quota.path("metadata").path("name").asText());
            if (fresh.isEmpty()) {
                return;
            }
            quota = fresh.get();
        }
    }

    /** The quota with what would be used then; empty if that is no more than now. */
    private static Optional<ObjectNode> check(AdmissionRequest request, ObjectNode quota, Map<String, Amount> more) {
        ObjectNode object = request.object();
        if (object == null || !QuotaUsage.counts(quota.path("spec"), request.group(), request.resource(), object)) {
            return Optional.empty();
        }
        Map<String, Amount> hard = amounts(quota.path("status").path("hard"));
        Map<String, Amount> asked = QuotaUsage.masked(more, hard.keySet());
        String name = quota.path("metadata").path("name").asText();
        if (asked.isEmpty()) {
            return Optional.empty();
        }
        Map<String, Amount> used = amounts(quota.path("status").path("used"));
        Map<String, Amount> then = new TreeMap<>();
        List<String> exceeded = new ArrayList<>();
        asked.forEach((resource, amount) -> {
            Amount sum = used.getOrDefault(resource, Amount.ZERO).plus(amount);
            then.put(resource, sum);
            if (amount.value().signum() > 0 && sum.compareTo(hard.getOrDefault(resource, Amount.ZERO)) > 0) {
                exceeded.add(resource);
            }
        });
        if (!exceeded.isEmpty()) {
            throw StatusException.forbidden(
                    request.group(),
                    request.resource(),
                    request.name(),
                    "exceeded quota: %s, requested: %s, used: %s, limited: %s"
                            .formatted(name, text(asked, exceeded), text(used, exceeded), text(hard, exceeded)));
        }
        if (then.entrySet().stream()
                .allMatch(entry -> entry.getValue().compareTo(used.getOrDefault(entry.getKey(), Amount.ZERO)) == 0)) {
            return Optional.empty();
        }
        ObjectNode charged = quota.deepCopy();
        ObjectNode total = charged.withObject("/status").withObject("/used");
        then.forEach((resource, amount) -> total.put(resource, amount.toString()));
        return Optional.of(charged);
    }

    private static void requireResources(
            AdmissionRequest request, String quota, Map<String, Amount> hard, JsonNode spec) {
        Map<String, List<String>> missing = new TreeMap<>();
        for (String resource : hard.keySet()) {
            if (!COMPUTE.contains(resource)) {
                continue;
            }
            String what = resource.startsWith("limits.") ? "limits" : "requests";
            String plain = resource.substring(resource.indexOf('.') + 1);
            if (spec.path("resources").path(what).has(plain)) {
                continue;
            }
            for (String list : List.of("containers", "initContainers")) {
                for (JsonNode container : spec.path(list)) {
                    if (!container.path("resources").path(what).has(plain)) {
                        missing.computeIfAbsent(resource, key -> new ArrayList<>())
                                .add(container.path("name").asText());
                    }
                }
            }
        }
        if (!missing.isEmpty()) {
            List<String> texts = new ArrayList<>();
            missing.forEach((resource, containers) -> texts.add(resource + " for: " + String.join(",", containers)));
            throw StatusException.forbidden(
                    request.group(),
                    request.resource(),
                    request.name(),
                    "failed quota: %s: must specify %s".formatted(quota, String.join("; ", texts)));
        }
    }

    private static Map<String, Amount> amounts(JsonNode node) {
        Map<String, Amount> amounts = new TreeMap<>();
        node.fields()
                .forEachRemaining(entry -> amounts.put(
                        entry.getKey(), Amount.parse(entry.getValue().asText())));
        return amounts;
    }

    private static String text(Map<String, Amount> amounts, List<String> names) {
        List<String> texts = new ArrayList<>();
        for (String name : names) {
            texts.add(name + "=" + amounts.getOrDefault(name, Amount.ZERO));
        }
        return String.join(",", texts);
    }
}

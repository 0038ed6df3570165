package dev.amphora.apiserver.admission;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.FieldError;
import dev.amphora.api.StatusException;
import dev.amphora.apiserver.access.ObjectReader;
import dev.amphora.apiserver.admission.AdmissionRequest.Operation;
import dev.amphora.apiserver.schema.Quantities;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeSet;

/** Fills in the limits and requests that a namespace's limit ranges set by default, and refuses what lies outside of them. */
final class LimitRanger implements AdmissionPlugin {
    private static final String ANNOTATION = "kubernetes.io/limit-ranger";

    private final ObjectReader objects;

    LimitRanger(ObjectReader objects) {
        this.objects = objects;
    }

    @Override
    public String name() {
        return "LimitRanger";
    }

    // Defaults

    @Override
    public void mutate(AdmissionRequest request) {
        ObjectNode pod = request.object();
        if (pod == null || !isForPods(request) || isGoing(request)) {
            return;
        }
        for (ObjectNode range : objects.list("", "limitranges", request.namespace())) {
            List<String> set = new ArrayList<>();
            for (JsonNode limit : range.path("spec").path("limits")) {
                if (limit.path("type").asText().equals("Container")) {
                    fill(pod.path("spec").path("containers"), "container", limit, set);
                    fill(pod.path("spec").path("initContainers"), "init container", limit, set);
                }
            }
            if (!set.isEmpty()) {
                pod.withObject("/metadata")
                        .withObject("/annotations")
                        .put(ANNOTATION, "LimitRanger plugin set: " + String.join("; ", set));
            }
        }
    }

    private static void fill(JsonNode containers, String kind, JsonNode limit, List<String> set) {
        for (JsonNode container : containers) {
            fill((ObjectNode) container, "requests", limit.path("defaultRequest"), kind + " ", "request", set);
            fill((ObjectNode) container, "limits", limit.path("default"), kind + " ", "limit", set);
        }
    }

    private static void fill(
            ObjectNode container, String list, JsonNode defaults, String kind, String word, List<String> set) {
        TreeSet<String> added = new TreeSet<>();
        for (Map.Entry<String, JsonNode> amount : defaults.properties()) {
            if (!container.path("resources").path(list).has(amount.getKey())) {
                container.withObject("/resources").withObject("/" + list).set(amount.getKey(), amount.getValue());
                added.add(amount.getKey());
            }
        }
        if (!added.isEmpty()) {
            set.add("%s %s for %s%s"
                    .formatted(
                            String.join(", ", added),
                            word,
                            kind,
                            container.path("name").asText()));
        }
    }

    /** New pods, and those that are given other resources. */
    private static boolean isForPods(AdmissionRequest request) {
        boolean resized = request.operation() == Operation.UPDATE
                && request.group().isEmpty()
                && request.resource().equals("pods")
                && request.subresource().equals("resize");
        return resized || request.operation() == Operation.CREATE && request.isFor("", "pods");
    }

    private static boolean isGoing(AdmissionRequest request) {
        ObjectNode old = request.old();
        return old != null && old.path("metadata").hasNonNull("deletionTimestamp");
    }

    // Bounds

    @Override
    public void validate(AdmissionRequest request) {
        ObjectNode object = request.object();
        boolean pod = isForPods(request);
        boolean claim = request.isFor("", "persistentvolumeclaims") && request.operation() != Operation.DELETE;
        if (object == null || !pod && !claim || isGoing(request)) {
            return;
        }
        for (ObjectNode range : objects.list("", "limitranges", request.namespace())) {
            LinkedHashSet<String> errors = new LinkedHashSet<>();
            for (JsonNode limit : range.path("spec").path("limits")) {
                if (pod) {
                    pod(object.path("spec"), limit, errors);
                } else if (limit.path("type").asText().equals("PersistentVolumeClaim")) {
                    claim(object.path("spec").path("resources").path("requests"), limit, errors);
                }
            }
            if (!errors.isEmpty()) {
                throw StatusException.forbidden("", request.resource(), request.name(), FieldError.aggregate(errors));
            }
        }
    }

    private static void pod(JsonNode spec, JsonNode limit, LinkedHashSet<String> errors) {
        String type = limit.path("type").asText();
        if (type.equals("Container")) {
            for (String list : List.of("containers", "initContainers")) {
                for (JsonNode container : spec.path(list)) {
                    JsonNode resources = container.path("resources");
                    check(type, limit, resources.path("requests"), resources.path("limits"), errors);
                }
            }
        } else if (type.equals("Pod")) {
            check(type, limit, PodAmounts.of(spec, "requests"), PodAmounts.of(spec, "limits"), errors);
        }
    }

    private static void check(
            String type, JsonNode limit, JsonNode requests, JsonNode limits, LinkedHashSet<String> errors) {
        for (String name : sorted(limit.path("min"))) {
            Bound bound = new Bound(
                    "minimum", name, type, limit.path("min").path(name).asText());
            if (!requests.has(name)) {
                errors.add(bound.missing("request"));
            } else if (compare(requests.path(name), bound.amount) < 0) {
                errors.add(bound.broken("request", requests.path(name)));
            } else if (limits.has(name) && compare(limits.path(name), bound.amount) < 0) {
                errors.add(bound.broken("limit", limits.path(name)));
            }
        }
        for (String name : sorted(limit.path("max"))) {
            Bound bound = new Bound(
                    "maximum", name, type, limit.path("max").path(name).asText());
            if (!limits.has(name)) {
                errors.add(bound.missing("limit"));
            } else if (compare(limits.path(name), bound.amount) > 0) {
                errors.add(bound.broken("limit", limits.path(name)));
            } else if (requests.has(name) && compare(requests.path(name), bound.amount) > 0) {
                errors.add(bound.broken("request", requests.path(name)));
            }
        }
        for (String name : sorted(limit.path("maxLimitRequestRatio"))) {
            ratio(type, name, limit.path("maxLimitRequestRatio").path(name).asText(), requests, limits, errors);
        }
    }

    private static void ratio(
            String type, String name, String most, JsonNode requests, JsonNode limits, LinkedHashSet<String> errors) {
        String start = "%s max limit to request ratio per %s is %s, but ".formatted(name, type, most);
        BigDecimal request = value(requests.path(name).asText("0"));
        BigDecimal limit = value(limits.path(name).asText("0"));
        if (request.signum() == 0) {
            errors.add(start + "no request is specified or request is 0");
        } else if (limit.signum() == 0) {
            errors.add(start + "no limit is specified or limit is 0");
        } else if (limit.compareTo(value(most).multiply(request)) > 0) {
            BigDecimal ratio = limit.divide(request, 6, RoundingMode.HALF_EVEN);
            errors.add(start + "provided ratio is " + String.format(Locale.ROOT, "%.6f", ratio));
        }
    }

    private static void claim(JsonNode requests, JsonNode limit, LinkedHashSet<String> errors) {
        for (String name : sorted(limit.path("min"))) {
            Bound bound = new Bound(
                    "minimum",
                    name,
                    "PersistentVolumeClaim",
                    limit.path("min").path(name).asText());
            if (!requests.has(name)) {
                errors.add(bound.missing("request"));
            } else if (compare(requests.path(name), bound.amount) < 0) {
                errors.add(bound.broken("request", requests.path(name)));
            }
        }
        for (String name : sorted(limit.path("max"))) {
            Bound bound = new Bound(
                    "maximum",
                    name,
                    "PersistentVolumeClaim",
                    limit.path("max").path(name).asText());
            if (!requests.has(name)) {
                errors.add(bound.missing("request"));
            } else if (compare(requests.path(name), bound.amount) > 0) {
                errors.add(bound.broken("request", requests.path(name)));
            }
        }
    }

    private record Bound(String word, String resource, String type, String amount) {

        String missing(String what) {
            return "%s %s usage per %s is %s.  No %s is specified".formatted(word, resource, type, amount, what);
        }

        String broken(String what, JsonNode found) {
            return "%s %s usage per %s is %s, but %s is %s"
                    .formatted(word, resource, type, amount, what, found.asText());
        }
    }

    private static TreeSet<String> sorted(JsonNode amounts) {
        TreeSet<String> names = new TreeSet<>();
        amounts.fieldNames().forEachRemaining(names::add);
        return names;
    }

    private static int compare(JsonNode amount, String bound) {
        return value(amount.asText()).compareTo(value(bound));
    }

    private static BigDecimal value(String amount) {
        return Quantities.valueOf(amount);
    }
}

package dev.amphora.controller.autoscaling;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.common.escape.Escaper;
import com.google.common.net.UrlEscapers;
import dev.amphora.api.Amount;
import dev.amphora.api.FieldError;
import dev.amphora.api.ResourceType;
import dev.amphora.api.Selector;
import dev.amphora.api.StatusException;
import dev.amphora.client.Client;
import java.math.BigDecimal;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/** Metrics as the APIs tell them that other servers serve behind the cluster's own, or the cluster itself does. */
final class ServedMetrics implements PodMetrics, CustomMetrics, ExternalMetrics {
    private static final String CUSTOM = "custom.metrics.k8s.io";
    private static final String EXTERNAL = "external.metrics.k8s.io";
    private static final Duration USUAL_WINDOW = Duration.ofMinutes(1);
    private static final Escaper SEGMENT = UrlEscapers.urlPathSegmentEscaper();
    private static final Escaper PARAMETER = UrlEscapers.urlFormParameterEscaper();

    private final Client client;
    private final Supplier<? extends List<? extends ResourceType<?>>> types;

    /**
     * Metrics through a client.
     *
     * @param types every kind that the server serves, for the resource by which a described object is asked for
     */
    ServedMetrics(Client client, Supplier<? extends List<? extends ResourceType<?>>> types) {
        this.client = client;
        this.types = types;
    }

    @Override
    public Map<String, Usage> measure(String namespace, Selector selector) throws MetricsUnavailable {
        JsonNode list = items(
                "resource",
                "/apis/metrics.k8s.io/v1beta1/namespaces/" + SEGMENT.escape(namespace) + "/pods"
                        + query(Map.of("labelSelector", selector)),
                "pods.metrics.k8s.io");
        Map<String, Usage> found = new LinkedHashMap<>();
        for (JsonNode item : list) {
            Map<String, Map<String, BigDecimal>> containers = new LinkedHashMap<>();
            for (JsonNode container : item.path("containers")) {
                Map<String, BigDecimal> used = new LinkedHashMap<>();
                for (Map.Entry<String, JsonNode> each : container.path("usage").properties()) {
                    used.put(each.getKey(), number("resource", each.getValue()));
                }
                containers.put(container.path("name").asText(), used);
            }
            found.put(
                    item.path("metadata").path("name").asText(),
                    new Usage(time("resource", item), duration(item.path("window")), containers));
        }
        return found;
    }

    @Override
    public Map<String, Sample> ofPods(String namespace, Selector pods, String metric, Selector series)
            throws MetricsUnavailable {
        JsonNode list = items(
                "custom",
                base() + "/namespaces/" + SEGMENT.escape(namespace) + "/pods/*/" + SEGMENT.escape(metric)
                        + query(Map.of("labelSelector", pods, "metricLabelSelector", series)),
                "pods." + CUSTOM + " *");
        Map<String, Sample> found = new LinkedHashMap<>();
        for (JsonNode item : list) {
            // The name of this member has changed between the versions.
            JsonNode window = item.has("windowSeconds") ? item.path("windowSeconds") : item.path("window");
            found.put(
                    item.path("describedObject").path("name").asText(),
                    new Sample(
                            time("custom", item),
                            window.isNumber() ? Duration.ofSeconds(window.asLong()) : USUAL_WINDOW,
                            number("custom", item.path("value"))));
        }
        return found;
    }

    @Override
    public BigDecimal ofObject(String namespace, Described object, String metric, Selector series)
            throws MetricsUnavailable {
        boolean whole = object.kind().equals("Namespace") && object.group().isEmpty();
        String resource = whole ? "metrics" : resource(object);
        String path = base() + "/namespaces/" + SEGMENT.escape(namespace)
                + (whole ? "/metrics/" : "/" + resource + "/" + SEGMENT.escape(object.name()) + "/")
                + SEGMENT.escape(metric);
        JsonNode list = items(
                "custom",
                path + query(Map.of("metricLabelSelector", series)),
                whole ? "namespaces." + CUSTOM + " " + namespace : resource + "." + CUSTOM + " " + object.name());
        if (list.size() != 1) {
            throw unavailable(
                    "custom",
                    "the custom metrics API server returned %d results when we asked for exactly one"
                            .formatted(list.size()));
        }
        return number("custom", list.path(0).path("value"));
    }

    @Override
    public List<BigDecimal> values(String namespace, String metric, Selector series) throws MetricsUnavailable {
        JsonNode list = items(
                "external",
                "/apis/" + EXTERNAL + "/v1beta1/namespaces/" + SEGMENT.escape(namespace) + "/" + SEGMENT.escape(metric)
                        + query(Map.of("labelSelector", series)),
                metric + "." + EXTERNAL);
        List<BigDecimal> found = new ArrayList<>();
        for (JsonNode item : list) {
            found.add(number("external", item.path("value")));
        }
        return found;
    }

    /** Where custom metrics are served: there are two versions, of which a server may have either. */
    private String base() throws MetricsUnavailable {
        try {
            JsonNode group = client.read("/apis/" + CUSTOM);
            for (String version : List.of("v1beta2", "v1beta1")) {
                for (JsonNode each : group.path("versions")) {
                    if (each.path("version").asText().equals(version)) {
                        return "/apis/" + CUSTOM + "/" + version;
                    }
                }
            }
        } catch (StatusException e) {
            if (e.code() != 404) {
                throw unavailable("custom", reason(e, CUSTOM));
            }
        }
        throw unavailable("custom", "no custom metrics API (custom.metrics.k8s.io) registered");
    }

    private String resource(Described object) throws MetricsUnavailable {
        for (ResourceType<?> type : types.get()) {
            if (type.kind().equals(object.kind()) && type.group().equals(object.group())) {
                return object.group().isEmpty() ? type.plural() : type.plural() + "." + object.group();
            }
        }
        throw unavailable(
                "custom",
                "unable to map kind %s to resource: no matches for kind %s in group %s"
                        .formatted(
                                object.group().isEmpty() ? object.kind() : object.kind() + "." + object.group(),
                                FieldError.quoted(object.kind()),
                                FieldError.quoted(object.group())));
    }

    private JsonNode items(String api, String target, String what) throws MetricsUnavailable {
        try {
            return client.read(target).path("items");
        } catch (StatusException e) {
            throw unavailable(api, reason(e, what));
        }
    }

    /** What the reference's client says where a server answers without a Status. */
    private static String reason(StatusException e, String what) {
        if (!e.reason().isEmpty()) {
            return String.valueOf(e.getMessage());
        }
        return switch (e.code()) {
            case 404 -> "the server could not find the requested resource (get " + what + ")";
            case 503 -> "the server is currently unable to handle the request (get " + what + ")";
            default ->
                "an error on the server (%s) has prevented the request from succeeding (get %s)"
                        .formatted(FieldError.quoted(String.valueOf(e.getMessage())), what);
        };
    }

    private static MetricsUnavailable unavailable(String api, String why) {
        return new MetricsUnavailable("unable to fetch metrics from %s metrics API: %s".formatted(api, why));
    }

    private static String query(Map<String, Selector> selectors) {
        StringBuilder query = new StringBuilder();
        for (String name : List.of("labelSelector", "metricLabelSelector")) {
            Selector selector = selectors.get(name);
            if (selector != null && !selector.isEverything()) {
                query.append(query.length() == 0 ? '?' : '&')
                        .append(name)
                        .append('=')
                        .append(PARAMETER.escape(selector.toString()));
            }
        }
        return query.toString();
    }

    private static BigDecimal number(String api, JsonNode value) throws MetricsUnavailable {
        try {
            return Amount.parse(value.asText()).value();
        } catch (NumberFormatException e) {
            throw unavailable(
                    api,
                    "quantities must match the regular expression" + " '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'");
        }
    }

    private static Instant time(String api, JsonNode item) throws MetricsUnavailable {
        try {
            return Instant.parse(item.path("timestamp").asText());
        } catch (DateTimeException e) {
            throw unavailable(
                    api,
                    "no time of measurement: "
                            + FieldError.quoted(item.path("timestamp").asText()));
        }
    }

    /** As Go writes one: {@code 30s}, {@code 1m0.5s}. */
    private static Duration duration(JsonNode text) {
        try {
            return Duration.parse("PT" + text.asText());
        } catch (DateTimeException e) {
            return USUAL_WINDOW;
        }
    }
}

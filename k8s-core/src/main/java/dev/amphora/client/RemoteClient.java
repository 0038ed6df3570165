package dev.amphora.client;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.escape.Escaper;
import com.google.common.net.UrlEscapers;
import dev.amphora.api.Json;
import dev.amphora.api.ResourceType;
import dev.amphora.api.StatusException;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Status;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.http.HttpClient;
import io.fabric8.kubernetes.client.http.HttpRequest;
import io.fabric8.kubernetes.client.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * Access to an API server over HTTPS: any cluster's, with the credentials of a kubeconfig.
 *
 * <p>Connections, certificates, tokens and credential plugins are the fabric8 client's; here a request is tried once, for whoever
 * reconciles tries again anyway. A call waits for its answer in the caller's thread, ten seconds at most unless the configuration says
 * otherwise; what can't be reached or doesn't answer is a {@link StatusException} with code 503. Watches take no thread while nothing
 * happens. Safe for concurrent use; not for simulations.
 */
public final class RemoteClient implements Client, AutoCloseable {
    private static final Escaper SEGMENT = UrlEscapers.urlPathSegmentEscaper();
    private static final Escaper PARAMETER = UrlEscapers.urlFormParameterEscaper();
    private static final String JSON = "application/json";

    private final KubernetesClient kubernetes;
    private final HttpClient http;
    private final String base;
    private final String userAgent;

    private RemoteClient(Config config, String userAgent) {
        Config own = new ConfigBuilder(config)
                .withUserAgent(userAgent)
                .withRequestRetryBackoffLimit(0)
                .build();
        this.kubernetes = new KubernetesClientBuilder().withConfig(own).build();
        this.http = kubernetes.getHttpClient();
        String url = kubernetes.getMasterUrl().toString();
        this.base = url.endsWith("/") ? url.substring(0, url.length() - 1) : url;
        this.userAgent = userAgent;
    }

    /**
     * A client with a configuration of the fabric8 client.
     *
     * @param config where the server is, and how to get in
     * @param userAgent what it calls itself; names the field manager of its writes
     */
    public static RemoteClient of(Config config, String userAgent) {
        return new RemoteClient(config, userAgent);
    }

    /**
     * A client by a kubeconfig.
     *
     * @param kubeconfig the file's text; its current context counts
     * @param userAgent what it calls itself; names the field manager of its writes
     */
    public static RemoteClient ofKubeconfig(String kubeconfig, String userAgent) {
        return new RemoteClient(Config.fromKubeconfig(kubeconfig), userAgent);
    }

    /**
     * A client by what the process finds around it, as programs usually do: {@code KUBECONFIG}, {@code ~/.kube/config}, or the service
     * account of the pod that it runs in.
     *
     * @param userAgent what it calls itself; names the field manager of its writes
     */
    public static RemoteClient ofEnvironment(String userAgent) {
        return new RemoteClient(Config.autoConfigure(null), userAgent);
    }

    /** Ends its connections and watches. Idempotent. */
    @Override
    public void close() {
        kubernetes.close();
    }

    @Override
    public <T extends HasMetadata> T get(ResourceType<T> type, @Nullable String namespace, String name) {
        return typed(type, send("GET", path(type, namespace, name, null), null, JSON));
    }

    @Override
    public <T extends HasMetadata> ObjectList<T> list(
            ResourceType<T> type, @Nullable String namespace, ListOptions options) {
        JsonNode list = send("GET", path(type, namespace, null, null) + query(options), null, JSON);
        List<T> items = new ArrayList<>(list.path("items").size());
        list.path("items").forEach(item -> items.add(typed(type, item)));
        String next = list.at("/metadata/continue").asText("");
        return new ObjectList<>(items, list.at("/metadata/resourceVersion").asText(""), next.isEmpty() ? null : next);
    }

    @Override
    public <T extends HasMetadata> Watch watch(
            ResourceType<T> type, @Nullable String namespace, ListOptions options, Watcher<T> watcher) {
        String query = query(options);
        HttpRequest request = request(
                        path(type, namespace, null, null) + query + (query.isEmpty() ? "?" : "&") + "watch=true")
                .forStreaming()
                .build();
        return RemoteWatch.open(http, request, tree -> typed(type, tree), watcher);
    }

    @Override
    public JsonNode read(String target) {
        return send("GET", target, null, JSON);
    }

    @Override
    public <T extends HasMetadata> T create(T object) {
        ResourceType<T> type = ResourceType.of(object);
        return typed(
                type,
                send("POST", path(type, object.getMetadata().getNamespace(), null, null), Json.toTree(object), JSON));
    }

    @Override
    public <T extends HasMetadata> T update(T object) {
        return put(object, null);
    }

    @Override
    public <T extends HasMetadata> T updateStatus(T object) {
        return put(object, "status");
    }

    private <T extends HasMetadata> T put(T object, @Nullable String subresource) {
        ResourceType<T> type = ResourceType.of(object);
        String path = path(
                type, object.getMetadata().getNamespace(), object.getMetadata().getName(), subresource);
        return typed(type, send("PUT", path, Json.toTree(object), JSON));
    }

    @Override
    public <T extends HasMetadata> T patch(
            ResourceType<T> type, @Nullable String namespace, String name, Patch patch, @Nullable String subresource) {
        String path = path(type, namespace, name, subresource);
        if (patch.isApply()) {
            path += "?force=" + (patch.type() == Patch.Type.FORCED_APPLY) + "&fieldManager="
                    + PARAMETER.escape(patch.manager().isEmpty() ? userAgent : patch.manager());
        }
        return typed(type, send("PATCH", path, patch.body(), patch.type().mediaType()));
    }

    @Override
    public void delete(ResourceType<?> type, @Nullable String namespace, String name, DeleteOptions options) {
        send("DELETE", path(type, namespace, name, null), options.toTree(), JSON);
    }

    @Override
    public void deleteAll(ResourceType<?> type, @Nullable String namespace, DeleteOptions delete, ListOptions select) {
        send("DELETE", path(type, namespace, null, null) + query(select), delete.toTree(), JSON);
    }

    @Override
    public JsonNode subresource(ResourceType<?> type, @Nullable String namespace, String name, String subresource) {
        return send("GET", path(type, namespace, name, subresource), null, JSON);
    }

    @Override
    public JsonNode subresource(
            ResourceType<?> type,
            @Nullable String namespace,
            String name,
            String subresource,
            JsonNode body,
            boolean replace) {
        return send(replace ? "PUT" : "POST", path(type, namespace, name, subresource), body, JSON);
    }

    private HttpRequest.Builder request(String path) {
        return http.newHttpRequestBuilder().uri(base + path).setHeader("Accept", JSON);
    }

    private JsonNode send(String method, String path, @Nullable JsonNode body, String mediaType) {
        HttpRequest request = request(path)
                .method(method, mediaType, body == null ? null : new String(Json.write(body), StandardCharsets.UTF_8))
                .build();
        HttpResponse<byte[]> response = await(http.sendAsync(request, byte[].class));
        byte[] answer = response.body() == null ? new byte[0] : response.body();
        if (!response.isSuccessful()) {
            throw refusal(response.code(), answer);
        }
        return Json.read(answer);
    }

    static <R> R await(CompletionStage<R> answer) {
        try {
            return answer.toCompletableFuture().join();
        } catch (CompletionException e) {
            throw unreachable(e.getCause() == null ? e : e.getCause());
        }
    }

    /** The server can't be reached, or was lost. */
    static StatusException unreachable(Throwable cause) {
        StatusException e =
                StatusException.of(503, "ServiceUnavailable", "the server can't be reached: " + cause, null);
        e.initCause(cause);
        return e;
    }

    /** What the server says, or something in front of it that speaks another language. */
    static StatusException refusal(int code, byte[] answer) {
        try {
            JsonNode tree = Json.read(answer);
            if (tree.path("kind").asText("").equals("Status")) {
                return new StatusException(Json.fromTree(tree, Status.class));
            }
        } catch (StatusException | IllegalArgumentException e) {
            // not JSON: the text itself is the message
        }
        String text = new String(answer, StandardCharsets.UTF_8).strip();
        return StatusException.of(code, "", text.isEmpty() ? "the server answered " + code : text, null);
    }

    private static <T extends HasMetadata> T typed(ResourceType<T> type, JsonNode tree) {
        // The items of a list don't say what they are.
        if (tree instanceof ObjectNode object && !object.has("kind")) {
            object.put("apiVersion", type.apiVersion()).put("kind", type.kind());
        }
        return Json.fromTree(tree, type.type());
    }

    private static String path(
            ResourceType<?> type, @Nullable String namespace, @Nullable String name, @Nullable String subresource) {
        StringBuilder path = new StringBuilder(type.group().isEmpty() ? "/api/" : "/apis/" + type.group() + "/")
                .append(type.version());
        if (type.namespaced() && namespace != null && !namespace.isEmpty()) {
            path.append("/namespaces/").append(SEGMENT.escape(namespace));
        }
        path.append('/').append(type.plural());
        if (name != null) {
            path.append('/').append(SEGMENT.escape(name));
        }
        if (subresource != null && !subresource.isEmpty()) {
            path.append('/').append(subresource);
        }
        return path.toString();
    }

    private static String query(ListOptions options) {
        Map<String, String> query = new TreeMap<>();
        put(query, "labelSelector", options.labelSelector());
        put(query, "fieldSelector", options.fieldSelector());
        put(query, "resourceVersion", options.resourceVersion());
        put(query, "continue", options.continueToken());
        put(query, "limit", options.limit() == 0 ? null : Integer.toString(options.limit()));
        put(query, "allowWatchBookmarks", options.allowBookmarks() ? "true" : null);
        StringBuilder text = new StringBuilder();
        query.forEach((key, value) -> text.append(text.length() == 0 ? '?' : '&')
                .append(key)
                .append('=')
                .append(PARAMETER.escape(value)));
        return text.toString();
    }

    private static void put(Map<String, String> query, String name, @Nullable String value) {
        if (value != null) {
            query.put(name, value);
        }
    }
}

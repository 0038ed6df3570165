package dev.amphora.client;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.Json;
import dev.amphora.api.ResourceType;
import dev.amphora.api.StatusException;
import dev.amphora.apiserver.ApiRequest;
import dev.amphora.apiserver.ApiResult;
import dev.amphora.apiserver.ApiServer;
import dev.amphora.apiserver.Body;
import dev.amphora.apiserver.Listing;
import dev.amphora.apiserver.RequestOptions;
import dev.amphora.apiserver.Verb;
import dev.amphora.apiserver.VersionedObject;
import dev.amphora.apiserver.WatchSink;
import dev.amphora.apiserver.access.User;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.Status;
import io.fabric8.kubernetes.client.CustomResource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Access to an API server in the same process: the same pipeline as over HTTP, without bytes. Safe for concurrent use. */
public final class InProcessClient implements Client {
    private static final String MODEL = "io.fabric8.kubernetes.api.model.";

    private final ApiServer server;
    private final User user;
    private final String userAgent;

    /**
     * A client.
     *
     * @param server whom to ask
     * @param user as whom
     * @param userAgent what it calls itself, such as {@code kube-scheduler}; names the field manager of its writes
     */
    public InProcessClient(ApiServer server, User user, String userAgent) {
        this.server = server;
        this.user = user;
        this.userAgent = userAgent;
    }

    @Override
    public <T extends HasMetadata> T get(ResourceType<T> type, @Nullable String namespace, String name) {
        return typed(type, server.handle(request(Verb.GET, type, namespace, name, "", RequestOptions.none(), null)));
    }

    @Override
    public <T extends HasMetadata> ObjectList<T> list(
            ResourceType<T> type, @Nullable String namespace, ListOptions options) {
        Listing listing = server.handle(request(Verb.LIST, type, namespace, "", "", query(options), null))
                .list();
        if (listing == null) {
            throw new IllegalStateException("a list was asked for");
        }
        List<T> items = new ArrayList<>(listing.items().size());
        listing.items().forEach(item -> items.add(item.typed(type.type())));
        return new ObjectList<>(
                items,
                Long.toString(listing.revision()),
                listing.continueToken().isEmpty() ? null : listing.continueToken());
    }

    @Override
    public <T extends HasMetadata> Watch watch(
            ResourceType<T> type, @Nullable String namespace, ListOptions options, Watcher<T> watcher) {
        WatchSink.Handle handle = server.watch(
                request(Verb.WATCH, type, namespace, "", "", query(options), null), new TypedSink<>(type, watcher));
        return handle::close;
    }

    @Override
    public JsonNode read(String target) {
        return server.readElsewhere(user, target);
    }

    @Override
    public <T extends HasMetadata> T create(T object) {
        ResourceType<T> type = ResourceType.of(object);
        ObjectMeta metadata = object.getMetadata();
        return typed(
                type,
                server.handle(request(
                        Verb.CREATE,
                        type,
                        metadata == null ? null : metadata.getNamespace(),
                        "",
                        "",
                        RequestOptions.none(),
                        Body.of(Json.toTree(object)))));
    }

    @Override
    public void post(ResourceType<?> type, ObjectNode object) {
        server.handle(request(
                Verb.CREATE,
                type,
                object.path("metadata").path("namespace").asText(""),
                "",
                "",
                RequestOptions.none(),
                Body.of(object)));
    }

    @Override
    public <T extends HasMetadata> T update(T object) {
        return put(object, Json.toTree(object), "");
    }

    @Override
    public <T extends HasMetadata> T updateStatus(T object) {
        return put(object, isBuiltIn(object) ? Json.toStatusTree(object) : Json.toTree(object), "status");
    }

    /** Whether all but the status is as before where only the status is given. */
    private static boolean isBuiltIn(HasMetadata object) {
        return object.getClass().getName().startsWith(MODEL) && !(object instanceof CustomResource);
    }

    private <T extends HasMetadata> T put(T object, ObjectNode tree, String subresource) {
        ResourceType<T> type = ResourceType.of(object);
        ObjectMeta metadata = object.getMetadata();
        return typed(
                type,
                server.handle(request(
                        Verb.UPDATE,
                        type,
                        metadata.getNamespace(),
                        metadata.getName(),
                        subresource,
                        RequestOptions.none(),
                        Body.of(tree))));
    }

    @Override
    public <T extends HasMetadata> T patch(
            ResourceType<T> type, @Nullable String namespace, String name, Patch patch, @Nullable String subresource) {
        return typed(
                type,
                server.handle(request(
                        Verb.PATCH,
                        type,
                        namespace,
                        name,
                        subresource == null ? "" : subresource,
                        patch.isApply() ? asManager(patch) : RequestOptions.none(),
                        Body.of(patch.body(), patch.type().mediaType()))));
    }

    /** Who applies has to say who manages the fields; for other writes the user agent is enough. */
    private RequestOptions asManager(Patch patch) {
        String force = Boolean.toString(patch.type() == Patch.Type.FORCED_APPLY);
        String manager = patch.manager().isEmpty() ? userAgent : patch.manager();
        return RequestOptions.parse(Map.of("fieldManager", List.of(manager), "force", List.of(force)));
    }

    @Override
    public void delete(ResourceType<?> type, @Nullable String namespace, String name, DeleteOptions options) {
        server.handle(
                request(Verb.DELETE, type, namespace, name, "", RequestOptions.none(), Body.of(options.toTree())));
    }

    @Override
    public void deleteAll(ResourceType<?> type, @Nullable String namespace, DeleteOptions delete, ListOptions select) {
        server.handle(
                request(Verb.DELETE_COLLECTION, type, namespace, "", "", query(select), Body.of(delete.toTree())));
    }

    @Override
    public JsonNode subresource(ResourceType<?> type, @Nullable String namespace, String name, String subresource) {
        return server.handle(request(Verb.GET, type, namespace, name, subresource, RequestOptions.none(), null))
                .tree();
    }

    @Override
    public JsonNode subresource(
            ResourceType<?> type,
            @Nullable String namespace,
            String name,
            String subresource,
            JsonNode body,
            boolean replace) {
        return server.handle(request(
                        replace ? Verb.UPDATE : Verb.CREATE,
                        type,
                        namespace,
                        name,
                        subresource,
                        RequestOptions.none(),
                        Body.of(body)))
                .tree();
    }

    private ApiRequest request(
            Verb verb,
            ResourceType<?> type,
            @Nullable String namespace,
            String name,
            String subresource,
            RequestOptions options,
            @Nullable Body body) {
        return new ApiRequest(
                user,
                userAgent,
                verb,
                type.group(),
                type.version(),
                type.plural(),
                namespace == null || !type.namespaced() ? "" : namespace,
                name,
                subresource,
                options,
                body);
    }

    private static <T extends HasMetadata> T typed(ResourceType<T> type, ApiResult result) {
        VersionedObject object = result.object();
        if (object == null) {
            throw new IllegalStateException("a single object was asked for");
        }
        return object.typed(type.type());
    }

    private static RequestOptions query(ListOptions options) {
        Map<String, List<String>> query = new TreeMap<>();
        put(query, "labelSelector", options.labelSelector());
        put(query, "fieldSelector", options.fieldSelector());
        put(query, "resourceVersion", options.resourceVersion());
        put(query, "continue", options.continueToken());
        put(query, "limit", options.limit() == 0 ? null : Integer.toString(options.limit()));
        put(query, "allowWatchBookmarks", options.allowBookmarks() ? "true" : null);
        return RequestOptions.parse(query);
    }

    private static void put(Map<String, List<String>> query, String name, @Nullable String value) {
        if (value != null) {
            query.put(name, List.of(value));
        }
    }

    /** Hands events on as typed objects. */
    private static final class TypedSink<T extends HasMetadata> implements WatchSink {
        private final ResourceType<T> type;
        private final Watcher<T> watcher;
        private @Nullable StatusException error;

        TypedSink(ResourceType<T> type, Watcher<T> watcher) {
            this.type = type;
            this.watcher = watcher;
        }

        @Override
        public void onEvent(EventType event, VersionedObject object) {
            switch (event) {
                case ADDED -> watcher.onEvent(Watcher.EventType.ADDED, object.typed(type.type()));
                case MODIFIED -> watcher.onEvent(Watcher.EventType.MODIFIED, object.typed(type.type()));
                case DELETED -> watcher.onEvent(Watcher.EventType.DELETED, object.typed(type.type()));
                case BOOKMARK -> watcher.onBookmark(Long.toString(object.revision()));
            }
        }

        @Override
        public void onError(Status status) {
            error = new StatusException(status);
        }

        @Override
        public void onClose() {
            watcher.onClose(error);
        }
    }
}

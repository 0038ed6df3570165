package dev.amphora.client;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.Json;
import dev.amphora.api.ResourceType;
import dev.amphora.api.StatusException;
import io.fabric8.kubernetes.api.model.HasMetadata;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** A client over a map, whose watches a test can cut and whose answers it can refuse. Just enough to test the client side. */
final class ScriptedClient implements Client {
    final Map<String, HasMetadata> objects = new TreeMap<>();
    final List<Open<?>> watches = new ArrayList<>();
    final List<String> calls = new ArrayList<>();
    Function<String, @Nullable StatusException> refusal = call -> null;
    long revision = 100;

    record Open<T extends HasMetadata>(ResourceType<T> type, @Nullable String from, Watcher<T> watcher) {}

    private void call(String call) {
        calls.add(call);
        StatusException refused = refusal.apply(call);
        if (refused != null) {
            throw refused;
        }
    }

    private static String key(ResourceType<?> type, @Nullable String namespace, String name) {
        return type.plural() + "/" + (namespace == null ? "" : namespace) + "/" + name;
    }

    private static String key(HasMetadata object) {
        return key(
                ResourceType.of(object),
                object.getMetadata().getNamespace(),
                object.getMetadata().getName());
    }

    @Override
    public <T extends HasMetadata> T get(ResourceType<T> type, @Nullable String namespace, String name) {
        call("get " + key(type, namespace, name));
        HasMetadata found = objects.get(key(type, namespace, name));
        if (found == null) {
            throw StatusException.notFound(type.group(), type.plural(), name);
        }
        return type.type().cast(found);
    }

    @Override
    public <T extends HasMetadata> ObjectList<T> list(
            ResourceType<T> type, @Nullable String namespace, ListOptions options) {
        call("list " + type.plural());
        List<T> items = objects.values().stream()
                .filter(type.type()::isInstance)
                .map(type.type()::cast)
                .toList();
        return new ObjectList<>(items, String.valueOf(revision), null);
    }

    @Override
    public <T extends HasMetadata> Watch watch(
            ResourceType<T> type, @Nullable String namespace, ListOptions options, Watcher<T> watcher) {
        call("watch " + type.plural() + " from " + options.resourceVersion());
        Open<T> open = new Open<>(type, options.resourceVersion(), watcher);
        watches.add(open);
        return () -> watches.remove(open);
    }

    @Override
    public JsonNode read(String target) {
        throw new AssertionError("not part of this script");
    }

    @Override
    public <T extends HasMetadata> T create(T object) {
        call("create " + key(object));
        if (objects.containsKey(key(object))) {
            ResourceType<T> type = ResourceType.of(object);
            throw StatusException.alreadyExists(
                    type.group(), type.plural(), object.getMetadata().getName());
        }
        return store(Json.copy(object), Watcher.EventType.ADDED);
    }

    @Override
    public <T extends HasMetadata> T update(T object) {
        call("update " + key(object));
        HasMetadata old = objects.get(key(object));
        ResourceType<T> type = ResourceType.of(object);
        String name = object.getMetadata().getName();
        if (old == null) {
            throw StatusException.notFound(type.group(), type.plural(), name);
        }
        String expected = object.getMetadata().getResourceVersion();
        if (expected != null && !expected.equals(old.getMetadata().getResourceVersion())) {
            throw StatusException.conflict(type.group(), type.plural(), name, "the object has been modified");
        }
        T next = Json.copy(object);
        next.getMetadata().setUid(old.getMetadata().getUid());
        return store(next, Watcher.EventType.MODIFIED);
    }

    @Override
    public <T extends HasMetadata> T updateStatus(T object) {
        return update(object);
    }

    @Override
    public <T extends HasMetadata> T patch(
            ResourceType<T> type, @Nullable String namespace, String name, Patch patch, @Nullable String subresource) {
        call("patch " + key(type, namespace, name));
        HasMetadata old = objects.get(key(type, namespace, name));
        if (old == null) {
            throw StatusException.notFound(type.group(), type.plural(), name);
        }
        ObjectNode tree = Json.toTree(old);
        tree.setAll((ObjectNode) patch.body());
        return store(Json.fromTree(tree, type.type()), Watcher.EventType.MODIFIED);
    }

    @Override
    public void delete(ResourceType<?> type, @Nullable String namespace, String name, DeleteOptions options) {
        call("delete " + key(type, namespace, name));
        HasMetadata old = objects.remove(key(type, namespace, name));
        if (old == null) {
            throw StatusException.notFound(type.group(), type.plural(), name);
        }
        HasMetadata last = Json.copy(old);
        last.getMetadata().setResourceVersion(String.valueOf(++revision));
        tell(Watcher.EventType.DELETED, last);
    }

    @Override
    public void deleteAll(ResourceType<?> type, @Nullable String namespace, DeleteOptions delete, ListOptions select) {
        throw new AssertionError("not part of this script");
    }

    @Override
    public JsonNode subresource(ResourceType<?> type, @Nullable String namespace, String name, String subresource) {
        throw new AssertionError("not part of this script");
    }

    @Override
    public JsonNode subresource(
            ResourceType<?> type,
            @Nullable String namespace,
            String name,
            String subresource,
            JsonNode body,
            boolean replace) {
        throw new AssertionError("not part of this script");
    }

    /** Ends every watch. */
    void cut(@Nullable StatusException error) {
        List<Open<?>> open = new ArrayList<>(watches);
        watches.clear();
        open.forEach(each -> each.watcher.onClose(error));
    }

    /** Ends every watch without a word, so that what follows is missed until the next list or watch. */
    List<Open<?>> mute() {
        List<Open<?>> open = new ArrayList<>(watches);
        watches.clear();
        return open;
    }

    private <T extends HasMetadata> T store(T object, Watcher.EventType event) {
        object.getMetadata().setResourceVersion(String.valueOf(++revision));
        if (object.getMetadata().getUid() == null) {
            object.getMetadata().setUid("uid-" + revision);
        }
        objects.put(key(object), object);
        tell(event, object);
        return object;
    }

    @SuppressWarnings("unchecked")
    private void tell(Watcher.EventType event, HasMetadata object) {
        for (Open<?> open : List.copyOf(watches)) {
            if (open.type.type().isInstance(object)) {
                ((Watcher<HasMetadata>) open.watcher).onEvent(event, object);
            }
        }
    }
}

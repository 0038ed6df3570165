package dev.amphora.samples.contract;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.Json;
import dev.amphora.api.ResourceType;
import dev.amphora.api.StatusException;
import dev.amphora.client.Client;
import dev.amphora.client.DeleteOptions;
import dev.amphora.client.ListOptions;
import dev.amphora.client.ObjectList;
import dev.amphora.client.Patch;
import dev.amphora.client.Watcher;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Namespace;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.ServiceAccount;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import java.net.URI;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The typed client that the cluster's own parts use. It takes the options that they need, and no others. */
final class TypedFace implements Face {
    private static final Map<String, Class<? extends HasMetadata>> TYPES = Map.of(
            "configmaps", ConfigMap.class,
            "deployments", Deployment.class,
            "nodes", Node.class,
            "pods", Pod.class,
            "serviceaccounts", ServiceAccount.class);
    private static final Pattern NAMESPACE =
            Pattern.compile("/api/v1/namespaces(?:/(?<name>[^/]+)(?:/(?<sub>finalize|status))?)?");
    private static final Pattern PATH = Pattern.compile("/(?:api|apis/[^/]+)/[^/]+(?:/namespaces/(?<namespace>[^/]+))?"
            + "/(?<plural>[a-z]+)(?:/(?<name>[^/]+)(?:/(?<sub>[^/]+))?)?");

    private final Client client;

    TypedFace(Client client) {
        this.client = client;
    }

    /** A target taken apart. The namespace is null for objects of the cluster, name and subresource if there is none. */
    private record Target(
            Class<? extends HasMetadata> type, String namespace, String name, String sub, Map<String, String> query) {
        static Target of(String target) {
            URI uri = URI.create(target);
            Matcher matcher = NAMESPACE.matcher(uri.getPath());
            if (matcher.matches()) {
                return new Target(Namespace.class, null, matcher.group("name"), matcher.group("sub"), query(uri));
            }
            matcher = PATH.matcher(uri.getPath());
            if (!matcher.matches()) {
                throw new IllegalArgumentException(target);
            }
            return new Target(
                    TYPES.get(matcher.group("plural")),
                    matcher.group("namespace"),
                    matcher.group("name"),
                    matcher.group("sub"),
                    query(uri));
        }

        private static Map<String, String> query(URI uri) {
            Map<String, String> query = new LinkedHashMap<>();
            if (uri.getQuery() != null) {
                Arrays.stream(uri.getQuery().split("&", -1))
                        .map(each -> each.split("=", 2))
                        .forEach(each -> query.put(each[0], each[1]));
            }
            return query;
        }

        ListOptions options() {
            return new ListOptions(
                    query.get("labelSelector"),
                    query.get("fieldSelector"),
                    query.get("resourceVersion"),
                    Integer.parseInt(query.getOrDefault("limit", "0")),
                    query.get("continue"),
                    query.containsKey("allowWatchBookmarks"));
        }
    }

    @Override
    public Answer send(String method, String target, String contentType, JsonNode body) {
        try {
            return new Answer(200, answer(method, Target.of(target), contentType, body));
        } catch (StatusException e) {
            return new Answer(e.code(), Json.toTree(e.status()));
        }
    }

    private JsonNode answer(String method, Target target, String contentType, JsonNode body) {
        ResourceType<? extends HasMetadata> type = ResourceType.of(target.type());
        switch (method) {
            case "GET":
                return target.name() == null
                        ? list(client.list(type, target.namespace(), target.options()))
                        : Json.toTree(client.get(type, target.namespace(), target.name()));
            case "POST":
                return target.sub() == null
                        ? Json.toTree(client.create(typed(target, body)))
                        : client.subresource(type, target.namespace(), target.name(), target.sub(), body, false);
            case "PUT":
                if (target.sub() == null) {
                    return Json.toTree(client.update(typed(target, body)));
                }
                return target.sub().equals("status")
                        ? Json.toTree(client.updateStatus(typed(target, body)))
                        : client.subresource(type, target.namespace(), target.name(), target.sub(), body, true);
            case "PATCH":
                Patch.Type format = Arrays.stream(Patch.Type.values())
                        .filter(each -> each.mediaType().equals(contentType))
                        .findFirst()
                        .orElseThrow();
                return Json.toTree(
                        client.patch(type, target.namespace(), target.name(), new Patch(format, body), target.sub()));
            default:
                DeleteOptions options = options(body);
                if (target.name() == null) {
                    client.deleteAll(type, target.namespace(), options, target.options());
                } else {
                    client.delete(type, target.namespace(), target.name(), options);
                }
                return Json.object();
        }
    }

    private static DeleteOptions options(JsonNode body) {
        DeleteOptions options = DeleteOptions.defaults();
        if (body == null) {
            return options;
        }
        if (body.has("gracePeriodSeconds")) {
            options = options.withGracePeriod(body.get("gracePeriodSeconds").asLong());
        }
        JsonNode required = body.path("preconditions");
        return options.withPropagation(text(body.get("propagationPolicy")))
                .onlyUid(text(required.get("uid")))
                .onlyVersion(text(required.get("resourceVersion")));
    }

    private static String text(JsonNode node) {
        return node == null ? null : node.asText();
    }

    /** Over the network the path gives the namespace to an object that names none; here the object has to name it. */
    private static HasMetadata typed(Target target, JsonNode body) {
        ObjectNode tree = body.deepCopy();
        if (target.namespace() != null) {
            tree.withObjectProperty("metadata").put("namespace", target.namespace());
        }
        return Json.fromTree(tree, target.type());
    }

    private static JsonNode list(ObjectList<?> list) {
        ObjectNode tree = Json.object();
        ObjectNode metadata = tree.putObject("metadata").put("resourceVersion", list.resourceVersion());
        if (list.continueToken() != null) {
            metadata.put("continue", list.continueToken());
        }
        ArrayNode items = tree.putArray("items");
        list.items().forEach(item -> items.add(Json.toTree(item)));
        return tree;
    }

    @Override
    public Runnable watch(String target, Consumer<JsonNode> events) {
        Target parsed = Target.of(target);
        return watch(ResourceType.of(parsed.type()), parsed, events)::close;
    }

    private <T extends HasMetadata> dev.amphora.client.Watch watch(
            ResourceType<T> type, Target target, Consumer<JsonNode> events) {
        return client.watch(type, target.namespace(), target.options(), new Watcher<T>() {
            @Override
            public void onEvent(EventType event, T object) {
                say(event.name(), Json.toTree(object));
            }

            @Override
            public void onBookmark(String resourceVersion) {
                ObjectNode object = Json.object();
                object.putObject("metadata").put("resourceVersion", resourceVersion);
                say("BOOKMARK", object);
            }

            @Override
            public void onClose(StatusException error) {
                if (error != null) {
                    say("ERROR", Json.toTree(error.status()));
                }
            }

            private void say(String name, JsonNode object) {
                events.accept(Json.object().put("type", name).set("object", object));
            }
        });
    }
}

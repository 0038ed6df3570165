package dev.amphora.apiserver;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.collect.ImmutableListMultimap;
import com.google.common.net.HostAndPort;
import dev.amphora.api.Json;
import dev.amphora.api.StatusException;
import dev.amphora.api.remote.DialFailure;
import dev.amphora.apiserver.access.AccessRequest;
import dev.amphora.apiserver.access.User;
import dev.amphora.apiserver.outside.BodyCollector;
import dev.amphora.apiserver.outside.LocalServer.Request;
import dev.amphora.apiserver.outside.RemoteServers;
import dev.amphora.kernel.Kernel;
import io.fabric8.kubernetes.api.model.Status;
import java.io.IOException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.function.Consumer;

/**
 * Reads for the parts of this process from APIs that other servers serve, by their APIServices: what the aggregator does for clients over
 * HTTP, for those who have no connection. The caller waits for the answer.
 */
final class RemoteReads {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final int LONGEST_ANSWER = 64 << 20;

    private final Kernel kernel;
    private final RemoteApis apis;
    private final RemoteServers servers;
    private final Consumer<AccessRequest> authorizer;

    /** @param authorizer throws what is refused */
    RemoteReads(Kernel kernel, RemoteApis apis, RemoteServers servers, Consumer<AccessRequest> authorizer) {
        this.kernel = kernel;
        this.apis = apis;
        this.servers = servers;
        this.authorizer = authorizer;
    }

    private record Answer(int status, byte[] body) {}

    /**
     * Reads.
     *
     * @param user as whom
     * @param target path and query, escaped
     */
    JsonNode read(User user, String target) {
        int mark = target.indexOf('?');
        String path = mark < 0 ? target : target.substring(0, mark);
        List<String> parts = parts(path);
        if (parts.size() < 2 || !parts.get(0).equals("apis")) {
            throw nothingThere();
        }
        if (parts.size() == 2) {
            authorizer.accept(AccessRequest.ofPath(user, "get", path));
            return group(parts.get(1));
        }
        RemoteGroup group = apis.groups().stream()
                .filter(each ->
                        each.group().equals(parts.get(1)) && each.version().equals(parts.get(2)))
                .findFirst()
                .orElseThrow(RemoteReads::nothingThere);
        authorizer.accept(parts.size() == 3 ? AccessRequest.ofPath(user, "get", path) : access(user, group, parts));
        if (!group.available()) {
            throw StatusException.of(503, "", "service unavailable", null);
        }
        return tree(ask(user, group, target));
    }

    private static List<String> parts(String path) {
        List<String> parts = new ArrayList<>();
        for (String part : path.split("/", -1)) {
            String plain = URLDecoder.decode(part.replace("+", "%2B"), StandardCharsets.UTF_8);
            if (plain.equals(".") || plain.equals("..")) {
                throw StatusException.badRequest("the path must not lead up or stay: \"" + plain + "\"");
            }
            if (!plain.isEmpty()) {
                parts.add(plain);
            }
        }
        return parts;
    }

    private JsonNode group(String name) {
        ObjectNode group =
                Json.object().put("kind", "APIGroup").put("apiVersion", "v1").put("name", name);
        ArrayNode versions = group.putArray("versions");
        for (RemoteGroup each : apis.groups()) {
            if (each.group().equals(name)) {
                versions.addObject()
                        .put("groupVersion", name + "/" + each.version())
                        .put("version", each.version());
            }
        }
        if (versions.isEmpty()) {
            throw nothingThere();
        }
        group.set("preferredVersion", versions.get(0));
        return group;
    }

    private static AccessRequest access(User user, RemoteGroup group, List<String> parts) {
        boolean inNamespace = parts.get(3).equals("namespaces") && parts.size() > 5;
        List<String> rest = parts.subList(inNamespace ? 5 : 3, parts.size());
        return new AccessRequest(
                user,
                rest.size() == 1 ? "list" : "get",
                group.group(),
                group.version(),
                rest.get(0),
                rest.size() > 2 ? rest.get(2) : "",
                inNamespace ? parts.get(4) : "",
                rest.size() > 1 ? rest.get(1) : "",
                "");
    }

    private Answer ask(User user, RemoteGroup group, String target) {
        HostAndPort address;
        try {
            address = servers.address(group.server());
        } catch (IOException e) {
            throw StatusException.of(503, "", "service unavailable", null);
        }
        try {
            return kernel.await(servers.ask(
                            group.server(), address, new Request("GET", target, identity(user), new byte[0]), PATIENCE)
                    .thenCompose(reply -> BodyCollector.collect(reply.body(), LONGEST_ANSWER)
                            .thenApply(body -> new Answer(reply.status(), body))));
        } catch (CompletionException e) {
            throw StatusException.of(503, "", "error trying to reach service: " + DialFailure.reason(e, address), null);
        }
    }

    private static ImmutableListMultimap<String, String> identity(User user) {
        ImmutableListMultimap.Builder<String, String> headers = ImmutableListMultimap.builder();
        headers.put("accept", "application/json").put("x-remote-user", user.name());
        user.groups().forEach(group -> headers.put("x-remote-group", group));
        return headers.build();
    }

    private static JsonNode tree(Answer answer) {
        JsonNode tree;
        try {
            tree = Json.read(answer.body);
        } catch (RuntimeException e) {
            tree = Json.object();
        }
        if (answer.status >= 200 && answer.status < 300) {
            return tree;
        }
        if (tree.path("kind").asText().equals("Status")) {
            throw new StatusException(Json.fromTree(tree, Status.class));
        }
        throw StatusException.of(answer.status, "", new String(answer.body, StandardCharsets.UTF_8).strip(), null);
    }

    /** As the server answers where nothing is served at all: without a Status. */
    private static StatusException nothingThere() {
        return StatusException.of(404, "", "404 page not found", null);
    }
}

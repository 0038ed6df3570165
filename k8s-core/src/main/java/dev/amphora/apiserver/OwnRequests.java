package dev.amphora.apiserver;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.StatusException;
import dev.amphora.apiserver.access.ObjectReader;
import dev.amphora.apiserver.access.User;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What the server itself reads and writes through its pipeline, as {@code system:apiserver} in {@code system:masters}. */
final class OwnRequests {
    static final User SELF = new User("system:apiserver", "", List.of(User.MASTERS), Map.of());
    private static final String APPLY = "application/apply-patch+yaml";

    private final Endpoints endpoints;
    private final Writes writes;
    private final ObjectReader objects;
    private final Pipeline pipeline;

    /** What a request goes through. */
    interface Pipeline {
        /** Handles a request that needs no permission. */
        ApiResult handle(ApiRequest request);
    }

    /**
     * Ready to read and write.
     *
     * @param pipeline handles a request that needs no permission
     */
    OwnRequests(Endpoints endpoints, Writes writes, ObjectReader objects, Pipeline pipeline) {
        this.endpoints = endpoints;
        this.writes = writes;
        this.objects = objects;
        this.pipeline = pipeline;
    }

    Optional<ObjectNode> find(String group, String plural, String namespace, String name) {
        return objects.get(group, plural, namespace, name);
    }

    /** The objects of a resource in all namespaces. */
    List<ObjectNode> list(String group, String plural) {
        return objects.list(group, plural, "");
    }

    /** Has somebody told of each change to the objects of a resource. */
    void follow(String group, String version, String plural, WatchCache.Follower follower) {
        endpoints.find(group, version, plural).ifPresent(endpoint -> endpoint.cache()
                .follow(follower));
    }

    /**
     * Stores an object without asking anybody, if there is none of its name.
     *
     * @param manager who is named as owner of its fields
     * @param uid null for a new one
     */
    void plant(String manager, String group, String version, String plural, ObjectNode object, @Nullable String uid) {
        ApiRequest request = request(
                Verb.CREATE,
                manager,
                group,
                version,
                plural,
                Metadata.text(object, "namespace"),
                "",
                "",
                RequestOptions.none(),
                null);
        Endpoint endpoint = endpoints.find(group, version, plural).orElseThrow(ApiServer::notFound);
        writes.plant(new Call(request, endpoint), object, uid);
    }

    /** Replaces an object. */
    void update(String manager, String group, String version, String plural, ObjectNode object) {
        pipeline.handle(request(
                Verb.UPDATE,
                manager,
                group,
                version,
                plural,
                Metadata.text(object, "namespace"),
                Metadata.text(object, "name"),
                "",
                RequestOptions.none(),
                Body.of(object)));
    }

    /** Applies a status, whoever else claims it. */
    void applyStatus(String manager, String group, String version, String plural, String name, ObjectNode wish) {
        RequestOptions options =
                RequestOptions.parse(Map.of("fieldManager", List.of(manager), "force", List.of("true")));
        pipeline.handle(request(
                Verb.PATCH, manager, group, version, plural, "", name, "status", options, Body.of(wish, APPLY)));
    }

    /** Replaces the status of an object that has no namespace. */
    void updateStatus(String manager, String group, String version, String plural, ObjectNode object) {
        pipeline.handle(request(
                Verb.UPDATE,
                manager,
                group,
                version,
                plural,
                "",
                Metadata.text(object, "name"),
                "status",
                RequestOptions.none(),
                Body.of(object)));
    }

    /** Deletes an object that has no namespace; it may be gone already. */
    void delete(String manager, String group, String version, String plural, String name) {
        try {
            pipeline.handle(
                    request(Verb.DELETE, manager, group, version, plural, "", name, "", RequestOptions.none(), null));
        } catch (StatusException e) {
            if (!e.isNotFound()) {
                throw e;
            }
        }
    }

    private static ApiRequest request(
            Verb verb,
            String manager,
            String group,
            String version,
            String plural,
            String namespace,
            String name,
            String subresource,
            RequestOptions options,
            @Nullable Body body) {
        return new ApiRequest(SELF, manager, verb, group, version, plural, namespace, name, subresource, options, body);
    }
}

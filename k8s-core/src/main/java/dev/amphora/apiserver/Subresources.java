package dev.amphora.apiserver;

import dev.amphora.apiserver.schema.ResourceInfo;
import dev.amphora.kernel.Kernel;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Finds what answers requests that are not about a stored object as such: subresources of their own kind, and reviews. */
final class Subresources {
    private final ScaleSubresource scale;
    private final PodBinding binding;
    private final PodEviction eviction;
    private final Reviews reviews;
    private final ComponentStatuses components;
    private final ServiceAccountTokens tokens;

    Subresources(
            Kernel kernel,
            ApiServer server,
            Endpoints endpoints,
            Reads reads,
            Writes writes,
            Deletes deletes,
            Admission admission,
            ServiceAccountTokens tokens) {
        scale = new ScaleSubresource(writes);
        binding = new PodBinding(kernel, endpoints, writes, admission);
        eviction = new PodEviction(kernel, endpoints, reads, writes, deletes, admission);
        reviews = new Reviews(server, writes.owners(), admission);
        components = new ComponentStatuses(reads);
        this.tokens = tokens;
    }

    ComponentStatuses components() {
        return components;
    }

    /** The answer, or null if the request is about a stored object or a part of it. */
    @Nullable ApiResult handle(Call call) {
        checkVerb(call);
        ApiRequest request = call.request();
        String place = request.subresource().isEmpty()
                ? call.endpoint().info().qualifiedName()
                : request.resource() + "/" + request.subresource();
        if (request.subresource().equals("scale")) {
            return switch (request.verb()) {
                case GET -> scale.get(call);
                case UPDATE -> scale.update(call);
                case PATCH -> scale.patch(call);
                default -> throw ApiServer.notAllowed();
            };
        }
        return switch (place) {
            case "componentstatuses" -> request.verb() == Verb.GET ? components.get(call) : components.list(call);
            case "pods/binding", "bindings" -> binding.create(call);
            case "pods/eviction" -> eviction.create(call);
            case "serviceaccounts/token" -> tokens.create(call);
            default -> reviews.isOne(place) ? reviews.create(call) : null;
        };
    }

    /** Refuses what the resource or its subresource cannot do. */
    private static void checkVerb(Call call) {
        ResourceInfo info = call.endpoint().info();
        String subresource = call.request().subresource();
        List<String> verbs = subresource.isEmpty()
                ? info.verbs()
                : info.subresource(subresource).orElseThrow(ApiServer::notFound).verbs();
        if (!verbs.contains(call.request().verb().word())) {
            throw ApiServer.notAllowed();
        }
    }
}

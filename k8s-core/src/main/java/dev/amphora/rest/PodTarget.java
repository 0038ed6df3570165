package dev.amphora.rest;

import com.fasterxml.jackson.databind.JsonNode;
import dev.amphora.api.StatusException;
import dev.amphora.apiserver.ApiRequest;
import dev.amphora.apiserver.access.ObjectReader;
import java.util.ArrayList;
import java.util.List;

/** The pod that a request is about, and where in it. */
final class PodTarget {
    private final JsonNode pod;
    private final String name;
    private final ObjectReader objects;

    private PodTarget(JsonNode pod, String name, ObjectReader objects) {
        this.pod = pod;
        this.name = name;
        this.objects = objects;
    }

    static PodTarget find(RestApi api, ApiRequest request) {
        ObjectReader objects = api.apiServer.objects();
        return new PodTarget(
                objects.get("", "pods", request.namespace(), request.name())
                        .orElseThrow(() -> StatusException.notFound("", "pods", request.name())),
                request.name(),
                objects);
    }

    /** The container that is meant: the one named, or the only one. */
    String container(String wanted) {
        List<String> containers = names("containers");
        List<String> initContainers = names("initContainers");
        if (!wanted.isEmpty()) {
            if (!containers.contains(wanted)
                    && !initContainers.contains(wanted)
                    && !names("ephemeralContainers").contains(wanted)) {
                throw StatusException.badRequest("container %s is not valid for pod %s".formatted(wanted, name));
            }
            return wanted;
        }
        if (containers.size() == 1 && initContainers.isEmpty()) {
            return containers.get(0);
        }
        String choices = "a container name must be specified for pod %s, choose one of: [%s]"
                .formatted(name, String.join(" ", containers));
        if (!initContainers.isEmpty()) {
            choices += " or one of the init containers: [%s]".formatted(String.join(" ", initContainers));
        }
        throw StatusException.badRequest(choices);
    }

    /** The node it is bound to, empty for none. One that does not exist is refused, in the words of the reference: as a pod. */
    String node() {
        String node = pod.path("spec").path("nodeName").asText();
        if (!node.isEmpty() && objects.get("", "nodes", "", node).isEmpty()) {
            throw StatusException.notFound("", "pods", node);
        }
        return node;
    }

    /** The node it is bound to. */
    String assignedNode() {
        String node = node();
        if (node.isEmpty()) {
            throw StatusException.badRequest("pod %s does not have a host assigned".formatted(name));
        }
        return node;
    }

    private List<String> names(String field) {
        List<String> names = new ArrayList<>();
        pod.path("spec")
                .path(field)
                .forEach(container -> names.add(container.path("name").asText()));
        return names;
    }
}

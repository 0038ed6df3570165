package dev.amphora.apiserver.admission;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.function.Predicate;

/** A pod as the rules of its security look at it, and how they name its parts. */
final class PodParts {
    private static final List<String> KINDS = List.of("initContainers", "containers", "ephemeralContainers");

    private final JsonNode metadata;
    private final JsonNode spec;
    private final List<JsonNode> containers = new ArrayList<>();

    PodParts(JsonNode metadata, JsonNode spec) {
        this.metadata = metadata;
        this.spec = spec;
        KINDS.forEach(kind -> spec.path(kind).forEach(containers::add));
    }

    JsonNode annotations() {
        return metadata.path("annotations");
    }

    JsonNode spec() {
        return spec;
    }

    JsonNode security() {
        return spec.path("securityContext");
    }

    List<JsonNode> containers() {
        return containers;
    }

    static JsonNode security(JsonNode container) {
        return container.path("securityContext");
    }

    boolean isWindows() {
        return spec.path("os").path("name").asText("").equals("windows");
    }

    /** Whether its users are not those of the host, so that being root means little. */
    boolean hasOwnUsers() {
        JsonNode hostUsers = spec.path("hostUsers");
        return hostUsers.isBoolean() && !hostUsers.asBoolean();
    }

    /** The names of the containers whose security context is such. */
    List<String> named(Predicate<JsonNode> security) {
        return containers.stream()
                .filter(container -> security.test(security(container)))
                .map(container -> container.path("name").asText(""))
                .toList();
    }

    /** Who has set something: the pod, some containers, or both. */
    static List<String> setters(boolean pod, Collection<String> containers) {
        List<String> setters = new ArrayList<>();
        if (pod) {
            setters.add("pod");
        }
        if (!containers.isEmpty()) {
            setters.add(containers(containers));
        }
        return setters;
    }

    /** {@code containers "a", "b"}. */
    static String containers(Collection<String> names) {
        return plural("container", names.size()) + " " + quoted(names);
    }

    static String plural(String word, int count) {
        return count == 1 ? word : word + "s";
    }

    /** {@code "a", "b"}. */
    static String quoted(Collection<String> items) {
        return "\"" + String.join("\", \"", items) + "\"";
    }
}

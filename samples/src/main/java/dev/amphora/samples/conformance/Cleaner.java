package dev.amphora.samples.conformance;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Pattern;

/** Remembers what was created and deletes it, newest first. */
final class Cleaner {
    private static final Pattern NOT_AN_OBJECT = Pattern.compile("/(token|binding|eviction|approval|scale)$");
    private static final Pattern NAMESPACE = Pattern.compile("/api/v1/namespaces/[^/]+");
    private static final Duration FOR_CUSTOM_RESOURCES = Duration.ofSeconds(4);
    private static final Duration LOOK = Duration.ofMillis(20);

    private final Server server;
    private final Pace pace;
    private final Set<String> made = new LinkedHashSet<>();

    Cleaner(Server server, Pace pace) {
        this.server = server;
        this.pace = pace;
    }

    /** The paths of what is there, oldest first. */
    List<String> made() {
        return new ArrayList<>(made);
    }

    boolean isEmpty() {
        return made.isEmpty();
    }

    void add(String path) {
        made.add(path);
    }

    /** Hands over what fits, to be deleted by another. */
    void handOver(Predicate<String> paths, Cleaner other) {
        for (Iterator<String> each = made.iterator(); each.hasNext(); ) {
            String path = each.next();
            if (paths.test(path)) {
                other.add(path);
                each.remove();
            }
        }
    }

    /** Notes what a request has created. */
    void saw(JsonNode request, Response response) {
        String target = request.path("path").asText();
        if (response.status() != 201 || target.contains("dryRun")) {
            return;
        }
        String path = withoutQuery(target);
        boolean post = request.path("method").asText().equals("POST");
        JsonNode body = response.body().isObject() ? response.body() : request.path("body");
        String name = post ? Trees.at(body, "metadata", "name").asText() : path.substring(path.lastIndexOf('/') + 1);
        if (!name.isEmpty()
                && !NOT_AN_OBJECT.matcher(path).find()
                && !path.contains("/authentication.k8s.io/")
                && !path.contains("/authorization.k8s.io/")) {
            made.add(post ? path + "/" + name : path);
        }
    }

    static String withoutQuery(String target) {
        int mark = target.indexOf('?');
        return mark < 0 ? target : target.substring(0, mark);
    }

    void clean() {
        List<String> paths = made();
        for (int i = paths.size() - 1; i >= 0; i--) {
            remove(paths.get(i));
        }
        made.clear();
    }

    void remove(String path) {
        ObjectNode options = Trees.object().put("kind", "DeleteOptions").put("apiVersion", "v1");
        options.put("gracePeriodSeconds", 0).put("propagationPolicy", "Background");
        Response deleted = server.call("DELETE", path, options, "application/json");
        if ((deleted.status() != 200 && deleted.status() != 202)
                || !deleted.body().isObject()) {
            return;
        }
        if (NAMESPACE.matcher(path).matches()) {
            finalizeNamespace(path);
        }
        // the server removes the custom resources of a definition first
        boolean gone = path.startsWith("/apis/apiextensions.k8s.io/")
                && deleted.status() == 200
                && pace.until(FOR_CUSTOM_RESOURCES, LOOK, () -> server.get(path).status() == 404);
        if (!gone && !Trees.at(deleted.body(), "metadata", "finalizers").isEmpty()) {
            ObjectNode patch = Trees.object();
            patch.putObject("metadata").putNull("finalizers");
            server.call("PATCH", path, patch, "application/merge-patch+json");
        }
    }

    private void finalizeNamespace(String path) {
        ObjectNode namespace = Trees.object().put("apiVersion", "v1").put("kind", "Namespace");
        namespace.putObject("metadata").put("name", path.substring(path.lastIndexOf('/') + 1));
        namespace.putObject("spec").putArray("finalizers");
        server.call("PUT", path + "/finalize", namespace, "application/json");
    }
}

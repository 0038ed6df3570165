package dev.amphora.rest;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.Json;

/**
 * What {@code /version} says: the release of Kubernetes whose behaviour is served, as a build without stamps says it, and that it is not
 * Kubernetes itself that serves it.
 */
final class Version {
    /** The name of the release where nobody wants another. */
    static final String NAME = "v1.36.3+amphora";

    private Version() {}

    /**
     * The page.
     *
     * @param name of the release, such as {@code v1.36.3}
     */
    static ObjectNode tree(String name) {
        ObjectNode tree = Json.object();
        tree.put("major", "1");
        tree.put("minor", "36");
        tree.put("emulationMajor", "1");
        tree.put("emulationMinor", "36");
        tree.put("minCompatibilityMajor", "1");
        tree.put("minCompatibilityMinor", "35");
        tree.put("gitVersion", name);
        tree.put("gitCommit", "$Format:%H$");
        tree.put("gitTreeState", "");
        tree.put("buildDate", "1970-01-01T00:00:00Z");
        tree.put("goVersion", "go1.26.8");
        tree.put("compiler", "gc");
        tree.put("platform", "linux/amd64");
        return tree;
    }
}

package dev.amphora.apiserver.access;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Optional;

/** Reads what is stored, for those inside the API server whose decisions depend on it. The trees are shared and read-only. */
public interface ObjectReader {
    /**
     * One object, as recent as the last write.
     *
     * @param group the API group
     * @param resource the plural
     * @param namespace empty for cluster-scoped resources
     * @param name the object's name
     */
    Optional<ObjectNode> get(String group, String resource, String namespace, String name);

    /**
     * All objects of a resource.
     *
     * @param namespace empty for all namespaces
     */
    List<ObjectNode> list(String group, String resource, String namespace);
}

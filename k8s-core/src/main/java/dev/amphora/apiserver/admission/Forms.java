package dev.amphora.apiserver.admission;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.apiserver.schema.ResourceInfo;

/** How the objects of a request look in the versions of their kind. Plugins see them in the version in which the server works. */
public interface Forms {
    /** The same in every version: for plugins that are called by hand. */
    Forms SAME = new Forms() {
        @Override
        public ObjectNode in(ObjectNode object, ResourceInfo version) {
            return object.deepCopy();
        }

        @Override
        public ObjectNode back(JsonNode tree, ResourceInfo version) {
            return (ObjectNode) tree;
        }
    };

    /**
     * An object in a version.
     *
     * @param object in the version in which the server works; not changed
     * @param version served, of the resource that was asked for
     * @return complete; a tree of its own
     */
    ObjectNode in(ObjectNode object, ResourceInfo version);

    /**
     * What others have made of an object, with its defaults and without fields that the kind doesn't have.
     *
     * @param tree an object in a version; becomes part of the result
     * @return the object in the version in which the server works
     * @throws dev.amphora.api.StatusException 400 if it is no such object any more
     */
    ObjectNode back(JsonNode tree, ResourceInfo version);
}

package dev.amphora.apiserver.patch;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.apiserver.schema.TypeSchema;
import org.jspecify.annotations.Nullable;

/** The versions in which objects of a kind are served: those who wrote in another one own fields of that one. */
@FunctionalInterface
public interface FieldVersions {
    /** There are no others. */
    FieldVersions NONE = (object, apiVersion) -> null;

    /**
     * An object in some version; itself if that is its own.
     *
     * @param object in any version; not to be changed
     * @param apiVersion the version that is wanted
     * @return null if that version is not served
     */
    @Nullable Versioned convert(ObjectNode object, String apiVersion);

    /**
     * An object with its type, in complete form.
     *
     * @param object read-only
     */
    record Versioned(ObjectNode object, TypeSchema type) {}
}

package dev.amphora.apiserver;

import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.collect.ImmutableList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The answer to a request that succeeded. One of {@code object} and {@code list} is there.
 *
 * @param code 200, 201 or 202
 * @param object an object, a status or a review; null for lists
 * @param list null for single objects
 * @param warnings texts for {@code Warning} headers, in order
 */
public record ApiResult(int code, @Nullable VersionedObject object, @Nullable Listing list, List<String> warnings) {

    /** An answer whose warnings cannot change. */
    public ApiResult {
        warnings = ImmutableList.copyOf(warnings);
    }

    static ApiResult ok(VersionedObject object, List<String> warnings) {
        return new ApiResult(200, object, null, warnings);
    }

    static ApiResult created(VersionedObject object, List<String> warnings) {
        return new ApiResult(201, object, null, warnings);
    }

    static ApiResult ok(Listing list, List<String> warnings) {
        return new ApiResult(200, null, list, warnings);
    }

    /** The whole answer as a tree. Shared and read-only. */
    public ObjectNode tree() {
        if (object != null) {
            return object.tree();
        }
        if (list != null) {
            return list.tree();
        }
        throw new IllegalStateException("an answer holds an object or a list");
    }
}

package dev.amphora.client;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.Json;
import org.jspecify.annotations.Nullable;

/**
 * How to delete, with the meanings of the API's {@code DeleteOptions}.
 *
 * @param gracePeriodSeconds null for the object's own
 * @param propagation {@code Background}, {@code Foreground} or {@code Orphan}; null for the kind's default
 * @param uid a precondition, null for none
 * @param resourceVersion a precondition, null for none
 */
public record DeleteOptions(
        @Nullable Long gracePeriodSeconds,
        @Nullable String propagation,
        @Nullable String uid,
        @Nullable String resourceVersion) {
    private static final DeleteOptions DEFAULTS = new DeleteOptions(null, null, null, null);

    /** As the kind does by itself. */
    public static DeleteOptions defaults() {
        return DEFAULTS;
    }

    /** The same with a grace period in seconds. */
    public DeleteOptions withGracePeriod(long seconds) {
        return new DeleteOptions(seconds, propagation, uid, resourceVersion);
    }

    /** The same with a propagation policy. */
    public DeleteOptions withPropagation(@Nullable String policy) {
        return new DeleteOptions(gracePeriodSeconds, policy, uid, resourceVersion);
    }

    /** The same, only for the object with this uid. */
    public DeleteOptions onlyUid(@Nullable String required) {
        return new DeleteOptions(gracePeriodSeconds, propagation, required, resourceVersion);
    }

    /** The same, only at this resource version. */
    public DeleteOptions onlyVersion(@Nullable String required) {
        return new DeleteOptions(gracePeriodSeconds, propagation, uid, required);
    }

    /** As the API takes them. */
    ObjectNode toTree() {
        ObjectNode tree = Json.object().put("kind", "DeleteOptions").put("apiVersion", "v1");
        if (gracePeriodSeconds() != null) {
            tree.put("gracePeriodSeconds", gracePeriodSeconds());
        }
        if (propagation() != null) {
            tree.put("propagationPolicy", propagation());
        }
        if (uid() != null) {
            tree.withObject("/preconditions").put("uid", uid());
        }
        if (resourceVersion() != null) {
            tree.withObject("/preconditions").put("resourceVersion", resourceVersion());
        }
        return tree;
    }
}

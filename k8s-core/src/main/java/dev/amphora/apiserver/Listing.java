package dev.amphora.apiserver;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.collect.ImmutableList;
import dev.amphora.api.Json;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The answer to a list.
 *
 * @param apiVersion such as {@code apps/v1}
 * @param kind such as {@code DeploymentList}
 * @param items in key order
 * @param revision where a watch goes on from; 0 if nothing can be watched
 * @param continueToken for the next page; empty if this is the last
 * @param remaining how many items later pages hold, null if that is not known
 */
public record Listing(
        String apiVersion,
        String kind,
        List<VersionedObject> items,
        long revision,
        String continueToken,
        @Nullable Long remaining) {

    /** A list whose items cannot change. */
    public Listing {
        items = ImmutableList.copyOf(items);
    }

    /** The list's metadata. */
    public ObjectNode metadata() {
        ObjectNode metadata = Json.object();
        if (revision > 0) {
            metadata.put("resourceVersion", Long.toString(revision));
        }
        if (!continueToken.isEmpty()) {
            metadata.put("continue", continueToken);
        }
        if (remaining != null) {
            metadata.put("remainingItemCount", remaining);
        }
        return metadata;
    }

    /** The whole list as a tree. The items are shared and read-only. */
    public ObjectNode tree() {
        ObjectNode tree = Json.object();
        tree.put("kind", kind);
        tree.put("apiVersion", apiVersion);
        tree.set("metadata", metadata());
        ArrayNode array = tree.putArray("items");
        for (VersionedObject item : items) {
            ObjectNode each = item.tree().deepCopy();
            each.remove("kind");
            each.remove("apiVersion");
            array.add(each);
        }
        return tree;
    }
}

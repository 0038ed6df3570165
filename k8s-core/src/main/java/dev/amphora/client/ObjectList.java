package dev.amphora.client;

import io.fabric8.kubernetes.api.model.HasMetadata;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The answer to a list.
 *
 * @param <T> the class of the objects
 * @param items in key order, read-only
 * @param resourceVersion where a watch goes on from
 * @param continueToken for the next page, null if this is the last
 */
public record ObjectList<T extends HasMetadata>(
        List<T> items, String resourceVersion, @Nullable String continueToken) {}

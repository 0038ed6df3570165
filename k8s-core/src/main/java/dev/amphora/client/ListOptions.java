package dev.amphora.client;

import org.jspecify.annotations.Nullable;

/**
 * What to list or watch, with the meanings of the API's query parameters.
 *
 * @param labelSelector such as {@code app=web,tier!=db}; null selects all
 * @param fieldSelector such as {@code spec.nodeName=n1}; null selects all
 * @param resourceVersion null, {@code "0"} or a version, with the API's meaning for list and watch
 * @param limit the page size; 0 for all
 * @param continueToken of the page before
 * @param allowBookmarks whether a watch may deliver bookmarks
 */
public record ListOptions(
        @Nullable String labelSelector,
        @Nullable String fieldSelector,
        @Nullable String resourceVersion,
        int limit,
        @Nullable String continueToken,
        boolean allowBookmarks) {
    private static final ListOptions ALL = new ListOptions(null, null, null, 0, null, false);

    /** Everything, as of now. */
    public static ListOptions all() {
        return ALL;
    }

    /** The same with a label selector. */
    public ListOptions withLabels(@Nullable String selector) {
        return new ListOptions(selector, fieldSelector, resourceVersion, limit, continueToken, allowBookmarks);
    }

    /** The same with a field selector. */
    public ListOptions withFields(@Nullable String selector) {
        return new ListOptions(labelSelector, selector, resourceVersion, limit, continueToken, allowBookmarks);
    }

    /** The same from a resource version. */
    public ListOptions from(@Nullable String version) {
        return new ListOptions(labelSelector, fieldSelector, version, limit, continueToken, allowBookmarks);
    }

    /** The same in pages. */
    public ListOptions page(int size, @Nullable String token) {
        return new ListOptions(labelSelector, fieldSelector, resourceVersion, size, token, allowBookmarks);
    }

    /** The same with bookmarks. */
    public ListOptions withBookmarks() {
        return new ListOptions(labelSelector, fieldSelector, resourceVersion, limit, continueToken, true);
    }
}

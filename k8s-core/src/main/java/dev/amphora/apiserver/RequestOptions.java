package dev.amphora.apiserver;

import com.google.common.collect.ImmutableList;
import dev.amphora.api.StatusException;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The query of a request, parsed.
 *
 * @param labelSelector empty selects all
 * @param fieldSelector empty selects all
 * @param resourceVersion empty if none was given
 * @param resourceVersionMatch {@code Exact}, {@code NotOlderThan}, or empty
 * @param limit the page size; not positive means all
 * @param continueToken empty for the first page
 * @param watch whether a list is meant as a watch
 * @param allowWatchBookmarks whether a watch may deliver bookmarks
 * @param sendInitialEvents null if not given
 * @param timeoutSeconds how long a watch lasts, in seconds; null for the server's choice
 * @param dryRun whether nothing is to be stored
 * @param fieldManager empty if not given
 * @param fieldValidation {@code Ignore}, {@code Warn} or {@code Strict}; empty means {@code Warn}
 * @param force whether an apply takes over fields that others own; null if not given
 * @param gracePeriodSeconds of a delete, null if not given
 * @param propagationPolicy of a delete, null if not given
 * @param orphanDependents of a delete, null if not given
 */
public record RequestOptions(
        String labelSelector,
        String fieldSelector,
        String resourceVersion,
        String resourceVersionMatch,
        long limit,
        String continueToken,
        boolean watch,
        boolean allowWatchBookmarks,
        @Nullable Boolean sendInitialEvents,
        @Nullable Long timeoutSeconds,
        List<String> dryRun,
        String fieldManager,
        String fieldValidation,
        @Nullable Boolean force,
        @Nullable Long gracePeriodSeconds,
        @Nullable String propagationPolicy,
        @Nullable Boolean orphanDependents) {
    private static final RequestOptions NONE = read(Map.of());

    /** Options whose members cannot change. */
    public RequestOptions {
        dryRun = ImmutableList.copyOf(dryRun);
    }

    /** No options. */
    public static RequestOptions none() {
        return NONE;
    }

    /**
     * Reads the parameters of a query.
     *
     * @param query each parameter with its values; unknown ones are ignored, of several values the first counts
     * @throws StatusException 400 if a number is none
     */
    public static RequestOptions parse(Map<String, List<String>> query) {
        return query.isEmpty() ? NONE : read(query);
    }

    private static RequestOptions read(Map<String, List<String>> query) {
        List<String> dryRun = query.getOrDefault("dryRun", List.of());
        return new RequestOptions(
                text(query, "labelSelector"),
                text(query, "fieldSelector"),
                text(query, "resourceVersion"),
                text(query, "resourceVersionMatch"),
                orZero(number(query, "limit")),
                text(query, "continue"),
                flag(query, "watch"),
                flag(query, "allowWatchBookmarks"),
                query.containsKey("sendInitialEvents") ? flag(query, "sendInitialEvents") : null,
                number(query, "timeoutSeconds"),
                dryRun,
                text(query, "fieldManager"),
                text(query, "fieldValidation"),
                query.containsKey("force") ? flag(query, "force") : null,
                number(query, "gracePeriodSeconds"),
                query.containsKey("propagationPolicy") ? text(query, "propagationPolicy") : null,
                query.containsKey("orphanDependents") ? flag(query, "orphanDependents") : null);
    }

    /** Whether nothing is to be stored. */
    public boolean isDryRun() {
        return !dryRun.isEmpty();
    }

    private static String text(Map<String, List<String>> query, String name) {
        List<String> values = query.get(name);
        return values == null || values.isEmpty() ? "" : values.get(0);
    }

    private static boolean flag(Map<String, List<String>> query, String name) {
        List<String> values = query.get(name);
        if (values == null || values.isEmpty()) {
            return false;
        }
        String value = values.get(0).toLowerCase(Locale.ROOT);
        return !value.equals("false") && !value.equals("0");
    }

    private static long orZero(@Nullable Long number) {
        return number == null ? 0 : number;
    }

    private static @Nullable Long number(Map<String, List<String>> query, String name) {
        if (!query.containsKey(name)) {
            return null;
        }
        String value = text(query, name);
        try {
            return Long.valueOf(value);
        } catch (NumberFormatException e) {
            String why = value.matches("[+-]?\\d+") ? "value out of range" : "invalid syntax";
            throw StatusException.badRequest("strconv.ParseInt: parsing \"%s\": %s".formatted(value, why));
        }
    }
}

package dev.amphora.apiserver;

import dev.amphora.api.FieldSelector;
import dev.amphora.apiserver.access.AccessRequest;
import dev.amphora.apiserver.access.User;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One request for a resource, whatever transport it came by.
 *
 * @param user who asks; already authenticated
 * @param userAgent what the caller calls itself; its part before the first slash names the field manager by default
 * @param verb what to do
 * @param group the API group, empty for core
 * @param version the API version
 * @param resource the plural
 * @param namespace empty for cluster-scoped resources and for all namespaces
 * @param name empty for collections
 * @param subresource empty for the object itself
 * @param options the query
 * @param body null if none was sent
 */
public record ApiRequest(
        User user,
        String userAgent,
        Verb verb,
        String group,
        String version,
        String resource,
        String namespace,
        String name,
        String subresource,
        RequestOptions options,
        @Nullable Body body) {
    private static final int MAX_MANAGER_BYTES = 128;

    /** The same request with a body. */
    ApiRequest with(Body other) {
        return new ApiRequest(
                user, userAgent, verb, group, version, resource, namespace, name, subresource, options, other);
    }

    /**
     * The same request as an authorizer sees it: a namespace counts as being in itself, and what is limited to one name by its selector is
     * about that object.
     */
    public AccessRequest access() {
        Map<String, String> fields = selectsMany() ? exactFields(options.fieldSelector()) : Map.of();
        String named = name.isEmpty() ? fields.getOrDefault("metadata.name", "") : name;
        boolean isNamespace = group.isEmpty() && resource.equals("namespaces");
        return new AccessRequest(
                user,
                verb.word(),
                group,
                version,
                resource,
                subresource,
                isNamespace ? named : namespace,
                named.contains("/") || named.contains("%") ? "" : named,
                "",
                fields);
    }

    private boolean selectsMany() {
        return verb == Verb.LIST || verb == Verb.WATCH || verb == Verb.DELETE_COLLECTION;
    }

    /** The fields that a selector demands a value of; none if it can't be read, which is refused later. */
    static Map<String, String> exactFields(String selector) {
        if (selector.isEmpty()) {
            return Map.of();
        }
        Map<String, String> fields = new LinkedHashMap<>();
        try {
            for (FieldSelector.Term term : FieldSelector.parse(selector).terms()) {
                if (!term.negated()) {
                    fields.putIfAbsent(term.field(), term.value());
                }
            }
        } catch (RuntimeException e) {
            return Map.of();
        }
        return fields;
    }

    /** Who writes, for {@code managedFields}: what the options say, else what is printable of the user agent up to the first slash. */
    public String fieldManager() {
        if (!options.fieldManager().isEmpty()) {
            return options.fieldManager();
        }
        int slash = userAgent.indexOf('/');
        if (isPlain(userAgent)) {
            return slash < 0 ? userAgent : userAgent.substring(0, slash);
        }
        StringBuilder manager = new StringBuilder();
        int length = 0;
        for (int c : (slash < 0 ? userAgent : userAgent.substring(0, slash))
                .codePoints()
                .toArray()) {
            length += isPrintable(c) ? Character.toString(c).getBytes(StandardCharsets.UTF_8).length : 0;
            if (length > MAX_MANAGER_BYTES) {
                break;
            }
            if (isPrintable(c)) {
                manager.appendCodePoint(c);
            }
        }
        return manager.toString();
    }

    private static boolean isPlain(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (text.charAt(i) < ' ' || text.charAt(i) > '~') {
                return false;
            }
        }
        return text.length() <= MAX_MANAGER_BYTES;
    }

    private static boolean isPrintable(int c) {
        if (c == ' ') {
            return true;
        }
        return switch (Character.getType(c)) {
            case Character.CONTROL,
                    Character.FORMAT,
                    Character.SURROGATE,
                    Character.PRIVATE_USE,
                    Character.UNASSIGNED,
                    Character.LINE_SEPARATOR,
                    Character.PARAGRAPH_SEPARATOR,
                    Character.SPACE_SEPARATOR -> false;
            default -> true;
        };
    }
}

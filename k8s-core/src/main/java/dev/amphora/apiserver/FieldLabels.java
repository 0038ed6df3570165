package dev.amphora.apiserver;

import dev.amphora.api.FieldSelector;
import dev.amphora.api.Json;
import dev.amphora.api.StatusException;
import java.util.Set;

/** Which fields a field selector may name, and how they are called in the stored version. */
final class FieldLabels {
    private FieldLabels() {}

    /**
     * Refuses fields that a kind does not let one select by.
     *
     * @throws StatusException 400 with the text that belongs to the kind
     */
    static void check(Endpoint endpoint, FieldSelector selector) {
        if (selector.isEverything()) {
            return;
        }
        Set<String> own = endpoint.strategy().selectableFields(Json.object()).keySet();
        boolean onlyCommon = own.isEmpty() && endpoint.custom() == null;
        for (FieldSelector.Term term : selector.terms()) {
            String field = stored(endpoint, term.field());
            boolean common = field.equals("metadata.name")
                    || (field.equals("metadata.namespace") && (endpoint.info().namespaced() || onlyCommon));
            if (!common && !own.contains(field)) {
                throw StatusException.badRequest(refusal(endpoint, term.field(), onlyCommon));
            }
        }
    }

    /** The selector in terms of the stored version. */
    static FieldSelector stored(Endpoint endpoint, FieldSelector selector) {
        if (selector.isEverything()) {
            return selector;
        }
        return new FieldSelector(selector.terms().stream()
                .map(term -> new FieldSelector.Term(stored(endpoint, term.field()), term.value(), term.negated()))
                .toList());
    }

    private static String refusal(Endpoint endpoint, String field, boolean onlyCommon) {
        if (endpoint.info().kind().equals("Job")) {
            return "field label \"%s\" not supported for Job".formatted(field);
        }
        if (endpoint.info().kind().equals("ResourceSlice")) {
            return "field label not supported for %s, Kind=ResourceSlice: %s"
                    .formatted(endpoint.info().apiVersion(), field);
        }
        return onlyCommon
                ? "\"%s\" is not a known field selector: only \"metadata.name\", \"metadata.namespace\""
                        .formatted(field)
                : "field label not supported: " + field;
    }

    private static String stored(Endpoint endpoint, String field) {
        if (!endpoint.info().group().equals("events.k8s.io")) {
            return field;
        }
        if (field.startsWith("regarding.")) {
            return "involvedObject." + field.substring("regarding.".length());
        }
        if (field.startsWith("involvedObject.") || field.equals("reportingComponent") || field.equals("source")) {
            return "";
        }
        return field.equals("reportingController") ? "reportingComponent" : field;
    }
}
